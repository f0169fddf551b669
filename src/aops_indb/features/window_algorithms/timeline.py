"""Windows as frames over points and rows together."""

from __future__ import annotations

from collections.abc import Sequence

from aops_indb.features.ctes import Ctes
from aops_indb.features.definitions import EVENT_TIMESTAMP, FeatureView
from aops_indb.features.windows import (
    WindowFeature,
    reduced_columns,
    simple_aggregate,
)
from aops_indb.sqlgen.build import Expr, col, lit
from aops_indb.sqlgen.statements import Query, aliased, select, table, union_all
from aops_indb.sqlgen.windows import asc, over, trailing, window_definition

IS_POINT = "__is_point"


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
        reduced[name] = over(simple_aggregate(aggregate, feature), named=feature.frame)
        return col(name)

    columns = reduced_columns(features, over_frame, col(EVENT_TIMESTAMP))
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
