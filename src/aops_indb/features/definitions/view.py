"""Feature views."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import BeforeValidator, model_validator
from pydantic import Field as PydanticField

from aops_indb.errors import DefinitionError, UnknownNameError, shortened
from aops_indb.features.definitions.aggregation import Aggregation
from aops_indb.features.definitions.base import EVENT_TIMESTAMP, Definition
from aops_indb.features.definitions.check import Check, require_distinct_checks
from aops_indb.features.definitions.column_names import ViewColumn, repeated, require_free_names
from aops_indb.features.definitions.entity import Entity, EntityAlias
from aops_indb.features.definitions.materialization import Materialization
from aops_indb.features.definitions.source import DataSource, Field
from aops_indb.features.setting_types import Count, Duration, Listed, ObjectName, SqlExpression, Text, column_name
from aops_indb.features.types import DType
from aops_indb.sqlgen.parse import columns_of, parse_expression


@dataclass(frozen=True, slots=True)
class FeatureColumn:
    """A column of a feature view; dtype None: as the source's column."""

    name: str
    dtype: DType | None
    description: str


def _rows(value: object) -> object:
    """What a view is over: a source; of a feature view its history."""
    return ViewHistory.of_view(value) if isinstance(value, FeatureView) else value


class FeatureView(Definition):
    """Features of one entity from one source.

    source:        a DataSource; or a FeatureView, whose history is the rows: its features at each moment from which
                   they hold, which aggregations reduce and fields compute with
    schema:        columns of the newest row known at the time asked for
    aggregations:  reductions over trailing windows of rows
    ttl:           a row older than this no longer counts for schema: its features are NULL
    filter:        SQL condition on the source's rows
    version:       1 or more: views of one name and different versions stand side by side
    materialization: keeps the view's history in a table, by `aops materialize`

    Rows with a NULL join key or a NULL time belong to no entity and are left out.
    """

    name: ObjectName
    entities: Listed[Entity]
    source: Annotated[DataSource, BeforeValidator(_rows)]
    schema_: Listed[Field] = PydanticField(default=(), alias="schema")
    aggregations: Listed[Aggregation] = ()
    ttl: Duration | None = None
    filter: SqlExpression | None = None
    version: Count | None = None
    checks: Listed[Check] = ()
    materialization: Materialization | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        require_free_names(self._columns())
        require_distinct_checks(self.checks)
        if not self.entities:
            raise ValueError("entities: give one or more")
        if not self.features:
            raise ValueError("give schema fields or aggregations")
        if self.source.timestamp_field is None and (self.aggregations or self.ttl):
            raise ValueError(f"source '{self.source.name}' has no timestamp_field: no windows and no ttl without one")
        if self.ttl and not self.schema_:
            raise ValueError("ttl applies to schema fields; windows end by themselves")
        if isinstance(self.source, ViewHistory):
            self.source.require_columns(self)
        if self.source.valid_to is not None:
            self._check_validity(self.source.valid_to)
        if self.materialization and self.of_time:
            function = next(part.function for part in self.aggregations if part.reduction.of_time)
            raise ValueError(
                f"materialization: {function} changes as time passes, and a table would show it as it was when the last"
                " row came: give it a view of its own, without materialization"
            )
        return self

    def columns_read(self) -> dict[str, str]:
        """column of the source -> the text in which it is read."""
        texts = [self.filter, *(field.expr for field in self.schema_)]
        texts += [text for part in self.aggregations for text in (part.expr, part.where, part.since)]
        used = {name: text for text in texts if text for name in columns_of(parse_expression(text))}
        used |= {field.name: field.name for field in self.schema_ if field.expr is None}
        return used | {part.column: part.column for part in self.aggregations if part.column}

    def _check_validity(self, valid_to: str) -> None:
        if self.ttl:
            raise ValueError(f"source '{self.source.name}' says until when a row holds, in {valid_to}: leave ttl out")
        for column, text in self.columns_read().items():
            if column.lower() == valid_to.lower():
                raise ValueError(
                    f"{shortened(text)} looks into the future: {valid_to}, when a row ends, is not known while it holds"
                )

    def _columns(self) -> Iterator[ViewColumn]:
        for entity in self.entities:
            yield from (ViewColumn(key, "join key", entity) for key in entity.join_keys)
        yield from (ViewColumn(field.name, "field", field) for field in self.schema_)
        for aggregation in self.aggregations:
            yield from (ViewColumn(name, "aggregation", aggregation) for name, _ in aggregation.features())

    @property
    def of_time(self) -> frozenset[str]:
        """Names of the features that change as time passes, even if no row comes or goes."""
        parts = [part for part in self.aggregations if part.reduction.of_time]
        return frozenset(name for part in parts for name, _ in part.features())

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

    @property
    def reference_name(self) -> str:
        """What references say before the colon: `view`, or `view@v2`."""
        return self.name if self.version is None else f"{self.name}@v{self.version}"

    @property
    def spine_keys(self) -> dict[str, str]:
        """join key -> column of the spine that it is compared with."""
        return {key: key for key in self.join_keys}

    def output_name(self, feature: str) -> str:
        """What the column of a feature is called beside a spine."""
        return feature

    def with_entity(self, *aliases: EntityAlias, name: str = "", prefix: str = "") -> AliasedView:
        """The view for entities in another part, its features named apart; to be joined beside the view itself.

        name:   what references call it, default <alias>_<view>
        prefix: what its columns begin with, default <name>__

        >>> airport = Entity(name="airport", join_keys=["airport"])
        >>> weather = FeatureView(
        ...     name="weather", entities=[airport], source=DataSource(name="hourly", table="weather"),
        ...     schema=[Field(name="wind", dtype=DType.Float64)],
        ... )
        >>> at_origin = weather.with_entity(airport.alias("origin", join_keys=["origin"]))
        >>> at_origin[["wind"]], at_origin.output_name("wind")
        (['origin_weather:wind'], 'origin_weather__wind')
        """
        own = {field.alias or setting: getattr(self, setting) for setting, field in FeatureView.model_fields.items()}
        name = name or "_".join([*(str(getattr(alias, "name", alias)) for alias in aliases), self.name])
        settings = {**own, "name": name, "checks": (), "version": None, "materialization": None}
        return AliasedView(**settings, of=self, aliases=aliases, prefix=prefix or f"{name}__")

    def __getitem__(self, names: list[str]) -> list[str]:
        """References to some of the view's features, for a service: `carrier[["late_rate_7d"]]`."""
        if isinstance(names, str):
            raise DefinitionError(f"FeatureView '{self.name}': references are made of lists: write [[{names!r}]]")
        known = [feature.name for feature in self.features]
        for name in names:
            if name not in known:
                raise UnknownNameError(f"feature of view '{self.name}'", name, known)
        return [f"{self.reference_name}:{name}" for name in names]


class AliasedView(FeatureView):
    """A feature view for entities in another part; made by `FeatureView.with_entity`.

    of:      the view, whose features it has
    aliases: its entities in that part; entities without an alias keep their join keys
    prefix:  what its columns begin with
    """

    of: FeatureView
    aliases: Listed[EntityAlias]
    prefix: Text

    @model_validator(mode="after")
    def _check_aliases(self) -> Self:
        if isinstance(self.of, AliasedView):
            raise ValueError(f"'{self.of.name}' is made by with_entity itself: call with_entity of '{self.of.of.name}'")
        names = [alias.entity.name for alias in self.aliases]
        if not names or repeated(names):
            raise ValueError("with_entity: give one or more aliases, of different entities")
        for alias in self.aliases:
            if alias.entity.name not in [entity.name for entity in self.entities]:
                known = ", ".join(entity.name for entity in self.entities)
                raise ValueError(
                    f"'{alias.name}' is an alias of entity '{alias.entity.name}': '{self.of.name}' has {known}"
                )
        if repeated(self.spine_keys.values()):
            raise ValueError(
                "two join keys would be one column of the spine: give each its own in alias(…, join_keys=…)"
            )
        for feature in self.features:
            column_name(self.output_name(feature.name))
        return self

    @property
    def spine_keys(self) -> dict[str, str]:
        """join key -> column of the spine that it is compared with."""
        return super().spine_keys | {key: own for alias in self.aliases for key, own in alias.spine_keys.items()}

    def output_name(self, feature: str) -> str:
        """What the column of a feature is called beside a spine."""
        return f"{self.prefix}{feature}"


class ViewHistory(DataSource):
    """The history of a feature view as rows: its features, at each moment from which they hold."""

    of: FeatureView

    @classmethod
    def of_view(cls, view: FeatureView) -> ViewHistory:
        """The rows of a view's history; ValueError for a view whose features change between the moments it notes."""
        from aops_indb.features.views import history

        if isinstance(view, AliasedView):
            raise ValueError(f"'{view.name}' is made by with_entity: write source={view.of.name}")
        if view.of_time:
            raise ValueError(
                f"{', '.join(sorted(view.of_time))} of '{view.name}' changes as time passes, and a history has no row "
                "for that: take features from the source itself"
            )
        time = EVENT_TIMESTAMP if view.source.timestamp_field is not None else None
        # compiled again, with the types of its columns, where a warehouse can be asked for them
        return cls(name=view.name, query=history(view).sql("duckdb"), timestamp_field=time, of=view)

    def require_columns(self, view: FeatureView) -> None:
        """ValueError if a view reads something else than features, keys and time."""
        keys, known = self.of.join_keys, [*self.of.join_keys, EVENT_TIMESTAMP, *(f.name for f in self.of.features)]
        folded = {name.lower() for name in known}
        for key in view.join_keys:
            if key.lower() not in {name.lower() for name in keys}:
                raise ValueError(f"join key '{key}': view '{self.of.name}' has {', '.join(keys)}")
        for column in view.columns_read():
            if column.lower() not in folded:
                raise ValueError(str(UnknownNameError(f"feature of view '{self.of.name}'", column, known)))
