"""SQL Server 2022 and newer; rendered only.

There are no NaN, infinity and booleans: NULL, NULL, and 1 or 0 stand for them. Blanks at the end of text do not count,
and CASE nests 10 deep at most.
"""

from sqlglot.dialects import tsql

from aops_indb.sqlgen.dialects.base import Dialect

TSQL = Dialect(
    name="tsql",
    sqlglot=tsql.TSQL,
    executed=False,
    exponent_is_double=True,
    asof_join=False,
    table_macros=False,
    repeats_subqueries=False,
    forest_layout="shallow_case",
    lacks=("a query joined to each row", "the function TANH"),
    rewrites=(
        "conditions_as_numbers",
        "nan_as_null",
        "utf16_by_bits",
        "text_to_its_end",
        "elements_as_cases",
        "unasked_ctes",
        "infinity_as_null",
    ),
    types=(("VARCHAR", "NVARCHAR(MAX)"), ("FLOAT", "REAL"), ("DOUBLE", "FLOAT(53)")),
)
