"""PostgreSQL 15 and newer; executed by the tests."""

from sqlglot.dialects.postgres import Postgres

from aops_indb.sqlgen.dialects.base import Dialect

POSTGRES = Dialect(
    name="postgres",
    sqlglot=Postgres,
    executed=True,
    exponent_is_double=False,
    asof_join=False,
    table_macros=False,
    repeats_subqueries=True,
    raises_on_underflow=True,
    binary_collation="C",
)
