"""aops materialize: keep a view's history as a table, interval by interval, the same rows however often it runs.

Each chunk is a transaction with a row in aops.materialized_intervals: a job that was killed goes on where it was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from aops_indb.engines import Session
from aops_indb.errors import DefinitionError, ModelError, RefusedError
from aops_indb.features.definition_set import lookup
from aops_indb.features.definitions import EVENT_TIMESTAMP, FeatureView
from aops_indb.features.definitions.materialization import Materialization
from aops_indb.features.materialized import history_between, moment_of
from aops_indb.features.source_rows import source_relation
from aops_indb.features.views import KEPT_SUFFIX, SCHEMA, warehouse_objects
from aops_indb.features.windows import window_features
from aops_indb.registry import (
    DefinitionRecord,
    applied_definitions,
    current_actor,
    forget_intervals,
    kept_until,
    mark_interrupted,
    record_interval,
    record_made_as,
)
from aops_indb.sqlgen.build import cast, col, func, gt, le
from aops_indb.sqlgen.statements import Query, Table, create_table_as, delete, drop, insert, select, table
from aops_indb.workflows.desired import fingerprint, view_time_zone
from aops_indb.workflows.job import job
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
    with project.session() as session:
        mark_interrupted(session)
        kept = _Kept(project, session, view, _applied(session, view), view_time_zone(view, session))
        with session.transaction():
            kept.prepare(full=full)
            first = kept.begin(since, how.lookback)
        intervals = 0
        with job(session, "materialize", name, since=first, until=end) as this:
            for after, last in _chunks(first, kept.busy_until(end), end, how.chunk):
                with session.transaction():
                    rows = kept.write(after, last, this.number)
                this.rows += rows
                intervals += 1
                report(f"materializing {name}", (last - (first or last)) / (end - (first or last)))
            with session.transaction():
                kept.show(table(kept.name, SCHEMA))
                this.succeeded(this.rows)
    return Materialized(name, f"{SCHEMA}.{kept.name}", first, end, this.rows, intervals, this.seconds)


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
    """The definition in force, which is as it is written, and whose views are as they were made."""
    record = applied_definitions(session).get(("feature_view", view.name))
    asks = record is not None and record.definition.get("materialization") is not None
    if record is None or not asks or record.fingerprint != fingerprint(view):
        raise RefusedError(f"feature view '{view.name}' is not applied as it is defined: run  aops apply  first")
    foreign = Present.read(session, SCHEMA).foreign(record.sql, record.made_as)
    if foreign:
        raise RefusedError(f"{', '.join(foreign)}: not as aops made it: run  aops plan  and  aops apply  first")
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

    def prepare(self, *, full: bool) -> None:
        """Make the table, unless there is one that fits the definition in force."""
        there = self.name in self.session.relations(SCHEMA)
        if there and not full and self.until is not None:
            return
        forget_intervals(self.session, self.view.name)
        if there:
            # nobody is to read a table that is not filled yet
            self.show(None)
            self.session.execute(drop("TABLE", table(self.name, SCHEMA)))
        self.session.execute(create_table_as(table(self.name, SCHEMA), self._between(_ANY, _ANY)))

    def _between(self, after: dt.datetime, until: dt.datetime) -> Query:
        return history_between(self.view, after, until, time_zone=self.time_zone, types_of=self.session.columns)

    def begin(self, since: dt.datetime | None, lookback: dt.timedelta | None) -> dt.datetime | None:
        """From after which time moments are computed; None if the source has no rows."""
        earliest = self._moment("MIN", self.view.source.timestamp_field or "")
        if earliest is None or self.until is None:
            return earliest and earliest - _INSTANT
        again = self.until - lookback if lookback else self.until
        return max(min(again, since or again), earliest - _INSTANT)

    def busy_until(self, end: dt.datetime) -> dt.datetime:
        """A time after which nothing changes until `end`: the last row is known by then, and has left all windows."""
        times = [self.view.source.timestamp_field, self.view.source.created_timestamp_column, self.view.source.valid_to]
        latest = [self._moment("MAX", name) for name in times if name]
        delays = [f.reach for f in window_features(self.view, [f.name for f in self.view.features]) if f.reach]
        longest = max([*delays, self.view.ttl or _INSTANT])
        return min(max((moment for moment in latest if moment), default=_ANY), end) + longest + _INSTANT

    def _moment(self, function: str, column: str) -> dt.datetime | None:
        moment = cast(func(function, col(column)), "TIMESTAMPTZ" if self.time_zone else "TIMESTAMP")
        found = self.session.scalar(select({"moment": moment}, source_relation(self.view.source)))
        if not isinstance(found, dt.datetime):
            return None
        return (found if found.tzinfo else found.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)

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
