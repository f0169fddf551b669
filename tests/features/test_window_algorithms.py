"""The algorithms that compute windows: which is chosen, and that each gives the same at any size, anywhere."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from aops_indb import Aggregation, FeatureView
from aops_indb.engines import Session
from aops_indb.features.window_algorithms import ALGORITHMS
from aops_indb.features.window_algorithms.choice import choose_algorithm
from aops_indb.features.windows import value_types, window_features

from .examples import newest, window
from .warehouse import ZONES, compile_join, join, references, run, set_time_zone

# ── time zones, order, size ────────────────────────────────────────────────────────────────────────────

HOURLY = """
    CREATE OR REPLACE TABLE {name} AS
        SELECT 'k' AS key, CAST(TIMESTAMP '2013-03-01 00:30' + to_hours(i) AS {type}) AS "{time}", i AS v
        FROM range(24 * 30) r(i)
"""


@pytest.mark.parametrize("time_type", ["TIMESTAMP", "TIMESTAMPTZ"])
@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_day_is_24_hours_when_clocks_change(session: Session, time_type: str, zone: str, algorithm: str) -> None:
    """New York's clocks went forward on 10 March; rows are an hour apart."""
    windows = Aggregation(function="count", windows=["24h", "1d", "7d", "1w"])
    moved = Aggregation(function="count", windows=["1d"], offset="1d", name="day_before")
    view = FeatureView(**{**window(), "aggregations": [windows, moved]})
    set_time_zone(session, "UTC")
    session.run_script(HOURLY.format(name="events", type=time_type, time="at"))
    session.run_script(HOURLY.format(name="spine", type=time_type, time="event_timestamp"))
    set_time_zone(session, zone)
    spine = "SELECT key, event_timestamp FROM spine WHERE v >= 7 * 24 ORDER BY v"
    joined = join(session, [view], references(view), spine, algorithm=algorithm, full_feature_names=False)
    assert len(joined) == 23 * 24
    counts = {tuple(value for name, value in row.items() if name not in ("key", "event_timestamp")) for row in joined}
    assert counts == {(24, 24, 7 * 24, 7 * 24, 24)}


def test_one_row_out_for_each_row_in_and_in_order(session: Session) -> None:
    """More rows than DuckDB hands from operator to operator at once, half of them twice, in no order of keys."""
    view = FeatureView(**{**window(), **newest()})
    session.run_script("""
        CREATE OR REPLACE TABLE events AS
            SELECT 'k' || i % 10 AS key, TIMESTAMP '2013-06-01' + to_minutes(i) AS at, i AS v, 0 AS w
            FROM range(1000) r(i);
        CREATE OR REPLACE TABLE spine AS
            SELECT i * 7919 % 300007 // 2 AS row_id, 'k' || i % 12 AS key,
                   TIMESTAMP '2013-06-01' + to_minutes(i * 31 % 1100) AS event_timestamp
            FROM range(300007) r(i)
    """)
    joined: pa.Table = session.native.sql(compile_join(session, [view], references(view))).to_arrow_table()
    assert joined["row_id"].to_pylist() == [i * 7919 % 300007 // 2 for i in range(300007)]
    asked: pa.Table = session.native.sql("SELECT * FROM spine").to_arrow_table()
    assert joined.select(["row_id", "key", "event_timestamp"]).equals(asked)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_many_rows(session: Session, algorithm: str) -> None:
    """Enough rows and points for several threads; what is expected is counted by hand."""
    view = FeatureView(**window("sum", column="one"))
    # each key has a row every minute; a window of an hour holds 60, less at the beginning
    session.run_script("""
        CREATE OR REPLACE TABLE events AS
            SELECT 'k' || i % 500 AS key, TIMESTAMP '2013-06-01' + to_minutes(i // 500) AS at, 1 AS one
            FROM range(200_000) r(i);
        CREATE OR REPLACE TABLE spine AS
            SELECT 'k' || i % 500 AS key, i // 500 AS minute,
                   TIMESTAMP '2013-06-01 00:00:30' + to_minutes(i // 500) AS event_timestamp
            FROM range(30_000) r(i)
    """)
    compiled = compile_join(session, [view], references(view), algorithm=algorithm)
    counted = run(
        session, f"SELECT minute, min(view__f_1h) AS least, max(view__f_1h) AS most FROM ({compiled}) GROUP BY ALL"
    )
    assert sorted((row["minute"], row["least"], row["most"]) for row in counted) == [
        (minute, min(minute + 1.0, 60.0), min(minute + 1.0, 60.0)) for minute in range(60)
    ]


def test_a_spine_that_is_another_at_each_reading_is_read_once(session: Session) -> None:
    view = FeatureView(**window("sum"))
    session.run_script(
        "CREATE OR REPLACE TABLE events AS SELECT 'k' AS key, TIMESTAMP '2013-06-01' + to_minutes(i) AS at, 1 AS v"
        " FROM range(1000) r(i)"
    )
    spine = """
        SELECT 'k' AS key, TIMESTAMP '2013-06-01 02:00' + to_microseconds(CAST(random() * 3.6e10 AS BIGINT)) AS
               event_timestamp FROM range(100)
    """
    assert [row["view__f_1h"] for row in join(session, [view], references(view), spine)] == [60.0] * 100


# ── the choice of an algorithm, and the types it gives ─────────────────────────────────────────────────

CHOICES = [
    (window(), None, "prefix_sums"),
    (window(column="v"), "VARCHAR", "prefix_sums"),
    (window("rate", column=None, expr="v > 2"), "DOUBLE", "prefix_sums"),
    (window("sum"), "BIGINT", "prefix_sums"),
    (window("sum"), "DECIMAL(9,2)", "prefix_sums"),
    (window("mean"), "INTEGER", "prefix_sums"),
    # sums of parts of floats are exact, too
    (window("sum"), "DOUBLE", "prefix_sums"),
    (window("mean"), "FLOAT", "prefix_sums"),
    (window("sum"), "UHUGEINT", "prefix_sums"),
    # of what nobody knows nothing can be said
    (window("mean"), None, "timeline"),
    (window("sum"), "HUGEINT", "timeline"),
    (window("min"), "BIGINT", "timeline"),
    (window("max"), None, "timeline"),
    (window(created=True), "BIGINT", "range_join"),
    (window("max", created=True), None, "range_join"),
]


@pytest.mark.parametrize(("settings", "value_type", "expected"), CHOICES)
def test_algorithm_chosen(settings: dict[str, Any], value_type: str | None, expected: str) -> None:
    view = FeatureView(**settings)
    features = window_features(view, [feature.name for feature in view.features])
    types_of = (lambda query: dict.fromkeys(query.named_selects, value_type)) if value_type else None
    assert choose_algorithm(view, features, value_types(view, features, types_of)) == expected


def test_floats_keep_their_small_digits(session: Session) -> None:
    """1e17 + 1 is 1e17: a running sum would lose what comes after."""
    view = FeatureView(**window("sum"))
    session.run_script("""
        CREATE OR REPLACE TABLE events AS
            SELECT 'k' AS key, TIMESTAMP '2013-06-01 09:00' AS at, 1e17 AS v
            UNION ALL SELECT 'k', TIMESTAMP '2013-06-01 11:00', 1e0;
        CREATE OR REPLACE TABLE spine AS SELECT 'k' AS key, TIMESTAMP '2013-06-01 11:30' AS event_timestamp
    """)
    assert [row["view__f_1h"] for row in join(session, [view], references(view))] == [1.0]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_types(session: Session, algorithm: str) -> None:
    functions = ["count", "sum", "mean"] + ([] if algorithm in ("prefix_sums", "tile_sums") else ["min", "max"])
    aggregations = [
        Aggregation(function=function, column=column, windows=["1h"]) for function in functions for column in "nd"
    ]
    aggregations += [
        Aggregation(function="count", windows=["1h"]),
        Aggregation(function="rate", expr="n > 1", name="rate", windows=["1h"]),
    ]
    view = FeatureView(**{**window(), "aggregations": aggregations})
    session.run_script("""
        CREATE OR REPLACE TABLE events AS
            SELECT 'k' AS key, TIMESTAMP '2013-06-01' AS at, CAST(2 AS SMALLINT) AS n, CAST(3 AS DECIMAL(9, 2)) AS d;
        CREATE OR REPLACE TABLE spine AS SELECT 'k' AS key, TIMESTAMP '2013-06-01' AS event_timestamp
    """)
    compiled = compile_join(session, [view], references(view), algorithm=algorithm, full_feature_names=False)
    types = {row["column_name"]: row["column_type"] for row in run(session, f"DESCRIBE {compiled}")}
    own = {"n": "SMALLINT", "d": "DECIMAL(9,2)"}
    expected = {
        f"{f}_{c}_1h": {"count": "BIGINT", "min": own[c], "max": own[c]}.get(f, "DOUBLE")
        for f in functions
        for c in "nd"
    }
    assert types == {
        "key": "VARCHAR",
        "event_timestamp": "TIMESTAMP",
        **expected,
        "count_1h": "BIGINT",
        "rate_1h": "DOUBLE",
    }
