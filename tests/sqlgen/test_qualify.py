"""QUALIFY as WHERE: the same rows, in the same order, as DuckDB's own clause gives."""

from __future__ import annotations

import duckdb
import pytest
from sqlglot import exp

from aops_indb.sqlgen.parse import parse_select
from aops_indb.sqlgen.rewrites.firsts import qualify_as_where

ROWS = "FROM (VALUES (1, 'a', 5), (1, 'b', 7), (2, 'a', 7), (2, 'c', 1), (3, 'b', 5), (3, 'd', 9)) t(k, s, v)"
NEWEST = "QUALIFY row_number() OVER (PARTITION BY k ORDER BY v DESC) = 1"
QUERIES = {
    "plain": f"SELECT k, v {ROWS} {NEWEST} ORDER BY k",
    "as many as asked for": f"SELECT k, v {ROWS} {NEWEST} ORDER BY k LIMIT 2",
    "from the second on": f"SELECT k, v {ROWS} {NEWEST} ORDER BY k LIMIT 5 OFFSET 1",
    "ordered by what is not shown": f"SELECT s {ROWS} {NEWEST} ORDER BY v DESC, k",
    "ordered by an expression": f"SELECT k, v {ROWS} {NEWEST} ORDER BY -k LIMIT 1",
    "distinct": f"SELECT DISTINCT v {ROWS} {NEWEST} ORDER BY v",
    "two windows": f"SELECT k {ROWS} QUALIFY max(v) OVER (PARTITION BY k) > min(k) OVER (PARTITION BY s) ORDER BY v",
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_the_same_rows(query: str) -> None:
    with duckdb.connect() as connection:
        tree = parse_select(query)
        assert isinstance(tree, exp.Select)
        rewritten = qualify_as_where(tree)
        assert rewritten.find(exp.Qualify) is None
        found = connection.sql(rewritten.sql("duckdb")).fetchall()
        assert found == connection.sql(query).fetchall()
        assert found
