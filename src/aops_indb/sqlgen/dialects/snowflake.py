"""Snowflake; rendered only.

Whether a number with an exponent is a decimal is not said, so constants are casts of text.
"""

from sqlglot.dialects.snowflake import Snowflake

from aops_indb.sqlgen.dialects.base import Dialect

SNOWFLAKE = Dialect(
    name="snowflake",
    sqlglot=Snowflake,
    executed=False,
    exponent_is_double=True,
    asof_join=False,
    table_macros=False,
    repeats_subqueries=False,
    lacks=("single precision",),
    rewrites=("elements_as_cases", "unasked_ctes", "doubles_as_text"),
)
