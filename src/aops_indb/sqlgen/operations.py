"""The operations of an expression: what is applied to what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from aops_indb.sqlgen.build import Expr
from aops_indb.sqlgen.parse import EXPRESSIONS


@dataclass(frozen=True, slots=True)
class Operation:
    """One function, operator, cast, column or constant of an expression, and the values it is applied to."""

    name: str
    tree: Expr
    operands: tuple[Expr, ...]


# Operators, which print as something else than a function of their name.
_OPERATORS = (exp.Binary, exp.Connector, exp.Unary, exp.Cast, exp.Case, exp.If)
# Parts of an expression that have no value by themselves.
_PARTS = (exp.PropertyEQ, exp.Slice)
# What an identifier is the name of.
_NAMED = (exp.Column, exp.Dot, exp.DataType, exp.PropertyEQ, exp.Alias, exp.TableAlias)


def _is_value(node: Expr) -> bool:
    """Whether a node has a value by itself: an expression, or a lambda's parameter where it is used."""
    if isinstance(node, exp.Identifier):
        return node.arg_key != "expressions" and not isinstance(node.parent, _NAMED) and _in_lambda(node)
    return isinstance(node, EXPRESSIONS) and not isinstance(node, _PARTS)


def _in_lambda(node: Expr) -> bool:
    return node.find_ancestor(exp.Lambda) is not None


def operation_name(node: Expr) -> str:
    """A function's name in DuckDB, an operator's in sqlglot; in lower case.

    >>> from aops_indb.sqlgen.parse import parse_expression
    >>> [operation_name(parse_expression(sql)) for sql in ("date_trunc('day', t)", "t = 1", "t::DATE")]
    ['date_trunc', 'eq', 'cast']
    """
    if isinstance(node, exp.Cast):
        return "cast"
    if isinstance(node, exp.Func) and not isinstance(node, _OPERATORS):
        return node.sql("duckdb", unsupported_level=sqlglot.ErrorLevel.IGNORE).partition("(")[0].lower()
    return str(node.key)


def operations(tree: Expr) -> Iterator[Operation]:
    """Every operation of an expression, operands before what is applied to them."""
    for node in reversed(list(tree.walk())):
        if not _is_value(node):
            continue
        match node:
            case exp.Identifier():
                yield Operation("parameter", node, ())
            case exp.If(parent=exp.Case()):
                continue
            case exp.Case():
                if node.this is not None:  # CASE x WHEN y: x is compared with each y
                    yield Operation("eq", node, (node.this, *(branch.this for branch in node.args["ifs"])))
                yield Operation("case", node, _results(node.args["ifs"], node.args.get("default")))
            case exp.If():
                yield Operation("case", node, _results([node], node.args.get("false")))
            case _:
                yield Operation(operation_name(node), node, tuple(operands(node)))


def _results(branches: list[exp.If], default: Expr | None) -> tuple[Expr, ...]:
    return (*(branch.args["true"] for branch in branches), *([default] if default is not None else []))


def operands(node: Expr) -> Iterator[Expr]:
    """The values nearest below a node."""
    for child in node.iter_expressions():
        if _is_value(child):
            yield child
        else:
            yield from operands(child)


def text_constant(tree: Expr) -> str | None:
    """The text, if the expression is a text constant."""
    inner = tree.unnest()
    return str(inner.this) if isinstance(inner, exp.Literal) and inner.is_string else None


_CLOCK_UNIT = re.compile(r"(hour|minute|second|millisecond|microsecond)s?", re.IGNORECASE)
_CLOCK_FUNCTIONS = {"to_hours", "to_minutes", "to_seconds", "to_milliseconds", "to_microseconds"}


def is_clock_interval(tree: Expr) -> bool:
    """Whether an expression is an interval of hours or less; days and months are of no fixed length.

    >>> from aops_indb.sqlgen.parse import parse_expression
    >>> [is_clock_interval(parse_expression(sql)) for sql in ("INTERVAL 24 HOUR", "INTERVAL 1 DAY", "2 * to_hours(n)")]
    [True, False, True]
    """
    match tree:
        case exp.Paren() | exp.Neg():
            return is_clock_interval(tree.this)
        case exp.Mul():
            return is_clock_interval(tree.this) or is_clock_interval(tree.expression)
        case exp.Interval():
            return _CLOCK_UNIT.fullmatch(tree.args["unit"].name if tree.args.get("unit") else "") is not None
    return operation_name(tree) in _CLOCK_FUNCTIONS


def writes_zone(tree: Expr) -> bool:
    """Whether a cast is to a type of times with a time zone."""
    return isinstance(tree, exp.Cast) and tree.to.sql("duckdb").upper().startswith(("TIMESTAMPTZ", "TIMETZ"))
