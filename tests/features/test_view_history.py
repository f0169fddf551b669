"""Feature views over feature views: against the oracle, whose rows are the history as the rules say it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest

from aops_indb import Aggregation, DataSource, DType, Entity, FeatureService, FeatureView, Field
from aops_indb.engines import Session
from aops_indb.errors import DefinitionError
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.workflows.catalog import Catalog
from aops_indb.workflows.project import Project

from . import oracle
from .warehouse import by_key, create_objects, join, references, run, write

ROUTE = Entity(name="route", join_keys=["a", "b"])
ORIGIN = Entity(name="origin", join_keys=["a"])
EVENTS = DataSource(name="events", table="events", timestamp_field="at", created_timestamp_column="created")
base = FeatureView(
    name="base",
    entities=[ROUTE],
    source=EVENTS,
    ttl="9h",
    schema=[Field(name="n", dtype=DType.Int64)],
    aggregations=[
        Aggregation(function="count", windows=["6h"]),
        Aggregation(function="mean", column="x", windows=["6h"], offset="1h"),
    ],
)
over_base = FeatureView(
    name="over_base",
    entities=[ROUTE],
    source=base,
    schema=[Field(name="twice", dtype=DType.Int64, expr="n * 2"), Field(name="mean_x_6h", dtype=DType.Float64)],
    aggregations=[
        Aggregation(function="max", column="count_6h", windows=["12h"]),
        Aggregation(function="mean", column="mean_x_6h", windows=["12h"], name="smooth"),
    ],
)
# fewer keys, and a view over a view over a view
by_origin = FeatureView(
    name="by_origin",
    entities=[ORIGIN],
    source=over_base,
    aggregations=[Aggregation(function="max", column="max_count_6h_12h", windows=["1d"], name="busiest")],
)
VIEWS = [base, over_base, by_origin]

START = dt.datetime(2013, 6, 1, tzinfo=dt.UTC)
TIME = pa.timestamp("us", tz="UTC")


def hours(n: float) -> dt.datetime:
    return START + dt.timedelta(hours=n)


ROWS: list[dict[str, Any]] = [
    {"a": [1, 12, None][i * i % 3], "b": ["23", "3"][i * 5 % 7 % 2], "at": hours(i * 1.25),
     "created": None if i % 3 else hours(i * 1.25 + i % 5), "n": None if i % 7 == 3 else i, "x": i * i % 11 / 4}
    for i in range(24)
]  # fmt: skip
SPINE: list[dict[str, Any]] = [
    {"a": [1, 12, 5][i % 3], "b": ["23", "3"][i // 3 % 2], "event_timestamp": hours(i * 1.0)} for i in range(48)
]


def history(view: FeatureView, rows: list[Any]) -> list[dict[str, Any]]:
    """A view's features of each entity at each moment from which they hold."""
    lengths = [oracle.length(window) for part in view.aggregations for window in part.windows]
    delays = {offset + length for part in view.aggregations for offset in [part.offset or dt.timedelta(0)]
              for length in [*lengths, dt.timedelta(0)]}  # fmt: skip
    delays |= {view.ttl + dt.timedelta(microseconds=1)} if view.ttl else set()
    found: dict[Any, dict[str, Any]] = {}
    for row in rows:
        keys, known = [row[key] for key in view.join_keys], oracle.known_at(view, row)
        if None in keys or known is None:
            continue
        event = row[view.source.timestamp_field or ""]
        for moment in {known, *(event + delay for delay in delays if event + delay >= known)}:
            features = oracle.features_at(view, rows, keys, moment)
            named = dict(zip(view.join_keys, keys, strict=True))
            found[(*keys, moment)] = {**named, "event_timestamp": moment, **features}
    return list(found.values())


def plain(view: FeatureView) -> FeatureView:
    """The view as if its source were a table with the history in it."""
    source = DataSource(name="history", table="history", timestamp_field="event_timestamp")
    return view.model_copy(update={"source": source})


BASE_ROWS = history(base, ROWS)
OVER_ROWS = history(plain(over_base), BASE_ROWS)
SOURCES = {"base": (base, ROWS), "over_base": (plain(over_base), BASE_ROWS), "by_origin": (plain(by_origin), OVER_ROWS)}


@pytest.fixture(scope="module", autouse=True)
def _rows(session: Session) -> None:
    types = {"a": pa.int64(), "b": pa.string(), "at": TIME, "created": TIME, "n": pa.int64(), "x": pa.float64()}
    write(session, "events", ROWS, pa.schema(types))
    write(session, "spine", SPINE, pa.schema({"a": pa.int64(), "b": pa.string(), "event_timestamp": TIME}))


def rounded(value: Any) -> Any:
    return pytest.approx(value, rel=1e-12) if isinstance(value, float) else value


def test_joined(session: Session) -> None:
    rows = join(session, VIEWS, references(*VIEWS))
    for row, asked in zip(rows, SPINE, strict=True):
        for name, (view, source) in SOURCES.items():
            keys = [asked[key] for key in view.join_keys]
            expected = oracle.features_at(view, source, keys, asked["event_timestamp"])
            for feature, value in expected.items():
                assert row[f"{name}__{feature}"] == rounded(value), (asked, feature)
    assert len({row["over_base__smooth_12h"] for row in rows}) > 10
    assert len({row["by_origin__busiest_1d"] for row in rows}) > 2


def test_then(session: Session) -> None:
    view, source = SOURCES["over_base"]
    create_objects(session, over_base)
    for at in (hours(0), hours(13.5), hours(30), hours(200)):
        found = by_key(view, run(session, f"SELECT * FROM features.over_base__asof(TIMESTAMPTZ '{at}')"))
        expected = {keys: oracle.features_at(view, source, keys, at) for keys in oracle.entities(view, source, at)}
        assert set(found) == set(expected)
        for keys, features in expected.items():
            assert {name: found[keys][name] for name in features} == {n: rounded(v) for n, v in features.items()}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"schema": [Field(name="m", dtype=DType.Int64)]}, "unknown feature of view 'base' 'm': known are"),
    ({"filter": "count_6 > 1"}, "unknown feature of view 'base' 'count_6': did you mean 'count_6h'?"),
    ({"entities": [Entity(name="e", join_keys=["c"])]}, "join key 'c': view 'base' has a, b"),
    ({"source": base.with_entity(ROUTE.alias("back", join_keys=["c", "d"]))}, "made by with_entity: write source=base"),
    ({"source": FeatureView(name="since", entities=[ROUTE], source=EVENTS, aggregations=[
        Aggregation(function="time_since", windows=["7d"])])}, "of 'since' changes as time passes, and a hist"),
    ({"source": FeatureView(name="timeless", entities=[ROUTE], source=DataSource(name="t", table="t"),
                           schema=base.schema_),
      "ttl": "1h"}, "source 'timeless' has no timestamp_field"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "expected"), WRONG, ids=[expected for _, expected in WRONG])
def test_wrong_views(settings: dict[str, Any], expected: str) -> None:
    right: dict[str, Any] = {"name": "v", "entities": [ROUTE], "source": base, "schema": base.schema_}
    FeatureView(**right)
    with pytest.raises(DefinitionError) as raised:
        FeatureView(**{**right, **settings})
    assert expected in str(raised.value)
    assert f"{__file__}:" in str(raised.value)


def reading(name: str, table: str, **settings: Any) -> FeatureView:
    fields = [Field(name="n", dtype=DType.Int64)]
    source = DataSource(name=f"{name}_rows", timestamp_field="event_timestamp", **{"table": table, **settings})
    return FeatureView(name=name, entities=[ROUTE], source=source, schema=fields)


CIRCLES = [
    ([reading("a", "features.a")], "feature_view 'a' is made from itself: a <- a;"),
    ([reading("a", 'features."A__history"')], "a <- a;"),
    ([reading("a", "features.b__history"), reading("b", "Features.c"), reading("c", "features.a")], "a <- b <- c <- a"),
    ([over := FeatureView(name="over", entities=[ROUTE], source=reading("a", "features.over"), schema=base.schema_)],
     "is made from itself: a <- over <- a"),
    ([reading("a", None, query="SELECT * FROM raw.t, (SELECT 1 FROM features.a__v1)")], "a <- a"),  # type: ignore[arg-type]
]  # fmt: skip


@pytest.mark.parametrize(("views", "expected"), CIRCLES, ids=[expected for _, expected in CIRCLES])
def test_circles(views: list[FeatureView], expected: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        DefinitionSet.of(views)
    assert expected in str(raised.value)


def test_no_circles() -> None:
    assert list(DefinitionSet.of([reading("a", "raw.a"), reading("b", "features.a")]).views) == ["a", "b"]


def test_applied() -> None:
    project = Project("duckdb:///:memory:", [FeatureService(name="service", features=[over_base])])
    with project.session() as session:
        types = {"a": pa.int64(), "b": pa.string(), "at": TIME, "created": TIME, "n": pa.int64(), "x": pa.float64()}
        write(session, "events", ROWS, pa.schema(types))
        project.apply()
        assert not project.plan()
        made_from = Catalog(project, session).applied["feature_view", "over_base"].depends_on
        assert made_from == (("entity", "route"), ("feature_view", "base"))
        at = "TIMESTAMPTZ '2013-06-02'"
        [row] = run(session, f"SELECT * FROM features.over_base__asof({at}) WHERE a = 1 AND b = '23'")
        expected = oracle.features_at(*SOURCES["over_base"], [1, "23"], hours(24))
        assert {name: row[name] for name in expected} == {name: rounded(value) for name, value in expected.items()}


def test_what_it_is_made_from() -> None:
    known = DefinitionSet.of([by_origin])
    assert set(known.views) == {"base", "over_base", "by_origin"}
    assert list(known.by_kind["data_source"]) == ["events"]
