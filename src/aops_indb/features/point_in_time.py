"""Point-in-time joins: each row of a spine with the features as they were known at its event_timestamp.

One row out for each row in, always. How that is had:

- A view's `schema` is joined by ASOF to the view's *versions*: at most one row for each key and time.
- A view's windows are computed for the spine's *points*, its distinct keys and times, by one of the
  ALGORITHMS, and joined back by equality.

A NULL key belongs to no entity: its features are NULL. Windows are (time - window, time].
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from aops_indb.features.ctes import Ctes
from aops_indb.features.definitions import EVENT_TIMESTAMP, FeatureView
from aops_indb.features.source_rows import KNOWN_AT, versions
from aops_indb.features.window_algorithms import windows_at
from aops_indb.features.windows import TypesOf, window_features
from aops_indb.sqlgen.build import Expr, add, and_, case, col, eq, ge, interval, is_not_null
from aops_indb.sqlgen.statements import Join, Query, select, table


@dataclass(frozen=True, slots=True)
class JoinedView:
    """How a view is joined to a spine: the joins, and the expression of each feature."""

    joins: tuple[Join, ...]
    features: dict[str, Expr]


def join_view(
    view: FeatureView, wanted: Collection[str], spine: str, ctes: Ctes, types_of: TypesOf | None
) -> JoinedView:
    """Add the queries that a view needs and say how to join them to the spine (name of a query)."""
    joins: list[Join] = []
    expressions: dict[str, Expr] = {}
    fields = [f.name for f in view.schema_ if f.name in wanted]
    if fields:
        newest = ctes.add(f"{view.name}__versions", versions(view))
        joins.append(_join_versions(view, newest, spine))
        expressions |= {name: _unless_expired(view, col(name, newest), newest, spine) for name in fields}
    windows = window_features(view, wanted)
    if windows:
        points = ctes.add(f"{view.name}__points", _points(view, spine))
        at_points = windows_at(view, windows, points, ctes, types_of)
        same = [eq(col(k, spine), col(k, at_points)) for k in (*view.join_keys, EVENT_TIMESTAMP)]
        joins.append(Join(table(at_points), "left", and_(*same)))
        expressions |= {feature.name: col(feature.name, at_points) for feature in windows}
    return JoinedView(tuple(joins), expressions)


def _join_versions(view: FeatureView, newest: str, spine: str) -> Join:
    same = [eq(col(key, spine), col(key, newest)) for key in view.join_keys]
    if view.source.timestamp_field is None:
        return Join(table(newest), "left", and_(*same))
    known = ge(col(EVENT_TIMESTAMP, spine), col(KNOWN_AT, newest))
    return Join(table(newest), "asof_left", and_(*same, known))


def _unless_expired(view: FeatureView, value: Expr, newest: str, spine: str) -> Expr:
    if view.ttl is None:
        return value
    return case([(_fresh(view, col(EVENT_TIMESTAMP, newest), col(EVENT_TIMESTAMP, spine)), value)])


def _fresh(view: FeatureView, event: Expr, at: Expr) -> Expr:
    return ge(add(event, interval(view.ttl or dt.timedelta(0))), at)


def _points(view: FeatureView, spine: str) -> Query:
    moments = [*view.join_keys, EVENT_TIMESTAMP]
    return select(
        [col(moment) for moment in moments],
        table(spine),
        where=[is_not_null(col(moment)) for moment in moments],
        distinct=True,
    )
