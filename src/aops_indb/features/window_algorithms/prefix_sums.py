"""Windows as differences of running sums."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from aops_indb.features.ctes import Ctes
from aops_indb.features.definitions import EVENT_TIMESTAMP, FeatureView
from aops_indb.features.float_sums import within_limit
from aops_indb.features.windows import (
    WindowFeature,
    reduced_columns,
)
from aops_indb.sqlgen.build import Expr, and_, case, cast, coalesce, col, eq, func, ge, gt, interval, lit, sub
from aops_indb.sqlgen.statements import Join, Query, select, table
from aops_indb.sqlgen.windows import asc, over, trailing, window_definition


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
    ends = {feature.offset for feature in features} | {feature.reach for feature in features}
    delays = sorted(delay for delay in ends if delay is not None)
    return select(
        {**{m: col(m, points) for m in moments}, **reduced_columns(features, _difference)},
        table(points),
        joins=[_join_running(view, running, points, delay) for delay in delays],
    )


def _difference(aggregate: str, feature: WindowFeature) -> Expr:
    def so_far(total: str, delay: dt.timedelta) -> Expr:
        return coalesce(col(total, _ago(delay)), lit(0))

    def inside(total: str) -> Expr:
        until_end = so_far(total, feature.offset)
        return until_end if feature.reach is None else sub(until_end, so_far(total, feature.reach))

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
