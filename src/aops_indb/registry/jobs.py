"""Batch jobs: noted before they start and when they end, so that one that was killed is found; as are runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, func, insert, select, update

from aops_indb.engines import Session
from aops_indb.registry import audit
from aops_indb.registry.actor import Actor, current_actor, now
from aops_indb.registry.atomic import atomic
from aops_indb.registry.ids import next_id
from aops_indb.registry.process import Process
from aops_indb.registry.tables import JOB_RUNS, RUNS

RUNNING, INTERRUPTED = "running", "interrupted"
_UNHEARD = "its process ended without a word"


@atomic
def start_job(
    session: Session,
    *,
    kind: str,
    target: str,
    model_version: int | None,
    interval_start: dt.datetime | None,
    interval_end: dt.datetime | None,
    actor: Actor,
) -> int:
    """Note a job that begins; returns its id."""
    job = next_id(session, JOB_RUNS.c.job_id)
    row = {
        "job_id": job,
        "kind": kind,
        "target": target,
        "model_version": model_version,
        "interval_start": interval_start,
        "interval_end": interval_end,
        "status": RUNNING,
        "started_at": now(),
        "message": "",
        "actor": actor.name,
        **Process.this().columns,
    }
    session.connection.execute(insert(JOB_RUNS), [row])
    return job


@atomic
def finish_job(
    session: Session,
    job: int,
    *,
    status: str,
    rows: int,
    seconds: float,
    actor: Actor,
    message: str = "",
) -> None:
    """Note how a job ended."""
    values = {"status": status, "row_count": rows, "seconds": seconds, "message": message, "finished_at": now()}
    this = JOB_RUNS.c.job_id == job
    session.connection.execute(update(JOB_RUNS).where(this).values(**values))
    row = session.connection.execute(select(JOB_RUNS).where(this)).one()
    _record(session, row, actor, {"status": status, "rows": rows})


def _record(session: Session, row: Any, actor: Actor, outcome: Mapping[str, Any]) -> None:
    audit.record(
        session,
        actor=actor,
        action=row.kind,
        kind="job",
        name=row.target,
        version=row.model_version,
        details={"job": row.job_id, **outcome},
    )


def running_jobs(session: Session, kind: str, target: str) -> list[tuple[int, Process]]:
    """Jobs of a kind on a target that say they run, each with its process."""
    j = JOB_RUNS.c
    these = (j.kind == kind) & (j.target == target) & (j.status == RUNNING)
    found = session.connection.execute(select(JOB_RUNS).where(these).order_by(j.job_id))
    return [(row.job_id, Process.of(row)) for row in found]


def newest_job(session: Session, kind: str, target: str) -> int | None:
    """The job of a kind on a target that began last."""
    j = JOB_RUNS.c
    newest = select(func.max(j.job_id)).where((j.kind == kind) & (j.target == target))
    found: int | None = session.connection.execute(newest).scalar()
    return found


@atomic
def mark_interrupted(session: Session) -> int:
    """Mark jobs and runs that say they run, but whose process on this host is gone; returns how many."""
    jobs, runs = _abandoned(session, JOB_RUNS.c.job_id), _abandoned(session, RUNS.c.run_id)
    for job in jobs:
        _record(session, job, current_actor(), {"status": INTERRUPTED})
    return len(jobs) + len(runs)


def _abandoned(session: Session, key: Column[Any]) -> list[Any]:
    """Rows of a table that say they run, and do not; they are marked."""
    table = key.table
    running = session.connection.execute(select(table).where(table.c.status == RUNNING).order_by(key)).all()
    gone = [row for row in running if Process.of(row).is_gone]
    for row in gone:
        values = {"status": INTERRUPTED, "finished_at": now(), "message": _UNHEARD}
        session.connection.execute(update(table).where(key == row._mapping[key.name]).values(**values))
    return gone
