"""Oracle 12 and newer; rendered only. There are no booleans, 1 or 0 stand for them; empty text is NULL.

Numbers are decimals unless they are cast, so constants are casts of text.
"""

from sqlglot.dialects.oracle import Oracle

from aops_indb.sqlgen.dialects.base import Dialect

ORACLE = Dialect(
    name="oracle",
    sqlglot=Oracle,
    executed=False,
    exponent_is_double=True,
    asof_join=False,
    table_macros=False,
    repeats_subqueries=False,
    lacks=("a query joined to each row", "a shift of bits"),
    rewrites=(
        "conditions_as_numbers",
        "largest_of_known",
        "elements_as_cases",
        "bits_by_function",
        "unasked_ctes",
        "doubles_as_text",
    ),
    types=(("DOUBLE", "BINARY_DOUBLE"), ("FLOAT", "BINARY_FLOAT"), ("VARCHAR", "VARCHAR2(4000)")),
)
