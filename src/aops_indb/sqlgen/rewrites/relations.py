"""Queries inside queries, in the forms a dialect has."""

from __future__ import annotations

from itertools import count

from sqlglot import exp

from aops_indb.sqlgen.build import Expr, col, ident, lit
from aops_indb.sqlgen.parse import tables_of
from aops_indb.sqlgen.statements import Select, aliased, is_as_written, select, subquery


def unasked_ctes(node: exp.CTE) -> Expr:
    """A common table expression that the planner computes as often as it thinks best."""
    node.set("materialized", None)
    return node


def named_values(node: exp.Values) -> Expr:
    """Inline rows whose columns have names, where these can only be given by a SELECT."""
    alias = node.args.get("alias")
    if alias is None or not alias.columns:
        return node
    names = [column.name for column in alias.columns]
    rows = exp.Subquery(this=exp.Values(expressions=node.expressions))
    columns = [aliased(col(f"column{number}"), name) for number, name in enumerate(names, 1)]
    return subquery(select(columns, rows), alias.name)


def qualified_columns(node: Select) -> Expr:
    """Columns with the name of what they are read from, where one alone would mean a new column of that name."""
    source = node.args.get("from_")
    if source is None or node.args.get("joins"):
        return node
    name = source.this.alias_or_name
    for made in node.expressions:
        for column in made.find_all(exp.Column):
            if not column.table:
                column.set("table", ident(name))
    return node


def unmerged_stages(node: Select) -> Expr:
    """A query whose stages ClickHouse does not write into one expression, which grows beyond all bounds.

    Nor are comparisons made an IN, which looks for the bits of a number, and tells -0 from 0.
    """
    if node.find_ancestor(exp.Select) is None:
        settings = {"query_plan_merge_expressions": 0, "optimize_min_equality_disjunction_chain_length": 1_000_000}
        node.set(
            "settings", [exp.EQ(this=exp.Var(this=name), expression=lit(value)) for name, value in settings.items()]
        )
    return node


def aggregates_of_columns(node: exp.Lateral) -> Expr:
    """A query joined to each row that reduces columns of a sub-select: it may not mix them with the row's."""
    query = node.this.this
    found = [reduced for made in query.expressions for reduced in made.find_all(exp.AggFunc)]
    mixed = [reduced for reduced in found if not isinstance(reduced.this, exp.Column | exp.Star)]
    if not mixed or query.args.get("joins"):
        return node
    kept = dict.fromkeys(reduced.this.name for reduced in found if isinstance(reduced.this, exp.Column))
    names = (name for number in count(1) if (name := f"reduced_{number}") not in kept)
    computed = dict(zip(names, mixed, strict=False))
    columns = [*map(col, kept), *(aliased(reduced.this, name) for name, reduced in computed.items())]
    inner = select(columns, query.args["from_"].this)
    for name, reduced in computed.items():
        reduced.set("this", col(name))
    query.set("from_", exp.From(this=subquery(inner, "to_reduce")))
    return node


def laterals_as_scalars(node: Select) -> Expr:
    """What a query joined to each row gives, as a scalar sub-select for each of its columns that is used."""
    joins = node.args.get("joins") or []
    kept = [join for join in joins if not isinstance(join.this, exp.Lateral)]
    for join in joins:
        if isinstance(join.this, exp.Lateral):
            lateral = join.this
            used = [c for e in node.expressions for c in e.find_all(exp.Column) if c.table == lateral.alias]
            for column in used:
                column.replace(_only(lateral.this.this, column.name))
    if len(kept) != len(joins):
        node.set("joins", kept)
    return node


def _only(query: Select, name: str) -> Expr:
    one = query.copy()
    one.set("expressions", [column for column in one.expressions if column.alias_or_name == name])
    return exp.Subquery(this=one)


def stages_as_ctes(node: Select) -> Expr:
    """Nested sub-selects one after the other before the query, each computed once.

    SQLite takes a sub-select with a LIMIT as it is; others it writes into the query around them.
    """
    if node.find_ancestor(exp.Select) is not None:
        return node
    taken = {name.lower() for name in tables_of(node)}
    found: list[exp.CTE] = []
    query = node
    while True:
        inner = _sub_select(query)
        if inner is None:
            break
        alias = inner.alias
        while alias.lower() in taken:
            alias += "_"
        taken.add(alias.lower())
        _fence(inner.this)
        query.args["from_"].set("this", exp.Table(this=ident(alias), alias=_alias(inner.alias, alias)))
        found.append(exp.CTE(this=inner.this, alias=exp.TableAlias(this=ident(alias))))
        query = inner.this
    for cte in found:
        _fence_inside(cte.this)
    if found:
        before = node.args.get("with_")
        known = list(before.expressions) if before else []
        node.set("with_", exp.With(expressions=[*known, *reversed(found)]))
    return node


def _alias(wanted: str, name: str) -> exp.TableAlias | None:
    return None if wanted == name else exp.TableAlias(this=ident(wanted))


def _sub_select(query: Expr) -> exp.Subquery | None:
    """The sub-select a query reads from, if it is one that can be set before it."""
    source = query.args.get("from_")
    inner = source.this if source is not None else None
    if not isinstance(inner, exp.Subquery) or is_as_written(inner) or not inner.alias:
        return None
    return inner if isinstance(inner.this, exp.Select) and not inner.this.args.get("with_") else None


def _fence(query: Select) -> None:
    if not query.args.get("limit"):
        query.set("limit", exp.Limit(expression=lit(-1)))


def _fence_inside(query: Select) -> None:
    for inner in query.find_all(exp.Subquery):
        if isinstance(inner.parent, exp.From) and isinstance(inner.this, exp.Select) and not is_as_written(inner):
            _fence(inner.this)
