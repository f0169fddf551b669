"""Texts in an order, where the database's collation would decide which comes first."""

from __future__ import annotations

from sqlglot import exp

from aops_indb.sqlgen.build import Expr, collated
from aops_indb.sqlgen.origins import is_text


def texts_in_order_of_bits(tree: Expr) -> Expr:
    """Texts sorted by their bits, as DuckDB and Spark sort them, and the largest and smallest among them so found.

    What is found is in the database's own collation again, so that it can be compared with its other texts.
    """
    for key in [node for node in tree.find_all(exp.Ordered) if is_text(node.this)]:
        key.set("this", collated(key.this, "C"))
    for extreme in [node for node in tree.find_all(exp.Max, exp.Min) if is_text(node.this)]:
        extreme.set("this", collated(extreme.this, "C"))
        whole: Expr = extreme
        while isinstance(whole.parent, exp.Filter | exp.Window) and whole.arg_key == "this":
            whole = whole.parent
        found = whole.copy()
        whole.replace(
            exp.Paren(
                this=exp.Collate(this=exp.Paren(this=found), expression=exp.Identifier(this="default", quoted=True))
            )
        )
    return tree
