"""What the definitions ask of the warehouse: for each definition a record, and the objects it is made as."""

from __future__ import annotations

import ast
import datetime as dt
import functools
import hashlib
import inspect
import json
import textwrap
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aops_indb.engines import Session
from aops_indb.errors import DefinitionError, QueryError, UnknownNameError
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.definitions import (
    AliasedView,
    Check,
    DataSource,
    Definition,
    FeatureService,
    FeatureView,
    OnDemandFeature,
    ViewHistory,
)
from aops_indb.features.model import Model
from aops_indb.features.source_rows import source_relation
from aops_indb.features.spine import resolve, with_inputs
from aops_indb.features.table_names import require_told_apart
from aops_indb.features.views import WarehouseObject, numbered_objects, warehouse_objects
from aops_indb.registry import ColumnRecord, DefinitionRecord
from aops_indb.sqlgen.build import star
from aops_indb.sqlgen.parse import normal_sql
from aops_indb.sqlgen.statements import select
from aops_indb.workflows.compiled import compiled_from, is_current, surroundings
from aops_indb.workflows.compiled_sql import compiled_sql, shape_of
from aops_indb.workflows.kept_tables import kept_objects
from aops_indb.workflows.lacking import told_of
from aops_indb.workflows.present import Present
from aops_indb.workflows.reader_zone import require_same_in_view, require_same_on_demand
from aops_indb.workflows.view_types import require_castable, require_conditions
from aops_indb.workflows.workspace import Workspace

# Settings of a definition that hold SQL: compared by meaning, not by spacing.
_SQL_SETTINGS = {"query", "expr", "where", "filter", "spine", "target", "population", "condition"}
# Settings that change nothing in what a definition computes.
NOTES = ("description", "tags", "owner", "freshness", "checks", "materialization")
_TIME_TYPES = {"TIMESTAMP WITH TIME ZONE": True, "TIMESTAMPTZ": True, "TIMESTAMP": False}


@dataclass(frozen=True, slots=True)
class Desired:
    """A definition as it shall stand in the warehouse; of a view that stands so already, without its objects."""

    record: DefinitionRecord
    objects: tuple[WarehouseObject, ...] = ()


def desired_state(
    project: Workspace, session: Session, applied: Mapping[tuple[str, str], DefinitionRecord], present: Present
) -> dict[tuple[str, str], Desired]:
    """Every definition by kind and name; DefinitionError if one does not fit the warehouse.

    applied, present: what need not be compiled again
    """
    require_told_apart(project.definitions)
    desired: dict[tuple[str, str], Desired] = {}
    under = surroundings(project, session)
    for kind, named in project.definitions.by_kind.items():
        for name, definition in named.items():
            before, digest = applied.get((kind, name)), ""
            if isinstance(definition, FeatureView):
                digest = compiled_from(definition, _types_read(definition, session), under)
            if before is not None and is_current(before, digest, present):
                desired[kind, name] = Desired(before)
                continue
            with told_of(f"{kind.replace('_', ' ')} '{name}'", where=definition.defined_at):
                if isinstance(definition, AliasedView):
                    made = _desired_alias(project, session, kind, name, definition)
                else:
                    made = _desired(project, session, kind, name, definition)
            made = replace(made, record=replace(made.record, compiled_from=digest))
            desired[kind, name] = _over_its_table(project, session, definition, before, made, present)
    return desired


def _over_its_table(
    project: Workspace,
    session: Session,
    definition: Definition,
    before: DefinitionRecord | None,
    made: Desired,
    present: Present,
) -> Desired:
    """A view that reads the table of its history goes on doing so, unless that is of something else now."""
    if not isinstance(definition, FeatureView) or before is None or not before.kept_in:
        return made
    time_zone = view_time_zone(definition, session)
    objects = kept_objects(
        project, session, definition, before, made.record, made.objects, present, time_zone=time_zone
    )
    if objects is None:
        return made
    return Desired(replace(made.record, kept_in=before.kept_in), objects)


def _types_read(view: FeatureView, session: Session) -> list[dict[str, str]]:
    """Column types of the source of a view, and if that is a view's history, of what that view is made from."""
    types = [source_types(view.source, session)]
    return [*types, *_types_read(view.source.of, session)] if isinstance(view.source, ViewHistory) else types


def _desired_alias(project: Workspace, session: Session, kind: str, name: str, view: AliasedView) -> Desired:
    """Nothing is made of it: it is a way to join the view."""
    record = _record(project, session, kind, name, view, view_objects(project, session, view.of))
    return Desired(replace(record, sql={}))


def _desired(project: Workspace, session: Session, kind: str, name: str, definition: Definition) -> Desired:
    objects = view_objects(project, session, definition) if isinstance(definition, FeatureView) else ()
    record = _record(project, session, kind, name, definition, objects)
    if isinstance(definition, OnDemandFeature):
        require_same_on_demand(definition, project.definitions, session)
    return Desired(record, objects)


def view_objects(project: Workspace, session: Session, view: FeatureView) -> tuple[WarehouseObject, ...]:
    """What a view is made as; DefinitionError if it does not fit its source."""
    time_zone = view_time_zone(view, session)
    try:
        require_conditions(view, session)
        require_same_in_view(view, session)
        require_castable(view, session)
        made = warehouse_objects(view, now=project.now, time_zone=time_zone, types_of=session.columns)
        if view.version is None:
            return made
        return (*made, *numbered_objects(view, view.version, time_zone=time_zone))
    except QueryError as error:
        raise DefinitionError(f"feature view '{view.name}': {error}", where=view.defined_at) from error


def _record(
    project: Workspace,
    session: Session,
    kind: str,
    name: str,
    definition: Definition,
    objects: tuple[WarehouseObject, ...],
) -> DefinitionRecord:
    return DefinitionRecord(
        kind=kind,
        name=name,
        fingerprint=fingerprint(definition),
        definition={**canonical(definition), **_comments_on_keys(definition)},
        description=definition.description,
        owner=definition.owner,
        tags=definition.tags,
        sql=compiled_sql(objects, project.engine.dialect),
        columns=_columns(project, session, definition, objects),
        depends_on=_dependencies(project.definitions, definition),
    )


def fingerprint(definition: Definition) -> str:
    """A digest of what a definition computes: two of one fingerprint give the same features."""
    said = meaning(definition)
    if type(definition) is FeatureView:
        # a version that another follows gets another name, and is what it was
        said = {setting: value for setting, value in said.items() if setting not in ("name", "version")}
    return _digest([said, *_meaning_of_parts(definition)])


def _comments_on_keys(definition: Definition) -> dict[str, Any]:
    """What a view's entities say of its keys: not its own words, but comments on its columns all the same."""
    if not isinstance(definition, FeatureView):
        return {}
    texts = {key: entity.description for entity in definition.entities for key in entity.join_keys}
    return {"comments": told} if (told := {key: text for key, text in texts.items() if text}) else {}


def meaning(definition: Definition) -> dict[str, Any]:
    """A definition as plain data, without what is only said of it: a model need not learn anew for that."""
    return canonical(definition, without=NOTES)


def canonical(definition: Definition, *, without: Collection[str] = ()) -> dict[str, Any]:
    """A definition as plain data; other definitions in it by name, SQL without regard to spacing and case."""
    content: dict[str, Any] = {}
    for setting, field in type(definition).model_fields.items():
        if setting in without:
            continue
        value = _plain(getattr(definition, setting), without)
        if value not in (None, "", [], {}):
            label = field.alias or setting
            content[label] = normal_sql(value) if label in _SQL_SETTINGS and isinstance(value, str) else value
    return content


def _plain(value: Any, without: Collection[str]) -> Any:
    match value:
        case Definition() if hasattr(value, "name") and type(value).__name__ in _BY_NAME:
            return getattr(value, "reference_name", value.name)
        case Definition():
            return canonical(value, without=without)
        case dict():
            return {str(key): _plain(item, without) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item, without) for item in value]
        case None | bool() | int() | float() | str():
            return value
        case dt.datetime() if value.tzinfo:
            return str(value.astimezone(dt.UTC))
        case functools.partial():
            return [_plain(part, without) for part in (value.func, value.args, value.keywords)]
        case _ if callable(value):
            return (
                f"{value.__module__}.{getattr(value, '__qualname__', type(value).__qualname__)} {_code_digest(value)}"
            )
        case _:
            return str(value)


def _code_digest(function: Callable[..., Any]) -> str:
    """A digest of what a function does, without regard to comments and spacing; empty if there is no source.

    What it calls is not followed; constants of its module are.
    """
    try:
        tree = ast.dump(ast.parse(textwrap.dedent(inspect.getsource(function))))
        used = inspect.getclosurevars(function)
    except (OSError, TypeError, SyntaxError):
        return ""
    constants = {name: text for name, value in sorted(used.globals.items()) if (text := _constant(value))}
    return hashlib.sha256(f"{tree} {constants}".encode()).hexdigest()[:12]


def _constant(value: Any) -> str:
    """A plain value as text; empty for anything else, whose text may differ from process to process."""
    try:
        return json.dumps(value, sort_keys=True)
    except (TypeError, ValueError):
        return ""


# Definitions that others refer to by name.
_BY_NAME = {
    "Entity", "DataSource", "RequestSource", "FeatureView", "AliasedView", "ViewHistory",
    "OnDemandFeature", "FeatureService", "Model",
}  # fmt: skip


def _meaning_of_parts(definition: Definition) -> list[dict[str, Any]]:
    """What a view is made from, so that a view is another one when its source is."""
    if not isinstance(definition, FeatureView):
        return []
    if isinstance(definition.source, ViewHistory):
        source = [meaning(definition.source.of), *_meaning_of_parts(definition.source.of)]
    else:
        source = [meaning(definition.source)]
    return [*source, *(meaning(entity) for entity in definition.entities)]


def _digest(content: list[dict[str, Any]]) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def view_time_zone(view: FeatureView, session: Session) -> bool:
    """Whether the source's times have a time zone; DefinitionError if the source does not fit the view."""
    types = source_types(view.source, session)
    needed = {**dict.fromkeys(view.join_keys, "join key")}
    needed |= {a.column: "aggregated column" for a in view.aggregations if a.column}
    needed |= {f.name: "field" for f in view.schema_ if f.expr is None}
    folded = {column.lower() for column in types}
    for column, role in needed.items():
        if column.lower() not in folded:
            cause = UnknownNameError(f"{role} of source '{view.source.name}'", column, types)
            raise DefinitionError(f"feature view '{view.name}': {cause}", where=view.defined_at)
    return _time_zone(view.source, types)


def source_types(source: DataSource, session: Session) -> dict[str, str]:
    """Column types of a source; DefinitionError if it cannot be read."""
    try:
        return session.columns(select([star()], source_relation(source)))
    except QueryError as error:
        raise DefinitionError(f"data source '{source.name}': {error}", where=source.defined_at) from error


def _time_zone(source: DataSource, types: dict[str, str]) -> bool:
    zones = []
    for column in (source.timestamp_field, source.created_timestamp_column, source.valid_to):
        if column is None:
            continue
        sql_type = next((t for name, t in types.items() if name.lower() == column.lower()), None)
        if sql_type is None:
            cause = UnknownNameError(f"column of source '{source.name}'", column, types)
            raise DefinitionError(str(cause), where=source.defined_at)
        if sql_type not in _TIME_TYPES:
            raise DefinitionError(
                f"data source '{source.name}': {column} is {sql_type}, and must be TIMESTAMPTZ or TIMESTAMP; "
                "cast it in the source's query",
                where=source.defined_at,
            )
        zones.append(_TIME_TYPES[sql_type])
    if len(set(zones)) > 1:
        raise DefinitionError(
            f"data source '{source.name}': one of its two times has a time zone and the other has none; "
            "cast one in the source's query",
            where=source.defined_at,
        )
    return zones[0] if zones else True


def _columns(
    project: Workspace, session: Session, definition: Definition, objects: tuple[WarehouseObject, ...]
) -> tuple[ColumnRecord, ...]:
    if isinstance(definition, FeatureView):
        try:
            types = session.columns(shape_of(objects[0], project.engine.dialect))
        except QueryError as error:
            raise DefinitionError(f"feature view '{definition.name}': {error}", where=definition.defined_at) from error
        return tuple(ColumnRecord(f.name, types[f.name], f.description) for f in definition.features)
    if isinstance(definition, OnDemandFeature):
        return (ColumnRecord(definition.name, definition.dtype.value, definition.description),)
    return ()


def _dependencies(definitions: DefinitionSet, definition: Definition) -> tuple[tuple[str, str], ...]:
    match definition:
        case AliasedView():
            of = definitions.view(definition.of.reference_name)
            return (*(("entity", entity.name) for entity in definition.entities), ("feature_view", of.name))
        case FeatureView():
            entities = [("entity", entity.name) for entity in definition.entities]
            if isinstance(definition.source, ViewHistory):
                return (*entities, ("feature_view", definitions.view(definition.source.of.reference_name).name))
            return (*entities, ("data_source", definition.source.name))
        case OnDemandFeature():
            return _origins(definitions, definition, definition.inputs)
        case FeatureService():
            return _origins(definitions, definition, definition.references)
        case Model():
            return (("feature_service", definition.service.name),)
        case Check(on=FeatureView() as on):
            return (("feature_view", definitions.view(on.reference_name).name),)
        case Check(on=DataSource() as on):
            return (("data_source", on.name),)
        case _:
            return ()


def _origins(
    definitions: DefinitionSet, definition: OnDemandFeature | FeatureService, references: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    kinds = {"FeatureView": "feature_view", "AliasedView": "feature_view_alias", "OnDemandFeature": "on_demand_feature"}
    try:
        found = with_inputs(definitions, resolve(definitions, references))
    except UnknownNameError as error:
        title = f"{type(definition).__name__} '{definition.name}'"
        raise DefinitionError(f"{title}: {error}", where=definition.defined_at) from error
    edges = [(kinds.get(type(feature.origin).__name__, "request_source"), feature.origin.name) for feature in found]
    return tuple(dict.fromkeys(edges))
