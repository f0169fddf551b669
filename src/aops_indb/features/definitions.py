"""What people write as definitions: entities, sources, feature views, services.

Names follow Feast and Tecton. Everything is given by keyword, checked when it is written, and frozen. A
mistake raises DefinitionError with the file and line of the call.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    PrivateAttr,
    ValidationError,
    model_validator,
)
from pydantic import Field as PydanticField
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_before_validator_function

from aops_indb.errors import DefinitionError, UnknownNameError, closest_names, shortened
from aops_indb.features.aggregations import AGGREGATIONS, AggregationFunction
from aops_indb.features.setting_types import (
    ColumnName,
    Duration,
    FeatureType,
    Listed,
    ObjectName,
    SourceQuery,
    SqlExpression,
    TableName,
    Text,
    Window,
    column_name,
    first_problem,
    require_known_settings,
    require_names,
    text,
    title,
)
from aops_indb.features.types import DType, parse_duration
from aops_indb.sqlgen.parse import columns_of, parse_expression

EVENT_TIMESTAMP = "event_timestamp"


def _reference(value: object) -> object:
    if not isinstance(value, (FeatureView, OnDemandFeature, str)):
        raise PydanticCustomError("reference_type", "no feature")
    return text(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class FeatureColumn:
    """A column of a feature view; dtype None: as the source's column."""

    name: str
    dtype: DType | None
    description: str


class Definition(BaseModel):
    """Common to all definitions: keyword arguments, frozen, with the place where they were written."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
    _defined_at: str | None = PrivateAttr(default=None)

    description: Text = ""
    tags: dict[Text, Text] = {}
    owner: Text = ""

    def __init__(self, /, *unnamed: Any, **given: Any) -> None:
        where = _place_of_call()
        try:
            require_known_settings(type(self), unnamed, given)
            super().__init__(**given)
        except (ValidationError, DefinitionError, UnknownNameError) as error:
            raise DefinitionError(f"{title(type(self), given)}: {first_problem(error)}", where=where) from error
        self._defined_at = where

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_"):
            whole = title(type(self), dict(self))
            raise DefinitionError(f"{whole} is frozen: set {name} where it is defined, at {self.defined_at}")
        super().__setattr__(name, value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
        # around the whole: what is given as a dict becomes the keywords of a call
        return no_info_before_validator_function(partial(require_names, cls), handler(source))

    @property
    def defined_at(self) -> str | None:
        """file:line of the definition."""
        return self._defined_at


def _place_of_call() -> str:
    """file:line of the innermost call that is neither here nor in pydantic, which makes definitions out of dicts."""
    caller = sys._getframe(1)
    while caller.f_back and caller.f_globals.get("__name__") in (__name__, BaseModel.__module__):
        caller = caller.f_back
    return f"{caller.f_code.co_filename}:{caller.f_lineno}"


class Entity(Definition):
    """What features are about: a carrier, a route. Its join keys are columns of sources and spines.

    >>> Entity(name="route", join_keys=["origin", "dest"]).join_keys
    ('origin', 'dest')
    """

    name: ObjectName
    join_keys: Listed[ColumnName]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.join_keys or repeated(self.join_keys):
            raise ValueError("join_keys: give one or more different columns (SQL does not tell case apart)")
        return self


class DataSource(Definition):
    """Rows with a time at which each became known.

    table | query:             one of them: a table's name, or a SELECT
    timestamp_field:           column with the time of the event; None for facts that hold at all times
    created_timestamp_column:  column with the time the row was written, if later than the event: a row counts
                               from then on, and breaks ties between rows of one event time
    """

    name: ObjectName
    table: TableName | None = None
    query: SourceQuery | None = None
    timestamp_field: ColumnName | None = None
    created_timestamp_column: ColumnName | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise ValueError("give either table or query")
        if self.created_timestamp_column and not self.timestamp_field:
            raise ValueError("created_timestamp_column needs a timestamp_field")
        return self


class Field(Definition):
    """A feature that is a column of the source, or an SQL expression over its columns."""

    name: ColumnName
    dtype: FeatureType
    expr: SqlExpression | None = None


class Aggregation(Definition):
    """Features that reduce the rows of trailing windows: one feature a window.

    column | expr:  what is reduced; neither: the rows themselves are counted
    function:       a name in AGGREGATIONS
    windows:        lengths such as "1h", "28d"; the window at time t holds rows with t - window < time <= t
    offset:         moves every window back by this length
    where:          only rows for which this SQL condition holds
    name:           features are named <name>_<window>; default <function>_<column>
    """

    function: Text
    windows: Listed[Window]
    column: ColumnName | None = None
    expr: SqlExpression | None = None
    offset: Duration | None = None
    where: SqlExpression | None = None
    name: Text = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.function not in AGGREGATIONS:
            raise UnknownNameError("aggregation function", self.function, AGGREGATIONS)
        if self.column is not None and self.expr is not None:
            raise ValueError("give column or expr, not both")
        if self.column is None and self.expr is None and self.reduction.needs_value:
            raise ValueError(f"{self.function} needs a column or an expr")
        if not self.name and self.expr is not None:
            raise ValueError("name: needed, since expr is not a plain column")
        if not self.windows or len(set(self.windows)) != len(self.windows):
            raise ValueError("windows: give one or more different lengths, e.g. ['7d', '28d']")
        for feature, _ in self.features():
            column_name(feature)
        return self

    @property
    def reduction(self) -> AggregationFunction:
        """The entry of AGGREGATIONS."""
        return AGGREGATIONS[self.function]

    def features(self) -> Iterator[tuple[str, dt.timedelta]]:
        """Name and window of each feature, in order."""
        stem = self.name or (f"{self.function}_{self.column}" if self.column else self.function)
        for window in self.windows:
            yield f"{stem}_{window}", parse_duration(window)

    def describe(self, window: str) -> str:
        """One sentence for the column's comment."""
        what = self.description or f"{self.function} of {self.column or self.expr or 'rows'}"
        return f"{what}, trailing {window}"


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a view and what it is there for: a key of _RENAMING."""

    name: str
    role: str
    definition: Definition

    def __str__(self) -> str:
        return f"{self.role} '{self.name}' ({self.definition.defined_at})"

    def renaming(self) -> str:
        return _RENAMING[self.role].format(expr=getattr(self.definition, "expr", None) or self.name)


# what a column is there for -> how it gets another name
_RENAMING = {
    "join key": "name the column otherwise in the spine and in the source",
    "field": "name the field otherwise, and what it shows in expr: Field(name='…', expr={expr!r}, …)",
    "aggregation": "begin its features' names otherwise: Aggregation(name='…', …)",
    "request column": "name the spine's column otherwise",
}


def repeated(names: Iterable[str]) -> bool:
    """Whether two names are one to SQL, which does not tell case apart."""
    folded = [name.lower() for name in names]
    return len(set(folded)) < len(folded)


def _require_free_names(columns: Iterable[_Column]) -> None:
    seen: dict[str, _Column] = {}
    for column in columns:
        if column.name.lower() == EVENT_TIMESTAMP or column.name.startswith("__"):
            raise ValueError(f"{column} has a name used inside: {column.renaming()}")
        first = seen.setdefault(column.name.lower(), column)
        if first is not column:
            raise ValueError(
                f"two columns have one name, as SQL does not tell case apart: {first} and {column}; "
                f"leave one out, or {column.renaming()}"
            )


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
        _require_free_names(self._columns())
        if not self.entities:
            raise ValueError("entities: give one or more")
        if not self.features:
            raise ValueError("give schema fields or aggregations")
        if self.source.timestamp_field is None and (self.aggregations or self.ttl):
            raise ValueError(f"source '{self.source.name}' has no timestamp_field: no windows and no ttl without one")
        if self.ttl and not self.schema_:
            raise ValueError("ttl applies to schema fields; windows end by themselves")
        return self

    def _columns(self) -> Iterator[_Column]:
        for entity in self.entities:
            yield from (_Column(key, "join key", entity) for key in entity.join_keys)
        yield from (_Column(field.name, "field", field) for field in self.schema_)
        for aggregation in self.aggregations:
            yield from (_Column(name, "aggregation", aggregation) for name, _ in aggregation.features())

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


class RequestSource(Definition):
    """Columns that the spine itself carries, known when a prediction is asked for."""

    name: ObjectName
    schema_: Listed[Field] = PydanticField(alias="schema")

    @model_validator(mode="after")
    def _check(self) -> Self:
        computed = [field.name for field in self.schema_ if field.expr]
        if computed:
            raise ValueError(f"{', '.join(computed)}: the spine carries these columns, so there is no expr to compute")
        if not self.schema_:
            raise ValueError("schema: give one or more fields")
        _require_free_names(_Column(field.name, "request column", field) for field in self.schema_)
        return self


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
