"""Dialects no engine of which runs here: what they are given is read back by sqlglot, or refused by name."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module

import pytest
import sqlglot
from sqlglot import exp

from aops_indb.errors import AopsError
from aops_indb.scoring import Graph, lower, translate
from aops_indb.scoring.graph import CHILDREN, OPS, Apply, walk
from aops_indb.sqlgen.dialects import RENDERED_ONLY, dialect
from aops_indb.sqlgen.passes import LACKING
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import parse_table

from .models import MODELS

# Models that between them have every kind of node and every operation.
NAMES = (
    "standard", "one-hot", "ordinal", "missing indicator", "linear", "logistic, weighted", "logistic, three classes",
    "poisson", "perceptron", "forest", "forest, three classes", "boosting", "histogram, categories", "xgboost",
    "lightgbm", "catboost", "svc", "k-neighbors", "isolation forest", "k-means", "normalizer, l2",
    "spline, constant, degree 2", "quantiles", "yeo-johnson", "bins", "target", "voting, hard",
    "calibrated, sigmoid, decision", "stacking", "function tanh", "function sin", "function cos", "function expm1",
    "function floor", "function sqrt", "function log", "pca",
)  # fmt: skip

JOINED = dict.fromkeys(("svc", "k-neighbors"), "a query joined to each row")
SINGLE = {"xgboost": "single precision"}
TANH = {"function tanh": "the function TANH"}
TEXT = dict.fromkeys(("one-hot", "ordinal", "histogram, categories", "target"), "a comparison of text")

# Dialect -> a model it refuses -> what it lacks for it.
REFUSED: dict[str, dict[str, str]] = {
    "snowflake": SINGLE,
    "bigquery": JOINED | SINGLE | {"bins": "a column name with punctuation"},
    "redshift": JOINED | TANH,
    "trino": JOINED,
    "teradata": JOINED | SINGLE | TEXT,
    "tsql": JOINED | TANH,
    "oracle": JOINED | {"histogram, categories": "a shift of bits"},
    "mysql": TANH,
}


@cache
def graph(name: str) -> Graph:
    """What a model of the table computes."""
    model, _ = MODELS[name]()
    return translate(model)


def test_the_models_have_every_node_and_operation() -> None:
    nodes = [node for name in NAMES for node in walk(graph(name).roots)]
    assert {type(node) for node in nodes} == set(CHILDREN)
    assert {node.op for node in nodes if isinstance(node, Apply)} == set(OPS)


@pytest.fixture(autouse=True)
def in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("aops_indb.sqlgen.render"), "LARGEST_READ", 0)


@pytest.mark.parametrize("target", [each.name for each in RENDERED_ONLY])
@pytest.mark.parametrize("name", NAMES)
def test_the_dialect_reads_what_it_is_given_or_is_told_what_it_lacks(name: str, target: str) -> None:
    made = graph(name)
    lacking = REFUSED.get(target, {}).get(name)
    if lacking is not None:
        assert lacking in LACKING
        with pytest.raises(AopsError, match=f"^this SQL has {lacking}, which {target} does not have"):
            rendered(made, target)
        return
    text = rendered(made, target)
    (read,) = sqlglot.parse(text, dialect=dialect(target).sqlglot)
    assert isinstance(read, exp.Select)
    assert read.named_selects == ["position", *made.output_names]
    again = read.sql(dialect(target).sqlglot, unsupported_level=sqlglot.ErrorLevel.RAISE)
    assert untyped(again) == untyped(text)


def rendered(made: Graph, target: str) -> str:
    """The SQL of a graph."""
    query = lower(made, parse_table("rows"), keys=["position"], dialect=dialect(target))
    return render(query, dialect(target))


def untyped(text: str) -> str:
    """The text without the types of its casts, some of which sqlglot gives another name."""
    return re.sub(r" AS [A-Z][A-Z0-9_ ]*(\(\w+\))?\)", ")", text)
