"""Lists and structs: values that hold several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from sqlglot import exp

from aops_indb.sqlgen.build import Expr, ident, lit, operand


def struct(fields: Mapping[str, Expr]) -> Expr:
    """A struct value with the named fields."""
    return exp.Struct(
        expressions=[exp.PropertyEQ(this=ident(name), expression=value) for name, value in fields.items()]
    )


def field(a: Expr, name: str) -> Expr:
    """A field of a struct."""
    return exp.Dot(this=operand(a), expression=ident(name))


def element(values: Sequence[Expr], position: Expr) -> Expr:
    """Of a list of values the one at `position`, counted from 1."""
    return exp.Bracket(this=exp.Paren(this=exp.Array(expressions=list(values))), expressions=[position], offset=1)


def array(values: Sequence[Expr]) -> Expr:
    """A list of values."""
    return exp.Array(expressions=list(values))


def nth(values: Expr, position: Expr) -> Expr:
    """The element of a list at a position, counted from 1; NULL where there is none."""
    return exp.Bracket(this=values, expressions=[position], offset=1)


def lambda_(names: Sequence[str], body: Expr) -> Expr:
    """A function that a function of lists is given; in its body, names are identifiers.

    >>> from aops_indb.sqlgen.build import add
    >>> lambda_(["x"], add(ident("x"), lit(1))).sql("duckdb")
    'LAMBDA "x" : "x" + 1'
    """
    return exp.Lambda(this=body, expressions=[ident(name) for name in names])


def listed(values: Iterable[object], sql_type: str) -> Expr:
    """A list of constants, written as one text, which takes no time.

    >>> listed([1, 2.5], "DOUBLE").sql("duckdb")
    "CAST('[1, 2.5]' AS DOUBLE[])"
    """
    return exp.Cast(this=lit(f"[{', '.join(map(repr, values))}]"), to=_list_type(sql_type).copy())


def unnested(values: Expr) -> Expr:
    """The elements of a list, each in a row of its own."""
    return exp.Explode(this=values)


@cache
def _list_type(element: str) -> exp.DataType:
    return exp.DataType.build(f"{element}[]", dialect="duckdb")
