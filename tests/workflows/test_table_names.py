"""Tables named without their schema: in DuckDB a view of ours of that name would be read in their place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from aops_indb import DataSource, DType, Entity, FeatureView, Field, Project
from aops_indb.errors import DefinitionError

KEY = Entity(name="key", join_keys=["k"])


def view(name: str, **source: Any) -> FeatureView:
    rows = DataSource(name=f"{name}_rows", timestamp_field="seen_at", **source)
    return FeatureView(name=name, entities=[KEY], source=rows, schema=[Field(name="v", dtype=DType.Int64)])


@pytest.fixture
def url(tmp_path: Path) -> str:
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        connection.execute(
            "CREATE TABLE sales AS SELECT 1 AS k, 10 AS v, TIMESTAMPTZ '2013-01-01 00:00:00+00' AS seen_at"
        )
        connection.execute(
            "CREATE TABLE others AS SELECT 1 AS k, 20 AS v, TIMESTAMPTZ '2013-01-01 00:00:00+00' AS seen_at"
        )
    return f"duckdb:///{tmp_path / 'w.duckdb'}"


@pytest.mark.parametrize(
    "source",
    [{"table": "sales"}, {"table": '"SALES"'}, {"query": "WITH a AS (SELECT * FROM sales) SELECT * FROM a"}],
)
def test_a_name_that_would_mean_another_is_refused(url: str, source: dict[str, str]) -> None:
    """A view over the table beside a view of its name, which is over another table; and a view over its own name."""
    for definitions in ([view("sales", table="others"), view("spending", **source)], [view("sales", **source)]):
        says = (
            r"(?i)reads table sales, and there is a feature view 'sales': .* write the table's schema too, e.g. main.s"
        )
        with pytest.raises(DefinitionError, match=says):
            Project(url=url, definitions=definitions).plan()


def test_with_its_schema_it_is_the_table(url: str) -> None:
    Project(url=url, definitions=[view("sales", table="others"), view("spending", table="main.sales")]).apply()
    with duckdb.connect(url.removeprefix("duckdb:///")) as connection:
        found = [connection.execute(f"SELECT v FROM features.{name}").fetchall() for name in ("sales", "spending")]
    assert found == [[(20,)], [(10,)]]


def test_a_common_table_expression_is_no_table(url: str) -> None:
    query = "WITH sales AS (SELECT * FROM others) SELECT * FROM sales"
    Project(url=url, definitions=[view("sales", query=query)]).plan()
