"""MySQL 8.0.17 and newer; rendered only.

There are no NaN and infinity, NULL stands for them; and FLOATs add up to a DOUBLE.
"""

from sqlglot.dialects.mysql import MySQL

from aops_indb.sqlgen.dialects.base import Dialect

MYSQL = Dialect(
    name="mysql",
    sqlglot=MySQL,
    executed=False,
    exponent_is_double=True,
    asof_join=False,
    table_macros=False,
    repeats_subqueries=False,
    lacks=("the function TANH",),
    rewrites=(
        "single_sums_cast",
        "nan_as_null",
        "checked_text",
        "utf8_by_bits",
        "largest_of_known",
        "elements_as_cases",
        "unasked_ctes",
        "infinity_as_null",
    ),
)
