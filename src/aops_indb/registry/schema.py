"""Numbered migrations of the metadata tables, each applied once, in its own transaction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import column, func, insert, select, table

from aops_indb import __version__
from aops_indb.engines import Session
from aops_indb.errors import SchemaVersionError
from aops_indb.registry import audit
from aops_indb.registry.actor import current_actor, now
from aops_indb.registry.tables import SCHEMA, SCHEMA_MIGRATIONS
from aops_indb.shipped import shipped

_TABLES = table(
    "tables", column("table_catalog"), column("table_schema"), column("table_name"), schema="information_schema"
)


@dataclass(frozen=True, slots=True)
class Migration:
    """A file of sql/metadata/: NNNN_what.sql."""

    version: int
    name: str
    sql: str

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> list[Migration]:
    """All migrations of this release, in order."""
    return [_read(file) for file in sorted(shipped("sql/metadata").glob("[0-9]*.sql"))]


def _read(file: Path) -> Migration:
    number, _, name = file.stem.partition("_")
    return Migration(int(number), name, file.read_text(encoding="utf-8"))


def schema_version(session: Session) -> int:
    """The newest migration applied; 0 if there are no metadata tables."""
    return max(_applied(session), default=0)


def migrate(session: Session) -> list[str]:
    """Apply what is missing; returns the names of what was applied. SchemaVersionError if that cannot be."""
    known = migrations()
    _require_known(_applied(session), known)
    done = [migration for migration in known if _apply(session, migration)]
    return [f"{migration.version:04d}_{migration.name}" for migration in done]


def _apply(session: Session, migration: Migration) -> bool:
    """Apply a migration; whether it had to be: another thread may have come first while this one waited."""
    with session.transaction():
        if migration.version in _applied(session):
            return False
        session.run_script(migration.sql)
        session.connection.execute(insert(SCHEMA_MIGRATIONS), [_row(migration)])
        audit.record(
            session,
            actor=current_actor(),
            action="migrate",
            kind="schema",
            name=migration.name,
            version=migration.version,
            details={"digest": migration.digest, "release": __version__},
        )
    return True


def prepare(session: Session) -> None:
    """Make the metadata tables if there are none; SchemaVersionError if they are of another release.

    >>> from aops_indb.engines import engine_for
    >>> with engine_for("duckdb:///:memory:").session() as session:
    ...     prepare(session)
    ...     schema_version(session) == len(migrations())
    True
    """
    applied, known = _applied(session), migrations()
    if not applied:
        migrate(session)
        return
    _require_known(applied, known)
    if len(applied) < len(known):
        raise SchemaVersionError(
            f"the metadata tables are at version {max(applied)}, this release needs {known[-1].version}: "
            "run  aops migrate"
        )


def _applied(session: Session) -> dict[int, str]:
    """Version -> digest of what was applied."""
    there = select(_TABLES.c.table_name).where(
        _TABLES.c.table_catalog == func.current_database(),
        _TABLES.c.table_schema == SCHEMA,
        _TABLES.c.table_name == SCHEMA_MIGRATIONS.name,
    )
    if session.connection.execute(there).first() is None:
        return {}
    rows = session.connection.execute(select(SCHEMA_MIGRATIONS.c.version, SCHEMA_MIGRATIONS.c.digest))
    return {row.version: row.digest for row in rows}


def _require_known(applied: dict[int, str], known: list[Migration]) -> None:
    digests = {migration.version: migration.digest for migration in known}
    for version, digest in sorted(applied.items()):
        if version not in digests:
            raise SchemaVersionError(
                f"the metadata tables are at version {version}, and this release knows up to {max(digests)}: "
                "upgrade aops-indb"
            )
        if digests[version] != digest:
            raise SchemaVersionError(
                f"migration {version:04d} is not the one that was applied to this warehouse: a released migration "
                "must never be edited; install the release that made the warehouse"
            )


def _row(migration: Migration) -> dict[str, object]:
    return {
        "version": migration.version,
        "name": migration.name,
        "digest": migration.digest,
        "applied_at": now(),
        "applied_by": current_actor().name,
        "release": __version__,
    }
