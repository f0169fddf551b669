"""Redshift; rendered only."""

from sqlglot.dialects.redshift import Redshift

from aops_indb.sqlgen.dialects.base import Dialect

REDSHIFT = Dialect(
    name="redshift",
    sqlglot=Redshift,
    executed=False,
    exponent_is_double=True,
    asof_join=False,
    table_macros=False,
    repeats_subqueries=False,
    lacks=("a query joined to each row", "the function TANH"),
    rewrites=("elements_as_cases", "unasked_ctes", "doubles_as_text"),
    types=(("VARCHAR", "VARCHAR(MAX)"),),
)
