"""What users of other feature stores complain of, and the test that would fail if it were so here.

First the table: a complaint, and the tests elsewhere that hold against it. Then those that had none, as someone would
try them who comes from there: with a project, a file of DuckDB, and nothing else.

Two complaints stay: there is no store of keys and values for serving in milliseconds, and no streaming.
"""

from __future__ import annotations

import ast
import bisect
import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from aops_indb import Aggregation, DataSource, DType, Entity, FeatureView, Field, OnDemandFeature, Project
from aops_indb.engines.duckdb_session import DuckDBSession
from aops_indb.features.definitions import Definition
from aops_indb.workflows.settings import Settings, Time
from aops_indb.workflows.settings import Warehouse as Database

TESTS = Path(__file__).parent

JOINS = "features/test_point_in_time.py::test_worked_by_hand"
ENGINES = "features/test_engines.py::test_any_features_of_any_rows"
PLAN = "workflows/test_plan.py::test_an_edit_shows_exactly_that_change"

# complaint -> tests, as pytest names them; in brackets the case
PAINS: dict[str, tuple[str, ...]] = {
    # ── joins ──
    "a spine with equal rows comes back with more of them": (
        "features/test_window_algorithms.py::test_one_row_out_for_each_row_in_and_in_order",
        "workflows/test_historical_features.py::test_rows_out_of_order_equal_and_incomplete",
    ),
    "rows of one key and time are taken for one, and what tells them apart is lost": (
        f"{JOINS}[two spine rows alike are two]",
        "workflows/test_historical_features.py::test_order_and_number_of_rows_are_those_of_the_spine",
    ),
    "rows without a key or a time are dropped": (
        f"{JOINS}[a NULL key matches nothing, NULL neither]",
        f"{JOINS}[a NULL time]",
    ),
    "two source rows of one time double the rows, on PostgreSQL above all": (
        f"{JOINS}[of one time: the greatest, column by column]",
        f"{JOINS}[corrected: of one event the one written last]",
        ENGINES,
    ),
    "keys of several columns are run together: (1, 23) is (12, 3)": (
        f"{JOINS}[keys of several columns are not run together]",
        ENGINES,
    ),
    "an entity has one join key": (
        f"{JOINS}[keys of two entities]",
        "features/test_aliases.py::test_each_under_its_own_columns",
        "workflows/test_lineage.py::test_a_feature_by_hand",
    ),
    "results must leave the warehouse": (
        "workflows/test_dataset.py::test_persist_of_a_join",
        "workflows/test_historical_features.py::test_sql_runs_in_duckdb_alone",
        "workflows/test_plain_duckdb.py::test_scores_and_metadata",
    ),
    # ── time ──
    "a row counts before it was written": (
        f"{JOINS}[a row counts from when it was written]",
        f"{JOINS}[written late]",
        "features/test_flights_leakage.py::test_what_became_known_later_changes_no_feature",
        "workflows/test_historical_features.py::test_a_later_change_of_the_data_does_not_reach_back",
    ),
    "whoever looks into the future is not told": (
        "features/test_flights_leakage.py::test_the_check_sees_a_leak",
        "features/test_row_expressions.py::test_refused",
        "features/test_definitions.py::test_wrong_definitions[looks into the future]",
    ),
    "a training set cannot be made again": (
        "workflows/test_remake.py::test_the_same_knowledge_gives_the_same_digest",
        "workflows/test_remake.py::test_what_changed_is_named",
        "workflows/test_dataset.py::test_the_same_content_is_kept_once",
    ),
    "the ends of windows are rounded": (
        f"{JOINS}[less than an hour before is inside]",
        f"{JOINS}[a row moves through]",
        "workflows/test_historical_features.py::test_a_moment_later_is_too_late",
    ),
    "a day is not 24 hours when clocks change": (
        "features/test_window_algorithms.py::test_a_day_is_24_hours_when_clocks_change",
        "features/test_engines.py::test_a_day_is_24_hours_when_clocks_change",
    ),
    "what is older than its ttl is served all the same": (
        "workflows/test_plain_duckdb.py::test_the_view_of_now_with_a_ttl",
        f"{JOINS}[as old as the ttl still counts]",
        f"{JOINS}[older is NULL]",
        "features/test_views.py::test_now_then_and_history",
    ),
    "what is kept is another thing than what is computed": (
        "workflows/test_materialize.py::test_the_same_rows_and_columns_as_live",
        "features/test_materialized.py::test_intervals_make_up_the_history",
    ),
    "no rows that hold from one time until another": (
        f"{JOINS}[holds from its begin until its end, which is outside]",
        f"{JOINS}[a gap is NULL]",
        f"{JOINS}[overlapping: the one that began last]",
    ),
    # ── definitions ──
    "no transformations in SQL": (
        "features/test_sql_files.py::test_the_same_as_in_python",
        "features/test_spine.py::test_on_demand",
        "features/test_view_history.py::test_joined",
    ),
    "no windows": (
        "features/test_aggregations.py::test_joins",
        "features/test_point_in_time.py::test_each_algorithm",
    ),
    "one engine alone": (
        "features/test_engines.py::test_each_view",
        "features/test_engines.py::test_view_of_now",
    ),
    "no tests of features": ("workflows/test_feature_tests.py::test_every_value_that_differs_is_told",),
    "no lineage of columns": (
        "workflows/test_lineage.py::test_columns_of_a_query",
        "workflows/test_downstream.py::test_what_an_edit_reaches",
    ),
    # ── the life of a change ──
    "nobody sees beforehand what apply will do": (
        "workflows/test_plan.py::test_the_first_plan_lists_everything_and_changes_nothing",
        PLAN,
    ),
    "apply removes without asking": (
        "workflows/test_apply.py::test_removing_a_view_is_refused_and_says_how",
        "workflows/test_apply.py::test_a_column_is_not_taken_from_its_readers_unasked",
        "cli/test_text.py::test_a_removal",
    ),
    "apply stops halfway": (
        "workflows/test_apply.py::test_a_statement_that_fails_in_the_middle_undoes_those_before_it",
        "workflows/test_killed.py::test_an_apply_that_is_killed_at_any_moment",
    ),
    "a plan takes as long as the whole project": ("workflows/test_plan_again.py::test_what_is_compiled_again",),
    "a job that runs again doubles its rows": (
        "workflows/test_score.py::test_the_same_rows_in_whatever_pieces",
        "workflows/test_materialize.py::test_again_changes_nothing_and_writes_only_what_is_new",
    ),
    "views need the tool to be read": (
        "workflows/test_plain_duckdb.py::test_the_view_of_now",
        "workflows/test_plain_duckdb.py::test_as_of_a_time",
    ),
}
PLACES = [(pain, place) for pain, places in PAINS.items() for place in places]


@pytest.mark.parametrize(("pain", "place"), PLACES)
def test_it_is_tested(pain: str, place: str) -> None:
    """A test that was renamed or taken away is missed here."""
    file, _, called = place.partition("::")
    name, _, case = called.removesuffix("]").partition("[")
    source = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(source) if isinstance(node, ast.FunctionDef)}
    texts = [node.value for node in ast.walk(source) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert not case or any(case in text for text in texts)


# ── what had no test ───────────────────────────────────────────────────────────────────────────────────

AT = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)
USER = Entity(name="user", join_keys=["user_id"])
ITEM = Entity(name="item", join_keys=["item_id"])


class Warehouse:
    """A file of DuckDB with tables, and projects on it."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def run(self, sql: str, **settings: Any) -> list[tuple[Any, ...]]:
        """What any client of DuckDB gets."""
        with duckdb.connect(self.file, config=settings) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()

    def project(self, *definitions: Definition) -> Project:
        """A project of these definitions; now is AT."""
        url = f"duckdb:///{self.file}"
        return Project(url, definitions, settings=Settings(warehouse=Database(url=url), time=Time(now=AT)))


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "warehouse.duckdb")


def newest(entity: Entity, table: str, field: str, **settings: Any) -> FeatureView:
    """The newest value of a column."""
    source = DataSource(name=table, table=f"raw.{table}", timestamp_field="at")
    fields = [Field(name=field, dtype=DType.Float64)]
    return FeatureView(name=table, entities=[entity], source=source, schema=fields, **settings)


def test_each_pair_of_keys_keeps_its_own_computed_feature(warehouse: Warehouse) -> None:
    """One user with two items, everything at one time: elsewhere one row came back."""
    warehouse.run("""
        CREATE SCHEMA raw;
        CREATE TABLE raw.users AS SELECT 1 AS user_id, TIMESTAMPTZ '2024-02-01 00:00Z' AS at, 10.0 AS taste;
        CREATE TABLE raw.items AS
            SELECT item_id, TIMESTAMPTZ '2024-02-01 00:00Z' AS at, item_id / 4 AS price FROM range(1, 3) t(item_id)
    """)
    users, items = newest(USER, "users", "taste"), newest(ITEM, "items", "price")
    worth = OnDemandFeature(
        name="worth", dtype=DType.Float64, inputs=["users:taste", "items:price"], expr="taste * price"
    )
    spine = pd.DataFrame({"user_id": [1, 1], "item_id": [1, 2], "event_timestamp": [AT, AT]})
    found = warehouse.project(users, items, worth).get_historical_features(spine, ["worth", "items:price"]).to_df()
    assert found[["item_id", "worth", "price"]].values.tolist() == [[1.0, 2.5, 0.25], [2.0, 5.0, 0.5]]


def test_a_setting_that_is_taken_back_is_taken_back(warehouse: Warehouse) -> None:
    """Elsewhere a ttl that was set to none stayed, and each apply told the same change again."""
    warehouse.run("""
        CREATE SCHEMA raw;
        CREATE TABLE raw.users AS SELECT 1 AS user_id, TIMESTAMPTZ '2024-01-01 00:00Z' AS at, 10.0 AS taste
    """)
    for settings, expected in ({"ttl": "1d"}, None), ({}, 10.0), ({"ttl": "90d"}, 10.0), ({"ttl": "1d"}, None):
        project = warehouse.project(newest(USER, "users", "taste", **settings))
        assert project.plan()
        project.apply()
        assert not project.plan()
        assert warehouse.run("SELECT taste FROM features.users") == [(expected,)]
        spine = pd.DataFrame({"user_id": [1], "event_timestamp": [AT]})
        [joined] = project.get_historical_features(spine, ["users:taste"]).to_arrow()["taste"].to_pylist()
        assert joined == expected


EVENTS, KEYS, ASKED = 200_000, 100, 17_000


def moment(seconds: int) -> dt.datetime:
    return AT + dt.timedelta(seconds=seconds)


def test_a_join_takes_no_more_memory_than_its_rows(warehouse: Warehouse) -> None:
    """17,000 rows asked for, of keys with 2,000 rows each: pairs of them, 34 million, would not fit."""
    warehouse.run(f"""
        CREATE SCHEMA raw;
        CREATE TABLE raw.clicks AS
            SELECT n % {KEYS} AS user_id, TIMESTAMPTZ '2024-03-01 00:00Z' + to_seconds(n * 7919 % 1_000_003) AS at,
                   n AS number, repeat('x', 100) AS page FROM range({EVENTS}) t(n);
        CREATE TABLE raw.spine AS
            SELECT n AS row_id, n * 31 % {KEYS} AS user_id,
                   TIMESTAMPTZ '2024-03-01 00:00Z' + to_seconds(n * 104_729 % 1_000_003) AS event_timestamp
            FROM range({ASKED}) t(n)
    """)
    clicks = FeatureView(
        name="clicks",
        entities=[USER],
        source=DataSource(name="clicks", table="raw.clicks", timestamp_field="at"),
        schema=[Field(name="page", dtype=DType.String), Field(name="number", dtype=DType.Int64)],
        aggregations=[
            Aggregation(function="count", windows=["1h", "1d", "lifetime"]),
            Aggregation(function="sum", column="number", windows=["1d"]),
        ],
    )
    asked = ["number", "count_1h", "count_1d", "count_lifetime", "sum_number_1d"]
    joined = warehouse.project(clicks).get_historical_features(
        "raw.spine", ["clicks:page", *(f"clicks:{name}" for name in asked)]
    )
    found = warehouse.run(
        f"SELECT row_id, {', '.join(asked)} FROM ({joined.to_sql()}) ORDER BY row_id",
        # nothing is written beside it either
        memory_limit="150MB",
        temp_directory="",
        threads=1,
    )
    assert len(found) == ASKED
    for row in found[::50]:
        assert row == (row[0], *features_of(row[0]))


def features_of(row_id: int) -> Sequence[int | None]:
    """What is asked of one row of the spine, in plain Python."""
    user, at = row_id * 31 % KEYS, row_id * 104_729 % 1_000_003
    rows = sorted((n * 7919 % 1_000_003, n) for n in range(user, EVENTS, KEYS))
    until = bisect.bisect_right(rows, (at, EVENTS))
    hour, day = (bisect.bisect_right(rows, (at - seconds, EVENTS)) for seconds in (3_600, 86_400))
    numbers = [n for _, n in rows[day:until]]
    return (
        rows[until - 1][1] if until else None,
        until - hour,
        until - day,
        until,
        sum(numbers) if numbers else None,
    )


def test_rows_stay_in_the_warehouse(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """A training set is made and kept without a row of it being fetched."""
    warehouse.run("""
        CREATE SCHEMA raw;
        CREATE TABLE raw.users AS
            SELECT n % 50 AS user_id, TIMESTAMPTZ '2024-02-01 00:00Z' + to_minutes(n) AS at, n AS taste
            FROM range(1000) t(n);
        CREATE TABLE raw.spine AS
            SELECT n AS row_id, n % 60 AS user_id, TIMESTAMPTZ '2024-02-01 08:00Z' + to_minutes(n) AS event_timestamp
            FROM range(1000) t(n)
    """)
    fetched, fetch = [], DuckDBSession.rows

    def rows(session: DuckDBSession, tree: Any) -> Any:
        found = fetch(session, tree)
        fetched.append(len(found))
        return found

    def refused(*_: Any, **__: Any) -> Any:
        raise AssertionError("rows were fetched")

    project = warehouse.project(newest(USER, "users", "taste"))
    joined = project.get_historical_features("raw.spine", ["users:taste"])
    with monkeypatch.context() as watched:
        watched.setattr(DuckDBSession, "rows", rows)
        watched.setattr(DuckDBSession, "arrow", refused)
        watched.setattr(DuckDBSession, "arrow_batches", refused)
        kept = joined.persist("tastes")
    # names of columns, a digest and what is noted, but not a thousand
    assert max(fetched) < 100
    known = sum(n % 60 < 50 for n in range(1000))
    assert warehouse.run(f"SELECT count(*), count(taste) FROM {kept.table}") == [(1000, known)]


def test_no_complaint_twice() -> None:
    assert len({re.sub(r"\W", "", pain.lower()) for pain in PAINS}) == len(PAINS)
