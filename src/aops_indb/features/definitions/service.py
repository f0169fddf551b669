"""Features computed on demand, and lists of features that models bind to."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, model_validator
from pydantic_core import PydanticCustomError

from aops_indb.errors import closest_names, shortened
from aops_indb.features.definitions.base import EVENT_TIMESTAMP, Definition
from aops_indb.features.definitions.column_names import repeated
from aops_indb.features.definitions.view import FeatureView
from aops_indb.features.setting_types import FeatureType, Listed, ObjectName, SqlExpression, Text, text
from aops_indb.sqlgen.parse import columns_of, parse_expression


class OnDemandFeature(Definition):
    """An SQL expression over features, request columns and event_timestamp, computed when asked for.

    inputs: references such as "plane_facts:year_built" or "flight_request:distance"; expr uses the names
    after the colon.
    """

    name: ObjectName
    dtype: FeatureType
    expr: SqlExpression
    inputs: Listed[Text] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [reference.partition(":")[2] for reference in self.inputs]
        if "" in names:
            raise ValueError("inputs: write each as 'view:feature'")
        if self.name.lower() == EVENT_TIMESTAMP:
            raise ValueError(f"name: {self.name!r} is the spine's own column: give another")
        unknown = sorted(columns_of(parse_expression(self.expr)) - set(names) - {EVENT_TIMESTAMP})
        if unknown:
            close = closest_names(unknown[0], [*names, EVENT_TIMESTAMP])
            meant = f": for {shortened(unknown[0])}, did you mean {shortened(' or '.join(close))}?"
            hint = meant if close else ": add 'view:feature' there"
            raise ValueError(f"expr uses {shortened(', '.join(unknown))}, which inputs do not list{hint}")
        if repeated(names):
            raise ValueError("inputs: two of them have the same name after the colon (SQL does not tell case apart)")
        return self


def _reference(value: object) -> object:
    if not isinstance(value, (FeatureView, OnDemandFeature, str)):
        raise PydanticCustomError("reference_type", "no feature")
    return text(value) if isinstance(value, str) else value


class FeatureService(Definition):
    """A named list of features that a model binds to.

    features: feature views (all their features), on-demand features, and references "view:feature".
    """

    name: ObjectName
    features: Listed[Annotated[FeatureView | OnDemandFeature | str, BeforeValidator(_reference)]]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.features:
            raise ValueError("features: give one or more")
        return self

    @property
    def references(self) -> tuple[str, ...]:
        """Every feature as "view:feature", or the name alone of an on-demand feature."""
        found: list[str] = []
        for item in self.features:
            match item:
                case FeatureView():
                    found.extend(f"{item.name}:{feature.name}" for feature in item.features)
                case OnDemandFeature():
                    found.append(item.name)
                case str():
                    found.append(item)
        return tuple(dict.fromkeys(found))
