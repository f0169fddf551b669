"""Types of the settings of definitions: what each takes, what it says of anything else, and how it is written."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Set
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator
from pydantic_core import PydanticKnownError

from aops_indb.errors import AopsError, shown
from aops_indb.features.types import DType, dtypes, parse_duration, unknown_dtype
from aops_indb.sqlgen.parse import parse_select, require_row_expression
from aops_indb.sqlgen.statements import parse_table

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
T = TypeVar("T")

# setting, of whichever kind of definition -> how it is written
EXAMPLES = {
    "name": 'name="carrier_delay"',
    "description": 'description="Arrival delay of the carrier"',
    "tags": 'tags={"team": "operations"}',
    "owner": 'owner="flight-operations"',
    "join_keys": 'join_keys=["origin", "dest"]',
    "table": 'table="raw.flights"',
    "query": 'query="SELECT * FROM raw.flights"',
    "timestamp_field": 'timestamp_field="actual_arrival"',
    "created_timestamp_column": 'created_timestamp_column="written_at"',
    "dtype": "dtype=DType.Float64",
    "expr": 'expr="arr_delay >= 15"',
    "function": 'function="mean"',
    "windows": 'windows=["7d", "28d"]',
    "column": 'column="arr_delay"',
    "offset": 'offset="1h"',
    "where": 'where="NOT cancelled"',
    "entities": "entities=[carrier], where carrier = Entity(…)",
    "source": "source=arrivals, where arrivals = DataSource(…)",
    "schema": 'schema=[Field(name="year_built", dtype=DType.Int32)]',
    "aggregations": 'aggregations=[Aggregation(function="mean", column="arr_delay", windows=["7d"])]',
    "ttl": 'ttl="30d"',
    "filter": 'filter="NOT cancelled"',
    "inputs": 'inputs=["plane_facts:year_built"]',
    "features": 'features=[carrier_delay, *route_delay[["late_7d"]], "plane_facts:year_built"]',
    "service": "service=flight_features, where flight_features = FeatureService(…)",
    "spine": 'spine="SELECT * FROM raw.flights"',
    "keys": 'keys=["flight_id"]',
    "target": 'target="arr_delay >= 15"',
    "population": 'population="NOT cancelled"',
    "candidates": 'candidates={"logistic": lambda: LogisticRegression(C=0.5)}',
    "split_by": 'split_by="event_timestamp"',
    **{period: f'{period}=Split(start="2013-01-01", end="2013-10-01")' for period in ("train", "validation", "test")},
    "start": 'start="2013-01-01"',
    "end": 'end="2013-10-01"',
}


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


def _accepted_by(check: Callable[[str], object]) -> AfterValidator:
    """Text that a function takes without an error; pydantic adds the setting to a ValueError, and to no other."""

    def checked(text: str) -> str:
        try:
            check(text)
        except AopsError as error:
            raise ValueError(str(error)) from error
        return text

    return AfterValidator(checked)


def _in_order(value: object) -> object:
    # pydantic would take a set, whose order changes from run to run, and a definition, which yields its settings
    if isinstance(value, (Set, BaseModel)):
        raise PydanticKnownError("tuple_type")
    return value


def _dtype(value: object) -> object:
    if isinstance(value, str) and value not in list(DType):
        raise ValueError(unknown_dtype(value))
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is no DType: write one of {dtypes(DType)}")
    return value


def _duration(value: object) -> object:
    if isinstance(value, str):
        return parse_duration(value)
    if not isinstance(value, dt.timedelta):
        raise ValueError(f"{shown(value)} is no length of time: write it with its unit, e.g. '30d' or '2h'")
    return value


def _moment(value: object) -> dt.datetime:
    """A time from text in ISO 8601; a bare number, even in quotes, is none: pydantic would count it from 1970."""
    try:
        match value:
            case str():
                return dt.datetime.fromisoformat(value.strip())
            case dt.datetime():
                return value
            case dt.date():
                return dt.datetime.combine(value, dt.time())
    except ValueError:
        pass
    raise ValueError(f"{shown(value)} is no time: write a day or a moment, e.g. '2013-10-01' or '2013-10-01T06:00:00Z'")


def _positive(value: dt.timedelta) -> dt.timedelta:
    if value <= dt.timedelta(0):
        raise ValueError(f"{value} must be longer than 0: a window must not reach into the future")
    if value % dt.timedelta(seconds=1):
        raise ValueError(f"{value} must be a whole number of seconds")
    return value


ObjectName = Annotated[str, AfterValidator(_object_name)]
ColumnName = Annotated[str, AfterValidator(_column_name)]
TableName = Annotated[str, _accepted_by(parse_table)]
SqlExpression = Annotated[str, _accepted_by(require_row_expression)]
SqlSelect = Annotated[str, _accepted_by(parse_select)]
Window = Annotated[str, _accepted_by(parse_duration)]
Duration = Annotated[dt.timedelta, BeforeValidator(_duration), AfterValidator(_positive)]
Moment = Annotated[dt.datetime, BeforeValidator(_moment)]
FeatureType = Annotated[DType, BeforeValidator(_dtype)]
Listed = Annotated[tuple[T, ...], BeforeValidator(_in_order)]
