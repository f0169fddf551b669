"""What can be wrong with a spine, told before the join: missing columns, times that are text, zones that differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aops_indb.engines import Session
from aops_indb.errors import SpineError, UnknownNameError
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.definitions import EVENT_TIMESTAMP, FeatureView, RequestSource
from aops_indb.features.spine import ROW, SPINE, Feature, required_columns, spine_keys, with_inputs
from aops_indb.workflows.desired import source_types

# SQL type of event_timestamp -> whether it has a time zone
TIME_TYPES = {"TIMESTAMP WITH TIME ZONE": True, "TIMESTAMP": False}
_TEXT = "VARCHAR"
# Beginnings of SQL types -> kind; values of different kinds are not compared.
_KINDS = {
    "BOOLEAN": "boolean",
    **dict.fromkeys(("VARCHAR", "ENUM"), "text"),
    **dict.fromkeys(("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"), "moment"),
    **{name: name.lower() for name in ("TIMESTAMP", "DATE", "TIME")},
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "BIGNUM", "FLOAT", "DOUBLE"), "number"),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "DECIMAL"), "number"),
}
# Types whose numbers do not tell every whole number from the next.
_FLOATING = ("FLOAT", "DOUBLE")
# What DuckDB calls the type of a column that holds nothing but NULL.
_NULL_TYPE = '"NULL"'


def check_spine(
    session: Session, definitions: DefinitionSet, columns: Mapping[str, str], features: Iterable[Feature]
) -> None:
    """SpineError for a spine with these column types that cannot be joined to these features."""
    everything = with_inputs(definitions, features)
    _require_columns(columns, required_columns(definitions, everything))
    time_zone = _require_timestamp(columns[EVENT_TIMESTAMP])
    for view in {f.origin.name: f.origin for f in everything if isinstance(f.origin, FeatureView)}.values():
        types = source_types(view.source, session)
        _require_same_zone(view, types, time_zone)
        for key, own in spine_keys(view).items():
            in_view = (types[_folded(types, key)], f"feature view '{view.name}'")
            _require_same_kind(f"join key '{own}'", columns[own], *in_view)
            _require_same_keys(own, columns[own], *in_view)
    for feature in everything:
        if isinstance(feature.origin, RequestSource):
            dtype = next(field.dtype.value for field in feature.origin.schema_ if field.name == feature.name)
            in_source = (dtype, f"request source '{feature.origin.name}'")
            _require_same_kind(f"column '{feature.name}'", columns[feature.name], *in_source)
            _require_whole(feature.name, columns[feature.name], *in_source)


def _require_columns(columns: Mapping[str, str], required: Mapping[str, str]) -> None:
    for column, needed_by in required.items():
        if column not in columns:
            cause = UnknownNameError("column of the spine", column, columns)
            raise SpineError(f"the spine has no column '{column}', which {needed_by} needs ({cause})")
    folded = {column.lower() for column in columns}
    for reserved in (ROW, SPINE):
        if reserved in folded:
            raise SpineError(f"the spine has a column named '{reserved}', a name used inside: rename it")


def _require_timestamp(sql_type: str) -> bool:
    if sql_type not in TIME_TYPES:
        what = "text" if sql_type == _TEXT else "nothing but NULL" if sql_type == _NULL_TYPE else sql_type
        raise SpineError(
            f"{EVENT_TIMESTAMP} is {what}, and must be TIMESTAMPTZ or TIMESTAMP, in microseconds: convert it first, "
            f"e.g. pd.to_datetime(…, utc=True).dt.as_unit('us') or CAST({EVENT_TIMESTAMP} AS TIMESTAMPTZ)"
        )
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


def _require_same_kind(what: str, spine_type: str, wanted_type: str, where: str) -> None:
    if _NULL_TYPE not in (spine_type, wanted_type) and _kind(spine_type) != _kind(wanted_type):
        raise SpineError(f"{what} is {spine_type} in the spine and {wanted_type} in {where}: cast one of them")


def _require_same_keys(key: str, spine_type: str, wanted_type: str, where: str) -> None:
    """Compared with a floating-point number, two large whole numbers may become one, and their rows with them."""
    if _NULL_TYPE not in (spine_type, wanted_type) and (spine_type in _FLOATING) != (wanted_type in _FLOATING):
        raise SpineError(
            f"join key '{key}' is {spine_type} in the spine and {wanted_type} in {where}: cast one of them, e.g. "
            f"frame['{key}'].astype('Int64')"
        )


def _require_whole(column: str, spine_type: str, wanted_type: str, where: str) -> None:
    """A number with a fraction would be rounded where a whole number is declared."""
    if spine_type.startswith(("FLOAT", "DOUBLE", "DECIMAL")) and wanted_type.endswith(("INT", "INTEGER")):
        raise SpineError(f"column '{column}' is {spine_type} in the spine and {wanted_type} in {where}: cast it")


def _kind(sql_type: str) -> str:
    """The kind of a type; a type that stands alone is a kind of its own."""
    whole = not sql_type.endswith("]")
    return next((kind for start, kind in _KINDS.items() if whole and sql_type.startswith(start)), sql_type)


def _folded(types: Mapping[str, str], name: str) -> str:
    """The column's own spelling: SQL does not tell case apart."""
    return next(column for column in types if column.lower() == name.lower())
