"""PostgreSQL 15 and newer; executed by the tests."""

from sqlglot.dialects.postgres import Postgres

from aops_indb.sqlgen.dialects.base import Dialect

POSTGRES = Dialect(
    name="postgres",
    sqlglot=Postgres,
    executed=True,
    exponent_is_double=False,
    asof_join=True,
    table_macros=True,
    repeats_subqueries=True,
    raises_on_underflow=True,
    binary_collation="C",
    lacks=(
        "a sum in order over a window",
        "an aggregate of lists or structs, or one by rank",
        "a name of more than 63 bytes",
    ),
    rewrites=(
        "macros_as_functions",
        "texts_in_order_of_bits",
        "asof_by_arrays",
        "told_in_postgres",
        "firsts_by_distinct_on",
        "qualify_as_where",
        "errors_by_cast",
        "microseconds_by_extract",
    ),
)
