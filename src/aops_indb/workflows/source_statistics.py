"""What the choice of a window algorithm needs to know of a source, asked of the warehouse without reading all of it.

Of a table blocks of rows are read that lie evenly apart: the same for the same table, so that the same SQL comes out.
What is no table, such as a view or a query, could take any time to read, and nothing is known of it.
"""

from __future__ import annotations

import datetime as dt

from aops_indb.engines import Session
from aops_indb.errors import QueryError
from aops_indb.features.definitions import EVENT_TIMESTAMP, FeatureView
from aops_indb.features.source_rows import source_rows
from aops_indb.features.window_algorithms.choice import StatisticsOf
from aops_indb.features.window_algorithms.costs import Statistics
from aops_indb.sqlgen.build import (
    Expr,
    and_,
    anonymous,
    bit_and,
    cast,
    coalesce,
    col,
    eq,
    filtered,
    func,
    ge,
    lit,
    lt,
    mul,
    or_,
    shift_right,
)  # fmt: skip
from aops_indb.sqlgen.statements import Query, parse_table, select, subquery, table, with_ctes

# Of 2^11 rows, in which DuckDB reads a table.
_BLOCK_BITS = 11
_BLOCK = 2**_BLOCK_BITS
BLOCKS = 48
# Names made inside; a name without `__` could be a key's, or hide a table.
_ROW_ID, _AT, _IN_BLOCK, _ROWS = "__row_id", "__at", "__block", "__rows"
_FIRST, _LAST, _EVEN, _ODD = "__first", "__last", "__even", "__odd"
_SAMPLE, _BY_BLOCK, _BY_KEY = "__sample", "__by_block", "__by_key"
_ENDLESS = dt.timedelta.max // dt.timedelta(microseconds=1)


def statistics_of(session: Session, spine: Query) -> StatisticsOf:
    """Statistics of the sources of views, for the points of a spine; each asked once."""
    # a question that has no answer would end a transaction
    points = None if session.in_transaction else session.expected_rows(spine)
    known: dict[str, Statistics | None] = {}

    def ask(view: FeatureView) -> Statistics | None:
        if view.name not in known:
            known[view.name] = _of_source(session, view, points) if points else None
        return known[view.name]

    return ask


def _of_source(session: Session, view: FeatureView, points: float) -> Statistics | None:
    if view.source.table is None or view.source.timestamp_field is None:
        return None
    rows = session.expected_rows(select([col("rowid")], parse_table(view.source.table)))
    try:
        return _of_blocks(session, view, rows, points) if rows else None
    except QueryError:
        return None


def _of_blocks(session: Session, view: FeatureView, rows: float, points: float) -> Statistics | None:
    [(read, squares, first, last, even, odd, pairs)] = session.rows(_blocks(view, rows))
    if not read:
        return None
    seen = min(rows, BLOCKS * _BLOCK)
    present = rows * read / seen
    # rows of a key that lie far apart, and those that lie together
    apart = present * pairs / (even * odd) if even and odd else 0.0
    span = dt.timedelta(microseconds=min(max((last or 0) - (first or 0), 1), _ENDLESS))
    return Statistics(present, max(1.0, apart, squares / read), span, points)


def _blocks(view: FeatureView, rows: float) -> Query:
    """What is read of a table: how many rows, when, and how often two of them have one key."""
    keys = list(view.join_keys)
    columns = [(_ROW_ID, col("rowid"))]
    at, block = anonymous("EPOCH_US", col(EVENT_TIMESTAMP)), shift_right(col(_ROW_ID), lit(_BLOCK_BITS))
    sample = select(
        {**{key: col(key) for key in keys}, _AT: at, _IN_BLOCK: block},
        subquery(source_rows(view, columns), "source_rows"),
        where=[_lies_in_a_block(rows)],
    )
    counted = {_ROWS: _sum(lit(1)), _FIRST: func("MIN", col(_AT)), _LAST: func("MAX", col(_AT))}
    by = [*keys, _IN_BLOCK]
    by_block = select({**{b: col(b) for b in by}, **counted}, table(_SAMPLE), group_by=[col(b) for b in by])
    which = bit_and(col(_IN_BLOCK), lit(1))
    halves: dict[str, Expr] = {
        name: coalesce(filtered(_sum(col(_ROWS)), eq(which.copy(), lit(half))), lit(0.0))
        for half, name in enumerate([_EVEN, _ODD])
    }
    of_keys = {**{key: col(key) for key in keys}, **halves}
    by_key = select(of_keys, table(_BY_BLOCK), group_by=[col(key) for key in keys])
    found = [
        (_BY_BLOCK, _sum(col(_ROWS))),
        (_BY_BLOCK, _sum(mul(col(_ROWS), col(_ROWS)))),
        (_BY_BLOCK, func("MIN", col(_FIRST))),
        (_BY_BLOCK, func("MAX", col(_LAST))),
        (_BY_KEY, _sum(col(_EVEN))),
        (_BY_KEY, _sum(col(_ODD))),
        (_BY_KEY, _sum(mul(col(_EVEN), col(_ODD)))),
    ]
    values = [subquery(select([value], table(relation))) for relation, value in found]
    return with_ctes(select(values), {_SAMPLE: sample, _BY_BLOCK: by_block, _BY_KEY: by_key})


def _sum(value: Expr) -> Expr:
    return func("SUM", cast(value, "DOUBLE"))


def _lies_in_a_block(rows: float) -> Expr:
    if rows <= BLOCKS * _BLOCK:
        return lit(True)
    starts = [int(number * rows / BLOCKS) >> _BLOCK_BITS << _BLOCK_BITS for number in range(BLOCKS)]
    return or_(*(and_(ge(col(_ROW_ID), lit(start)), lt(col(_ROW_ID), lit(start + _BLOCK))) for start in starts))
