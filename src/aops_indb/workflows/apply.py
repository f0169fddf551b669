"""aops apply: make the warehouse as the definitions say, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from aops_indb.engines import Session
from aops_indb.errors import AopsError, DestructiveChangeError, StalePlanError
from aops_indb.features.views import KEPT_SUFFIX, SCHEMA, WarehouseObject
from aops_indb.registry import (
    DefinitionRecord,
    applied_definitions,
    current_actor,
    note_compiled,
    record_definition,
    remove_definition,
)
from aops_indb.sqlgen.statements import create_schema, drop, table
from aops_indb.workflows.desired import source_types
from aops_indb.workflows.lacking import told_of
from aops_indb.workflows.lineage_table import record_lineage
from aops_indb.workflows.plan import Change, Plan, no_longer_made, state_of
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
    if not plan.changes and not plan.compiled_anew:
        return Applied((), 0)
    with project.session() as session, session.transaction():
        if not plan.changes:
            _note_compiled(session, plan)
            return Applied((), 0)
        if state_of(applied_definitions(session), Present.read(session, SCHEMA)) != plan.state:
            raise StalePlanError("the warehouse was changed since this plan was made: run  aops plan  again")
        for source, types in plan.sources:
            if source_types(source, session) != types:
                raise StalePlanError(f"data source '{source.name}' has other columns than planned with: plan again")
        return Applied(plan.changes, _carry_out(project, session, plan, report))


def _carry_out(project: Workspace, session: Session, plan: Plan, report: Report) -> int:
    """Make every change, then record them all; returns the number of statements on views."""
    _note_compiled(session, plan)
    session.execute(create_schema(SCHEMA))
    # what each definition was made as is read once, at the end: reading takes longer than making a view
    before, statements = Present.read(session, SCHEMA), 0
    applied = applied_definitions(session)
    for done, change in enumerate(plan.changes):
        report("apply", done / len(plan.changes))
        statements += _make(session, plan, change, before, applied)
    after, actor = Present.read(session, SCHEMA), current_actor()
    for change in plan.changes:
        if change.action == "remove":
            remove_definition(session, change.kind, change.name, actor=actor)
        else:
            key = (change.kind, change.name)
            made = after.made(item.name for item in plan.objects[key])
            record_definition(session, replace(plan.records[key], made_as=made), actor=actor)
    changed = [(change.kind, change.name) for change in plan.changes if change.action != "remove"]
    record_lineage(project, session, changed, plan.records)
    return statements


def _note_compiled(session: Session, plan: Plan) -> None:
    """Let the next plan rely on what came out as it was: after an upgrade that is nearly all."""
    for (kind, name), digest in plan.compiled_anew.items():
        note_compiled(session, kind, name, digest)


def _require_allowed(plan: Plan, allowed: Sequence[str]) -> None:
    destructive = {change.name: change for change in plan.changes if change.destructive}
    for name in allowed:
        if name not in destructive:
            what = f"it does of {', '.join(destructive)}" if destructive else "nor of anything else: leave it out"
            raise AopsError(f"--allow-destructive {name}: this plan takes nothing away of it; {what}")
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


def _make(
    session: Session, plan: Plan, change: Change, before: Present, applied: Mapping[tuple[str, str], DefinitionRecord]
) -> int:
    """Make or drop the views of one change; returns the number of statements."""
    key = (change.kind, change.name)
    if change.action == "remove":
        # a view that is kept as a table takes that along
        kept = [f"{change.name}{KEPT_SUFFIX}"] if change.kind == "feature_view" else []
        return _drop_objects(session, [*kept, *applied[key].sql])
    objects = plan.objects[key]
    dropped = _drop_objects(session, no_longer_made(applied[key], plan.records)) if key in applied else 0
    with told_of(f"{change.kind.replace('_', ' ')} '{change.name}'", where=None):
        dropped += _make_way(session, objects, before)
        for item in objects:
            before.require_no_table(item.name)
            for statement in item.statements:
                session.execute(statement)
    return dropped + sum(len(item.statements) for item in objects)


def _make_way(session: Session, objects: Sequence[WarehouseObject], before: Present) -> int:
    """Drop the views of a definition, and what hangs on them, where one cannot be replaced as it stands."""
    standing = [item for item in objects if before.digests.get(item.name.lower())]
    if all(session.may_replace(item.statements[0]) for item in standing):
        return 0
    return _drop_objects(session, [item.name for item in objects])


def _drop_objects(session: Session, names: Sequence[str]) -> int:
    """Drop what is there of these names, in the order given to make them: the last first, which reads the others."""
    present = session.relations(SCHEMA)
    doomed = [name for name in reversed(names) if name in present]
    for name in doomed:
        session.execute(drop(present[name], table(name, SCHEMA)))
    return len(doomed)
