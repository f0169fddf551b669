"""Definitions, and Hypothesis strategies for rows and spines that meet every edge of their windows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from aops_indb import Aggregation, DataSource, DType, Entity, FeatureView, Field

pair = Entity(name="pair", join_keys=["a", "b"])
single = Entity(name="single", join_keys=["a"])

events = DataSource(name="events", table="events", timestamp_field="at")
events_written_later = DataSource(
    name="events_written_later", table="events", timestamp_field="at", created_timestamp_column="created"
)
periods = DataSource(name="periods", table="events", valid_from="at", valid_to="created")
register = DataSource(name="register", table="register")

FIELDS = [
    Field(name="flag", dtype=DType.Bool),
    Field(name="n", dtype=DType.Int64),
    Field(name="label", dtype=DType.String),
    Field(name="twice", dtype=DType.Float64, expr="n * 2"),
]

# sums and counts of exact numbers: every algorithm can compute these
totals = FeatureView(
    name="totals",
    entities=[pair],
    source=events,
    aggregations=[
        Aggregation(function="count", windows=["1h", "6h", "1d"]),
        Aggregation(function="count", column="label", windows=["6h"]),
        Aggregation(function="sum", column="n", windows=["1h", "6h", "7d"]),
        Aggregation(function="mean", column="price", windows=["6h", "1d"]),
        Aggregation(function="mean", column="price", windows=["1h", "6h"], offset="1h", name="mean_before"),
        Aggregation(function="rate", expr="n >= 3", windows=["1d"], name="large"),
        Aggregation(function="rate", expr="flag", windows=["6h"], where="n >= 3", offset="6h", name="flagged"),
        Aggregation(function="count", windows=["1d"], where="label <> 'a' OR flag", name="count_where"),
    ],
)

# reductions that prefix sums cannot do, over floats and texts too
extremes = FeatureView(
    name="extremes",
    entities=[single],
    source=events,
    filter="label <> 'a' OR flag",
    aggregations=[
        Aggregation(function="min", column="n", windows=["1h", "1d"]),
        Aggregation(function="max", column="label", windows=["6h"], offset="1h"),
        Aggregation(function="max", column="at", windows=["6h"]),
        Aggregation(function="sum", column="x", windows=["6h", "1d"]),
        Aggregation(function="mean", column="x", windows=["1d"], where="n >= 3", name="mean_where"),
        Aggregation(function="count", windows=["1h"], offset="1d"),
    ],
)

latest = FeatureView(
    name="latest",
    entities=[pair],
    source=events,
    ttl="6h",
    schema=FIELDS,
    aggregations=[Aggregation(function="max", column="x", windows=["6h"])],
)

latest_forever = FeatureView(name="latest_forever", entities=[single], source=events, schema=FIELDS)

late = FeatureView(
    name="late",
    entities=[pair],
    source=events_written_later,
    ttl="7h",
    schema=FIELDS,
    aggregations=[
        Aggregation(function="count", windows=["1h", "6h", "1d"]),
        Aggregation(function="count", windows=["6h"], offset="1h", name="count_before"),
        Aggregation(function="sum", column="x", windows=["6h"]),
        Aggregation(function="max", column="n", windows=["1d"], where="flag"),
    ],
)

late_forever = FeatureView(
    name="late_forever", entities=[single], source=events_written_later, schema=FIELDS, filter="n >= 3"
)

# rows that end, overlap, leave gaps, and hold for no time at all
held = FeatureView(
    name="held",
    entities=[pair],
    source=periods,
    schema=FIELDS,
    aggregations=[
        Aggregation(function="count", windows=["6h"]),
        Aggregation(function="max", column="n", windows=["1d"]),
    ],
)

held_filtered = FeatureView(name="held_filtered", entities=[single], source=periods, schema=FIELDS, filter="n >= 3")

facts = FeatureView(name="facts", entities=[single], source=register, schema=FIELDS)

VIEWS = [totals, extremes, latest, latest_forever, late, late_forever, held, held_filtered, facts]

# ── rows ───────────────────────────────────────────────────────────────────────────────────────────────

# an hour before New York's clocks go forward at 07:00 UTC
START = dt.datetime(2013, 3, 10, 6)

# multiples of the lengths of the windows, so that rows lie on their edges, and a microsecond beside
HOURS = st.sampled_from([0, 1, 2, 5, 6, 7, 8, 12, 13, 14, 24, 25, 30, 31, 168])
MICROSECONDS = st.sampled_from([0, 0, 0, 0, 1, -1])
TIMES = st.builds(lambda h, us: START + dt.timedelta(hours=h, microseconds=us), HOURS, MICROSECONDS)
MOSTLY_TIMES = st.one_of(TIMES, TIMES, TIMES, TIMES, st.none())

# (1, '23') and (12, '3') must not meet
KEYS = {
    "a": st.sampled_from([1, 1, 12, 12, None]),
    "b": st.sampled_from(["23", "23", "3", "3", None]),
}
VALUES = {
    "n": st.sampled_from([None, -1, 0, 3, 7]),
    "x": st.sampled_from([None, -1.25, 0.0, 0.5, 4.0]),
    "price": st.sampled_from([None, Decimal("0.25"), Decimal("10.75"), Decimal("-3.50")]),
    "flag": st.sampled_from([None, True, False]),
    "label": st.sampled_from([None, "a", "b", "", "ß"]),
}


def _rows(longest: int, columns: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Lists of every length up to the longest; those of `st.lists` alone are mostly short."""
    row = st.fixed_dictionaries(columns)
    return st.integers(0, longest).flatmap(lambda n: st.lists(row, min_size=n, max_size=n))


EVENTS = _rows(40, {**KEYS, "at": MOSTLY_TIMES, "created": MOSTLY_TIMES, **VALUES})
REGISTER = _rows(8, {**KEYS, **VALUES})
SPINES = _rows(20, {**KEYS, "event_timestamp": MOSTLY_TIMES})


def event_schema(zone: str | None) -> pa.Schema:
    """Arrow types of events; zone None: their times have no time zone."""
    times = pa.timestamp("us", tz=zone)
    return pa.schema(
        {
            "a": pa.int64(),
            "b": pa.string(),
            "at": times,
            "created": times,
            "n": pa.int64(),
            "x": pa.float64(),
            "price": pa.decimal128(9, 2),
            "flag": pa.bool_(),
            "label": pa.string(),
        }
    )


def spine_schema(zone: str | None) -> pa.Schema:
    return pa.schema({"a": pa.int64(), "b": pa.string(), "event_timestamp": pa.timestamp("us", tz=zone)})


def in_zone(rows: list[dict[str, Any]], zone: str | None) -> list[dict[str, Any]]:
    """The rows with their times in UTC; zone None: as they are, without one."""
    return [{name: at_zone(value, zone) for name, value in row.items()} for row in rows]


def at_zone(value: Any, zone: str | None) -> Any:
    """A time in UTC; zone None, or no time: the value as it is."""
    return value.replace(tzinfo=dt.UTC) if zone and isinstance(value, dt.datetime) else value


# ── one feature of one entity ──────────────────────────────────────────────────────────────────────────

KEY = Entity(name="entity", join_keys=["key"])


def window(function: str = "count", *, created: bool = False, **settings: Any) -> dict[str, Any]:
    """Settings of a view of one window of an hour."""
    if function != "count":
        settings = {"column": "v", **settings}
    from_where = settings.pop("source", None) or source(created)
    return {
        "name": "view",
        "entities": [KEY],
        "source": from_where,
        "aggregations": [Aggregation(function=function, windows=["1h"], **{"name": "f", **settings})],
    }


def newest(*, created: bool = False, **settings: Any) -> dict[str, Any]:
    """Settings of a view of the newest row's values."""
    fields = [Field(name="v", dtype=DType.Int64), Field(name="w", dtype=DType.Int64)]
    return {"name": "view", "entities": [KEY], "source": source(created), "schema": fields, **settings}


def source(created: bool) -> DataSource:
    return DataSource(
        name="s", table="events", timestamp_field="at", created_timestamp_column="created" if created else None
    )
