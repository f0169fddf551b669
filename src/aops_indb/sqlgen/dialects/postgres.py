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
        "a name of more than 63 bytes",
        "a TRY_CAST",
    ),
    rewrites=(
        "macros_as_functions",
        "triggers_by_function",
        "lists_of_json",
        "frames_of_values_as_joins",
        "structs_as_columns",
        "texts_in_order_of_bits",
        "asof_by_arrays",
        "told_in_postgres",
        "firsts_by_distinct_on",
        "qualify_as_where",
        "errors_by_cast",
        "hashes_of_bytes",
        "microseconds_by_extract",
        "ranked_in_postgres",
        "quantiles_in_postgres",
    ),
)
