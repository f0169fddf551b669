"""Batch jobs: noted before they start and when they end, so that one that was killed is found."""

from __future__ import annotations

import datetime as dt
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from aops_indb.engines import Session
from aops_indb.registry import audit
from aops_indb.registry.actor import Actor, current_actor, now
from aops_indb.registry.atomic import atomic
from aops_indb.registry.ids import next_id
from aops_indb.registry.tables import JOB_RUNS

RUNNING, INTERRUPTED = "running", "interrupted"
# States of a process that has ended, though whoever started it has not asked yet.
_DEAD = ("Z", "X")


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
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "process_started": _started(os.getpid()),
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


@atomic
def mark_interrupted(session: Session) -> int:
    """Mark jobs that say they run, but whose process on this host is gone; returns how many."""
    here = (JOB_RUNS.c.status == RUNNING) & (JOB_RUNS.c.host == socket.gethostname())
    running = session.connection.execute(select(JOB_RUNS).where(here).order_by(JOB_RUNS.c.job_id)).all()
    gone = [row for row in running if _started(row.pid) != row.process_started]
    for row in gone:
        values = {"status": INTERRUPTED, "finished_at": now(), "message": "its process ended without a word"}
        session.connection.execute(update(JOB_RUNS).where(JOB_RUNS.c.job_id == row.job_id).values(**values))
        _record(session, row, current_actor(), {"status": INTERRUPTED})
    return len(gone)


def _started(pid: int) -> str:
    """When a process began, as its system tells it; empty if there is none: numbers are used again, times are not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _exists(pid)
    # after the name in parentheses, which may hold anything: the state, and 19 words on the start in clock ticks
    words = stat.rpartition(")")[2].split()
    return "" if words[0] in _DEAD else words[19]


def _exists(pid: int) -> str:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "running"
