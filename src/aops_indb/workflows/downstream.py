"""What an edit reaches: which columns mean something else, and what was made of those.

A service or a model that uses only other columns of a view is not reached by it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, fields
from typing import Any

from aops_indb.engines import Session
from aops_indb.registry import DefinitionRecord, aliases, deployed_views, kept_datasets
from aops_indb.workflows.desired import NOTES

Key = tuple[str, str]
Records = Mapping[Key, DefinitionRecord]

SCORES = "scores"
VIEW, ALIAS, ON_DEMAND, SERVICE = "feature_view", "feature_view_alias", "on_demand_feature", "feature_service"
# What is made from views: by the kind of what a view is made from.
_PARTS = ("data_source", "entity")
# Settings of a view that are said of its columns one by one, of schema fields alone, or of none.
_BY_COLUMN = ("schema", "aggregations")
_OF_FIELDS = ("ttl",)
_OF_NONE = (*NOTES, *_BY_COLUMN, *_OF_FIELDS, "name", "comments", "version")


@dataclass(frozen=True, slots=True)
class Downstream:
    """What an edit reaches, by name; versions as model:version, with the alias they are live by."""

    on_demand_features: tuple[str, ...] = ()
    feature_services: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    live_versions: tuple[str, ...] = ()
    scored_views: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()

    def named(self) -> dict[str, tuple[str, ...]]:
        """What is reached by what it is, without what is not."""
        return {field.name: names for field in fields(self) if (names := getattr(self, field.name))}


def changed_features(key: Key, applied: Records, wanted: Records) -> set[str]:
    """References of the features that an edit of one definition gives another meaning, takes away or adds."""
    kind, name = key
    match kind:
        case "feature_view":
            before, after = _meanings(name, applied), _meanings(name, wanted)
        case "on_demand_feature":
            return {name}
        case "feature_view_alias":
            return {f"{name}:{column.name}" for column in applied[key].columns}
        case "request_source":
            before, after = _fields(applied.get(key)), _fields(wanted.get(key))
        case _ if kind in _PARTS:
            views = [k[1] for k, record in applied.items() if k[0] == VIEW and key in record.depends_on]
            return {f"{view}:{column}" for view in views for column in _meanings(view, applied)}
        case _:
            return set()
    return {f"{name}:{c}" for c in {*before, *after} if before.get(c) != after.get(c)}


def _meanings(view: str, records: Records) -> dict[str, str]:
    """column -> all that decides its values, as text: of a view, its source and its entities."""
    record = records.get((VIEW, view))
    if record is None:
        return {}
    settings = record.definition
    parts = [[*key, records[key].fingerprint] for key in record.depends_on if key in records]
    common = [{k: v for k, v in settings.items() if k not in _OF_NONE}, parts]
    expiry = [settings.get(name) for name in _OF_FIELDS]
    # of rows of one moment the greatest counts, field by field: a field's value hangs on those before it
    schema = [without_notes(field) for field in settings.get("schema", ())]
    told = [[expiry, schema[: place + 1]] for place in range(len(schema))]
    for aggregation in settings.get("aggregations", ()):
        plain = {k: v for k, v in without_notes(aggregation).items() if k != "windows"}
        told += [[plain, window] for window in aggregation["windows"]]
    names = [column.name for column in record.columns]
    if len(told) != len(names):
        told = [[settings.get(name) for name in (*_BY_COLUMN, *_OF_FIELDS)]] * len(names)
    types = [column.dtype for column in record.columns]
    return {name: json.dumps([common, *each], sort_keys=True) for name, *each in zip(names, types, told, strict=True)}


def _fields(request: DefinitionRecord | None) -> dict[str, str]:
    """column -> what is said of it: of a request source."""
    fields = request.definition["schema"] if request is not None else []
    return {field["name"]: json.dumps(without_notes(field), sort_keys=True) for field in fields}


def without_notes(setting: Mapping[str, Any]) -> dict[str, Any]:
    """A part of a definition without what is only said of it."""
    return {name: value for name, value in setting.items() if name not in NOTES}


def reached(key: Key, changed: Set[str], applied: Records, wanted: Records) -> tuple[set[str], set[str], set[str]]:
    """References, services and models that an edit reaches over any number of steps."""
    found = _in_further_views(changed, applied)
    on_demand = {
        name: {in_force(item, applied) for item in record.definition.get("inputs", ())}
        for (kind, name), record in applied.items()
        if kind == ON_DEMAND
    }
    while further := {name for name, inputs in on_demand.items() if inputs & found} - found:
        found |= further
    services = {
        name
        for (kind, name), record in applied.items()
        if kind == SERVICE and _uses(record, found, applied) and not _gives_the_same(name, applied, wanted)
    }
    services |= {key[1]} if key[0] == SERVICE and not _gives_the_same(key[1], applied, wanted) else set()
    models = {n for (kind, n), r in applied.items() if kind == "model" and r.definition["service"] in services}
    return found, services, models


def _gives_the_same(service: str, applied: Records, wanted: Records) -> bool:
    """Whether a service gives the features it gave: it may name another version of a view instead of the newest."""
    before, after = applied.get((SERVICE, service)), wanted.get((SERVICE, service))
    if before is None or after is None:
        return False
    gave = [_meaning(item, applied) for item in before.definition["features"]]
    return gave == [_meaning(item, wanted) for item in after.definition["features"]]


def _meaning(reference: str, records: Records) -> object:
    """All that decides the values of a reference of a service; of a whole view, of all its columns."""
    owner, _, column = reference.partition(":")
    if (ON_DEMAND, reference) in records:
        record = records[ON_DEMAND, reference]
        return [record.fingerprint, [_meaning(item, records) for item in record.definition.get("inputs", ())]]
    if ("request_source", owner) in records:
        return [column, _fields(records["request_source", owner]).get(column)]
    if (ALIAS, owner) in records:
        of = next(name for kind, name in records[ALIAS, owner].depends_on if kind == VIEW)
        return [records[ALIAS, owner].fingerprint, _meanings(of, records)]
    columns = _meanings(in_force(owner, records), records)
    return [column, columns.get(column)] if column else columns


def in_force(reference: str, records: Records) -> str:
    """A reference by the name that its view has in force: `view@v1:feature` is of `view`, or of `view__v1`."""
    owner, colon, column = reference.partition(":")
    name, _, version = owner.partition("@v")
    newest = records.get((VIEW, name))
    is_newest = not version or (newest is not None and str(newest.definition.get("version")) == version)
    return f"{name if is_newest else f'{name}__v{version}'}{colon}{column}"


def _in_further_views(changed: Set[str], applied: Records) -> set[str]:
    """The references, and those of views that are made from the views, or are those under another name."""
    found = set(changed)
    while True:
        of = [reference.partition(":") for reference in found]
        further = set()
        for (kind, name), record in applied.items():
            columns = {column for view, _, column in of if (VIEW, view) in record.depends_on}
            if kind == VIEW and columns:
                # the moments of a history are those of all its columns
                columns = {column.name for column in record.columns}
            further |= {f"{name}:{column}" for column in columns if kind in (VIEW, ALIAS)}
        if further <= found:
            return found
        found |= further


def _uses(service: DefinitionRecord, changed: Set[str], applied: Records) -> bool:
    """Whether a service lists one of the features; a view's name stands for whatever features it has."""
    views = {reference.partition(":")[0] for reference in changed if ":" in reference}
    listed = [in_force(item, applied) for item in service.definition["features"]]
    return any(item in changed or item in views for item in listed)


def _names(records: Records, kind: str) -> set[str]:
    return {name for of, name in records if of == kind}


def downstream(session: Session, key: Key, applied: Records, wanted: Records) -> Downstream:
    """What an edit of a definition that is in force reaches; wanted: what shall be in force."""
    changed, services, models = reached(key, changed_features(key, applied, wanted), applied, wanted)
    live = {model: aliases(session, model) for model in sorted(models)}
    scored = [view for model in sorted(models) for view in deployed_views(session, model)]
    there = session.relations(SCORES)
    return Downstream(
        on_demand_features=_sorted(changed & _names(applied, ON_DEMAND) - {key[1]}),
        feature_services=_sorted(services - {key[1]}),
        models=_sorted(models - ({key[1]} if key[0] == "model" else set())),
        live_versions=tuple(f"{m}:{v} ({alias})" for m, named in live.items() for alias, v in sorted(named.items())),
        scored_views=_sorted(f"{SCORES}.{view}" for view in scored if view in there),
        datasets=_sorted(
            f"{kept['table_schema']}.{kept['table_name']}"
            for kept in kept_datasets(session)
            if changed & {in_force(item, applied) for item in kept["features"]}
        ),
    )


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))
