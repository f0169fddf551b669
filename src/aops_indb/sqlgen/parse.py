"""SQL that people write in definitions, as trees: one expression or one query, and what it speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias

import sqlglot
from sqlglot import exp

from aops_indb.errors import DefinitionError, shortened, shown
from aops_indb.sqlgen.build import Expr, ident, operand

# A dialect as sqlglot takes it.
DialectName: TypeAlias = str | type[sqlglot.Dialect]

# What an expression can be; statements and clauses are none of these.
EXPRESSIONS = (exp.Condition, exp.AtTimeZone, exp.Interval)


def parse_expression(sql: str, *, dialect: DialectName = "duckdb", where: str | None = None) -> Expr:
    """An expression out of a definition, as a tree; exactly one expression, no statement.

    >>> parse_expression("arr_delay >= 15").sql("duckdb")
    'arr_delay >= 15'
    """
    tree = _parse(sql, dialect, where)
    if not isinstance(tree, EXPRESSIONS) or isinstance(tree, exp.Query):
        raise DefinitionError(f"expected an expression, found a statement: {shown(sql)}", where=where)
    return tree


def parse_select(sql: str, *, dialect: DialectName = "duckdb", where: str | None = None) -> exp.Query:
    """A SELECT out of a definition, as a tree; exactly one, and nothing but a query."""
    tree = _parse(sql, dialect, where)
    if not isinstance(tree, exp.Query):
        raise DefinitionError(f"expected a SELECT, found {tree.key.upper()}: {shown(sql)}", where=where)
    return tree


def normal_sql(sql: str) -> str:
    """An expression or query in one spelling: without comments, line breaks or the writer's spacing.

    >>> normal_sql("a  +  1 -- one more") == normal_sql("a + 1")
    True
    """
    return _parse(sql, "duckdb", None).sql("duckdb", comments=False)


def _parse(sql: str, dialect: DialectName, where: str | None) -> Expr:
    try:
        trees = (_parsed_long if len(sql) > _LONG else _parsed)(sql, dialect)
    except sqlglot.errors.SqlglotError as error:
        raise DefinitionError(f"cannot parse {shown(sql)}: {_problem(error)}", where=where) from error
    except RecursionError as error:
        raise DefinitionError(
            f"{shown(sql)} is nested too deeply: take parentheses away, or compute a part of it in a source's query",
            where=where,
        ) from error
    if len(trees) != 1 or trees[0] is None:
        raise DefinitionError(f"expected one SQL expression or query, found {len(trees)} in {shown(sql)}", where=where)
    return trees[0].copy()


# A plan reads each expression of a view many times; a copy takes a tenth of the time. Of long texts few are kept.
_LONG = 2_000


@lru_cache(maxsize=2_000)
def _parsed(sql: str, dialect: DialectName) -> list[Expr | None]:
    return sqlglot.parse(sql, dialect=dialect)


@lru_cache(maxsize=16)
def _parsed_long(sql: str, dialect: DialectName) -> list[Expr | None]:
    return sqlglot.parse(sql, dialect=dialect)


def _problem(error: sqlglot.errors.SqlglotError) -> str:
    """What the parser says of a text, and where in it."""
    if not (isinstance(error, sqlglot.errors.ParseError) and error.errors):
        return shortened(str(error).splitlines()[0])
    found = error.errors[0]
    return f"line {found['line']}, column {found['col']}, at {shown(found['highlight'])}"


def columns_of(tree: Expr) -> set[str]:
    """Names of the columns a tree refers to."""
    return {column.name for column in tree.find_all(exp.Column)}


def tables_of(tree: Expr) -> set[str]:
    """Names of the tables a tree refers to, without their schemas."""
    return {table.name for table in tree.find_all(exp.Table)}


def tables_in(tree: Expr, schema: str) -> set[str]:
    """Names of the tables of a schema that a tree refers to.

    >>> tables_in(parse_select("SELECT * FROM features.a JOIN raw.b USING (k)"), "features")
    {'a'}
    """
    found = tree.find_all(exp.Table)
    return {table.name for table in found if table.db.lower() == schema}


def replace_columns(tree: Expr, values: Mapping[str, Expr]) -> Expr:
    """The tree with columns of those names replaced by expressions.

    >>> from aops_indb.sqlgen.build import add, col, lit
    >>> replace_columns(parse_expression("a * 2"), {"a": add(col("b"), lit(1))}).sql("duckdb")
    '("b" + 1) * 2'
    """

    def replaced(node: Expr) -> Expr:
        if isinstance(node, exp.Column) and node.name in values:
            return operand(values[node.name].copy())
        return node

    return tree.copy().transform(replaced)


def column_uses(tree: Expr) -> list[str]:
    """The name of the column in every reference to one, repeated as they are."""
    return [column.name for column in tree.find_all(exp.Column)]


def is_column(tree: Expr) -> bool:
    """Whether a tree is nothing but a reference to a column."""
    return isinstance(tree, exp.Column)


def qualify(tree: Expr, relation: str) -> None:
    """Have a tree's references to columns that do not say of which relation say this one."""
    for column in tree.find_all(exp.Column):
        if not column.table:
            column.set("table", ident(relation))


def tables_read(tree: Expr) -> list[str]:
    """The tables a query reads, as `parse_table` takes them; not its common table expressions.

    >>> tables_read(parse_select("WITH a AS (SELECT * FROM raw.t) SELECT * FROM a JOIN u USING (k)"))
    ['"raw"."t"', '"u"']
    """
    names = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    found = [table for table in tree.find_all(exp.Table) if table.db or table.name.lower() not in names]
    return sorted(
        {
            ".".join(part.copy().transform(_quoted).sql("duckdb") for part in table.parts)
            for table in found
            if table.name
        }
    )


def _quoted(node: Expr) -> Expr:
    if isinstance(node, exp.Identifier):
        node.set("quoted", True)
    return node
