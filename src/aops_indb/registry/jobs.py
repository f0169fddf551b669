"""Batch jobs: noted before they start and when they end, so that one that was killed is found."""

from __future__ import annotations

import datetime as dt
import os
import socket
from pathlib import Path

from sqlalchemy import insert, select, update

from aops_indb.engines import Session
from aops_indb.registry import audit
from aops_indb.registry.actor import Actor, now
from aops_indb.registry.ids import next_id
from aops_indb.registry.tables import JOB_RUNS

RUNNING, INTERRUPTED = "running", "interrupted"


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
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "process_started": _started(os.getpid()),
    }
    session.connection.execute(insert(JOB_RUNS), [row])
    return job


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
    audit.record(
        session,
        actor=actor,
        action=row.kind,
        kind="job",
        name=row.target,
        version=row.model_version,
        details={"job": job, "status": status, "rows": rows},
    )


def mark_interrupted(session: Session) -> int:
    """Mark jobs that say they run, but whose process on this host is gone; returns how many."""
    here = (JOB_RUNS.c.status == RUNNING) & (JOB_RUNS.c.host == socket.gethostname())
    running = session.connection.execute(
        select(JOB_RUNS.c.job_id, JOB_RUNS.c.pid, JOB_RUNS.c.process_started).where(here)
    ).all()
    gone = [row.job_id for row in running if _started(row.pid) != row.process_started]
    for job in gone:
        session.connection.execute(
            update(JOB_RUNS)
            .where(JOB_RUNS.c.job_id == job)
            .values(status=INTERRUPTED, finished_at=now(), message="its process ended without a word")
        )
    return len(gone)


def _started(pid: int) -> str:
    """When a process began, as its system tells it; empty if there is none: numbers are used again, times are not."""
    try:
        # after the name in parentheses, which may hold anything, the 20th word is the start in clock ticks
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return _exists(pid)


def _exists(pid: int) -> str:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "running"
