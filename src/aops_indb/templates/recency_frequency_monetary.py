"""How long ago, how often, how much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aops_indb.features.definitions import Aggregation, DataSource, Entity, FeatureView


def recency_frequency_monetary(
    *,
    name: str,
    entities: Sequence[Entity],
    source: DataSource,
    amount: str,
    windows: Sequence[str],
    where: str | None = None,
    **settings: Any,
) -> FeatureView:
    """A view of how long ago an entity's last row was, in seconds, how many rows it has, and what they amount to.

    amount: SQL over the source's columns      where: only rows for which this condition holds

    >>> from aops_indb import DataSource, Entity
    >>> orders = DataSource(name="orders", table="raw.orders", timestamp_field="ordered_at")
    >>> customer = Entity(name="customer", join_keys=["customer_id"])
    >>> bought = recency_frequency_monetary(
    ...     name="bought", entities=[customer], source=orders, amount="price * pieces", windows=["90d"]
    ... )
    >>> [feature.name for feature in bought.features]
    ['recency_lifetime', 'frequency_90d', 'monetary_90d', 'mean_monetary_90d']
    """
    aggregations = [
        Aggregation(function="time_since", name="recency", windows=["lifetime"], where=where),
        Aggregation(function="count", name="frequency", windows=windows, where=where),
        Aggregation(function="sum", name="monetary", expr=amount, windows=windows, where=where),
        Aggregation(function="mean", name="mean_monetary", expr=amount, windows=windows, where=where),
    ]
    return FeatureView(name=name, entities=entities, source=source, aggregations=aggregations, **settings)
