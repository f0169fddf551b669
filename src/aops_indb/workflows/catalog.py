"""aops list, show, history: what the metadata tables know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aops_indb.engines import Session
from aops_indb.errors import UnknownNameError
from aops_indb.registry import (
    DefinitionRecord,
    Listing,
    aliases,
    applied_definitions,
    artifacts,
    events,
    figures,
    list_objects,
    params,
    resolve_version,
)
from aops_indb.workflows.project import Project


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


def list_kind(project: Project, kind: str) -> Listed:
    """What was applied or registered of one kind; a definition file that fails is told of, and stops nothing."""
    with project.session() as session:
        found = list_objects(session, kind)
    return Listed(found.columns, found.rows, tuple(str(problem) for problem in project.loaded.problems))


def history_of(project: Project, name: str) -> Listing:
    """What happened to a definition, dataset or model, newest first."""
    with project.session() as session:
        return events(session, name)


def describe(project: Project, name: str) -> Card:
    """A card for a definition as applied, or for a model's version; UnknownNameError for another name."""
    with project.session() as session:
        applied = applied_definitions(session)
        for (kind, known), record in applied.items():
            if known == name and kind != "model":
                return _definition_card(record)
        models = {record.name for record in applied.values() if record.kind == "model"}
        if name.removeprefix("models:/").partition(":")[0].partition("@")[0].partition("/")[0] not in models:
            raise UnknownNameError("definition or model", name, [known for _, known in applied])
        return _version_card(session, name)


def _definition_card(record: DefinitionRecord) -> Card:
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
    return Card(record.kind, record.name, {k: v for k, v in facts.items() if v}, tables)


def _version_card(session: Session, reference: str) -> Card:
    version = resolve_version(session, reference)
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
