"""What people write as definitions: entities, sources, feature views, services.

Names follow Feast and Tecton. Everything is given by keyword, checked when it is written, and frozen. A
mistake raises DefinitionError with the file and line of the call.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PrivateAttr,
    ValidationError,
    model_validator,
)
from pydantic import Field as PydanticField

from aops_indb.errors import DefinitionError, UnknownNameError
from aops_indb.features.aggregations import AGGREGATIONS, AggregationFunction
from aops_indb.features.types import DType, parse_duration
from aops_indb.sqlgen.parse import columns_of, parse_expression, parse_select, require_row_expression
from aops_indb.sqlgen.statements import parse_table

EVENT_TIMESTAMP = "event_timestamp"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")


def _object_name(name: str) -> str:
    if not _NAME.fullmatch(name) or "__" in name:
        raise ValueError(
            f"{name!r} cannot be a name: use a letter, then up to 99 letters, digits and single underscores"
        )
    return name


def _column_name(name: str) -> str:
    if not name or "\0" in name or len(name) > 200:
        raise ValueError(f"{name!r} cannot be a column name: 1 to 200 characters, no NUL")
    return name


def _table_name(name: str) -> str:
    parse_table(name)
    return name


def _sql_select(sql: str) -> str:
    parse_select(sql)
    return sql


def _duration(value: object) -> object:
    if isinstance(value, str):
        return parse_duration(value)
    if not isinstance(value, dt.timedelta):
        raise ValueError(f"{value!r} is no length of time: write it with its unit, e.g. '30d' or '2h'")
    return value


def _positive(value: dt.timedelta) -> dt.timedelta:
    if value <= dt.timedelta(0):
        raise ValueError(f"{value} must be longer than 0: a window must not reach into the future")
    if value % dt.timedelta(seconds=1):
        raise ValueError(f"{value} must be a whole number of seconds")
    return value


ObjectName = Annotated[str, AfterValidator(_object_name)]
ColumnName = Annotated[str, AfterValidator(_column_name)]
TableName = Annotated[str, AfterValidator(_table_name)]
SqlExpression = Annotated[str, AfterValidator(require_row_expression)]
SqlSelect = Annotated[str, AfterValidator(_sql_select)]
Duration = Annotated[dt.timedelta, BeforeValidator(_duration), AfterValidator(_positive)]


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

    description: str = ""
    tags: dict[str, str] = {}
    owner: str = ""

    def __init__(self, **fields: Any) -> None:
        caller = sys._getframe(1)
        where = f"{caller.f_code.co_filename}:{caller.f_lineno}"
        try:
            super().__init__(**fields)
        except (ValidationError, DefinitionError, UnknownNameError) as error:
            title = f"{type(self).__name__} {fields.get('name', '')!r}"
            raise DefinitionError(f"{title}: {_first_problem(error)}", where=where) from error
        self._defined_at = where

    @property
    def defined_at(self) -> str | None:
        """file:line of the definition."""
        return self._defined_at


def _first_problem(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    problem = error.errors()[0]
    message = problem["msg"].removeprefix("Value error, ")
    place = ".".join(str(part) for part in problem["loc"])
    return f"{place}: {message}" if place else message


class Entity(Definition):
    """What features are about: a carrier, a route. Its join keys are columns of sources and spines.

    >>> Entity(name="route", join_keys=["origin", "dest"]).join_keys
    ('origin', 'dest')
    """

    name: ObjectName
    join_keys: tuple[ColumnName, ...]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.join_keys or len(set(self.join_keys)) != len(self.join_keys):
            raise ValueError("join_keys: give one or more different columns")
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
    query: SqlSelect | None = None
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
    dtype: DType
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

    function: str
    windows: tuple[str, ...]
    column: ColumnName | None = None
    expr: SqlExpression | None = None
    offset: Duration | None = None
    where: SqlExpression | None = None
    name: str = ""

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
        for window in self.windows:
            parse_duration(window)
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


class FeatureView(Definition):
    """Features of one entity from one source.

    schema:        columns of the newest row known at the time asked for
    aggregations:  reductions over trailing windows of rows
    ttl:           a row older than this no longer counts for schema: its features are NULL
    filter:        SQL condition on the source's rows

    Rows with a NULL join key or a NULL time belong to no entity and are left out.
    """

    name: ObjectName
    entities: tuple[Entity, ...]
    source: DataSource
    schema_: tuple[Field, ...] = PydanticField(default=(), alias="schema")
    aggregations: tuple[Aggregation, ...] = ()
    ttl: Duration | None = None
    filter: SqlExpression | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [feature.name for feature in self.features] + list(self.join_keys)
        reserved = [name for name in names if name.lower() == EVENT_TIMESTAMP or name.startswith("__")]
        if reserved:
            raise ValueError(f"column name used inside: {', '.join(reserved)}; give it another name")
        twice = sorted({name for name in names if [n.lower() for n in names].count(name.lower()) > 1})
        if twice:
            raise ValueError(f"column name used twice: {', '.join(twice)} (SQL does not tell case apart)")
        if not self.entities:
            raise ValueError("entities: give one or more")
        if not self.features:
            raise ValueError("give schema fields or aggregations")
        if self.source.timestamp_field is None and (self.aggregations or self.ttl):
            raise ValueError(f"source '{self.source.name}' has no timestamp_field: no windows and no ttl without one")
        if self.ttl and not self.schema_:
            raise ValueError("ttl applies to schema fields; windows end by themselves")
        return self

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
        known = [feature.name for feature in self.features]
        for name in names:
            if name not in known:
                raise UnknownNameError(f"feature of view '{self.name}'", name, known)
        return [f"{self.name}:{name}" for name in names]


class RequestSource(Definition):
    """Columns that the spine itself carries, known when a prediction is asked for."""

    name: ObjectName
    schema_: tuple[Field, ...] = PydanticField(alias="schema")

    @model_validator(mode="after")
    def _check(self) -> Self:
        computed = [field.name for field in self.schema_ if field.expr]
        if computed:
            raise ValueError(f"{', '.join(computed)}: the spine carries these columns, so there is no expr to compute")
        return self


class OnDemandFeature(Definition):
    """An SQL expression over features, request columns and event_timestamp, computed when asked for.

    inputs: references such as "plane_facts:year_built" or "flight_request:distance"; expr uses the names
    after the colon.
    """

    name: ObjectName
    dtype: DType
    expr: SqlExpression
    inputs: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [reference.partition(":")[2] for reference in self.inputs]
        if "" in names:
            raise ValueError("inputs: write each as 'view:feature'")
        unknown = columns_of(parse_expression(self.expr)) - set(names) - {EVENT_TIMESTAMP}
        if unknown:
            raise ValueError(f"expr uses {', '.join(sorted(unknown))}, which inputs do not list")
        if len(set(names)) != len(names):
            raise ValueError("inputs: two of them have the same name after the colon")
        return self


class FeatureService(Definition):
    """A named list of features that a model binds to.

    features: feature views (all their features), on-demand features, and references "view:feature".
    """

    name: ObjectName
    features: tuple[FeatureView | OnDemandFeature | str, ...]

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
