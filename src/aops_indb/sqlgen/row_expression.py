"""SQL that people write over the columns of one row."""

from __future__ import annotations

from sqlglot import exp

from aops_indb.sqlgen.build import parse_expression


def require_row_expression(sql: str) -> str:
    """The text itself, if it computes a value from one row; ValueError if it looks at other rows.

    A window function over a source would see rows of any time, and so the future of a point-in-time join.

    >>> require_row_expression("arr_delay >= 15")
    'arr_delay >= 15'
    """
    beyond = parse_expression(sql).find(exp.Window, exp.AggFunc)
    if beyond is not None:
        raise ValueError(
            f"{beyond.sql('duckdb')} looks at other rows, whatever their time: use an Aggregation, or a source's query"
        )
    return sql
