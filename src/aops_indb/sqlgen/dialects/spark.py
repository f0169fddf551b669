"""Spark 4 with ANSI mode on, as it is by default; executed by the tests.

A projection whose expressions are used more than once is kept as it is, so that stages need no barrier.
"""

from sqlglot.dialects.spark import Spark

from aops_indb.sqlgen.dialects.base import Dialect

SPARK = Dialect(
    name="spark",
    sqlglot=Spark,
    executed=True,
    exponent_is_double=True,
    asof_join=False,
    table_macros=False,
    repeats_subqueries=False,
    rewrites=("elements_by_function", "floor_of_any_size", "aggregates_of_columns", "unasked_ctes"),
)
