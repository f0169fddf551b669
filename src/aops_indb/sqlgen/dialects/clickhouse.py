"""ClickHouse; executed by the tests, in chdb.

NaN differs from itself; a name means a new column of the same SELECT before one that is read; and FLOATs add up to a
DOUBLE. Stored rows are arrays: a query joined to each row could only be a sub-select of that row, which took minutes
for a few hundred rows.
"""

from sqlglot.dialects.clickhouse import ClickHouse

from aops_indb.sqlgen.dialects.base import Dialect

CLICKHOUSE = Dialect(
    name="clickhouse",
    sqlglot=ClickHouse,
    executed=True,
    exponent_is_double=True,
    asof_join=False,
    table_macros=False,
    repeats_subqueries=False,
    rewrites=(
        "laterals_as_clickhouse_arrays",
        "single_sums_cast",
        "casts_or_errors",
        "nan_by_function",
        "largest_of_known",
        "bits_in_camel_case",
        "numbers_one_by_one",
        "unasked_ctes",
        "values_by_function",
        "joins_by_value",
        "qualified_columns",
        "unmerged_stages",
    ),
)
