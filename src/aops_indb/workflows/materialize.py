"""aops materialize: keep a view's history as a table, interval by interval, the same rows however often it runs.

Each chunk is a transaction with a row in aops.materialized_intervals: a job that was killed goes on where it was.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass

from aops_indb.engines import Session
from aops_indb.errors import DefinitionError, ModelError, RefusedError
from aops_indb.features.definition_set import lookup
from aops_indb.features.definitions import EVENT_TIMESTAMP, FeatureView
from aops_indb.features.definitions.materialization import Materialization
from aops_indb.features.materialized import history_between
from aops_indb.features.source_rows import source_relation
from aops_indb.features.views import KEPT_SUFFIX, SCHEMA, warehouse_objects
from aops_indb.features.windows import window_features
from aops_indb.registry import (
    DefinitionRecord,
    applied_definitions,
    current_actor,
    finish_job,
    forget_intervals,
    kept_until,
    mark_interrupted,
    record_interval,
    record_made_as,
    start_job,
)
from aops_indb.sqlgen.build import Expr, cast, col, func, gt, le, lit
from aops_indb.sqlgen.statements import create_table_as, delete, drop, insert, select, table
from aops_indb.workflows.desired import view_time_zone
from aops_indb.workflows.present import Present
from aops_indb.workflows.workspace import Report, Workspace

_INSTANT = dt.timedelta(microseconds=1)
_ANY = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Materialized:
    """A view whose history is kept up to a time.

    rows: that this run wrote    intervals: how many it wrote them in
    """

    view: str
    table: str
    since: dt.datetime | None
    until: dt.datetime
    rows: int
    intervals: int
    seconds: float


def materialize(
    project: Workspace,
    name: str,
    *,
    since: dt.datetime | None,
    until: dt.datetime | None,
    full: bool,
    report: Report,
) -> Materialized:
    """Carry what is kept of a view forward to `until` (default now); `since` or `full`: compute that much again."""
    view = lookup("feature view", name, project.definitions.views)
    how, end = _require_materialization(view), _end(project, until)
    began, actor = time.monotonic(), current_actor()
    with project.session() as session:
        mark_interrupted(session)
        kept = _Kept(view, _applied(session, view), view_time_zone(view, session))
        with session.transaction():
            kept.prepare(session, full=full)
            first = kept.begin(session, since, how.lookback)
            job = start_job(
                session,
                kind="materialize",
                target=name,
                interval_start=first,
                interval_end=end,
                model_version=None,
                actor=actor,
            )
        written: list[int] = []
        try:
            for after, last in _chunks(first, kept.busy_until(session, end), end, how.chunk):
                with session.transaction():
                    written.append(kept.write(session, after, last, job))
                report(f"materializing {name}", (last - (first or last)) / (end - (first or last)))
            with session.transaction():
                kept.show(session, project)
                record_made_as(session, name, kept.made(session), actor=actor, until=end)
            _finish(session, job, "succeeded", written, began)
        except BaseException as error:
            _finish(session, job, "failed", written, began, str(error) or type(error).__name__)
            raise
    return Materialized(name, f"{SCHEMA}.{kept.name}", first, end, sum(written), len(written), time.monotonic() - began)


def _finish(session: Session, job: int, status: str, written: list[int], began: float, message: str = "") -> None:
    seconds, actor = time.monotonic() - began, current_actor()
    finish_job(session, job, status=status, rows=sum(written), seconds=seconds, actor=actor, message=message)


def _end(project: Workspace, until: dt.datetime | None) -> dt.datetime:
    now = project.now or dt.datetime.now(dt.UTC)
    if until is not None and until > now:
        raise ModelError(f"until {until} is after now, {now}: what will be known then is not known yet; leave it out")
    return until or now


def _require_materialization(view: FeatureView) -> Materialization:
    if view.source.timestamp_field is None:
        raise DefinitionError(
            f"feature view '{view.name}' has no history: source '{view.source.name}' has no timestamp_field",
            where=view.defined_at,
        )
    if view.materialization is None:
        raise DefinitionError(
            f"feature view '{view.name}' does not ask for a table: write materialization=Materialization() there, and "
            "run  aops apply",
            where=view.defined_at,
        )
    return view.materialization


def _applied(session: Session, view: FeatureView) -> DefinitionRecord:
    record = applied_definitions(session).get(("feature_view", view.name))
    if record is None or record.definition.get("materialization") is None:
        raise RefusedError(f"feature view '{view.name}' is not applied as it is defined: run  aops apply  first")
    return record


def _chunks(
    first: dt.datetime | None, busy: dt.datetime, end: dt.datetime, length: dt.timedelta
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Intervals of a length; what is after `busy`, when nothing changes any more, is one."""
    while first is not None and first < end:
        last = min(first + length, end) if first < busy else end
        yield first, last
        first = last


@dataclass(frozen=True, slots=True)
class _Kept:
    """The table that keeps a view's history."""

    view: FeatureView
    record: DefinitionRecord
    time_zone: bool

    @property
    def name(self) -> str:
        return f"{self.view.name}{KEPT_SUFFIX}"

    def prepare(self, session: Session, *, full: bool) -> None:
        """Make the table, unless there is one that fits the definition in force."""
        there = self.name in session.relations(SCHEMA)
        if there and not full and kept_until(session, self.view.name, self.record.version) is not None:
            return
        forget_intervals(session, self.view.name)
        if there:
            session.execute(drop("TABLE", table(self.name, SCHEMA)))
        nothing = history_between(self.view, _ANY, _ANY, time_zone=self.time_zone, types_of=session.columns)
        session.execute(create_table_as(table(self.name, SCHEMA), nothing))

    def begin(self, session: Session, since: dt.datetime | None, lookback: dt.timedelta | None) -> dt.datetime | None:
        """From after which time moments are computed; None if the source has no rows."""
        until = kept_until(session, self.view.name, self.record.version)
        earliest = self._earliest(session)
        if earliest is None:
            return None
        if until is None:
            return earliest - _INSTANT
        again = until - lookback if lookback else until
        return max(min(again, since or again), earliest - _INSTANT)

    def _earliest(self, session: Session) -> dt.datetime | None:
        return self._moment(session, "MIN", col(self.view.source.timestamp_field or ""))

    def busy_until(self, session: Session, end: dt.datetime) -> dt.datetime:
        """A time after which nothing changes until `end`: the last row is known by then, and has left all windows."""
        times = [self.view.source.timestamp_field, self.view.source.created_timestamp_column, self.view.source.valid_to]
        latest = [self._moment(session, "MAX", col(name)) for name in times if name]
        delays = [f.reach for f in window_features(self.view, [f.name for f in self.view.features]) if f.reach]
        longest = max([*delays, self.view.ttl or _INSTANT])
        return min(max((moment for moment in latest if moment), default=_ANY), end) + longest + _INSTANT

    def _moment(self, session: Session, function: str, times: Expr) -> dt.datetime | None:
        moment = cast(func(function, times), "TIMESTAMPTZ" if self.time_zone else "TIMESTAMP")
        found = session.scalar(select({"moment": moment}, source_relation(self.view.source)))
        if not isinstance(found, dt.datetime):
            return None
        return (found if found.tzinfo else found.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)

    def write(self, session: Session, after: dt.datetime, until: dt.datetime, job: int) -> int:
        """Replace the moments of an interval; returns how many there are."""
        bounds = [self._literal(after), self._literal(until)]
        target = table(self.name, SCHEMA)
        inside = [gt(col(EVENT_TIMESTAMP), bounds[0]), le(col(EVENT_TIMESTAMP), bounds[1])]
        session.execute(delete(target, inside))
        query = history_between(self.view, after, until, time_zone=self.time_zone, types_of=session.columns)
        rows = session.execute_with_progress(insert(target.copy(), query, list(session.columns(query))), lambda _: None)
        record_interval(session, self.view.name, self.record.version, after, until, job=job, rows=rows)
        return rows

    def show(self, session: Session, project: Workspace) -> None:
        """Have the view's names read the table."""
        kept = table(self.name, SCHEMA)
        for item in warehouse_objects(self.view, now=project.now, time_zone=self.time_zone, kept=kept):
            for statement in item.statements:
                session.execute(statement)

    def made(self, session: Session) -> dict[str, str]:
        """The digests of what was made."""
        return Present.read(session, SCHEMA).made(self.record.sql)

    def _literal(self, at: dt.datetime) -> Expr:
        return lit(at if self.time_zone else at.astimezone(dt.UTC).replace(tzinfo=None))
