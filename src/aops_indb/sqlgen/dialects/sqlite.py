"""SQLite 3.35 and newer, with its math functions; executed by the tests.

NaN is NULL, yes and no are 1 and 0, and there are no numbers of 32 bits. Decimals are read with errors in the last
bit, so constants are written as quotients of whole numbers. Sub-selects are flattened into one expression unless they
have a LIMIT, and the parser's stack holds some 16 of them, so that stages are common table expressions.
"""

from sqlglot.dialects.sqlite import SQLite

from aops_indb.sqlgen.dialects.base import Dialect

SQLITE = Dialect(
    name="sqlite",
    sqlglot=SQLite,
    executed=True,
    exponent_is_double=True,
    asof_join=False,
    table_macros=False,
    repeats_subqueries=False,
    forest_layout="shallow_case",
    lacks=("an interval",),
    rewrites=(
        "single_by_arithmetic",
        "nan_as_null",
        "infinity_as_overflow",
        "doubles_as_quotients",
        "checked_casts",
        "largest_by_max",
        "elements_as_cases",
        "named_values",
        "laterals_as_scalars",
        "stages_as_ctes",
    ),
)
