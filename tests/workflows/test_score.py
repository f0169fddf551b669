"""Batch scores: the same rows however often and in whatever pieces they are computed, and every job noted."""

from __future__ import annotations

import datetime as dt
import os
import socket
from typing import Any

import pytest

from aops_indb.errors import AopsError, ModelError, QueryError, RefusedError, UnknownNameError

from .shop import Shop, order_rows

BATCH = "SELECT * EXCLUDE scored_at FROM scores.returns__batch ORDER BY ALL"
LIVE = "SELECT * EXCLUDE scored_at FROM scores.returns ORDER BY ALL"


def day(month: int, day: int = 1) -> dt.datetime:
    return dt.datetime(2024, month, day, tzinfo=dt.UTC)


def orders_between(since: dt.datetime | None, until: dt.datetime | None) -> int:
    placed = order_rows()["placed_at"]
    return int(((placed >= (since or day(1))) & (placed < (until or day(12)))).sum())


def jobs(shop: Shop, columns: str) -> list[tuple[Any, ...]]:
    return shop.rows(f"SELECT {columns} FROM aops.job_runs ORDER BY job_id")


# ── rows ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_whole_range_is_what_the_view_shows(trained: Shop) -> None:
    scored = trained.project.score("returns")
    assert (scored.model, scored.version, scored.table, scored.rows) == ("returns", 1, "scores.returns__batch", 600)
    assert trained.rows(BATCH) == trained.rows(LIVE)


# Intervals, in the order they are scored: whatever they are, together they leave the rows of the whole.
PIECES: dict[str, list[tuple[dt.datetime | None, dt.datetime | None]]] = {
    "twice": [(None, None), (None, None)],
    "months": [(day(m), day(m + 1)) for m in range(1, 7)],
    "months backwards": [(day(m), day(m + 1)) for m in range(6, 0, -1)],
    "overlapping": [(day(1), day(3)), (day(2), day(5)), (day(4, 15), day(7)), (day(2), day(3))],
    "open at either end": [(None, day(3)), (day(3), None)],
    "the whole and a part": [(None, None), (day(2), day(3))],
    "a part and the whole": [(day(2), day(3)), (None, None)],
}


@pytest.mark.parametrize("pieces", PIECES)
def test_the_same_rows_in_whatever_pieces(trained: Shop, pieces: str) -> None:
    for since, until in PIECES[pieces]:
        scored = trained.project.score("returns", since=since, until=until)
        assert scored.rows == orders_between(since, until)
    assert trained.rows(BATCH) == trained.rows(LIVE)
    assert jobs(trained, "status, row_count, interval_start, interval_end, model_version, target, kind") == [
        ("succeeded", orders_between(since, until), since, until, 1, "returns", "score")
        for since, until in PIECES[pieces]
    ]


def test_an_interval_is_closed_at_its_start_and_open_at_its_end(trained: Shop) -> None:
    trained.execute(
        "UPDATE raw.orders SET placed_at = '2024-02-01 00:00:00+00:00' WHERE order_id = 1;"
        "UPDATE raw.orders SET placed_at = '2024-03-01 00:00:00+00:00' WHERE order_id = 2"
    )
    trained.project.score("returns", since=day(2), until=day(3))
    assert trained.rows("SELECT order_id FROM scores.returns__batch WHERE order_id <= 2") == [(1,)]


def test_an_interval_without_rows(trained: Shop) -> None:
    assert trained.project.score("returns", since=day(11)).rows == 0
    assert trained.rows(BATCH) == []
    assert jobs(trained, "status, row_count") == [("succeeded", 0)]


def test_rows_that_are_gone_leave_the_batch(trained: Shop) -> None:
    trained.project.score("returns")
    trained.execute("DELETE FROM raw.orders WHERE order_id = 7")
    trained.project.score("returns")
    assert trained.rows("SELECT count(*) FROM scores.returns__batch WHERE order_id = 7") == [(0,)]


def test_another_interval_is_left_alone(trained: Shop) -> None:
    trained.project.score("returns", since=day(1), until=day(3))
    first = trained.rows("FROM scores.returns__batch ORDER BY ALL")
    trained.project.score("returns", since=day(3), until=day(4))
    assert set(first) < set(trained.rows("FROM scores.returns__batch"))


def test_a_time_without_a_zone_is_in_utc(trained: Shop) -> None:
    naive = dt.datetime(2024, 2, 1)
    kolkata = dt.timezone(dt.timedelta(hours=5, minutes=30))
    counts = {
        trained.project.score("returns", since=since, until=day(3)).rows
        for since in (naive, day(2), day(2).astimezone(kolkata))
    }
    assert counts == {orders_between(day(2), day(3))}
    assert set(jobs(trained, "interval_start")) == {(day(2),)}


def counts(shop: Shop, table: str) -> list[tuple[Any, ...]]:
    query = "SELECT model_version, count(*), min(event_timestamp) >= '2024-05-01' FROM"
    return shop.rows(f"{query} {table} GROUP BY ALL ORDER BY ALL")


def test_another_version_than_the_champion_is_kept_beside_it(trained: Shop) -> None:
    trained.project.score("returns")
    assert trained.project.score("returns:2", since=day(5)).table == "scores.returns__v2__batch"
    trained.project.promote("returns:2", alias="challenger")
    assert trained.project.score("returns@challenger", since=day(5)).table == "scores.returns__v2__batch"
    assert trained.project.score("returns@champion").table == "scores.returns__batch"
    assert counts(trained, "scores.returns__batch") == [(1, 600, False)]
    assert counts(trained, "scores.returns__v2__batch") == [(2, orders_between(day(5), None), True)]


def test_a_new_champion_replaces_its_interval(trained: Shop) -> None:
    trained.project.score("returns")
    trained.project.promote("returns:2")
    assert trained.project.score("returns", since=day(5)).table == "scores.returns__batch"
    assert counts(trained, "scores.returns__batch") == [
        (1, orders_between(None, day(5)), False),
        (2, orders_between(day(5), None), True),
    ]


# What may become of definitions after a version was promoted: it is scored as it was promoted.
LATER: dict[str, tuple[str, str, str]] = {
    "a feature": ("orders", 'offset="1d"', 'offset="2d"'),
    "the spine": ("models/returns", "FROM raw.orders", "FROM raw.orders WHERE order_id > 100"),
    "the target": ("models/returns", 'target="returned"', 'target="NOT returned"'),
    "a file that cannot be read": ("orders", "orders = DataSource(", "orders = DataSauce("),
}


@pytest.mark.parametrize("edit", LATER)
def test_what_was_promoted_is_what_is_scored(trained: Shop, edit: str) -> None:
    trained.edit(*LATER[edit])
    if "cannot" not in edit:
        trained.project.apply()
    trained.project.score("returns")
    assert trained.rows(BATCH) == trained.rows(LIVE)
    assert trained.one("SELECT count(*) FROM scores.returns__batch") == 600


def test_keys_in_another_order_stay_in_their_columns(trained: Shop) -> None:
    trained.project.score("returns")
    trained.edit("models/returns", '["order_id", "customer_id"]', '["customer_id", "order_id"]')
    trained.project.apply()
    trained.project.promote("returns:1")
    trained.project.score("returns", since=day(3))
    columns = "order_id, customer_id, event_timestamp, probability_1"
    assert trained.rows(f"SELECT {columns} FROM scores.returns__batch ORDER BY ALL") == trained.rows(
        f"SELECT {columns} FROM scores.returns ORDER BY ALL"
    )


def test_a_view_that_someone_replaced(trained: Shop) -> None:
    trained.project.score("returns")
    before = trained.rows(BATCH)
    trained.execute(
        "CREATE OR REPLACE VIEW scores.returns__v1 AS"
        " SELECT * REPLACE (0.5::DOUBLE AS probability_1) FROM scores.returns__batch"
    )
    with pytest.raises(RefusedError, match=r"scores.returns__v1, the view of returns:1, is not as aops made it: drop"):
        trained.project.score("returns")
    with pytest.raises(RefusedError, match=r"scores.returns__v1 is there already, and is not as aops made it"):
        trained.project.promote("returns:1")
    assert trained.rows(BATCH) == before
    trained.execute("DROP VIEW scores.returns__v1")
    trained.project.promote("returns:1")
    trained.project.score("returns")
    assert trained.rows(BATCH) == before


def test_a_view_that_is_gone(trained: Shop) -> None:
    trained.execute("DROP VIEW scores.returns__v1")
    with pytest.raises(ModelError, match=r"scores.returns__v1, the view of returns:1, is gone: run  aops promote"):
        trained.project.score("returns")


# ── jobs ───────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_noted_of_a_job(trained: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AOPS_ACTOR", "Anna")
    scored = trained.project.score("returns", since=day(2), until=day(3))
    [row] = trained.frame("FROM aops.job_runs").to_dict("records")
    assert {k: row[k] for k in ("kind", "target", "status", "model_version", "message", "actor", "host", "pid")} == {
        "kind": "score",
        "target": "returns",
        "status": "succeeded",
        "model_version": 1,
        "message": "",
        "actor": "Anna",
        "host": socket.gethostname(),
        "pid": os.getpid(),
    }
    assert (row["row_count"], row["started_at"] <= row["finished_at"]) == (scored.rows, True)
    assert 0 < row["seconds"] <= scored.seconds
    audit = trained.rows("SELECT actor, action, kind, name, version FROM aops.audit_log ORDER BY seq DESC LIMIT 1")
    assert audit == [("Anna", "score", "job", "returns", 1)]


def test_progress_is_reported(trained: Shop) -> None:
    told: list[tuple[str, float]] = []
    trained.project.score("returns", report=lambda task, done: told.append((task, done)))
    assert told[-1] == ("scoring returns__batch", 1.0)


def test_a_job_that_fails_is_noted_with_its_reason_and_changes_nothing(trained: Shop) -> None:
    trained.project.score("returns")
    before = trained.rows("FROM scores.returns__batch ORDER BY ALL")
    # the spine fails at one of its rows, when the job has long begun
    failing = "CAST(CASE WHEN order_id = 555 THEN 'much' ELSE '1' END AS DOUBLE) AS amount"
    trained.edit("models/returns", "customer_id, amount,", f"customer_id, {failing},")
    trained.project.apply()
    trained.project.promote("returns:1")
    with pytest.raises(QueryError, match="Could not convert string 'much'"):
        trained.project.score("returns", until=day(7))
    [_, (status, rows, seconds, finished, message)] = jobs(trained, "status, row_count, seconds, finished_at, message")
    assert (status, rows, seconds > 0, finished is not None) == ("failed", 0, True, True)
    assert "Could not convert string 'much' to DOUBLE" in message
    assert trained.rows("FROM scores.returns__batch ORDER BY ALL") == before
    assert trained.one("SELECT details->>'status' FROM aops.audit_log ORDER BY seq DESC LIMIT 1") == "failed"


def test_a_table_of_other_columns_is_not_touched(trained: Shop) -> None:
    trained.execute("CREATE TABLE scores.returns__batch AS SELECT 1 AS mine")
    with pytest.raises(ModelError, match=r"has the columns mine INTEGER, but .* rename or drop the table"):
        trained.project.score("returns")
    assert trained.rows("FROM scores.returns__batch") == [(1,)]
    assert jobs(trained, "status, message LIKE '%rename or drop the table%'") == [("failed", True)]


def test_rows_of_other_versions_are_told(trained: Shop) -> None:
    assert trained.project.score("returns").other_versions == 0
    trained.project.promote("returns:2")
    scored = trained.project.score("returns", since=day(5))
    assert scored.other_versions == 600 - scored.rows > 0
    assert trained.project.score("returns").other_versions == 0


def test_a_view_of_someone_else_is_not_touched(trained: Shop) -> None:
    trained.execute("CREATE VIEW scores.returns__batch AS SELECT 1 AS mine")
    with pytest.raises(RefusedError, match=r"scores.returns__batch is a view, which aops did not make: rename"):
        trained.project.score("returns")
    assert trained.rows("FROM scores.returns__batch") == [(1,)]


def test_a_batch_in_other_letters_is_the_batch(trained: Shop) -> None:
    trained.project.score("returns")
    trained.execute("ALTER TABLE scores.returns__batch RENAME TO Returns__BATCH")
    assert trained.project.score("returns").rows == 600
    assert trained.one("SELECT count(*) FROM scores.returns__batch") == 600


def test_an_exception_of_the_report_is_a_failure(trained: Shop) -> None:
    def refuse(task: str, fraction: float) -> None:
        raise RuntimeError("no more of this")

    with pytest.raises(RuntimeError, match="no more of this"):
        trained.project.score("returns", report=refuse)
    assert jobs(trained, "status, message") == [("failed", "no more of this")]
    assert trained.one("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'returns__batch'") == 0


# ── refusals ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("return", "unknown registered model 'return': did you mean 'returns'?"),
        ("returns:9", "unknown model version 'returns:9': did you mean 'returns:"),
        ("returns@champoin", "did you mean 'champion'?"),
        ("", "unknown registered model ''"),
    ],
)
def test_unknown_names(trained_shop: Shop, reference: str, told: str) -> None:
    before = trained_shop.objects()
    with pytest.raises(UnknownNameError) as caught:
        trained_shop.project.score(reference)
    assert told in str(caught.value)
    assert trained_shop.objects() == before


@pytest.mark.parametrize("reference", ["returns:", "returns@", "models:/returns/"])
def test_a_version_that_was_left_out(trained_shop: Shop, reference: str) -> None:
    """As in  aops score returns:$VERSION , with VERSION empty: not the champion by accident."""
    for attempt in (trained_shop.project.score, trained_shop.project.promote):
        with pytest.raises(ModelError, match="names no version: write returns:1 or returns@champion"):
            attempt(reference)


@pytest.mark.parametrize(("since", "until"), [(day(3), day(3)), (day(3), day(2))])
def test_an_empty_interval(trained_shop: Shop, since: dt.datetime, until: dt.datetime) -> None:
    with pytest.raises(
        AopsError, match=r"the interval is empty: until 2024-.* is not after since 2024-03-01.*: give an"
    ):
        trained_shop.project.score("returns", since=since, until=until)


def test_which_version_when_none_is_champion(applied: Shop, trained_shop: Shop) -> None:
    applied.project.train("returns", candidate="boosting")
    # of one version there is no doubt
    assert applied.project.score("returns").version == 1
    applied.project.train("returns", candidate="boosting")
    with pytest.raises(ModelError, match=r"versions 1, 2 and no champion: name one, e.g. returns:2, or .* promote"):
        applied.project.score("returns")
