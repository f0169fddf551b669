"""Runs: noted with the process that makes them, so that one that was killed is found; and how they are listed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from aops_indb.engines import Engine, Session
from aops_indb.registry import (
    Actor,
    MetricRecord,
    finish_run,
    list_objects,
    mark_interrupted,
    prepare,
    record_metrics,
    start_job,
    start_run,
)

ANNA = Actor("anna", "AOPS_ACTOR")

KILLED = """
import os, signal
from aops_indb.engines import engine_for
from aops_indb.registry import Actor, start_run
with engine_for("duckdb:///warehouse.duckdb", wait=600).session() as session:
    print(start_run(session, kind="train", model="returns", git_commit=None, actor=Actor("robot", "AOPS_ACTOR")))
print(os.getpid(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def start(session: Session, model: str = "returns") -> str:
    return start_run(session, kind="train", model=model, candidate=f"{model}'s", git_commit=None, actor=ANNA)


def noted(session: Session) -> dict[str, tuple[Any, ...]]:
    rows = session.native.execute("SELECT run_id, status, message, finished_at IS NULL FROM aops.runs").fetchall()
    return {run: tuple(rest) for run, *rest in rows}


def test_a_killed_run_is_found_out(engine: Engine, spawn: Callable[[str], subprocess.Popen[str]]) -> None:
    with engine.session() as session:
        prepare(session)
        mine, done, failed = start(session), start(session), start(session)
        finish_run(session, done, status="succeeded", message="so it went")
        finish_run(session, failed, status="failed", message="so it failed")
    killed = spawn(KILLED)
    assert killed.stdout is not None
    run, pid = killed.stdout.read().split()  # it has ended, and nobody has asked how
    with engine.session() as session:
        before = noted(session)
        host = os.uname().nodename
        processes = dict(session.native.execute("SELECT run_id, host || ' ' || pid FROM aops.runs").fetchall())
        assert (processes[mine], processes[run]) == (f"{host} {os.getpid()}", f"{host} {pid}")
        assert mark_interrupted(session) == 1
        assert mark_interrupted(session) == 0
        assert noted(session) == {**before, run: ("interrupted", "its process ended without a word", False)}
    killed.communicate()


CHANGED = {
    # what is noted of the process: how many are found to be gone
    "host = host || ' another'": 0,
    "process_started = '1' || process_started": 1,
    "pid = 4194304": 1,
    "pid = 1": 1,
    "message = 'something'": 0,
}


@pytest.mark.parametrize("changed", CHANGED)
def test_a_process_is_known_by_host_number_and_start(session: Session, changed: str) -> None:
    start(session)
    session.run_script(f"UPDATE aops.runs SET {changed}")
    assert mark_interrupted(session) == CHANGED[changed]


def test_jobs_and_runs_are_marked_together(session: Session) -> None:
    start(session)
    for _ in range(2):
        start_job(
            session, kind="score", target="m", model_version=1, interval_start=None, interval_end=None, actor=ANNA
        )
    session.run_script("UPDATE aops.job_runs SET process_started = 'another time'")
    session.run_script("UPDATE aops.runs SET process_started = 'another time'")
    assert mark_interrupted(session) == 3


def test_the_list_of_runs(session: Session) -> None:
    """Times and figures are told as they were noted; of a run that made no version what is known."""
    first, second, third, fourth = (start(session, f"m{number}") for number in range(4))
    finish_run(session, first, status="succeeded", message="logistic: well")
    finish_run(session, second, status="failed", message="boosting: cannot be fitted: no rows")
    finish_run(session, third, status="interrupted")
    session.run_script("UPDATE aops.runs SET finished_at = started_at + INTERVAL '90.25 seconds' WHERE model <> 'm3'")
    figures = [("auc", 0.1, "train", ""), ("auc", 0.2, "test", "origin=JFK"), ("auc", 1 / 3, "test", "")]
    record_metrics(session, first, [MetricRecord(*figure) for figure in figures])
    listed = list_objects(session, "runs").as_dicts()
    told = [(r["run_id"], r["candidate"], r["status"], r["seconds"], r["test_auc"], r["version"]) for r in listed]
    assert told == [
        (fourth, "m3's", "running", None, None, None),
        (third, "m2's", "interrupted", None, None, None),
        (second, "m1's", "failed", 90.25, None, None),
        (first, "m0's", "succeeded", 90.25, 1 / 3, None),
    ]
