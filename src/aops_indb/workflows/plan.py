"""aops plan: what `apply` would change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from aops_indb.engines import Session
from aops_indb.errors import QueryError
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.definitions import DataSource
from aops_indb.features.views import SCHEMA, WarehouseObject
from aops_indb.registry import DefinitionRecord, applied_definitions
from aops_indb.sqlgen.statements import table
from aops_indb.workflows.desired import Desired, desired_state, source_types
from aops_indb.workflows.downstream import VIEW, Downstream, Records, downstream
from aops_indb.workflows.effects import NAMED, Effect, losses, only_metadata
from aops_indb.workflows.kept_versions import bound_versions, kept_versions
from aops_indb.workflows.model_checks import check_model
from aops_indb.workflows.present import Present
from aops_indb.workflows.workspace import Workspace

Action: TypeAlias = Literal["add", "change", "restore", "remove"]

# Characters shown of a long value.
_SHOWN = 100

# Kinds whose removal takes something away from the people who read it.
DESTRUCTIVE_KINDS = (VIEW,)


@dataclass(frozen=True, slots=True)
class Change:
    """One definition that `apply` would add, change, remove, or make again since its views are gone or altered.

    details:     what differs, a line each
    sql:         object -> the query it would become
    invalidates: models whose training saw the definition as it is now
    downstream:  all that was made from what the edit gives another meaning
    breaking:    what users would miss, or find to be of another type: a view's columns, a service's features
    effect:      whether something breaks, or only something is said; formatting is no change at all
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
    downstream: Downstream = field(default_factory=Downstream)
    effect: Effect = "non-breaking"

    @property
    def destructive(self) -> bool:
        """Whether the change must be allowed by name."""
        takes_away = bool(self.breaking) or self.action == "remove"
        return bool(self.replaces) or (takes_away and self.kind in DESTRUCTIVE_KINDS)


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes in the order they are made, what they lead to, and the state they start from.

    compiled_anew: what came out as it was -> what it was compiled from now, to be noted
    kept:          versions of views that are defined no longer -> the live models that are bound to them
    """

    changes: tuple[Change, ...]
    state: str
    objects: Mapping[tuple[str, str], tuple[WarehouseObject, ...]]
    records: Mapping[tuple[str, str], DefinitionRecord]
    sources: tuple[tuple[DataSource, Mapping[str, str]], ...]
    compiled_anew: Mapping[tuple[str, str], str]
    kept: Mapping[str, tuple[str, ...]]

    def __bool__(self) -> bool:
        return bool(self.changes)

    def counts(self) -> dict[str, int]:
        """How many changes of each action."""
        actions: tuple[Action, ...] = ("add", "change", "restore", "remove")
        return {a: n for a in actions if (n := sum(change.action == a for change in self.changes))}


def make_plan(project: Workspace) -> Plan:
    """Compare the definitions with what was applied."""
    with project.session() as session, session.unchanging():
        return plan_in(project, session)


def plan_in(project: Workspace, session: Session) -> Plan:
    """As `make_plan`, in a session that is open."""
    applied = applied_definitions(session)
    present = Present.read(session, SCHEMA)
    desired = desired_state(project, session, applied, present)
    for model in project.definitions.models.values():
        check_model(project, session, model)
    wanted = {key: each.record for key, each in desired.items()}
    kept = kept_versions(applied, wanted, bound_versions(session), project.engine.name)
    desired |= {key: each for key, (each, _) in kept.items()}
    comparison = _Comparison(session, applied, {key: wanted.record for key, wanted in desired.items()}, present)
    changes = [change for key, wanted in desired.items() if (change := comparison.change(key, wanted)) is not None]
    changes += [comparison.removal(key) for key in reversed(list(applied)) if key not in desired]
    return Plan(
        changes=tuple(changes),
        state=state_of(applied, present),
        objects={key: wanted.objects for key, wanted in desired.items()},
        records=comparison.wanted,
        compiled_anew=_compiled_anew(applied, comparison.wanted, {(change.kind, change.name) for change in changes}),
        kept={name: binders for (_, name), (_, binders) in kept.items()},
        sources=tuple((source, source_types(source, session)) for source in _sources(project.definitions)),
    )


def _compiled_anew(applied: Records, wanted: Records, changed: Set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    same = {key: record.compiled_from for key, record in wanted.items() if key in applied and key not in changed}
    return {key: digest for key, digest in same.items() if digest != applied[key].compiled_from}


def _sources(definitions: DefinitionSet) -> Iterable[DataSource]:
    """The sources that views are made from, each once."""
    return {view.source.name: view.source for view in definitions.views.values()}.values()


def state_of(applied: Mapping[tuple[str, str], DefinitionRecord], present: Present) -> str:
    """A digest of what is applied and what is there: a plan holds only while it stays the same."""
    listed = sorted([*key, record.fingerprint, dict(record.definition)] for key, record in applied.items())
    content = [listed, sorted(present.digests.items())]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Comparison:
    """What is wanted beside what was applied, and what is there."""

    session: Session
    applied: Records
    wanted: Records
    present: Present

    def change(self, key: tuple[str, str], wanted: Desired) -> Change | None:
        """What it takes to get there; None if nothing."""
        kind, name = key
        sql, current = wanted.record.sql, self.applied.get(key)
        foreign = self.present.foreign(sql, self._made())
        if current is None:
            columns = tuple(f"{c.name} {c.dtype}" for c in wanted.record.columns)
            return Change("add", kind, name, columns, sql, replaces=foreign, effect=_effect(bool(foreign)))
        details = _differences(current.definition, wanted.record.definition)
        means_more = current.fingerprint != wanted.record.fingerprint
        if not details and (means_more or current.sql != sql):
            details = ("what it is made from, and so the SQL it compiles to",)
        if details:
            return self._changed(current, wanted, details, foreign)
        read = [*sql, *([current.kept_in] if current.kept_in else [])]
        gone = tuple(f"{SCHEMA}.{item} is gone" for item in read if item not in self.present)
        if not gone and not foreign:
            return None
        return Change("restore", kind, name, gone, sql, replaces=foreign, effect=_effect(bool(foreign)))

    def _changed(
        self, current: DefinitionRecord, wanted: Desired, details: tuple[str, ...], foreign: tuple[str, ...]
    ) -> Change:
        """The change of one that is in force."""
        key, record = (current.kind, current.name), wanted.record
        breaking = (*self._gone(current), *self._breaking(wanted)) or losses(current, record, self.applied, self.wanted)
        only_said = current.sql == record.sql and only_metadata(current.definition, record.definition)
        # the types of a view's columns may change without a word of its definition
        means_more = current.fingerprint != record.fingerprint or current.kind == VIEW
        reached = downstream(self.session, key, self.applied, self.wanted) if means_more else Downstream()
        return Change(
            "change",
            *key,
            details,
            record.sql,
            invalidates=reached.models,
            breaking=breaking,
            replaces=foreign,
            downstream=reached,
            effect=_effect(bool(breaking or foreign), only_said=only_said),
        )

    def _made(self) -> dict[str, str]:
        """All that aops made, as it was made: a view may have been another definition's before."""
        return {name: digest for record in self.applied.values() for name, digest in record.made_as.items()}

    def _gone(self, current: DefinitionRecord) -> tuple[str, ...]:
        """What a definition was made as and nothing will be."""
        return tuple(f"{SCHEMA}.{name} is gone" for name in no_longer_made(current, self.wanted))

    def removal(self, key: tuple[str, str]) -> Change:
        """That of a definition that is no longer wanted."""
        foreign = self.present.foreign(self.applied[key].sql, self.applied[key].made_as)
        reached = downstream(self.session, key, self.applied, self.wanted)
        effect = _effect(key[0] in NAMED or bool(foreign))
        return Change("remove", *key, invalidates=reached.models, replaces=foreign, downstream=reached, effect=effect)

    def _breaking(self, wanted: Desired) -> tuple[str, ...]:
        """Columns that readers of a view, or of its history, would miss, or find to be of another type."""
        found: dict[str, None] = {}
        for item in wanted.objects:
            if item.kind != "view" or item.name not in self.present:
                continue
            try:
                before = self.session.columns(table(item.name, SCHEMA))
                after = self.session.columns(item.query.copy())
            except QueryError:
                continue  # what it reads is not what it was: nobody can read it as it is
            found |= {f"{column} is gone": None for column in before if column not in after}
            retyped = [column for column in before if column in after and before[column] != after[column]]
            found |= {f"{column}: {before[column]} -> {after[column]}": None for column in retyped}
        return tuple(found)


def no_longer_made(current: DefinitionRecord, wanted: Records) -> list[str]:
    """Views that a definition was made as, and that no definition shall be made as."""
    made = {name.lower() for record in wanted.values() for name in record.sql}
    return [name for name in current.sql if name.lower() not in made]


def _effect(breaks: bool, *, only_said: bool = False) -> Effect:
    if breaks:
        return "breaking"
    return "metadata-only" if only_said else "non-breaking"


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
