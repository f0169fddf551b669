"""ALGORITHMS: ways to compute windows at the points of a spine; all give the same numbers.

A window at time t holds the rows with t - window < time <= t.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from aops_indb.features.ctes import Ctes
from aops_indb.features.definitions import EVENT_TIMESTAMP, FeatureView
from aops_indb.features.float_sums import Reducer, of_floats, reduce_rows
from aops_indb.features.window_algorithms.choice import choose_algorithm
from aops_indb.features.window_algorithms.prefix_sums import prefix_sums
from aops_indb.features.window_algorithms.range_join import joined_to_rows, range_join
from aops_indb.features.window_algorithms.timeline import timeline
from aops_indb.features.windows import TypesOf, WindowFeature, value_rows, value_types
from aops_indb.sqlgen.build import and_, col, eq
from aops_indb.sqlgen.statements import Join, Query, select, table

# Given the names of the queries it reads: the rows with their values, and the points (keys and
# event_timestamp, distinct, never NULL). It may add queries; its result has the points' columns and features.
Algorithm: TypeAlias = Callable[[FeatureView, Sequence[WindowFeature], str, str, Ctes], Query]

ALGORITHMS: dict[str, Algorithm] = {
    "prefix_sums": prefix_sums,
    "timeline": timeline,
    "range_join": range_join,
}


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
        lambda simple, rows: joined_to_rows(view, simple, rows, points, "inner"),
    )
