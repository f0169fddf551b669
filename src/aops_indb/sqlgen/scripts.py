"""SQL files of our own, which are written in DuckDB's SQL, as statements for any dialect."""

from __future__ import annotations

import sqlglot
from sqlglot import exp

from aops_indb.sqlgen.statements import Statement


def parse_script(sql: str) -> list[Statement]:
    """The statements of a file, in order.

    >>> [statement.sql("postgres") for statement in parse_script("CREATE TABLE t (x DOUBLE); DROP TABLE t; -- done")]
    ['CREATE TABLE t (x DOUBLE PRECISION)', 'DROP TABLE t']
    """
    # a comment at the end is a statement of its own
    trees = sqlglot.parse(sql, dialect="duckdb")
    return [tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon)]
