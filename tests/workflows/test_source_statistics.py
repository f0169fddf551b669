"""What is asked of a source before its windows are computed, and that SQL that is kept does not go by it."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from aops_indb import Aggregation, DataSource, Entity, FeatureView, Project
from aops_indb.errors import AopsError, UnknownNameError
from aops_indb.features.window_algorithms.costs import Statistics
from aops_indb.workflows.dataset import spine_query
from aops_indb.workflows.source_statistics import statistics_of

ROWS = 250_000
SPINE = "SELECT * FROM spine"
DRAWN = random.Random(0)
# the key of each row: of 20 rows each in no order; 1,000 each, side by side; one key with half of all rows
KEYS = {
    "scattered": [DRAWN.randrange(12_500) for _ in range(ROWS)],
    "sorted": [i // 1000 for i in range(ROWS)],
    "skewed": [0 if DRAWN.random() < 0.5 else DRAWN.randrange(10_000) for _ in range(ROWS)],
}


def view(**source: str) -> FeatureView:
    return FeatureView(
        name="view",
        entities=[Entity(name="entity", join_keys=["key"])],
        source=DataSource(name="source", timestamp_field="happened", **(source or {"table": "events"})),
        aggregations=[Aggregation(column="v", function="sum", windows=["1d", "30d"])],
    )


def project(folder: Path, keys: str, definition: FeatureView) -> Project:
    given = pa.table({"key": KEYS[keys], "v": range(ROWS)})
    with duckdb.connect(folder / "w.duckdb") as connection:
        connection.register("given", given)
        connection.execute("""
            CREATE TABLE events AS SELECT *, TIMESTAMP '2023-01-01' + to_minutes(v) AS happened FROM given;
            CREATE VIEW seen AS SELECT * FROM events;
            CREATE TABLE spine AS SELECT key, happened AS event_timestamp FROM events LIMIT 5000
        """)
    return Project(f"duckdb:///{folder / 'w.duckdb'}", definitions=[definition])


def asked(of: Project, definition: FeatureView) -> Statistics | None:
    with of.session() as session:
        return statistics_of(session, spine_query(SPINE))(definition)


@pytest.mark.parametrize("keys", KEYS)
def test_statistics_are_near_what_one_counts(tmp_path: Path, keys: str) -> None:
    definition = view()
    made = project(tmp_path, keys, definition)
    found = asked(made, definition)
    counts = Counter(KEYS[keys])
    # of the key that a row has, on average over the rows
    of_key = sum(count**2 for count in counts.values()) / ROWS
    assert found is not None
    assert found.rows == ROWS
    assert found.points == 5000
    assert found.of_key == pytest.approx(of_key, rel=0.25)
    assert found.span == pytest.approx(dt.timedelta(minutes=ROWS), rel=0.05)
    assert asked(made, definition) == found


@pytest.mark.parametrize("source", [{"table": "seen"}, {"query": "SELECT * FROM events"}])
def test_of_what_is_no_table_nothing_is_known(tmp_path: Path, source: dict[str, str]) -> None:
    definition = view(**source)
    assert asked(project(tmp_path, "sorted", definition), definition) is None


def test_a_question_without_an_answer_does_not_end_a_transaction(tmp_path: Path) -> None:
    definition = view(table="seen")
    with project(tmp_path, "sorted", definition).session() as session, session.transaction():
        assert statistics_of(session, spine_query(SPINE))(definition) is None
        session.run_script("CREATE TABLE made (a INTEGER)")


def test_a_filter_is_counted(tmp_path: Path) -> None:
    definition = view().model_copy(update={"filter": "v % 3 = 0"})
    found = asked(project(tmp_path, "scattered", definition), definition)
    assert found is not None
    counts = Counter(KEYS["scattered"][::3])
    assert found.rows == pytest.approx(counts.total(), rel=0.01)
    assert found.of_key == pytest.approx(sum(count**2 for count in counts.values()) / counts.total(), rel=0.25)


def test_a_plan_does_not_go_by_how_many_rows_there_are(tmp_path: Path) -> None:
    made = project(tmp_path, "scattered", view())
    made.apply(made.plan())
    with duckdb.connect(tmp_path / "w.duckdb") as connection:
        connection.execute("INSERT INTO events SELECT 1, v, happened FROM events")
    assert not made.plan()


def test_the_choice_is_told_and_can_be_made(tmp_path: Path) -> None:
    made = project(tmp_path, "scattered", view())
    references = ["view:sum_v_1d", "view:sum_v_30d"]
    [told] = made.get_historical_features(SPINE, references).explain()
    assert (told.view, told.features, told.choice.algorithm) == ("view", ("sum_v_1d", "sum_v_30d"), "range_join")
    sums = {
        algorithm: made.get_historical_features(SPINE, references, algorithm=algorithm).to_arrow()
        for algorithm in ("prefix_sums", "timeline", "range_join", "tile_sums", "tiles")
    }
    assert all(found.equals(sums["timeline"]) for found in sums.values())
    [kept] = made.explain("view")
    assert (kept.choice.algorithm, kept.choice.bits) == ("prefix_sums", None)


def test_an_algorithm_that_cannot_be_had_is_refused(tmp_path: Path) -> None:
    made = project(tmp_path, "scattered", view())
    with pytest.raises(UnknownNameError, match="range_join"):
        made.get_historical_features(SPINE, ["view:sum_v_1d"], algorithm="rangejoin")
    with pytest.raises(AopsError, match="the SQL of 'view' is kept"):
        made.render("view", algorithm="tiles")
    with pytest.raises(AopsError, match="the SQL of 'view' is kept"):
        made.explain("view", algorithm="tiles")
    with pytest.raises(UnknownNameError, match="view"):
        made.explain("viev")
