"""The last days beside the last months."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aops_indb.features.definitions import Aggregation, DataSource, Entity, FeatureView, OnDemandFeature
from aops_indb.features.types import DType
from aops_indb.sqlgen.build import case, cast, col, div, lit, ne
from aops_indb.templates.expressions import on_demand


def window_ratios(
    *,
    name: str,
    entities: Sequence[Entity],
    source: DataSource,
    expr: str,
    short: Sequence[str],
    long: str,
    function: str = "mean",
    **settings: Any,
) -> tuple[FeatureView, tuple[OnDemandFeature, ...]]:
    """A view of one reduction over windows, and the ratios of the short ones to the long one; NULL where that is 0.

    >>> from aops_indb import DataSource, Entity
    >>> flights = DataSource(name="flights", table="raw.flights", timestamp_field="landed_at")
    >>> carrier = Entity(name="carrier", join_keys=["carrier"])
    >>> delay, ratios = window_ratios(
    ...     name="delay", entities=[carrier], source=flights, expr="arr_delay", short=["1d", "7d"], long="28d"
    ... )
    >>> [feature.name for feature in (*delay.features, *ratios)]
    ['mean_1d', 'mean_7d', 'mean_28d', 'delay_1d_to_28d', 'delay_7d_to_28d']
    """
    reduced = Aggregation(function=function, name=function, expr=expr, windows=[*short, long])
    view = FeatureView(name=name, entities=entities, source=source, aggregations=[reduced], **settings)
    whole = f"{function}_{long}"
    ratios = []
    for window in short:
        part = f"{function}_{window}"
        ratio = div(cast(col(part), "DOUBLE"), cast(col(whole), "DOUBLE"))
        ratios.append(
            on_demand(
                f"{name}_{window}_to_{long}", case([(ne(col(whole), lit(0)), ratio)]), view[[part, whole]],
                f"{function} of the last {window} as a multiple of that of the last {long}", DType.Float64,
            )
        )  # fmt: skip
    return view, tuple(ratios)
