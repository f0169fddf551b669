"""Kept training sets: one table for each content, named by its digest, whatever the order of its rows."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pandas as pd
import pytest

from aops_indb.errors import SpineError, UnknownNameError

from .oracle import FEATURES, assert_same, expected
from .shop import Shop, order_rows

VIEWS = ["customer_orders:orders_28d", "customer_profile:credit"]
SPINE = "SELECT order_id, customer_id, placed_at AS event_timestamp FROM raw.orders WHERE order_id <= 50"


def test_a_model_brings_its_spine_and_features(applied: Shop) -> None:
    kept = applied.project.dataset("returns")
    assert (kept.name, kept.rows, kept.created) == ("returns", 600, True)
    assert re.fullmatch(r"[0-9a-f]{64}", kept.digest)
    assert kept.table == f"datasets.returns__{kept.digest[:8]}"
    frame = applied.frame(f"FROM {kept.table} ORDER BY order_id")
    assert list(frame.columns) == list(kept.columns)
    orders = order_rows().rename(columns={"placed_at": "event_timestamp"})
    assert frame["order_id"].tolist() == orders["order_id"].tolist()
    assert_same(frame[FEATURES], expected(orders))


def test_a_model_with_other_features(applied: Shop) -> None:
    assert applied.project.dataset("returns", features=VIEWS).columns[-2:] == ("orders_28d", "credit")


def test_what_is_noted_of_it(applied: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AOPS_ACTOR", "Anna")
    kept = applied.project.dataset("first", entity_df=SPINE, features=VIEWS)
    [row] = applied.frame("FROM aops.datasets").to_dict("records")
    assert {k: row[k] for k in ("name", "digest", "table_schema", "table_name", "row_count", "created_by")} == {
        "name": "first",
        "digest": kept.digest,
        "table_schema": "datasets",
        "table_name": f"first__{kept.digest[:8]}",
        "row_count": 50,
        "created_by": "Anna",
    }
    assert (json.loads(row["features"]), row["spine_sql"]) == (VIEWS, SPINE)
    assert json.loads(row["column_types"]) == {
        "order_id": "BIGINT",
        "customer_id": "BIGINT",
        "event_timestamp": "TIMESTAMP WITH TIME ZONE",
        "orders_28d": "BIGINT",
        "credit": "DOUBLE",
    }
    # the SQL that made it makes it again
    assert applied.rows(row["dataset_sql"]) == applied.rows(f"FROM {kept.table} ORDER BY order_id")
    assert applied.rows("SELECT action, kind, name, actor FROM aops.audit_log ORDER BY seq DESC LIMIT 1") == [
        ("keep", "dataset", "first", "Anna")
    ]


def test_the_same_content_is_kept_once(applied: Shop) -> None:
    first = applied.project.dataset("first", entity_df=SPINE, features=VIEWS)
    for spine in (f"{SPINE} ORDER BY amount", f"SELECT * FROM ({SPINE}) -- the same"):
        again = applied.project.dataset("first", entity_df=spine, features=VIEWS)
        assert (again.digest, again.table, again.created) == (first.digest, first.table, False)
    assert applied.rows("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'datasets'") == [
        (first.table.removeprefix("datasets."),)
    ]
    assert applied.one("SELECT count(*) FROM aops.datasets") == 1


def test_another_name_is_another_table_of_the_same_digest(applied: Shop) -> None:
    first = applied.project.dataset("first", entity_df=SPINE, features=VIEWS)
    second = applied.project.dataset("second", entity_df=SPINE, features=VIEWS)
    assert second.created
    assert second.digest == first.digest
    assert second.table == f"datasets.second__{first.digest[:8]}"


def test_a_frame_of_the_same_rows_has_the_same_digest(applied: Shop) -> None:
    first = applied.project.dataset("first", entity_df=SPINE, features=VIEWS)
    frame = applied.frame(SPINE).sample(frac=1, random_state=1)
    frame["event_timestamp"] = frame["event_timestamp"].dt.tz_convert("Asia/Kolkata")
    assert applied.project.dataset("first", entity_df=frame, features=VIEWS).digest == first.digest


# SQL that changes the content a little; what is asked for is the same, but for the last two.
CHANGES = {
    "a value": "SELECT * REPLACE (order_id + (order_id = 7)::INT AS order_id)",
    "a row less": "SELECT * EXCLUDE n FROM (SELECT *, row_number() OVER () AS n FROM ({})) WHERE n > 1 --",
    "a row twice": "SELECT * FROM ({0}) UNION ALL SELECT * FROM ({0}) WHERE order_id = 7 --",
    "a type": "SELECT * REPLACE (order_id::INTEGER AS order_id)",
    "a name": "SELECT * RENAME (order_id AS id)",
    "the order of columns": "SELECT customer_id, order_id, event_timestamp",
}


@pytest.mark.parametrize("change", CHANGES)
def test_other_content_has_another_digest(applied: Shop, change: str) -> None:
    first = applied.project.dataset("first", entity_df=SPINE, features=VIEWS)
    sql = CHANGES[change]
    spine = sql.format(SPINE) if "{" in sql else f"{sql} FROM ({SPINE})"
    second = applied.project.dataset("first", entity_df=spine.removesuffix(" --"), features=VIEWS)
    assert second.created
    assert second.digest != first.digest


def test_other_features_have_another_digest(applied: Shop) -> None:
    kept = {
        applied.project.dataset("x", entity_df=SPINE, features=some).digest for some in (VIEWS, VIEWS[::-1], VIEWS[:1])
    }
    assert len(kept) == 3


def test_every_kind_of_value_counts(applied: Shop) -> None:
    """NaN, NULL and the empty text are three things; so are 0.1 and the next double."""
    columns = "1 AS customer_id, TIMESTAMPTZ '2024-03-01' AS event_timestamp"
    values = [
        "NULL::DOUBLE", "'nan'::DOUBLE", "'inf'::DOUBLE", "0.1::DOUBLE", f"{math.nextafter(0.1, 1)!r}::DOUBLE", "0.1",
        "''", "'NULL'", "NULL::VARCHAR", "'\\x00'::BLOB", "'\\x01'::BLOB", "[1, NULL]", "{'a': 1}",
    ]  # fmt: skip
    digests = {
        value: applied.project.dataset("x", entity_df=f"SELECT {columns}, {value} AS v", features=VIEWS).digest
        for value in values
    }
    assert len(set(digests.values())) == len(values), digests


def test_an_empty_set_is_kept_too(applied: Shop) -> None:
    kept = applied.project.dataset("none", entity_df=f"{SPINE} AND FALSE", features=VIEWS)
    assert (kept.rows, kept.created) == (0, True)
    assert not applied.project.dataset("none", entity_df=f"{SPINE} AND FALSE", features=VIEWS).created


def test_a_table_that_was_dropped_is_made_again(applied: Shop) -> None:
    first = applied.project.dataset("first", entity_df=SPINE, features=VIEWS)
    applied.execute(f"DROP TABLE {first.table}")
    again = applied.project.dataset("first", entity_df=SPINE, features=VIEWS)
    assert (again.table, again.created) == (first.table, True)
    assert applied.one(f"SELECT count(*) FROM {first.table}") == 50
    assert applied.one("SELECT count(*) FROM aops.datasets") == 1


def test_persist_of_a_join(applied: Shop) -> None:
    frame = pd.DataFrame({"customer_id": [1, 1], "event_timestamp": pd.to_datetime(["2024-05-01"] * 2, utc=True)})
    joined = applied.project.get_historical_features(frame, VIEWS, full_feature_names=True)
    kept = joined.persist("by_hand")
    assert kept.rows == 2
    assert applied.frame(f"FROM {kept.table}").equals(joined.to_df())
    assert applied.one("SELECT spine_sql FROM aops.datasets") == "entity_df_given"


def test_progress_is_reported(applied: Shop) -> None:
    told: list[tuple[str, float]] = []
    applied.project.dataset("returns", report=lambda task, done: told.append((task, done)))
    assert told[-1] == ("dataset returns", 1.0)


# ── refusals ───────────────────────────────────────────────────────────────────────────────────────────

NAMES = ["", "1st", "a b", "a-b", "x'; DROP TABLE raw.orders; --", 'a"b', "größe", "a.b", "x" * 52]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_cannot_be_a_tables(applied_shop: Shop, name: str) -> None:
    before = applied_shop.objects()
    with pytest.raises(SpineError, match="cannot name a dataset: use a letter"):
        applied_shop.project.dataset(name, entity_df=SPINE, features=VIEWS)
    assert applied_shop.objects() == before


def test_a_name_alone_that_is_no_models(applied_shop: Shop) -> None:
    with pytest.raises(SpineError, match=r"'return' needs a spine .*did you mean 'returns'\?"):
        applied_shop.project.dataset("return")
    with pytest.raises(SpineError, match="'mine' needs features"):
        applied_shop.project.dataset("mine", entity_df=SPINE)


def test_a_failure_leaves_no_table(applied: Shop) -> None:
    before = applied.objects()
    failing = SPINE.replace("order_id,", "CAST('x' || order_id AS INTEGER) AS order_id,", 1)
    with pytest.raises(Exception, match="Could not convert string"):
        applied.project.dataset("first", entity_df=failing, features=VIEWS)
    with pytest.raises(UnknownNameError):
        applied.project.dataset("first", entity_df=SPINE, features=["customer_orders:nope"])
    assert applied.objects() == before


def test_reading_a_file_is_a_spine_too(applied: Shop, tmp_path: Path) -> None:
    """What DuckDB reads can be a spine: here, a file of Parquet."""
    applied.execute(f"COPY ({SPINE}) TO '{tmp_path}/spine.parquet'")
    kept = applied.project.dataset("first", entity_df=f"FROM '{tmp_path}/spine.parquet'", features=VIEWS)
    assert kept.digest == applied.project.dataset("first", entity_df=SPINE, features=VIEWS).digest
