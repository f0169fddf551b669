"""Features computed on demand, and lists of features that models bind to."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, model_validator
from pydantic_core import PydanticCustomError

from aops_indb.errors import closest_names, shortened
from aops_indb.features.definitions.base import EVENT_TIMESTAMP, Definition
from aops_indb.features.definitions.view import FeatureView
from aops_indb.features.setting_types import FeatureType, Listed, ObjectName, SqlExpression, Text, text
from aops_indb.sqlgen.parse import columns_of, parse_expression


class OnDemandFeature(Definition):
    """An SQL expression over features, request columns and event_timestamp, computed when asked for.

    inputs: references such as "plane_facts:year_built" or "flight_request:distance"; expr uses the names
    after the colon, or to tell two of one name apart plane_facts__year_built.
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
        used = columns_of(parse_expression(self.expr))
        unknown = sorted(used - set(self._meanings) - {EVENT_TIMESTAMP})
        if unknown:
            close = closest_names(unknown[0], [*names, EVENT_TIMESTAMP])
            meant = f": for {shortened(unknown[0])}, did you mean {shortened(' or '.join(close))}?"
            hint = meant if close else ": add 'view:feature' there"
            raise ValueError(f"expr uses {shortened(', '.join(unknown))}, which inputs do not list{hint}")
        self._require_one_meaning(used)
        return self

    def _require_one_meaning(self, used: set[str]) -> None:
        folded: dict[str, set[str]] = {}
        for name, references in self._meanings.items():
            folded.setdefault(name.lower(), set()).update(references)
        for name in sorted(used):
            if len(meant := folded.get(name.lower(), set())) > 1:
                ways = " or ".join(sorted(reference.replace("@v", "__v").replace(":", "__") for reference in meant))
                raise ValueError(
                    f"inputs: two of them have the same name after the colon (SQL does not tell case apart): say {ways}"
                )

    @property
    def _meanings(self) -> dict[str, dict[str, None]]:
        """name in expr -> the inputs it may mean."""
        found: dict[str, dict[str, None]] = {}
        for reference in self.inputs:
            owner, _, name = reference.partition(":")
            for spelling in (name, f"{owner.replace('@v', '__v')}__{name}"):
                found.setdefault(spelling, {})[reference] = None
        return found

    @property
    def names(self) -> dict[str, str]:
        """name in expr -> the input it means; a name that several inputs have means none of them.

        >>> from aops_indb.features.types import DType
        >>> OnDemandFeature(name="o", dtype=DType.Int64, expr="a__x - b__x", inputs=["a:x", "b:x"]).names
        {'a__x': 'a:x', 'b__x': 'b:x'}
        """
        return {name: next(iter(meant)) for name, meant in self._meanings.items() if len(meant) == 1}


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
                    found.extend(f"{item.reference_name}:{feature.name}" for feature in item.features)
                case OnDemandFeature():
                    found.append(item.name)
                case str():
                    found.append(item)
        return tuple(dict.fromkeys(found))
