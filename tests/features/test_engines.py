"""One suite on every engine: what DuckDB, PostgreSQL and Spark compute from the same definitions is the oracle's."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeAlias
from unittest import mock

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aops_indb import Aggregation, DType, FeatureView, Field
from aops_indb.engines import Session
from aops_indb.features import float_sums
from aops_indb.features.views import warehouse_objects
from aops_indb.sqlgen.dialects import dialect
from aops_indb.sqlgen.render import render, render_script

from . import oracle, warehouse
from .engines import ENGINES, Engine, compiled_join, duckdb_engine, postgres, rows_of
from .examples import (
    EVENTS,
    FIELDS,
    REGISTER,
    SPINES,
    START,
    VIEWS,
    event_schema,
    events,
    in_zone,
    single,
    spine_schema,
)
from .warehouse import ZONES, references

World: TypeAlias = dict[str, list[dict[str, Any]]]

SPINE = ["a", "b", "event_timestamp"]
BY_NAME = {view.name: view for view in VIEWS}

# what takes Spark few seconds: the newest row, late rows, frames, floats, offsets, differences of running sums
small = FeatureView(
    name="small",
    entities=[single],
    source=events,
    schema=FIELDS,
    aggregations=[
        Aggregation(function="count", windows=["6h"], offset="1h"),
        Aggregation(function="max", column="label", windows=["1d"]),
        Aggregation(function="mean", column="price", windows=["1d"], where="n >= 3"),
    ],
)
ON_SPARK = [small, BY_NAME["late_forever"]]


SLOW_ON_SPARK = pytest.mark.parametrize(
    "engine_name", ["duckdb", "postgres", pytest.param("spark", marks=pytest.mark.long)], indirect=True
)


@pytest.fixture(params=["duckdb", "postgres", "spark"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Each engine."""
    return str(request.param)


@pytest.fixture
def engine(engine_name: str, session: Session) -> Engine:
    """Each engine, with its tables."""
    return duckdb_engine(session) if engine_name == "duckdb" else ENGINES[engine_name]


# ── rows ───────────────────────────────────────────────────────────────────────────────────────────────


def schema_of(name: str, zone: str | None) -> pa.Schema:
    return spine_schema(zone) if name == "spine" else event_schema(zone)


def write_world(engine: Engine, session: Session, world: World, zone: str | None) -> None:
    """The rows in the engine, and tables without rows in DuckDB, which knows the types of what is defined."""
    for name, rows in world.items():
        warehouse.write(session, name, [], schema_of(name, zone))
        engine.write(name, rows, schema_of(name, zone))


def random_world(seed: int, zone: str | None, longest: int = 60) -> World:
    """Rows on the edges of windows and beside them: ties, duplicates, late rows, NULL in every column."""
    draw = random.Random(seed)

    def time() -> dt.datetime | None:
        hours, micros = draw.choice([0, 1, 2, 5, 6, 7, 8, 12, 13, 24, 25, 30]), draw.choice([0, 0, 0, 1, -1])
        moment = START + dt.timedelta(hours=hours, microseconds=micros)
        return None if draw.random() < 0.1 else moment

    def keys() -> dict[str, Any]:
        return {"a": draw.choice([1, 1, 12, 12, None]), "b": draw.choice(["23", "23", "3", "3", None])}

    def values() -> dict[str, Any]:
        return {
            "n": draw.choice([None, -1, 0, 3, 7]),
            "x": draw.choice([None, -1.25, 0.0, 0.5, 4.0]),
            "price": draw.choice([None, Decimal("0.25"), Decimal("10.75"), Decimal("-3.50")]),
            "flag": draw.choice([None, True, False]),
            "label": draw.choice([None, "a", "B", "", "ß"]),
        }

    drawn = {
        "events": [{**keys(), "at": time(), "created": time(), "ends": time(), **values()} for _ in range(longest)],
        "register": [{**keys(), **values()} for _ in range(8)],
        "spine": [{**keys(), "event_timestamp": time()} for _ in range(longest)],
    }
    return {name: in_zone(rows, zone) for name, rows in drawn.items()}


@st.composite
def worlds(draw: st.DrawFn) -> tuple[World, str | None]:
    """Rows of events, register and spine; and the time zone of their times, if they have one."""
    zone = draw(st.sampled_from([None, "UTC"]))
    drawn = {"events": draw(EVENTS), "register": draw(REGISTER), "spine": draw(SPINES)}
    return {name: in_zone(rows, zone) for name, rows in drawn.items()}, zone


def require_joined(
    name: str, engine: Engine, session: Session, views: Sequence[FeatureView], asked: Sequence[str], world: World
) -> None:
    """Each row of the spine comes back once, in order, with the oracle's features."""
    joined = rows_of(engine, compiled_join(name, views, asked, SPINE, session.columns))
    columns = [*SPINE, *(reference.replace(":", "__") for reference in asked)]
    expected = oracle.join(views, world, world["spine"])
    assert joined == [{column: row[column] for column in columns} for row in expected]


# ── joins ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_several_views_in_one_join(engine_name: str, engine: Engine, session: Session, zone: str | None) -> None:
    """Read from New York, on the day when clocks change there."""
    views = ON_SPARK if engine_name == "spark" else [small, *VIEWS]
    world = random_world(11, zone)
    write_world(engine, session, world, zone)
    engine.set_time_zone("America/New_York")
    require_joined(engine_name, engine, session, views, references(*views), world)


def test_a_day_is_24_hours_when_clocks_change(engine_name: str, engine: Engine, session: Session) -> None:
    """In New York an hour after the only row: a day later by the calendar is 23 hours later."""
    view = FeatureView(
        name="day",
        entities=[single],
        source=events,
        ttl="1d",
        schema=[Field(name="n", dtype=DType.Int64)],
        aggregations=[
            Aggregation(function="count", windows=["1d"]),
            Aggregation(function="count", windows=["1d"], offset="1d", name="before"),
        ],
    )
    day, moment = dt.timedelta(hours=24), dt.timedelta(microseconds=1)
    rows = {day - moment: (7, 1, 0), day: (7, 0, 1), day + moment: (None, 0, 1), 2 * day: (None, 0, 0)}
    world = {
        "events": [{"a": 1, "at": START, "n": 7}],
        "spine": [{"a": 1, "event_timestamp": START + later} for later in rows],
    }
    write_world(engine, session, {name: in_zone(given, "UTC") for name, given in world.items()}, "UTC")
    engine.set_time_zone("America/New_York")
    joined = rows_of(engine, compiled_join(engine_name, [view], references(view), SPINE, session.columns))
    assert [(row["day__n"], row["day__count_1d"], row["day__before_1d"]) for row in joined] == list(rows.values())


def any_features(name: str, engine: Engine, session: Session, examples: int) -> Callable[[], None]:
    """A test of worlds, and of features asked for, that Hypothesis makes."""

    @given(data=st.data(), world_and_zone=worlds(), zone_asked_from=st.sampled_from(ZONES))
    @settings(
        max_examples=examples, deadline=None, report_multiple_bugs=False, suppress_health_check=[HealthCheck.too_slow]
    )
    def agrees(data: st.DataObject, world_and_zone: tuple[World, str | None], zone_asked_from: str) -> None:
        world, zone = world_and_zone
        asked = data.draw(st.lists(st.sampled_from(references(*VIEWS)), min_size=1, max_size=12, unique=True))
        write_world(engine, session, world, zone)
        engine.set_time_zone(zone_asked_from)
        require_joined(name, engine, session, VIEWS, asked, world)

    return agrees


def test_any_features_of_any_rows(session: Session) -> None:
    any_features("postgres", ENGINES["postgres"], session, 6)()


@pytest.mark.long
@pytest.mark.parametrize(("name", "examples"), [("postgres", 300), ("spark", 25)])
def test_any_features_of_many_rows(session: Session, name: str, examples: int) -> None:
    any_features(name, ENGINES[name], session, examples)()


@pytest.mark.long
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize("name", ENGINES)
def test_each_view(session: Session, name: str, zone: str | None, view: FeatureView) -> None:
    engine = ENGINES[name]
    for seed in range(3):
        world = random_world(seed, zone)
        write_world(engine, session, world, zone)
        engine.set_time_zone(ZONES[seed])
        require_joined(name, engine, session, [view], references(view), world)


# ── what stands in the warehouse ───────────────────────────────────────────────────────────────────────

NOW = START + dt.timedelta(hours=13)


@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize("view", [small, pytest.param(BY_NAME["late"], marks=pytest.mark.long)], ids=["small", "late"])
def test_view_of_now(engine_name: str, engine: Engine, session: Session, view: FeatureView, zone: str | None) -> None:
    world = random_world(5, zone)
    write_world(engine, session, world, zone)
    engine.set_time_zone("America/New_York")
    now, *_ = warehouse_objects(
        view, now=NOW.replace(tzinfo=dt.UTC), time_zone=zone is not None, types_of=session.columns
    )
    found = warehouse.by_key(view, rows_of(engine, render(now.query, dialect(engine_name))))
    at = NOW.replace(tzinfo=dt.UTC) if zone else NOW
    require_features(view, world, {(*keys, at): row for keys, row in found.items()})
    assert set(found) == set(oracle.entities(view, world["events"], at))


def require_features(view: FeatureView, world: World, found: dict[tuple[Any, ...], Any]) -> None:
    """Rows by their keys and time hold the oracle's features."""
    for (*keys, at), row in found.items():
        expected = oracle.features_at(view, world["events"], keys, at)
        assert {name: row[name] for name in expected} == expected


@SLOW_ON_SPARK
def test_history(engine_name: str, engine: Engine, session: Session) -> None:
    view = small if engine_name == "spark" else BY_NAME["late"]
    world = random_world(6, "UTC", 25)
    write_world(engine, session, world, "UTC")
    _, history, _ = warehouse_objects(view, types_of=session.columns)
    rows = rows_of(engine, render(history.query, dialect(engine_name)))
    found = {(*(row[key] for key in view.join_keys), row["event_timestamp"]): row for row in rows}
    assert len(found) == len(rows) > 0
    require_features(view, world, found)


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_as_of_in_postgres(session: Session, zone: str | None) -> None:
    """A function of a view's rows, with comments as PostgreSQL has them."""
    engine, view, world = ENGINES["postgres"], BY_NAME["late"], random_world(8, zone)
    write_world(engine, session, world, zone)
    objects = warehouse_objects(view, time_zone=zone is not None, types_of=session.columns)
    for item in objects:
        for sql in render_script(item.statements, dialect("postgres")):
            postgres().execute(sql.encode())
    engine.set_time_zone("America/New_York")
    asked = f"{NOW}+00" if zone else f"{NOW}"
    kind = "timestamptz" if zone else "timestamp"
    found = warehouse.by_key(view, rows_of(engine, f"SELECT * FROM features.late__asof({kind} '{asked}')"))
    at = NOW.replace(tzinfo=dt.UTC) if zone else NOW
    assert set(found) == set(oracle.entities(view, world["events"], at))
    require_features(view, world, {(*keys, at): row for keys, row in found.items()})
    told = rows_of(engine, "SELECT col_description('features.late'::regclass, 1) AS key, provolatile AS changes "
                   "FROM pg_proc WHERE proname = 'late__asof'")  # fmt: skip
    assert told == [{"key": "join key of pair", "changes": "s"}]


def test_comments_in_spark() -> None:
    """Part of the statement that makes a view: a Spark session has it read back."""
    now, *_ = warehouse_objects(BY_NAME["latest_forever"])
    [sql] = render_script(now.statements, dialect("spark"))
    assert "`a` COMMENT 'join key of single'" in sql
    assert "COMMENT 'Features of single'" in sql


# ── sums of floats ─────────────────────────────────────────────────────────────────────────────────────


@SLOW_ON_SPARK
def test_sums_of_floats_to_the_last_bit(engine_name: str, engine: Engine, session: Session) -> None:
    draw = random.Random(3)
    values = [draw.choice([1.0, 1e-3, 1e9]) * draw.uniform(-1, 1) for _ in range(300)]
    # far apart, they are exact in one order alone
    values[150:153] = [1e284, -1e300, 1e300]
    places = {"events": [{"a": 1, "at": START + dt.timedelta(minutes=i), "x": v} for i, v in enumerate(values)]}
    world = {**places, "spine": [{"a": 1, "event_timestamp": START + dt.timedelta(minutes=i)} for i in range(300)]}
    write_world(engine, session, world, None)
    view = FeatureView(
        name="floats", entities=[single], source=events, aggregations=[
            Aggregation(function="sum", column="x", windows=["1h"])]
    )  # fmt: skip
    joined = rows_of(engine, compiled_join(engine_name, [view], references(view), SPINE, session.columns))
    expected = [math.fsum(values[max(0, i - 59) : i + 1]) for i in range(300)]
    assert [row["floats__sum_x_1h"] for row in joined] == expected


@SLOW_ON_SPARK
def test_too_many_rows_are_told(engine_name: str, engine: Engine, session: Session) -> None:
    world: World = {
        "events": [{"a": 1, "at": START, "x": 0.5}] * 3,
        "spine": [{"a": 1, "event_timestamp": START}],
    }
    write_world(engine, session, world, None)
    view = FeatureView(
        name="floats", entities=[single], source=events, aggregations=[
            Aggregation(function="sum", column="x", windows=["1h"])]
    )  # fmt: skip
    with mock.patch.object(float_sums, "MOST_ROWS", 2):
        sql = compiled_join(engine_name, [view], references(view), SPINE, session.columns)
    with pytest.raises(Exception, match="a sum of floats over more than 2 rows of one entity would not be exact"):
        engine.run(sql)


# ── values of other types ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ENGINES)
def test_numbers_become_whole_as_in_duckdb(session: Session, name: str) -> None:
    """Floats half to even, decimals half away from 0: Spark's own cast would cut them off."""
    fields = [Field(name=f"whole_{c}", dtype=DType.Int64, expr=c) for c in ("x", "price", "n")]
    view = FeatureView(name="whole", entities=[single], source=events, schema=fields)
    given = [(0.5, "0.50"), (1.5, "1.50"), (2.5, "2.49"), (-2.5, "-2.50"), (-0.7, "-0.70"), (1e15 + 0.5, "7.00")]
    rows = [{"a": i, "at": START, "x": x, "price": Decimal(price), "n": i} for i, (x, price) in enumerate(given)]
    world: World = {"events": rows, "spine": [{"a": i, "event_timestamp": START} for i in range(len(rows))]}
    found = []
    for engine in (duckdb_engine(session), ENGINES[name]):
        write_world(engine, session, world, None)
        if engine is not ENGINES[name]:
            engine.write("events", rows, event_schema(None))
            engine.write("spine", world["spine"], spine_schema(None))
        dialect_name = name if engine is ENGINES[name] else "duckdb"
        found.append(rows_of(engine, compiled_join(dialect_name, [view], references(view), SPINE, session.columns)))
    assert found[1] == found[0]
    assert [row["whole__whole_x"] for row in found[1]][:5] == [0, 2, 2, -2, -1]


@pytest.mark.parametrize("name", ENGINES)
def test_floats_as_text_are_refused(session: Session, name: str) -> None:
    field = Field(name="written", dtype=DType.String, expr="x")
    view = FeatureView(name="text", entities=[single], source=events, schema=[field])
    world: World = {
        "events": [{"a": 1, "at": START, "x": 1.0}],
        "spine": [{"a": 1, "event_timestamp": START}],
    }
    write_world(ENGINES[name], session, world, None)
    with pytest.raises(Exception, match="a float as text reads otherwise in each warehouse"):
        ENGINES[name].run(compiled_join(name, [view], references(view), SPINE, session.columns))
