"""Functions that a dialect lacks, or has with another meaning."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from sqlglot import exp

from aops_indb.sqlgen.build import Expr, anonymous, case, cast, coalesce, eq, func, is_null, le, lit, or_

# doubles beyond it are whole
LARGEST_FRACTION = 2.0**52

# SQLite takes 127 arguments at most
MOST_ARGUMENTS = 100


def largest_by_max(node: exp.Greatest | exp.Least) -> Expr:
    """The largest or smallest argument that is not NULL, by SQLite's MAX and MIN, which are NULL if one argument is."""
    return _known(node, "MAX", "MIN")


def largest_of_known(node: exp.Greatest | exp.Least) -> Expr:
    """The same by a GREATEST and LEAST that are NULL if one argument is."""
    return _known(node, "GREATEST", "LEAST")


def _known(node: exp.Greatest | exp.Least, largest: str, smallest: str) -> Expr:
    arguments = [node.this, *node.expressions]
    if isinstance(node, exp.Greatest):
        return _extreme(arguments, largest, -math.inf)
    return _extreme(arguments, smallest, math.inf)


def _extreme(arguments: Sequence[Expr], function: str, least: float) -> Expr:
    if len(arguments) == 1:
        return arguments[0]
    if len(arguments) > MOST_ARGUMENTS:
        size = math.ceil(len(arguments) / math.ceil(len(arguments) / MOST_ARGUMENTS))
        groups = [arguments[i : i + size] for i in range(0, len(arguments), size)]
        return _extreme([_extreme(group, function, least) for group in groups], function, least)
    if len(arguments) == 2:
        return coalesce(anonymous(function, *arguments), *(argument.copy() for argument in arguments))
    known = next((argument for argument in arguments if isinstance(argument, exp.Literal)), None)
    floor = lit(least) if known is None else known
    extreme = anonymous(function, *(coalesce(argument.copy(), floor.copy()) for argument in arguments))
    if known is not None:
        return extreme
    return case([(is_null(coalesce(*arguments)), exp.Null())], extreme)


def elements_as_cases(node: exp.Bracket) -> Expr:
    """An element of a list of constants as CASE in CASE, each of the root of their number."""
    values, position = _elements(node)
    if values is None:
        return node
    size = math.isqrt(len(values) - 1) + 1
    groups = [range(i, min(i + size, len(values))) for i in range(0, len(values), size)]
    inner = [_one_of(position, [(i + 1, values[i]) for i in group]) for group in groups]
    if len(inner) == 1:
        return inner[0]
    return case([(le(position.copy(), lit(group.stop)), part) for group, part in zip(groups, inner, strict=True)])


def _one_of(position: Expr, values: Sequence[tuple[int, Expr]]) -> Expr:
    branches = [exp.If(this=lit(number), true=value) for number, value in values]
    return exp.Case(this=position.copy(), ifs=branches)


def element_by_function(node: exp.Bracket) -> Expr:
    """An element of a list of constants by ELEMENT_AT, which counts from 1."""
    values, position = _elements(node)
    return node if values is None else anonymous("ELEMENT_AT", node.this.this, position)


def floor_of_any_size(node: exp.Floor) -> Expr:
    """FLOOR where it gives a whole number of 64 bits: of a number too large to have a fraction, that number."""
    small = le(func("ABS", node.this.copy()), lit(LARGEST_FRACTION))
    return case([(small, cast(node.copy(), "DOUBLE"))], node.this.copy())


def bits_by(both: str, shifted: str) -> Callable[[exp.BitwiseAnd | exp.BitwiseLeftShift], Expr]:
    """Operations on bits by functions of those names."""

    def by_function(node: exp.BitwiseAnd | exp.BitwiseLeftShift) -> Expr:
        name = both if isinstance(node, exp.BitwiseAnd) else shifted
        return anonymous(name, node.this.unnest(), node.expression.unnest())

    return by_function


def numbers_one_by_one(node: exp.In) -> Expr:
    """IN a list of numbers as comparisons, where a list is searched by bits: -0 would not be in (0)."""
    if any(isinstance(value, exp.Literal) and value.is_string for value in node.expressions):
        return node
    return exp.Paren(this=or_(*(eq(node.this.copy(), value) for value in node.expressions)))


def _elements(node: exp.Bracket) -> tuple[list[Expr] | None, Expr]:
    (position,) = node.expressions
    array = node.this.unnest()
    return (list(array.expressions) if isinstance(array, exp.Array) else None), position
