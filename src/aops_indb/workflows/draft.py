"""A first draft of definitions for a table, guessed from its columns: Python that loads, to be read and corrected."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import count

from aops_indb.errors import DefinitionError
from aops_indb.features.definitions import EVENT_TIMESTAMP, Aggregation, DataSource
from aops_indb.features.types import DType
from aops_indb.workflows.dataset import is_table_name

# Names of columns that speak for a role, from the strongest.
_TIME_NAMES = ("event", "occurred", "_at", "timestamp", "time", "date")
_WRITTEN_NAMES = ("created", "written", "loaded", "inserted", "ingested", "updated")
_KEY_NAMES = re.compile(r"(^|_)(id|key|code|no|num|nr|uuid)$|id$", re.IGNORECASE)
WINDOWS = ["7d", "28d"]
_TIME_TYPES = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP")
# SQL type -> the feature type it is read as
_DTYPES = {
    "BOOLEAN": DType.Bool, "VARCHAR": DType.String, "DATE": DType.Date, "FLOAT": DType.Float32,
    "DOUBLE": DType.Float64, "DECIMAL": DType.Float64, "HUGEINT": DType.Float64,
    "TIMESTAMP WITH TIME ZONE": DType.UnixTimestamp,
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT"), DType.Int32),
    **dict.fromkeys(("BIGINT", "UINTEGER"), DType.Int64),
}  # fmt: skip
_NUMBERS = (DType.Int32, DType.Int64, DType.Float32, DType.Float64)
# Features of each sort at most: a draft is to be read.
_MOST = 8
# Texts of more different values than this tell rows apart rather than say something of them.
_MOST_CATEGORIES = 50


@dataclass(frozen=True, slots=True)
class ColumnKind:
    """A column: name, SQL type, how many values it has, and about how many differ."""

    name: str
    type: str
    values: int
    distinct: int

    @property
    def dtype(self) -> DType | None:
        """The feature type it is read as; None if there is none."""
        return _DTYPES.get(self.type.partition("(")[0])


def draft_of(relation: str, rows: int, columns: Sequence[ColumnKind], taken: Collection[str] = ()) -> str:
    """A file of definitions: source, entity and feature view. Comments if nothing can be made of the columns.

    taken: names of definitions that there are
    """
    # of a table without rows the types alone are known
    filled = [column for column in columns if column.values or not rows]
    timestamp = _timestamp(rows, filled)
    key = _key(rows, [c for c in filled if c.name != timestamp], repeats=timestamp is not None)
    if key is None:
        what = "text or a whole number" + (", and not NULL throughout" if rows else "")
        return f"# no column of {_one_line(relation)} can be a join key: none is {what}\n"
    stem = _free(_stem(relation), taken, "{}_rows", "{}_features")
    source = _source(relation, f"{stem}_rows", timestamp, _written(columns, timestamp))
    try:
        DataSource(name="draft", **source[1])
    except DefinitionError as error:
        return f"# no source can be made of it: {_one_line(str(error).removeprefix(f'{error.where}: '))}\n"
    used = {name.lower() for name in (timestamp, key.name, source[1].get("created_timestamp_column")) if name}
    free = [c for c in columns if c.name.lower() not in used and _is_free(c.name)]
    parts = _features(free, key.name, windows=timestamp is not None)
    if not any(parts.values()):
        return f"# no column of {_one_line(relation)} beside its key and times can be a feature\n"
    return _file(stem, _free(_entity(key), taken), source[0], key, parts)


def _free(name: str, taken: Collection[str], *made: str) -> str:
    """The name, or with a number, so that nothing made of it has the name of a definition."""
    folded = {each.lower() for each in taken}
    for number in count(1):
        tried = name if number == 1 else f"{name}_{number}"
        if not {form.format(tried) for form in made or ("{}",)} & folded:
            return tried
    raise RuntimeError("unreachable: numbers do not end")


def _is_free(name: str) -> bool:
    """Whether a feature can have the column's name."""
    return name.lower() != EVENT_TIMESTAMP and not name.startswith("__") and len(name) <= 150


# ── guesses ────────────────────────────────────────────────────────────────────────────────────────────


def _timestamp(rows: int, columns: Iterable[ColumnKind]) -> str | None:
    """The column of times that is most likely the event's: by its name, then by how few are NULL."""
    times = [c for c in columns if c.type in _TIME_TYPES]
    found = [c for c in times if not _says(c.name, _WRITTEN_NAMES)] or times

    def rank(column: ColumnKind) -> tuple[bool, int, int]:
        name = column.name.lower()
        strength = next((i for i, part in enumerate(_TIME_NAMES) if part in name), len(_TIME_NAMES))
        return column.values < 0.9 * rows, strength, -column.values

    return min(found, key=rank).name if found else None


def _written(columns: Iterable[ColumnKind], timestamp: str | None) -> str | None:
    types = {c.name: c.type for c in columns}
    same = [n for n, sql_type in types.items() if timestamp and n != timestamp and sql_type == types[timestamp]]
    return next((name for name in same if _says(name, _WRITTEN_NAMES)), None)


def _says(name: str, parts: Iterable[str]) -> bool:
    return any(part in name.lower() for part in parts)


def _key(rows: int, columns: Sequence[ColumnKind], *, repeats: bool) -> ColumnKind | None:
    """The column that most likely says whom a row is about.

    repeats: rows are events, several of one entity; otherwise a row is the entity
    """
    able = [c for c in columns if c.dtype in (DType.Int32, DType.Int64, DType.String) and _is_free(c.name)]

    def rank(column: ColumnKind) -> tuple[bool, bool, bool, int]:
        once = column.distinct > 0.8 * rows
        return (
            once != repeats,
            _KEY_NAMES.search(column.name) is not None,
            column.dtype is DType.String,
            column.distinct,
        )

    return max(able, key=rank) if able else None


def _features(columns: Iterable[ColumnKind], key: str, *, windows: bool) -> dict[str, list[str]]:
    """Lines of schema and of aggregations."""
    # what is the same in every row tells nothing
    known = [c for c in columns if c.dtype is not None and c.distinct != 1 and not _KEY_NAMES.search(c.name)]
    numbers = [c for c in known if c.dtype in _NUMBERS][:_MOST]
    conditions = [c for c in known if c.dtype is DType.Bool][:_MOST]
    others = [c for c in known if c.dtype is DType.String and c.distinct <= _MOST_CATEGORIES][:_MOST]
    if not windows:
        return {"schema": [_field(c) for c in (*numbers, *conditions, *others)], "aggregations": []}
    made: dict[str, list[str]] = {"schema": [_field(c) for c in others], "aggregations": []}
    names = {key.lower(), *(c.name.lower() for c in others)}
    reduced = [("count", None), *(("mean", c.name) for c in numbers), *(("rate", c.name) for c in conditions)]
    for function, column in reduced:
        aggregation = Aggregation(function=function, column=column, windows=WINDOWS)
        features = {name.lower() for name, _ in aggregation.features()}
        if not features & names:
            names |= features
            of = f"column={_text(column)}, " if column else ""
            made["aggregations"].append(f'Aggregation(function="{function}", {of}windows=WINDOWS)')
    return made


def _field(column: ColumnKind) -> str:
    dtype = column.dtype.name if column.dtype else ""
    return f"Field(name={_text(column.name)}, dtype=DType.{dtype})"


# ── text ───────────────────────────────────────────────────────────────────────────────────────────────


def _stem(relation: str) -> str:
    """A name for definitions, from a table's."""
    words = re.sub(r"[^A-Za-z0-9]+", "_", relation.rpartition(".")[2]).strip("_").lower()
    plain = bool(re.fullmatch(r"[\w.\"]+", relation.strip())) and words[:1].isalpha()
    return words[:60].strip("_") if plain else "draft"


def _source(relation: str, name: str, timestamp: str | None, written: str | None) -> tuple[str, dict[str, str]]:
    settings = {"table" if is_table_name(relation) else "query": relation.strip()}
    settings |= {"timestamp_field": timestamp} if timestamp else {}
    settings |= {"created_timestamp_column": written} if written else {}
    lines = [f"    {setting}={_text(value)}," for setting, value in settings.items()]
    if timestamp:
        lines.insert(
            1, "    # guessed: it must be the time at which a row's values became known, not the one they speak of"
        )
    return "\n".join([f"{name} = DataSource(", f"    name={_text(name)},", *lines, ")"]), settings


def _entity(key: ColumnKind) -> str:
    """A name for what a key is of."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", key.name).strip("_").lower()
    name = re.sub(r"_(id|key|code|no|num|nr|uuid)$", "", plain)[:60].strip("_")
    return name if name[:1].isalpha() else "entity"


def _file(stem: str, entity: str, source: str, key: ColumnKind, parts: dict[str, list[str]]) -> str:
    lines = [
        '"""A draft by `aops profile`: read it, correct what was guessed, describe what stays."""',
        "",
        "from aops_indb import Aggregation, DataSource, DType, Entity, FeatureView, Field",
        "",
        f"WINDOWS = {json.dumps(WINDOWS)}",
        "",
        f"{entity}_entity = Entity(name={_text(entity)}, join_keys=[{_text(key.name)}])",
        "",
        source,
        "",
        f"{stem}_features = FeatureView(",
        f"    name={_text(f'{stem}_features')},",
        f"    entities=[{entity}_entity],",
        f"    source={stem}_rows,",
    ]
    for setting, listed in parts.items():
        if listed:
            lines += [f"    {setting}=[", *(f"        {line}," for line in listed), "    ],"]
    return "\n".join([*lines, ")", ""])


def _text(value: str) -> str:
    """A text as Python writes it, in double quotes."""
    return json.dumps(value, ensure_ascii=False)


def _one_line(text: str) -> str:
    return " ".join(text.split())
