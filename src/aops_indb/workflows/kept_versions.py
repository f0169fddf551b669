"""Versions of feature views that are no longer defined, and that live models are bound to: they stay as they were."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from aops_indb.engines import Session
from aops_indb.features.views import AS_OF_SUFFIX, HISTORY_SUFFIX, SCHEMA, WarehouseObject
from aops_indb.registry import DefinitionRecord, aliases, model_version, trained_versions
from aops_indb.sqlgen.parse import columns_of, parse_select
from aops_indb.sqlgen.statements import comment, create_table_macro, create_view, table
from aops_indb.workflows.desired import Desired
from aops_indb.workflows.downstream import VIEW, Key, Records
from aops_indb.workflows.lacking import require_done

_BESIDE = "a version of a view beside the one that takes its place"
_SUFFIX = re.compile(r"__v[0-9]+")
# What the parameter of an as-of function can be called; a later one where the source has a column of the one before.
_PARAMETERS = ("as_of_time_asked_for", "as_of_ts", "ts")


def base_name(view: str) -> str:
    """The name that a view has without its version.

    >>> base_name("delay__v1"), base_name("delay")
    ('delay', 'delay')
    """
    return _SUFFIX.sub("", view) if _SUFFIX.fullmatch(view[view.rfind("__v") :]) else view


def bound_versions(session: Session) -> dict[tuple[str, str], tuple[str, ...]]:
    """(view without version, fingerprint) -> the live versions of models bound to it, as model:version (alias)."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for model in dict.fromkeys(model for model, *_ in trained_versions(session)):
        for alias, number in sorted(aliases(session, model).items()):
            bound = model_version(session, model, number).feature_view_versions
            for view, fingerprint in bound.items():
                key = (base_name(view), fingerprint)
                found[key] = (*found.get(key, ()), f"{model}:{number} ({alias})")
    return found


def kept_versions(
    applied: Records, wanted: Records, bound: Mapping[tuple[str, str], tuple[str, ...]], engine: str = "duckdb"
) -> dict[Key, tuple[Desired, tuple[str, ...]]]:
    """Versions in force that are defined no longer, by the name they stay under, and what is bound to each."""
    found: dict[Key, tuple[Desired, tuple[str, ...]]] = {}
    for (kind, name), record in applied.items():
        binders = bound.get((base_name(name), record.fingerprint), ())
        if kind != VIEW or not binders:
            continue
        if _SUFFIX.fullmatch(name.removeprefix(base_name(name))) and (kind, name) not in wanted:
            require_done(engine, _BESIDE)
            found[kind, name] = (Desired(record, _objects(record, name)), binders)
        own = _superseded(record, wanted.get((kind, name)))
        if own is not None and (kind, own) not in wanted:
            require_done(engine, _BESIDE)
            found[kind, own] = (_renamed(record, own), binders)
    return found


def _superseded(record: DefinitionRecord, wanted: DefinitionRecord | None) -> str | None:
    """The name a view gets that another version takes the place of; None if none does."""
    version = record.definition.get("version")
    if version is None or wanted is None or wanted.definition.get("version") in (None, version):
        return None
    return f"{record.name}__v{version}"


def _renamed(record: DefinitionRecord, own: str) -> Desired:
    """A view as it was, made under another name from its own SQL."""
    objects = _objects(record, own)
    definition = {key: value for key, value in record.definition.items() if key != "version"}
    sql = {item.name: record.sql[record.name + item.name.removeprefix(own)] for item in objects}
    kept = replace(record, name=own, definition={**definition, "name": own}, sql=sql, made_as={}, compiled_from="")
    return Desired(kept, objects)


def _objects(record: DefinitionRecord, own: str) -> tuple[WarehouseObject, ...]:
    return tuple(
        _object(own + suffix, record.sql[record.name + suffix], f"{record.description or record.name}, as it was")
        for suffix in ("", HISTORY_SUFFIX, AS_OF_SUFFIX)
    )


def _object(name: str, sql: str, text: str) -> WarehouseObject:
    query, target = parse_select(sql), table(name, SCHEMA)
    if not name.endswith(AS_OF_SUFFIX):
        statements = (create_view(target, query), comment("VIEW", target.copy(), text))
        return WarehouseObject.of("view", name, query, statements)
    parameter = next(each for each in _PARAMETERS if each in columns_of(query))
    macro = create_table_macro(target, [parameter], query)
    return WarehouseObject.of("macro", name, query, (macro, comment("MACRO TABLE", target.copy(), text)))
