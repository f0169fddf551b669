"""aops list, show, history: what the metadata tables know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aops_indb.engines import Session
from aops_indb.errors import UnknownNameError
from aops_indb.features.definition_set import KINDS
from aops_indb.registry import (
    DefinitionRecord,
    Listing,
    ModelVersionRecord,
    aliases,
    applied_definitions,
    artifacts,
    events,
    figures,
    list_objects,
    params,
)
from aops_indb.workflows.versions import find_version, model_of
from aops_indb.workflows.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Listed:
    """Everything of one kind, and definition files that could not be read."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of one name: facts, and tables by title."""

    kind: str
    name: str
    facts: Mapping[str, object]
    tables: Mapping[str, Listing]


def list_kind(project: Workspace, kind: str) -> Listed:
    """What was applied or registered of one kind; a definition file that fails is told of, and stops nothing."""
    with project.session() as session:
        found = list_objects(session, kind)
    return Listed(found.columns, found.rows, tuple(str(problem) for problem in project.loaded.problems))


def history_of(project: Workspace, name: str) -> Listing:
    """What happened to a definition, dataset or model, newest first."""
    with project.session() as session:
        return events(session, name)


def describe(project: Workspace, name: str) -> Card:
    """A card for a definition as applied, with a model's versions, or for one version; else UnknownNameError."""
    with project.session() as session:
        applied = applied_definitions(session)
        # of one name the most derived: a feature view rather than its entity
        found = [record for (_, known), record in applied.items() if known == name]
        if found:
            return _definition_card(session, max(found, key=lambda record: list(KINDS).index(record.kind)))
        if ("model", model_of(name)) not in applied:
            raise UnknownNameError("definition or model", name, [known for _, known in applied])
        return _version_card(session, find_version(project, session, name))


def _definition_card(session: Session, record: DefinitionRecord) -> Card:
    facts = {
        "description": record.description,
        "owner": record.owner,
        "version": record.version,
        "fingerprint": record.fingerprint,
        "made from": ", ".join(f"{kind} {name}" for kind, name in record.depends_on),
        **{f"tag {key}": value for key, value in record.tags.items()},
    }
    columns = tuple((c.name, c.dtype, c.description) for c in record.columns)
    tables = {"columns": Listing(("name", "type", "description"), columns)} if columns else {}
    if record.kind == "model":
        tables["versions"] = _versions(session, record.name)
    return Card(record.kind, record.name, {k: v for k, v in facts.items() if v}, tables)


def _versions(session: Session, model: str) -> Listing:
    listed = list_objects(session, "models")
    return Listing(listed.columns, tuple(row for row in listed.rows if row[0] == model))


def _version_card(session: Session, version: ModelVersionRecord) -> Card:
    named = sorted(alias for alias, number in aliases(session, version.model).items() if number == version.version)
    facts = {
        "description": version.description,
        "aliases": ", ".join(named),
        "estimator": version.estimator,
        "service": version.service,
        "dataset": f"{version.dataset_name}, digest {version.dataset_digest}",
        "inputs": ", ".join(version.inputs),
        "outputs": ", ".join(version.outputs),
        "libraries": ", ".join(f"{name} {number}" for name, number in version.library_versions.items()),
        "git commit": version.git_commit,
    }
    tables = {
        "metrics": figures(session, version.run_id),
        "artefacts": artifacts(session, version.model, version.version),
        "parameters": params(session, version.run_id),
    }
    return Card("model", f"{version.model}:{version.version}", {k: v for k, v in facts.items() if v}, tables)
