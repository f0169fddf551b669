"""ALGORITHMS: ways to compute windows at the points of a spine; all give the same numbers.

A window at time t holds the rows with t - window < time <= t.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from aops_indb.features.ctes import Ctes
from aops_indb.features.definitions import EVENT_TIMESTAMP, FeatureView
from aops_indb.features.source_rows import KNOWN_AT
from aops_indb.features.windows import (
    WindowFeature,
    filtered_at,
    reduced_columns,
    value_rows,
)
from aops_indb.sqlgen.build import Expr, and_, case, coalesce, col, eq, func, ge, gt, interval, le, lit, sub
from aops_indb.sqlgen.statements import Join, Query, aliased, select, table, union_all
from aops_indb.sqlgen.windows import asc, over, trailing, window_definition

IS_POINT = "__is_point"

# Given the names of the queries it reads: the rows with their values, and the points (keys and
# event_timestamp, distinct, never NULL). It may add queries; its result has the points' columns and features.
Algorithm: TypeAlias = Callable[[FeatureView, Sequence[WindowFeature], str, str, Ctes], Query]

# Column types of a query, without running it; None where no warehouse can be asked.
TypesOf: TypeAlias = Callable[[Query], Mapping[str, str]]


def windows_at(
    view: FeatureView,
    features: Sequence[WindowFeature],
    points: str,
    ctes: Ctes,
    types_of: TypesOf | None,
) -> str:
    """Add queries that compute the features at the points; returns the name of the last."""
    algorithm = ALGORITHMS[choose_algorithm(view, features, types_of)]
    rows = ctes.add(f"{view.name}__rows", value_rows(view, features))
    return ctes.add(f"{view.name}__at_points", algorithm(view, features, rows, points, ctes))


def choose_algorithm(view: FeatureView, features: Sequence[WindowFeature], types_of: TypesOf | None) -> str:
    """The fastest algorithm that is exact for these features: a name in ALGORITHMS."""
    if view.source.created_timestamp_column is not None:
        return "range_join"
    if any(feature.aggregates - {"SUM", "COUNT"} for feature in features):
        return "timeline"
    unsure = [f for f in features if not f.aggregation.reduction.integral and "SUM" in f.aggregates]
    if not unsure:
        return "prefix_sums"
    types = types_of(value_rows(view, unsure)) if types_of else {}
    return "prefix_sums" if all(_sums_exactly(types.get(f.value, "")) for f in unsure) else "timeline"


def _sums_exactly(sql_type: str) -> bool:
    exact = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
    return sql_type in exact or sql_type.startswith("DECIMAL")


def prefix_sums(view: FeatureView, features: Sequence[WindowFeature], rows: str, points: str, ctes: Ctes) -> Query:
    """Running sums and counts of each key; a window is the difference of two, found by ASOF joins.

    By far the fastest, and exact for integers and decimals; of floats, small sums would drown in large ones.
    """
    moments = [*view.join_keys, EVENT_TIMESTAMP]
    totals = {
        f"{feature.value}_{aggregate.lower()}": func(aggregate, col(feature.value))
        for feature in features
        for aggregate in ("COUNT", "SUM")
    }
    by_moment = ctes.add(
        f"{view.name}__totals",
        select({**{m: col(m) for m in moments}, **totals}, table(rows), group_by=[col(m) for m in moments]),
    )
    keys = [col(key) for key in view.join_keys]
    so_far = {name: over(func("SUM", col(name)), named="so_far") for name in totals}
    window = window_definition("so_far", keys, [asc(col(EVENT_TIMESTAMP))], trailing(None))
    running = ctes.add(
        f"{view.name}__running",
        select({**{m: col(m) for m in moments}, **so_far}, table(by_moment), windows=[window]),
    )
    delays = sorted({feature.offset for feature in features} | {feature.reach for feature in features})
    return select(
        {**{m: col(m, points) for m in moments}, **reduced_columns(features, _difference)},
        table(points),
        joins=[_join_running(view, running, points, delay) for delay in delays],
    )


def _difference(aggregate: str, feature: WindowFeature) -> Expr:
    def so_far(of: str, delay: dt.timedelta) -> Expr:
        return coalesce(col(f"{feature.value}_{of.lower()}", _ago(delay)), lit(0))

    def inside(of: str) -> Expr:
        return sub(so_far(of, feature.offset), so_far(of, feature.reach))

    if aggregate == "COUNT":
        return inside("COUNT")
    # over no rows a sum is NULL
    return case([(gt(inside("COUNT"), lit(0)), inside(aggregate))])


def _join_running(view: FeatureView, running: str, points: str, delay: dt.timedelta) -> Join:
    alias, at = _ago(delay), col(EVENT_TIMESTAMP, points)
    moment = sub(at, interval(delay)) if delay else at
    same = [eq(col(key, points), col(key, alias)) for key in view.join_keys]
    return Join(table(running, alias=alias), "asof_left", and_(*same, ge(moment, col(EVENT_TIMESTAMP, alias))))


def _ago(delay: dt.timedelta) -> str:
    return f"until_{int(delay.total_seconds())}s_ago" if delay else "until_now"


def timeline(view: FeatureView, features: Sequence[WindowFeature], rows: str, points: str, ctes: Ctes) -> Query:
    """Points and rows on one timeline, with a trailing window frame over it for each window."""
    moments = [*view.join_keys, EVENT_TIMESTAMP]
    values = sorted({feature.value for feature in features})
    events = [*map(col, moments), *map(col, values), aliased(lit(False), IS_POINT)]
    asked = [*map(col, moments), *(aliased(lit(None), v) for v in values), aliased(lit(True), IS_POINT)]
    line = ctes.add(f"{view.name}__timeline", union_all(select(events, table(rows)), select(asked, table(points))))
    reduced: dict[str, Expr] = {}

    def over_frame(aggregate: str, feature: WindowFeature) -> Expr:
        name = f"{feature.value}_{aggregate.lower()}_{_frame_name(feature)}"
        reduced[name] = over(func(aggregate, col(feature.value)), named=_frame_name(feature))
        return col(name)

    columns = reduced_columns(features, over_frame)
    framed = ctes.add(
        f"{view.name}__windows",
        select(
            {**{m: col(m) for m in moments}, IS_POINT: col(IS_POINT), **reduced},
            table(line),
            windows=_frames(view, features),
        ),
    )
    return select({**{m: col(m) for m in moments}, **columns}, table(framed), where=[col(IS_POINT)])


def _frames(view: FeatureView, features: Sequence[WindowFeature]) -> list[Expr]:
    keys = view.join_keys
    return [
        window_definition(
            name,
            [col(key) for key in keys],
            [asc(col(EVENT_TIMESTAMP))],
            trailing(feature.window, ending=feature.offset),
        )
        for name, feature in {_frame_name(feature): feature for feature in features}.items()
    ]


def _frame_name(feature: WindowFeature) -> str:
    seconds, ago = int(feature.window.total_seconds()), int(feature.offset.total_seconds())
    return f"last_{seconds}s" + (f"_{ago}s_ago" if ago else "")


def range_join(view: FeatureView, features: Sequence[WindowFeature], rows: str, points: str, ctes: Ctes) -> Query:
    """Points joined to the rows of their windows.

    The only algorithm that knows rows which became known later than they happened: one counts from then on.
    """
    del ctes
    at, event = col(EVENT_TIMESTAMP, "points"), col(EVENT_TIMESTAMP, "events")
    reach = max(feature.reach for feature in features)
    condition = and_(
        *(eq(col(key, "events"), col(key, "points")) for key in view.join_keys),
        le(col(KNOWN_AT, "events"), at),
        gt(event, sub(at.copy(), interval(reach))),
    )
    moments = {key: col(key, "points") for key in view.join_keys} | {EVENT_TIMESTAMP: at.copy()}
    return select(
        {**moments, **reduced_columns(features, filtered_at(at, "events"))},
        table(points, alias="points"),
        joins=[Join(table(rows, alias="events"), "left", condition)],
        group_by=[moment.copy() for moment in moments.values()],
    )


ALGORITHMS: dict[str, Algorithm] = {
    "prefix_sums": prefix_sums,
    "timeline": timeline,
    "range_join": range_join,
}
