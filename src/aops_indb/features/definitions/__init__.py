"""What people write as definitions: entities, sources, feature views, services.

Names follow Feast and Tecton. Everything is given by keyword, checked when it is written, and frozen. A
mistake raises DefinitionError with the file and line of the call.
"""

from aops_indb.features.definitions.aggregation import Aggregation
from aops_indb.features.definitions.base import EVENT_TIMESTAMP, Definition
from aops_indb.features.definitions.check import CHECK_KINDS, Check
from aops_indb.features.definitions.column_names import repeated
from aops_indb.features.definitions.entity import Entity, EntityAlias
from aops_indb.features.definitions.materialization import Materialization
from aops_indb.features.definitions.service import FeatureService, OnDemandFeature
from aops_indb.features.definitions.source import DataSource, Field, RequestSource
from aops_indb.features.definitions.view import AliasedView, FeatureColumn, FeatureView, ViewHistory

__all__ = [
    "CHECK_KINDS",
    "EVENT_TIMESTAMP",
    "Aggregation",
    "AliasedView",
    "Check",
    "DataSource",
    "Definition",
    "Entity",
    "EntityAlias",
    "FeatureColumn",
    "FeatureService",
    "FeatureView",
    "Field",
    "Materialization",
    "OnDemandFeature",
    "RequestSource",
    "ViewHistory",
    "repeated",
]
