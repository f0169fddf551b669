"""Questions about how a query would run."""

from __future__ import annotations

from sqlglot import exp

from aops_indb.sqlgen.statements import Query, Statement


def explain_as_json(query: Query) -> Statement:
    """`EXPLAIN (FORMAT json) query`: its plan, without running it.

    >>> from aops_indb.sqlgen.build import col
    >>> from aops_indb.sqlgen.statements import select, table
    >>> explain_as_json(select([col("a")], table("t"))).sql("duckdb")
    'EXPLAIN (FORMAT json) SELECT "a" FROM "t"'
    """
    return exp.Command(this="EXPLAIN", expression=f"(FORMAT json) {query.sql('duckdb')}")
