"""aops materialize: keep a view's history as a table, interval by interval, the same rows however often it runs.

Each chunk is a transaction with a row in aops.materialized_intervals: a job that was killed goes on where it was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from aops_indb.engines import Session
from aops_indb.errors import DefinitionError, ModelError, RefusedError
from aops_indb.features.definition_set import lookup
from aops_indb.features.definitions import EVENT_TIMESTAMP, FeatureView
from aops_indb.features.definitions.materialization import Materialization
from aops_indb.features.materialized import history_between, moment_of
from aops_indb.features.views import KEPT_SUFFIX, SCHEMA, warehouse_objects
from aops_indb.registry import (
    DefinitionRecord,
    applied_definitions,
    current_actor,
    forget_intervals,
    kept_until,
    mark_interrupted,
    newest_job,
    record_interval,
    record_made_as,
    running_jobs,
)
from aops_indb.sqlgen.build import col, gt, le
from aops_indb.sqlgen.statements import Query, Table, create_table_as, delete, drop, insert, table
from aops_indb.workflows.desired import fingerprint, view_time_zone
from aops_indb.workflows.job import job
from aops_indb.workflows.present import Present
from aops_indb.workflows.source_changes import INSTANT, SourceChanges
from aops_indb.workflows.times import in_utc
from aops_indb.workflows.workspace import Report, Workspace

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
    how, since, end = _require_materialization(view), *_interval(project, since, until)
    with project.session() as session, ExitStack() as stack:
        mark_interrupted(session)
        kept = _Kept(project, session, view, _applied(session, view), view_time_zone(view, session))
        with session.transaction():
            _require_alone(session, name)
            anew = full or not kept.fits
            first = kept.begin(since, end, how.lookback, anew=anew)
            this = stack.enter_context(job(session, "materialize", name, since=first, until=end))
        if anew:
            with session.transaction():
                kept.make()
        intervals = 0
        for after, last in kept.chunks(first, end, how.chunk):
            with session.transaction():
                _require_newest(session, name, this.number)
                rows = kept.write(after, last, this.number)
            this.rows += rows
            intervals += 1
            report(f"materializing {name}", (last - (first or last)) / (end - (first or last)))
        with session.transaction():
            _require_newest(session, name, this.number)
            kept.show(table(kept.name, SCHEMA))
            this.succeeded(this.rows)
    return Materialized(name, f"{SCHEMA}.{kept.name}", first, end, this.rows, intervals, this.seconds)


def _interval(
    project: Workspace, since: dt.datetime | None, until: dt.datetime | None
) -> tuple[dt.datetime | None, dt.datetime]:
    """Both ends; ModelError for what is not known yet, and if nothing is between."""
    now, since, until = project.now or dt.datetime.now(dt.UTC), in_utc(since), in_utc(until)
    if until is not None and until > now:
        raise ModelError(f"until {until} is after now, {now}: what will be known then is not known yet; leave it out")
    if since is not None and since >= (until or now):
        raise ModelError(
            f"the interval is empty: until {until or now} is not after since {since}: give an earlier since"
        )
    return since, until or now


def _require_alone(session: Session, name: str) -> None:
    """RefusedError while another job is at it: two at once would each write a part."""
    for job_id, process in running_jobs(session, "materialize", name):
        if process.is_here:
            raise RefusedError(
                f"feature view '{name}' is being materialized by job {job_id}, in process {process.pid}: wait for it "
                f"to end, or stop it with  kill {process.pid}"
            )


def _require_newest(session: Session, name: str, job_id: int) -> None:
    """RefusedError once another job has begun, on another host: what runs there cannot be seen from here."""
    if (newest := newest_job(session, "materialize", name)) != job_id:
        raise RefusedError(
            f"job {newest} began to materialize feature view '{name}' after this one, {job_id}, which stops: what it "
            "wrote is kept, and the other goes on from there"
        )


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
    """The definition in force, which is as it is written, and whose views are as they were made."""
    record = applied_definitions(session).get(("feature_view", view.name))
    asks = record is not None and record.definition.get("materialization") is not None
    if record is None or not asks or record.fingerprint != fingerprint(view):
        raise RefusedError(f"feature view '{view.name}' is not applied as it is defined: run  aops apply  first")
    foreign = Present.read(session, SCHEMA).foreign(record.sql, record.made_as)
    if foreign:
        raise RefusedError(f"{', '.join(foreign)}: not as aops made it: run  aops plan  and  aops apply  first")
    return record


@dataclass(frozen=True, slots=True)
class _Kept:
    """The table that keeps a view's history."""

    project: Workspace
    session: Session
    view: FeatureView
    record: DefinitionRecord
    time_zone: bool

    @property
    def name(self) -> str:
        return f"{self.view.name}{KEPT_SUFFIX}"

    @property
    def until(self) -> dt.datetime | None:
        """The end of what is kept of the definition in force."""
        return kept_until(self.session, self.view.name, self.record.version)

    @property
    def fits(self) -> bool:
        """Whether there is a table, and of the definition in force."""
        return self.name in self.session.relations(SCHEMA) and self.until is not None

    def make(self) -> None:
        """An empty table in place of what there is."""
        forget_intervals(self.session, self.view.name)
        if self.name in self.session.relations(SCHEMA):
            # nobody is to read a table that is not filled yet
            self.show(None)
            self.session.execute(drop("TABLE", table(self.name, SCHEMA)))
        self.session.execute(create_table_as(table(self.name, SCHEMA), self._between(_ANY, _ANY)))

    def _between(self, after: dt.datetime, until: dt.datetime) -> Query:
        return history_between(self.view, after, until, time_zone=self.time_zone, types_of=self.session.columns)

    @property
    def _changes(self) -> SourceChanges:
        return SourceChanges(self.session, self.view, self.time_zone)

    def begin(
        self, since: dt.datetime | None, end: dt.datetime, lookback: dt.timedelta | None, *, anew: bool
    ) -> dt.datetime | None:
        """From after which time moments are computed; None if there is nothing to begin with."""
        earliest = self._changes.first(end)
        if anew or self.until is None:
            return earliest and earliest - INSTANT
        # of what is gone from the source, nothing may stay of that time
        again = self.until - lookback if lookback else self.until
        return min(again, since or again)

    def chunks(
        self, first: dt.datetime | None, end: dt.datetime, length: dt.timedelta
    ) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """Intervals up to the end, of a length beside the stretch before in which nothing changes."""
        while first is not None and first < end:
            last = min(self._changes.quiet_until(first, end) + length, end)
            yield first, last
            first = last

    def write(self, after: dt.datetime, until: dt.datetime, job: int) -> int:
        """Replace the moments of an interval; returns how many there are."""
        first, last = (moment_of(bound, time_zone=self.time_zone) for bound in (after, until))
        target, query = table(self.name, SCHEMA), self._between(after, until)
        self.session.execute(delete(target, [gt(col(EVENT_TIMESTAMP), first), le(col(EVENT_TIMESTAMP), last)]))
        statement = insert(target.copy(), query, list(self.session.columns(query)))
        rows = self.session.execute_with_progress(statement, lambda _: None)
        record_interval(self.session, self.view.name, self.record.version, after, until, job=job, rows=rows)
        return rows

    def show(self, kept: Table | None) -> None:
        """Have the view's names read the table, or the source."""
        objects = warehouse_objects(
            self.view,
            now=self.project.now,
            time_zone=self.time_zone,
            types_of=self.session.columns,
            kept=kept,
        )
        for item in objects:
            for statement in item.statements:
                self.session.execute(statement)
        made = Present.read(self.session, SCHEMA).made(self.record.sql)
        record_made_as(self.session, self.view.name, made, actor=current_actor(), reads=self.name if kept else None)
