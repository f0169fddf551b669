"""aops plan: what `apply` would change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from aops_indb.engines import Session
from aops_indb.errors import QueryError
from aops_indb.features.definitions import DataSource
from aops_indb.features.views import SCHEMA, WarehouseObject
from aops_indb.registry import DefinitionRecord, applied_definitions
from aops_indb.sqlgen.statements import table
from aops_indb.workflows.desired import Desired, desired_state, source_types
from aops_indb.workflows.model_checks import check_model
from aops_indb.workflows.present import Present
from aops_indb.workflows.workspace import Workspace

Action: TypeAlias = Literal["add", "change", "restore", "remove"]

# Characters shown of a long value.
_SHOWN = 100

# Kinds whose removal takes something away from the people who read it.
DESTRUCTIVE_KINDS = ("feature_view",)


@dataclass(frozen=True, slots=True)
class Change:
    """One definition that `apply` would add, change, remove, or make again since its views are gone or altered.

    details:     what differs, a line each
    sql:         object -> the query it would become
    invalidates: models whose training saw the definition as it is now
    breaking:    columns that readers of the view would miss, or find to be of another type
    replaces:    views of the names to be made, which are there already and were made by someone else
    """

    action: Action
    kind: str
    name: str
    details: tuple[str, ...] = ()
    sql: Mapping[str, str] | None = None
    invalidates: tuple[str, ...] = ()
    breaking: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()

    @property
    def destructive(self) -> bool:
        """Whether the change must be allowed by name."""
        return bool(self.replaces or self.breaking) or (self.action == "remove" and self.kind in DESTRUCTIVE_KINDS)


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes in the order they are made, what they lead to, and the state they start from."""

    changes: tuple[Change, ...]
    state: str
    objects: Mapping[tuple[str, str], tuple[WarehouseObject, ...]]
    records: Mapping[tuple[str, str], DefinitionRecord]
    sources: tuple[tuple[DataSource, Mapping[str, str]], ...]

    def __bool__(self) -> bool:
        return bool(self.changes)

    def counts(self) -> dict[str, int]:
        """How many changes of each action."""
        actions: tuple[Action, ...] = ("add", "change", "restore", "remove")
        return {a: n for a in actions if (n := sum(change.action == a for change in self.changes))}


def make_plan(project: Workspace) -> Plan:
    """Compare the definitions with what was applied."""
    with project.session() as session:
        return plan_in(project, session)


def plan_in(project: Workspace, session: Session) -> Plan:
    """As `make_plan`, in a session that is open."""
    applied = applied_definitions(session)
    desired = desired_state(project, session)
    for model in project.definitions.models.values():
        check_model(project, session, model)
    present = Present.read(session, SCHEMA)
    comparison = _Comparison(session, applied, present)
    changes = [change for key, wanted in desired.items() if (change := comparison.change(key, wanted)) is not None]
    changes += [comparison.removal(key) for key in reversed(list(applied)) if key not in desired]
    return Plan(
        changes=tuple(changes),
        state=state_of(applied, present),
        objects={key: wanted.objects for key, wanted in desired.items()},
        records={key: wanted.record for key, wanted in desired.items()},
        sources=tuple((view.source, source_types(view.source, session)) for view in project.definitions.views.values()),
    )


def state_of(applied: Mapping[tuple[str, str], DefinitionRecord], present: Present) -> str:
    """A digest of what is applied and what is there: a plan holds only while it stays the same."""
    listed = sorted([*key, record.fingerprint, dict(record.definition)] for key, record in applied.items())
    content = [listed, sorted(present.digests.items())]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Comparison:
    """What is wanted beside what was applied, and what is there."""

    session: Session
    applied: Mapping[tuple[str, str], DefinitionRecord]
    present: Present

    def change(self, key: tuple[str, str], wanted: Desired) -> Change | None:
        """What it takes to get there; None if nothing."""
        kind, name = key
        sql, current = wanted.record.sql, self.applied.get(key)
        foreign = self.present.foreign(sql, current.made_as if current else {})
        if current is None:
            columns = tuple(f"{c.name} {c.dtype}" for c in wanted.record.columns)
            return Change("add", kind, name, columns, sql, replaces=foreign)
        details = _differences(current.definition, wanted.record.definition)
        means_more = current.fingerprint != wanted.record.fingerprint
        if not details and (means_more or current.sql != sql):
            details = ("what it is made from, and so the SQL it compiles to",)
        if details:
            invalidates = _dependents(self.applied, key) if means_more else ()
            return Change("change", kind, name, details, sql, invalidates, self._breaking(wanted), foreign)
        gone = tuple(f"{SCHEMA}.{item} is gone" for item in sql if item not in self.present)
        return Change("restore", kind, name, gone, sql, replaces=foreign) if gone or foreign else None

    def removal(self, key: tuple[str, str]) -> Change:
        """That of a definition that is no longer wanted."""
        foreign = self.present.foreign(self.applied[key].sql, self.applied[key].made_as)
        return Change("remove", *key, invalidates=_dependents(self.applied, key), replaces=foreign)

    def _breaking(self, wanted: Desired) -> tuple[str, ...]:
        """Columns that readers of a view, or of its history, would miss, or find to be of another type."""
        found: dict[str, None] = {}
        for item in wanted.objects:
            if item.kind != "view" or item.name not in self.present:
                continue
            try:
                before = self.session.columns(table(item.name, SCHEMA))
            except QueryError:
                continue  # its source is not what it was: nobody can read it as it is
            after = self.session.columns(item.query.copy())
            found |= {f"{column} is gone": None for column in before if column not in after}
            retyped = [column for column in before if column in after and before[column] != after[column]]
            found |= {f"{column}: {before[column]} -> {after[column]}": None for column in retyped}
        return tuple(found)


def _differences(old: Mapping[str, Any], new: Mapping[str, Any], place: str = "") -> tuple[str, ...]:
    """Settings that differ, one line each: `aggregations.0.windows: ["7d"] -> ["7d", "28d"]`."""
    found: list[str] = []
    for setting in dict.fromkeys([*old, *new]):
        before, after = old.get(setting), new.get(setting)
        where = f"{place}{setting}"
        if before == after:
            continue
        if isinstance(before, list) and isinstance(after, list):
            before, after = _by_label(before), _by_label(after)
        if isinstance(before, dict) and isinstance(after, dict):
            found.extend(_differences(before, after, f"{where}."))
        else:
            found.append(f"{where}: {_shown_change(before, after)}")
    return tuple(found)


def _by_label(items: list[Any]) -> Any:
    """A list of named things as a mapping, so that an insertion does not shift the rest."""
    if not items or not all(isinstance(item, dict) for item in items):
        return items
    labels = [str(item.get("name") or f"{item.get('function')}_{item.get('column', 'rows')}") for item in items]
    return dict(zip(labels, items, strict=True)) if len(set(labels)) == len(labels) else items


def _shown_change(before: Any, after: Any) -> str:
    """Both values; of long ones the part around the first difference."""
    old, new = ("nothing" if value is None else json.dumps(value, ensure_ascii=False) for value in (before, after))
    same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
    return f"{_cut(old, same)} -> {_cut(new, same)}"


def _cut(text: str, place: int) -> str:
    if len(text) <= _SHOWN:
        return text
    start = max(0, min(place - _SHOWN // 4, len(text) - _SHOWN))
    end = start + _SHOWN
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def _dependents(applied: Mapping[tuple[str, str], DefinitionRecord], changed: tuple[str, str]) -> tuple[str, ...]:
    """Models that depend on a definition, over any number of steps."""
    reached = {changed}
    while True:
        further = {k for k, r in applied.items() if reached & set(r.depends_on)} - reached
        if not further:
            return tuple(sorted(name for kind, name in reached - {changed} if kind == "model"))
        reached |= further
