"""One view joined under several columns of a spine: against the oracle, and by name."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest

from aops_indb import Aggregation, DataSource, DType, Entity, FeatureService, FeatureView, Field, OnDemandFeature
from aops_indb.engines import Session
from aops_indb.errors import DefinitionError, SpineError, UnknownNameError
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.spine import output_names, required_columns, resolve
from aops_indb.workflows.catalog import Catalog
from aops_indb.workflows.project import Project

from . import oracle
from .warehouse import join, references, run, write

AIRPORT = Entity(name="airport", join_keys=["code"])
ROUTE = Entity(name="route", join_keys=["code", "other"])
SOURCE = DataSource(name="hourly", table="hourly", timestamp_field="at")
SETTINGS: dict[str, Any] = {
    "source": SOURCE,
    "ttl": "3h",
    "schema": [Field(name="n", dtype=DType.Int64), Field(name="label", dtype=DType.String)],
    "aggregations": [
        Aggregation(function="count", windows=["1h", "6h"]),
        Aggregation(function="max", column="n", windows=["6h"]),
        Aggregation(function="mean", column="v", windows=["6h"]),
    ],
}
traffic = FeatureView(name="traffic", entities=[AIRPORT], **SETTINGS)
on_route = FeatureView(name="on_route", entities=[ROUTE], **SETTINGS)
origin = traffic.with_entity(AIRPORT.alias("origin", join_keys=["origin"]))
dest = traffic.with_entity(AIRPORT.alias("dest", join_keys=["dest"]), prefix="to_")
# the columns change places
there = on_route.with_entity(ROUTE.alias("there", join_keys=["origin", "dest"]))
back = on_route.with_entity(ROUTE.alias("back", join_keys=["dest", "origin"]), name="way_back")
swapped = on_route.with_entity(ROUTE.alias("swapped", join_keys=["other", "code"]))
VIEWS = [traffic, origin, dest, there, back, swapped]

START = dt.datetime(2013, 6, 1, tzinfo=dt.UTC)
CODES = ["EWR", "JFK", "LGA", None]


def hours(n: float) -> dt.datetime:
    return START + dt.timedelta(hours=n)


EVENTS: list[dict[str, Any]] = [
    {
        "code": CODES[i % 4],
        "other": CODES[i // 3 % 4],
        "at": hours(i * 0.4),
        "n": i * 7 % 10,
        "v": i * 0.25,
        "label": f"l{i}",
    }
    for i in range(60)
]
ASKED: list[dict[str, Any]] = [
    {"code": CODES[i % 3], "other": CODES[i // 2 % 4], "origin": CODES[i // 3 % 4], "dest": CODES[i // 5 % 4],
     "event_timestamp": hours(i * 0.7 - 1)}
    for i in range(40)
]  # fmt: skip
TIME = pa.timestamp("us", tz="UTC")
TEXTS = {name: pa.string() for name in ("code", "other", "origin", "dest")}


def write_rows(session: Session) -> None:
    kept = {
        "code": pa.string(),
        "other": pa.string(),
        "at": TIME,
        "n": pa.int64(),
        "v": pa.float64(),
        "label": pa.string(),
    }
    write(session, "hourly", EVENTS, pa.schema(kept))
    write(session, "spine", ASKED, pa.schema({**TEXTS, "event_timestamp": TIME}))


def test_each_under_its_own_columns(session: Session) -> None:
    write_rows(session)
    rows = join(session, VIEWS, references(*VIEWS), full_feature_names=True)
    keys = {
        "traffic__": (traffic, ["code"]), "origin_traffic__": (traffic, ["origin"]), "to_": (traffic, ["dest"]),
        "there_on_route__": (on_route, ["origin", "dest"]), "way_back__": (on_route, ["dest", "origin"]),
        "swapped_on_route__": (on_route, ["other", "code"]),
    }  # fmt: skip
    expected = [
        asked
        | {
            f"{prefix}{name}": value
            for prefix, (view, columns) in keys.items()
            for name, value in oracle.features_at(
                view, EVENTS, [asked[column] for column in columns], asked["event_timestamp"]
            ).items()
        }
        for asked in ASKED
    ]
    assert rows == expected
    assert len({str(row["to_n"]) for row in rows}) > 5


def test_two_of_one_name_in_one_expression(session: Session) -> None:
    write_rows(session)
    gap = OnDemandFeature(
        name="gap", dtype=DType.Int64, expr="origin_traffic__n - dest_traffic__n",
        inputs=["origin_traffic:n", "dest_traffic:n"],
    )  # fmt: skip
    found = join(session, [origin, dest, gap], ["gap"])
    at = [(row, row["event_timestamp"]) for row in ASKED]
    both = [[oracle.features_at(traffic, EVENTS, [row[key]], t)["n"] for key in ("origin", "dest")] for row, t in at]
    assert [row["gap"] for row in found] == [None if None in pair else pair[0] - pair[1] for pair in both]
    with pytest.raises(DefinitionError, match="say dest_traffic__n or origin_traffic__n"):
        OnDemandFeature(name="o", dtype=DType.Int64, expr="n", inputs=["origin_traffic:n", "dest_traffic:n"])


def test_names_and_columns() -> None:
    service = FeatureService(name="service", features=[origin, *dest[["n"]]])
    known = DefinitionSet.of([service, dest])
    features = resolve(known, known.references("service"))
    assert known.references("service")[-2:] == ("origin_traffic:mean_v_6h", "dest_traffic:n")
    assert output_names(features, [], full_feature_names=False)["dest_traffic:n"] == "to_n"
    assert required_columns(known, features) == {
        "event_timestamp": "every point-in-time join",
        "origin": "feature view 'origin_traffic'",
        "dest": "feature view 'dest_traffic'",
    }
    with pytest.raises(UnknownNameError, match="did you mean 'dest_traffic:n'"):
        resolve(known, ["dest_traffic:nn"])
    again = traffic.with_entity(AIRPORT.alias("via", join_keys=["via"]), prefix="to_")
    with pytest.raises(
        SpineError, match="named 'to_n': one from dest_traffic:n, one from via_traffic:n; give with_entity"
    ):
        output_names(
            resolve(DefinitionSet.of([dest, again]), ["dest_traffic:n", "via_traffic:n"]), [], full_feature_names=True
        )


WRONG = [
    (lambda: AIRPORT.alias("origin", join_keys=["a", "b"]), "a different column of the spine for each join key of"),
    (lambda: ROUTE.alias("origin", join_keys=["a", "A"]), "each join key of entity 'route': code, other"),
    (lambda: AIRPORT.alias("two words", join_keys=["a"]), "'two words' cannot be a name"),
    (lambda: traffic.with_entity(), "give one or more aliases"),
    (lambda: traffic.with_entity("origin"), "aliases[0] must be made by EntityAlias"),  # type: ignore[arg-type]
    (lambda: traffic.with_entity(ROUTE.alias("r", join_keys=["a", "b"])), "of entity 'route': 'traffic' has airport"),
    (lambda: origin.with_entity(AIRPORT.alias("r", join_keys=["a"])), "call with_entity of 'traffic'"),
    (lambda: traffic.with_entity(AIRPORT.alias("r", join_keys=["a"]), prefix="x" * 199), "1 to 200 characters"),
    (lambda: FeatureView(name="v", entities=[AIRPORT, Entity(name="e", join_keys=["k"])], **SETTINGS).with_entity(
        AIRPORT.alias("r", join_keys=["k"])), "two join keys would be one column of the spine"),
    (lambda: DefinitionSet.of([origin, FeatureView(name="origin_traffic", entities=[AIRPORT], **SETTINGS)]),
     "'origin_traffic' is the name of one feature_view_alias and of one feature_view"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "expected"), WRONG, ids=[expected for _, expected in WRONG])
def test_wrong_aliases(make: Any, expected: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        make()
    assert expected in str(raised.value)
    assert f"{__file__}:" in str(raised.value)


def test_the_place_where_it_is_written() -> None:
    assert str(origin.defined_at).startswith(__file__)


def test_applied_and_shown() -> None:
    service = FeatureService(name="service", features=[origin, dest])
    project = Project("duckdb:///:memory:", [service])
    with project.session() as session:
        write_rows(session)
        changes = {(change.kind, change.name) for change in project.plan().changes}
        assert {("feature_view_alias", "origin_traffic"), ("feature_view", "traffic")} < changes
        project.apply()
        assert not project.plan()
        catalog = Catalog(project, session)
        assert ("feature_view_alias", "dest_traffic") in {
            (user.kind, user.name) for user in catalog.users("feature_view", "traffic")
        }
        assert [user.name for user in catalog.users_of_feature("traffic:n")] == ["service"]
        assert catalog.references(catalog.applied["feature_service", "service"])[:2] == [
            "origin_traffic:n",
            "origin_traffic:label",
        ]
        assert run(session, "SELECT count(*) AS n FROM duckdb_views() WHERE schema_name = 'features'") == [{"n": 2}]
