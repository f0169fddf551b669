"""What a change does to those who use a definition: it breaks something, changes or adds something, or only says more.

Breaking is what somebody would miss by its name, find to be of another type, or be asked for besides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from aops_indb.registry import DefinitionRecord
from aops_indb.workflows.downstream import SERVICE, VIEW, Records, in_force

Effect: TypeAlias = Literal["breaking", "non-breaking", "metadata-only"]

# What is only said of a definition; and what its entities say, noted with a view.
METADATA = ("description", "tags", "owner", "comments")
# Settings that hold definitions, whose settings again may only be said.
_PARTS = ("schema", "aggregations")
# Kinds that people name in services, spines and queries: without one, those fail.
NAMED = (VIEW, "feature_view_alias", "on_demand_feature", SERVICE, "request_source")


def only_metadata(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether two states of a definition differ in nothing but what is said of it."""
    return _without_metadata(before) == _without_metadata(after)


def _without_metadata(definition: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in definition.items() if name not in METADATA}
    for name in _PARTS:
        kept[name] = [{k: v for k, v in part.items() if k not in METADATA} for part in kept.get(name, ())]
    return kept


def losses(before: DefinitionRecord, after: DefinitionRecord, applied: Records, wanted: Records) -> tuple[str, ...]:
    """What users of a definition that is no view would miss, find to be of another type, or have to give besides."""
    old, new = before.definition, after.definition
    match before.kind:
        case "on_demand_feature":
            return _retyped({before.name: old["dtype"]}, {after.name: new["dtype"]})
        case "request_source":
            had, has = ({field["name"]: field["dtype"] for field in each["schema"]} for each in (old, new))
            return _retyped(had, has)
        case "entity" if old.get("join_keys") != new.get("join_keys"):
            return (f"join_keys: {', '.join(old['join_keys'])} -> {', '.join(new['join_keys'])}",)
        case "feature_service":
            # a column that a view loses is told of with the view
            gives = _listed(new, wanted)
            still = {reference for reference in _listed(old, applied) if _is_there(reference, wanted)}
            return tuple(f"{reference} is gone" for reference in sorted(still - gives))
    return ()


def _retyped(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    gone = [f"{name} is gone" for name in before if name not in after]
    return (*gone, *(f"{n}: {before[n]} -> {after[n]}" for n in before if n in after and before[n] != after[n]))


def _listed(service: Mapping[str, Any], records: Records) -> set[str]:
    """References of all features of a service; a view's name stands for all it has."""
    found: set[str] = set()
    for item in (in_force(each, records) for each in service["features"]):
        view = next((records[kind, item] for kind in (VIEW, "feature_view_alias") if (kind, item) in records), None)
        found |= {f"{item}:{column.name}" for column in view.columns} if view is not None else {item}
    return found


def _is_there(reference: str, records: Records) -> bool:
    owner, _, name = reference.partition(":")
    if not name:
        return ("on_demand_feature", owner) in records
    holders = [records[kind, owner] for kind in (VIEW, "feature_view_alias") if (kind, owner) in records]
    requested = records.get(("request_source", owner))
    columns = {column.name for record in holders for column in record.columns}
    columns |= {field["name"] for field in requested.definition["schema"]} if requested else set()
    return name in columns
