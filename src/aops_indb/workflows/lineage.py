"""aops lineage: from columns of tables through sources, features, services and models to the views people read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from aops_indb.engines import Session
from aops_indb.errors import QueryError, UnknownNameError
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.definitions import DataSource, FeatureService, FeatureView, OnDemandFeature, RequestSource
from aops_indb.features.model import Model
from aops_indb.features.spine import Feature, resolve, with_inputs
from aops_indb.registry import ModelVersionRecord, list_objects, model_version, model_versions, trained_versions
from aops_indb.sqlgen.lineage import origins
from aops_indb.sqlgen.parse import columns_of, parse_expression, parse_select, tables_read
from aops_indb.sqlgen.statements import parse_table
from aops_indb.workflows.batch import SCHEMA
from aops_indb.workflows.desired import source_types
from aops_indb.workflows.workspace import Workspace


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """A thing, or a column of it: of a table, source, view, service, model, version or scored view."""

    kind: str
    name: str
    column: str | None = None

    @property
    def whole(self) -> Node:
        """The thing that a column is of."""
        return Node(self.kind, self.name)

    @property
    def reference(self) -> str:
        """As people name it."""
        return f"{self.name}:{self.column}" if self.column else self.name

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """That one is made from another: from its values, or (not direct) from which rows there are, or when."""

    upstream: Node
    downstream: Node
    direct: bool = True


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a node is made from, and what is made from it: the edges reached from it."""

    node: Node
    upstream: tuple[Edge, ...]
    downstream: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """Edges between columns, and between things as wholes."""

    edges: set[Edge] = field(default_factory=set)

    def add(self, upstream: Node, downstream: Node, *, direct: bool = True) -> None:
        """Note an edge, and that between the things as wholes."""
        self.edges.add(Edge(upstream.whole, downstream.whole))
        if upstream.column and downstream.column:
            self.edges.add(Edge(upstream, downstream, direct))

    @property
    def nodes(self) -> set[Node]:
        """Everything there is."""
        return {node for edge in self.edges for node in (edge.upstream, edge.downstream)}

    def reached(self, start: Node, *, up: bool) -> tuple[Edge, ...]:
        """Every edge on a way from a node, up or down."""
        by_end: dict[Node, list[Edge]] = {}
        for edge in self.edges:
            by_end.setdefault(edge.downstream if up else edge.upstream, []).append(edge)
        found: dict[Edge, None] = {}
        waiting = [start]
        while waiting:
            for edge in sorted(by_end.get(waiting.pop(), ())):
                if edge not in found:
                    found[edge] = None
                    waiting.append(edge.upstream if up else edge.downstream)
        return tuple(sorted(found))


def lineage_in(graph: Graph, name: str) -> Lineage:
    """The lineage of a definition, `view:feature`, table, `table:column`, model, `model:version` or scored view."""
    node = _named(graph, name)
    return Lineage(node, graph.reached(node, up=True), graph.reached(node, up=False))


# kinds from the most derived: of two things of one name the first is meant
_KINDS = (
    "scored_view", "model_version", "model", "feature_service", "on_demand_feature", "feature_view", "request_source",
    "data_source", "dataset", "entity", "table",
)  # fmt: skip


def _named(graph: Graph, name: str) -> Node:
    nodes = graph.nodes
    found = [node for node in nodes if node.reference == name]
    if not found:
        raise UnknownNameError("definition, table, column or model", name, {node.reference for node in nodes})
    return min(found, key=lambda node: (_KINDS.index(node.kind), node.column is not None))


def lineage_graph(project: Workspace) -> Graph:
    """Everything the definitions say, and the versions, sets and views that were made of them."""
    definitions, graph = project.definitions, Graph()
    with project.session() as session:
        for source in definitions.sources.values():
            _add_source(graph, session, source)
        for view in definitions.views.values():
            _add_view(graph, view)
        for feature in definitions.on_demand.values():
            for given in resolve(definitions, feature.inputs):
                graph.add(_feature_node(given), Node("on_demand_feature", feature.name, feature.name))
        for service in definitions.services.values():
            _add_service(graph, definitions, service)
        for model in definitions.models.values():
            _add_model(graph, session, definitions, model)
        _add_versions(graph, session)
    return graph


def _feature_node(feature: Feature) -> Node:
    match feature.origin:
        case FeatureView():
            return Node("feature_view", feature.origin.name, feature.name)
        case RequestSource():
            return Node("request_source", feature.origin.name, feature.name)
        case OnDemandFeature():
            return Node("on_demand_feature", feature.origin.name, feature.name)


# ── definitions ────────────────────────────────────────────────────────────────────────────────────────


def _add_source(graph: Graph, session: Session, source: DataSource) -> None:
    whole = Node("data_source", source.name)
    if source.table is not None:
        graph.add(Node("table", plain_name(source.table)), whole)
        for column in source_types(source, session):
            graph.add(Node("table", plain_name(source.table), column), Node(whole.kind, whole.name, column))
        return
    query = parse_select(source.query or "")
    tables = {name: _columns(session, name) for name in tables_read(query)}
    for name in tables:
        graph.add(Node("table", plain_name(name)), whole)
    known = origins(query, tables) or {}
    for column in source_types(source, session):
        for table, origin in known.get(column.lower(), ()):
            graph.add(
                Node("table", plain_name(table), _own(tables[table], origin)), Node(whole.kind, whole.name, column)
            )


def plain_name(table: str) -> str:
    """A table's name without quotes that it does not need.

    >>> plain_name('"raw"."flights"'), plain_name('"a b".t')
    ('raw.flights', '"a b".t')
    """
    parts = [part.name for part in parse_table(table).parts]
    return ".".join(part if part.isidentifier() else f'"{part}"' for part in parts)


def _columns(session: Session, name: str) -> dict[str, str]:
    try:
        return session.columns(parse_table(name))
    except QueryError:
        return {}


def _add_view(graph: Graph, view: FeatureView) -> None:
    for entity in view.entities:
        graph.add(Node("entity", entity.name), Node("feature_view", view.name))
    source = view.source
    graph.add(Node("data_source", source.name), Node("feature_view", view.name))
    spelled = {edge.downstream.column.lower(): edge.downstream.column for edge in graph.edges
               if edge.downstream.kind == "data_source" and edge.downstream.name == source.name
               and edge.downstream.column}  # fmt: skip

    def origin(column: str) -> Node:
        return Node("data_source", source.name, spelled.get(column.lower(), column))

    when = {name for name in (source.timestamp_field, source.created_timestamp_column, source.valid_to) if name}
    which = {*when, *view.join_keys, *_columns_in([view.filter])}
    for key in view.join_keys:
        graph.add(origin(key), Node("feature_view", view.name, key))
    values = {each.name: _columns_in([each.expr]) or {each.name} for each in view.schema_}
    rows = {each.name: which for each in view.schema_}
    for aggregation in view.aggregations:
        of = _columns_in([aggregation.expr])
        of |= {aggregation.column} if aggregation.column else set()
        for name, _ in aggregation.features():
            values[name], rows[name] = of, which | _columns_in([aggregation.where, aggregation.since])
    for name, of in values.items():
        for column in rows[name] - of:
            graph.add(origin(column), Node("feature_view", view.name, name), direct=False)
        for column in of:
            graph.add(origin(column), Node("feature_view", view.name, name))


def _columns_in(expressions: Iterable[str | None]) -> set[str]:
    return {name for text in expressions if text for name in columns_of(parse_expression(text))}


def _add_service(graph: Graph, definitions: DefinitionSet, service: FeatureService) -> None:
    for feature in resolve(definitions, service.references):
        graph.add(_feature_node(feature), Node("feature_service", service.name, feature.name))


def _add_model(graph: Graph, session: Session, definitions: DefinitionSet, model: Model) -> None:
    spine = parse_select(model.spine)
    tables = {name: _columns(session, name) for name in tables_read(spine)}
    known = origins(spine, tables) or {}
    for name in tables:
        graph.add(Node("table", plain_name(name)), Node("model", model.name))
    for feature in resolve(definitions, model.service.references):
        graph.add(Node("feature_service", model.service.name, feature.name), Node("model", model.name, feature.name))
    for feature in with_inputs(definitions, resolve(definitions, model.service.references)):
        if isinstance(feature.origin, RequestSource):
            for table, column in known.get(feature.name.lower(), ()):
                # the spine is where a request's columns come from while a model learns and is scored in batches
                graph.add(Node("table", plain_name(table), _own(tables[table], column)), _feature_node(feature))


def _own(columns: Iterable[str], name: str) -> str:
    """A column's own spelling."""
    return next((column for column in columns if column.lower() == name.lower()), name)


# ── what was made ──────────────────────────────────────────────────────────────────────────────────────


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


# ── trees ──────────────────────────────────────────────────────────────────────────────────────────────


def tree(node: Node, edges: Collection[Edge], *, up: bool) -> Iterator[tuple[int, Node, bool]]:
    """The nodes below one as a tree: depth, node, and whether it stands there by its values; each in full once."""
    below: dict[Node, list[tuple[Node, bool]]] = {}
    for edge in sorted(edges):
        here, there = (edge.downstream, edge.upstream) if up else (edge.upstream, edge.downstream)
        below.setdefault(here, []).append((there, edge.direct))
    seen: set[Node] = set()

    def walk(here: Node, depth: int) -> Iterator[tuple[int, Node, bool]]:
        if here in seen:
            return
        seen.add(here)
        for there, direct in below.get(here, ()):
            yield depth, there, direct
            yield from walk(there, depth + 1)

    return walk(node, 0)


def tables_behind(graph: Graph, node: Node) -> Sequence[tuple[Node, bool]]:
    """The columns of tables that a column is made from, each with whether by its values all the way."""
    upstream: dict[Node, list[Edge]] = {}
    for edge in graph.reached(node, up=True):
        upstream.setdefault(edge.downstream, []).append(edge)
    found: dict[Node, bool] = {}
    waiting, seen = [(node, True)], {(node, True)}
    while waiting:
        here, direct = waiting.pop()
        for edge in upstream.get(here, ()):
            step = (edge.upstream, direct and edge.direct)
            if step in seen:
                continue
            seen.add(step)
            waiting.append(step)
            if edge.upstream.kind == "table":
                found[edge.upstream] = found.get(edge.upstream, False) or step[1]
    return sorted(found.items())
