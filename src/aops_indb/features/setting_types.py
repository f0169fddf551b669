"""Settings of definitions: what each takes, what is said of anything else, and how it is written."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, KeysView, Mapping, Sequence, ValuesView
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ValidationError
from pydantic_core import PydanticKnownError

from aops_indb.errors import (
    AopsError,
    DefinitionError,
    UnknownNameError,
    explain_setting,
    setting_path,
    shown,
)
from aops_indb.features.types import LONGEST, TOO_LONG, DType, dtypes, parse_duration, parse_window, unknown_dtype
from aops_indb.sqlgen.parse import parse_select
from aops_indb.sqlgen.row_expressions import require_no_chance, require_row_expression, require_unchanging
from aops_indb.sqlgen.statements import parse_table

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
T = TypeVar("T")
# How many values a feature that is a list can hold.
MOST_KEPT = 1000

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
    "valid_from": 'valid_from="began_at"',
    "valid_to": 'valid_to="ended_at"',
    "freshness": 'freshness="2h"',
    "created_timestamp_column": 'created_timestamp_column="written_at"',
    "dtype": "dtype=DType.Float64",
    "expr": 'expr="arr_delay >= 15"',
    "function": 'function="mean"',
    "windows": 'windows=["7d", "28d"]',
    "column": 'column="arr_delay"',
    "offset": 'offset="1h"',
    "where": 'where="NOT cancelled"',
    "since": """since="status = 'opened'\"""",
    "n": "n=3",
    "q": "q=0.9",
    "half_life": 'half_life="7d"',
    "entities": "entities=[carrier], where carrier = Entity(…)",
    "source": "source=arrivals, where arrivals = DataSource(…)",
    "schema": 'schema=[Field(name="year_built", dtype=DType.Int32)]',
    "aggregations": 'aggregations=[Aggregation(function="mean", column="arr_delay", windows=["7d"])]',
    "materialization": 'materialization=Materialization(lookback="2d")',
    "lookback": 'lookback="2d"',
    "chunk": 'chunk="30d"',
    "ttl": 'ttl="30d"',
    "version": "version=2",
    "filter": 'filter="NOT cancelled"',
    "inputs": 'inputs=["plane_facts:year_built"]',
    "features": 'features=[carrier_delay, *route_delay[["late_7d"]], "plane_facts:year_built"]',
    "of": "of=carrier_delay, where carrier_delay = FeatureView(…)",
    "aliases": 'aliases=[carrier.alias("operator", join_keys=["operator"])], where carrier = Entity(…)',
    "prefix": 'prefix="operator_"',
    "service": "service=flight_features, where flight_features = FeatureService(…)",
    "spine": 'spine="SELECT * FROM raw.flights"',
    "keys": 'keys=["flight_id"]',
    "target": 'target="arr_delay >= 15"',
    "population": 'population="NOT cancelled"',
    "candidates": 'candidates={"logistic": lambda: LogisticRegression(C=0.5)}',
    "executor": 'executor="library"',
    "split_by": 'split_by="event_timestamp"',
    **{period: f'{period}=Split(start="2013-01-01", end="2013-10-01")' for period in ("train", "validation", "test")},
    "kind": 'kind="not_null"',
    "columns": 'columns=["origin", "dest"]',
    "minimum": "minimum=0",
    "maximum": "maximum=1440",
    "values": 'values=["EWR", "JFK", "LGA"]',
    "pattern": 'pattern="[A-Z]{3}"',
    "max_age": 'max_age="1d"',
    "max_change": "max_change=0.5",
    "condition": 'condition="arr_delay > -120"',
    "severity": 'severity="warn"',
    "blocks_scoring": "blocks_scoring=True",
    "keep": "keep=20",
    "on": "on=arrivals, where arrivals = DataSource(…)",
    "at": 'at="2013-01-08T12:00:00Z"',
    "given": 'given={"raw.flights": [{"carrier": "UA", "arr_delay": 20, "actual_arrival": "2013-01-08T10:00:00Z"}]}',
    "expect": 'expect=[{"carrier": "UA", "carrier_late_7d": 1.0}]',
    "types": 'types={"raw.flights": {"arr_delay": "DOUBLE"}}',
    "tolerance": "tolerance=1e-9",
    "checks": 'checks=[Check(kind="not_null", columns=["origin", "dest"])]',
    "start": 'start="2013-01-01"',
    "end": 'end="2013-10-01"',
}


# ── what is said ───────────────────────────────────────────────────────────────────────────────────────


def title(kind: type[BaseModel], given: Mapping[str, Any]) -> str:
    """A definition as messages call it: by its name, or by what was written in quotes."""
    name = given.get("name")
    if isinstance(name, (str, int)) and name:
        return f"{kind.__name__} {shown(name)}"
    told = [
        f"{setting}={shown(str(value))}"
        for setting, value in given.items()
        if isinstance(value, (str, dt.date)) and value and setting.isidentifier()
        if setting not in ("description", "owner")
    ]
    return f"{kind.__name__}({', '.join(told[:3])})".removesuffix("()")


def require_known_settings(kind: type[BaseModel], unnamed: Sequence[Any], given: Mapping[str, Any]) -> None:
    """UnknownNameError for a setting that the kind does not have, DefinitionError for one without its name."""
    # before pydantic looks: it would first miss the setting that is misspelt
    known = {field.alias or name: field for name, field in kind.model_fields.items()}
    for name in given:
        if name not in known:
            raise UnknownNameError("setting", name, known)
    if unnamed:
        needed = ", ".join(EXAMPLES[name].partition(", where")[0] for name, f in known.items() if f.is_required())
        raise DefinitionError(f"settings are given by their names: write e.g. {kind.__name__}({needed})")


def first_problem(error: ValidationError | DefinitionError | UnknownNameError) -> str:
    """What is wrong with a definition, in words for people."""
    match error:
        case ValidationError():
            problem = error.errors()[0]
            return explain_setting(problem, setting_path(problem["loc"]), examples=EXAMPLES)
        case DefinitionError():  # of a part that was given as a dict: its place is that of the whole
            return str(error).removeprefix(f"{error.where}: ")
        case _:
            return str(error)


def require_names(kind: type[BaseModel], given: object) -> object:
    """What a definition is given as a dict, if its keys are the names of settings."""
    if isinstance(given, dict) and not all(isinstance(key, str) for key in given):
        raise PydanticKnownError("model_type", {"class_name": kind.__name__})
    return given


# ── what is taken ──────────────────────────────────────────────────────────────────────────────────────


def text(value: object) -> str:
    """Text, and nothing that pydantic would make text of; it can be kept, sent and printed."""
    if not isinstance(value, str):
        raise PydanticKnownError("string_type")
    if "\0" in value:
        raise ValueError(f"{shown(value)} has a NUL character in it, and there must be no NUL: leave it out")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        half = value[error.start]
        raise ValueError(
            f"{shown(value)} has half a character in it, {half!r} (a lone surrogate): write the whole character"
        ) from error
    return str(value)


def _object_name(name: str) -> str:
    if not _NAME.fullmatch(name) or "__" in name:
        raise ValueError(
            f"{shown(name)} cannot be a name: use a letter, then up to 99 letters, digits and single underscores"
        )
    return name


def column_name(name: str) -> str:
    """The name, if a column can have it."""
    if not 0 < len(name) <= 200:
        raise ValueError(f"{shown(name)} cannot be a column name: 1 to 200 characters")
    return name


def _accepted_by(check: Callable[[str], object]) -> AfterValidator:
    """Text that a function takes without an error; pydantic adds the setting to a ValueError, and to no other."""

    def checked(text: str) -> str:
        try:
            check(text)
        except AopsError as error:
            raise ValueError(str(error)) from error
        except RecursionError as error:
            raise ValueError(f"{shown(text)} is nested too deeply") from error
        return text

    return AfterValidator(checked)


def _in_order(value: object) -> object:
    # pydantic would take whatever yields anything: a set, whose order changes from run to run, and frames and arrays
    if not isinstance(value, (Sequence, Iterator, KeysView, ValuesView)):
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


def _with_every_zone(moment: dt.datetime) -> dt.datetime:
    """The moment, if UTC has a name for it; OverflowError on the first and last day of the calendar elsewhere."""
    if moment.tzinfo is not None:
        moment.astimezone(dt.UTC)
    return moment


def _moment(value: object) -> dt.datetime:
    """A time from text in ISO 8601; a bare number, even in quotes, is none: pydantic would count it from 1970."""
    try:
        match value:
            case str():
                return _with_every_zone(dt.datetime.fromisoformat(value.strip()))
            case dt.datetime():
                return _with_every_zone(dt.datetime.fromisoformat(value.isoformat()))  # pandas' NaT is no such text
            case dt.date():
                return dt.datetime.combine(value, dt.time())
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"{shown(value)} is no time: write a day or a moment, e.g. '2013-10-01' or '2013-10-01T06:00:00Z'")


def _positive(value: dt.timedelta) -> dt.timedelta:
    if value <= dt.timedelta(0):
        raise ValueError(f"{value} must be longer than 0: a window must not reach into the future")
    if value % dt.timedelta(seconds=1):
        raise ValueError(f"{value} must be a whole number of seconds")
    if value > LONGEST:
        raise ValueError(f"{value} {TOO_LONG}")
    return value


def _count(value: object) -> object:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MOST_KEPT:
        raise ValueError(f"{shown(value)} is no such number: write a whole number from 1 to {MOST_KEPT}")
    return value


def _share(value: object) -> object:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= 1:
        raise ValueError(f"{shown(value)} is no share: write a number from 0 to 1, e.g. 0.9")
    return float(value)


Text = Annotated[str, BeforeValidator(text)]
ObjectName = Annotated[Text, AfterValidator(_object_name)]
ColumnName = Annotated[Text, AfterValidator(column_name)]
TableName = Annotated[Text, _accepted_by(parse_table)]
SqlExpression = Annotated[Text, _accepted_by(require_row_expression)]
SqlSelect = Annotated[Text, _accepted_by(parse_select)]
SourceQuery = Annotated[SqlSelect, _accepted_by(require_unchanging)]
CheckQuery = Annotated[SqlSelect, _accepted_by(require_no_chance)]
Window = Annotated[Text, _accepted_by(parse_window)]
Duration = Annotated[dt.timedelta, BeforeValidator(_duration), AfterValidator(_positive)]
Moment = Annotated[dt.datetime, BeforeValidator(_moment)]
Count = Annotated[int, BeforeValidator(_count)]
Share = Annotated[float, BeforeValidator(_share)]
FeatureType = Annotated[DType, BeforeValidator(_dtype)]
Listed = Annotated[tuple[T, ...], BeforeValidator(_in_order)]
