"""A feature view kept as a table: the same rows as live, however it was filled, under the same names."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import pytest

from aops_indb import Aggregation, DataSource, DType, Entity, FeatureView, Field, Materialization, Project
from aops_indb.errors import AopsError, DefinitionError, ModelError, RefusedError

START = dt.datetime(2013, 1, 1, tzinfo=dt.UTC)
CUSTOMER = Entity(name="customer", join_keys=["customer"])
SALES = DataSource(name="sales", table="sales", timestamp_field="sold_at", created_timestamp_column="written_at")


def view(**settings: Any) -> FeatureView:
    given: dict[str, Any] = {
        "name": "spending",
        "entities": [CUSTOMER],
        "source": SALES,
        "ttl": "5d",
        "schema": [Field(name="amount", dtype=DType.Int64)],
        "aggregations": [Aggregation(function="sum", column="amount", windows=["1d", "7d"])],
        "materialization": Materialization(lookback="2d", chunk="10d"),
    }
    return FeatureView(**given | settings)


def project(folder: Path, definition: FeatureView) -> Project:
    return Project(url=f"duckdb:///{folder / 'shop.duckdb'}", definitions=[definition])


def run(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        return list(connection.sql(sql).fetchall()) if sql.startswith(("SELECT", "FROM")) else connection.execute(sql)  # type: ignore[return-value]


def sell(folder: Path, first_day: int, days: int) -> None:
    """A sale each seven hours of four customers; each written an hour later."""
    start = START + dt.timedelta(days=first_day)
    run(
        folder,
        f"""
        INSERT INTO sales
        SELECT k % 4, sold_at, sold_at + INTERVAL 1 HOUR, (k * 37) % 101
        FROM (SELECT k, TIMESTAMPTZ '{start}' + to_hours((k * 7)::INT) AS sold_at FROM range({days * 24 // 7}) t(k))
        """,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute(
            "CREATE TABLE sales (customer BIGINT, sold_at TIMESTAMPTZ, written_at TIMESTAMPTZ, amount BIGINT)"
        )
    sell(tmp_path, 0, 40)
    return tmp_path


AT = "TIMESTAMPTZ '2013-02-01 12:00:00+00'"
SEEN = {
    "now": "FROM features.spending ORDER BY ALL",
    "then": f"FROM features.spending__asof({AT}) ORDER BY ALL",
    "history": "FROM features.spending__history ORDER BY ALL",
}


def seen(folder: Path) -> dict[str, Any]:
    return {name: run(folder, f"SELECT * {sql}") for name, sql in SEEN.items()}


def described(folder: Path) -> dict[str, Any]:
    relations = ["features.spending", "features.spending__history", f"features.spending__asof({AT})"]
    return {name: run(folder, f"SELECT column_name, column_type FROM (DESCRIBE FROM {name})") for name in relations}


def test_the_same_rows_and_columns_as_live(folder: Path) -> None:
    shop = project(folder, view())
    shop.apply()
    live, columns = seen(folder), described(folder)
    assert len(live["history"]) > 500
    first = shop.materialize("spending", until=START + dt.timedelta(days=22))
    assert first.intervals == 3
    shop.materialize("spending")
    assert seen(folder) == live
    assert described(folder) == columns
    assert not shop.plan()


def test_again_changes_nothing_and_writes_only_what_is_new(folder: Path) -> None:
    shop = project(folder, view(materialization=Materialization()))
    shop.apply()
    whole = shop.materialize("spending")
    kept = seen(folder)
    again = shop.materialize("spending")
    assert again.rows < whole.rows / 50
    assert seen(folder) == kept
    shop.materialize("spending", full=True)
    assert seen(folder) == kept


def test_late_rows_within_the_lookback_are_read_again(folder: Path) -> None:
    shop = project(folder, view(source=DataSource(name="sales", table="sales", timestamp_field="sold_at")))
    shop.apply()
    end = START + dt.timedelta(days=20)
    shop.materialize("spending", until=end)
    for days, counts in ((1, True), (3, False)):  # before the end of what is kept
        late = end - dt.timedelta(days=days)
        run(folder, f"INSERT INTO sales VALUES (77{days}, '{late}', '{late}', 5)")
        shop.materialize("spending", until=end)
        found = run(folder, f"SELECT count(*) FROM features.spending WHERE customer = 77{days}")
        assert found == [(int(counts),)]
    shop.materialize("spending", since=START, until=end)
    assert run(folder, "SELECT count(*) FROM features.spending WHERE customer = 773") == [(1,)]


def test_intervals_are_recorded(folder: Path) -> None:
    shop = project(folder, view())
    shop.apply()
    done = shop.materialize("spending", until=START + dt.timedelta(days=25))
    shop.materialize("spending", until=START + dt.timedelta(days=30))
    rows = run(folder, "SELECT interval_end, row_count FROM aops.materialized_intervals ORDER BY interval_end")
    assert [end.astimezone(dt.UTC) for end, _ in rows][-1] == START + dt.timedelta(days=30)
    assert done.rows > 0
    jobs = run(folder, "SELECT status, row_count FROM aops.job_runs WHERE kind = 'materialize' ORDER BY job_id")
    assert [status for status, _ in jobs] == ["succeeded"] * 2
    assert jobs[0][1] == done.rows


def test_an_edit_goes_back_to_live(folder: Path) -> None:
    project_before = project(folder, view())
    project_before.apply()
    project_before.materialize("spending", until=START + dt.timedelta(days=10))
    stale = run(folder, "SELECT count(*) FROM features.spending__history")
    edited = project(folder, view(filter="amount > 50"))
    edited.apply()
    live = seen(folder)
    assert run(folder, "SELECT count(*) FROM features.spending__history") != stale
    edited.materialize("spending")
    assert seen(folder) == live


def test_a_view_that_goes_takes_its_table_along(folder: Path) -> None:
    shop = project(folder, view())
    shop.apply()
    shop.materialize("spending")
    nothing = Project(url=f"duckdb:///{folder / 'shop.duckdb'}", definitions=[])
    nothing.apply(allow_destructive=["spending"])
    assert run(folder, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'features'") == []


def test_a_chunk_that_fails_keeps_those_before(folder: Path) -> None:
    """Of an interval whose values cannot be computed nothing is written; the next run goes on from there."""
    run(folder, "ALTER TABLE sales ADD COLUMN text VARCHAR DEFAULT '1'")
    run(folder, f"UPDATE sales SET text = 'x' WHERE sold_at > TIMESTAMPTZ '{START + dt.timedelta(days=25)}'")
    broken = view(aggregations=[Aggregation(function="sum", expr="CAST(text AS INT)", name="total", windows=["1d"])])
    shop = project(folder, broken)
    shop.apply()
    live = "SELECT * FROM features.spending__asof(TIMESTAMPTZ '2013-01-15 00:00:00+00') ORDER BY ALL"
    with pytest.raises(AopsError, match="x"):
        shop.materialize("spending", until=START + dt.timedelta(days=39))
    until = run(folder, "SELECT max(interval_end) FROM aops.materialized_intervals")[0][0].astimezone(dt.UTC)
    assert START + dt.timedelta(days=19) < until < START + dt.timedelta(days=21)
    run(folder, "UPDATE sales SET text = '1'")
    expected = run(folder, live)
    shop.materialize("spending", until=START + dt.timedelta(days=39))
    assert run(folder, live) == expected
    statuses = run(folder, "SELECT status FROM aops.job_runs WHERE kind = 'materialize' ORDER BY job_id")
    assert statuses == [("failed",), ("succeeded",)]


def test_anew_and_failing_halfway_shows_what_is_live(folder: Path) -> None:
    """Whoever reads while all is computed again sees all rows, not those of the chunks that are written."""
    run(folder, "ALTER TABLE sales ADD COLUMN text VARCHAR DEFAULT '1'")
    counted = view(aggregations=[Aggregation(function="sum", expr="CAST(text AS INT)", name="total", windows=["1d"])])
    shop = project(folder, counted)
    shop.apply()
    shop.materialize("spending")
    then = "FROM features.spending__asof(TIMESTAMPTZ '2013-02-05 00:00:00+00') ORDER BY ALL"
    kept = run(folder, then)
    run(folder, f"UPDATE sales SET text = 'x' WHERE sold_at > TIMESTAMPTZ '{START + dt.timedelta(days=37)}'")
    with pytest.raises(AopsError, match="x"):
        shop.materialize("spending", full=True)
    assert run(folder, "SELECT count(*) > 0 FROM features.spending__kept") == [(True,)]
    assert run(folder, then) == kept
    assert run(folder, "SELECT row_count > 0 FROM aops.job_runs WHERE status = 'failed'") == [(True,)]


def test_an_edit_that_is_not_applied_is_refused(folder: Path) -> None:
    shop = project(folder, view())
    shop.apply()
    shop.materialize("spending")
    kept = seen(folder)
    with pytest.raises(RefusedError, match=r"not applied as it is defined: run  aops apply"):
        project(folder, view(filter="amount > 50")).materialize("spending", full=True)
    assert seen(folder) == kept


def test_a_view_that_someone_replaced_is_not_written_over(folder: Path) -> None:
    shop = project(folder, view())
    shop.apply()
    run(folder, "CREATE OR REPLACE VIEW features.spending__history AS SELECT 1 AS mine")
    with pytest.raises(RefusedError, match="spending__history: not as aops made it"):
        shop.materialize("spending")
    assert run(folder, "SELECT * FROM features.spending__history") == [(1,)]


def test_what_is_refused(folder: Path) -> None:
    shop = project(folder, view())
    with pytest.raises(RefusedError, match="aops apply"):
        shop.materialize("spending")
    shop.apply()
    with pytest.raises(ModelError, match="after now"):
        shop.materialize("spending", until=dt.datetime(9000, 1, 1, tzinfo=dt.UTC))
    plain = project(folder, view(materialization=None))
    with pytest.raises(DefinitionError, match="materialization=Materialization"):
        plain.materialize("spending")
