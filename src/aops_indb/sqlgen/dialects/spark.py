"""Spark 4 with ANSI mode on, as it is by default; executed by the tests.

A projection whose expressions are used more than once is kept as it is, so that stages need no barrier. Stored rows
are arrays: queries joined to each row, one after the other, took minutes for a few hundred rows.
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
    rewrites=("laterals_as_spark_arrays", "elements_by_function", "floor_of_any_size", "unasked_ctes"),
)
