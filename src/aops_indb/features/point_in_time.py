"""Point-in-time joins: each row of a spine with the features as they were known at its event_timestamp.

One row out for each row in, always. How that is had:

- Of a view's `schema` the newest row is found by ASOF, over keys and times alone, and fetched by equality
  (`newest_rows.py`); where rows are written later or end, ASOF joins the view's *versions*: at most one row for each
  key and time.
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
from aops_indb.features.newest_rows import has_plain_rows, newest_at
from aops_indb.features.source_rows import KNOWN_AT, versions
from aops_indb.features.view_history import with_types
from aops_indb.features.window_algorithms import windows_at
from aops_indb.features.window_algorithms.choice import Choose
from aops_indb.features.windows import TypesOf, window_features
from aops_indb.sqlgen.build import Expr, add, and_, case, col, eq, ge, interval, is_not_null
from aops_indb.sqlgen.statements import Join, Query, aliased, select, table


@dataclass(frozen=True, slots=True)
class JoinedView:
    """How a view is joined to a spine: the joins, and the expression of each feature."""

    joins: tuple[Join, ...]
    features: dict[str, Expr]


def join_view(
    view: FeatureView,
    wanted: Collection[str],
    spine: str,
    ctes: Ctes,
    types_of: TypesOf | None,
    choose: Choose | None = None,
) -> JoinedView:
    """Add the queries that a view needs and say how to join them to the spine (name of a query)."""
    view = with_types(view, types_of)
    joins: list[Join] = []
    expressions: dict[str, Expr] = {}
    fields = [f.name for f in view.schema_ if f.name in wanted]
    if fields and has_plain_rows(view):
        newest = newest_at(view, spine, ctes)
        joins.append(_join_points(view, newest, spine))
        expressions |= {name: _unless_expired(view, name, newest, spine, KNOWN_AT) for name in fields}
    elif fields:
        newest = ctes.add(f"{view.name}__versions", versions(view))
        joins.append(_join_versions(view, newest, spine))
        expressions |= {name: _unless_expired(view, name, newest, spine, EVENT_TIMESTAMP) for name in fields}
    windows = window_features(view, wanted)
    if windows:
        points = ctes.add(f"{view.name}__points", _points(view, spine))
        at_points = windows_at(view, windows, points, ctes, types_of, choose)
        joins.append(_join_points(view, at_points, spine))
        expressions |= {feature.name: col(feature.name, at_points) for feature in windows}
    return JoinedView(tuple(joins), expressions)


def _join_versions(view: FeatureView, newest: str, spine: str) -> Join:
    same = [eq(col(own, spine), col(key, newest)) for key, own in view.spine_keys.items()]
    if view.source.timestamp_field is None:
        return Join(table(newest), "left", and_(*same))
    known = ge(col(EVENT_TIMESTAMP, spine), col(KNOWN_AT, newest))
    return Join(table(newest), "asof_left", and_(*same, known))


def _join_points(view: FeatureView, points: str, spine: str) -> Join:
    """What was computed once for each key and time of the spine, joined back to its rows."""
    moment = {**view.spine_keys, EVENT_TIMESTAMP: EVENT_TIMESTAMP}
    same = [eq(col(own, spine), col(key, points)) for key, own in moment.items()]
    return Join(table(points), "left", and_(*same))


def _unless_expired(view: FeatureView, name: str, newest: str, spine: str, event: str) -> Expr:
    """A field; event: the column with the time of its row."""
    value = col(name, newest)
    if view.ttl is None:
        return value
    return case([(_fresh(view, col(event, newest), col(EVENT_TIMESTAMP, spine)), value)])


def _fresh(view: FeatureView, event: Expr, at: Expr) -> Expr:
    return ge(add(event, interval(view.ttl or dt.timedelta(0))), at)


def _points(view: FeatureView, spine: str) -> Query:
    moment = {**view.spine_keys, EVENT_TIMESTAMP: EVENT_TIMESTAMP}
    # of columns that change their names, no other may be meant
    own = {key: col(name, None if name == key else spine) for key, name in moment.items()}
    return select(
        [value if value.name == key else aliased(value, key) for key, value in own.items()],
        table(spine),
        where=[is_not_null(value.copy()) for value in own.values()],
        distinct=True,
    )
