"""DuckDB 2.0."""

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.generators.duckdb import DuckDBGenerator

from aops_indb.sqlgen.dialects.base import Dialect


class _SpelledOut(DuckDBGenerator):
    """Each sort key with its direction and place of NULL: what goes unsaid is up to the settings of whoever asks."""

    def ordered_sql(self, expression: exp.Ordered) -> str:
        """One sort key of an ORDER BY."""
        if expression.args.get("desc") is None:
            expression.set("desc", False)
        text = super().ordered_sql(expression)
        return text if expression.args.get("nulls_first") else f"{text} NULLS LAST"


class DuckDBSpelledOut(DuckDB):
    """sqlglot's DuckDB, but for how sort keys are written."""

    Generator = _SpelledOut


DUCKDB = Dialect(
    name="duckdb",
    sqlglot=DuckDBSpelledOut,
    exponent_is_double=True,
    asof_join=True,
    table_macros=True,
    repeats_subqueries=False,
)
