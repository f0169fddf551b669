"""Trino; rendered only. NaN differs from itself, and GREATEST is NULL if one argument is.

A query joined to each row may use its columns in conditions, and in little else.
"""

from sqlglot.dialects.trino import Trino

from aops_indb.sqlgen.dialects.base import Dialect

TRINO = Dialect(
    name="trino",
    sqlglot=Trino,
    executed=False,
    exponent_is_double=True,
    asof_join=False,
    table_macros=False,
    repeats_subqueries=False,
    lacks=("a query joined to each row",),
    rewrites=("nan_by_function", "largest_of_known", "unasked_ctes", "infinity_in_full"),
)
