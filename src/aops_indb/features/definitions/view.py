"""Feature views."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from pydantic import Field as PydanticField
from pydantic import model_validator

from aops_indb.errors import DefinitionError, UnknownNameError
from aops_indb.features.definitions.aggregation import Aggregation
from aops_indb.features.definitions.base import Definition
from aops_indb.features.definitions.column_names import ViewColumn, require_free_names
from aops_indb.features.definitions.entity import Entity
from aops_indb.features.definitions.source import DataSource, Field
from aops_indb.features.setting_types import Duration, Listed, ObjectName, SqlExpression
from aops_indb.features.types import DType


@dataclass(frozen=True, slots=True)
class FeatureColumn:
    """A column of a feature view; dtype None: as the source's column."""

    name: str
    dtype: DType | None
    description: str


class FeatureView(Definition):
    """Features of one entity from one source.

    schema:        columns of the newest row known at the time asked for
    aggregations:  reductions over trailing windows of rows
    ttl:           a row older than this no longer counts for schema: its features are NULL
    filter:        SQL condition on the source's rows

    Rows with a NULL join key or a NULL time belong to no entity and are left out.
    """

    name: ObjectName
    entities: Listed[Entity]
    source: DataSource
    schema_: Listed[Field] = PydanticField(default=(), alias="schema")
    aggregations: Listed[Aggregation] = ()
    ttl: Duration | None = None
    filter: SqlExpression | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        require_free_names(self._columns())
        if not self.entities:
            raise ValueError("entities: give one or more")
        if not self.features:
            raise ValueError("give schema fields or aggregations")
        if self.source.timestamp_field is None and (self.aggregations or self.ttl):
            raise ValueError(f"source '{self.source.name}' has no timestamp_field: no windows and no ttl without one")
        if self.ttl and not self.schema_:
            raise ValueError("ttl applies to schema fields; windows end by themselves")
        return self

    def _columns(self) -> Iterator[ViewColumn]:
        for entity in self.entities:
            yield from (ViewColumn(key, "join key", entity) for key in entity.join_keys)
        yield from (ViewColumn(field.name, "field", field) for field in self.schema_)
        for aggregation in self.aggregations:
            yield from (ViewColumn(name, "aggregation", aggregation) for name, _ in aggregation.features())

    @property
    def join_keys(self) -> tuple[str, ...]:
        """Join keys of all entities, in order."""
        return tuple(key for entity in self.entities for key in entity.join_keys)

    @property
    def features(self) -> tuple[FeatureColumn, ...]:
        """Every feature of the view, schema first."""
        fields = [FeatureColumn(f.name, f.dtype, f.description) for f in self.schema_]
        windows = [
            FeatureColumn(name, aggregation.reduction.dtype, aggregation.describe(label))
            for aggregation in self.aggregations
            for (name, _), label in zip(aggregation.features(), aggregation.windows, strict=True)
        ]
        return (*fields, *windows)

    def __getitem__(self, names: list[str]) -> list[str]:
        """References to some of the view's features, for a service: `carrier[["late_rate_7d"]]`."""
        if isinstance(names, str):
            raise DefinitionError(f"FeatureView '{self.name}': references are made of lists: write [[{names!r}]]")
        known = [feature.name for feature in self.features]
        for name in names:
            if name not in known:
                raise UnknownNameError(f"feature of view '{self.name}'", name, known)
        return [f"{self.name}:{name}" for name in names]
