"""Teradata; rendered only.

There are no NaN, infinity and booleans: NULL, NULL, and 1 or 0 stand for them. Text is compared as
the session says, with or without case, so models of text are refused.
"""

from sqlglot.dialects.teradata import Teradata

from aops_indb.sqlgen.dialects.base import Dialect

TERADATA = Dialect(
    name="teradata",
    sqlglot=Teradata,
    executed=False,
    exponent_is_double=True,
    asof_join=False,
    table_macros=False,
    repeats_subqueries=False,
    forest_layout="shallow_case",
    lacks=("single precision", "a query joined to each row", "a comparison of text"),
    rewrites=(
        "conditions_as_numbers",
        "nan_as_null",
        "largest_of_known",
        "elements_as_cases",
        "bits_by_function",
        "unasked_ctes",
        "infinity_as_null",
    ),
    types=(("VARCHAR", "VARCHAR(16000)"),),
)
