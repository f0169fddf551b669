"""Which algorithm a view's windows get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aops_indb.features.definitions import FeatureView
from aops_indb.features.float_sums import FLOATS
from aops_indb.features.windows import (
    WindowFeature,
    sums_of_any_type,
)


def choose_algorithm(view: FeatureView, features: Sequence[WindowFeature], types: Mapping[str, str]) -> str:
    """The fastest algorithm that is exact for these features: a name in ALGORITHMS; types: of their values."""
    if view.source.created_timestamp_column is not None:
        return "range_join"
    if any(feature.aggregates - {"SUM", "COUNT"} for feature in features):
        return "timeline"
    unsure = sums_of_any_type(features)
    return "prefix_sums" if all(_sums_exactly(types.get(f.value, "")) for f in unsure) else "timeline"


def _sums_exactly(sql_type: str) -> bool:
    exact = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
    return sql_type in (*exact, *FLOATS) or sql_type.startswith("DECIMAL")
