"""Queries that were written down as text of a dialect, to be run again."""

from __future__ import annotations

from aops_indb.sqlgen.build import star
from aops_indb.sqlgen.dialects import Dialect
from aops_indb.sqlgen.parse import parse_select
from aops_indb.sqlgen.statements import Query, as_written, select, subquery


def stored_query(sql: str, dialect: Dialect) -> Query:
    """The query of a text that was rendered for a dialect; rendered for it once more, it is left as it is.

    >>> from aops_indb.sqlgen.dialects import dialect
    >>> stored_query('SELECT MAX("a") AS "a" FROM "t"', dialect("postgres")).sql("postgres")
    'SELECT * FROM (SELECT MAX("a") AS "a" FROM "t") AS "stored"'
    """
    return select([star()], as_written(subquery(parse_select(sql, dialect=dialect.sqlglot), "stored")))
