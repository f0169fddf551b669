"""ALGORITHMS: ways to compute windows at the points of a spine; all give the same numbers.

A window at time t holds the rows with t - window < time <= t.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from aops_indb.features.ctes import Ctes
from aops_indb.features.definitions import EVENT_TIMESTAMP, FeatureView
from aops_indb.features.float_sums import FLOATS, Reducer, of_floats, reduce_rows, within_limit
from aops_indb.features.source_rows import KNOWN_AT
from aops_indb.features.windows import (
    TypesOf,
    WindowFeature,
    filtered_at,
    reduced_columns,
    simple_aggregate,
    sums_of_any_type,
    value_rows,
    value_types,
)
from aops_indb.sqlgen.build import Expr, and_, case, cast, coalesce, col, eq, func, ge, gt, interval, le, lit, sub
from aops_indb.sqlgen.statements import Join, JoinKind, Query, aliased, select, table, union_all
from aops_indb.sqlgen.windows import asc, over, trailing, window_definition

IS_POINT = "__is_point"

# Given the names of the queries it reads: the rows with their values, and the points (keys and
# event_timestamp, distinct, never NULL). It may add queries; its result has the points' columns and features.
Algorithm: TypeAlias = Callable[[FeatureView, Sequence[WindowFeature], str, str, Ctes], Query]


def windows_at(
    view: FeatureView,
    features: Sequence[WindowFeature],
    points: str,
    ctes: Ctes,
    types_of: TypesOf | None,
) -> str:
    """Add queries that compute the features at the points; returns the name of the last."""
    types = value_types(view, features, types_of)
    rows = ctes.add(f"{view.name}__rows", value_rows(view, features))
    groups = _by_algorithm(view, features, types)
    names = []
    for name, group in groups.items():
        reducer = _reducer(view, ALGORITHMS[name], points, ctes)
        query = reduce_rows(view, group, types, rows, ctes, reducer)
        names.append(ctes.add(f"{view.name}__{'at_points' if len(groups) == 1 else f'by_{name}'}", query))
    if len(groups) == 1:
        return names[0]
    first, *others = names
    moments = (*view.join_keys, EVENT_TIMESTAMP)
    columns = {f.name: col(f.name, at) for at, group in zip(names, groups.values(), strict=True) for f in group}
    joins = [Join(table(at), "left", and_(*(eq(col(m, first), col(m, at)) for m in moments))) for at in others]
    query = select({**{m: col(m, first) for m in moments}, **columns}, table(first), joins=joins)
    return ctes.add(f"{view.name}__at_points", query)


def _by_algorithm(
    view: FeatureView, features: Sequence[WindowFeature], types: Mapping[str, str]
) -> dict[str, list[WindowFeature]]:
    """The features by the algorithm that computes them: the parts of floats are dear over window frames."""
    groups: dict[str, list[WindowFeature]] = {}
    for floats in (False, True):
        group = [f for f in features if of_floats(f, types) is floats]
        if group:
            groups.setdefault(choose_algorithm(view, group, types), []).extend(group)
    return groups


def _reducer(view: FeatureView, algorithm: Algorithm, points: str, ctes: Ctes) -> Reducer:
    return Reducer(
        (*view.join_keys, EVENT_TIMESTAMP),
        lambda simple, rows: algorithm(view, simple, rows, points, ctes),
        lambda simple, rows: _joined_to_rows(view, simple, rows, points, "inner"),
    )


def choose_algorithm(view: FeatureView, features: Sequence[WindowFeature], types: Mapping[str, str]) -> str:
    """The fastest algorithm that is exact for these features: a name in ALGORITHMS; types: of their values."""
    if view.source.created_timestamp_column is not None:
        return "range_join"
    if any(feature.aggregates - {"SUM", "COUNT"} for feature in features):
        return "timeline"
    unsure = sums_of_any_type(features)
    return "prefix_sums" if all(_sums_exactly(types.get(f.value, "")) for f in unsure) else "timeline"


def _sums_exactly(sql_type: str) -> bool:
    exact = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
    return sql_type in (*exact, *FLOATS) or sql_type.startswith("DECIMAL")


def prefix_sums(view: FeatureView, features: Sequence[WindowFeature], rows: str, points: str, ctes: Ctes) -> Query:
    """Running sums and counts of each key; a window is the difference of two, found by ASOF joins.

    By far the fastest, and exact for integers, decimals and parts of floats.
    """
    moments = [*view.join_keys, EVENT_TIMESTAMP]
    totals: dict[str, Expr] = {}
    for feature in features:
        # counts as DOUBLE, exact up to 2^53: the sum of a BIGINT is a HUGEINT, three times as slow
        totals[f"{feature.counted}_count"] = cast(func("COUNT", col(feature.counted)), "DOUBLE")
        if "SUM" in feature.aggregates:
            totals[f"{feature.value}_sum"] = func("SUM", col(feature.value))
    by_moment = ctes.add(
        f"{view.name}__totals",
        select({**{m: col(m) for m in moments}, **totals}, table(rows), group_by=[col(m) for m in moments]),
    )
    keys = [col(key) for key in view.join_keys]
    so_far = {name: over(func("SUM", col(name)), named="so_far") for name in totals}
    for count in {f"{feature.counted}_count" for feature in features if feature.counted != feature.value}:
        so_far[count] = within_limit(so_far[count], so_far[count].copy())
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
    def so_far(total: str, delay: dt.timedelta) -> Expr:
        return coalesce(col(total, _ago(delay)), lit(0))

    def inside(total: str) -> Expr:
        return sub(so_far(total, feature.offset), so_far(total, feature.reach))

    count = inside(f"{feature.counted}_count")
    if aggregate == "COUNT":
        return count
    # over no rows a sum is NULL
    return case([(gt(count, lit(0)), inside(f"{feature.value}_sum"))])


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
        name = f"{feature.value}_{aggregate.lower()}_{feature.frame}"
        reduced[name] = over(simple_aggregate(aggregate, col(feature.value)), named=feature.frame)
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
        for name, feature in {feature.frame: feature for feature in features}.items()
    ]


def range_join(view: FeatureView, features: Sequence[WindowFeature], rows: str, points: str, ctes: Ctes) -> Query:
    """Points joined to the rows of their windows.

    The only algorithm that knows rows which became known later than they happened: one counts from then on.
    """
    del ctes
    return _joined_to_rows(view, features, rows, points, "left")


def _joined_to_rows(
    view: FeatureView, features: Sequence[WindowFeature], rows: str, points: str, kind: JoinKind
) -> Query:
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
        joins=[Join(table(rows, alias="events"), kind, condition)],
        group_by=[moment.copy() for moment in moments.values()],
    )


ALGORITHMS: dict[str, Algorithm] = {
    "prefix_sums": prefix_sums,
    "timeline": timeline,
    "range_join": range_join,
}
