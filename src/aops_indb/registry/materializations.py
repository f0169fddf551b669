"""Intervals of the histories of feature views that are kept in tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import delete, func, insert, select, update

from aops_indb.engines import Session
from aops_indb.registry import audit
from aops_indb.registry.actor import Actor, now
from aops_indb.registry.atomic import atomic
from aops_indb.registry.tables import DEFINITIONS, MATERIALIZED_INTERVALS


@atomic
def record_interval(
    session: Session, view: str, version: int, after: dt.datetime, until: dt.datetime, *, job: int, rows: int
) -> None:
    """Note that the moments of a view from after `after` up to `until` are kept, in place of what was noted of them."""
    table = MATERIALIZED_INTERVALS.c
    inside = (table.interval_start >= after) & (table.interval_end <= until)
    session.connection.execute(delete(MATERIALIZED_INTERVALS).where(table.feature_view == view, inside))
    row = {
        "feature_view": view,
        "version": version,
        "interval_start": after,
        "interval_end": until,
        "row_count": rows,
        "job_id": job,
        "made_at": now(),
    }
    session.connection.execute(insert(MATERIALIZED_INTERVALS), [row])


def kept_until(session: Session, view: str, version: int) -> dt.datetime | None:
    """The end of what is kept of a version of a view; None if nothing is."""
    table = MATERIALIZED_INTERVALS.c
    last = select(func.max(table.interval_end)).where(table.feature_view == view, table.version == version)
    found = session.connection.execute(last).scalar()
    return None if found is None else found.astimezone(dt.UTC)


@atomic
def forget_intervals(session: Session, view: str) -> None:
    """Note that nothing is kept of a view."""
    session.connection.execute(delete(MATERIALIZED_INTERVALS).where(MATERIALIZED_INTERVALS.c.feature_view == view))


@atomic
def record_made_as(session: Session, view: str, made_as: Mapping[str, str], *, actor: Actor, reads: str | None) -> None:
    """Note that the views of a definition in force were made anew; reads: the table they read, None for the source."""
    this = (DEFINITIONS.c.kind == "feature_view", DEFINITIONS.c.name == view, DEFINITIONS.c.retired_at.is_(None))
    session.connection.execute(update(DEFINITIONS).where(*this).values(made_as=dict(made_as), kept_in=reads or ""))
    details = {"reads": reads}
    audit.record(session, actor=actor, action="materialize", kind="feature_view", name=view, details=details)
