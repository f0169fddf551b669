"""Views under other names, as people meet them: rendered, listed, tested, in messages and in lineage."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from aops_indb import (
    Aggregation,
    Check,
    DataSource,
    DType,
    Entity,
    FeatureService,
    FeatureTest,
    FeatureView,
    Field,
    Project,
)
from aops_indb.errors import AopsError, DefinitionError, UnknownNameError
from aops_indb.workflows.catalog import list_kind

AIRPORT = Entity(name="airport", join_keys=["airport"])
WEATHER = DataSource(name="weather", table="weather", timestamp_field="seen_at")
wind = FeatureView(
    name="wind",
    entities=[AIRPORT],
    source=WEATHER,
    schema=[Field(name="speed", dtype=DType.Float64)],
    aggregations=[Aggregation(function="max", column="speed", windows=["6h"])],
)
at_origin = wind.with_entity(AIRPORT.alias("origin", join_keys=["origin"]))
at_dest = wind.with_entity(AIRPORT.alias("dest", join_keys=["dest"]), prefix="to_")
calm = FeatureTest(
    name="calm",
    at="2013-01-01T12:00:00Z",
    features=["origin_wind"],
    given={"weather": [{"airport": "EWR", "speed": 2.5, "seen_at": "2013-01-01T11:00:00Z"}]},
    expect=[{"origin": "EWR", "origin_wind__speed": 2.5, "origin_wind__max_speed_6h": 2.5}],
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        connection.execute("CREATE TABLE weather (airport VARCHAR, speed DOUBLE, seen_at TIMESTAMPTZ)")
        connection.execute(
            "INSERT INTO weather SELECT ['EWR', 'JFK'][1 + i % 2], i, TIMESTAMPTZ '2013-01-01' + to_hours(i::INT)"
            " FROM range(20) AS t(i)"
        )
    service = FeatureService(name="both", features=[at_origin, at_dest])
    made = Project(url=f"duckdb:///{tmp_path / 'w.duckdb'}", definitions=[service, calm])
    made.apply()
    return made


def rows(project: Project, sql: str) -> list[tuple[object, ...]]:
    with project.session() as session:
        found: list[tuple[object, ...]] = session.native.execute(sql).fetchall()
        return found


def test_rendered_under_its_own_columns(project: Project) -> None:
    now, history = project.render("dest_wind").rstrip(";").split(";\n\n")
    assert "aops render wind" in now
    for sql, view, columns in (
        (now, "wind", "airport, speed, max_speed_6h"),
        (history, "wind__history", "airport, event_timestamp, speed, max_speed_6h"),
    ):
        found = rows(project, f"SELECT * FROM ({sql}) ORDER BY ALL")
        assert found == rows(project, f"SELECT {columns} FROM features.{view} ORDER BY ALL") != []
        named = [name for name, *_ in rows(project, f"DESCRIBE {sql}")]
        assert named == ["dest", *(["event_timestamp"] if view != "wind" else []), "to_speed", "to_max_speed_6h"]
    assert 'AS "to_speed"' in project.render("dest_wind", dialect="postgres")
    [choice] = project.explain("dest_wind")
    assert choice.features == ("max_speed_6h",)


def test_what_is_said_of_a_name_that_is_misspelt(project: Project) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'dest_wind'"):
        project.render("dest_winds")
    with pytest.raises(UnknownNameError, match="did you mean 'dest_wind'"):
        project.explain("dest_winds")
    with pytest.raises(AopsError, match="'dest_wind' has no forests to lay out"):
        project.render("dest_wind", layout="nested")
    spine = "SELECT 'EWR' AS origin, TIMESTAMPTZ '2013-01-02' AS event_timestamp"
    for reference, meant in (("dest_wind_speed", "dest_wind:speed"), ("dest_wind:sped", "dest_wind:speed")):
        with pytest.raises(UnknownNameError, match=f"did you mean '{meant}'"):
            project.get_historical_features(spine, [reference])


def test_listed(project: Project) -> None:
    found = list_kind(project, "aliases")
    assert found.columns[:4] == ("name", "version", "of", "prefix")
    assert [row[:4] for row in found.rows] == [
        ("dest_wind", 1, "wind", "to_"), ("origin_wind", 1, "wind", "origin_wind__"),
    ]  # fmt: skip
    assert ("origin_wind", "speed") in [row[:2] for row in list_kind(project, "features").rows]


def test_a_test_may_ask_for_all_its_features(project: Project) -> None:
    [result] = project.test("calm").results
    assert (result.status, result.message) == ("passed", "")


def test_its_lineage_goes_on_to_the_tables(project: Project) -> None:
    found = project.lineage("both:to_speed")
    assert {str(edge.upstream) for edge in found.upstream if edge.upstream.column == "speed"} == {  # type: ignore[union-attr]
        "feature_view_alias dest_wind:speed", "feature_view wind:speed", "data_source weather:speed",
        "table weather:speed",
    }  # fmt: skip
    assert project.lineage("dest_wind").node.kind == "feature_view_alias"  # type: ignore[union-attr]


def test_a_check_on_it_is_to_be_on_the_view() -> None:
    with pytest.raises(DefinitionError, match="on: 'dest_wind' is made by with_entity: write on=wind"):
        Check(kind="not_null", column="speed", name="known", on=at_dest)


def test_a_check_on_a_version_is_on_no_other(project: Project) -> None:
    """A fast wind passes as version 2 has it, in other units, and not as version 1 has it."""
    first = wind.model_copy(update={"version": 1})
    fields = [Field(name="speed", dtype=DType.Float64, expr="speed / 10")]
    second = FeatureView(name="wind", version=2, entities=[AIRPORT], source=WEATHER, schema=fields)
    checks = [
        Check(kind="in_range", column="speed", maximum=5, name=f"at_most_5_in_{view.version}", on=view)
        for view in (first, second)
    ]
    versions = Project(url=project.engine.url, definitions=[first, second, *checks])
    versions.apply(allow_destructive=[c.name for c in versions.plan().changes if c.destructive])
    assert [(r.object_name, r.check_name, r.status) for r in versions.check().results] == [
        ("wind__v1", "at_most_5_in_1", "failed"), ("wind", "at_most_5_in_2", "passed"),
    ]  # fmt: skip
    edges = "SELECT name, upstream_kind, upstream_name FROM aops.lineage_edges WHERE kind = 'check' ORDER BY ALL"
    assert rows(versions, edges) == [
        ("at_most_5_in_1", "feature_view", "wind__v1"), ("at_most_5_in_2", "feature_view", "wind"),
    ]  # fmt: skip
