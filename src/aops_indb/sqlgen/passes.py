"""Tree -> tree passes, run in order before a tree is rendered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from sqlglot import exp

from aops_indb.sqlgen.build import Expr, cast
from aops_indb.sqlgen.dialects import Dialect

Pass: TypeAlias = Callable[[Expr, Dialect], Expr]


def type_float_constants(tree: Expr, dialect: Dialect) -> Expr:
    """Cast float constants where the dialect would read them as exact decimals."""
    if dialect.exponent_is_double:
        return tree

    def typed(node: Expr) -> Expr:
        if isinstance(node, exp.Literal) and not node.is_string and "e" in node.this:
            return cast(node, "DOUBLE")
        return node

    return tree.transform(typed)


PASSES: tuple[Pass, ...] = (type_float_constants,)
