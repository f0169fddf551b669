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
    asof_join=True,
    table_macros=False,
    repeats_subqueries=False,
    comments_inside=True,
    # a bare TIMESTAMP is one with a zone
    types=(("TIMESTAMP", "TIMESTAMP_NTZ"),),
    lacks=("a sum in order over a window",),
    rewrites=(
        "laterals_as_spark_arrays",
        "ctes_of_names_of_their_own",
        "frames_as_joins",
        "asof_by_windows",
        "rounded_in_spark",
        "qualify_as_where",
        "hours_of_the_clock",
        "frames_by_microseconds",
        "microseconds_by_type",
        "utc_by_microseconds",
        "numbers_as_read",
        "errors_by_function",
        "lists_in_spark",
        "mode_in_spark",
        "quantiles_in_spark",
        "elements_in_spark",
        "list_sums_in_spark",
        "sums_of_sorted_arrays",
        "elements_by_function",
        "floor_of_any_size",
        "unasked_ctes",
    ),
)
