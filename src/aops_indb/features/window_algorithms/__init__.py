"""ALGORITHMS: ways to compute windows at the points of a spine; all give the same numbers.

A window at time t holds the rows with t - window < time <= t.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

from aops_indb.features.ctes import Ctes
from aops_indb.features.definitions import EVENT_TIMESTAMP, FeatureView
from aops_indb.features.float_sums import Reducer, of_floats, reduce_rows
from aops_indb.features.window_algorithms.choice import Choice, Choose, choose_algorithm, needs_range_join
from aops_indb.features.window_algorithms.costs import tile_bits
from aops_indb.features.window_algorithms.prefix_sums import prefix_sums
from aops_indb.features.window_algorithms.range_join import joined_to_rows, range_join
from aops_indb.features.window_algorithms.tile_sums import tile_sums
from aops_indb.features.window_algorithms.tiles import tiles
from aops_indb.features.window_algorithms.timeline import timeline
from aops_indb.features.windows import TypesOf, WindowFeature, openings, value_rows, value_types
from aops_indb.sqlgen.build import and_, col, eq
from aops_indb.sqlgen.statements import Join, Query, select, table

# Given the names of the queries it reads: the rows with their values, and the points (keys and
# event_timestamp, distinct, never NULL). It may add queries; its result has the points' columns and features.
Algorithm: TypeAlias = Callable[[FeatureView, Sequence[WindowFeature], str, str, Ctes], Query]

ALGORITHMS: dict[str, Algorithm] = {
    "prefix_sums": prefix_sums,
    "timeline": timeline,
    "range_join": range_join,
    "tile_sums": tile_sums,
    "tiles": tiles,
}


def windows_at(
    view: FeatureView,
    features: Sequence[WindowFeature],
    points: str,
    ctes: Ctes,
    types_of: TypesOf | None,
    choose: Choose | None = None,
) -> str:
    """Add queries that compute the features at the points; returns the name of the last."""
    types = value_types(view, features, types_of)
    rows = ctes.add(f"{view.name}__rows", value_rows(view, features, types))
    opening = openings(features)
    opened = points
    if opening:
        opened = ctes.add(f"{view.name}__opened", joined_to_rows(view, opening, rows, points, "left"))
    groups = {choice.algorithm: (choice, group) for choice, group in choices(view, features, types, choose)}
    names = []
    for name, (choice, group) in groups.items():
        reducer = _reducer(view, _of_choice(choice), opened if name == "range_join" else points, ctes)
        query = reduce_rows(view, group, types, rows, ctes, reducer)
        names.append(ctes.add(f"{view.name}__{'at_points' if len(groups) == 1 else f'by_{name}'}", query))
    if len(groups) == 1:
        return names[0]
    first, *others = names
    moments = (*view.join_keys, EVENT_TIMESTAMP)
    found = zip(names, groups.values(), strict=True)
    columns = {f.name: col(f.name, at) for at, (_, group) in found for f in group}
    joins = [Join(table(at), "left", and_(*(eq(col(m, first), col(m, at)) for m in moments))) for at in others]
    query = select({**{m: col(m, first) for m in moments}, **columns}, table(first), joins=joins)
    return ctes.add(f"{view.name}__at_points", query)


def choices(
    view: FeatureView,
    features: Sequence[WindowFeature],
    types: Mapping[str, str],
    choose: Choose | None = None,
) -> list[tuple[Choice, list[WindowFeature]]]:
    """The algorithms that compute the features, each with those that it computes."""
    joined = [f for f in features if needs_range_join(f)]
    others = [f for f in features if f not in joined]
    made = _weighed(view, others, types, choose or by_definition) if others else []
    if joined:
        made.append((Choice("range_join", "the only one that is exact for these"), joined))
    groups: dict[str, tuple[Choice, list[WindowFeature]]] = {}
    for choice, group in made:
        groups.setdefault(choice.algorithm, (choice, []))[1].extend(group)
    return list(groups.values())


def _weighed(
    view: FeatureView, features: Sequence[WindowFeature], types: Mapping[str, str], choose: Choose
) -> list[tuple[Choice, list[WindowFeature]]]:
    """Sums of floats apart from the rest, for their parts are dear over frames; or all in one, if that is less."""
    apart = []
    for floats in (False, True):
        group = [f for f in features if of_floats(f, types) is floats]
        if group:
            apart.append((choose(view, group, types), group))
    seconds = [choice.seconds for choice, _ in apart]
    if len(apart) > 1 and None not in seconds:
        together = choose(view, features, types)
        if together.seconds is not None and together.seconds <= sum(s for s in seconds if s is not None):
            return [(together, list(features))]
    return apart


def by_definition(view: FeatureView, features: Sequence[WindowFeature], types: Mapping[str, str]) -> Choice:
    """The choice for SQL that is kept: it must not be another one when the source has grown."""
    name = choose_algorithm(view, features, types)
    return Choice(name, "by the definition alone, for SQL that is kept", tile_bits(name, features, None))


def _of_choice(choice: Choice) -> Algorithm:
    tiled = {"tile_sums": tile_sums, "tiles": tiles}.get(choice.algorithm)
    return ALGORITHMS[choice.algorithm] if tiled is None else partial(tiled, bits=choice.bits)


def _reducer(view: FeatureView, algorithm: Algorithm, points: str, ctes: Ctes) -> Reducer:
    return Reducer(
        (*view.join_keys, EVENT_TIMESTAMP),
        lambda simple, rows: algorithm(view, simple, rows, points, ctes),
        lambda simple, rows: joined_to_rows(view, simple, rows, points, "inner"),
    )
