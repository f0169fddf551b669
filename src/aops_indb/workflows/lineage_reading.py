"""Lineage of a whole project: what its definitions tell, and the versions, sets and views that were made of them."""

from __future__ import annotations

from aops_indb.engines import Session
from aops_indb.registry import ModelVersionRecord, list_objects, model_version, model_versions, trained_versions
from aops_indb.workflows.batch import SCHEMA
from aops_indb.workflows.lineage import Graph, Node
from aops_indb.workflows.lineage_definitions import DefinitionReader
from aops_indb.workflows.workspace import Workspace


def lineage_graph(project: Workspace) -> Graph:
    """Everything the definitions say, and the versions, sets and views that were made of them."""
    with project.session() as session, session.unchanging():
        reader = DefinitionReader(project.definitions, session)
        for named in project.definitions.by_kind.values():
            for definition in named.values():
                reader.add(definition)
        _add_versions(reader.graph, session)
    return reader.graph


def _add_versions(graph: Graph, session: Session) -> None:
    shown = _scored_views(session)
    for model in sorted({model for model, *_ in trained_versions(session)}):
        for number in model_versions(session, model):
            version = model_version(session, model, number)
            reference = f"{model}:{version.version}"
            graph.add(Node("model", model), Node("model_version", reference))
            if version.dataset_name:
                graph.add(Node("dataset", version.dataset_name), Node("model_version", reference))
            for given in version.inputs:
                graph.add(Node("model", model, given), Node("model_version", reference, given))
            for view in shown.get((model, version.version), ()):
                _add_scored(graph, version, f"{SCHEMA}.{view}")


def _add_scored(graph: Graph, version: ModelVersionRecord, view: str) -> None:
    reference = f"{version.model}:{version.version}"
    graph.add(Node("model_version", reference), Node("scored_view", view))
    for output in version.outputs:
        for given in version.inputs:
            graph.add(Node("model_version", reference, given), Node("scored_view", view, output))


def _scored_views(session: Session) -> dict[tuple[str, int], list[str]]:
    """(model, version) -> views and batch tables that show it, as far as they are there."""
    there = session.relations(SCHEMA)
    newest: dict[str, tuple[str, int]] = {}
    for row in list_objects(session, "deployments").as_dicts():
        newest.setdefault(row["view_name"].removeprefix(f"{SCHEMA}."), (row["model"], row["version"]))
    found: dict[tuple[str, int], list[str]] = {}
    for view, key in newest.items():
        found.setdefault(key, []).extend(name for name in (view, f"{view}__batch") if name in there)
    return found
