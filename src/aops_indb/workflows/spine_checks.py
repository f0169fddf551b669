"""What can be wrong with a spine, told before the join: missing columns, times that are text, zones that differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aops_indb.engines import Session
from aops_indb.errors import SpineError, UnknownNameError
from aops_indb.features.definitions import EVENT_TIMESTAMP, FeatureView
from aops_indb.features.spine import ROW, SPINE, Feature
from aops_indb.workflows.desired import source_types

# SQL type of event_timestamp -> whether it has a time zone
TIME_TYPES = {"TIMESTAMP WITH TIME ZONE": True, "TIMESTAMP": False}
_TEXT = "VARCHAR"


def check_spine(
    session: Session,
    columns: Mapping[str, str],
    features: Iterable[Feature],
    required: Mapping[str, str],
) -> None:
    """SpineError for a spine with these column types that cannot be joined to these features.

    required: columns it must carry, each with what needs it
    """
    _require_columns(columns, required)
    time_zone = _require_timestamp(columns[EVENT_TIMESTAMP])
    views = {f.origin.name: f.origin for f in features if isinstance(f.origin, FeatureView)}
    for view in views.values():
        types = source_types(view.source, session)
        _require_same_zone(view, types, time_zone)
        for key in view.join_keys:
            _require_same_kind(view, key, columns[key], types[_folded(types, key)])


def _require_columns(columns: Mapping[str, str], required: Mapping[str, str]) -> None:
    for column, needed_by in required.items():
        if column not in columns:
            cause = UnknownNameError("column of the spine", column, columns)
            raise SpineError(f"the spine has no column '{column}', which {needed_by} needs ({cause})")
    for reserved in (ROW, SPINE):
        if reserved in columns:
            raise SpineError(f"the spine has a column named '{reserved}', a name used inside: rename it")


def _require_timestamp(sql_type: str) -> bool:
    if sql_type == _TEXT:
        raise SpineError(
            f"{EVENT_TIMESTAMP} is text: convert it first, e.g. pd.to_datetime(…, utc=True) or "
            f"CAST({EVENT_TIMESTAMP} AS TIMESTAMPTZ)"
        )
    if sql_type not in TIME_TYPES:
        raise SpineError(f"{EVENT_TIMESTAMP} is {sql_type}: it must be TIMESTAMPTZ or TIMESTAMP (microseconds)")
    return TIME_TYPES[sql_type]


def _require_same_zone(view: FeatureView, types: Mapping[str, str], time_zone: bool) -> None:
    field = view.source.timestamp_field
    if field is None:
        return
    source_zone = TIME_TYPES[types[_folded(types, field)]]
    if source_zone == time_zone:
        return
    if source_zone:
        raise SpineError(
            f"{EVENT_TIMESTAMP} has no time zone, but the times of feature view '{view.name}' have: say which zone "
            "it is in, e.g. frame['event_timestamp'].dt.tz_localize('UTC')"
        )
    raise SpineError(
        f"{EVENT_TIMESTAMP} has a time zone, but the times of feature view '{view.name}' have none: bring both to "
        "one, e.g. frame['event_timestamp'].dt.tz_localize(None)"
    )


def _require_same_kind(view: FeatureView, key: str, spine_type: str, source_type: str) -> None:
    if (spine_type == _TEXT) != (source_type == _TEXT) and _NULL_TYPE not in (spine_type, source_type):
        raise SpineError(
            f"join key '{key}' is {spine_type} in the spine and {source_type} in feature view '{view.name}': "
            "cast one of them"
        )


# What DuckDB calls the type of a column that holds nothing but NULL.
_NULL_TYPE = '"NULL"'


def _folded(types: Mapping[str, str], name: str) -> str:
    """The column's own spelling: SQL does not tell case apart."""
    return next(column for column in types if column.lower() == name.lower())
