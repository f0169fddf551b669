"""Lineage of columns as rows of aops.lineage_edges, written where definitions are applied, for whoever queries it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from aops_indb.engines import Session
from aops_indb.registry import ColumnEdge, DefinitionRecord, column_edges_of, record_column_edges
from aops_indb.workflows.lineage_definitions import DefinitionReader, affected
from aops_indb.workflows.workspace import Workspace

Key = tuple[str, str]
# Kinds of definitions that have no columns.
_WITHOUT = ("entity", "check")


def record_lineage(
    project: Workspace, session: Session, changed: Collection[Key], in_force: Mapping[Key, DefinitionRecord]
) -> None:
    """Note what the columns of changed definitions are made from, and those of what lists their columns."""
    reader = DefinitionReader(project.definitions, session)
    read = affected(project.definitions, changed)
    for definition in read.values():
        reader.add(definition)
    edges: dict[Key, list[ColumnEdge]] = {k: [] for k in read if k in in_force and k[0] not in _WITHOUT}
    for edge in reader.graph.edges:
        up, down = edge.upstream, edge.downstream
        if (down.kind, down.name) in edges and up.column and down.column:
            told = ColumnEdge(down.column, up.kind, up.name, up.column, edge.direct)
            edges[down.kind, down.name].append(told)
    for key in changed:
        if key not in read:
            # a version that is defined no longer is made from what it was made from under its other name
            edges[key] = column_edges_of(session, key[0], in_force[key].fingerprint)
    for (kind, name), found in edges.items():
        record_column_edges(session, kind, name, found)
