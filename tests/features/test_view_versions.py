"""Versions of one view side by side: what references mean, and the values of each."""

from __future__ import annotations

from typing import Any

import pytest

from aops_indb import DataSource, DType, Entity, FeatureService, FeatureView, Field, OnDemandFeature
from aops_indb.engines import Session
from aops_indb.errors import DefinitionError, UnknownNameError
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.spine import output_names, resolve
from aops_indb.workflows.catalog import Catalog
from aops_indb.workflows.project import Project

from .warehouse import join, run

KEY = Entity(name="entity", join_keys=["key"])
SOURCE = DataSource(name="s", table="events", timestamp_field="at")


def version(number: int | None, times: int, name: str = "view") -> FeatureView:
    """A version whose feature is the source's value times a number."""
    fields = [Field(name="v", dtype=DType.Int64, expr=f"v * {times}")]
    return FeatureView(name=name, entities=[KEY], source=SOURCE, schema=fields, version=number)


ONE, TWO, THREE = version(1, 10), version(2, 100), version(3, 1000)
GAP = OnDemandFeature(
    name="gap", dtype=DType.Int64, expr="view__v3__v - view__v1__v", inputs=["view@v1:v", "view@v3:v"]
)
ROWS = """
    CREATE OR REPLACE TABLE events AS SELECT 'k' AS key, TIMESTAMP '2013-06-01' AS "at", 7 AS v;
    CREATE OR REPLACE TABLE spine AS SELECT 'k' AS key, TIMESTAMP '2013-06-02' AS event_timestamp
"""
ASKED = ["view:v", "view@v1:v", "view@v2:v", "view@v3:v", "gap"]


@pytest.mark.parametrize("given", [[ONE, TWO, THREE, GAP], [THREE, ONE, GAP, TWO]])
def test_each_has_its_values(session: Session, given: Any) -> None:
    session.run_script(ROWS)
    [row] = join(session, given, ASKED)
    expected = {"view__v": 7000, "view__v1__v": 70, "view__v2__v": 700, "view__v3__v": 7000, "gap": 6930}
    assert {name: row[name] for name in expected} == expected


def test_names() -> None:
    known = DefinitionSet.of([TWO, ONE])
    assert list(known.views) == ["view", "view__v1"]
    assert known.view("view").defined_at == known.view("view@v2").defined_at == TWO.defined_at
    assert output_names(resolve(known, ["view@v1:v"]), [], full_feature_names=False) == {"view@v1:v": "v"}
    assert ONE[["v"]] == ["view@v1:v"]
    assert FeatureService(name="s", features=[ONE]).references == ("view@v1:v",)
    alone = DefinitionSet.of([TWO])
    assert [feature.origin for feature in resolve(alone, ["view:v", "view@v2:v"])] == [TWO, TWO]


UNKNOWN = [
    ("view@v9:v", "unknown version of a feature view 'view@v9': did you mean"),
    ("veiw@v1:v", "unknown feature view 'veiw': did you mean 'view'?"),
    ("view@1:v", "unknown feature view 'view@1': did you mean 'view'"),
    ("view@v1:w", "unknown feature 'view@v1:w': did you mean 'view@v1:v'?"),
]


@pytest.mark.parametrize(("reference", "expected"), UNKNOWN)
def test_unknown_versions(reference: str, expected: str) -> None:
    with pytest.raises(UnknownNameError) as raised:
        resolve(DefinitionSet.of([ONE, TWO]), [reference])
    assert expected in str(raised.value)


def test_one_version_twice() -> None:
    with pytest.raises(DefinitionError, match="feature_view 'view@v1' is defined twice, and differently"):
        DefinitionSet.of([ONE, version(1, 5)])
    with pytest.raises(DefinitionError, match="give each a version"):
        DefinitionSet.of([version(None, 5), TWO])
    with pytest.raises(DefinitionError, match="differ in case alone"):
        DefinitionSet.of([ONE, version(2, 5, "View")])


def test_of_an_alias(session: Session) -> None:
    session.run_script(ROWS)
    other = KEY.alias("other", join_keys=["key"])
    [row] = join(session, [ONE.with_entity(other), TWO], ["other_view:v", "view:v"], full_feature_names=False)
    assert (row["other_view__v"], row["v"]) == (70, 700)


def test_applied_and_shown() -> None:
    service = FeatureService(name="service", features=[ONE])
    project = Project("duckdb:///:memory:", [service, TWO, KEY])
    with project.session() as session:
        session.run_script(ROWS)
        project.apply()
        assert not project.plan()
        catalog = Catalog(project, session)
        assert catalog.references(catalog.applied["feature_service", "service"]) == ["view@v1:v"]
        assert ("feature_view", "view__v1") in catalog.applied["feature_service", "service"].depends_on
        found = {name: run(session, f"SELECT v FROM features.{name}")[0]["v"] for name in ("view", "view__v1")}
        assert found == {"view": 700, "view__v1": 70}
