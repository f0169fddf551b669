"""Jobs, also those that were killed; kept data sets; and what is told of them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import subprocess
from collections.abc import Callable

import pytest

from aops_indb.engines import Engine, Session
from aops_indb.errors import QueryError, UnknownNameError
from aops_indb.registry import (
    LISTS,
    Actor,
    DatasetRecord,
    events,
    find_dataset,
    finish_job,
    list_objects,
    mark_interrupted,
    prepare,
    record_dataset,
    start_job,
    verify_audit,
)

ANNA = Actor("anna", "AOPS_ACTOR")
JULY = dt.datetime(2013, 7, 1, tzinfo=dt.timezone(dt.timedelta(hours=-4)))

KILLED = """
import os, signal
from aops_indb.engines import engine_for
from aops_indb.registry import Actor, start_job
with engine_for("duckdb:///warehouse.duckdb", wait=600).session() as session:
    start_job(session, kind="score", target="flight_delay", model_version=2, interval_start=None, interval_end=None,
              actor=Actor("robot", "AOPS_ACTOR"))
    with session.transaction():
        session.run_script("CREATE TABLE half AS SELECT 1 AS a")
        os.kill(os.getpid(), signal.SIGKILL)
"""


def start(session: Session, target: str = "flight_delay") -> int:
    return start_job(
        session, kind="score", target=target, model_version=2, interval_start=JULY, interval_end=None, actor=ANNA
    )


def finish(session: Session, job: int, status: str) -> None:
    finish_job(session, job, status=status, rows=7, seconds=0.5, actor=ANNA, message="so it went")


def statuses(session: Session) -> list[tuple[object, ...]]:
    rows = session.native.execute("SELECT job_id, status, message FROM aops.job_runs ORDER BY job_id").fetchall()
    return list(rows)


# ── jobs ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", ["succeeded", "failed"])
def test_a_job_from_start_to_end(session: Session, status: str) -> None:
    job = start(session)
    before = session.native.execute("SELECT status, finished_at, row_count, pid, host FROM aops.job_runs").fetchall()
    assert before == [("running", None, None, os.getpid(), os.uname().nodename)]
    finish(session, job, status)
    row = session.native.execute("""
        SELECT job_id, kind, target, interval_start, interval_end, model_version, status, row_count, seconds, message,
               actor, finished_at >= started_at
        FROM aops.job_runs
    """).fetchall()
    assert row == [(1, "score", "flight_delay", JULY, None, 2, status, 7, 0.5, "so it went", "anna", True)]
    assert [row["action"] for row in events(session, "flight_delay").as_dicts()] == ["score"]


def test_jobs_are_counted(session: Session) -> None:
    assert [start(session) for _ in range(3)] == [1, 2, 3]


def test_a_killed_job_is_found_out(engine: Engine, spawn: Callable[[str], subprocess.Popen[str]]) -> None:
    with engine.session() as session:
        prepare(session)
        mine, done = start(session), start(session)
        finish(session, done, "succeeded")
    killed = spawn(KILLED)
    assert killed.stderr is not None
    assert killed.stderr.read() == ""  # it has ended, and nobody has asked how
    with engine.session() as session:
        assert mark_interrupted(session) == 1
        assert mark_interrupted(session) == 0
        assert statuses(session) == [
            (mine, "running", ""),
            (done, "succeeded", "so it went"),
            (3, "interrupted", "its process ended without a word"),
        ]
        assert session.relations("main") == {}
        assert '"status": "interrupted"' in events(session, "flight_delay").rows[0][-1]
        assert verify_audit(session) is None
    killed.communicate()


ELSEWHERE = {
    # what is set: how many are found to be gone
    "host = 'elsewhere'": 0,
    "process_started = 'another time'": 1,
    "pid = 4194304": 1,
    "pid = 1": 1,
}


@pytest.mark.parametrize("changed", ELSEWHERE)
def test_a_process_is_known_by_host_number_and_start(session: Session, changed: str) -> None:
    start(session)
    session.run_script(f"UPDATE aops.job_runs SET {changed}")
    assert mark_interrupted(session) == ELSEWHERE[changed]


# ── data sets ──────────────────────────────────────────────────────────────────────────────────────────


def dataset(name: str = "flights", digest: str = "0123abcd", table: str = "flights__0123abcd") -> DatasetRecord:
    return DatasetRecord(
        name=name,
        digest=digest,
        table_schema="datasets",
        table_name=table,
        rows=3,
        columns={"zulu": "TIMESTAMP WITH TIME ZONE", "alpha": "DOUBLE", "two words": "VARCHAR"},
        spine_sql="SELECT 'o''hare'",
        features=("carrier_delay:mean_7d", "route:n"),
        sql="SELECT\n  1",
    )


@pytest.mark.parametrize("name", ["plain", "select", "two words", 'a "b" c', "o'hare", "航班"])
def test_a_dataset_is_found_by_digest_and_name(session: Session, name: str) -> None:
    record_dataset(session, dataset(name), actor=ANNA)
    found = find_dataset(session, "0123abcd", name=name)
    assert found == dataset(name)
    assert list(found.columns) == list(dataset().columns)
    assert find_dataset(session, "0123abcd") == dataset(name)
    assert find_dataset(session, "0123abcd", name="other") is None
    assert find_dataset(session, "0123") is None


def test_the_same_content_under_two_names(session: Session) -> None:
    for name in ("first", "second"):
        record_dataset(session, dataset(name), actor=ANNA)
    assert find_dataset(session, "0123abcd") == dataset("first")
    assert find_dataset(session, "0123abcd", name="second") == dataset("second")
    with pytest.raises(QueryError, match="constraint"):
        record_dataset(session, dataclasses.replace(dataset("first"), rows=4), actor=ANNA)


# ── lists ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", LISTS)
def test_every_kind_can_be_listed_before_there_is_any(session: Session, kind: str) -> None:
    listed = list_objects(session, kind)
    assert listed.rows == ()
    assert len(listed.columns) > 2


def test_lists_tell_the_newest_first(session: Session) -> None:
    for number in (1, 2):
        record_dataset(session, dataset(digest=f"{number}"), actor=ANNA)
        finish(session, start(session), "succeeded")
    assert [row["digest"] for row in list_objects(session, "datasets").as_dicts()] == ["2", "1"]
    assert [row["job_id"] for row in list_objects(session, "jobs").as_dicts()] == [2, 1]


def test_names_nobody_used(session: Session) -> None:
    record_dataset(session, dataset(), actor=ANNA)
    with pytest.raises(UnknownNameError, match="did you mean 'flights'"):
        events(session, "fligths")
    with pytest.raises(UnknownNameError, match="did you mean 'datasets'"):
        list_objects(session, "dataset")
