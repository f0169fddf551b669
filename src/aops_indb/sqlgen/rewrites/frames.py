"""Aggregates that a dialect does not have over window frames, as aggregates over a join of each point to its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from aops_indb.errors import AopsError
from aops_indb.sqlgen.build import Expr, and_, by_case, col, eq, filtered, ge, le, not_, sub
from aops_indb.sqlgen.origins import parts
from aops_indb.sqlgen.statements import Join, Select, select, table

# What is asked for, and what is searched: two readings of one timeline.
_POINTS, _EVENTS = "points", "events"

_PLAIN = (exp.Sum, exp.Count, exp.Min, exp.Max)
_RANKED = (exp.PercentileCont, exp.Mode, exp.ApproxDistinct)


def frames_as_joins(*, structs: bool) -> Callable[[Expr], Expr]:
    """A rewrite of every query of named frames that has an aggregate which no frame can have.

    structs: whether the dialect finds the largest of structs in a frame
    """

    def joined(tree: Expr) -> Expr:
        for query in [node for node in tree.find_all(exp.Select) if node.args.get("windows")]:
            over_frames = [made.unalias() for made in query.expressions if isinstance(made.unalias(), exp.Window)]
            if any(not _has_frames(window.this, structs) for window in over_frames):
                made = _joined(_read(query))
                if query is tree:
                    return made
                query.replace(made)
        return tree

    return joined


def _has_frames(aggregate: Expr, structs: bool) -> bool:
    """Whether an aggregate can be over a window frame."""
    if isinstance(aggregate, _RANKED):
        return False
    of = aggregate.this
    if isinstance(aggregate, exp.AggFunc) and isinstance(of, exp.Distinct | exp.Order):
        return False
    if isinstance(aggregate, exp.Max | exp.Min):
        return aggregate.args.get("count") is None and (structs or parts(of) is None)
    return True


@dataclass(frozen=True, slots=True)
class _Timeline:
    """A query of aggregates over frames of points and rows together; asks: the column that says which are points."""

    query: Select
    line: str
    keys: tuple[str, ...]
    time: str
    asks: str
    frames: Mapping[str, exp.WindowSpec]


def _read(query: Select) -> _Timeline:
    """The parts of such a query; AopsError for one that is written in another way."""
    windows, source = query.args["windows"], query.args["from_"].this
    frames = {window.name: window.args["spec"] for window in windows}
    keys = tuple(key.name for key in windows[0].args["partition_by"])
    time = windows[0].args["order"].expressions[0].this.name
    passed = [made.alias_or_name for made in query.expressions if isinstance(made.unalias(), exp.Column)]
    asks = [name for name in passed if name not in (*keys, time)]
    if not isinstance(source, exp.Table) or len(asks) != 1 or query.args.get("joins") or query.args.get("where"):
        raise AopsError("this SQL has an aggregate over a window frame that only duckdb has: render it for duckdb")
    return _Timeline(query, source.name, keys, time, asks[0], frames)


def _joined(line: _Timeline) -> Select:
    """Each point with its aggregates; rows that ask nothing are left out, as the query around would do."""
    at, event, asks = col(line.time, _POINTS), col(line.time, _EVENTS), col(line.asks, _POINTS)
    moments = [*(col(key, _POINTS) for key in line.keys), at, asks]
    same = [eq(col(key, _EVENTS), col(key, _POINTS)) for key in line.keys]
    inside = [not_(col(line.asks, _EVENTS)), le(event, at.copy())]
    columns = {made.alias_or_name: _column(line, made.unalias()) for made in line.query.expressions}
    return select(
        columns,
        table(line.line, alias=_POINTS),
        joins=[Join(table(line.line, alias=_EVENTS), "left", and_(*same, *inside))],
        where=[asks.copy()],
        group_by=[moment.copy() for moment in moments],
    )


def _column(line: _Timeline, value: Expr) -> Expr:
    if isinstance(value, exp.Column):
        return col(value.name, _POINTS)
    aggregate: Expr = value.this.copy()
    conditions = _inside(line, line.frames[value.alias])
    for column in aggregate.find_all(exp.Column):
        column.set("table", exp.to_identifier(_EVENTS, quoted=True))
    if not conditions:
        return aggregate
    found = filtered(aggregate, and_(*conditions))
    plain = isinstance(aggregate, _PLAIN) and _has_frames(aggregate, structs=True)
    return by_case(found) if plain else found


def _inside(line: _Timeline, frame: exp.WindowSpec) -> list[Expr]:
    """Whether a row is in the frame of a point, of rows that are not after it; frames include both their ends."""
    at, event = col(line.time, _POINTS), col(line.time, _EVENTS)
    start, end = frame.args["start"], frame.args["end"]
    conditions = [ge(event, sub(at, start.copy()))] if isinstance(start, exp.Interval) else []
    if isinstance(end, exp.Interval):
        conditions.append(le(event.copy(), sub(at.copy(), end.copy())))
    return conditions
