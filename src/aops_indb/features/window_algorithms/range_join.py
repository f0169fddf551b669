"""Windows as joins of points to rows."""

from __future__ import annotations

from collections.abc import Sequence

from aops_indb.features.ctes import Ctes
from aops_indb.features.definitions import EVENT_TIMESTAMP, FeatureView
from aops_indb.features.source_rows import KNOWN_AT
from aops_indb.features.windows import BindToWindow, WindowFeature, filtered_at, reduced_columns
from aops_indb.sqlgen.build import Expr, and_, by_case, col, eq, gt, interval, le, sub
from aops_indb.sqlgen.statements import Join, JoinKind, Query, select, table


def range_join(view: FeatureView, features: Sequence[WindowFeature], rows: str, points: str, ctes: Ctes) -> Query:
    """Points joined to the rows of their windows.

    The only algorithm that knows rows which became known later than they happened: one counts from then on.
    """
    del ctes
    return joined_to_rows(view, features, rows, points, "left")


def joined_to_rows(
    view: FeatureView, features: Sequence[WindowFeature], rows: str, points: str, kind: JoinKind
) -> Query:
    at, event = col(EVENT_TIMESTAMP, "points"), col(EVENT_TIMESTAMP, "events")
    reaches = [feature.reach for feature in features if feature.reach is not None]
    bounded = len(reaches) == len(features)
    condition = and_(
        *(eq(col(key, "events"), col(key, "points")) for key in view.join_keys),
        le(col(KNOWN_AT, "events"), at),
        *([gt(event, sub(at.copy(), interval(max(reaches))))] if bounded else []),
    )
    moments = {key: col(key, "points") for key in view.join_keys} | {EVENT_TIMESTAMP: at.copy()}
    return select(
        {**moments, **reduced_columns(features, inside_at(at), at)},
        table(points, alias="points"),
        joins=[Join(table(rows, alias="events"), kind, condition)],
        group_by=[moment.copy() for moment in moments.values()],
    )


def inside_at(at: Expr) -> BindToWindow:
    """Simple aggregates of the `events` inside a feature's window at the time of `points`."""
    bind = filtered_at(at, "events", "points")

    def inside(aggregate: str, feature: WindowFeature) -> Expr:
        found = bind(aggregate, feature)
        return by_case(found) if aggregate in ("SUM", "COUNT", "MIN", "MAX") else found

    return inside
