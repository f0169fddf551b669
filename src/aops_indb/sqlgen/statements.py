"""SQL queries and statements as sqlglot trees.

A relation is anything that can stand after FROM: a table (`table`), or a query with an alias (`subquery`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from aops_indb.errors import DefinitionError
from aops_indb.sqlgen.build import Expr, and_, ident, lit, star

Query: TypeAlias = exp.Query
Table: TypeAlias = exp.Table
Select: TypeAlias = exp.Select
Statement: TypeAlias = exp.Expr
JoinKind: TypeAlias = Literal["inner", "left", "asof_left", "cross"]

_JOINS: dict[JoinKind, dict[str, str]] = {
    "inner": {"kind": "INNER"},
    "left": {"side": "LEFT"},
    "asof_left": {"method": "ASOF", "side": "LEFT"},
    "cross": {"kind": "CROSS"},
}


@dataclass(frozen=True, slots=True)
class Join:
    """One JOIN of a SELECT: what, how, and on which condition."""

    relation: Expr
    kind: JoinKind
    on: Expr | None = None


def table(name: str, schema: str | None = None, *, alias: str | None = None) -> exp.Table:
    """A table or view by name, quoted.

    >>> table("flights", "raw").sql("duckdb")
    '"raw"."flights"'
    """
    return exp.Table(
        this=ident(name),
        db=ident(schema) if schema else None,
        alias=exp.TableAlias(this=ident(alias)) if alias else None,
    )


def with_alias(relation: exp.Table, alias: str) -> exp.Table:
    """The table by another name."""
    relation.set("alias", exp.TableAlias(this=ident(alias)))
    return relation


def parse_table(name: str) -> exp.Table:
    """A table from a dotted name as people write it in definitions: `raw.flights`, `"My Schema"."T"`."""
    problem = f"{name!r} cannot be the name of a table: write it as schema.table"
    if not isinstance(name, str):
        raise DefinitionError(problem)
    try:
        tokens = sqlglot.tokenize(name, dialect="duckdb")
        parsed: exp.Table = exp.to_table(name, dialect="duckdb")
    except SqlglotError as error:
        raise DefinitionError(problem) from error
    # what is neither a name nor a dot would be left out: a comment, a statement that follows
    whole = isinstance(parsed, exp.Table) and len(tokens) == 2 * len(parsed.parts) - 1
    named = whole and all(isinstance(part, exp.Identifier) and part.name for part in parsed.parts)
    if not named or any(token.comments for token in tokens):
        raise DefinitionError(problem)
    for part in parsed.parts:
        part.set("quoted", True)
    return parsed


def in_place_of(target: exp.Table, name: str) -> exp.Table:
    """A table of another name, where the target is."""
    other = target.copy()
    other.set("this", ident(name))
    return other


def table_function(name: str, schema: str, *args: Expr) -> exp.Table:
    """A call of a table function or table macro."""
    return exp.Table(this=exp.Anonymous(this=ident(name), expressions=list(args)), db=ident(schema))


def aliased(expression: Expr, name: str) -> exp.Alias:
    """`expression AS name`."""
    return exp.Alias(this=expression, alias=ident(name))


def subquery(query: Query, alias: str | None = None) -> exp.Subquery:
    """A query as a relation, or as a scalar."""
    return exp.Subquery(this=query, alias=exp.TableAlias(this=ident(alias)) if alias else None)


def as_written(relation: exp.Subquery) -> exp.Subquery:
    """Mark a query that somebody wrote for the dialect it is rendered in: passes leave it as it is."""
    relation.meta["as_written"] = True
    return relation


def is_as_written(node: Expr) -> bool:
    """Whether a node is so marked."""
    return isinstance(node, exp.Subquery) and bool(node.meta.get("as_written"))


def ours(tree: Expr) -> Iterator[Expr]:
    """The nodes of a tree, parents first, but those of queries as their writers wrote them."""
    return (node for node in tree.walk(prune=is_as_written) if not is_as_written(node))


def lateral(query: exp.Select, alias: str) -> exp.Lateral:
    """A query over the columns of the relations before it, run for each of their rows, as a relation."""
    return exp.Lateral(this=exp.Subquery(this=query), alias=exp.TableAlias(this=ident(alias)))


def lateral_once(query: exp.Select, alias: str) -> exp.Lateral:
    """A query over the columns of the relation before it, as a relation whose columns are computed once per row.

    OFFSET 0 keeps a planner from putting its expressions in the place of every reference to them; unlike the same in
    an ordinary sub-select, it lets conditions on other columns through to the tables.
    """
    return lateral(fenced(query), alias)


def fenced(query: exp.Select) -> exp.Select:
    """The query with OFFSET 0, which keeps a planner from putting its expressions where they are referred to."""
    query.set("offset", exp.Offset(expression=lit(0)))
    return query


def select(
    columns: Iterable[Expr] | Mapping[str, Expr],
    relation: Expr | None = None,
    *,
    joins: Sequence[Join] = (),
    where: Sequence[Expr] = (),
    group_by: Sequence[Expr] = (),
    windows: Sequence[Expr] = (),
    qualify: Expr | None = None,
    order_by: Sequence[Expr] = (),
    limit: int | None = None,
    distinct: bool = False,
) -> exp.Select:
    """A SELECT; a mapping of columns gives their names.

    >>> from aops_indb.sqlgen.build import col
    >>> select({"n": col("a")}, table("t"), where=[col("b"), col("c")]).sql("duckdb")
    'SELECT "a" AS "n" FROM "t" WHERE "b" AND "c"'
    """
    items = columns.items() if isinstance(columns, Mapping) else ((None, c) for c in columns)
    query = exp.Select(expressions=[aliased(c, name) if name else c for name, c in items])
    clauses: dict[str, object] = {
        "from_": exp.From(this=relation) if relation is not None else None,
        "joins": [exp.Join(this=j.relation, on=j.on, **_JOINS[j.kind]) for j in joins],
        "where": exp.Where(this=and_(*where)) if where else None,
        "group": exp.Group(expressions=list(group_by)) if group_by else None,
        "windows": list(windows),
        "qualify": exp.Qualify(this=qualify) if qualify is not None else None,
        "order": exp.Order(expressions=list(order_by)) if order_by else None,
        "limit": exp.Limit(expression=lit(limit)) if limit is not None else None,
        "distinct": exp.Distinct() if distinct else None,
    }
    for name, clause in clauses.items():
        if clause:
            query.set(name, clause)
    return query


def with_ctes(query: exp.Select, ctes: Mapping[str, Query], *, materialized: Iterable[str] = ()) -> exp.Select:
    """The query with common table expressions before it; those named in `materialized` are computed once."""
    once = set(materialized)
    expressions = [
        exp.CTE(this=cte, alias=exp.TableAlias(this=ident(name)), materialized=True if name in once else None)
        for name, cte in ctes.items()
    ]
    if expressions:
        query.set("with_", exp.With(expressions=expressions))
    return query


def union_all(*queries: Query) -> Query:
    """`… UNION ALL …`."""
    return _union(queries, distinct=False)


def union_distinct(*queries: Query) -> Query:
    """`… UNION …`: each row once, of a single query too."""
    if len(queries) > 1:
        return _union(queries, distinct=True)
    return select([star()], subquery(queries[0], "rows")).distinct()


def _union(queries: Sequence[Query], *, distinct: bool) -> Query:
    result = queries[0]
    for query in queries[1:]:
        result = exp.Union(this=result, expression=query, distinct=distinct)
    return result


def values(rows: Sequence[Sequence[Expr]], columns: Sequence[str], alias: str) -> Expr:
    """Inline rows as a relation."""
    return exp.Values(
        expressions=[exp.Tuple(expressions=list(r)) for r in rows],
        alias=exp.TableAlias(this=ident(alias), columns=[ident(c) for c in columns]),
    )


# ── statements that change something ───────────────────────────────────────────────────────────────────


def create_schema(name: str) -> Statement:
    """`CREATE SCHEMA IF NOT EXISTS name`."""
    return exp.Create(this=exp.Table(this=ident(name)), kind="SCHEMA", exists=True)


def drop_schema(name: str) -> Statement:
    """`DROP SCHEMA name`, which must be empty."""
    return exp.Drop(tables=[exp.Table(this=ident(name))], kind="SCHEMA")


def create_view(target: exp.Table, query: Query) -> Statement:
    """`CREATE OR REPLACE VIEW target AS query`."""
    return exp.Create(this=target, kind="VIEW", expression=query, replace=True)


def create_table_as(target: exp.Table, query: Query, *, replace: bool = False) -> Statement:
    """`CREATE TABLE target AS query`."""
    return exp.Create(this=target, kind="TABLE", expression=query, replace=replace or None)


def create_temporary_table_as(name: str, query: Query) -> Statement:
    """`CREATE TEMPORARY TABLE name AS query`."""
    temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
    return exp.Create(this=table(name), kind="TABLE", expression=query, properties=temporary)


@dataclass(frozen=True, slots=True)
class MacroSignature:
    """What a table macro leaves unsaid: the types of its parameters, and a view whose rows are like its own."""

    parameters: Mapping[str, str]
    rows_of: exp.Table


def create_table_macro(
    target: exp.Table, parameters: Sequence[str], query: Query, *, signature: MacroSignature | None = None
) -> Statement:
    """A DuckDB table macro: `CREATE OR REPLACE MACRO target(parameters) AS TABLE query`.

    signature: for warehouses whose functions have types
    """
    called = exp.UserDefinedFunction(this=target, expressions=[ident(p) for p in parameters], wrapped=True)
    as_table = exp.ReturnsProperty(this=exp.Schema(this=exp.Var(this="TABLE")), is_table=True)
    made = exp.Create(
        this=called,
        kind="MACRO",
        expression=query,
        replace=True,
        properties=exp.Properties(expressions=[as_table]),
    )
    made.meta["signature"] = signature
    return made


def made_by(create: Statement) -> exp.Table:
    """The view or macro that a statement makes.

    >>> made_by(create_view(table("v", "features"), select([star()], table("t")))).sql("duckdb")
    '"features"."v"'
    """
    made: exp.Table = create.this if isinstance(create.this, exp.Table) else create.this.this
    return made


def macro_signature(macro: Statement) -> MacroSignature | None:
    """The signature that a table macro was made with."""
    found: MacroSignature | None = macro.meta.get("signature")
    return found


def index_where(name: str, condition: Expr) -> Statement:
    """An index, of PostgreSQL, on no column of a temporary table, for the rows where a condition holds."""
    params = exp.IndexParameters(columns=[exp.Ordered(this=exp.Paren(this=lit(1)))], where=exp.Where(this=condition))
    return exp.Create(this=exp.Index(table=table(name, "pg_temp"), params=params), kind="INDEX")


def drop(kind: Literal["VIEW", "TABLE", "MACRO", "MACRO TABLE"], target: exp.Table) -> Statement:
    """`DROP kind IF EXISTS target`."""
    return exp.Drop(tables=[target], kind=kind, exists=True)


def rename_table(target: exp.Table, name: str) -> Statement:
    """`ALTER TABLE target RENAME TO name`."""
    return exp.Alter(this=target, kind="TABLE", actions=[exp.AlterRename(this=table(name))])


def rename_to(target: exp.Table, other: exp.Table) -> Statement:
    """`ALTER TABLE target RENAME TO other`, which names the schema as well, of Spark."""
    return exp.Alter(this=target, kind="TABLE", actions=[exp.AlterRename(this=other)])


def comment(kind: Literal["VIEW", "TABLE", "COLUMN", "MACRO TABLE"], target: Expr, text: str) -> Statement:
    """`COMMENT ON kind target IS text`."""
    return exp.Comment(this=target, kind=kind, expression=lit(text))


def column_of(target: exp.Table, name: str) -> exp.Column:
    """A column of a table, for COMMENT ON COLUMN."""
    return exp.Column(this=ident(name), table=target.this.copy(), db=target.args["db"].copy())


def insert(target: exp.Table, query: Query, columns: Sequence[str] = ()) -> Statement:
    """`INSERT INTO target (columns) query`."""
    into = exp.Schema(this=target, expressions=[ident(c) for c in columns]) if columns else target
    return exp.Insert(this=into, expression=query)


def delete(target: exp.Table, where: Sequence[Expr]) -> Statement:
    """`DELETE FROM target WHERE …`; without conditions, of all rows."""
    return exp.Delete(this=target, where=exp.Where(this=and_(*where)) if where else None)


def insert_overwrite(target: exp.Table, query: Query) -> Statement:
    """`INSERT OVERWRITE TABLE target query`, of Spark: in the place of all its rows."""
    return exp.Insert(this=target, expression=query, overwrite=True)


def lock_for_writing(target: exp.Table) -> Statement:
    """`LOCK TABLE target`, of PostgreSQL: until the transaction ends nobody else writes to it; it can be read."""
    return exp.Command(this="LOCK", expression=f"TABLE {target.sql('postgres')} IN SHARE ROW EXCLUSIVE MODE")


def forbid(event: Literal["INSERT", "UPDATE", "DELETE"], target: exp.Table, name: str, instead: Statement) -> Statement:
    """A DuckDB trigger, made anew if it is there, that runs a statement, one that fails, as rows of a table change."""
    trigger = f"TRIGGER {ident(name).sql('duckdb')} AFTER {event} ON {target.sql('duckdb')} FOR EACH STATEMENT"
    return exp.Command(this="CREATE OR REPLACE", expression=f"{trigger} {instead.sql('duckdb')}")


# ── questions and settings ─────────────────────────────────────────────────────────────────────────────


def describe(query: Query) -> Statement:
    """`DESCRIBE query`: its columns and their types, without running it."""
    return exp.Describe(this=query)


def set_option(name: str, value: Expr) -> Statement:
    """`SET name = value`, for this connection.

    >>> set_option("TimeZone", lit("UTC")).sql("duckdb")
    "SET TimeZone = 'UTC'"
    """
    return exp.Set(expressions=[exp.SetItem(this=exp.EQ(this=exp.Var(this=name), expression=value))])
