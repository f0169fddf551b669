"""Parameters of a query that people write, `:name` or `$name`, replaced by typed constants."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TypeAlias

from sqlglot import exp

from aops_indb.sqlgen.build import Expr, cast, lit, operand

Value: TypeAlias = bool | int | float | str | dt.date


def parameters_of(tree: Expr) -> list[str]:
    """Names of a query's parameters, as they stand; '' of one without a name.

    >>> from aops_indb.sqlgen.parse import parse_select
    >>> parameters_of(parse_select("SELECT a FROM t WHERE a > :low AND a < $high AND b = :low"))
    ['low', 'high', 'low']
    """
    return [node.text("this") for node in tree.find_all(exp.Placeholder, exp.Parameter, bfs=False)]


def bind_parameters(tree: Expr, values: Mapping[str, Value]) -> Expr:
    """The tree with its parameters replaced.

    >>> from aops_indb.sqlgen.parse import parse_select
    >>> bind_parameters(parse_select("SELECT a - :b AS c FROM t WHERE d = $e"), {"b": -2, "e": "o'hare"}).sql("duckdb")
    "SELECT a - (-2) AS c FROM t WHERE d = 'o''hare'"
    """

    def bound(node: Expr) -> Expr:
        if isinstance(node, exp.Placeholder) and node.text("this") in values:
            return operand(_constant(values[node.text("this")]))
        return node

    return tree.copy().transform(bound)


def _constant(value: Value) -> Expr:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return cast(lit(value.isoformat()), "DATE")
    return lit(value)
