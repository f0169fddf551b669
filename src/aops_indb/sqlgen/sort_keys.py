"""Sort keys with their direction and place of NULL: what goes unsaid is up to the settings of whoever asks.

Done to the tree and not by a generator of our own: sqlglot's compiled build (`sqlglot[c]`) has none derived from its.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from aops_indb.sqlgen.build import Expr, anonymous, lit

KINDS = (exp.Ordered, exp.ArraySort)


def spelled_out(tree: Expr, nodes: Iterable[Expr]) -> Expr:
    """The tree, changed in place, with those of its nodes spelled out that are sort keys or sort a list.

    >>> from aops_indb.sqlgen.build import col
    >>> key = exp.Order(expressions=[exp.Ordered(this=col("a"))])
    >>> spelled_out(key, list(key.walk())).sql("duckdb")
    'ORDER BY "a" ASC NULLS LAST'
    """
    for node in nodes:
        if isinstance(node, exp.Ordered):
            _spell_out(node)
        elif isinstance(node, exp.ArraySort):
            whole = _sorted_list(node)
            node.replace(whole)
            tree = whole if node is tree else tree
    return tree


def _spell_out(key: exp.Ordered) -> None:
    if key.args.get("desc") is None:
        key.set("desc", False)
    if not key.args.get("nulls_first"):
        # DuckDB's own default, so that sqlglot leaves it out of what it writes; what fills gaps stands in its place
        key.set("with_fill", exp.Var(this="NULLS LAST"))


def _sorted_list(sort: exp.ArraySort) -> Expr:
    ascending, nulls_first = (sort.args.get(name) for name in ("asc", "nulls_first"))
    descends = isinstance(ascending, exp.Boolean) and not ascending.this
    nulls = "NULLS FIRST" if isinstance(nulls_first, exp.Boolean) and nulls_first.this else "NULLS LAST"
    return anonymous("LIST_SORT", sort.this, lit("DESC" if descends else "ASC"), lit(nulls))
