"""Lineage that definitions tell: from columns of tables through sources and views to services and models."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from aops_indb.engines import Session
from aops_indb.errors import QueryError
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.definitions import (
    EVENT_TIMESTAMP,
    AliasedView,
    DataSource,
    Definition,
    FeatureService,
    FeatureView,
    OnDemandFeature,
    RequestSource,
    ViewHistory,
)
from aops_indb.features.model import Model
from aops_indb.features.spine import Feature, resolve, with_inputs
from aops_indb.sqlgen.lineage import Origin, origins
from aops_indb.sqlgen.parse import columns_of, parse_expression, parse_select, tables_read
from aops_indb.sqlgen.statements import Query, parse_table
from aops_indb.workflows.desired import source_types
from aops_indb.workflows.lineage import Graph, Node


def plain_name(table: str) -> str:
    """A table's name without quotes that it does not need.

    >>> plain_name('"raw"."flights"'), plain_name('"a b".t')
    ('raw.flights', '"a b".t')
    """
    parts = [part.name for part in parse_table(table).parts]
    return ".".join(part if part.isidentifier() else f'"{part}"' for part in parts)


@dataclass(frozen=True, slots=True)
class DefinitionReader:
    """Adds to a graph what definitions are made from; the warehouse is asked for columns alone."""

    definitions: DefinitionSet
    session: Session
    graph: Graph = field(default_factory=Graph)
    # what a view is over -> its columns by their names in lower case
    _spelled: dict[Node, dict[str, str]] = field(default_factory=dict)

    def add(self, definition: Definition) -> None:
        """What one definition is made from; of a model too where the request columns come from that it learns with."""
        match definition:
            case DataSource():
                self._add_source(definition)
            case AliasedView():
                self._add_alias(definition)
            case FeatureView():
                self._add_view(definition)
            case OnDemandFeature():
                for given in resolve(self.definitions, definition.inputs):
                    self.graph.add(self._feature(given), Node("on_demand_feature", definition.name, definition.name))
            case FeatureService():
                for given in resolve(self.definitions, definition.references):
                    self.graph.add(self._feature(given), Node("feature_service", definition.name, given.name))
            case Model():
                self._add_model(definition)

    def _feature(self, feature: Feature) -> Node:
        match feature.origin:
            case AliasedView():
                return Node("feature_view_alias", feature.origin.name, feature.own_name)
            case FeatureView():
                return Node("feature_view", feature.origin.name, feature.name)
            case RequestSource():
                return Node("request_source", feature.origin.name, feature.name)
            case OnDemandFeature():
                return Node("on_demand_feature", feature.origin.name, feature.name)

    def _add_source(self, source: DataSource) -> None:
        whole, types = Node("data_source", source.name), source_types(source, self.session)
        if source.table is not None:
            table = plain_name(source.table)
            self.graph.add(Node("table", table), whole)
            for column in types:
                self.graph.add(Node("table", table, column), Node(whole.kind, whole.name, column))
            return
        known = self._add_tables(parse_select(source.query or ""), whole)
        for column in types:
            for table_column in known.get(column.lower(), ()):
                self.graph.add(table_column, Node(whole.kind, whole.name, column))

    def _add_tables(self, query: Query, whole: Node) -> dict[str, list[Node]]:
        """Note the tables that a query reads; column of it, in lower case -> columns of tables it is made from."""
        tables = {name: _columns(self.session, name) for name in tables_read(query)}
        for name in tables:
            self.graph.add(Node("table", plain_name(name)), whole)

        def node(origin: Origin) -> Node:
            table, column = origin
            own = next((each for each in tables[table] if each.lower() == column.lower()), column)
            return Node("table", plain_name(table), own)

        return {column: [node(origin) for origin in found] for column, found in (origins(query, tables) or {}).items()}

    def _add_view(self, view: FeatureView) -> None:
        whole = Node("feature_view", view.name)
        for entity in view.entities:
            self.graph.add(Node("entity", entity.name), whole)
        self.graph.add(self._source(view.source), whole)
        for key in view.join_keys:
            self._add_column(view, key, {key}, set())
        which = _deciding(view)
        for field_ in view.schema_:
            self._add_column(view, field_.name, _columns_in([field_.expr]) or {field_.name}, which)
        for part in view.aggregations:
            of = _columns_in([part.expr]) | ({part.column} if part.column else set())
            for name, _ in part.features():
                self._add_column(view, name, of, which | _columns_in([part.where, part.since]))

    def _add_column(self, view: FeatureView, name: str, values: set[str], rows: set[str]) -> None:
        """A column of a view, by the columns that its values and its rows come from."""
        for columns, direct in ((values, True), (rows - values, False)):
            for column in columns:
                for origin in self._origins(view.source, column):
                    self.graph.add(origin, Node("feature_view", view.name, name), direct=direct)

    def _source(self, source: DataSource) -> Node:
        if isinstance(source, ViewHistory):
            return Node("feature_view", self.definitions.view(source.of.reference_name).name)
        return Node("data_source", source.name)

    def _origins(self, source: DataSource, column: str) -> set[Node]:
        """A column of a source; of the moments of a view's history, what decides when they are."""
        if isinstance(source, ViewHistory) and column.lower() == EVENT_TIMESTAMP:
            return {node for each in _deciding(source.of) for node in self._origins(source.of.source, each)}
        whole = self._source(source)
        if whole not in self._spelled:
            self._spelled[whole] = {name.lower(): name for name in source_types(source, self.session)}
        return {Node(whole.kind, whole.name, self._spelled[whole].get(column.lower(), column))}

    def _add_alias(self, view: AliasedView) -> None:
        of, whole = self.definitions.view(view.of.reference_name), Node("feature_view_alias", view.name)
        self.graph.add(Node("feature_view", of.name), whole)
        for name in (*view.join_keys, *(feature.name for feature in view.features)):
            self.graph.add(Node("feature_view", of.name, name), Node(whole.kind, whole.name, name))

    def _add_model(self, model: Model) -> None:
        known = self._add_tables(parse_select(model.spine), Node("model", model.name))
        features = resolve(self.definitions, model.service.references)
        for feature in features:
            given = Node("feature_service", model.service.name, feature.name)
            self.graph.add(given, Node("model", model.name, feature.name))
        for feature in with_inputs(self.definitions, features):
            if isinstance(feature.origin, RequestSource):
                for table_column in known.get(feature.name.lower(), ()):
                    # the spine is where a request's columns come from while a model learns and is scored in batches
                    self.graph.add(table_column, self._feature(feature))


def _deciding(view: FeatureView) -> set[str]:
    """The columns of a view's source that say which of its rows count, and when."""
    source = view.source
    times = {name for name in (source.timestamp_field, source.created_timestamp_column, source.valid_to) if name}
    return {*times, *view.join_keys, *_columns_in([view.filter])}


def _columns_in(expressions: Iterable[str | None]) -> set[str]:
    return {name for text in expressions if text for name in columns_of(parse_expression(text))}


def _columns(session: Session, name: str) -> dict[str, str]:
    try:
        return session.columns(parse_table(name))
    except QueryError:
        return {}


def affected(definitions: DefinitionSet, changed: Collection[tuple[str, str]]) -> dict[tuple[str, str], Definition]:
    """The definitions whose columns may be made from others once some have changed: those, and what lists theirs."""
    found: dict[tuple[str, str], Definition] = {}
    views = {name for kind, name in changed if kind == "feature_view"}
    for name in views & set(definitions.views):
        source = definitions.views[name].source
        if not isinstance(source, ViewHistory):
            found["data_source", source.name] = source
    owners = {name for _, name in changed}
    for name, alias in definitions.aliased_views.items():
        if definitions.view(alias.of.reference_name).name in views:
            found["feature_view_alias", name] = alias
            owners.add(name)
    services = {name for kind, name in changed if kind == "feature_service"}
    services |= {n for n, service in definitions.services.items() if owners & _owners(definitions, service)}
    found |= {("feature_service", name): definitions.services[name] for name in services & set(definitions.services)}
    models = {n: m for n, m in definitions.models.items() if m.service.name in services or ("model", n) in changed}
    found |= {("model", name): model for name, model in models.items()}
    if models or any(kind in ("on_demand_feature", "request_source") for kind, _ in changed):
        found |= {("request_source", name): request for name, request in definitions.requests.items()}
        found |= {("model", name): model for name, model in definitions.models.items()}
    known: Mapping[str, Mapping[str, Definition]] = definitions.by_kind
    return found | {(kind, n): known[kind][n] for kind, n in changed if n in known.get(kind, {})}


def _owners(definitions: DefinitionSet, service: FeatureService) -> set[str]:
    """The names of what a service has features of, as they stand in the warehouse."""
    return {feature.origin.name for feature in resolve(definitions, service.references)}
