"""From tree to SQL text."""

from __future__ import annotations

import sqlglot

from aops_indb.sqlgen.build import Expr
from aops_indb.sqlgen.dialects import Dialect
from aops_indb.sqlgen.passes import PASSES


def render(tree: Expr, dialect: Dialect, *, pretty: bool = True, header: str | None = None) -> str:
    """The SQL text of a tree; an expression the dialect lacks raises instead of vanishing.

    header: lines of plain text set before it as SQL comments.

    >>> from aops_indb.sqlgen import build
    >>> from aops_indb.sqlgen.dialects import dialect
    >>> render(build.mul(build.lit(0.5), build.col("x")), dialect("postgres"))
    'CAST(5.0000000000000000e-01 AS DOUBLE PRECISION) * "x"'
    """
    for apply_pass in PASSES:
        tree = apply_pass(tree, dialect)
    sql = tree.sql(dialect.sqlglot, pretty=pretty, unsupported_level=sqlglot.ErrorLevel.RAISE, comments=False)
    if header is None:
        return sql
    return "\n".join(f"-- {line}" for line in header.splitlines()) + "\n" + sql
