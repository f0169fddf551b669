"""SQL types by the names that sqlglot knows them by."""

from __future__ import annotations

from functools import lru_cache

from sqlglot import exp


def sql_type(name: str) -> exp.DataType:
    """A type, to be used in one place.

    >>> sql_type("DECIMAL(18, 2)").sql("duckdb")
    'DECIMAL(18, 2)'
    """
    return _parsed(name).copy()


@lru_cache(maxsize=200)
def _parsed(name: str) -> exp.DataType:
    # reading the name takes longer than all else that is done for a cast
    return exp.DataType.build(name)
