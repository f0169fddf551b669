"""What a deployed version reads of constants is in tables of its own, that nobody changes."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from aops_indb.errors import QueryError, RefusedError

from .shop import Shop, order_rows
from .test_executors import use
from .test_promote import inputs
from .test_train import INPUTS, estimator_of

__all__ = ["inputs"]

# it scores by rows of its training that it has stored
STORED = """\
from sklearn.kernel_approximation import Nystroem
    kernel = Nystroem(n_components=30, random_state=0)
    return Pipeline([("prepare", prepare), ("kernel", kernel), ("classify", LogisticRegression())])"""
TABLE = "aops_params.returns__v1__kernel__stored"


@pytest.fixture(scope="module")
def trained_stored(applied_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """With a version that has stored rows. Not to be changed; as is the next."""
    shop = applied_shop.copy(tmp_path_factory.mktemp("stored") / "shop")
    use(shop, "sql", STORED)
    shop.project.train("returns", candidate="logistic")
    return shop


@pytest.fixture(scope="module")
def promoted_stored(trained_stored: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """With that version promoted."""
    shop = trained_stored.copy(tmp_path_factory.mktemp("promoted") / "shop")
    shop.project.promote("returns:1")
    return shop


@pytest.fixture
def promoted(promoted_stored: Shop, tmp_path: Path) -> Shop:
    """A copy to change."""
    return promoted_stored.copy(tmp_path / "shop")


def test_scores_are_the_librarys(promoted_stored: Shop, inputs: pd.DataFrame) -> None:
    tables = promoted_stored.rows("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'aops_params'")
    assert [f"aops_params.{name}" for (name,) in tables] == [TABLE]
    found = promoted_stored.frame("FROM scores.returns ORDER BY order_id")
    wanted = estimator_of(promoted_stored, 1).predict_proba(inputs[INPUTS])
    np.testing.assert_allclose(found["probability_1"], wanted[:, 1], rtol=0, atol=1e-9)


def test_the_view_reads_the_table_and_to_sql_does_not(promoted: Shop) -> None:
    view = promoted.one("SELECT sql FROM duckdb_views() WHERE view_name = 'returns__v1'")
    alone = promoted.project.render("returns:1")
    assert TABLE in view
    assert "aops_params" not in alone
    columns = "order_id, label, probability_0, probability_1"
    by_view = promoted.rows(f"SELECT {columns} FROM scores.returns__v1 ORDER BY order_id")
    assert promoted.rows(f"SELECT {columns} FROM ({alone}) ORDER BY order_id") == by_view
    assert len(by_view) == len(order_rows())


@pytest.mark.parametrize(
    "change",
    [f"DELETE FROM {TABLE}", f"UPDATE {TABLE} SET x0 = 0", f"INSERT INTO {TABLE} FROM {TABLE} LIMIT 1"],
)
def test_rows_never_change(promoted: Shop, change: str) -> None:
    rows = promoted.rows(f"FROM {TABLE}")
    column = promoted.rows(f"SELECT column_name FROM (DESCRIBE {TABLE})")[0][0]
    with pytest.raises(duckdb.Error, match="belongs to a model's version and never changes"):
        promoted.execute(change.replace("x0", f'"{column}"'))
    assert promoted.rows(f"FROM {TABLE}") == rows


def test_promoting_again_keeps_the_table(promoted: Shop) -> None:
    rows = promoted.rows(f"FROM {TABLE}")
    promoted.project.promote("returns:1", alias="challenger")
    assert promoted.rows(f"FROM {TABLE}") == rows


def test_promoting_again_guards_the_table_again(promoted: Shop) -> None:
    rows, name = promoted.rows(f"FROM {TABLE}"), TABLE.partition(".")[2]
    for event in ("insert", "update", "delete"):
        promoted.execute(f"DROP TRIGGER {name}__no_{event} ON {TABLE}")
    promoted.project.promote("returns:1")
    for change in (f"DELETE FROM {TABLE}", f"INSERT INTO {TABLE} FROM {TABLE} LIMIT 1"):
        with pytest.raises(duckdb.Error, match="belongs to a model's version and never changes"):
            promoted.execute(change)
    assert promoted.rows(f"FROM {TABLE}") == rows


def test_a_table_of_other_rows_is_refused(promoted: Shop) -> None:
    before = promoted.rows("FROM aops.deployments")
    promoted.execute(f"CREATE OR REPLACE TABLE {TABLE} AS FROM {TABLE} OFFSET 1")
    with pytest.raises(RefusedError, match=f"{TABLE}, which returns:1 is scored by, is not as aops made it: drop it"):
        promoted.project.promote("returns:1", alias="challenger")
    assert promoted.rows("FROM aops.deployments") == before
    with pytest.raises(duckdb.Error):  # the view reads it still
        promoted.execute(f"DROP TABLE {TABLE} RESTRICT; FROM scores.returns__v1")
    promoted.project.promote("returns:1", alias="challenger")
    assert promoted.one(f"SELECT count(*) FROM {TABLE}") == 30


@pytest.mark.parametrize(
    "change",
    [
        f"CREATE OR REPLACE TABLE {TABLE} AS FROM {TABLE} OFFSET 1",
        f"CREATE OR REPLACE TABLE {TABLE} AS SELECT COLUMNS(*) + 1 FROM {TABLE}",
        f"DROP TRIGGER {TABLE.partition('.')[2]}__no_delete ON {TABLE}; DELETE FROM {TABLE}",
        f"ALTER TABLE {TABLE} ALTER COLUMN COLUMN0 SET DATA TYPE DOUBLE USING COLUMN0 * 1.5",
        f"ALTER TABLE {TABLE} ADD COLUMN mine INT",
        f"CREATE TABLE raw.kept AS SELECT COLUMNS(*) + 1 FROM {TABLE}; DROP TABLE {TABLE}; "
        f"CREATE TABLE aops_params.{TABLE.partition('.')[2].upper()} AS FROM raw.kept",
    ],
)
def test_nothing_is_scored_by_a_table_of_other_rows(promoted: Shop, change: str) -> None:
    promoted.project.score("returns:1")
    before = promoted.rows("FROM scores.returns__batch ORDER BY order_id")
    column = promoted.rows(f"SELECT column_name FROM (DESCRIBE {TABLE})")[0][0]
    promoted.execute(change.replace("COLUMN0", f'"{column}"'))
    with pytest.raises(RefusedError, match=f"{TABLE}, which returns:1 is scored by, is not as aops made it: drop it"):
        promoted.project.score("returns:1")
    assert promoted.rows("FROM scores.returns__batch ORDER BY order_id") == before
    promoted.execute(f"DROP TABLE {TABLE}")
    with pytest.raises(QueryError, match=f"{TABLE.partition('.')[2]} does not exist"):
        promoted.project.score("returns:1")
    promoted.project.promote("returns:1")
    promoted.project.score("returns:1")
    columns = "COLUMNS(* EXCLUDE (scored_at))"
    again = promoted.rows(f"SELECT {columns} FROM scores.returns__batch ORDER BY order_id")
    assert again == [row[:-1] for row in before]


def test_a_failed_promotion_leaves_none(trained_stored: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = trained_stored.copy(tmp_path / "shop")

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("the power is out")

    monkeypatch.setattr("aops_indb.workflows.promote.record_deployment", fails)
    with pytest.raises(RuntimeError, match="the power is out"):
        shop.project.promote("returns:1")
    assert shop.rows("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'aops_params'") == []


def test_tables_are_for_models_that_have_such(trained_shop: Shop) -> None:
    assert trained_shop.rows("SELECT schema_name FROM duckdb_schemas() WHERE schema_name = 'aops_params'") == []


FOREST = """\
from sklearn.ensemble import RandomForestClassifier
    forest = RandomForestClassifier(n_estimators=20, max_leaf_nodes=100, random_state=0)
    return Pipeline([("prepare", prepare), ("classify", forest)])"""


def test_a_forest_of_masks_is_the_same_as_one_of_cases(
    applied_shop: Shop, tmp_path: Path, inputs: pd.DataFrame
) -> None:
    shop = applied_shop.copy(tmp_path / "shop")
    use(shop, "sql", FOREST)
    shop.project.train("returns", candidate="logistic")
    shop.project.promote("returns:1")
    names = {name for (name,) in shop.rows("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'aops_params'")}
    assert any(name.endswith("__masks") for name in names)
    columns = "order_id, label, probability_0, probability_1"
    by_view = shop.rows(f"SELECT {columns} FROM scores.returns ORDER BY order_id")
    for layout in ("nested_case", "bit_vector", None):
        alone = shop.project.render("returns:1", layout=layout)
        assert shop.rows(f"SELECT {columns} FROM ({alone}) ORDER BY order_id") == by_view
    wanted = estimator_of(shop, 1).predict_proba(inputs[INPUTS])[:, 1]
    np.testing.assert_allclose([row[3] for row in by_view], wanted, rtol=0, atol=1e-12)
    # as many rows as there are, though each is joined to many tables
    assert len(by_view) == len(order_rows())
