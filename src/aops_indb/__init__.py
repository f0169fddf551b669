"""aops-indb: AnalyticOps inside the warehouse.

Features as SQL views, trained models as SQL, and the metadata that says what was made from what.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aops_indb.features.definitions import (
        Aggregation,
        Check,
        DataSource,
        Entity,
        FeatureService,
        FeatureView,
        Field,
        OnDemandFeature,
        RequestSource,
    )
    from aops_indb.features.feature_test import FeatureTest
    from aops_indb.features.model import Model, Split
    from aops_indb.features.types import DType
    from aops_indb.scoring import explain_support, to_sql
    from aops_indb.workflows.project import Project, connect
    from aops_indb.workflows.score_table import score_table

# module -> the public names it holds; imported when first asked for, so that `import aops_indb` is quick
_PUBLIC = {
    "aops_indb.features.definitions": (
        "Aggregation",
        "Check",
        "DataSource",
        "Entity",
        "FeatureService",
        "FeatureView",
        "Field",
        "Materialization",
        "OnDemandFeature",
        "RequestSource",
    ),
    "aops_indb.features.feature_test": ("FeatureTest",),
    "aops_indb.features.model": ("Model", "Split"),
    "aops_indb.features.types": ("DType",),
    "aops_indb.scoring": ("explain_support", "to_sql"),
    "aops_indb.workflows.project": ("Project", "connect"),
    "aops_indb.workflows.score_table": ("score_table",),
}

__all__ = [
    "Aggregation",
    "Check",
    "DType",
    "DataSource",
    "Entity",
    "FeatureService",
    "FeatureTest",
    "FeatureView",
    "Field",
    "Materialization",
    "Model",
    "OnDemandFeature",
    "Project",
    "RequestSource",
    "Split",
    "connect",
    "explain_support",
    "score_table",
    "to_sql",
]
__version__ = "0.1.0"


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    for module, names in _PUBLIC.items():
        if name in names:
            return getattr(importlib.import_module(module), name)
    raise AttributeError(f"module 'aops_indb' has no attribute '{name}'")
