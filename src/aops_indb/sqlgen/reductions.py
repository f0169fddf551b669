"""Aggregate functions beside SUM, COUNT, MIN and MAX, and what is computed from the lists they collect."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from aops_indb.sqlgen.build import Expr, anonymous, case, ident, lit
from aops_indb.sqlgen.lists import array, lambda_, nth
from aops_indb.sqlgen.windows import asc


def count_distinct(value: Expr) -> Expr:
    """How many different values there are, NULL not counted.

    >>> from aops_indb.sqlgen.build import col
    >>> count_distinct(col("a")).sql("duckdb")
    'COUNT(DISTINCT "a")'
    """
    return exp.Count(this=exp.Distinct(expressions=[value]))


def approx_count_distinct(value: Expr) -> Expr:
    """About how many different values there are, NULL not counted."""
    return exp.ApproxDistinct(this=value)


def quantile(value: Expr, q: float) -> Expr:
    """The value below which a share `q` of the values lies, interpolated between two."""
    return exp.PercentileCont(this=value, expression=lit(q))


def largest_n(value: Expr, n: int) -> Expr:
    """A list of the `n` largest values, largest first."""
    return exp.Max(this=value, count=lit(n))


def smallest_mode(value: Expr) -> Expr:
    """The most frequent value; of several the smallest."""
    return exp.Mode(this=exp.Order(this=value.copy(), expressions=[asc(value)]))


def list_in_order(value: Expr) -> Expr:
    """A list of the values, smallest first, NULL last."""
    return exp.ArrayAgg(this=exp.Order(this=value.copy(), expressions=[asc(value)]))


def transformed(values: Expr, element: str, result: Callable[[Expr], Expr]) -> Expr:
    """A list with an expression of each element, which it is given by its name.

    >>> from aops_indb.sqlgen.build import add, col
    >>> transformed(col("v"), "x", lambda x: add(x, lit(1))).sql("duckdb")
    'LIST_TRANSFORM("v", LAMBDA "x" : "x" + 1)'
    """
    return exp.Transform(this=values, expression=lambda_([element], result(ident(element))))


def let(name: str, value: Expr, result: Callable[[Expr], Expr]) -> Expr:
    """An expression that uses a value several times, computed once and given by a name."""
    return nth(transformed(array([value]), name, result), lit(1))


def list_length(values: Expr) -> Expr:
    """How many elements a list has."""
    return exp.Length(this=values)


def sorted_list(values: Expr) -> Expr:
    """The elements of a list, smallest first."""
    # without the order, the reader's session would decide
    return anonymous("LIST_SORT", values, lit("ASC"), lit("NULLS LAST"))


def steady_sum(values: Expr) -> Expr:
    """The sum of a list of floats in its order, as exact as one with twice the digits that is rounded at the end.

    Infinity and NaN are summed as SQL sums them: what compensates for rounding would make NaN of all.
    """

    def of_terms(terms: Expr) -> Expr:
        plain, steady = anonymous("LIST_SUM", terms), anonymous("LIST_AGGREGATE", terms.copy(), lit("kahan_sum"))
        return case([(anonymous("ISFINITE", plain), steady)], plain.copy())

    return let("__terms", values, of_terms)
