"""BigQuery; rendered only. NaN differs from itself, and GREATEST is NULL if one argument is."""

from sqlglot.dialects.bigquery import BigQuery

from aops_indb.sqlgen.dialects.base import Dialect

BIGQUERY = Dialect(
    name="bigquery",
    sqlglot=BigQuery,
    executed=False,
    exponent_is_double=True,
    asof_join=False,
    table_macros=False,
    repeats_subqueries=False,
    lacks=("single precision", "a query joined to each row", "a column name with punctuation"),
    rewrites=("nan_by_function", "largest_of_known"),
)
