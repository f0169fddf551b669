"""Queries inside queries, in the forms a dialect has."""

from __future__ import annotations

from itertools import count

from sqlglot import exp

from aops_indb.sqlgen.build import Expr, anonymous, case, col, eq, ident, lit
from aops_indb.sqlgen.parse import tables_of
from aops_indb.sqlgen.statements import Select, aliased, is_as_written, select, subquery

# 0.9 GB in the place of 2.3 for 285 stored rows of 20 columns, in the same time
ROWS_WITH_ARRAYS = 1024
# in nodes of its tree: inline rows are all in it
LARGEST_QUERY = 100_000_000


def unasked_ctes(node: exp.CTE) -> Expr:
    """A common table expression that the planner computes as often as it thinks best."""
    node.set("materialized", None)
    return node


def ctes_of_names_of_their_own(tree: Expr) -> Expr:
    """Those of queries inside others by names that no other has: all are set before the outermost query of Spark."""
    names = [cte.alias.lower() for cte in tree.find_all(exp.CTE)]
    taken = set(names)
    inside = [query for query in tree.find_all(exp.Query) if query is not tree and query.args.get("with_")]
    # the innermost first: what they call by a name is theirs
    for query in reversed(inside):
        for cte in [cte for cte in query.args["with_"].expressions if names.count(cte.alias.lower()) > 1]:
            read = [
                node for node in query.find_all(exp.Table) if node.name.lower() == cte.alias.lower() and not node.db
            ]
            own = next(name for number in count(2) if (name := f"{cte.alias}_{number}").lower() not in taken)
            taken.add(own.lower())
            cte.args["alias"].set("this", ident(own))
            for node in read:
                node.set("alias", exp.TableAlias(this=ident(node.alias_or_name)))
                node.set("this", ident(own))
    return tree


def named_values(node: exp.Values) -> Expr:
    """Inline rows whose columns have names, where these can only be given by a SELECT."""
    alias = node.args.get("alias")
    if alias is None or not alias.columns:
        return node
    names = [column.name for column in alias.columns]
    rows = exp.Subquery(this=exp.Values(expressions=node.expressions))
    columns = [aliased(col(f"column{number}"), name) for number, name in enumerate(names, 1)]
    return subquery(select(columns, rows), alias.name)


def values_by_function(node: exp.Values) -> Expr:
    """Inline rows, the first of which casts to their types, by ClickHouse's function; unions come in any order."""
    alias = node.args.get("alias")
    first, *others = (row.expressions for row in node.expressions)
    if alias is None or not alias.columns or not all(isinstance(value, exp.Cast) for value in first):
        return node
    named = zip(alias.columns, first, strict=True)
    types = ", ".join(f"{column.sql('clickhouse')} {value.to.sql('clickhouse')}" for column, value in named)
    rows = [exp.Tuple(expressions=row) for row in ([value.this for value in first], *others)]
    return exp.Table(this=anonymous("VALUES", lit(types), *rows), alias=exp.TableAlias(this=ident(alias.name)))


def joins_by_value(node: exp.Join) -> Expr:
    """A join on equal values, where keys are compared by their bits, and -0 is not 0: both as 0."""
    on = node.args.get("on")
    if isinstance(on, exp.EQ):
        on.set("this", _without_sign_of_zero(on.this))
        on.set("expression", _without_sign_of_zero(on.expression))
    return node


def _without_sign_of_zero(key: Expr) -> Expr:
    # of a number its type's default is 0; of a text it is the empty one
    default = anonymous("defaultValueOfArgumentType", anonymous("assumeNotNull", key.copy()))
    return case([(eq(key.copy(), default), default.copy())], key)


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

    Nor are comparisons made an IN, which looks for the bits of a number, and tells -0 from 0. Blocks are of few rows
    where each row has arrays, all of which are held at once.
    """
    if node.find_ancestor(exp.Select) is None:
        settings = {"query_plan_merge_expressions": 0, "optimize_min_equality_disjunction_chain_length": 1_000_000}
        settings |= {"max_ast_elements": LARGEST_QUERY, "max_expanded_ast_elements": LARGEST_QUERY}
        settings |= {"max_block_size": ROWS_WITH_ARRAYS} if node.find(exp.Lambda) is not None else {}
        node.set(
            "settings", [exp.EQ(this=exp.Var(this=name), expression=lit(value)) for name, value in settings.items()]
        )
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
