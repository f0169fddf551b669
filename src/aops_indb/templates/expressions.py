"""On-demand features out of trees."""

from __future__ import annotations

from collections.abc import Sequence

from aops_indb.features.definitions import OnDemandFeature
from aops_indb.features.types import DType
from aops_indb.sqlgen.build import Expr


def on_demand(name: str, expr: Expr, inputs: Sequence[str], description: str, dtype: DType) -> OnDemandFeature:
    """The feature that an expression over inputs is."""
    return OnDemandFeature(name=name, dtype=dtype, expr=expr.sql("duckdb"), inputs=inputs, description=description)
