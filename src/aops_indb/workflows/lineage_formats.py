"""Lineage as others read it: a Mermaid flow chart, and run events of OpenLineage."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from aops_indb import __version__
from aops_indb.errors import UnknownNameError
from aops_indb.features.views import SCHEMA as FEATURES
from aops_indb.workflows.lineage import Graph, Lineage, Node, lineage_in, tables_behind
from aops_indb.workflows.lineage_reading import lineage_graph
from aops_indb.workflows.workspace import Workspace

_SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_COLUMN_LINEAGE = (
    "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet"
)
_SCHEMA_FACET = "https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet"
_PRODUCER = f"https://pypi.org/project/aops-indb/{__version__}"
FORMATS = ("text", "mermaid", "openlineage")
# Kinds that are datasets in the warehouse, made by a job.
_MADE = ("feature_view", "scored_view")


def lineage_as(project: Workspace, name: str, format: str) -> Lineage | str | list[dict[str, Any]]:
    """The lineage of a name in one of FORMATS; UnknownNameError for any other."""
    if format not in FORMATS:
        raise UnknownNameError("format", format, FORMATS)
    graph = lineage_graph(project)
    found = lineage_in(graph, name)
    if format == "mermaid":
        return mermaid(found)
    if format == "openlineage":
        return openlineage(graph, found, namespace=project.engine.url, at=dt.datetime.now(dt.UTC))
    return found


def mermaid(lineage: Lineage) -> str:
    """A flow chart: what the node is made from to its left, what is made from it to its right; dotted: not by values.

    >>> mermaid(Lineage(Node("table", "raw.t"), (), ()))
    'flowchart LR\\n    n0["table<br>raw.t"]\\n    style n0 stroke-width:3px\\n'
    """
    edges = sorted({*lineage.upstream, *lineage.downstream})
    nodes = sorted({lineage.node, *(node for edge in edges for node in (edge.upstream, edge.downstream))})
    number = {node: f"n{position}" for position, node in enumerate(nodes)}
    lines = [f'    {number[node]}["{node.kind}<br>{_escaped(node.reference)}"]' for node in nodes]
    lines += [
        f"    {number[edge.upstream]} {'-->' if edge.direct else '-.->'} {number[edge.downstream]}" for edge in edges
    ]
    lines.append(f"    style {number[lineage.node]} stroke-width:3px")
    return "\n".join(["flowchart LR", *lines, ""])


def _escaped(text: str) -> str:
    """A text inside a Mermaid label: its own quotes and brackets as entities."""
    replaced = {'"': "#quot;", "<": "#lt;", ">": "#gt;", "#": "#35;", "\n": " "}
    return "".join(replaced.get(character, character) for character in text)


def openlineage(graph: Graph, lineage: Lineage, *, namespace: str, at: dt.datetime) -> list[dict[str, Any]]:
    """A COMPLETE run event for each feature view and scored view among the node and what is made from it.

    namespace: of the datasets, the warehouse
    """
    ends = {lineage.node.whole, *(edge.downstream.whole for edge in lineage.downstream)}
    made = [node for node in sorted(ends) if node.kind in _MADE]
    if not made:
        # of a table, source or model: whatever is made last on the way to it
        made = sorted({edge.upstream.whole for edge in lineage.upstream if edge.upstream.kind in _MADE})
    return [_event(graph, node, namespace, at) for node in made]


def _event(graph: Graph, node: Node, namespace: str, at: dt.datetime) -> dict[str, Any]:
    columns = sorted({each for each in graph.nodes if each.column and each.whole == node})
    fields = {column.column: tables_behind(graph, column) for column in columns}
    tables = {edge.upstream.name for edge in graph.reached(node, up=True) if edge.upstream.kind == "table"}
    name = f"{FEATURES}.{node.name}" if node.kind == "feature_view" else node.name
    return {
        "eventType": "COMPLETE",
        "eventTime": at.astimezone(dt.UTC).isoformat(),
        "producer": _PRODUCER,
        "schemaURL": _SPEC,
        "run": {"runId": str(uuid.uuid4())},
        "job": {"namespace": "aops", "name": f"{node.kind}.{node.name}"},
        "inputs": [{"namespace": namespace, "name": table} for table in sorted(tables)],
        "outputs": [{"namespace": namespace, "name": name, "facets": _facets(fields, namespace)}],
    }


def _facets(fields: dict[str | None, Any], namespace: str) -> dict[str, Any]:
    return {
        "schema": {
            "_producer": _PRODUCER,
            "_schemaURL": _SCHEMA_FACET,
            "fields": [{"name": name} for name in fields],
        },
        "columnLineage": {
            "_producer": _PRODUCER,
            "_schemaURL": _COLUMN_LINEAGE,
            "fields": {name: {"inputFields": list(_inputs(behind, namespace))} for name, behind in fields.items()},
        },
    }


def _inputs(behind: Iterable[tuple[Node, bool]], namespace: str) -> Iterable[dict[str, Any]]:
    for node, direct in behind:
        transformation = (
            {"type": "DIRECT", "subtype": "TRANSFORMATION"} if direct else {"type": "INDIRECT", "subtype": "FILTER"}
        )
        yield {"namespace": namespace, "name": node.name, "field": node.column, "transformations": [transformation]}
