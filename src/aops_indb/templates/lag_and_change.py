"""What a value was some time ago, and how much it changed since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aops_indb.features.definitions import Aggregation, DataSource, Entity, FeatureView, OnDemandFeature
from aops_indb.features.types import DType
from aops_indb.sqlgen.build import cast, col, sub
from aops_indb.templates.expressions import on_demand


def lag_and_change(
    *,
    name: str,
    entities: Sequence[Entity],
    source: DataSource,
    column: str,
    lags: Sequence[str],
    within: str = "lifetime",
    **settings: Any,
) -> tuple[FeatureView, tuple[OnDemandFeature, ...]]:
    """A view of a column's last value now and as it was some time ago, and the differences; NULL where one is missing.

    lags:   how long ago, e.g. ["1d", "7d"]
    within: how old the value may be at each of these times

    >>> from aops_indb import DataSource, Entity
    >>> hourly = DataSource(name="hourly", table="raw.weather", timestamp_field="measured_at")
    >>> airport = Entity(name="airport", join_keys=["airport"])
    >>> pressure, changes = lag_and_change(
    ...     name="pressure", entities=[airport], source=hourly, column="hpa", lags=["3h"], within="2h"
    ... )
    >>> [feature.name for feature in (*pressure.features, *changes)]
    ['hpa_now_2h', 'hpa_3h_ago_2h', 'pressure_change_3h']
    """
    now, ago = f"{column}_now", {lag: f"{column}_{lag}_ago" for lag in lags}
    last = {"function": "last", "column": column, "windows": [within]}
    before = [Aggregation(**last, name=called, offset=lag) for lag, called in ago.items()]
    aggregations = [Aggregation(**last, name=now), *before]
    view = FeatureView(name=name, entities=entities, source=source, aggregations=aggregations, **settings)
    changes = []
    for lag, called in ago.items():
        pair = [f"{now}_{within}", f"{called}_{within}"]
        change = sub(*(cast(col(part), "DOUBLE") for part in pair))
        told = f"Change of {column} in the last {lag}"
        changes.append(on_demand(f"{name}_change_{lag}", change, view[pair], told, DType.Float64))
    return view, tuple(changes)
