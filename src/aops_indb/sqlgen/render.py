"""From tree to SQL text."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from itertools import islice

import sqlglot

from aops_indb.sqlgen.build import Expr
from aops_indb.sqlgen.dialects import Dialect
from aops_indb.sqlgen.passes import PASSES
from aops_indb.sqlgen.rewrites.routines import with_comments_inside
from aops_indb.sqlgen.sort_keys import KINDS, spelled_out
from aops_indb.sqlgen.statements import Statement

# Nodes of a tree beyond which its SQL is written in one line: nobody reads it, and where a thousand trees nest hundreds
# of sub-selects, lines with their indentation would make it many times as long.
LARGEST_READ = 300_000

# sqlglot calls itself for each level of a tree. Trees of more nodes than this are written where there is room for that:
# so many calls, and bytes for them.
_MAY_BE_DEEP = 5_000
_DEEPEST = 200_000
_STACK = 512 * 2**20
_ROOM = threading.Lock()


def render(tree: Expr, dialect: Dialect, *, header: str | None = None, consume: bool = False) -> str:
    """The SQL text of a tree; an expression the dialect lacks raises instead of vanishing.

    header:  lines of plain text set before it as SQL comments
    consume: whether nobody uses the tree afterwards; a copy of a large one takes longer than its rendering

    >>> from aops_indb.sqlgen import build
    >>> from aops_indb.sqlgen.dialects import dialect
    >>> render(build.mul(build.lit(0.5), build.col("x")), dialect("postgres"))
    'CAST(5.0000000000000000e-01 AS DOUBLE PRECISION) * "x"'
    """
    for apply_pass in PASSES:
        tree = apply_pass(tree, dialect)
    if not consume:
        tree = tree.copy()
    tree, nodes = _finished(tree, dialect)

    def write() -> str:
        return tree.sql(
            dialect.sqlglot,
            pretty=nodes <= LARGEST_READ,
            copy=False,
            unsupported_level=sqlglot.ErrorLevel.RAISE,
            comments=False,
        )

    sql = write() if nodes <= _MAY_BE_DEEP else _with_room(write)
    if header is None:
        return sql
    return "\n".join(f"-- {line}" for line in header.splitlines()) + "\n" + sql


def _finished(tree: Expr, dialect: Dialect) -> tuple[Expr, int]:
    """A tree, changed in place, as it is written, and how many nodes it has, as far as it is of interest."""
    if not dialect.spells_out_sort_keys:
        return tree, sum(1 for _ in islice(tree.walk(), LARGEST_READ + 1))
    nodes, keys = 0, []
    for node in tree.walk():
        nodes += 1
        if isinstance(node, KINDS):
            keys.append(node)
    return spelled_out(tree, keys), nodes


def render_script(statements: Sequence[Statement], dialect: Dialect) -> list[str]:
    """The texts of the statements that make one view or function, with its comments."""
    inside = with_comments_inside(statements) if dialect.comments_inside else statements
    return [render(statement, dialect) for statement in inside]


def _with_room(write: Callable[[], str]) -> str:
    """What a function gives that calls itself many times: it runs in a thread with a larger stack."""
    done: Future[str] = Future()

    def run() -> None:
        try:
            done.set_result(write())
        except BaseException as error:
            done.set_exception(error)

    with _ROOM:
        limit, stack = sys.getrecursionlimit(), threading.stack_size(_STACK)
        sys.setrecursionlimit(_DEEPEST)
        try:
            thread = threading.Thread(target=run)
            thread.start()
            thread.join()
        finally:
            sys.setrecursionlimit(limit)
            threading.stack_size(stack)
    return done.result()
