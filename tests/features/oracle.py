"""What the features of a view are, row by row in plain Python: slow, obvious, and written without the SQL.

The rules:

- A source row belongs to an entity if none of its join keys is NULL and its time is not; one that the view's
  filter does not hold for does not count.
- It counts from the moment it is known: the later of its event time and its created time.
- Of a source with valid_to, a row that does not end after it begins is none. Once it has ended it does not count
  for schema features, and of those that hold the newest is the one that began last.
- Schema features are those of the newest row known: latest event; then latest created; then the greatest
  values, column by column, NULL below everything. They are NULL once the event is older than the ttl.
- A window at time t holds the known rows with t - length - offset < event time <= t - offset.
- A window of a lifetime holds all of them; one since a condition only rows after the last for which it holds.
- An entity never seen has count 0, and NULL for all else. A NULL key or time has NULL for all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from aops_indb.features.definitions import Aggregation, FeatureView, Field
from aops_indb.features.types import DType

from . import oracle_reductions

Row: TypeAlias = Mapping[str, Any]
Features: TypeAlias = dict[str, Any]

Compute: TypeAlias = Callable[[Row], Any]


def _of(column: str, compute: Callable[[Any], Any]) -> Compute:
    """Of one column; NULL of NULL."""
    return lambda row: None if row[column] is None else compute(row[column])


def _either(a: Compute, b: Compute) -> Compute:
    def either(row: Row) -> bool | None:
        sides = [a(row), b(row)]
        return True if True in sides else None if None in sides else False

    return either


# SQL that the tests' definitions use -> the same in Python; NULL is None
EXPRESSIONS: dict[str, Compute] = {
    "n >= 3": _of("n", lambda n: n >= 3),
    "n * 2": _of("n", lambda n: n * 2),
    "flag": _of("flag", bool),
    "label <> 'a' OR flag": _either(_of("label", lambda label: label != "a"), _of("flag", bool)),
    "v > 1": _of("v", lambda v: v > 1),
    "v > 2": _of("v", lambda v: v > 2),
    "w > 0": _of("w", lambda w: w > 0),
    "w > 5": _of("w", lambda w: w > 5),
}

# dtype -> what a value of it is in Python
CASTS: dict[DType, Callable[[Any], Any]] = {
    DType.Int64: int,
    DType.Float64: float,
    DType.String: str,
    DType.Bool: bool,
    DType.UnixTimestamp: lambda value: value,
}

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600, "w": 7 * 24 * 3600}


def features_at(view: FeatureView, rows: Sequence[Row], keys: Sequence[Any], at: dt.datetime | None) -> Features:
    """The view's features of one entity at one time."""
    known = known_rows(view, rows, keys, at)
    belongs = None not in keys and (at is not None or view.source.timestamp_field is None)
    features: Features = {}
    holding = [row for row in known if _holds(view, row, at)]
    newest = max(holding, key=lambda row: _newness(view, row)) if holding else None
    for field in view.schema_:
        features[field.name] = None
        if newest is not None and not _expired(view, newest, at):
            features[field.name] = _field_value(field, newest)
    for aggregation in view.aggregations:
        for name, window in zip(_window_names(aggregation), aggregation.windows, strict=True):
            features[name] = None
            if belongs and at is not None:
                inside = [row for row in known if _in_window(view, aggregation, window, row, at)]
                inside = _since(view, aggregation, known, inside, at)
                features[name] = _reduced(view, aggregation, inside, at)
    return features


def known_rows(view: FeatureView, rows: Sequence[Row], keys: Sequence[Any], at: dt.datetime | None) -> list[Row]:
    """The source's rows of an entity that are known at a time; at None: none, unless the view has no times."""
    found = []
    for row in rows:
        row_keys = [row[key] for key in view.join_keys]
        if None in row_keys or row_keys != list(keys):
            continue
        if view.filter is not None and EXPRESSIONS[view.filter](row) is not True:
            continue
        if view.source.timestamp_field is not None:
            moment = known_at(view, row)
            if moment is None or at is None or moment > at or not _holds(view, row, moment):
                continue
        found.append(row)
    return found


def known_at(view: FeatureView, row: Row) -> dt.datetime | None:
    """From when a row counts; None: never."""
    event, created = _event(view, row), _created(view, row)
    return None if event is None or created is None else max(event, created)


def entities(view: FeatureView, rows: Sequence[Row], at: dt.datetime | None) -> list[tuple[Any, ...]]:
    """Keys of every entity known at a time, each once."""
    found: dict[tuple[Any, ...], None] = {}
    for row in rows:
        keys = tuple(row[key] for key in view.join_keys)
        if known_rows(view, [row], keys, at):
            found[keys] = None
    return list(found)


def join(views: Sequence[FeatureView], sources: Mapping[str, Sequence[Row]], spine: Sequence[Row]) -> list[Features]:
    """For each row of the spine: its columns, and each view's features as `view__feature`."""
    joined = []
    for asked in spine:
        out = dict(asked)
        for view in views:
            rows = sources[view.source.table or ""]
            keys = [asked[key] for key in view.join_keys]
            features = features_at(view, rows, keys, asked["event_timestamp"])
            out |= {f"{view.name}__{name}": value for name, value in features.items()}
        joined.append(out)
    return joined


# ── times ──────────────────────────────────────────────────────────────────────────────────────────────


def _event(view: FeatureView, row: Row) -> dt.datetime | None:
    time: dt.datetime | None = row[view.source.timestamp_field or ""]
    return time


def _created(view: FeatureView, row: Row) -> dt.datetime | None:
    column = view.source.created_timestamp_column
    time: dt.datetime | None = row[column] if column else None
    return _event(view, row) if time is None else time


def _holds(view: FeatureView, row: Row, at: dt.datetime | None) -> bool:
    end: dt.datetime | None = row[view.source.valid_to] if view.source.valid_to else None
    return end is None or at is None or at < end


def _expired(view: FeatureView, row: Row, at: dt.datetime | None) -> bool:
    event = _event(view, row) if view.ttl else None
    return view.ttl is not None and event is not None and at is not None and event < at - view.ttl


def _in_window(view: FeatureView, aggregation: Aggregation, window: str, row: Row, at: dt.datetime) -> bool:
    event = _event(view, row)
    end = at - (aggregation.offset or dt.timedelta(0))
    return event is not None and event <= end and (window == "lifetime" or end - length(window) < event)


def _since(
    view: FeatureView, aggregation: Aggregation, known: Sequence[Row], inside: list[Row], at: dt.datetime
) -> list[Row]:
    """Those that came after the last row that opens a window: by event time, then by when they were written."""
    if aggregation.since is None:
        return inside
    end = at - (aggregation.offset or dt.timedelta(0))
    opening = [row for row in known if EXPRESSIONS[aggregation.since](row) is True]
    orders = [(event, _created(view, row)) for row in opening if (event := _event(view, row)) and event <= end]
    return [row for row in inside if orders and (_event(view, row), _created(view, row)) > max(orders)]


def length(window: str) -> dt.timedelta:
    return dt.timedelta(seconds=int(window[:-1]) * UNITS[window[-1]])


def _newness(view: FeatureView, row: Row) -> tuple[Any, ...]:
    values = tuple(_greatness(_field_value(field, row)) for field in view.schema_)
    if view.source.timestamp_field is None:
        return values
    return (_event(view, row), _created(view, row), *values)


def _greatness(value: Any) -> tuple[bool, Any]:
    return (value is not None, value if value is not None else 0)


# ── values ─────────────────────────────────────────────────────────────────────────────────────────────


def _field_value(field: Field, row: Row) -> Any:
    value = EXPRESSIONS[field.expr](row) if field.expr else row[field.name]
    return None if value is None else CASTS[field.dtype](value)


def _window_names(aggregation: Aggregation) -> list[str]:
    stem = aggregation.name or "_".join(filter(None, [aggregation.function, aggregation.column]))
    return [f"{stem}_{window}" for window in aggregation.windows]


def _reduced(view: FeatureView, aggregation: Aggregation, rows: Sequence[Row], at: dt.datetime) -> Any:
    if aggregation.function in REDUCTIONS:
        return REDUCTIONS[aggregation.function](aggregation, rows)
    kept = [
        oracle_reductions.Kept(event, written, value)
        for row in rows
        for value in _values(aggregation, [row])
        if (event := _event(view, row)) and (written := _created(view, row))
    ]
    end = at - (aggregation.offset or dt.timedelta(0))
    return oracle_reductions.REDUCTIONS[aggregation.function](aggregation, kept, end)


def _values(aggregation: Aggregation, rows: Sequence[Row]) -> list[Any]:
    """What the rows contribute: those for which the condition holds, and whose value is not NULL."""
    values = []
    for row in rows:
        if aggregation.where is not None and EXPRESSIONS[aggregation.where](row) is not True:
            continue
        if aggregation.column is not None:
            values.append(row[aggregation.column])
        elif aggregation.expr is not None:
            values.append(EXPRESSIONS[aggregation.expr](row))
        else:
            values.append(1)
    return [value for value in values if value is not None]


def _count(aggregation: Aggregation, rows: Sequence[Row]) -> int:
    return len(_values(aggregation, rows))


def _sum(aggregation: Aggregation, rows: Sequence[Row]) -> float | None:
    values = _values(aggregation, rows)
    return float(sum(values)) if values else None


def _mean(aggregation: Aggregation, rows: Sequence[Row]) -> float | None:
    values = _values(aggregation, rows)
    return float(sum(values)) / len(values) if values else None


def _rate(aggregation: Aggregation, rows: Sequence[Row]) -> float | None:
    values = [bool(value) for value in _values(aggregation, rows)]
    return values.count(True) / len(values) if values else None


def _min(aggregation: Aggregation, rows: Sequence[Row]) -> Any:
    return min(_values(aggregation, rows), default=None)


def _max(aggregation: Aggregation, rows: Sequence[Row]) -> Any:
    return max(_values(aggregation, rows), default=None)


REDUCTIONS: dict[str, Callable[[Aggregation, Sequence[Row]], Any]] = {
    "count": _count, "sum": _sum, "mean": _mean, "rate": _rate, "min": _min, "max": _max,
}  # fmt: skip
