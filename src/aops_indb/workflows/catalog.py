"""aops list, and the metadata as one session reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from aops_indb.engines import Session
from aops_indb.features.definition_set import KINDS
from aops_indb.features.view_versions import spelled
from aops_indb.registry import (
    DefinitionRecord,
    applied_definitions,
    kept_datasets,
    list_objects,
    model_versions,
    trained_versions,
)
from aops_indb.workflows.feature_words import features_of
from aops_indb.workflows.versions import model_of
from aops_indb.workflows.workspace import Workspace

# Kinds whose columns are named `owner:column`.
HOLDERS = ("feature_view", "feature_view_alias", "request_source")


@dataclass(frozen=True, slots=True)
class Listed:
    """Everything of one kind, and definition files that could not be read."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Catalog:
    """The metadata as one session reads it."""

    project: Workspace
    session: Session

    @cached_property
    def applied(self) -> dict[tuple[str, str], DefinitionRecord]:
        """The definitions in force."""
        return applied_definitions(self.session)

    @cached_property
    def datasets(self) -> list[dict[str, Any]]:
        """Every kept set, newest first."""
        return kept_datasets(self.session)

    @cached_property
    def versions(self) -> list[tuple[str, int, str, str]]:
        """Every version: model, number, dataset, its digest."""
        return trained_versions(self.session)

    def named(self, name: str) -> DefinitionRecord | None:
        """The definition of that name; of several the most derived: a feature view rather than its entity."""
        found = [record for (_, known), record in self.applied.items() if known == name]
        return max(found, key=lambda record: list(KINDS).index(record.kind), default=None)

    def holder(self, reference: str) -> DefinitionRecord | None:
        """The view or request source that `owner:column` names a column of."""
        owner, _, column = reference.partition(":")
        records = (self._view(owner), self.applied.get(("request_source", owner)))
        return next((record for record in records if record and column in features_of(record.definition)), None)

    def dataset(self, name: str) -> dict[str, Any] | None:
        """The newest kept set of that name, table or digest."""
        kept = (row for row in self.datasets if name in (row["name"], row["table_name"], table_of(row), row["digest"]))
        return next(kept, None)

    def has_versions(self, reference: str) -> bool:
        """Whether a reference speaks of a model that is applied, or was trained."""
        model = model_of(reference)
        return ("model", model) in self.applied or bool(model_versions(self.session, model))

    def references(self, service: DefinitionRecord) -> list[str]:
        """Every feature of a service; a view stands for all it has."""
        found: list[str] = []
        for item in service.definition["features"]:
            view = self._view(item)
            found += [f"{item}:{column.name}" for column in view.columns] if view else [item]
        return list(dict.fromkeys(found))

    def _view(self, owner: str) -> DefinitionRecord | None:
        """The feature view or alias that `view` or `view@v2` names."""
        name, _, version = owner.partition("@v")
        newest = self.applied.get(("feature_view", name))
        if version and (newest is None or str(newest.definition.get("version")) != version):
            return self.applied.get(("feature_view", spelled(owner)))
        return newest or self.applied.get(("feature_view_alias", name))

    def join_keys(self, record: DefinitionRecord) -> list[str]:
        """Join keys of an entity, or of a view's entities, in order."""
        entities = [self.applied["entity", name].definition for name in record.definition.get("entities", ())]
        return [key for entity in [record.definition, *entities] for key in entity.get("join_keys", ())]

    def users(self, kind: str, name: str) -> list[DefinitionRecord]:
        """What is made from a definition, directly or by way of others."""
        found: dict[tuple[str, str], DefinitionRecord] = {}
        for record in self.applied.values():
            if (kind, name) in record.depends_on:
                used = [record, *self.users(record.kind, record.name)]
                found.update({(each.kind, each.name): each for each in used})
        return list(found.values())

    def users_of_feature(self, reference: str) -> list[DefinitionRecord]:
        """What asks for one feature, directly or by way of others."""
        on_demand = [r for r in self._of("on_demand_feature") if reference in r.definition.get("inputs", ())]
        owner, _, name = reference.partition(":")
        aliased = [f"{r.name}:{name}" for r in self._of("feature_view_alias") if r.definition["of"] == owner]
        on_demand += [r for r in self._of("on_demand_feature") if set(aliased) & set(r.definition.get("inputs", ()))]
        asked = {reference, *aliased, *(record.name for record in on_demand)}
        services = [record for record in self._of("feature_service") if asked & set(self.references(record))]
        models = [user for record in services for user in self.users(record.kind, record.name)]
        return [*on_demand, *services, *{record.name: record for record in models}.values()]

    def _of(self, kind: str) -> list[DefinitionRecord]:
        return [record for record in self.applied.values() if record.kind == kind]

    def like(self, name: str, *more: str) -> list[str]:
        """Names that may have been meant: the columns so called, for whoever left out the view, or all there are."""
        known = [*self._known(), *more]
        return [each for each in known if each.partition(":")[2] == name] or known

    def _known(self) -> Iterator[str]:
        """Every name there is something to show of."""
        for (kind, name), record in self.applied.items():
            yield name
            if kind in HOLDERS:
                yield from (f"{name}:{column}" for column in features_of(record.definition))
        yield from (row["table_name"] for row in self.datasets)
        yield from (f"{model}:{version}" for model, version, *_ in self.versions)


def list_kind(project: Workspace, kind: str) -> Listed:
    """What was applied or registered of one kind; a definition file that fails is told of, and stops nothing."""
    with project.session() as session:
        found = list_objects(session, kind)
    return Listed(found.columns, found.rows, tuple(str(problem) for problem in project.loaded.problems))


def table_of(row: Mapping[str, Any]) -> str:
    """The table that holds a kept set, as versions and people name it."""
    return f"{row['table_schema']}.{row['table_name']}"
