"""aops apply: make the warehouse as the definitions say, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from aops_indb.engines import Session
from aops_indb.errors import AopsError, DestructiveChangeError, StalePlanError
from aops_indb.features.views import SCHEMA
from aops_indb.registry import applied_definitions, current_actor, record_definition, remove_definition
from aops_indb.sqlgen.statements import create_schema, drop, table
from aops_indb.workflows.desired import source_types
from aops_indb.workflows.plan import Change, Plan, state_of
from aops_indb.workflows.present import Present
from aops_indb.workflows.workspace import Report, Workspace, silent


@dataclass(frozen=True, slots=True)
class Applied:
    """What was changed, and the statements that did it."""

    changes: tuple[Change, ...]
    statements: int


def apply_plan(
    project: Workspace, plan: Plan, *, allow_destructive: Sequence[str] = (), report: Report = silent
) -> Applied:
    """Carry the plan out; DestructiveChangeError, StalePlanError or an error leave everything as it was."""
    _require_allowed(plan, allow_destructive)
    if not plan.changes:
        return Applied((), 0)
    with project.session() as session, session.transaction():
        if state_of(applied_definitions(session), Present.read(session, SCHEMA)) != plan.state:
            raise StalePlanError("the warehouse was changed since this plan was made: run  aops plan  again")
        for source, types in plan.sources:
            if source_types(source, session) != types:
                raise StalePlanError(f"data source '{source.name}' has other columns than planned with: plan again")
        session.execute(create_schema(SCHEMA))
        statements = 0
        for done, change in enumerate(plan.changes):
            report("apply", done / len(plan.changes))
            statements += _make(session, plan, change)
    return Applied(plan.changes, statements)


def _require_allowed(plan: Plan, allowed: Sequence[str]) -> None:
    destructive = {change.name: change for change in plan.changes if change.destructive}
    for name in allowed:
        if name not in destructive:
            listed = ", ".join(destructive) or "nothing"
            raise AopsError(f"--allow-destructive {name}: this plan takes nothing away there; it does of {listed}")
    missing = [change for name, change in destructive.items() if name not in allowed]
    if missing:
        losses = " and would ".join(_loss(change) for change in missing)
        flags = " ".join(f"--allow-destructive {change.name}" for change in missing)
        raise DestructiveChangeError(f"this would {losses}; nothing was changed. If that is meant:  aops apply {flags}")


def _loss(change: Change) -> str:
    losses, others = [], ", ".join(change.replaces)
    if change.action == "remove":
        losses.append(f"remove {SCHEMA}.{change.name} and its history and as-of function")
    if change.breaking:
        losses.append(f"change {SCHEMA}.{change.name} under its readers ({'; '.join(change.breaking)})")
    if others:
        losses.append(f"{'remove' if change.action == 'remove' else 'replace'} {others}, which aops did not make")
    return " and would ".join(losses)


def _make(session: Session, plan: Plan, change: Change) -> int:
    """Carry one change out; returns the number of statements on views."""
    key, actor = (change.kind, change.name), current_actor()
    if change.action == "remove":
        statements = _drop_objects(session, list(applied_definitions(session)[key].sql))
        remove_definition(session, change.kind, change.name, actor=actor)
        return statements
    objects = plan.objects[key]
    for item in objects:
        Present.read(session, SCHEMA).require_no_table(item.name)
        for statement in item.statements:
            session.execute(statement)
    made = Present.read(session, SCHEMA).made(item.name for item in objects)
    record_definition(session, replace(plan.records[key], made_as=made), actor=actor)
    return sum(len(item.statements) for item in objects)


def _drop_objects(session: Session, names: list[str]) -> int:
    present = session.relations(SCHEMA)
    doomed = [name for name in names if name in present]
    for name in doomed:
        session.execute(drop(present[name], table(name, SCHEMA)))
    return len(doomed)
