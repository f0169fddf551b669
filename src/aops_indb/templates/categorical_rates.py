"""How often something happened to rows of a category, without looking at the row itself or at later ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aops_indb.errors import DefinitionError, shown
from aops_indb.features.definitions import Aggregation, DataSource, Entity, FeatureView, OnDemandFeature
from aops_indb.features.source_rows import source_relation
from aops_indb.features.spine import ALL_ROWS_KEY
from aops_indb.features.types import DType
from aops_indb.sqlgen.build import Expr, add, cast, coalesce, col, div, lit, mul, star
from aops_indb.sqlgen.statements import aliased, select
from aops_indb.templates.expressions import on_demand

# What features of all rows are about; no spine need carry its key.
ALL_ROWS = Entity(name="all_rows", join_keys=[ALL_ROWS_KEY], description="All rows of a source together")


def categorical_rates(
    *,
    name: str,
    category: Entity,
    source: DataSource,
    condition: str,
    windows: Sequence[str],
    weight: float = 20.0,
    **settings: Any,
) -> tuple[FeatureView, FeatureView, tuple[OnDemandFeature, ...]]:
    """A view of each category, a view of all rows, and the rates: shares of rows for which a condition holds.

    Only rows that were known by then count, so the source's timestamp_field must be when the outcome is known. A rate
    is smoothed towards that of all rows, as if there were `weight` more rows with it: (held + weight * overall) /
    (rows + weight). A category never seen, or NULL, has the overall rate; rows of which the condition is NULL do not
    count.

    >>> from aops_indb import DataSource, Entity
    >>> landed = DataSource(name="landed", table="raw.flights", timestamp_field="landed_at")
    >>> plane = Entity(name="plane", join_keys=["tailnum"])
    >>> late, late_overall, rates = categorical_rates(
    ...     name="late", category=plane, source=landed, condition="arr_delay >= 15", windows=["90d"]
    ... )
    >>> [feature.name for feature in (*late.features, *late_overall.features, *rates)]
    ['held_90d', 'rows_90d', 'rate_90d', 'late_rate_90d']
    """
    if not isinstance(weight, int | float) or not 0 < weight < float("inf"):
        raise DefinitionError(f"categorical_rates '{name}': weight {shown(weight)}: give a number of rows above 0")
    counts = [
        Aggregation(function="count", name="held", where=condition, windows=windows),
        Aggregation(function="count", name="rows", expr=condition, windows=windows),
    ]
    overall = [Aggregation(function="rate", name="rate", expr=condition, windows=windows)]
    of_category = FeatureView(name=name, entities=[category], source=source, aggregations=counts, **settings)
    everything = {**settings, "name": f"{name}_overall", "entities": [ALL_ROWS], "source": _of_all_rows(source)}
    of_all = FeatureView(**everything, aggregations=overall)
    rates = []
    for window in windows:
        held, rows, rate = f"held_{window}", f"rows_{window}", f"rate_{window}"
        inputs = [*of_category[[held, rows]], *of_all[[rate]]]
        told = f"Share of rows with {condition} in the last {window}, smoothed by {weight:g} rows of the overall share"
        smoothed = _smoothed(col(held), col(rows), col(rate), weight)
        rates.append(on_demand(f"{name}_rate_{window}", smoothed, inputs, told, DType.Float64))
    return of_category, of_all, tuple(rates)


def _smoothed(held: Expr, rows: Expr, overall: Expr, weight: float) -> Expr:
    held, rows = (cast(coalesce(number, lit(0)), "DOUBLE") for number in (held, rows))
    return div(add(held, mul(lit(float(weight)), overall)), add(rows, lit(float(weight))))


def _of_all_rows(source: DataSource) -> DataSource:
    """The source with the key of all rows."""
    query = select([star(), aliased(lit(True), ALL_ROWS_KEY)], source_relation(source)).sql("duckdb")
    own = {field.alias or name: getattr(source, name) for name, field in DataSource.model_fields.items()}
    return DataSource(**{**own, "name": f"{source.name}_all_rows", "table": None, "query": query, "checks": ()})
