"""aops lineage: from columns of tables through sources, features, services and models to the views people read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from aops_indb.errors import UnknownNameError


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
    "scored_view", "model_version", "model", "feature_service", "on_demand_feature", "feature_view_alias",
    "feature_view", "request_source", "data_source", "dataset", "entity", "table",
)  # fmt: skip


def _named(graph: Graph, name: str) -> Node:
    nodes = graph.nodes
    found = [node for node in nodes if node.reference == name]
    if not found:
        raise UnknownNameError("definition, table, column or model", name, {node.reference for node in nodes})
    return min(found, key=lambda node: (_KINDS.index(node.kind), node.column is not None))


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
