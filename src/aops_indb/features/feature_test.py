"""What people write to test features: rows of tables given, and what features of some keys must be at a time."""

from __future__ import annotations

from typing import Annotated, Any, Self, TypeAlias

from pydantic import BeforeValidator, model_validator
from pydantic import Field as PydanticField
from pydantic_core import PydanticKnownError

from aops_indb.errors import shown
from aops_indb.features.definitions import EVENT_TIMESTAMP, Definition
from aops_indb.features.setting_types import Listed, Moment, TableName, Text

Row: TypeAlias = dict[Text, Any]


def _references(value: object) -> object:
    """What may be expected, by name: a view or service may be given itself."""
    listed = [value] if isinstance(value, str | Definition) else value
    if not isinstance(listed, list | tuple):
        return listed
    return [getattr(item, "name", item) for item in listed]


def _tolerance(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise ValueError(f"{shown(value)} is no tolerance: write a number from 0, e.g. 1e-9")
    return value


def _rows(value: object) -> object:
    # what an empty list of YAML becomes
    if value is None:
        return []
    if not isinstance(value, list | tuple) or not all(isinstance(row, dict) for row in value):
        raise PydanticKnownError("tuple_type")
    return value


Rows = Annotated[tuple[Row, ...], BeforeValidator(_rows)]


class FeatureTest(Definition):
    """Rows of tables, and what features must be of them, row by row.

    features:  a feature view, a service, references "view:feature", on-demand features: what may be expected
    at:        the time at which features are asked for, unless a row of expect has an event_timestamp; UTC if it
               names no zone
    given:     table -> its rows; columns that no row has are NULL if the warehouse knows the table
    expect:    rows of join keys and request columns, and of what features must be; those not named are not looked at
    types:     table -> column -> SQL type, where neither the warehouse nor the rows say it
    tolerance: how far a float may be off; by default not at all

    >>> FeatureTest(name="none", features="carrier_delay", at="2013-01-02",
    ...             given={"raw.flights": []}, expect=[{"carrier": "UA", "carrier_late_7d": None}]).at.year
    2013
    """

    name: Text
    features: Annotated[Listed[Text], BeforeValidator(_references)]
    at: Moment | None = None
    given: dict[TableName, Rows]
    expect: Rows
    types: dict[TableName, dict[Text, Text]] = PydanticField(default={})
    tolerance: Annotated[float, BeforeValidator(_tolerance)] = 0.0

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.name.strip():
            raise ValueError("name: give one, that says what is tested")
        if not self.expect:
            raise ValueError("expect: give one or more rows")
        columns = [tuple(row) for row in self.expect]
        odd = next((row for row in columns if set(row) != set(columns[0])), None)
        if odd is not None:
            differing = ", ".join(sorted(set(odd) ^ set(columns[0])))
            raise ValueError(f"expect: every row must have the same columns; {differing} is not in each (write null)")
        if self.at is None and EVENT_TIMESTAMP not in columns[0]:
            raise ValueError("at: needed, since the rows of expect have no event_timestamp")
        return self
