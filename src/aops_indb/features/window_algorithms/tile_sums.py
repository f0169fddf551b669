"""Windows as differences of running sums over tiles, with the rows of the tile in which a window begins or ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aops_indb.features.ctes import Ctes
from aops_indb.features.definitions import EVENT_TIMESTAMP, FeatureView
from aops_indb.features.float_sums import within_limit
from aops_indb.features.window_algorithms.tile import TILE, bits_by_definition, ends, tile_of
from aops_indb.features.windows import WindowFeature, reduced_columns
from aops_indb.sqlgen.build import (
    Expr,
    and_,
    case,
    coalesce,
    col,
    eq,
    func,
    ge,
    gt,
    interval,
    is_not_null,
    le,
    lit,
    sub,
)
from aops_indb.sqlgen.statements import Join, Query, aliased, select, table, union_all
from aops_indb.sqlgen.windows import asc, over, trailing, window_definition

# Of a point, which end of its windows, the moment of it, and the tile before that moment's.
END, MOMENT, BEFORE = "__end", "__moment", "__tile_before"


def tile_sums(
    view: FeatureView,
    features: Sequence[WindowFeature],
    rows: str,
    points: str,
    ctes: Ctes,
    *,
    bits: int | None = None,
) -> Query:
    """Running sums of tiles instead of rows: as exact as `prefix_sums`, and a sort of as many rows less.

    bits: tiles of 2^bits microseconds; the fewer rows in one, the more tiles there are to sort
    """
    size = bits if bits is not None else bits_by_definition(features)
    values = _summed(features)
    in_tiles = aliased(tile_of(col(EVENT_TIMESTAMP), size), TILE)
    columns = [*map(col, (*view.join_keys, EVENT_TIMESTAMP)), in_tiles]
    columns += [aliased(value, name) for name, value in values.items()]
    tiled = ctes.add(f"{view.name}__tiled", select(columns, table(rows)))
    running = _running(view, list(values), tiled, ctes)
    asked = ctes.add(f"{view.name}__ends", _ends(view, features, points, size))
    pieces = union_all(_tiles_before(view, values, running, asked), _rows_inside(view, values, tiled, asked))
    found = ctes.add(f"{view.name}__pieces", pieces)
    totals = _totals(view, features, list(values), found, ctes)
    moments = [*view.join_keys, EVENT_TIMESTAMP]
    difference = reduced_columns(features, lambda a, f: _difference(a, f, ends(features)), col(EVENT_TIMESTAMP))
    return select({**{m: col(m) for m in moments}, **difference}, table(totals))


def _summed(features: Sequence[WindowFeature]) -> dict[str, Expr]:
    """What each row adds to the totals."""
    summed: dict[str, Expr] = {}
    for feature in features:
        # counts as DOUBLE, exact up to 2^53: the sum of a BIGINT is a HUGEINT, three times as slow
        present = is_not_null(col(feature.counted))
        summed[f"{feature.counted}_count"] = case([(present, lit(1.0))], lit(0.0))
        if "SUM" in feature.aggregates:
            summed[f"{feature.value}_sum"] = col(feature.value)
    return summed


def _running(view: FeatureView, names: Sequence[str], tiled: str, ctes: Ctes) -> str:
    """Of each key and tile the totals up to the tile's end."""
    by = [*view.join_keys, TILE]
    sums: dict[str, Expr] = {**{b: col(b) for b in by}, **{name: func("SUM", col(name)) for name in names}}
    of_tiles = ctes.add(f"{view.name}__tiles", select(sums, table(tiled), group_by=[col(b) for b in by]))
    window = window_definition("so_far", [col(key) for key in view.join_keys], [asc(col(TILE))], trailing(None))
    so_far = {name: over(func("SUM", col(name)), named="so_far") for name in names}
    query = select({**{b: col(b) for b in by}, **so_far}, table(of_tiles), windows=[window])
    return ctes.add(f"{view.name}__running", query)


def _ends(view: FeatureView, features: Sequence[WindowFeature], points: str, bits: int) -> Query:
    """Every moment at which a window of a point begins or ends."""

    def at(number: int) -> Query:
        delay = ends(features)[number]
        moment = sub(col(EVENT_TIMESTAMP), interval(delay)) if delay else col(EVENT_TIMESTAMP)
        tile = tile_of(moment.copy(), bits)
        found = {END: lit(number), MOMENT: moment, TILE: tile, BEFORE: sub(tile.copy(), lit(1))}
        return select({**{m: col(m) for m in (*view.join_keys, EVENT_TIMESTAMP)}, **found}, table(points))

    return union_all(*map(at, range(len(ends(features)))))


def _tiles_before(view: FeatureView, values: Mapping[str, Expr], running: str, asked: str) -> Query:
    """Of each end the totals of the tiles before its own: one row, in any case."""
    same = [eq(col(key, asked), col(key, running)) for key in view.join_keys]
    before = Join(table(running), "asof_left", and_(*same, ge(col(BEFORE, asked), col(TILE, running))))
    return select(_piece(view, values, running, asked), table(asked), joins=[before])


def _rows_inside(view: FeatureView, values: Mapping[str, Expr], tiled: str, asked: str) -> Query:
    """The rows of each end's own tile that are not after it."""
    same = [eq(col(key, asked), col(key, tiled)) for key in (*view.join_keys, TILE)]
    until = le(col(EVENT_TIMESTAMP, tiled), col(MOMENT, asked))
    return select(
        _piece(view, values, tiled, asked), table(asked), joins=[Join(table(tiled), "inner", and_(*same, until))]
    )


def _piece(view: FeatureView, values: Mapping[str, Expr], relation: str, asked: str) -> dict[str, Expr]:
    point = {name: col(name, asked) for name in (*view.join_keys, EVENT_TIMESTAMP, END)}
    return {**point, **{name: col(name, relation) for name in values}}


def _totals(view: FeatureView, features: Sequence[WindowFeature], names: Sequence[str], pieces: str, ctes: Ctes) -> str:
    """Of each point the totals at each end, side by side."""
    moments = [*view.join_keys, EVENT_TIMESTAMP]
    # first of each end, so that what is put side by side is few rows: a sum with a filter takes three times as long
    sums: dict[str, Expr] = {**{m: col(m) for m in (*moments, END)}, **{name: func("SUM", col(name)) for name in names}}
    of_ends = select(sums, table(pieces), group_by=[col(m) for m in (*moments, END)])
    by_end = ctes.add(f"{view.name}__by_end", of_ends)
    parts = {f"{feature.counted}_count" for feature in features if feature.counted != feature.value}
    totals: dict[str, Expr] = {}
    for number, _ in enumerate(ends(features)):
        for name in names:
            total = coalesce(col(name, _end(number)), lit(0))
            totals[_at_end(name, number)] = within_limit(total, total.copy()) if name in parts else total
    joins = [_same_point(view, by_end, number) for number, _ in enumerate(ends(features)) if number]
    first = {m: col(m, _end(0)) for m in moments}
    is_first = eq(col(END, _end(0)), lit(0))
    side_by_side = select({**first, **totals}, table(by_end, alias=_end(0)), joins=joins, where=[is_first])
    return ctes.add(f"{view.name}__so_far", side_by_side)


def _same_point(view: FeatureView, by_end: str, number: int) -> Join:
    """Every point has a row for each end."""
    same = [eq(col(m, _end(0)), col(m, _end(number))) for m in (*view.join_keys, EVENT_TIMESTAMP)]
    return Join(table(by_end, alias=_end(number)), "inner", and_(*same, eq(col(END, _end(number)), lit(number))))


def _end(number: int) -> str:
    return f"end_{number}"


def _at_end(name: str, number: int) -> str:
    return f"{name}_{number}"


def _difference(aggregate: str, feature: WindowFeature, known: Sequence[object]) -> Expr:
    def inside(total: str) -> Expr:
        until_end = col(_at_end(total, known.index(feature.offset)))
        if feature.reach is None:
            return until_end
        return sub(until_end, col(_at_end(total, known.index(feature.reach))))

    count = inside(f"{feature.counted}_count")
    if aggregate == "COUNT":
        return count
    # over no rows a sum is NULL
    return case([(gt(count, lit(0)), inside(f"{feature.value}_sum"))])
