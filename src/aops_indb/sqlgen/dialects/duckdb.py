"""DuckDB 2.0; executed by the tests."""

from sqlglot.dialects.duckdb import DuckDB

from aops_indb.sqlgen.dialects.base import Dialect

DUCKDB = Dialect(
    name="duckdb",
    sqlglot=DuckDB,
    executed=True,
    exponent_is_double=True,
    asof_join=True,
    table_macros=True,
    repeats_subqueries=False,
    spells_out_sort_keys=True,
    binary_collation="C",
)
