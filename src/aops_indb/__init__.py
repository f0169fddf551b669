"""aops-indb: AnalyticOps inside the warehouse.

Features as SQL views, trained models as SQL, and the metadata that says what was made from what.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aops_indb.features.definitions import (
        Aggregation,
        DataSource,
        Entity,
        FeatureService,
        FeatureView,
        Field,
        Model,
        OnDemandFeature,
        RequestSource,
        Split,
    )
    from aops_indb.features.types import DType
    from aops_indb.scoring import explain_support, to_sql
    from aops_indb.workflows.project import Project, connect

# name -> module that holds it; imported when first asked for, so that `import aops_indb` is quick
_WHERE = {
    **dict.fromkeys(
        (
            "Aggregation",
            "DataSource",
            "Entity",
            "FeatureService",
            "FeatureView",
            "Field",
            "Model",
            "OnDemandFeature",
            "RequestSource",
            "Split",
        ),
        "aops_indb.features.definitions",
    ),
    "DType": "aops_indb.features.types",
    "Project": "aops_indb.workflows.project",
    "connect": "aops_indb.workflows.project",
    "explain_support": "aops_indb.scoring",
    "to_sql": "aops_indb.scoring",
}

__all__ = [
    "Aggregation",
    "DType",
    "DataSource",
    "Entity",
    "FeatureService",
    "FeatureView",
    "Field",
    "Model",
    "OnDemandFeature",
    "Project",
    "RequestSource",
    "Split",
    "connect",
    "explain_support",
    "to_sql",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'aops_indb' has no attribute '{name}'")
    return getattr(importlib.import_module(_WHERE[name]), name)
