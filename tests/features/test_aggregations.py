"""Every aggregation, over every kind of window: in joins, in the view of now, at any time and in the history."""

from __future__ import annotations

import datetime as dt
import math
import re
import struct
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from aops_indb import Aggregation, FeatureView
from aops_indb.engines import Session
from aops_indb.errors import DefinitionError, QueryError
from aops_indb.features.definitions.materialization import Materialization
from aops_indb.features.materialized import history_between
from aops_indb.features.views import history
from aops_indb.sqlgen.dialects.duckdb import DUCKDB
from aops_indb.sqlgen.render import render

from . import oracle, oracle_reductions
from .every_aggregation import GROUPS, NAMES, OF, SECONDS, VIEWS, agrees, kept_of, numeric, plain_late, since
from .examples import (
    EVENTS,
    SPINES,
    START,
    TIMES,
    at_zone,
    event_schema,
    events,
    events_written_later,
    in_zone,
    single,
    spine_schema,
    window,
)
from .warehouse import ZONES, by_key, create_objects, join, references, run, set_time_zone, write

QUIETLY: dict[str, Any] = {"deadline": None, "report_multiple_bugs": False, "phases": [Phase.generate]}
NOW = (START + dt.timedelta(hours=8)).replace(tzinfo=dt.UTC)

# ── against the oracle ─────────────────────────────────────────────────────────────────────────────────


def check_joins(session: Session, view: FeatureView, examples: int) -> None:
    @given(rows=EVENTS, spine=SPINES, zone=st.sampled_from([None, "UTC"]), asked_from=st.sampled_from(ZONES))
    @settings(max_examples=examples, **QUIETLY)
    def agree(rows: Any, spine: Any, zone: str | None, asked_from: str) -> None:
        rows, spine = in_zone(rows, zone), in_zone(spine, zone)
        write(session, "events", rows, event_schema(zone))
        write(session, "spine", spine, spine_schema(zone))
        set_time_zone(session, asked_from)
        assert join(session, [view], references(view)) == oracle.join([view], {"events": rows}, spine)

    agree()


@pytest.mark.parametrize("view", VIEWS, ids=NAMES)
def test_joins(session: Session, view: FeatureView) -> None:
    check_joins(session, view, 3)


@pytest.mark.long
@pytest.mark.parametrize("view", VIEWS, ids=NAMES)
def test_many_joins(session: Session, view: FeatureView) -> None:
    check_joins(session, view, 100)


def check_objects(session: Session, view: FeatureView, zone: str | None, examples: int) -> None:
    write(session, "events", [], event_schema(zone))
    create_objects(session, view, now=NOW, time_zone=zone is not None)
    now = at_zone(NOW.replace(tzinfo=None), zone)

    def expected(rows: Any, keys: tuple[Any, ...], moment: dt.datetime) -> dict[str, Any]:
        return dict(zip(view.join_keys, keys, strict=True)) | oracle.features_at(view, rows, keys, moment)

    @given(rows=EVENTS, at=TIMES, asked_from=st.sampled_from(ZONES))
    @settings(max_examples=examples, **QUIETLY)
    def agree(rows: Any, at: dt.datetime, asked_from: str) -> None:
        rows, at = in_zone(rows, zone), at_zone(at, zone)
        write(session, "events", rows, event_schema(zone))
        set_time_zone(session, asked_from)
        for moment, relation in ((now, view.name), (at, f"{view.name}__asof('{at}')")):
            known = oracle.entities(view, rows, moment)
            found = by_key(view, run(session, f"SELECT * FROM features.{relation}"))
            assert found == {keys: expected(rows, keys, moment) for keys in known}
        for row in run(session, f"SELECT * FROM features.{view.name}__history"):
            moment, keys = row.pop("event_timestamp"), tuple(row[key] for key in view.join_keys)
            assert row == expected(rows, keys, moment)

    agree()


@pytest.mark.parametrize(("view", "zone"), [*zip(VIEWS, [None, "UTC", "UTC", None], strict=True)], ids=NAMES)
def test_now_then_and_history(empty_session: Session, view: FeatureView, zone: str | None) -> None:
    check_objects(empty_session, view, zone, 2)


@pytest.mark.long
@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize("view", VIEWS, ids=NAMES)
def test_now_then_and_history_of_many(empty_session: Session, view: FeatureView, zone: str | None) -> None:
    check_objects(empty_session, view, zone, 60)


OPENED = [
    # the window's end lies this far back -> of the hours 0 to 8, how many rows came since one had the flag
    (None, [None, 0, 1, 2, 0, 1, 0, 1, 2]),
    ("2h", [None, None, None, 0, 1, 2, 0, 1, 0]),
]


@pytest.mark.parametrize("created", [False, True])
@pytest.mark.parametrize(("offset", "expected"), OPENED)
def test_rows_since_an_event(session: Session, created: bool, offset: str | None, expected: list[int | None]) -> None:
    """Events at hours 1, 4 and 6; before the first there is nothing to count, and nothing to sum."""
    rows = [
        {"a": 1, "at": START + dt.timedelta(hours=h), "created": None, "n": 1, "flag": h in (1, 4, 6)} for h in range(9)
    ]
    write(session, "events", rows, event_schema(None))
    spine = [{"a": 1, "event_timestamp": row["at"]} for row in rows]
    write(session, "spine", spine, spine_schema(None))
    settings = {"windows": ["lifetime"], "since": "flag", "offset": offset}
    view = FeatureView(
        name="view",
        entities=[single],
        source=events_written_later if created else events,
        aggregations=[
            Aggregation(function="count", name="count", **settings),
            Aggregation(function="sum", column="n", name="sum", **settings),
        ],
    )
    found = join(session, [view], references(view))
    assert [row["view__count_lifetime"] for row in found] == [count or 0 for count in expected]
    assert [row["view__sum_lifetime"] for row in found] == [float(count) if count else None for count in expected]


@pytest.mark.parametrize("view", [since, plain_late], ids=lambda view: view.name)
def test_history_by_intervals(session: Session, view: FeatureView) -> None:
    """What opened a window, or was all there was, may lie as far back as it will."""
    rows = [
        {"a": 1, "b": "3", "at": START + dt.timedelta(hours=40 * h), "created": None, "n": n, "x": 0.5, "flag": True}
        for h, n in enumerate([7, 1, 0, 3, 1, 2, 1, 1, 0, -1])
    ]
    write(session, "events", [{"price": None, "label": "b", **row} for row in rows], event_schema(None))
    first, last = (START.replace(tzinfo=dt.UTC) + dt.timedelta(hours=40 * h) for h in (7, 9))
    whole = run(session, render(history(view, session.columns), DUCKDB))
    between = history_between(view, first, last, time_zone=False, types_of=session.columns)
    part = run(session, render(between, DUCKDB))
    in_between = [row for row in whole if first < row["event_timestamp"].replace(tzinfo=dt.UTC) <= last]
    assert len(part) > 1
    assert sorted(part, key=str) == sorted(in_between, key=str)


# ── numbers of any size ────────────────────────────────────────────────────────────────────────────────


def reduced(session: Session, groups: list[list[float]], order: str = "i") -> list[dict[str, Any]]:
    """The features of each group, whose values are of one key at SECONDS, written in an order."""
    rows = [
        {"key": key, "at": START + dt.timedelta(seconds=SECONDS[i % len(SECONDS)]), "v": v, "i": i}
        for key, group in enumerate(groups)
        for i, v in enumerate(group)
    ]
    types = {"key": pa.int64(), "at": pa.timestamp("us"), "v": pa.float64(), "i": pa.int64()}
    write(session, "unordered", rows, pa.schema(types))
    session.run_script(f"CREATE OR REPLACE TABLE events AS SELECT * FROM unordered ORDER BY {order}")
    spine = [{"key": key, "event_timestamp": START + dt.timedelta(hours=1)} for key in range(len(groups))]
    write(session, "spine", spine, pa.schema({"key": pa.int64(), "event_timestamp": pa.timestamp("us")}))
    return join(session, [numeric], references(numeric))


@given(groups=GROUPS)
@settings(max_examples=12, **QUIETLY)
def test_numbers_of_any_size(session: Session, groups: list[list[float]]) -> None:
    found = reduced(session, groups)
    end = START + dt.timedelta(hours=1)
    for row, group in zip(found, groups, strict=True):
        kept = kept_of(group)
        for aggregation in numeric.aggregations:
            [name] = (name for name, _ in aggregation.features())
            expected = oracle_reductions.REDUCTIONS[aggregation.function](aggregation, kept, end)
            assert agrees(row[f"view__{name}"], expected), (name, group, row)


def bits(rows: list[dict[str, Any]]) -> list[bytes]:
    return [struct.pack("d", value) for row in rows for value in row.values() if isinstance(value, float)]


def test_order_and_threads_leave_no_trace(session: Session) -> None:
    random = Random(7)
    groups = [[random.uniform(-1, 1) * 10 ** random.randint(-9, 9) for _ in range(200)] for _ in range(60)]
    first = bits(reduced(session, groups))
    assert len(set(first)) == 5 * 60
    for order, threads in (("v", 1), ("hash(v)", 2), ("i DESC", 1)):
        session.run_script(f"SET threads = {threads}")
        assert bits(reduced(session, groups, order)) == first


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_are_no_numbers(session: Session, value: float) -> None:
    """As NumPy has it."""
    [row, _] = reduced(session, [[1.0, value, 2.0], [1.0]])
    with np.errstate(invalid="ignore"):
        expected = [np.var([1.0, value, 2.0], ddof=1), np.std([1.0, value, 2.0], ddof=1)]
    assert all(map(math.isnan, expected))
    assert all(math.isnan(row[f"view__{name}_1d"]) for name in ("variance", "stddev", "slope"))
    assert str(row["view__decayed_1d"]) == str(value)


def test_the_sketch_is_the_engines(session: Session) -> None:
    session.run_script("""
        CREATE OR REPLACE TABLE events AS
            SELECT i % 3 AS key, TIMESTAMP '2013-06-01' + to_seconds(i) AS at, hash(i) % 900 AS v FROM range(9000) r(i);
        CREATE OR REPLACE TABLE spine AS
            SELECT i % 3 AS key, TIMESTAMP '2013-06-01' + to_seconds(i * 100) AS event_timestamp FROM range(90) r(i)
    """)
    expected = run(
        session,
        """
        SELECT approx_count_distinct(v) AS n, count(DISTINCT v) AS exact
        FROM spine s LEFT JOIN events e ON s.key = e.key AND e.at <= event_timestamp
                                       AND e.at > event_timestamp - INTERVAL 1 HOUR
        GROUP BY s.key, event_timestamp ORDER BY event_timestamp
        """,
    )
    functions = ["approx_count_distinct", "count_distinct"]
    parts = [Aggregation(function=f, column="v", windows=["1h"]) for f in functions]
    view = FeatureView(**{**window(), "aggregations": parts})
    for algorithm in ("timeline", "range_join"):
        found = join(session, [view], references(view), algorithm=algorithm)
        counts = [tuple(row[f"view__{f}_v_1h"] for f in functions) for row in found]
        assert counts == [(row["n"], row["exact"]) for row in expected]


# ── settings ───────────────────────────────────────────────────────────────────────────────────────────

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"function": "quantile"}, "quantile needs q: write e.g. q=0.9"),
    ({"function": "last_n"}, "last_n needs n: write e.g. n=3"),
    ({"function": "decayed_sum"}, 'decayed_sum needs half_life: write e.g. half_life="7d"'),
    ({"function": "mean", "q": 0.5}, "q: mean takes none, quantile do; leave it out"),
    ({"function": "sum", "half_life": "1d"}, "decayed_sum and decayed_count do; leave it out"),
    ({"function": "quantile", "q": 1.5}, "1.5 is no share: write a number from 0 to 1"),
    ({"function": "quantile", "q": "0.5"}, "is no share"),
    ({"function": "quantile", "q": True}, "is no share"),
    ({"function": "quantile", "q": math.nan}, "is no share"),
    ({"function": "last_n", "n": 0}, "0 is no such number: write a whole number from 1 to 1000"),
    ({"function": "last_n", "n": 1001}, "1001 is no such number"),
    ({"function": "last_n", "n": 2.0}, "is no such number"),
    ({"function": "decayed_sum", "half_life": 7}, "7 is no length of time"),
    ({"function": "stddev", "column": None}, "stddev needs a column or an expr"),
    ({"function": "count", "since": "v > 1"}, "name: needed, since since makes it another feature"),
    ({"function": "count", "since": "count(*) > 1", "name": "f"}, "looks at other rows"),
    ({"function": "count", "windows": ["life"]}, "'life' is no length of time"),
]


@pytest.mark.parametrize(("given_", "expected"), WRONG)
def test_wrong_settings(given_: dict[str, Any], expected: str) -> None:
    with pytest.raises(DefinitionError, match=re.escape(expected)):
        Aggregation(**{"column": "v", "windows": ["1d"], **given_})


def test_what_changes_as_time_passes_is_not_kept_in_a_table(session: Session) -> None:
    decayed = window("decayed_count", half_life="1h")
    with pytest.raises(DefinitionError, match="decayed_count changes as time passes"):
        FeatureView(**decayed, materialization=Materialization())
    FeatureView(**window(), materialization=Materialization())
    write(session, "events", [], pa.schema({"key": pa.int64(), "at": pa.timestamp("us"), "v": pa.float64()}))
    create_objects(session, FeatureView(**decayed), time_zone=False)
    query = "SELECT table_name, comment FROM duckdb_columns() WHERE column_name = 'f_1h' ORDER BY table_name"
    text = "decayed_count of v, trailing 1h"
    assert [row["comment"] for row in run(session, query)] == [text, f"{text}, at the very moment of event_timestamp"]


@pytest.mark.parametrize("function", ["variance", "stddev", "quantile", "slope", "decayed_sum"])
def test_text_is_no_number(session: Session, function: str) -> None:
    """'1.5' would do, and the view could not be read once somebody writes another."""
    session.run_script("CREATE OR REPLACE TABLE events AS SELECT 1 AS key, TIMESTAMP '2013-06-01' AS at, '1.5' AS v")
    view = FeatureView(**window(function, **{k: v for k, v in OF.get(function, {}).items() if k != "column"}))
    with pytest.raises(QueryError, match="VARCHAR"):
        create_objects(session, view, time_zone=False)
