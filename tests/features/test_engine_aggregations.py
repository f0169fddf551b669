"""Every aggregation on PostgreSQL and Spark: the oracle's values, over every kind of window and numbers of any size."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from aops_indb import Aggregation, DataSource, DType, FeatureView, Field
from aops_indb.engines import Session
from aops_indb.features.views import warehouse_objects
from aops_indb.sqlgen.dialects import dialect
from aops_indb.sqlgen.parse import parse_select
from aops_indb.sqlgen.render import render, render_script

from . import oracle, oracle_reductions, warehouse
from .engines import ENGINES, compiled_join, duckdb_engine, postgres, rows_of
from .every_aggregation import NAMES, SECONDS, VIEWS, agrees, kept_of, numeric, plain, plain_late, since, since_late
from .examples import FIELDS, START, event_schema, events, pair, periods, single, spine_schema
from .test_engines import SPINE, random_world, require_joined, write_world
from .warehouse import ZONES, by_key, references

# what takes Spark few seconds: one function of each kind
FEW = ("count_distinct", "variance", "quantile", "mode", "last", "last_n", "time_since", "decayed_sum")
NOW = START + dt.timedelta(hours=13)


def few(view: FeatureView) -> FeatureView:
    """The view with a window of each of a few functions."""
    chosen = {a.function: a for a in reversed(view.aggregations) if a.function in FEW and a.offset is None}
    return view.model_copy(update={"aggregations": list(chosen.values())})


# ── against the oracle ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("view", "zone"), [*zip(VIEWS, ["UTC", None, None, "UTC"], strict=True)], ids=NAMES)
def test_joins_in_postgres(session: Session, view: FeatureView, zone: str | None) -> None:
    check_join(session, "postgres", view, 2, zone)


def test_a_join_in_spark(session: Session) -> None:
    check_join(session, "spark", few(plain_late), 3, "UTC")


@pytest.mark.long
@pytest.mark.parametrize("view", VIEWS, ids=NAMES)
@pytest.mark.parametrize(("name", "worlds"), [("postgres", 30), ("spark", 4)])
def test_many_joins(session: Session, name: str, worlds: int, view: FeatureView) -> None:
    for seed in range(worlds):
        check_join(session, name, view, 100 + seed, [None, "UTC"][seed % 2])


def check_join(session: Session, name: str, view: FeatureView, seed: int, zone: str | None) -> None:
    """Asked from another time zone each time."""
    engine, world = ENGINES[name], random_world(seed, zone)
    write_world(engine, session, world, zone)
    engine.set_time_zone(ZONES[seed % len(ZONES)])
    require_joined(name, engine, session, [view], references(view), world)


@pytest.mark.parametrize("name", ["postgres", pytest.param("spark", marks=pytest.mark.long)])
@pytest.mark.parametrize(("view", "zone"), [(plain, "UTC"), (since_late, None)], ids=["plain", "since_late"])
def test_now_and_history(session: Session, name: str, view: FeatureView, zone: str | None) -> None:
    """Each entity known, and each moment at which one changes, has one row."""
    engine, world = ENGINES[name], random_world(7, zone, 25)
    write_world(engine, session, world, zone)
    engine.set_time_zone("America/New_York")
    at = NOW.replace(tzinfo=dt.UTC) if zone else NOW
    now, history, _ = warehouse_objects(
        view, now=NOW.replace(tzinfo=dt.UTC), time_zone=zone is not None, types_of=session.columns
    )
    found = by_key(view, rows_of(engine, render(now.query, dialect(name))))
    assert set(found) == set(oracle.entities(view, world["events"], at))
    require_features(view, world, {(*keys, at): row for keys, row in found.items()})
    rows = rows_of(engine, render(history.query, dialect(name)))
    changes = {(*(row[key] for key in view.join_keys), row["event_timestamp"]): row for row in rows}
    assert len(changes) == len(rows) > 0
    require_features(view, world, changes)


def require_features(view: FeatureView, world: dict[str, list[dict[str, Any]]], found: dict[Any, Any]) -> None:
    for (*keys, at), row in found.items():
        assert {**row, **oracle.features_at(view, world["events"], keys, at)} == row


def test_as_of_in_postgres(session: Session) -> None:
    """A function of a view's rows, whose statement is the same SQL."""
    engine, world, view = ENGINES["postgres"], random_world(9, None), few(since)
    write_world(engine, session, world, None)
    for item in warehouse_objects(view, time_zone=False, types_of=session.columns):
        for sql in render_script(item.statements, dialect("postgres")):
            postgres().execute(sql.encode())
    found = by_key(view, rows_of(engine, f"SELECT * FROM features.since__asof('{NOW}')"))
    assert set(found) == set(oracle.entities(view, world["events"], NOW))
    require_features(view, world, {(*keys, NOW): row for keys, row in found.items()})


# ── numbers of any size ────────────────────────────────────────────────────────────────────────────────

KEYED = {"key": pa.int64(), "at": pa.timestamp("us"), "v": pa.float64()}
ASKED = {"key": pa.int64(), "event_timestamp": pa.timestamp("us")}


def reduced(session: Session, name: str, groups: Sequence[Sequence[float]]) -> list[dict[str, Any]]:
    """The features of each group, whose values are of one key at SECONDS."""
    rows = [
        {"key": key, "at": START + dt.timedelta(seconds=SECONDS[i % len(SECONDS)]), "v": v}
        for key, group in enumerate(groups)
        for i, v in enumerate(group)
    ]
    spine = [{"key": key, "event_timestamp": START + dt.timedelta(hours=1)} for key in range(len(groups))]
    for table, given, schema in (("events", rows, KEYED), ("spine", spine, ASKED)):
        warehouse.write(session, table, [], pa.schema(schema))
        ENGINES[name].write(table, given, pa.schema(schema))
    return rows_of(ENGINES[name], compiled_join(name, [numeric], references(numeric), [*ASKED], session.columns))


def groups_of_any_size(count: int) -> list[list[float]]:
    """Values of all sizes, of few, and so close together that their first digits are the same."""
    draw = random.Random(17)
    special = [0.1, 1e16, 1e16 + 2, 1.0, 1.0 + 2**-52, -7.25, 0.0, 5e-324, 1e-300, 2.0**60, 1e150, 1.7e308, -1e300]
    groups: list[list[float]] = [[], [2.5], [1e308, -1e308], [5e-324, 1e-323], [0.1] * 7, [1e-160, 2e-160, 1.0]]
    while len(groups) < count:
        base = draw.choice([draw.choice(special), draw.randint(10**12, 10**12 + 9) / 3, draw.uniform(-1e300, 1e300)])
        close = [base + draw.randint(-4, 4) * math.ulp(base) for _ in range(draw.randint(2, 8))]
        mixed = [draw.choice([draw.choice(special), draw.uniform(-1, 1)]) for _ in range(draw.randint(1, 8))]
        groups += [close, mixed]
    return groups


@pytest.mark.parametrize(
    ("name", "count"),
    [("postgres", 60), ("spark", 12), *(pytest.param(name, 2000, marks=pytest.mark.long) for name in ENGINES)],
)
def test_numbers_of_any_size(session: Session, name: str, count: int) -> None:
    """Exact fractions say what they are, within the bounds that DuckDB's are in."""
    groups, end = groups_of_any_size(count), START + dt.timedelta(hours=1)
    for row, group in zip(reduced(session, name, groups), groups, strict=True):
        for aggregation in numeric.aggregations:
            [feature] = (feature for feature, _ in aggregation.features())
            expected = oracle_reductions.REDUCTIONS[aggregation.function](aggregation, kept_of(group), end)
            assert agrees(row[f"view__{feature}"], expected), (feature, group, row)


@pytest.mark.parametrize("name", ["postgres", pytest.param("spark", marks=pytest.mark.long)])
def test_values_that_are_no_numbers(session: Session, name: str) -> None:
    """As NumPy has it."""
    groups = [[1.0, value, 2.0] for value in (math.nan, math.inf, -math.inf)]
    with np.errstate(invalid="ignore"):
        assert all(math.isnan(np.var(group, ddof=1)) for group in groups)
    for row, group in zip(reduced(session, name, groups), groups, strict=True):
        assert all(math.isnan(row[f"view__{function}_1d"]) for function in ("variance", "stddev", "slope"))
        assert str(row["view__decayed_1d"]) == str(group[1])


@pytest.mark.parametrize("name", ["postgres", pytest.param("spark", marks=pytest.mark.long)])
def test_what_is_long_past_counts_nothing(session: Session, name: str) -> None:
    """Halved 2,000 times a value is 0, in PostgreSQL too, where to round to it is an error."""
    view = FeatureView(
        name="decayed",
        entities=[single],
        source=events,
        aggregations=[
            Aggregation(function="decayed_sum", column="x", half_life="1s", windows=["1h"]),
            Aggregation(function="decayed_count", half_life="1s", windows=["1h"]),
        ],
    )
    world = {
        "events": [{"a": 1, "at": START, "x": 1e-300}, {"a": 2, "at": START, "x": 8.0}],
        "spine": [
            {"a": 1, "event_timestamp": START + dt.timedelta(seconds=2000)},
            {"a": 1, "event_timestamp": START + dt.timedelta(seconds=200)},
            {"a": 2, "event_timestamp": START + dt.timedelta(seconds=3)},
        ],
    }
    write_world(ENGINES[name], session, world, None)
    rows = rows_of(ENGINES[name], compiled_join(name, [view], references(view), SPINE, session.columns))
    found = [(row["decayed__decayed_sum_x_1h"], row["decayed__decayed_count_1h"]) for row in rows]
    assert found == [(0.0, 0.0), (0.0, 2.0**-200), (1.0, 0.125)]


# ── views of other kinds ───────────────────────────────────────────────────────────────────────────────

by_pair = FeatureView(
    name="by_pair",
    entities=[pair],
    source=events,
    aggregations=[
        Aggregation(function="count_distinct", column="label", windows=["lifetime"], name="labels"),
        Aggregation(function="last", column="label", windows=["6h"], name="latest"),
        Aggregation(function="quantile", column="x", q=0.5, windows=["1d"], name="median"),
        Aggregation(function="variance", column="n", windows=["1d"], name="spread"),
        Aggregation(function="slope", column="n", windows=["1d"], name="trend"),
        Aggregation(function="last_n", column="n", n=2, windows=["1d"], name="two"),
    ],
)
over_view = FeatureView(
    name="over_view",
    entities=[pair],
    source=by_pair,
    schema=[Field(name="doubled", dtype=DType.Int64, expr="labels_lifetime * 2")],
    aggregations=[
        Aggregation(function="max", column="labels_lifetime", windows=["lifetime"], name="most"),
        Aggregation(function="first", column="latest_6h", windows=["1d"], name="first_latest"),
        Aggregation(function="mode", column="median_1d", windows=["lifetime"], name="usual"),
        Aggregation(function="count", column="spread_1d", windows=["1d"], name="spread_known"),
        Aggregation(function="count", column="trend_1d", windows=["1d"], name="trend_known"),
    ],
)
of_periods = FeatureView(
    name="of_periods",
    entities=[single],
    source=periods,
    schema=FIELDS,
    aggregations=[
        Aggregation(function="last", column="label", windows=["lifetime"]),
        Aggregation(function="count_distinct", column="n", windows=["1d"]),
        Aggregation(function="time_since", windows=["lifetime"]),
    ],
)
of_query = FeatureView(
    name="of_query",
    entities=[single],
    source=DataSource(
        name="given",
        query="SELECT a, at, MAX(n) AS n, COUNT(DISTINCT label) AS labels FROM events WHERE x > 0 GROUP BY a, at",
        timestamp_field="at",
    ),
    aggregations=[
        Aggregation(function="stddev", column="n", windows=["lifetime"]),
        Aggregation(function="last_n", column="labels", n=2, windows=["1d"]),
        Aggregation(function="first", column="n", windows=["6h"], since="labels > 0", name="since_labels"),
    ],
)
aliased = of_query.with_entity(single.alias("other", join_keys=["other"]))
OTHERS: list[FeatureView] = [over_view, of_periods, of_query, aliased]


@pytest.mark.parametrize("name", ["postgres", pytest.param("spark", marks=pytest.mark.long)])
@pytest.mark.parametrize("view", OTHERS, ids=["over_view", "of_periods", "of_query", "aliased"])
def test_views_of_other_kinds(session: Session, name: str, view: FeatureView) -> None:
    """Of views, of periods, of a query, by another key: what DuckDB has, which other tests compare with the oracle."""
    world = random_world(4, "UTC")
    spine = [{**row, "other": row["a"]} for row in world["spine"]]
    asked = [f"{view.reference_name}:{feature.name}" for feature in view.features]
    found = []
    for engine, dialect_name in ((duckdb_engine(session), "duckdb"), (ENGINES[name], name)):
        engine.write("events", world["events"], event_schema("UTC"))
        engine.write("spine", spine, spine_schema("UTC").append(pa.field("other", pa.int64())))
        engine.set_time_zone("Asia/Kolkata")
        sql = compiled_join(dialect_name, [view], asked, [*SPINE, "other"], session.columns)
        found.append([{key: rounded(value) for key, value in row.items()} for row in rows_of(engine, sql)])
    assert found[1] == found[0]
    assert any(value is not None for row in found[0] for key, value in row.items() if key not in (*SPINE, "other"))


def test_queries_of_one_name_inside_others_in_spark() -> None:
    """As written, 2 and 3 inside, 1 outside."""
    query = """
        WITH a AS (SELECT 1 AS x)
        SELECT s.x, s.y, A.x AS z
        FROM (
            WITH a AS (SELECT 2 AS x)
            SELECT A.x, b.x AS y FROM A CROSS JOIN (WITH a AS (SELECT 3 AS x) SELECT x FROM a) AS b
        ) AS s CROSS JOIN a
    """
    [row] = ENGINES["spark"].run(render(parse_select(query), dialect("spark")))
    assert row == {"x": 2, "y": 3, "z": 1}


def rounded(value: Any) -> Any:
    """A float without the last digits, which can differ."""
    return float(f"{value:.12e}") if isinstance(value, float) else value
