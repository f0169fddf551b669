"""The table of models, scored by its library and by its SQL in engines that take long to start: Spark and ClickHouse.

`make test` runs a selection on Spark: the first model of each kind, as models are named: "forest", and not
"forest, weighted". `make test-long` runs the others, and all in ClickHouse.
"""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

import pytest

from aops_indb.scoring import lower
from aops_indb.scoring.graph import Case, Graph, Input, Named, Reduce, Relation, Stored, apply, number
from aops_indb.sqlgen.dialects import dialect as dialect_named
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import table

from .models import MODELS
from .spark import COMPILED, SETTINGS, session
from .spark_layouts import (
    compiled,
    test_forests_at_random,
    test_no_method_is_too_large_for_java_to_compile,
)
from .spark_tables import (
    schema,
    test_a_table_of_scores_is_filled_again_or_stays,
    test_models_travel_to_workers,
    test_tables_of_scores_by_sql_and_by_the_library,
)
from .test_parity import case, compare
from .warehouses import SLOW_TO_START, WAREHOUSES

__all__ = [
    "compiled",
    "schema",
    "test_a_table_of_scores_is_filled_again_or_stays",
    "test_forests_at_random",
    "test_models_travel_to_workers",
    "test_no_method_is_too_large_for_java_to_compile",
    "test_tables_of_scores_by_sql_and_by_the_library",
]


def first_of_each_kind() -> list[str]:
    """The names of the models that are always run."""
    kinds: dict[str, str] = {}
    for name in MODELS:
        kinds.setdefault(name.split(",")[0], name)
    return list(kinds.values())


ALWAYS = {"spark"}
CHOSEN = first_of_each_kind()


def chosen_or_long(name: str, dialect: str) -> Any:
    """A model in an engine, left to `make test-long` unless it is chosen."""
    always = dialect in ALWAYS and name in CHOSEN
    return case(name, dialect, *(() if always else (pytest.mark.long,)))


@pytest.mark.parametrize(
    ("name", "dialect"), [chosen_or_long(name, dialect) for name in MODELS for dialect in SLOW_TO_START]
)
def test_the_warehouse_says_what_the_library_says(name: str, dialect: str) -> None:
    compare(name, dialect)


@pytest.mark.parametrize(
    "name",
    ["standard", "one-hot", "logistic, three classes", "perceptron", "forest", "histogram, gaps", "xgboost", "svc"],
)
def test_compiled_as_spark_does_by_default(name: str) -> None:
    conf = session().conf
    for option, value in COMPILED.items():
        conf.set(option, value)
    try:
        compare(name, "spark")
    finally:
        for option in COMPILED:
            conf.set(option, SETTINGS[option])


# their sum is another number in another order
SUMMED = [(float(i), (-1.0) ** i * 10.0 ** (i % 18)) for i in range(100)]
NEAR = Relation("near", ("total", "of"), ((1.5, 10.0), (4.0, None), (None, 30.0), *SUMMED))
ROWS = {"value": [0.0, 2.0, None, 1e17], "pair": [1.0, -2.0, 5.0, None]}


def reductions() -> Graph:
    """Reductions of products with stored rows, some from what others gave; columns have the names that SQL uses."""
    value, pair = Input("value", "number"), Input("pair", "number")
    near = Named("near", "gap", apply("subtract", value, Stored(NEAR, 0)))
    size = apply("absolute", near)
    product = apply("multiply", Stored(NEAR, 1), pair)
    third, last = Reduce("smallest", size, 3), Reduce("smallest", size, 1000)
    kept = Case(((apply("less", size, third), number(1.0)),), number(0.0))
    outputs = {
        "sum": Reduce("sum", product),
        "minimum": Reduce("minimum", product),
        "maximum": Reduce("maximum", apply("add", size, product)),
        "third": third,
        "last": last,
        "nearer": Reduce("sum", kept),
        "weighted": Reduce("sum", apply("multiply", product, apply("add", last, near))),
    }
    return Graph(("value", "pair"), tuple(outputs.items()))


def reduced(value: float | None, pair: float | None) -> dict[str, float | None]:
    """The same of a row, in Python."""
    gaps = [None if value is None or total is None else value - total for total, _ in NEAR.rows]
    sizes = [None if gap is None else abs(gap) for gap in gaps]
    products = [None if pair is None or of is None else of * pair for _, of in NEAR.rows]
    known = sorted(size for size in sizes if size is not None)
    third, last = (known[min(rank, len(known)) - 1] if known else None for rank in (3, 1000))
    both = [size + p for size, p in zip(sizes, products, strict=True) if size is not None and p is not None]
    weighted = [
        p * (last + gap)
        for p, gap in zip(products, gaps, strict=True)
        if p is not None and gap is not None and last is not None
    ]
    some = [p for p in products if p is not None]
    return {
        "sum": in_order(some),
        "minimum": min(some, default=None),
        "maximum": max(both, default=None),
        "third": third,
        "last": last,
        "nearer": float(sum(size is not None and third is not None and size < third for size in sizes)),
        "weighted": in_order(weighted),
    }


def in_order(values: list[float]) -> float | None:
    """The sum from the first on; Python's own compensates."""
    return reduce(add, values) if values else None


@pytest.mark.parametrize("dialect", ["spark", pytest.param("clickhouse", marks=pytest.mark.long), "duckdb", "postgres"])
def test_reductions_of_stored_rows(dialect: str) -> None:
    to, made = dialect_named(dialect), reductions()
    wanted = [reduced(value, pair) for value, pair in zip(*ROWS.values(), strict=True)]
    for outputs in (made.outputs, *((output,) for output in made.outputs)):
        some = Graph(made.inputs, outputs)
        query = render(lower(some, table("rows"), keys=["position"], dialect=to), to)
        got = (WAREHOUSES | SLOW_TO_START)[dialect].run(ROWS, query)
        by_position = sorted(zip(*got.values(), strict=True))
        assert by_position == [(i, *(row[name] for name in some.output_names)) for i, row in enumerate(wanted)]


def test_the_selection_has_every_kind_of_model() -> None:
    assert {name.split(",")[0] for name in CHOSEN} == {name.split(",")[0] for name in MODELS}
    assert set(CHOSEN) <= set(MODELS)
