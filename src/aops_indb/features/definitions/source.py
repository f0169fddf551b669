"""Where rows come from: the warehouse, or the request."""

from __future__ import annotations

from typing import Self

from pydantic import Field as PydanticField
from pydantic import model_validator

from aops_indb.features.definitions.base import Definition
from aops_indb.features.definitions.column_names import ViewColumn, require_free_names
from aops_indb.features.setting_types import (
    ColumnName,
    FeatureType,
    Listed,
    ObjectName,
    SourceQuery,
    SqlExpression,
    TableName,
)


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
        require_free_names(ViewColumn(field.name, "request column", field) for field in self.schema_)
        return self
