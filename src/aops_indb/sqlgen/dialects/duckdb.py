"""DuckDB 2.0."""

from aops_indb.sqlgen.dialects.base import Dialect

DUCKDB = Dialect(
    name="duckdb",
    sqlglot="duckdb",
    exponent_is_double=True,
    asof_join=True,
    table_macros=True,
    repeats_subqueries=False,
)
