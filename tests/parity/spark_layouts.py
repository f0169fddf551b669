"""Layouts of forests on Spark. The tests are run as those of test_spark.py, so that a single process starts Spark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from aops_indb.scoring.layouts.row_costs import MOST_COMPILED

from .made_forests import SHAPES, forest, query_of, rows_for, scored, walked
from .spark import COMPILED, SETTINGS, session

LAYOUTS = ("case_in_methods", "case_in_projections")


@pytest.fixture
def compiled() -> Iterator[None]:
    """Code made for queries, as Spark does by default."""
    conf = session().conf
    for option, value in COMPILED.items():
        conf.set(option, value)
    yield
    for option in COMPILED:
        conf.set(option, SETTINGS[option])


@pytest.mark.parametrize(
    ("layout", "shape"),
    [
        ("case_in_methods", (15, 6, 1, False, True)),
        ("case_in_projections", (52, 3, 2, True, False)),
        *(pytest.param(layout, shape, marks=pytest.mark.long) for layout in LAYOUTS for shape in SHAPES),
    ],
    ids=str,
)
def test_forests_at_random(layout: str, shape: tuple[int, int, int, bool, bool]) -> None:
    trees, leaves, outputs, coded, single = shape
    made = forest(trees, trees, leaves, outputs, coded=coded, single=single)
    rows = rows_for(made, 150)
    assert scored(made, rows, "spark", layout) == [walked(made, row) for row in rows]


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_method_is_too_large_for_java_to_compile(layout: str) -> None:
    made = forest(1, 35, 6, 1, coded=False)
    rows = rows_for(made, 50)
    assert scored(made, rows, "spark", layout) == [walked(made, row) for row in rows]
    assert 0 < largest_method(query_of(made, "spark", layout)) <= MOST_COMPILED
    assert largest_method(query_of(made, "spark", "nested_case")) > MOST_COMPILED


def largest_method(query: str) -> int:
    """Bytes of the largest of the code that Spark makes of a query as a whole."""
    spark: Any = session()
    debug = getattr(getattr(spark._jvm.org.apache.spark.sql.execution.debug, "package$"), "MODULE$")
    made = debug.codegenStringSeq(spark.sql(query)._jdf.queryExecution().executedPlan())
    sizes: list[int] = [made.apply(k)._3().maxMethodCodeSize() for k in range(made.size())]
    return max(sizes)
