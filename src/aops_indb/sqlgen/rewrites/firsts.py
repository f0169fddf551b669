"""QUALIFY, which chooses rows by a window function, in dialects that have no such clause."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from aops_indb.errors import AopsError
from aops_indb.sqlgen.build import Expr, col
from aops_indb.sqlgen.statements import Select, aliased, select, subquery

# clauses that act on the rows that QUALIFY has left
_AFTER = ("distinct", "order", "limit", "offset")
_CHOSEN_BY, _ORDERED_BY = "__window_{}", "__order_{}"


def firsts_by_distinct_on(node: Select) -> Expr:
    """The first row of each group by PostgreSQL's DISTINCT ON."""
    window = _first_of_group(node)
    # the order of one part of a union would be taken for that of the whole
    if window is None or isinstance(node.parent, exp.SetOperation):
        return node
    groups = window.args["partition_by"]
    order = window.args["order"].expressions if window.args.get("order") else []
    node.set("qualify", None)
    node.set("distinct", exp.Distinct(on=exp.Tuple(expressions=[group.copy() for group in groups])))
    node.set("order", exp.Order(expressions=[*(exp.Ordered(this=group.copy()) for group in groups), *order]))
    return node


def _first_of_group(node: Select) -> exp.Window | None:
    """The window of `QUALIFY ROW_NUMBER() OVER (…) = 1`."""
    qualify = node.args.get("qualify")
    condition = qualify.this if qualify is not None else None
    if not isinstance(condition, exp.EQ) or not isinstance(condition.this, exp.Window):
        return None
    window, number = condition.this, condition.expression
    first = isinstance(window.this, exp.RowNumber) and isinstance(number, exp.Literal) and number.this == "1"
    plain = not any(node.args.get(clause) for clause in ("order", "limit", "offset", "distinct", "group"))
    return window if first and plain and window.args.get("partition_by") else None


def qualify_as_where(node: Select) -> Expr:
    """QUALIFY as the WHERE of a query around the one that computes its windows."""
    qualify = node.args.get("qualify")
    if qualify is None:
        return node
    names = _names(node)
    windows = list(qualify.find_all(exp.Window))
    for number, window in enumerate(windows, 1):
        window.replace(col(_CHOSEN_BY.format(number)))
    inner = node.copy()
    inner.set("qualify", None)
    for number, window in enumerate(windows, 1):
        inner.append("expressions", aliased(window, _CHOSEN_BY.format(number)))
    after = _taken_after(inner, names)
    outer = select({name: col(name) for name in names}, subquery(inner, "windowed"), where=[qualify.this])
    for clause, made in after.items():
        outer.set(clause, made)
    return outer


def _taken_after(inner: Select, names: Sequence[str]) -> dict[str, Expr]:
    """What comes after QUALIFY, taken out of a query: DISTINCT, the order and how many rows."""
    found = {clause: inner.args[clause].pop() for clause in _AFTER if inner.args.get(clause)}
    for number, ordered in enumerate(found["order"].expressions if "order" in found else ()):
        by = ordered.this
        if isinstance(by, exp.Column) and not by.table and by.name in names:
            continue
        # it need not be among the columns
        inner.append("expressions", aliased(by.copy(), _ORDERED_BY.format(number)))
        by.replace(col(_ORDERED_BY.format(number)))
    return found


def _names(query: Select) -> list[str]:
    """The names of a query's columns; AopsError where only the warehouse knows them."""
    names: list[str] = []
    for made in query.expressions:
        if not made.is_star:
            names.append(made.alias_or_name)
            continue
        inner = query.args["from_"].this
        if not (isinstance(inner, exp.Subquery) and isinstance(inner.this, exp.Select)) or query.args.get("joins"):
            raise AopsError(
                "this SQL has QUALIFY over columns that it does not name: name them, or render it for duckdb"
            )
        names.extend(_names(inner.this))
    return names
