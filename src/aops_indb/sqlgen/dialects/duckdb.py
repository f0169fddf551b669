"""DuckDB 2.0; executed by the tests."""

from typing import ClassVar

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.generators.duckdb import DuckDBGenerator

from aops_indb.sqlgen.dialects.base import Dialect


def _sorted_list(generator: DuckDBGenerator, expression: exp.ArraySort) -> str:
    ascending, nulls_first = (expression.args.get(name) for name in ("asc", "nulls_first"))
    descends = isinstance(ascending, exp.Boolean) and not ascending.this
    nulls = "NULLS FIRST" if isinstance(nulls_first, exp.Boolean) and nulls_first.this else "NULLS LAST"
    order = [exp.Literal.string("DESC" if descends else "ASC"), exp.Literal.string(nulls)]
    return generator.func("LIST_SORT", expression.this, *order)


class _SpelledOut(DuckDBGenerator):
    """Sort keys with their direction and place of NULL: what goes unsaid is up to the settings of whoever asks."""

    TRANSFORMS: ClassVar = {**DuckDBGenerator.TRANSFORMS, exp.ArraySort: _sorted_list}

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
    executed=True,
    exponent_is_double=True,
    asof_join=True,
    table_macros=True,
    repeats_subqueries=False,
    binary_collation="C",
)
