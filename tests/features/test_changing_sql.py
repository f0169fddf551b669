"""SQL that is not the same on every run is refused wherever definitions take SQL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aops_indb import (
    Aggregation,
    Check,
    DataSource,
    DType,
    Entity,
    FeatureService,
    FeatureView,
    Field,
    Model,
    OnDemandFeature,
    Split,
)
from aops_indb.errors import DefinitionError
from aops_indb.features.sql_files import read_sql_file
from aops_indb.templates import window_ratios

KEY = Entity(name="key", join_keys=["k"])
ROWS = DataSource(name="rows", table="t", timestamp_field="at")
SETTINGS: dict[str, Any] = {"name": "view", "entities": [KEY], "source": ROWS}
VALUE = Field(name="v", dtype=DType.Float64)
SERVICE = FeatureService(name="s", features=[FeatureView(**SETTINGS, schema=[VALUE])])
TRAIN, VALIDATION, TEST = (Split(start=f"2013-0{month}-01", end=f"2013-0{month + 1}-01") for month in (1, 2, 3))


def model(**settings: Any) -> Model:
    given: dict[str, Any] = {
        "name": "m", "service": SERVICE, "spine": "SELECT k, v, at AS event_timestamp FROM t", "keys": ["k"],
        "target": "v > 1", "candidates": {"one": dict}, "train": TRAIN, "validation": VALIDATION, "test": TEST,
    }  # fmt: skip
    return Model(**given | settings)


def aggregation(**settings: Any) -> FeatureView:
    given = {"function": "count", "name": "a", "windows": ["1d"]}
    return FeatureView(**SETTINGS, aggregations=[Aggregation(**given | settings)])


def file(query: str, more: str = "") -> object:
    path = Path(FOLDER) / "view.sql"
    header = f'entities = {{ key = ["k"] }}\ntimestamp_field = "at"\nschema.v = "Float64"\n{more}'
    path.write_text(f"/*\n{header}\n*/\n{query}", encoding="utf-8")
    return read_sql_file(path, {})


FOLDER = ""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.FOLDER", str(tmp_path))


# where one expression is taken
EXPRESSIONS: dict[str, Callable[[str], object]] = {
    "field": lambda sql: FeatureView(**SETTINGS, schema=[Field(name="f", dtype=DType.Float64, expr=sql)]),
    "filter": lambda sql: FeatureView(**SETTINGS, schema=[VALUE], filter=f"{sql} > 0"),
    "aggregation": lambda sql: aggregation(function="mean", expr=sql),
    "where": lambda sql: aggregation(where=f"{sql} > 0"),
    "since": lambda sql: aggregation(since=f"{sql} > 0"),
    "on demand": lambda sql: OnDemandFeature(name="o", dtype=DType.Float64, expr=f"v + {sql}", inputs=["view:v"]),
    "condition of a check": lambda sql: Check(kind="condition", name="c", condition=f"{sql} > 0"),
    "where of a check": lambda sql: Check(kind="not_null", column="v", where=f"{sql} > 0"),
    "target": lambda sql: model(target=f"{sql} > 0"),
    "population": lambda sql: model(population=f"{sql} > 0"),
    "template": lambda sql: window_ratios(**SETTINGS, expr=sql, short=["1d"], long="7d"),
    "template's filter": lambda sql: window_ratios(**SETTINGS, expr="v", short=["1d"], long="7d", filter=f"{sql} > 0"),
    "filter of a file": lambda sql: file("SELECT k, v, at FROM t", f'filter = "{sql} > 0"'),
    "field of a file": lambda sql: file(
        "SELECT k, v, at FROM t", f'schema.f = {{ dtype = "Float64", expr = "{sql}" }}'
    ),
    "aggregation of a file": lambda sql: file(
        "SELECT k, v, at FROM t", f'[[aggregations]]\nfunction = "count"\nwindows = ["1d"]\nwhere = "{sql} > 0"'
    ),
}
# where a query is taken
QUERIES: dict[str, Callable[[str], object]] = {
    "source": lambda query: DataSource(name="s", query=query, timestamp_field="at"),
    "spine": lambda query: model(spine=query),
    "file": file,
}
CHANGING = [
    "SELECT k, v, now() AS at FROM t",
    "SELECT * FROM t ORDER BY main.random() LIMIT 3",
    "SELECT * FROM t JOIN (SELECT uuid() AS u) AS s ON true",
    "WITH r AS (SELECT nextval('s') AS n) SELECT * FROM r",
]
SAMPLED = ["SELECT * FROM t USING SAMPLE 10%", "SELECT * FROM (FROM t TABLESAMPLE reservoir(9 ROWS) REPEATABLE (1))"]


@pytest.mark.parametrize("place", EXPRESSIONS)
def test_all_places_take_what_stays_the_same(place: str) -> None:
    assert EXPRESSIONS[place]("abs(v)") is not None


@pytest.mark.parametrize("place", EXPRESSIONS)
@pytest.mark.parametrize("sql", ["random()", "epoch(now())", "nextval('s')", "hash(uuid())"])
def test_an_expression_that_changes(place: str, sql: str) -> None:
    with pytest.raises(DefinitionError, match="changes from call to call"):
        EXPRESSIONS[place](sql)


@pytest.mark.parametrize("place", QUERIES)
@pytest.mark.parametrize("query", [*CHANGING, *SAMPLED])
def test_a_query_that_changes(place: str, query: str) -> None:
    says = "takes other rows each time" if query in SAMPLED else "changes from call to call"
    with pytest.raises(DefinitionError, match=says):
        QUERIES[place](query)


def test_a_check_may_ask_the_time_and_nothing_by_chance() -> None:
    assert Check(kind="query", name="late", query=CHANGING[0]).query == CHANGING[0]
    for query in (*CHANGING[1:], *SAMPLED):
        with pytest.raises(DefinitionError, match=r"is another one each time|takes other rows each time"):
            Check(kind="query", name="late", query=query)
