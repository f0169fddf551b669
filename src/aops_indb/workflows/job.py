"""A job under way: noted before it starts and when it ends, however it ends."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aops_indb.engines import Session
from aops_indb.registry import Actor, current_actor, finish_job, start_job


@dataclass(slots=True)
class Job:
    """A row of aops.job_runs that says `running`.

    rows: committed so far, which a job that fails is noted with
    """

    session: Session
    number: int
    actor: Actor
    rows: int = 0
    _began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return time.monotonic() - self._began

    def succeeded(self, rows: int) -> None:
        """Note that it ended well; in the transaction of its last rows, so that both are there or neither."""
        self._ended("succeeded", rows)

    def failed(self, error: BaseException) -> None:
        """Note why it did not."""
        self._ended("failed", self.rows, str(error) or type(error).__name__)

    def _ended(self, status: str, rows: int, message: str = "") -> None:
        finish_job(
            self.session,
            self.number,
            status=status,
            rows=rows,
            seconds=self.seconds,
            actor=self.actor,
            message=message,
        )


@contextmanager
def job(
    session: Session,
    kind: str,
    target: str,
    *,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    model_version: int | None = None,
) -> Iterator[Job]:
    """A job on a target, or on an interval of it; an error is noted and goes on."""
    actor = current_actor()
    number = start_job(
        session,
        kind=kind,
        target=target,
        interval_start=since,
        interval_end=until,
        model_version=model_version,
        actor=actor,
    )
    under_way = Job(session, number, actor)
    try:
        yield under_way
    except BaseException as error:
        under_way.failed(error)
        raise
