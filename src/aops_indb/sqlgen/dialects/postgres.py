"""PostgreSQL 15 and newer."""

from aops_indb.sqlgen.dialects.base import Dialect

POSTGRES = Dialect(
    name="postgres",
    sqlglot="postgres",
    exponent_is_double=False,
    asof_join=False,
    table_macros=False,
    repeats_subqueries=True,
)
