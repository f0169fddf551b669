"""Types of PostgreSQL by the names that the rest of the project knows them by, which are DuckDB's; and in Arrow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aops_indb.errors import SpineError

if TYPE_CHECKING:
    import pyarrow as pa

# A type as PostgreSQL writes it, without length or precision -> as it is known here.
_NAMES: Mapping[str, str] = {
    "boolean": "BOOLEAN",
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "real": "FLOAT",
    "double precision": "DOUBLE",
    "numeric": "DECIMAL",
    **dict.fromkeys(("text", "character varying", "character", "name", '"char"'), "VARCHAR"),
    "date": "DATE",
    "time without time zone": "TIME",
    "timestamp without time zone": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMP WITH TIME ZONE",
    "interval": "INTERVAL",
    "bytea": "BLOB",
    "uuid": "UUID",
    **dict.fromkeys(("json", "jsonb"), "JSON"),
}
_PARTS = re.compile(r"(?P<name>[^(\[]*[^(\[ ])(?P<size>\(.*?\))?(?P<rest>[^\[]*)(?P<lists>(\[\])*)")


def known_type(written: str) -> str:
    """A type as PostgreSQL writes it, by the name it is known by here; one that has none stays as it is.

    >>> [known_type(t) for t in ("numeric(9,2)", "timestamp(3) with time zone", "character varying(20)[]", "mood")]
    ['DECIMAL(9,2)', 'TIMESTAMP WITH TIME ZONE', 'VARCHAR[]', 'mood']
    """
    parts = _PARTS.fullmatch(written)
    name = _NAMES.get(parts["name"] + parts["rest"]) if parts else None
    if parts is None or name is None:
        return written
    size = parts["size"] if name == "DECIMAL" and parts["size"] else ""
    return f"{name}{size}{parts['lists']}"


def stored_as(sql_type: str) -> str:
    """A type of times as PostgreSQL writes it.

    >>> stored_as("TIMESTAMPTZ")
    'timestamp with time zone'
    """
    return {"TIMESTAMPTZ": "timestamp with time zone", "TIMESTAMP": "timestamp without time zone"}[sql_type]


def arrow_of(names: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Rows as an Arrow table; types: as they are known here."""
    import pyarrow as pa

    values: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    columns = [_column(each, kind) for each, kind in zip(values, types, strict=True)]
    return pa.Table.from_arrays(columns, names=list(names))


def _column(values: Sequence[Any], sql_type: str) -> pa.ChunkedArray:
    import pyarrow as pa

    if sql_type == "DECIMAL" and any(value is not None for value in values):
        # of no precision of its own: that of its values
        return pa.chunked_array([pa.array(values)])
    if sql_type in ("JSON", "UUID"):
        values = [None if value is None else str(value) for value in values]
    return pa.chunked_array([pa.array(values, type=_arrow_type(sql_type))])


def _arrow_type(sql_type: str) -> pa.DataType | None:
    """The Arrow type of a type; None of one that has none of its own, whose values are looked at."""
    import pyarrow as pa

    if sql_type.endswith("[]"):
        inner = _arrow_type(sql_type[:-2])
        return inner and pa.list_(inner)
    if sql_type.startswith("DECIMAL("):
        precision, _, scale = sql_type[8:-1].partition(",")
        return pa.decimal128(int(precision), int(scale or 0)) if int(precision) <= 38 else None
    plain = {
        "BOOLEAN": pa.bool_(),
        "SMALLINT": pa.int16(),
        "INTEGER": pa.int32(),
        "BIGINT": pa.int64(),
        "FLOAT": pa.float32(),
        "DOUBLE": pa.float64(),
        "DECIMAL": pa.decimal128(38, 0),
        "DATE": pa.date32(),
        "TIME": pa.time64("us"),
        "TIMESTAMP": pa.timestamp("us"),
        "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
        "BLOB": pa.binary(),
        **dict.fromkeys(("VARCHAR", "JSON", "UUID"), pa.string()),
    }
    return plain.get(sql_type)


def sql_type_of(name: str, kind: pa.DataType) -> str:
    """The type, as it is known here, that a column of Arrow's is stored as; SpineError for one that has none."""
    import pyarrow as pa

    t = pa.types
    if t.is_dictionary(kind):
        kind = kind.value_type
    tests = {
        "BOOLEAN": t.is_boolean(kind),
        "SMALLINT": t.is_int8(kind) or t.is_uint8(kind) or t.is_int16(kind),
        "INTEGER": t.is_uint16(kind) or t.is_int32(kind),
        "BIGINT": t.is_uint32(kind) or t.is_int64(kind),
        "DECIMAL(20, 0)": t.is_uint64(kind),
        "FLOAT": t.is_float16(kind) or t.is_float32(kind),
        "DOUBLE": t.is_float64(kind),
        "VARCHAR": t.is_string(kind) or t.is_large_string(kind) or t.is_string_view(kind) or t.is_null(kind),
        "DATE": t.is_date(kind),
        "TIME": t.is_time(kind),
        "TIMESTAMP": t.is_timestamp(kind) and kind.tz is None,
        "TIMESTAMPTZ": t.is_timestamp(kind) and kind.tz is not None,
        "BLOB": t.is_binary(kind) or t.is_large_binary(kind),
    }
    if t.is_decimal(kind):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    found = next((sql_type for sql_type, holds in tests.items() if holds), None)
    if found is None:
        raise SpineError(
            f"column '{name}' is {kind}, which PostgreSQL does not take from Python: make numbers, text or times of it"
        )
    return found
