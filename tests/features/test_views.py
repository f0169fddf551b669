"""What stands in the warehouse for a view: its values now, its history, its values as of any time."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aops_indb import Aggregation, DataSource, DType, Entity, FeatureView, Field
from aops_indb.engines import Session
from aops_indb.features.window_algorithms import ALGORITHMS

from . import oracle
from .examples import EVENTS, KEY, REGISTER, START, TIMES, VIEWS, at_zone, event_schema, in_zone, newest, window
from .warehouse import (
    ZONES,
    by_key,
    create_objects,
    join,
    references,
    run,
    set_time_zone,
    write,
)

NOW = (START + dt.timedelta(hours=8)).replace(tzinfo=dt.UTC)

# ── against the oracle ─────────────────────────────────────────────────────────────────────────────────


def expected_entities(view: FeatureView, rows: list[dict[str, Any]], at: dt.datetime) -> dict[tuple[Any, ...], Any]:
    """Each entity known at a time, with its features."""
    return {
        keys: dict(zip(view.join_keys, keys, strict=True)) | oracle.features_at(view, rows, keys, at)
        for keys in oracle.entities(view, rows, at)
    }


def literal(at: dt.datetime) -> str:
    return f"{'TIMESTAMPTZ' if at.tzinfo else 'TIMESTAMP'} '{at}'"


def current(view: FeatureView) -> str:
    return f"SELECT * FROM features.{view.name}"


def as_of(view: FeatureView, at: dt.datetime) -> str:
    return f"SELECT * FROM features.{view.name}__asof({literal(at)})"


def history_at(view: FeatureView, at: dt.datetime) -> str:
    """The history as whoever joins it themselves would: of each entity the newest row that holds at the time."""
    if view.source.timestamp_field is None:
        return f"SELECT * FROM features.{view.name}__history"
    keys = ", ".join(view.join_keys)
    same = " AND ".join(f"entities.{key} = history.{key}" for key in view.join_keys)
    return f"""
        SELECT history.* EXCLUDE (event_timestamp)
        FROM (SELECT DISTINCT {keys}, {literal(at)} AS asked FROM features.{view.name}__history) AS entities
        ASOF JOIN features.{view.name}__history AS history ON {same} AND asked >= history.event_timestamp
    """


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_now_then_and_history(empty_session: Session, zone: str | None) -> None:
    session = empty_session
    for name in ("events", "register"):
        write(session, name, [], event_schema(zone))
    for view in VIEWS:
        create_objects(session, view, now=NOW, time_zone=zone is not None)

    @given(
        view=st.sampled_from(VIEWS), events=EVENTS, register=REGISTER, at=TIMES, zone_asked_from=st.sampled_from(ZONES)
    )
    @settings(max_examples=80, deadline=None, report_multiple_bugs=False)
    def agree(view: FeatureView, events: Any, register: Any, at: dt.datetime, zone_asked_from: str) -> None:
        rows = in_zone(events if view.source.table == "events" else register, zone)
        write(session, view.source.table or "", rows, event_schema(zone))
        set_time_zone(session, zone_asked_from)
        asked, now = at_zone(at, zone), at_zone(NOW.replace(tzinfo=None), zone)
        assert by_key(view, run(session, current(view))) == expected_entities(view, rows, now)
        assert by_key(view, run(session, as_of(view, asked))) == expected_entities(view, rows, asked)
        assert by_key(view, run(session, history_at(view, asked))) == expected_entities(view, rows, asked)

    agree()


def test_empty_sources(empty_session: Session) -> None:
    session = empty_session
    for name in ("events", "register"):
        write(session, name, [], event_schema("UTC"))
    session.run_script("CREATE TABLE spine AS SELECT CAST(1 AS BIGINT) AS a, '23' AS b, now() AS event_timestamp")
    for view in VIEWS:
        create_objects(session, view)
        for relation in (view.name, f"{view.name}__history", f"{view.name}__asof(now())"):
            assert run(session, f"SELECT * FROM features.{relation}") == []
        [joined] = join(session, [view], references(view))
        counts = {name: value for name, value in joined.items() if "__count" in name}
        assert set(counts.values()) <= {0}
        assert {value for name, value in joined.items() if "__" in name and name not in counts} == {None}


# ── worked by hand ─────────────────────────────────────────────────────────────────────────────────────

EVERYTHING = {
    **newest(ttl="1h", created=True),
    "aggregations": [Aggregation(function="count", windows=["1h"], offset="30m", name="f", description="Events")],
}

HISTORIES = [
    # written; moments from which values hold: v, w, count
    ("NULL", [("09:00", 7, 1, 0), ("09:30", 7, 1, 1), ("10:00:00.000001", None, None, 1), ("10:30", None, None, 0)]),
    ("'2013-06-01 09:45'", [("09:45", 7, 1, 1), ("10:00:00.000001", None, None, 1), ("10:30", None, None, 0)]),
    ("'2013-06-01 11:00'", [("11:00", None, None, 0)]),
]


def create_events(session: Session, *rows: str) -> None:
    """The table `events` of key, time, two values and the time written."""
    columns = 'key VARCHAR, "at" TIMESTAMP, v BIGINT, w BIGINT, created TIMESTAMP'
    session.run_script(f"CREATE OR REPLACE TABLE events ({columns})")
    for row in rows:
        session.run_script(f"INSERT INTO events VALUES ({row})")


@pytest.mark.parametrize(("written", "expected"), HISTORIES)
def test_moments_of_a_history(session: Session, written: str, expected: list[tuple[Any, ...]]) -> None:
    """A row comes into its window half an hour after it happened; ttl and window end an hour later."""
    create_events(session, f"'k', '2013-06-01 09:00', 7, 1, {written}")
    create_objects(session, FeatureView(**EVERYTHING))
    found = run(session, "SELECT * FROM features.view__history ORDER BY event_timestamp")
    assert [tuple(row.values()) for row in found] == [
        ("k", dt.datetime.fromisoformat(f"2013-06-01 {time}"), *values) for time, *values in expected
    ]


def test_equal_rows_are_one_in_the_history(empty_session: Session) -> None:
    """Values that tie for the newest row are one row of the history, whatever the view's kind."""
    source = DataSource(
        name="s", query=f"SELECT 1 AS k, {literal(AT)} AS at, unnest([3, 4, 4]) AS v", timestamp_field="at"
    )
    for number, settings_ in enumerate([{}, {"ttl": "1d"}]):
        view = FeatureView(
            name=f"view{number}",
            entities=[Entity(name="k", join_keys=["k"])],
            source=source,
            schema=[Field(name="v", dtype=DType.Int32)],
            **settings_,
        )
        create_objects(empty_session, view, now=AT)
        assert run(empty_session, f"SELECT v FROM features.view{number}__history WHERE v IS NOT NULL") == [{"v": 4}]


def test_comments(session: Session) -> None:
    create_events(session)
    entity = Entity(name="entity", join_keys=["key"], description="it's a key")
    fields = [Field(name="v", dtype=DType.Int64, description='a "v"'), Field(name="w", dtype=DType.Int64)]
    view = FeatureView(**{**EVERYTHING, "entities": [entity], "schema": fields, "description": "What\nit is"})
    create_objects(session, view)
    columns = run(
        session,
        "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE schema_name = 'features' ORDER BY ALL",
    )
    own = {"key": "it's a key", "v": 'a "v"', "w": None, "f_1h": "Events, trailing 1h"}
    since = {"event_timestamp": "the values hold from this moment"}
    assert {c["column_name"]: c["comment"] for c in columns if c["table_name"] == "view"} == own
    assert {c["column_name"]: c["comment"] for c in columns if c["table_name"] == "view__history"} == own | since
    views = run(session, "SELECT comment FROM duckdb_views() WHERE schema_name = 'features' ORDER BY view_name")
    functions = run(session, "SELECT comment FROM duckdb_functions() WHERE schema_name = 'features'")
    assert [row["comment"] for row in (*views, *functions)] == [
        "What\nit is",
        "view: one row for each moment from which values hold, until the entity's next row",
        "view as it was known at a time, the argument: one row for each entity known then",
    ]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(("time_type", "clock"), [("TIMESTAMPTZ", "now()"), ("TIMESTAMP", "timezone('UTC', now())")])
def test_the_clock(session: Session, zone: str, time_type: str, clock: str) -> None:
    """Times without a zone are UTC, wherever the question comes from."""
    set_time_zone(session, zone)
    session.run_script(f"""
        CREATE OR REPLACE TABLE events AS
            SELECT 'k' AS key, CAST({clock} + to_minutes(m) AS {time_type}) AS "at", m AS v, 0 AS w
            FROM (VALUES (-90), (-30), (30)) minutes(m)
    """)
    create_objects(session, FeatureView(**{**newest(), **window()}), time_zone=time_type == "TIMESTAMPTZ")
    assert run(session, "SELECT * FROM features.view") == [{"key": "k", "v": -30, "w": 0, "f_1h": 1}]


ARGUMENTS = ["'2013-06-01 10:00+00'", "TIMESTAMPTZ '2013-06-01 10:00+00'", "(SELECT max(event_timestamp) FROM spine)"]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("argument", ARGUMENTS)
def test_as_of_any_expression(session: Session, zone: str, argument: str) -> None:
    set_time_zone(session, zone)
    session.run_script("""
        CREATE OR REPLACE TABLE events AS
            SELECT 'k' AS key, TIMESTAMPTZ '2013-06-01 09:00:01+00' AS "at", 7 AS v, 1 AS w;
        CREATE OR REPLACE TABLE spine AS SELECT TIMESTAMPTZ '2013-06-01 10:00+00' AS event_timestamp
    """)
    create_objects(session, FeatureView(**{**newest(), **window()}))
    expected = [{"key": "k", "v": 7, "w": 1, "f_1h": 1}]
    assert run(session, f"SELECT * FROM features.view__asof({argument})") == expected


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "argument",
    ["TIMESTAMPTZ '2013-06-01 10:00+00'", "TIMESTAMPTZ '2013-06-01 12:00+02'", "TIMESTAMP '2013-06-01 10:00'"],
)
def test_as_of_a_zoned_time_on_times_without_one(session: Session, zone: str, argument: str) -> None:
    """Times without a zone are taken for UTC, wherever the one who asks may be."""
    set_time_zone(session, zone)
    create_events(session, "'k', '2013-06-01 09:00:01', 7, 1, NULL")
    create_objects(session, FeatureView(**{**newest(), **window()}), time_zone=False)
    expected = [{"key": "k", "v": 7, "w": 1, "f_1h": 1}]
    assert run(session, f"SELECT * FROM features.view__asof({argument})") == expected
    assert run(session, "SELECT f_1h FROM features.view__asof(TIMESTAMPTZ '2013-06-01 10:00:01.000001+00')") == [
        {"f_1h": 0}
    ]


def test_as_of_text_and_null(session: Session) -> None:
    create_events(session, "'k', '2013-06-01 09:00:01', 7, 1, NULL")
    create_objects(session, FeatureView(**{**newest(), **window()}), time_zone=False)
    assert run(session, "SELECT f_1h FROM features.view__asof('2013-06-01 10:00')") == [{"f_1h": 1}]
    assert run(session, "SELECT f_1h FROM features.view__asof(DATE '2013-06-02')") == [{"f_1h": 0}]
    assert run(session, "SELECT f_1h FROM features.view__asof(NULL)") == []


# Settings of whoever asks that decide how an unspoken ORDER BY sorts.
ORDERS = [
    "default_null_order = 'nulls_first'",
    "default_null_order = 'nulls_first_on_asc_last_on_desc'",
    "default_order = 'DESC'",
]


@pytest.mark.parametrize("setting", ORDERS)
def test_settings_of_whoever_asks_change_nothing(session: Session, setting: str) -> None:
    """Of rows of one time the newest written counts, of those the largest; NULL last in both."""
    create_events(
        session,
        "'k', '2013-06-01 09:00:01', 7, NULL, NULL",
        "'k', '2013-06-01 09:00:01', NULL, 1, NULL",
        "'k', '2013-06-01 09:00:01', 7, 1, NULL",
        "'k', '2013-06-01 09:30:00', 2, 1, NULL",
    )
    create_objects(session, FeatureView(**{**newest(), **window()}), time_zone=False)
    relations = ["view", "view__history", "view__asof('2013-06-01 10:00')", "view__asof('2013-06-01 09:10')"]
    asked = [f"SELECT * FROM features.{relation} ORDER BY ALL ASC NULLS LAST" for relation in relations]
    expected = [run(session, query) for query in asked]
    assert expected[3] == [{"key": "k", "v": 7, "w": 1, "f_1h": 3}]
    session.run_script(f"SET {setting}")
    try:
        assert [run(session, query) for query in asked] == expected
    finally:
        session.run_script(f"RESET {setting.partition(' ')[0]}")


# ── names ──────────────────────────────────────────────────────────────────────────────────────────────

NAMES = [
    "two words", 'a "quoted" one', "o'hare", "select", "at", "UPPER", "größe", "航班", "a.b", "a:b", "x;y", "--c",
    "/*c*/", "{b}", "%s", "$1", "?", "back\\slash", "new\nline", "ts",
    # names of ours, or that were
    "known_at", "is_point", "value_1", "points", "events", "source", "newest", "windows", "moments", "entity_df",
]  # fmt: skip

AT = dt.datetime(2013, 6, 1, 10, tzinfo=dt.UTC)


def every_way(session: Session, view: FeatureView) -> list[dict[str, Any]]:
    """The one row of a view, had in every way there is."""
    create_objects(session, view, now=AT)
    found = run(session, f'SELECT * FROM features."{view.name}"')
    found += run(session, f'SELECT * FROM features."{view.name}__asof"({literal(AT)})')
    found += run(
        session,
        f'SELECT * EXCLUDE (event_timestamp) FROM features."{view.name}__history" ORDER BY event_timestamp LIMIT 1',
    )
    algorithms = ALGORITHMS if view.aggregations and view.source.created_timestamp_column is None else ["range_join"]
    for algorithm in algorithms:
        joined = join(session, [view], references(view), "SELECT * FROM spine", algorithm=algorithm)
        found += [{name.removeprefix(f"{view.name}__"): value for name, value in row.items()} for row in joined]
    for row in found:
        row.pop("event_timestamp", None)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_name_of_a_key(session: Session, name: str) -> None:
    types = {"time": pa.timestamp("us", "UTC"), "v": pa.int64()}
    write(session, "events", [{name: 1, "time": AT, "v": 2}], pa.schema({name: pa.int64(), **types}))
    spine_types = {name: pa.int64(), "event_timestamp": pa.timestamp("us", "UTC")}
    write(session, "spine", [{name: 1, "event_timestamp": AT}], pa.schema(spine_types))
    view = FeatureView(
        name="view",
        entities=[Entity(name="entity", join_keys=[name], description="it")],
        source=DataSource(name="s", table="events", timestamp_field="time"),
        schema=[Field(name="v", dtype=DType.Int64)],
        aggregations=[Aggregation(function="sum", column="v", windows=["1h"])],
    )
    found = every_way(session, view)
    assert found == [{name: 1, "v": 2, "sum_v_1h": 2.0}] * len(found)


@pytest.mark.parametrize("name", NAMES)
def test_name_of_a_time_and_a_feature(session: Session, name: str) -> None:
    write(session, "events", [{"key": "k", name: AT}], pa.schema({"key": pa.string(), name: pa.timestamp("us", "UTC")}))
    session.run_script(f"CREATE OR REPLACE TABLE spine AS SELECT 'k' AS key, {literal(AT)} AS event_timestamp")
    view = FeatureView(
        name="view",
        entities=[KEY],
        source=DataSource(name="s", table="events", timestamp_field=name, created_timestamp_column=name),
        schema=[Field(name=name, dtype=DType.UnixTimestamp, description="it")],
        aggregations=[Aggregation(function="max", column=name, windows=["1h"])],
        ttl="1h",
    )
    found = every_way(session, view)
    assert found == [{"key": "k", name: AT, f"max_{name}_1h": AT}] * len(found)


SOURCES = ["table", "query"]


@pytest.mark.parametrize("given_as", SOURCES)
@pytest.mark.parametrize("name", NAMES)
def test_name_of_a_table(session: Session, name: str, given_as: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    rows = [{"key": "k", "time": AT, "v": 2}]
    types = {"key": pa.string(), "time": pa.timestamp("us", "UTC"), "v": pa.int64()}
    write(session, name, rows, pa.schema(types))
    session.run_script(f"CREATE OR REPLACE TABLE spine AS SELECT 'k' AS key, {literal(AT)} AS event_timestamp")
    given = {"table": quoted, "query": f"-- of it\nWITH x AS (SELECT * FROM {quoted} /* all */) SELECT * FROM x -- end"}
    view = FeatureView(
        name="view",
        entities=[KEY],
        source=DataSource(name="s", timestamp_field="time", **{given_as: given[given_as]}),
        schema=[Field(name="v", dtype=DType.Int64)],
        aggregations=[Aggregation(function="count", windows=["1h"])],
    )
    found = every_way(session, view)
    assert found == [{"key": "k", "v": 2, "count_1h": 1}] * len(found)


@pytest.mark.parametrize("name", ["select", "Order", "source_rows", "entity_df", "ts", "s"])
def test_name_of_a_view(session: Session, name: str) -> None:
    session.run_script(f"""
        CREATE OR REPLACE TABLE events AS SELECT 'k' AS key, {literal(AT)} AS "at", 7 AS v, 1 AS w;
        CREATE OR REPLACE TABLE spine AS SELECT 'k' AS key, {literal(AT)} AS event_timestamp
    """)
    found = every_way(session, FeatureView(**{**newest(), **window(), "name": name}))
    assert found == [{"key": "k", "v": 7, "w": 1, "f_1h": 1}] * len(found)


def test_a_table_named_as_another_view(session: Session) -> None:
    """The queries of one view must not hide the table that another reads."""
    session.run_script(f"""
        CREATE OR REPLACE TABLE events AS SELECT 'k' AS key, {literal(AT)} AS "at", 7 AS v, 1 AS w;
        CREATE OR REPLACE TABLE first AS SELECT 'k' AS key, {literal(AT)} AS "at", 8 AS v, 2 AS w;
        CREATE OR REPLACE TABLE spine AS SELECT 'k' AS key, {literal(AT)} AS event_timestamp
    """)
    reading_first = DataSource(name="other", table="first", timestamp_field="at")
    views = [
        FeatureView(**{**window("sum"), "name": "first"}),
        FeatureView(**{**window("sum"), "name": "second", "source": reading_first}),
    ]
    [row] = join(session, views, references(*views))
    assert (row["first__f_1h"], row["second__f_1h"]) == (7.0, 8.0)


def test_names_differ_in_case_alone(session: Session) -> None:
    """SQL does not tell case apart, so neither do keys, columns and the spine."""
    session.run_script(f"""
        CREATE OR REPLACE TABLE events AS SELECT 'k' AS KEY, {literal(AT)} AS "At", 7 AS V, 1 AS W;
        CREATE OR REPLACE TABLE spine AS SELECT 'k' AS "Key", {literal(AT)} AS EVENT_TIMESTAMP
    """)
    view = FeatureView(**{**newest(), **window("sum")})
    create_objects(session, view, now=AT)
    assert run(session, "SELECT * FROM features.VIEW") == [{"key": "k", "v": 7, "w": 1, "f_1h": 7.0}]
    [row] = join(session, [view], references(view), full_feature_names=False)
    assert row == {"Key": "k", "EVENT_TIMESTAMP": AT, "v": 7, "w": 1, "f_1h": 7.0}


def test_fields_named_as_other_columns(session: Session) -> None:
    """A field may have the name of a column that another field, the filter or a window speaks of."""
    session.run_script(f"""
        CREATE OR REPLACE TABLE events AS
            SELECT 'k' AS key, {literal(AT)} AS "at", 10 AS x, 20 AS y, TIMESTAMPTZ '1999-07-01' AS event_timestamp;
        CREATE OR REPLACE TABLE spine AS SELECT 'k' AS key, {literal(AT)} AS event_timestamp
    """)
    swapped = [
        Field(name="x", dtype=DType.Int64, expr="y"),
        Field(name="y", dtype=DType.Int64, expr="x"),
        Field(name="of_source", dtype=DType.Int64, expr="year(event_timestamp)"),
    ]
    sums = [Aggregation(function="sum", column="x", windows=["1h"], where="x = 10 AND year(event_timestamp) = 1999")]
    view = FeatureView(**{**newest(), "schema": swapped, "aggregations": sums, "filter": "x = 10"})
    found = every_way(session, view)
    assert found == [{"key": "k", "x": 20, "y": 10, "of_source": 1999, "sum_x_1h": 10.0}] * len(found)


# ── the parameter of the as-of function ────────────────────────────────────────────────────────────────

# settings of a view whose source has the columns key, at, v, w, ts and as_of_ts -> the parameter's name
PARAMETERS: list[tuple[dict[str, Any], str]] = [
    ({}, "ts"),
    ({"schema": [Field(name="v", dtype=DType.Int64, expr="ts + 0")]}, "as_of_ts"),
    ({"schema": [Field(name="TS", dtype=DType.Int64)]}, "as_of_ts"),
    ({"filter": "Ts = 5"}, "as_of_ts"),
    ({"aggregations": [Aggregation(function="count", where='"ts" = 5', windows=["1h"])]}, "as_of_ts"),
    ({"aggregations": [Aggregation(function="sum", column="ts", windows=["1h"])]}, "as_of_ts"),
    ({"aggregations": [Aggregation(function="sum", expr="ts + as_of_ts", name="n", windows=["1h"])]},
     "as_of_time_asked_for"),
    ({"entities": [Entity(name="e", join_keys=["ts"])]}, "as_of_ts"),
    ({"source": DataSource(name="q", query="SELECT * FROM events WHERE ts = 5", timestamp_field="at")}, "as_of_ts"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "expected"), PARAMETERS)
def test_a_column_named_as_the_parameter(session: Session, settings: dict[str, Any], expected: str) -> None:
    """The argument would take the column's place."""
    session.run_script(f"""
        CREATE OR REPLACE TABLE events AS
            SELECT 'k' AS key, {literal(AT)} AS "at", 1 AS v, 2 AS w, 5 AS ts, 6 AS as_of_ts;
        CREATE OR REPLACE TABLE spine AS SELECT 'k' AS key, 5 AS ts, {literal(AT)} AS event_timestamp
    """)
    view = FeatureView(**{**newest(), **settings})
    create_objects(session, view, now=AT)
    [function] = run(session, "SELECT parameters FROM duckdb_functions() WHERE function_name = 'view__asof'")
    assert function["parameters"] == [expected]
    assert run(session, as_of(view, AT)) == run(session, current(view))
    assert len(run(session, current(view))) == 1
