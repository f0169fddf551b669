"""Tree -> tree passes, run in order before a tree is rendered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from sqlglot import exp

from aops_indb.errors import AopsError
from aops_indb.sqlgen.build import Expr, cast
from aops_indb.sqlgen.dialects import Dialect
from aops_indb.sqlgen.rewrites import rewritten
from aops_indb.sqlgen.statements import ours

Pass: TypeAlias = Callable[[Expr, Dialect], Expr]


def _is_single(node: Expr) -> bool:
    return isinstance(node, exp.Cast) and bool(node.to.this == exp.DataType.Type.FLOAT)


def _compares_text(node: Expr) -> bool:
    values = node.expressions if isinstance(node, exp.In) else [node.expression] if isinstance(node, exp.EQ) else []
    return any(isinstance(value, exp.Literal) and value.is_string for value in values)


# what names of columns must not have in BigQuery
PUNCTUATION = frozenset('!"$()*,./;?@[\\]^`{}~')


def _has_punctuation(node: Expr) -> bool:
    return isinstance(node, exp.Column | exp.Alias) and not PUNCTUATION.isdisjoint(node.output_name)


def _sums_in_order_over_window(node: Expr) -> bool:
    return isinstance(node, exp.Window) and isinstance(node.this, exp.Sum) and isinstance(node.this.this, exp.Order)


# PostgreSQL cuts longer names off, and takes two that begin alike for one
_LONGEST_NAME = 63


def _is_long_name(node: Expr) -> bool:
    return isinstance(node, exp.Identifier) and len(node.name.encode()) > _LONGEST_NAME


# What a dialect may lack -> whether a node of a tree is it.
LACKING: dict[str, Callable[[Expr], bool]] = {
    "an ASOF join": lambda node: isinstance(node, exp.Join) and node.args.get("method") == "ASOF",
    "a table macro": lambda node: isinstance(node, exp.Create) and node.args.get("kind") == "MACRO",
    "single precision": _is_single,
    "an interval": lambda node: isinstance(node, exp.Interval),
    "a query joined to each row": lambda node: isinstance(node, exp.Lateral),
    "the function TANH": lambda node: isinstance(node, exp.Tanh),
    "a comparison of text": _compares_text,
    "a column name with punctuation": _has_punctuation,
    "a sum in order over a window": _sums_in_order_over_window,
    "a name of more than 63 bytes": _is_long_name,
    # which sqlglot writes as a CAST: the first text that it cannot read would end the query
    "a TRY_CAST": lambda node: isinstance(node, exp.TryCast),
    "a shift of bits": lambda node: isinstance(node, exp.BitwiseLeftShift),
}


def refuse_what_is_lacking(tree: Expr, dialect: Dialect) -> Expr:
    """AopsError for a tree with something that the dialect does not have, and that sqlglot would write all the same."""
    lacks = [*dialect.lacks]
    lacks += [] if dialect.asof_join else ["an ASOF join"]
    lacks += [] if dialect.table_macros else ["a table macro"]
    for node in ours(tree) if lacks else ():
        for what in lacks:
            if LACKING[what](node):
                raise AopsError(f"this SQL has {what}, which {dialect.name} does not have: render it for duckdb")
    return tree


def write_as_the_dialect_does(tree: Expr, dialect: Dialect) -> Expr:
    """Make the dialect's rewrites."""
    return rewritten(tree.copy(), dialect.rewrites) if dialect.rewrites else tree


def type_float_constants(tree: Expr, dialect: Dialect) -> Expr:
    """Cast float constants where the dialect would read them as exact decimals."""
    if dialect.exponent_is_double:
        return tree

    def typed(node: Expr) -> Expr:
        if isinstance(node, exp.Literal) and not node.is_string and "e" in node.this:
            return cast(node, "DOUBLE")
        return node

    return tree.transform(typed)


def name_types(tree: Expr, dialect: Dialect) -> Expr:
    """Write types by the dialect's own names where it has them."""
    names = dict(dialect.types)
    if names:
        tree = tree.copy()
        for node in [node for node in ours(tree) if isinstance(node, exp.DataType) and not node.expressions]:
            if node.this.value in names:
                node.replace(exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=names[node.this.value]))
    return tree


PASSES: tuple[Pass, ...] = (refuse_what_is_lacking, write_as_the_dialect_does, type_float_constants, name_types)
