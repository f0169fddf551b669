"""Expressions that the warehouse itself says depend on settings of whoever reads, beside what `reader_zone` finds.

Definitions are written in DuckDB's SQL. What another warehouse writes for it may ask for the reader's time zone, date
style or language where DuckDB's does not: PostgreSQL knows of each of its functions whether it does.
"""

from __future__ import annotations

from collections.abc import Collection

from aops_indb.engines import Session
from aops_indb.errors import shortened
from aops_indb.sqlgen.build import Expr, anonymous, lit
from aops_indb.sqlgen.operations import is_clock_interval, operations
from aops_indb.sqlgen.parse import is_column

_SHIFTS = ("add", "sub")
# Functions of a moment whose value is the same in every zone, and that PostgreSQL does not know this of.
_SAME_ANYWHERE = ("epoch", "epoch_us", "extract", "date_part")


def problem_of_settings(tree: Expr, zoned: Collection[int], session: Session, relation: Expr) -> str | None:
    """What is wrong with an expression over a relation, which `reader_zone` has nothing to say against.

    zoned: its operations whose values are times with a zone, by their nodes
    """
    if is_column(tree) or not session.depends_on_settings(_on_one_clock(tree, zoned), relation.copy()):
        return None
    return (
        f"{shortened(tree.sql('duckdb'))} is written with functions that depend on the settings of whoever reads, time "
        "zone, date style or language: compute it in a column of the source, or of a view that the source reads"
    )


def _on_one_clock(tree: Expr, zoned: Collection[int]) -> Expr:
    """The expression, its moments read in UTC where that says the same as they do.

    An hour later is an hour later everywhere; of a day that is not so, and one function in PostgreSQL does both.
    """
    # a node that is replaced must have one above it
    holder = anonymous("holder", tree.copy())
    twins = {id(node): twin for node, twin in zip(tree.walk(), holder.expressions[0].walk(), strict=True)}
    for operation in operations(tree):
        moments = [operand for operand in operation.operands if id(operand) in zoned]
        others = [operand for operand in operation.operands if id(operand) not in zoned]
        shifted = operation.name in _SHIFTS and len(moments) == 1 and all(map(is_clock_interval, others))
        if not shifted and operation.name not in _SAME_ANYWHERE:
            continue
        for moment in moments:
            _in_utc(twins[id(moment)])
        if shifted:
            _in_utc(twins[id(operation.tree)])
    whole: Expr = holder.expressions[0]
    return whole


def _in_utc(node: Expr) -> None:
    """`TIMEZONE('UTC', node)` in the place of a node."""
    called = anonymous("TIMEZONE", lit("UTC"))
    node.replace(called)
    called.append("expressions", node)
