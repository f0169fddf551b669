"""Reductions of sorted lists of the rows of a window: the same to the last bit, in whatever order the rows are read.

Sums of squares and products are of differences to the median, not to the mean: it is one of the values, so that
nothing is rounded in it, and no further from the mean than the standard deviation, so that at most half of a sum of
squares cancels, whatever the values. Differences and products are rounded once each, and sums are compensated. So a
variance is within 32 * 2^-53 of the exact one, relatively, and a slope within 64 * 2^-53 of the standard deviation of
the values divided by that of the times.

The name of the list says what is computed from it: PostgreSQL, without functions of lists, does it in another way.

Values above 1e140 or all below 1e-140 in size are multiplied by a power of 2, so that no square leaves the range.
"""

from __future__ import annotations

from collections.abc import Callable

from aops_indb.sqlgen.build import (
    Expr,
    add,
    case,
    cast,
    coalesce,
    div,
    func,
    ge,
    greatest,
    lit,
    lt,
    mul,
    ne,
    shift_right,
    sub,
)
from aops_indb.sqlgen.lists import field, nth, struct
from aops_indb.sqlgen.reductions import let, list_length, sorted_list, steady_sum, transformed

_LARGE, _SMALL = 1e140, 1e-140
_DOWN, _UP = 2.0**-600, 2.0**600
_DAY = 86_400e6


def variance(values: Expr) -> Expr:
    """The sample variance of a sorted list of floats; NULL below two.

    >>> from aops_indb.sqlgen.build import col
    >>> variance(col("v")).sql("duckdb").count("'kahan_sum'")
    2
    """
    return _spread("__variance", values, lambda squares, scale: div(div(squares, scale), scale.copy()))


def stddev(values: Expr) -> Expr:
    """The sample standard deviation of a sorted list of floats; NULL below two."""
    return _spread("__stddev", values, lambda squares, scale: div(func("SQRT", squares), scale))


def _spread(name: str, values: Expr, result: Callable[[Expr, Expr], Expr]) -> Expr:
    """A result from the variance of the scaled values, and the scale; name: of the list in it."""

    def of_values(listed: Expr) -> Expr:
        return let("__scale", _scale(listed), lambda scale: of_scaled(listed.copy(), scale))

    def of_scaled(listed: Expr, scale: Expr) -> Expr:
        middle = _middle(listed)
        differences = transformed(
            listed.copy(), "__x", lambda x: sub(mul(x, scale.copy()), mul(middle.copy(), scale.copy()))
        )
        return let("__d", differences, lambda d: of_differences(d, scale.copy()))

    def of_differences(d: Expr, scale: Expr) -> Expr:
        many = cast(list_length(d), "DOUBLE")
        total = steady_sum(d.copy())
        squares = steady_sum(transformed(d.copy(), "__y", lambda y: mul(y, y.copy())))
        spread = let("__total", total, lambda t: sub(squares, div(mul(t, t.copy()), many)))
        positive = let("__spread", spread, lambda s: case([(lt(s, lit(0.0)), lit(0.0))], s.copy()))
        return result(div(positive, sub(many.copy(), lit(1.0))), scale)

    return let(name, values, lambda v: case([(ge(list_length(v), lit(2)), of_values(v.copy()))]))


def slope(rows: Expr) -> Expr:
    """The least-squares slope per day of a sorted list of times in microseconds and values; NULL if of one time.

    rows: structs of `at` and `value`
    """

    def of_rows(listed: Expr) -> Expr:
        values = sorted_list(transformed(listed, "__r", lambda r: field(r, "value")))
        return let("__s", values, lambda s: let("__scale", _scale(s), lambda scale: scaled(listed.copy(), s, scale)))

    def scaled(listed: Expr, values: Expr, scale: Expr) -> Expr:
        at, value = field(_middle(listed), "at"), _middle(values)

        def differences(row: Expr) -> Expr:
            x = sub(mul(field(row, "value"), scale.copy()), mul(value.copy(), scale.copy()))
            return struct({"t": cast(sub(field(row.copy(), "at"), at.copy()), "DOUBLE"), "x": x})

        return let(
            "__d",
            transformed(listed.copy(), "__r", differences),
            lambda d: mul(div(_slope_of_differences(d), scale.copy()), lit(_DAY)),
        )

    def several_times(listed: Expr) -> Expr:
        return ne(field(nth(listed, lit(1)), "at"), field(_final(listed.copy()), "at"))

    return let("__slope", rows, lambda v: case([(several_times(v), of_rows(v.copy()))]))


def _slope_of_differences(d: Expr) -> Expr:
    def total(term: Callable[[Expr, Expr], Expr]) -> Expr:
        return steady_sum(transformed(d.copy(), "__p", lambda p: term(field(p, "t"), field(p.copy(), "x"))))

    many = cast(list_length(d), "DOUBLE")
    t, x = total(lambda t, _: t), total(lambda _, x: x)
    products, squares = total(mul), total(lambda t, _: mul(t, t.copy()))

    def ratio(t: Expr) -> Expr:
        return div(
            sub(products, div(mul(t, x), many)),
            sub(squares, div(mul(t.copy(), t.copy()), many.copy())),
        )

    return let("__t", t, ratio)


def decayed_sum(rows: Expr, end: Expr, half_life: float) -> Expr:
    """The sum of a sorted list of times and values, each halved for every half-life until the end; microseconds.

    rows: structs of `at` and `value`
    """
    return steady_sum(
        transformed(rows, "__r", lambda r: mul(field(r, "value"), _weight(field(r.copy(), "at"), end, half_life)))
    )


def decayed_count(times: Expr, end: Expr, half_life: float) -> Expr:
    """How many there are of a list of times, each counting half for every half-life until the end; microseconds."""
    weights = transformed(times, "__at", lambda at: _weight(at, end, half_life))
    return coalesce(steady_sum(weights), lit(0.0))


def _weight(at: Expr, end: Expr, half_life: float) -> Expr:
    return func("POWER", lit(2.0), div(cast(sub(at, end.copy()), "DOUBLE"), lit(half_life)))


def _scale(values: Expr) -> Expr:
    """A power of 2 to multiply sorted values with."""
    largest = greatest(func("ABS", nth(values, lit(1))), func("ABS", _final(values.copy())))
    return let(
        "__size",
        largest,
        lambda size: case([(ge(size, lit(_LARGE)), lit(_DOWN)), (lt(size.copy(), lit(_SMALL)), lit(_UP))], lit(1.0)),
    )


def _final(values: Expr) -> Expr:
    return nth(values, list_length(values.copy()))


def _middle(values: Expr) -> Expr:
    return nth(values, shift_right(add(list_length(values.copy()), lit(1)), lit(1)))
