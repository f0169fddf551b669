"""Definitions as applied: the ones in force, and every version before them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, Table, insert, select, update

from aops_indb.engines import Session
from aops_indb.errors import UnknownNameError
from aops_indb.registry import audit
from aops_indb.registry.actor import Actor, now
from aops_indb.registry.atomic import atomic
from aops_indb.registry.ids import next_id
from aops_indb.registry.tables import DEFINITION_COLUMNS, DEFINITIONS, LINEAGE_EDGES

Key = tuple[str, str]

_IN_FORCE = DEFINITIONS.c.retired_at.is_(None)


@dataclass(frozen=True, slots=True)
class ColumnRecord:
    """A feature column: name, SQL type, description."""

    name: str
    dtype: str
    description: str


@dataclass(frozen=True, slots=True)
class DefinitionRecord:
    """A definition as applied.

    fingerprint: digest of its meaning      definition: the definition as plain data
    sql:         object -> query            depends_on: (kind, name) of what it is made from
    made_as:     object -> digest of the text the warehouse keeps of it
    compiled_from: digest of all that the SQL depends on; empty if that cannot be told
    kept_in:     table of its history that its views read; empty if they read the source
    """

    kind: str
    name: str
    fingerprint: str
    definition: Mapping[str, Any]
    description: str
    owner: str
    tags: Mapping[str, str]
    sql: Mapping[str, str]
    columns: tuple[ColumnRecord, ...]
    depends_on: tuple[Key, ...]
    version: int = 0
    made_as: Mapping[str, str] = field(default_factory=dict)
    compiled_from: str = ""
    kept_in: str = ""


def applied_definitions(session: Session) -> dict[Key, DefinitionRecord]:
    """The definitions in force, by kind and name, in the order they were applied."""
    execute = session.connection.execute
    columns: dict[int, list[ColumnRecord]] = {}
    for row in execute(_of_those_in_force(DEFINITION_COLUMNS)):
        columns.setdefault(row.definition_id, []).append(ColumnRecord(row.column_name, row.dtype, row.description))
    upstream: dict[int, list[Key]] = {}
    for row in execute(_of_those_in_force(LINEAGE_EDGES).where(LINEAGE_EDGES.c.column_name.is_(None))):
        upstream.setdefault(row.definition_id, []).append((row.upstream_kind, row.upstream_name))
    in_force = select(DEFINITIONS).where(_IN_FORCE).order_by(DEFINITIONS.c.definition_id)
    return {
        (row.kind, row.name): _record(row, columns.get(row.definition_id, []), upstream.get(row.definition_id, []))
        for row in execute(in_force)
    }


def _of_those_in_force(table: Table) -> Select[Any]:
    in_force = select(DEFINITIONS.c.definition_id).where(_IN_FORCE)
    return select(table).where(table.c.definition_id.in_(in_force)).order_by(table.c.position)


def _record(row: Any, columns: list[ColumnRecord], depends_on: list[Key]) -> DefinitionRecord:
    return DefinitionRecord(
        kind=row.kind,
        name=row.name,
        fingerprint=row.fingerprint,
        definition=row.definition,
        description=row.description,
        owner=row.owner,
        tags=row.tags,
        sql=row.compiled_sql,
        columns=tuple(columns),
        depends_on=tuple(depends_on),
        version=row.version,
        made_as=row.made_as,
        compiled_from=row.compiled_from,
        kept_in=row.kept_in,
    )


@atomic
def record_definition(session: Session, record: DefinitionRecord, *, actor: Actor) -> int:
    """Put a definition in force in place of the one before; returns its version.

    The version goes up when the fingerprint changes, not when the same definition compiles to other SQL.
    """
    before = _newest(session, record.kind, record.name)
    version = 1 if before is None else before.version + (before.fingerprint != record.fingerprint)
    replaces = _retire(session, record.kind, record.name, actor)
    definition_id = next_id(session, DEFINITIONS.c.definition_id)
    row = {
        "definition_id": definition_id,
        "kind": record.kind,
        "name": record.name,
        "version": version,
        "fingerprint": record.fingerprint,
        "definition": dict(record.definition),
        "description": record.description,
        "owner": record.owner,
        "tags": dict(record.tags),
        "compiled_sql": dict(record.sql),
        "made_as": dict(record.made_as),
        "compiled_from": record.compiled_from,
        "kept_in": record.kept_in,
        "applied_at": now(),
        "applied_by": actor.name,
    }
    session.connection.execute(insert(DEFINITIONS), [row])
    _record_columns(session, definition_id, record)
    _record_lineage(session, definition_id, version, record)
    audit.record(
        session,
        actor=actor,
        action="change" if replaces else "add",
        kind=record.kind,
        name=record.name,
        version=version,
        details={"fingerprint": record.fingerprint},
    )
    return version


def note_compiled(session: Session, kind: str, name: str, compiled_from: str) -> None:
    """Note what a definition in force was compiled from, now that it comes out as it was."""
    this = (DEFINITIONS.c.kind == kind) & (DEFINITIONS.c.name == name) & _IN_FORCE
    session.connection.execute(update(DEFINITIONS).where(this).values(compiled_from=compiled_from))


@atomic
def remove_definition(session: Session, kind: str, name: str, *, actor: Actor) -> None:
    """Put a definition out of force; its versions are kept. UnknownNameError if it is not in force."""
    if not _retire(session, kind, name, actor):
        raise UnknownNameError(kind.replace("_", " "), name, _names_in_force(session, kind))
    version = _newest(session, kind, name).version
    audit.record(session, actor=actor, action="remove", kind=kind, name=name, version=version)


def _newest(session: Session, kind: str, name: str) -> Any:
    named = (DEFINITIONS.c.kind == kind) & (DEFINITIONS.c.name == name)
    query = select(DEFINITIONS.c.version, DEFINITIONS.c.fingerprint).where(named)
    return session.connection.execute(query.order_by(DEFINITIONS.c.definition_id.desc()).limit(1)).first()


def _retire(session: Session, kind: str, name: str, actor: Actor) -> bool:
    """Put a definition out of force; whether it was in force."""
    if name not in _names_in_force(session, kind):
        return False
    this = (DEFINITIONS.c.kind == kind) & (DEFINITIONS.c.name == name) & _IN_FORCE
    session.connection.execute(update(DEFINITIONS).where(this).values(retired_at=now(), retired_by=actor.name))
    return True


def _names_in_force(session: Session, kind: str) -> list[str]:
    names = select(DEFINITIONS.c.name).where(DEFINITIONS.c.kind == kind, _IN_FORCE)
    return list(session.connection.execute(names).scalars())


def _record_columns(session: Session, definition_id: int, record: DefinitionRecord) -> None:
    rows = [
        {
            "definition_id": definition_id,
            "position": position,
            "column_name": column.name,
            "dtype": column.dtype,
            "description": column.description,
        }
        for position, column in enumerate(record.columns, start=1)
    ]
    if rows:
        session.connection.execute(insert(DEFINITION_COLUMNS), rows)


def _record_lineage(session: Session, definition_id: int, version: int, record: DefinitionRecord) -> None:
    rows = [
        {
            "kind": record.kind,
            "name": record.name,
            "version": version,
            "definition_id": definition_id,
            "position": position,
            "upstream_kind": kind,
            "upstream_name": name,
        }
        for position, (kind, name) in enumerate(record.depends_on, start=1)
    ]
    if rows:
        session.connection.execute(insert(LINEAGE_EDGES), rows)
