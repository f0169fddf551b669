"""Where rows come from: the warehouse, or the request."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field as PydanticField
from pydantic import model_validator

from aops_indb.features.definitions.base import Definition
from aops_indb.features.definitions.check import Check, require_distinct_checks
from aops_indb.features.definitions.column_names import ViewColumn, repeated, require_free_names
from aops_indb.features.setting_types import (
    ColumnName,
    Duration,
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
    valid_from, valid_to:      columns with the times from which and until which (excluded) a row holds; NULL: still. Of
                               rows of one key that hold at one time the one that began last counts; where none does,
                               schema features are NULL. valid_from alone is the same as timestamp_field
    timestamp_field:           column with the time of the event; None for facts that hold at all times
    created_timestamp_column:  column with the time the row was written, if later than the event: a row counts
                               from then on, and breaks ties between rows of one event time
    freshness:                 how old the newest row may be before `aops check` says that rows are missing
    """

    name: ObjectName
    table: TableName | None = None
    query: SourceQuery | None = None
    # before timestamp_field, which is taken from it: what is wrong with it is said of it
    valid_from: ColumnName | None = None
    valid_to: ColumnName | None = None
    timestamp_field: ColumnName | None = None
    created_timestamp_column: ColumnName | None = None
    checks: Listed[Check] = ()
    freshness: Duration | None = None

    @model_validator(mode="before")
    @classmethod
    def _take_time(cls, given: Any) -> Any:
        """A row becomes known when it begins to hold."""
        if isinstance(given, dict) and given.get("timestamp_field") is None and given.get("valid_from") is not None:
            return {**given, "timestamp_field": given["valid_from"]}
        return given

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise ValueError("give either table or query")
        if self.created_timestamp_column and not self.timestamp_field:
            raise ValueError("created_timestamp_column needs a timestamp_field")
        require_distinct_checks(self.checks)
        if self.freshness and not self.timestamp_field:
            raise ValueError("freshness needs a timestamp_field: without one nobody knows how old a row is")
        self._check_validity()
        return self

    def _check_validity(self) -> None:
        if self.valid_to and not self.valid_from:
            raise ValueError("valid_to needs a valid_from: the column with the time from which a row holds")
        if self.valid_from and self.timestamp_field != self.valid_from:
            raise ValueError("give timestamp_field or valid_from, not both: a row becomes known when it begins to hold")
        if self.valid_to and repeated([self.valid_to, self.valid_from or ""]):
            raise ValueError("valid_from and valid_to must be two columns (SQL does not tell case apart)")
        if self.valid_to and self.created_timestamp_column:
            raise ValueError(
                "created_timestamp_column does not go with valid_to: nobody knows when an end was written; leave "
                "valid_to out, and a row holds until the next that is known"
            )


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
