"""Tree -> tree passes, run in order before a tree is rendered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from sqlglot import exp

from aops_indb.errors import AopsError
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


def refuse_what_is_lacking(tree: Expr, dialect: Dialect) -> Expr:
    """AopsError for a tree with something that the dialect does not have, and that sqlglot would write all the same."""
    if not dialect.asof_join and any(join.args.get("method") == "ASOF" for join in tree.find_all(exp.Join)):
        raise AopsError(f"this SQL has an ASOF join, which {dialect.name} does not have: render it for duckdb")
    if not dialect.table_macros and tree.args.get("kind") == "MACRO":
        raise AopsError(f"this SQL makes a table macro, which {dialect.name} does not have: render it for duckdb")
    return tree


PASSES: tuple[Pass, ...] = (refuse_what_is_lacking, type_float_constants)
