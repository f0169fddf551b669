"""aops history: what happened to a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from aops_indb.errors import UnknownNameError
from aops_indb.registry import (
    Listing,
    audited_names,
    dataset_events,
    definition_events,
    events,
    told,
    version_events,
)
from aops_indb.workflows.catalog import HOLDERS, Catalog
from aops_indb.workflows.feature_words import features_of
from aops_indb.workflows.versions import find_version
from aops_indb.workflows.workspace import Workspace


def history_of(project: Workspace, name: str) -> Listing:
    """What happened to a definition, `view:feature`, dataset, model or version, newest first; else UnknownNameError."""
    with project.session() as session:
        catalog = Catalog(project, session)
        found = (history(catalog, name) for history in HISTORIES)
        if listing := next((listing for listing in found if listing and listing.rows), None):
            return listing
        raise UnknownNameError("name", name, catalog.like(name, *audited_names(session)))


def _named_history(catalog: Catalog, name: str) -> Listing | None:
    return events(catalog.session, name) if name in audited_names(catalog.session) else None


def _feature_history(catalog: Catalog, reference: str) -> Listing | None:
    owner, _, column = reference.partition(":")
    kinds = (definition_events(catalog.session, kind, owner) for kind in HOLDERS)
    rows = [event for changes in kinds for event in _feature_events(changes, column)]
    return told(Listing(tuple(rows[0]), tuple(tuple(row.values()) for row in reversed(rows)))) if rows else None


def _feature_events(
    changes: Iterable[tuple[dict[str, Any], Mapping[str, Any] | None]], column: str
) -> Iterator[dict[str, Any]]:
    """Changes of a definition as one of its features saw them: with the settings that changed for it.

    A new version of the view that leaves its settings as they were is told, too: its source may be another one.
    """
    before: dict[str, Any] | None = None
    version = 0
    for event, definition in changes:
        after = features_of(definition).get(column) if definition else None
        action = ACTIONS.get((before is not None, after is not None))
        changed = _differing(before or {}, after or {}) if action == "change" else []
        if action and (action != "change" or changed or event["version"] != version):
            details = {"changed": changed} if action == "change" else {}
            yield {**event, "kind": "feature", "action": action, "details": details}
        before, version = after, event["version"]


# Whether a feature was there before, and is after -> what happened to it.
ACTIONS = {(False, True): "add", (True, True): "change", (True, False): "remove"}


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return sorted(key for key in {*before, *after} if before.get(key) != after.get(key))


def _dataset_history(catalog: Catalog, name: str) -> Listing | None:
    row = catalog.dataset(name)
    return dataset_events(catalog.session, row["name"], row["digest"]) if row else None


def _version_history(catalog: Catalog, reference: str) -> Listing | None:
    if not catalog.has_versions(reference):
        return None
    version = find_version(catalog.project, catalog.session, reference)
    return version_events(catalog.session, version.model, version.version)


# What a name may stand for, in the order in which it is tried.
HISTORIES: tuple[Callable[[Catalog, str], Listing | None], ...] = (
    _named_history, _feature_history, _dataset_history, _version_history,
)  # fmt: skip
