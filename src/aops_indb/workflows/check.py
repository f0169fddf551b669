"""aops check: what must hold of the rows of sources and views, asked in the warehouse; rows that fail are kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from aops_indb.engines import Row, Session
from aops_indb.errors import DefinitionError, QueryError, RefusedError, UnknownNameError, shown
from aops_indb.features.checks import checks_on, counts_alone, counts_together, failing_rows, shares_a_pass
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.definitions import Check, DataSource, FeatureView
from aops_indb.features.setting_types import EXAMPLES
from aops_indb.features.source_rows import source_relation
from aops_indb.registry import (
    CheckResult,
    ModelVersionRecord,
    blocking_failures,
    last_results,
    mark_interrupted,
    record_check_results,
)
from aops_indb.registry.checks import ERROR, FAILED, PASSED
from aops_indb.sqlgen.build import Expr, cast, lit, star
from aops_indb.sqlgen.parse import parse_expression
from aops_indb.sqlgen.row_digests import row_as_json, row_name
from aops_indb.sqlgen.statements import insert, select, subquery, table
from aops_indb.workflows.desired import view_objects
from aops_indb.workflows.job import job
from aops_indb.workflows.workspace import Report, Workspace

Thing: TypeAlias = DataSource | FeatureView
KINDS = {DataSource: "data_source", FeatureView: "feature_view"}
# Characters of an engine's message that are told.
_TOLD = 300


@dataclass(frozen=True, slots=True)
class CheckRun:
    """A run of checks: row of aops.job_runs, and how each ended."""

    job: int
    at: dt.datetime
    results: tuple[CheckResult, ...]

    @property
    def ok(self) -> bool:
        """Whether no check of severity error failed."""
        return all(result.status == PASSED or result.severity != "error" for result in self.results)


@dataclass(frozen=True, slots=True)
class _Part:
    """A source or view, its rows as a relation, and the checks to run on it."""

    thing: Thing
    checks: tuple[Check, ...]

    @property
    def key(self) -> tuple[str, str]:
        return KINDS[type(self.thing)], self.thing.name


def run_checks(project: Workspace, name: str | None, *, report: Report) -> CheckRun:
    """Run the checks of a name, or all; results and failing rows are written together, whatever the outcome."""
    parts = _asked(project.definitions, name)
    at = dt.datetime.now(dt.UTC)
    with project.session() as session:
        mark_interrupted(session)
        with job(session, "check", name or "all") as this:
            counted: list[_Counted] = []
            for done, part in enumerate(parts):
                report(f"checking {part.thing.name}", done / len(parts))
                counted.append(_Runner(project, session, part).counted())
            with session.transaction():
                keepers = [_Keeper(session, each, this.number, at, project.now) for each in counted]
                results = [result for keeper in keepers for result in keeper.results()]
                record_check_results(session, this.number, results, at)
                this.succeeded(sum(result.kept_rows for result in results))
    return CheckRun(this.number, at, tuple(results))


def _asked(definitions: DefinitionSet, name: str | None) -> list[_Part]:
    """What a name stands for: a source or view, one check as object:check, a check of its own, or everything."""
    things: list[Thing] = [*definitions.sources.values(), *definitions.views.values()]
    parts = [_Part(thing, checks_on(thing, definitions.checks)) for thing in things]
    for part in parts:
        _require_distinct(part)
    if name is None:
        return [part for part in parts if part.checks]
    owner, _, label = name.partition(":")
    chosen = [_Part(p.thing, _of_label(p, label)) for p in parts if p.thing.name == owner]
    if not label and name in definitions.checks:
        chosen += [_Part(p.thing, (definitions.checks[name],)) for p in parts if definitions.checks[name] in p.checks]
    if not chosen or (label and not any(part.checks for part in chosen)):
        labels = [f"{part.thing.name}:{check.label}" for part in parts for check in part.checks]
        raise UnknownNameError("source, view or check", name, [*(p.thing.name for p in parts), *labels])
    return [part for part in chosen if part.checks]


def _of_label(part: _Part, label: str) -> tuple[Check, ...]:
    return tuple(check for check in part.checks if label in ("", check.label))


def _require_distinct(part: _Part) -> None:
    seen: dict[str, Check] = {}
    for check in part.checks:
        first = seen.setdefault(check.label.lower(), check)
        if first is not check:
            raise DefinitionError(
                f"Check '{check.label}': {part.thing.name} has one of that name ({first.defined_at}): rename one",
                where=check.defined_at,
            )


@dataclass(frozen=True, slots=True)
class _Counted:
    """What was counted: of each check the rows it is about, failing rows, newest time; or why it could not be run."""

    part: _Part
    relation: Expr
    types: dict[str, str]
    counts: dict[str, Row | QueryError]


@dataclass(frozen=True)
class _Runner:
    """Counts what fails the checks of one source or view: one look at its rows for all that need no more."""

    project: Workspace
    session: Session
    part: _Part

    def counted(self) -> _Counted:
        """Every check, counted."""
        relation = self._relation()
        types = self.session.columns(select([star()], relation.copy()))
        for check in self.part.checks:
            _require_fitting(self.session, relation, check, self.part.thing, types)
        return _Counted(self.part, relation, types, self._counts(relation, types))

    def _relation(self) -> Expr:
        thing = self.part.thing
        if isinstance(thing, DataSource):
            return source_relation(thing)
        return subquery(view_objects(self.project, self.session, thing)[0].query, "checked_view")

    def _counts(self, relation: Expr, types: dict[str, str]) -> dict[str, Row | QueryError]:
        together = [check for check in self.part.checks if shares_a_pass(check)]
        alone = [check for check in self.part.checks if not shares_a_pass(check)]
        found: dict[str, Row | QueryError] = {}
        try:
            found |= self._pass(relation, together, types)
        except QueryError:
            # one that cannot be run must not keep the others from it
            alone = [*together, *alone]
        for check in alone:
            try:
                found |= self._pass(relation, [check], types)
            except QueryError as error:
                found[check.label] = error
        return found

    def _pass(self, relation: Expr, checks: Sequence[Check], types: dict[str, str]) -> dict[str, Row | QueryError]:
        if not checks:
            return {}
        rows = relation.copy()
        query = counts_together(rows, checks, types) if shares_a_pass(checks[0]) else counts_alone(rows, checks[0])
        names = list(self.session.columns(query.copy()))
        [row] = self.session.rows(query)
        values = dict(zip(names, row, strict=True))
        wanted = ("checked", "failing", "newest")
        return {
            check.label: tuple(values.get(f"{what}_{position}") for what in wanted)
            for position, check in enumerate(checks)
        }


@dataclass(frozen=True)
class _Keeper:
    """Judges what was counted, and keeps failing rows."""

    session: Session
    found: _Counted
    job: int
    at: dt.datetime
    now: dt.datetime | None

    def results(self) -> list[CheckResult]:
        """How each check ended."""
        return [self._result(check, self.found.counts[check.label]) for check in self.found.part.checks]

    def _result(self, check: Check, counted: Row | QueryError) -> CheckResult:
        if isinstance(counted, QueryError):
            return self._made(check, ERROR, None, None, 0, f"cannot be run: {str(counted)[:_TOLD]}")
        checked, failing, newest = counted
        if check.kind == "freshness":
            fine, message = _fresh(check, newest, self.now or self.at)
        elif check.kind == "row_count_change":
            fine, message = _steady(check, checked, last_results(self.session).get((*self.found.part.key, check.label)))
        else:
            fine, message = not failing, f"{failing:,} rows fail" if failing else ""
        kept = 0 if fine or not failing else self._keep(check)
        return self._made(check, PASSED if fine else FAILED, checked, failing, kept, message)

    def _made(
        self, check: Check, status: str, checked: int | None, failing: int | None, kept: int, message: str
    ) -> CheckResult:
        kind, name = self.found.part.key
        return CheckResult(kind, name, check.label, check.kind, check.severity, status, checked, failing, kept, message)

    def _keep(self, check: Check) -> int:
        """Keep some of the failing rows; how many were kept."""
        query = failing_rows(self.found.relation.copy(), check, self.found.types)
        if query is None or not check.keep:
            return 0
        names = list(self.session.columns(query.copy()))
        kind, name = self.found.part.key
        columns = {
            "job_id": lit(self.job), "object_kind": lit(kind), "object_name": lit(name), "check_name": lit(check.label),
            "failing_row": cast(row_as_json(row_name(names)), "JSON"),
            "checked_at": lit(self.at),
        }  # fmt: skip
        rows = select(columns, subquery(query, row_name(names)))
        return self.session.execute(insert(table("check_failures", "aops"), rows, list(columns)))


def _require_fitting(session: Session, relation: Expr, check: Check, thing: Thing, types: dict[str, str]) -> None:
    """DefinitionError for a column that is not there, and for a condition that is not true or false."""
    title = f"Check '{check.label}' on '{thing.name}'"
    folded = {name.lower(): sql_type for name, sql_type in types.items()}
    for column in check.about:
        if column.lower() not in folded:
            cause = UnknownNameError(f"column of '{thing.name}'", column, types)
            raise DefinitionError(f"{title}: {cause}", where=check.defined_at)
        sql_type = folded[column.lower()]
        if check.kind == "freshness" and not sql_type.startswith(("TIMESTAMP", "DATE")):
            raise DefinitionError(f"{title}: {column} is {sql_type}, and must be a time", where=check.defined_at)
    for setting, sql in (("condition", check.condition), ("where", check.where)):
        if sql is None:
            continue
        try:
            [sql_type] = session.columns(select({"value": parse_expression(sql)}, relation.copy())).values()
        except QueryError as error:
            raise DefinitionError(f"{title}: {error}", where=check.defined_at) from error
        if sql_type != "BOOLEAN":
            raise DefinitionError(
                f"{title}: {setting} {shown(sql)} is {sql_type}, and must be a condition, true or false: write e.g. "
                f"{EXAMPLES[setting]}",
                where=check.defined_at,
            )


def _fresh(check: Check, newest: dt.datetime | dt.date | None, now: dt.datetime) -> tuple[bool, str]:
    if newest is None:
        return False, "no row has a time"
    if not isinstance(newest, dt.datetime):
        newest = dt.datetime.combine(newest, dt.time())
    # times without a zone are taken for UTC, as everywhere
    age = now - (newest if newest.tzinfo else newest.replace(tzinfo=dt.UTC))
    limit = check.max_age or dt.timedelta(0)
    told = f"{-age} later than now" if age < dt.timedelta(0) else f"{age} old"
    return age <= limit, f"the newest row is {told}, and may be {limit} old"


def _steady(check: Check, rows: int, last: CheckResult | None) -> tuple[bool, str]:
    before = last.checked_rows if last is not None else None
    if before is None:
        return True, f"{rows:,} rows; no earlier run to compare with"
    change, limit = abs(rows - before), check.max_change or 0.0
    fine = change <= limit * before
    return fine, f"{rows:,} rows, {before:,} in the last run: {change:,} differ, and {limit * before:,.0f} may"


def require_checks_passed(session: Session, version: ModelVersionRecord) -> None:
    """RefusedError while a check with blocks_scoring fails on what a version's features are made from."""
    failures = blocking_failures(session, list(version.feature_view_versions))
    if not failures:
        return
    told = "; ".join(f"check {each.reference} {each.status}: {each.message}" for each in failures)
    again = "  and  ".join(f"aops check {name}" for name in dict.fromkeys(each.object_name for each in failures))
    raise RefusedError(
        f"{version.model}:{version.version} is not scored while checks of its features fail: {told}. Mend the rows "
        f"(failing ones are in aops.check_failures), then run  {again}  again"
    )
