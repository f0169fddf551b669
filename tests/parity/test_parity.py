"""Every model of the table, scored by its library and by its SQL in a real engine."""

from __future__ import annotations

import math
from functools import cache
from importlib import import_module
from typing import Any

import psycopg
import pytest

from aops_indb.errors import AopsError
from aops_indb.scoring import to_sql, translate
from aops_indb.scoring.graph import Reduce, walk
from aops_indb.scoring.outputs import outputs_of
from aops_indb.sqlgen.dialects import dialect as dialect_named

from .gaps import GAPS, KINDS, WithheldError
from .models import BOOSTED, BOOSTERS, LARGEST, MODELS, TREES
from .oracle import expected
from .rows import SMALLEST_BOUND, as_frame, is_far, rows, within
from .warehouses import SLOW_TO_START, WAREHOUSES

RELATIVE = 1e-9
# 1 - p for p near 1 has no more digits than this
ABSOLUTE = 1e-15
# LightGBM takes infinity, and has numbers where its sums overflow: there is no bound, and PostgreSQL raises an error.
LOUD = [("postgres", "lightgbm, linear"), ("postgres", "lightgbm, linear, three classes")]
# Models that compute nothing with their features, and so have a score for the largest of them.
WITHOUT_BOUNDS = {n for n in TREES | BOOSTED | BOOSTERS if "prepared" not in n and "calibrated" not in n}


@cache
def scored(name: str) -> tuple[Any, dict[str, list[Any]], dict[str, list[Any]]]:
    """A fitted model, the rows to score, and what the library says of them."""
    model, frame = MODELS[name]()
    given = rows(model, frame)
    return model, given, expected(model, as_frame(given, frame))


def case(name: str, dialect: str, *others: pytest.MarkDecorator) -> Any:
    """A model in an engine, with other marks; GAPS are expected to fail."""
    marks = [*others]
    marks += [
        pytest.mark.xfail(raises=KINDS[gap.kind], reason=gap.reason, strict=True)
        for gap in GAPS
        if (gap.engine, gap.model) == (dialect, name)
    ]
    return pytest.param(name, dialect, marks=marks, id=f"{name}-{dialect}")


@pytest.mark.parametrize(("name", "dialect"), [case(name, dialect) for name in MODELS for dialect in WAREHOUSES])
def test_the_warehouse_says_what_the_library_says(name: str, dialect: str) -> None:
    compare(name, dialect)


@pytest.mark.parametrize(
    ("name", "dialect"),
    [case(name, "duckdb") for name in TREES | BOOSTED | BOOSTERS if "gaps" in name or "categories" in name],
)
def test_trees_written_as_deep_ones_are(name: str, dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("aops_indb.scoring.layouts.nested_case"), "DEEPEST", 0)
    compare(name, dialect)


JOINED = "a query joined to each row"


def is_refused(model: Any, dialect: str) -> bool:
    """Whether the dialect has no queries joined to each row, and a model with stored rows would need them."""
    lacks = dialect_named(dialect).lacks
    return JOINED in lacks and any(isinstance(node, Reduce) for node in walk(translate(model).roots))


def compared(name: str, dialect: str, given: dict[str, list[Any]]) -> list[int]:
    """The numbers of the rows that are compared."""
    if (dialect, name) in LOUD:
        return within(given, SMALLEST_BOUND)
    near = set(within(given, LARGEST.get(name, math.inf)))
    return [row for row in range(len(next(iter(given.values())))) if row in near or is_far(given, row)]


def compare(name: str, dialect: str) -> None:
    """Assert that every output of every row is the library's, or that the model is refused as it has to be."""
    model, all_rows, all_wanted = scored(name)
    kept = compared(name, dialect, all_rows)
    given, wanted = ({k: [v[i] for i in kept] for k, v in table.items()} for table in (all_rows, all_wanted))
    if is_refused(model, dialect):
        with pytest.raises(AopsError, match=f"this SQL has {JOINED}, which {dialect} does not have"):
            to_sql(model, source="rows", keys=["position"], dialect=dialect)
        return
    got = (WAREHOUSES | SLOW_TO_START)[dialect].run(
        given, to_sql(model, source="rows", keys=["position"], dialect=dialect)
    )
    assert list(got) == ["position", *wanted]
    position = got.pop("position")
    withheld = {row for row, *outputs in zip(position, *got.values(), strict=True) if all(map(_is_missing, outputs))}
    excused = {row for row in withheld if is_far(given, row)} if name not in WITHOUT_BOUNDS else set()
    differing = [
        (column, {name: values[row] for name, values in given.items()}, wanted[column][row], value)
        for column, values in got.items()
        for row, value in zip(position, values, strict=True)
        if row not in excused and not same(value, wanted[column][row])
    ]
    assert sorted(position) == list(range(len(kept)))
    told = f"{len(differing)} of {len(position)} rows, first: {differing[:3]}"
    if differing and all(_is_missing(value) for *_, value in differing):
        raise WithheldError(told)
    assert not differing, told


@pytest.mark.parametrize("name", MODELS)
def test_the_library_has_the_columns_that_its_sql_has(name: str) -> None:
    model, given, wanted = scored(name)
    assert [output.name for output in outputs_of(model, list(given))] == list(wanted)


def test_gaps_are_of_models_and_engines_there_are() -> None:
    engines = WAREHOUSES | SLOW_TO_START
    assert [gap for gap in GAPS if gap.model not in MODELS or gap.engine not in engines or not gap.reason] == []


@pytest.mark.parametrize(("dialect", "name"), LOUD)
def test_overflow_is_loud_where_the_library_takes_any_number(dialect: str, name: str) -> None:
    model, given, _ = scored(name)
    with pytest.raises(psycopg.errors.NumericValueOutOfRange):
        WAREHOUSES[dialect].run(given, to_sql(model, source="rows", dialect=dialect))


def same(value: Any, wanted: Any) -> bool:
    """Whether two outputs are one; NULL, NaN and None are."""
    if _is_missing(value) or _is_missing(wanted):
        return _is_missing(value) and _is_missing(wanted)
    if isinstance(wanted, float):
        return math.isclose(value, wanted, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    return bool(value == wanted)


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
