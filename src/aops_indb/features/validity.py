"""Rows that hold for a while, from valid_from until valid_to: which of them held when."""

from __future__ import annotations

from collections.abc import Sequence

from aops_indb.features.definitions import EVENT_TIMESTAMP
from aops_indb.sqlgen.build import Expr, and_, case, coalesce, col, eq, func, gt, is_null, lit, lt, not_, or_
from aops_indb.sqlgen.statements import Join, Query, aliased, select, subquery, table, union_all, with_ctes
from aops_indb.sqlgen.windows import asc, desc, over, trailing

# Columns made inside; no key and no feature can have such a name.
VALID_TO = "__valid_to"
_ENDED = "__ended"
_NTH = "__nth"
_LATEST_END = "__latest_end"
_OPEN = "__open"


def holds(valid_to: Expr, at: Expr) -> Expr:
    """Whether a row that began before a time still holds then; valid_to itself is the first moment it does not."""
    return or_(is_null(valid_to), gt(valid_to.copy(), at))


def values_held(name: str, rows: Query, keys: Sequence[str], fields: Sequence[str]) -> Query:
    """What held of each key, and since when: one row for each moment at which a row begins or ends.

    Of rows that hold at one moment the one that began last counts, then the greatest values, column by column. Where
    none does, the values are NULL. rows: keys, event_timestamp (when each begins), VALID_TO, fields.
    """
    held, timeline, moments = (f"{name}__{what}" for what in ("held_rows", "begins_and_ends", "moments_held"))
    columns = (*keys, EVENT_TIMESTAMP, *fields)
    # where a row begins, it is the answer; where one ends, and another holds, that must be looked for
    first = eq(col(_NTH), lit(1))
    settled = select([col(c) for c in columns], table(moments), where=[first, not_(_another_holds())])
    queries = {
        held: rows,
        timeline: _timeline(held, keys, fields),
        moments: _moments(timeline, keys, fields),
    }
    result = union_all(settled, _resumed(moments, held, keys, fields))
    return with_ctes(select([col(c) for c in columns], subquery(result, "held")), queries)


def _timeline(held: str, keys: Sequence[str], fields: Sequence[str]) -> Query:
    """Begins and ends of rows; with a begin its values."""
    begins = [*map(col, (*keys, EVENT_TIMESTAMP, VALID_TO, *fields)), aliased(lit(False), _ENDED)]
    nothing = [aliased(lit(None), name) for name in (VALID_TO, *fields)]
    ends = [*map(col, keys), aliased(col(VALID_TO), EVENT_TIMESTAMP), *nothing, aliased(lit(True), _ENDED)]
    ended = select(ends, table(held), where=[not_(is_null(col(VALID_TO)))])
    return union_all(select(begins, table(held)), ended)


def _moments(timeline: str, keys: Sequence[str], fields: Sequence[str]) -> Query:
    """Begins and ends, numbered within a moment, begins first; with each how long any row so far holds."""
    by_key, time = [col(key) for key in keys], col(EVENT_TIMESTAMP)
    best = [asc(col(_ENDED)), *(desc(col(name)) for name in fields)]
    endless = case([(and_(not_(col(_ENDED)), is_null(col(VALID_TO))), lit(1))])
    so_far = {_LATEST_END: func("MAX", col(VALID_TO)), _OPEN: func("COUNT", endless)}
    marks = {
        _NTH: over(func("ROW_NUMBER"), [*by_key, time], best),
        **{
            name: over(total, [key.copy() for key in by_key], [asc(time.copy())], frame=trailing(None))
            for name, total in so_far.items()
        },
    }
    return select({**{name: col(name) for name in (*keys, EVENT_TIMESTAMP, *fields, _ENDED)}, **marks}, table(timeline))


def _another_holds(moments: str | None = None) -> Expr:
    """Whether a moment at which a row ends, and none begins, lies inside another row."""
    ended, still_open, latest_end, at = (col(c, moments) for c in (_ENDED, _OPEN, _LATEST_END, EVENT_TIMESTAMP))
    # MAX is NULL where every row so far is open
    return and_(ended, or_(gt(still_open, lit(0)), gt(coalesce(latest_end, at), at.copy())))


def _resumed(moments: str, held: str, keys: Sequence[str], fields: Sequence[str]) -> Query:
    """The row that holds where another has ended."""
    at, began = col(EVENT_TIMESTAMP, moments), col(EVENT_TIMESTAMP, held)
    inside = and_(
        *(eq(col(key, held), col(key, moments)) for key in keys),
        _another_holds(moments),
        lt(began, at),
        holds(col(VALID_TO, held), at.copy()),
    )
    moment = {key: col(key, moments) for key in keys} | {EVENT_TIMESTAMP: at.copy()}
    values = {name: col(name, held) for name in fields}
    best = [desc(began.copy()), *(desc(value.copy()) for value in values.values())]
    return select(
        {**moment, **values},
        table(moments),
        joins=[Join(table(held), "inner", inside)],
        where=[eq(col(_NTH, moments), lit(1))],
        qualify=eq(over(func("ROW_NUMBER"), [part.copy() for part in moment.values()], best), lit(1)),
    )
