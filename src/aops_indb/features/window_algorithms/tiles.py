"""Windows as whole tiles, reduced once, and the rows of the tiles in which a window begins or ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aops_indb.features.ctes import Ctes
from aops_indb.features.definitions import EVENT_TIMESTAMP, FeatureView
from aops_indb.features.source_rows import KNOWN_AT
from aops_indb.features.window_algorithms.range_join import inside_at
from aops_indb.features.window_algorithms.tile import TILE, bits_by_definition, ends, tile_of
from aops_indb.features.windows import WindowFeature, reduced_columns, simple_aggregate
from aops_indb.sqlgen.build import (
    Expr,
    add,
    and_,
    anonymous,
    case,
    cast,
    coalesce,
    col,
    eq,
    func,
    gt,
    in_,
    interval,
    is_not_null,
    le,
    lit,
    mul,
    not_,
    sub,
)
from aops_indb.sqlgen.lists import array, unnested
from aops_indb.sqlgen.statements import Join, Query, aliased, select, subquery, table, union_all

# What a window joins: the rows of a tile, or all of it in one. An even number or an odd one.
PIECE = "__piece"
# How partial results are put together.
COMBINED = {"SUM": "SUM", "COUNT": "SUM", "MIN": "MIN", "MAX": "MAX"}


def tiles(
    view: FeatureView,
    features: Sequence[WindowFeature],
    rows: str,
    points: str,
    ctes: Ctes,
    *,
    bits: int | None = None,
) -> Query:
    """Extremes, sums and counts of windows that have a beginning, from the tiles that lie in them whole.

    bits: tiles of 2^bits microseconds; the shorter they are, the more of them lie in a window, and the fewer rows at
          its ends
    """
    size = bits if bits is not None else bits_by_definition(features)
    partial = _partial(features)
    moments = [*view.join_keys, KNOWN_AT, EVENT_TIMESTAMP]
    tiled = ctes.add(
        f"{view.name}__tiled",
        select(
            [*map(col, (*moments, *_values(features))), aliased(tile_of(col(EVENT_TIMESTAMP), size), TILE)], table(rows)
        ),
    )
    pieces = ctes.add(f"{view.name}__pieces", union_all(_rows(view, partial, tiled), _whole(view, partial, tiled)))
    asked = ctes.add(f"{view.name}__asked", _asked(view, features, points, size))
    at, event = col(EVENT_TIMESTAMP, "points"), col(EVENT_TIMESTAMP, "events")
    same = [eq(col(name, "events"), col(name, "points")) for name in (*view.join_keys, PIECE)]
    inside = [le(event, at), gt(event.copy(), sub(at.copy(), interval(ends(features)[-1])))]
    point = {key: col(key, "points") for key in view.join_keys} | {EVENT_TIMESTAMP: at.copy()}
    bind = inside_at(at)

    def combined(aggregate: str, feature: WindowFeature) -> Expr:
        value = bind(COMBINED[aggregate], replace(feature, value=_partial_name(feature, aggregate)))
        return coalesce(value, lit(0)) if aggregate == "COUNT" else value

    return select(
        {**point, **reduced_columns(features, combined, at)},
        table(asked, alias="points"),
        joins=[Join(table(pieces, alias="events"), "left", and_(*same, *inside))],
        group_by=[value.copy() for value in point.values()],
    )


def _values(features: Sequence[WindowFeature]) -> list[str]:
    return sorted({feature.value for feature in features})


def _partial_name(feature: WindowFeature, aggregate: str) -> str:
    return f"{feature.value}_{aggregate.lower()}"


def _partial(features: Sequence[WindowFeature]) -> dict[str, tuple[str, WindowFeature]]:
    """The partial results that features are put together from: name -> simple aggregate, and of what."""
    return {_partial_name(f, a): (a, f) for f in features for a in sorted(f.aggregates)}


def _rows(view: FeatureView, partial: dict[str, tuple[str, WindowFeature]], tiled: str) -> Query:
    """Each row as a piece of its own."""

    def of_row(aggregate: str, feature: WindowFeature) -> Expr:
        value = col(feature.value)
        return case([(is_not_null(value), lit(1.0))], lit(0.0)) if aggregate == "COUNT" else value

    moments = {name: col(name) for name in (*view.join_keys, EVENT_TIMESTAMP)}
    values = {name: of_row(*of) for name, of in partial.items()}
    return select({**moments, PIECE: mul(col(TILE), lit(2)), **values}, table(tiled))


def _whole(view: FeatureView, partial: dict[str, tuple[str, WindowFeature]], tiled: str) -> Query:
    """Each key's tiles, reduced. No window ends inside one that is joined, so any time in it stands for all."""

    def of_tile(aggregate: str, feature: WindowFeature) -> Expr:
        value = simple_aggregate(aggregate, feature)
        return cast(value, "DOUBLE") if aggregate == "COUNT" else value

    by = [*view.join_keys, TILE]
    keys = {key: col(key) for key in view.join_keys}
    times = {EVENT_TIMESTAMP: func("MIN", col(EVENT_TIMESTAMP)), PIECE: add(mul(col(TILE), lit(2)), lit(1))}
    values = {name: of_tile(*of) for name, of in partial.items()}
    return select({**keys, **times, **values}, table(tiled), group_by=[col(name) for name in by])


def _asked(view: FeatureView, features: Sequence[WindowFeature], points: str, bits: int) -> Query:
    """Each point with the pieces it needs: rows of the tiles that its windows' ends lie in, and whole those between."""
    at, moments = col(EVENT_TIMESTAMP), [*view.join_keys, EVENT_TIMESTAMP]
    cut = [tile_of(sub(at.copy(), interval(end)) if end else at.copy(), bits) for end in ends(features)]
    names = [f"__end_{number}" for number, _ in enumerate(cut)]
    known = {name: col(name) for name in moments} | dict(zip(names, cut, strict=True))
    rows = unnested(anonymous("LIST_DISTINCT", array([col(name) for name in names])))
    between = unnested(anonymous("RANGE", add(col(names[-1]), lit(1)), col(names[0])))
    in_rows = select({**{m: col(m) for m in moments}, PIECE: rows}, subquery(select(known, table(points)), "ends"))
    whole = select(
        [*map(col, (*moments, *names)), aliased(between, TILE)], subquery(select(known, table(points)), "ends")
    )
    of_rows = select({**{m: col(m) for m in moments}, PIECE: mul(col(PIECE), lit(2))}, subquery(in_rows, "in_rows"))
    of_whole = select(
        {**{m: col(m) for m in moments}, PIECE: add(mul(col(TILE), lit(2)), lit(1))},
        subquery(whole, "whole"),
        where=[not_(in_(col(TILE), [col(name) for name in names]))],
    )
    return union_all(of_rows, of_whole)
