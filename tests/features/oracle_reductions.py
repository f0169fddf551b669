"""Reductions of the rows of a window in plain Python, with exact fractions; part of the oracle.

What cannot be computed exactly in floats is `Within` a bound of the exact value.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from aops_indb.features.definitions import Aggregation

EPSILON = Fraction(1, 2**53)
MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True)
class Kept:
    """A row of a window whose value is not NULL: when it happened, was written, and the value."""

    event: dt.datetime
    written: dt.datetime
    value: Any


@dataclass(frozen=True, eq=False)
class Within:
    """A number that is no further from the exact one than allowed."""

    exact: Fraction
    allowed: Fraction

    def __eq__(self, other: object) -> bool:
        return isinstance(other, float) and math.isfinite(other) and abs(Fraction(other) - self.exact) <= self.allowed

    __hash__ = None  # type: ignore[assignment]


def count_distinct(_: Aggregation, rows: Sequence[Kept], __: dt.datetime) -> int:
    return len({row.value for row in rows})


def variance(_: Aggregation, rows: Sequence[Kept], __: dt.datetime) -> Within | None:
    if len(rows) < 2:
        return None
    exact = _squares([Fraction(row.value) for row in rows]) / (len(rows) - 1)
    return Within(exact, 32 * EPSILON * exact)


def stddev(_: Aggregation, rows: Sequence[Kept], __: dt.datetime) -> Within | None:
    if len(rows) < 2:
        return None
    exact = _root(_squares([Fraction(row.value) for row in rows]) / (len(rows) - 1))
    return Within(exact, 18 * EPSILON * exact)


def quantile(aggregation: Aggregation, rows: Sequence[Kept], _: dt.datetime) -> Within | None:
    if not rows or aggregation.q is None:
        return None
    ordered = sorted(Fraction(row.value) for row in rows)
    place = Fraction(aggregation.q) * (len(ordered) - 1)
    below, above = ordered[math.floor(place)], ordered[math.ceil(place)]
    exact = below + (above - below) * (place - math.floor(place))
    size = max(abs(ordered[0]), abs(ordered[-1]))
    return Within(exact, 4 * EPSILON * len(ordered) * size)


def mode(_: Aggregation, rows: Sequence[Kept], __: dt.datetime) -> Any:
    values = [row.value for row in rows]
    most = max((values.count(value) for value in values), default=0)
    return min((value for value in values if values.count(value) == most), default=None)


def first(_: Aggregation, rows: Sequence[Kept], __: dt.datetime) -> Any:
    earliest = min((row.event for row in rows), default=None)
    of_that_time = [(row.written, row.value) for row in rows if row.event == earliest]
    return max(of_that_time)[1] if of_that_time else None


def last(_: Aggregation, rows: Sequence[Kept], __: dt.datetime) -> Any:
    return max((row.event, row.written, row.value) for row in rows)[2] if rows else None


def last_n(aggregation: Aggregation, rows: Sequence[Kept], _: dt.datetime) -> list[Any] | None:
    ordered = sorted(((row.event, row.written, row.value) for row in rows), reverse=True)
    return [value for _, _, value in ordered[: aggregation.n]] or None


def time_since(_: Aggregation, rows: Sequence[Kept], end: dt.datetime) -> float | None:
    return ((end - max(row.event for row in rows)) // MICROSECOND) / 1e6 if rows else None


def slope(_: Aggregation, rows: Sequence[Kept], __: dt.datetime) -> Within | None:
    if len({row.event for row in rows}) < 2:
        return None
    days = [Fraction((row.event - rows[0].event) // MICROSECOND, 86_400_000_000) for row in rows]
    values = [Fraction(row.value) for row in rows]
    middle_day, middle_value = sum(days) / len(days), sum(values) / len(values)
    products = sum((d - middle_day) * (v - middle_value) for d, v in zip(days, values, strict=True))
    allowed = 64 * EPSILON * _root(_squares(values) / _squares(days))
    return Within(Fraction(products) / _squares(days), allowed)


def decayed_sum(aggregation: Aggregation, rows: Sequence[Kept], end: dt.datetime) -> Within | None:
    return _decayed(aggregation, [(row.event, Fraction(row.value)) for row in rows], end) if rows else None


def decayed_count(aggregation: Aggregation, rows: Sequence[Kept], end: dt.datetime) -> Within:
    return _decayed(aggregation, [(row.event, Fraction(1)) for row in rows], end)


def _decayed(aggregation: Aggregation, rows: Sequence[tuple[dt.datetime, Fraction]], end: dt.datetime) -> Within:
    exact = allowed = Fraction(0)
    for event, value in rows:
        age = Fraction((end - event) // MICROSECOND, (aggregation.half_life or dt.timedelta(0)) // MICROSECOND)
        with localcontext(prec=60):
            term = value * Fraction(Decimal(2) ** (-Decimal(age.numerator) / Decimal(age.denominator)))
        exact += term
        # the exponent is rounded, then the power, the product and the sum
        allowed += abs(term) * (4 + age) * EPSILON
    return Within(exact, allowed)


def _squares(values: Sequence[Fraction]) -> Fraction:
    mean = sum(values) / Fraction(len(values))
    return sum(((value - mean) ** 2 for value in values), Fraction(0))


def _root(value: Fraction) -> Fraction:
    with localcontext(prec=60):
        return Fraction((Decimal(value.numerator) / Decimal(value.denominator)).sqrt())


# function -> its value over rows, and the time at which the window ends
REDUCTIONS: dict[str, Callable[[Aggregation, Sequence[Kept], dt.datetime], Any]] = {
    # of few values the sketch makes no mistake
    "approx_count_distinct": count_distinct,
    "count_distinct": count_distinct, "variance": variance, "stddev": stddev, "quantile": quantile, "mode": mode,
    "first": first, "last": last, "last_n": last_n, "time_since": time_since, "slope": slope,
    "decayed_sum": decayed_sum, "decayed_count": decayed_count,
}  # fmt: skip
