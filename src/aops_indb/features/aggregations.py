"""AGGREGATIONS: what a window of rows can be reduced to.

An aggregation is written in terms of simple SQL aggregates, so that it reads the same over a GROUP BY, over a
window frame and over a join; what differs is how each simple aggregate is bound to its rows, and that is the
`bind` argument.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from aops_indb.features.types import DType
from aops_indb.sqlgen.build import Expr, case, cast, coalesce, div, lit, not_

# Binds a simple SQL aggregate (by name) of a value to the rows of the window.
Bind: TypeAlias = Callable[[str], Expr]


@dataclass(frozen=True, slots=True)
class AggregationFunction:
    """One line of AGGREGATIONS.

    help:    one sentence for the reference
    value:   what is kept of each row, from the expression in the definition (None: the row itself)
    reduce:  the result, from simple aggregates of that value
    empty:   the value over no rows
    dtype:   the result's type, None: as the value's
    integral: the kept values are whole numbers, whatever the column
    condition: the value is a condition, true or false
    """

    help: str
    reduce: Callable[[Bind], Expr]
    empty: int | None
    dtype: DType | None
    value: Callable[[Expr], Expr] = lambda value: value
    needs_value: bool = True
    integral: bool = False
    condition: bool = False


def _as_number(condition: Expr) -> Expr:
    return case([(condition, lit(1)), (not_(condition.copy()), lit(0))])


def _mean(bind: Bind) -> Expr:
    # the sum of integers is exact; AVG would be, too, but it cannot share SUM and COUNT with its neighbours
    return div(cast(bind("SUM"), "DOUBLE"), bind("COUNT"))


AGGREGATIONS: dict[str, AggregationFunction] = {
    "count": AggregationFunction(
        help="Number of rows; of rows where the column is not NULL, if a column is given.",
        reduce=lambda bind: cast(coalesce(bind("COUNT"), lit(0)), "BIGINT"),
        empty=0,
        dtype=DType.Int64,
        needs_value=False,
        integral=True,
    ),
    "sum": AggregationFunction(
        help="Sum of the values that are not NULL.",
        reduce=lambda bind: cast(bind("SUM"), "DOUBLE"),
        empty=None,
        dtype=DType.Float64,
    ),
    "mean": AggregationFunction(
        help="Mean of the values that are not NULL.",
        reduce=_mean,
        empty=None,
        dtype=DType.Float64,
    ),
    "rate": AggregationFunction(
        help="Share of rows, 0 to 1, for which a condition holds, among those for which it is not NULL.",
        reduce=_mean,
        empty=None,
        dtype=DType.Float64,
        value=_as_number,
        integral=True,
        condition=True,
    ),
    "min": AggregationFunction(
        help="Smallest value that is not NULL.",
        reduce=lambda bind: bind("MIN"),
        empty=None,
        dtype=None,
    ),
    "max": AggregationFunction(
        help="Largest value that is not NULL.",
        reduce=lambda bind: bind("MAX"),
        empty=None,
        dtype=None,
    ),
}


def row_value(function: AggregationFunction, value: Expr | None, condition: Expr | None) -> Expr:
    """What an event contributes: its value where the condition holds, NULL where it does not."""
    kept = function.value(value) if value is not None else lit(1)
    return kept if condition is None else case([(condition, kept)])
