"""Which columns of which tables the columns of a query come from."""

from __future__ import annotations

from collections.abc import Mapping

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import lineage

from aops_indb.sqlgen.statements import Query

# Table, as `parse_table` takes it, and column of it.
Origin = tuple[str, str]


def origins(query: Query, tables: Mapping[str, Mapping[str, str]]) -> dict[str, frozenset[Origin]] | None:
    """Column of the query, in lower case -> columns of tables whose values it is computed from; None if unknown.

    tables: table as `parse_table` takes it -> its column types. Conditions, joins and orders are not followed.

    >>> from aops_indb.sqlgen.parse import parse_select
    >>> found = origins(parse_select("SELECT a + b AS c FROM raw.t"), {"raw.t": {"a": "INT", "b": "INT"}})
    >>> sorted((found or {})["c"])
    [('raw.t', 'a'), ('raw.t', 'b')]
    """
    trees = {name: exp.to_table(name, dialect="duckdb") for name in tables}
    spelled = {_key(tree): name for name, tree in trees.items()}
    schema: dict[str, object] = {}
    for name, tree in trees.items():
        held = schema.setdefault(tree.db or "main", {})
        held[tree.name] = dict.fromkeys(tables[name], "UNKNOWN")  # type: ignore[index]
    full = query.copy()
    for table in full.find_all(exp.Table):
        if not table.db and _key(table) in spelled:
            table.set("db", exp.to_identifier("main"))
    try:
        nodes = lineage(None, full, schema=schema, dialect="duckdb")
    except SqlglotError:
        return None
    if not isinstance(nodes, dict):
        return None
    return {column.lower(): _leaves(node, spelled) for column, node in nodes.items()}


def _leaves(node: object, spelled: Mapping[str, str]) -> frozenset[Origin]:
    found = set()
    for each in node.walk():  # type: ignore[attr-defined]
        if isinstance(each.expression, exp.Table):
            table = spelled.get(_key(each.expression))
            if table is not None:
                found.add((table, sqlglot.parse_one(each.name, dialect="duckdb").name))
    return frozenset(found)


def _key(table: exp.Table) -> str:
    return f"{table.db or 'main'}.{table.name}".lower()
