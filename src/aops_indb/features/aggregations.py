"""AGGREGATIONS: what a window of rows can be reduced to.

An aggregation is written in terms of simple aggregates, so that it reads the same over a GROUP BY, over a window frame
and over a join; what differs is how each simple aggregate is bound to its rows, and that is the `bind` argument.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from aops_indb.features.list_reductions import decayed_count, decayed_sum, slope, stddev, variance
from aops_indb.features.types import DType
from aops_indb.sqlgen.build import (
    Expr,
    add,
    and_,
    anonymous,
    case,
    cast,
    coalesce,
    div,
    is_not_null,
    lit,
    neg,
    not_,
    sub,
)
from aops_indb.sqlgen.lists import field, struct
from aops_indb.sqlgen.reductions import transformed


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of an aggregation that some functions take; those that a function takes are never None for it."""

    n: int | None = None
    q: float | None = None
    half_life: dt.timedelta | None = None


@dataclass(frozen=True, slots=True)
class RowParts:
    """What can be kept of a row.

    value:   the expression in the definition; None: the row itself
    event:   the time of the event
    written: when the row was written, if the source says so
    """

    value: Expr | None
    event: Expr
    written: Expr | None

    @property
    def given(self) -> Expr:
        """The value, of a function that needs one."""
        return lit(1) if self.value is None else self.value

    def where_given(self, kept: Expr) -> Expr:
        """What is kept of the row; NULL where the value is NULL."""
        return kept if self.value is None else case([(is_not_null(self.value.copy()), kept)])


@dataclass(frozen=True, slots=True)
class Bind:
    """Binds simple aggregates, by name, to the rows of a window.

    settings: of the aggregation
    end:      the time at which the window ends
    """

    aggregate: Callable[[str], Expr]
    settings: Settings = Settings()
    end: Expr | None = None

    def __call__(self, aggregate: str) -> Expr:
        return self.aggregate(aggregate)

    @property
    def end_micros(self) -> Expr:
        """The end of the window in microseconds since 1970."""
        return _micros(lit(None) if self.end is None else self.end)


# The result, from simple aggregates.
Reduce: TypeAlias = Callable[[Bind], Expr]


@dataclass(frozen=True, slots=True)
class AggregationFunction:
    """One line of AGGREGATIONS.

    help:     one sentence for the reference
    reduce:   the result, from simple aggregates of what is kept of each row
    empty:    the value over no rows
    dtype:    the result's type, None: as the value's
    value:    what is kept of each row, NULL if nothing is
    settings: names of those in Settings that it takes
    integral: the kept values are whole numbers, whatever the column
    condition: the value is a condition, true or false
    listed:   the result is a list of values
    of_time:  the result changes as time passes, even if no row comes or goes
    """

    help: str
    reduce: Reduce
    empty: int | None
    dtype: DType | None
    value: Callable[[RowParts], Expr] = lambda row: row.given
    settings: tuple[str, ...] = ()
    needs_value: bool = True
    integral: bool = False
    condition: bool = False
    of_time: bool = False
    listed: bool = False


# ── what is kept of a row ──────────────────────────────────────────────────────────────────────────────


def _micros(moment: Expr) -> Expr:
    return anonymous("EPOCH_US", moment)


def _as_number(row: RowParts) -> Expr:
    return case([(row.given, lit(1)), (not_(row.given.copy()), lit(0))])


def _as_double(row: RowParts) -> Expr:
    # a cast would read text, too
    return add(row.given, lit(0.0))


def _versions(row: RowParts, event: Expr) -> Expr:
    """The value with what says which row counts, compared first: of rows of one time the one written last does."""
    written = {"written": row.written} if row.written is not None else {}
    return row.where_given(struct({"event": event, **written, "value": row.given.copy()}))


def _newest_counts(row: RowParts) -> Expr:
    return _versions(row, row.event)


def _oldest_counts(row: RowParts) -> Expr:
    return _versions(row, neg(_micros(row.event)))


def _timed(row: RowParts) -> Expr:
    """The value and its time in microseconds; a row of before all time has none, and does not count."""
    at, value = _micros(row.event), _as_double(row)
    whole = struct({"at": at, "value": value})
    return case([(and_(is_not_null(row.given.copy()), is_not_null(at.copy())), whole)])


# ── results ────────────────────────────────────────────────────────────────────────────────────────────


def _mean(bind: Bind) -> Expr:
    # the sum of integers is exact; AVG would be, too, but it cannot share SUM and COUNT with its neighbours
    return div(cast(bind("SUM"), "DOUBLE"), bind("COUNT"))


def _count_of(aggregate: str) -> Reduce:
    return lambda bind: cast(coalesce(bind(aggregate), lit(0)), "BIGINT")


def _last_n(bind: Bind) -> Expr:
    return transformed(bind("LARGEST_N"), "row", lambda row: field(row, "value"))


def _time_since(bind: Bind) -> Expr:
    micros = sub(bind.end_micros, _micros(bind("MAX")))
    return div(cast(micros, "DOUBLE"), lit(1e6))


def _half_life(bind: Bind) -> float:
    return (bind.settings.half_life or dt.timedelta(0)) / dt.timedelta(microseconds=1)


AGGREGATIONS: dict[str, AggregationFunction] = {
    "count": AggregationFunction(
        help="Number of rows; of rows where the column is not NULL, if a column is given.",
        reduce=_count_of("COUNT"),
        empty=0,
        dtype=DType.Int64,
        value=lambda row: row.where_given(lit(1)),
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
    "count_distinct": AggregationFunction(
        help="Number of different values that are not NULL.",
        reduce=_count_of("COUNT_DISTINCT"),
        empty=0,
        dtype=DType.Int64,
    ),
    "approx_count_distinct": AggregationFunction(
        help="About the number of different values that are not NULL, by the engine's sketch: less memory.",
        reduce=_count_of("APPROX_COUNT_DISTINCT"),
        empty=0,
        dtype=DType.Int64,
    ),
    "variance": AggregationFunction(
        help="Sample variance (divided by n - 1), within 32 units of 2^-53 of the exact one; NULL below two values.",
        reduce=lambda bind: variance(bind("LIST")),
        empty=None,
        dtype=DType.Float64,
        value=_as_double,
    ),
    "stddev": AggregationFunction(
        help="Sample standard deviation, the root of the variance; NULL below two values.",
        reduce=lambda bind: stddev(bind("LIST")),
        empty=None,
        dtype=DType.Float64,
        value=_as_double,
    ),
    "quantile": AggregationFunction(
        help="The value below which a share `q` of the values lies, interpolated linearly between neighbours.",
        reduce=lambda bind: bind("QUANTILE"),
        empty=None,
        dtype=DType.Float64,
        value=_as_double,
        settings=("q",),
    ),
    "mode": AggregationFunction(
        help="The most frequent value that is not NULL; of several the smallest.",
        reduce=lambda bind: bind("MODE"),
        empty=None,
        dtype=None,
    ),
    "first": AggregationFunction(
        help="The value of the earliest event that is not NULL; of one time that written last, then the largest.",
        reduce=lambda bind: field(bind("MAX"), "value"),
        empty=None,
        dtype=None,
        value=_oldest_counts,
    ),
    "last": AggregationFunction(
        help="The value of the latest event that is not NULL; of one time that written last, then the largest.",
        reduce=lambda bind: field(bind("MAX"), "value"),
        empty=None,
        dtype=None,
        value=_newest_counts,
    ),
    "last_n": AggregationFunction(
        help="List of the `n` last values that are not NULL, the last first; of one time as `last` decides.",
        reduce=_last_n,
        empty=None,
        dtype=None,
        value=_newest_counts,
        settings=("n",),
        listed=True,
    ),
    "time_since": AggregationFunction(
        help="Seconds from the last row (where the column is not NULL, if one is given) to the window's end.",
        reduce=_time_since,
        empty=None,
        dtype=DType.Float64,
        value=lambda row: row.where_given(row.event),
        needs_value=False,
        of_time=True,
    ),
    "slope": AggregationFunction(
        help="Least-squares slope of the values over the time of their events, per day; NULL if all are of one time.",
        reduce=lambda bind: slope(bind("LIST")),
        empty=None,
        dtype=DType.Float64,
        value=_timed,
    ),
    "decayed_sum": AggregationFunction(
        help="Sum of the values, each halved for every `half_life` from its event to the window's end.",
        reduce=lambda bind: decayed_sum(bind("LIST"), bind.end_micros, _half_life(bind)),
        empty=None,
        dtype=DType.Float64,
        value=_timed,
        settings=("half_life",),
        of_time=True,
    ),
    "decayed_count": AggregationFunction(
        help="Number of rows, each counting half for every `half_life` from its event to the window's end.",
        reduce=lambda bind: decayed_count(bind("LIST"), bind.end_micros, _half_life(bind)),
        empty=0,
        dtype=DType.Float64,
        value=lambda row: row.where_given(_micros(row.event)),
        settings=("half_life",),
        needs_value=False,
        of_time=True,
    ),
}

# (aggregation, dialect) -> how it differs there.
DIFFERENT: dict[tuple[str, str], str] = {("approx_count_distinct", "postgres"): "the exact number: it has no sketch"}


def row_value(function: AggregationFunction, row: RowParts, condition: Expr | None) -> Expr:
    """What an event contributes: its value where the condition holds, NULL where it does not."""
    kept = function.value(row)
    return kept if condition is None else case([(condition, kept)])
