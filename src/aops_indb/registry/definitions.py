"""Definitions as applied: the ones in force, and every version before them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from aops_indb.engines import Session
from aops_indb.registry import audit
from aops_indb.registry.actor import Actor, now
from aops_indb.registry.ids import next_id
from aops_indb.registry.tables import DEFINITION_COLUMNS, DEFINITIONS, LINEAGE_EDGES

Key = tuple[str, str]


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


def applied_definitions(session: Session) -> dict[Key, DefinitionRecord]:
    """The definitions in force, by kind and name, in the order they were applied."""
    execute = session.connection.execute
    columns: dict[int, list[ColumnRecord]] = {}
    for row in execute(select(DEFINITION_COLUMNS).order_by(DEFINITION_COLUMNS.c.position)):
        columns.setdefault(row.definition_id, []).append(ColumnRecord(row.column_name, row.dtype, row.description))
    upstream: dict[int, list[Key]] = {}
    for row in execute(select(LINEAGE_EDGES).order_by(LINEAGE_EDGES.c.position)):
        upstream.setdefault(row.definition_id, []).append((row.upstream_kind, row.upstream_name))
    in_force = select(DEFINITIONS).where(DEFINITIONS.c.retired_at.is_(None)).order_by(DEFINITIONS.c.definition_id)
    return {
        (row.kind, row.name): _record(row, columns.get(row.definition_id, []), upstream.get(row.definition_id, []))
        for row in execute(in_force)
    }


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
    )


def record_definition(session: Session, record: DefinitionRecord, *, actor: Actor) -> int:
    """Put a definition in force in place of the one before; returns its version.

    The version goes up when the fingerprint changes, not when the same definition compiles to other SQL.
    """
    before = _newest(session, record.kind, record.name)
    version = 1 if before is None else before.version + (before.fingerprint != record.fingerprint)
    _retire(session, record.kind, record.name, actor)
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
        "applied_at": now(),
        "applied_by": actor.name,
    }
    session.connection.execute(insert(DEFINITIONS), [row])
    _record_columns(session, definition_id, record)
    _record_lineage(session, definition_id, version, record)
    audit.record(
        session,
        actor=actor,
        action="add" if before is None else "change",
        kind=record.kind,
        name=record.name,
        version=version,
        details={"fingerprint": record.fingerprint},
    )
    return version


def remove_definition(session: Session, kind: str, name: str, *, actor: Actor) -> None:
    """Put a definition out of force; its versions are kept."""
    _retire(session, kind, name, actor)
    audit.record(session, actor=actor, action="remove", kind=kind, name=name)


def _newest(session: Session, kind: str, name: str) -> Any:
    named = (DEFINITIONS.c.kind == kind) & (DEFINITIONS.c.name == name)
    query = select(DEFINITIONS.c.version, DEFINITIONS.c.fingerprint).where(named)
    return session.connection.execute(query.order_by(DEFINITIONS.c.definition_id.desc()).limit(1)).first()


def _retire(session: Session, kind: str, name: str, actor: Actor) -> None:
    in_force = (DEFINITIONS.c.kind == kind) & (DEFINITIONS.c.name == name) & DEFINITIONS.c.retired_at.is_(None)
    session.connection.execute(update(DEFINITIONS).where(in_force).values(retired_at=now(), retired_by=actor.name))


def _record_columns(session: Session, definition_id: int, record: DefinitionRecord) -> None:
    rows = [
        {
            "definition_id": definition_id,
            "position": position,
            "column_name": column.name,
            "dtype": column.dtype,
            "description": column.description,
        }
        for position, column in enumerate(record.columns)
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
        for position, (kind, name) in enumerate(record.depends_on)
    ]
    if rows:
        session.connection.execute(insert(LINEAGE_EDGES), rows)
