"""Rows of plain values as a query whose columns have given types."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from aops_indb.sqlgen.build import Expr, cast_as_written, col, lit
from aops_indb.sqlgen.statements import Query, select, values


def typed_rows(rows: Sequence[Mapping[str, Any]], types: Mapping[str, str]) -> Query:
    """A SELECT of the rows, in their order; types: column -> type as the engine writes it. What a row lacks is NULL.

    >>> typed_rows([{"a": 1}], {"a": "BIGINT", "b": "DATE"}).sql("duckdb")
    'SELECT "a", "b" FROM (VALUES (CAST(1 AS BIGINT), CAST(NULL AS DATE))) AS "given"("a", "b")'
    """
    # a row of nothing keeps the columns where there are no rows
    written = rows or [{}]
    listed = [
        [cast_as_written(_constant(row.get(name)), sql_type) for name, sql_type in types.items()] for row in written
    ]
    return select(
        [col(name) for name in types], values(listed, list(types), "given"), where=[] if rows else [lit(False)]
    )


def _constant(value: Any) -> Expr:
    return lit(value.isoformat()) if isinstance(value, dt.date) and not isinstance(value, dt.datetime) else lit(value)
