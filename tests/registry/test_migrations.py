"""The metadata tables: made once, wholly or not at all, and only by the release that knows them."""

from __future__ import annotations

import dataclasses
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from aops_indb.engines import Engine, Session
from aops_indb.errors import QueryError, SchemaVersionError
from aops_indb.registry import migrate, migrations, prepare, schema_version, tables, verify_audit

FIRST = migrations()
SECOND = dataclasses.replace(FIRST[0], version=2, name="more", sql="CREATE TABLE aops.more (a BIGINT)")

KILLED = """
import os, signal
from aops_indb.engines import engine_for
from aops_indb.registry import audit, migrate
audit.record = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
with engine_for("duckdb:///warehouse.duckdb").session() as session:
    migrate(session)
"""


def of_release(monkeypatch: pytest.MonkeyPatch, *known: object) -> None:
    """Let this be a release with these migrations."""
    monkeypatch.setattr("aops_indb.registry.schema.migrations", lambda: list(known))


def metadata(session: Session) -> Iterator[sa.Table]:
    for value in vars(tables).values():
        if isinstance(value, sa.Table):
            yield value


# ── applying ───────────────────────────────────────────────────────────────────────────────────────────


def test_migrations_are_numbered_from_one() -> None:
    assert [migration.version for migration in migrations()] == list(range(1, len(migrations()) + 1))
    assert all(len(migration.digest) == 64 for migration in migrations())


def test_each_is_applied_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    of_release(monkeypatch, *FIRST)
    with engine.session() as session:
        assert schema_version(session) == 0
        assert migrate(session) == [f"{m.version:04d}_{m.name}" for m in FIRST]
        assert migrate(session) == []
    of_release(monkeypatch, *FIRST, SECOND)
    with engine.session() as session:
        assert migrate(session) == ["0002_more"]
        assert schema_version(session) == 2
        assert verify_audit(session) is None
        noted = session.connection.execute(sa.select(tables.AUDIT_LOG).where(tables.AUDIT_LOG.c.action == "migrate"))
        assert [(row.name, row.version) for row in noted] == [("initial", 1), ("more", 2)]


def test_one_that_fails_leaves_the_old_state(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = dataclasses.replace(SECOND, sql=SECOND.sql + "; SELECT * FROM nowhere")
    of_release(monkeypatch, *FIRST, broken)
    with engine.session() as session:
        with pytest.raises(QueryError, match="nowhere"):
            migrate(session)
        assert schema_version(session) == 1
        assert "more" not in session.relations("aops")
        with pytest.raises(SchemaVersionError, match="run  aops migrate"):
            prepare(session)


def test_a_killed_one_leaves_the_old_state(engine: Engine, spawn: Callable[[str], subprocess.Popen[str]]) -> None:
    killed = spawn(KILLED)
    _, errors = killed.communicate()
    assert killed.returncode == -9, errors
    with engine.session() as session:
        assert session.relations("aops") == {}
        assert schema_version(session) == 0
        prepare(session)
        assert schema_version(session) == FIRST[-1].version


def test_two_threads_may_prepare_at_once(engine: Engine) -> None:
    errors: list[BaseException] = []
    ready = threading.Barrier(4)

    def start() -> None:
        try:
            with engine.session() as session:
                ready.wait()
                prepare(session)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with engine.session() as session:
        assert session.connection.execute(sa.select(tables.SCHEMA_MIGRATIONS.c.version)).scalars().all() == [1]


# ── refusing ───────────────────────────────────────────────────────────────────────────────────────────

OTHER_RELEASES: dict[str, tuple[list[object], list[object], str]] = {
    # case: migrations of the release that made the tables, those of this one, what is said
    "older tables": ([*FIRST], [*FIRST, SECOND], "at version 1, this release needs 2: run  aops migrate"),
    "newer tables": ([*FIRST, SECOND], [*FIRST], "at version 2, and this release knows up to 1: upgrade aops-indb"),
    "edited": (
        [*FIRST, SECOND],
        [*FIRST, dataclasses.replace(SECOND, sql=SECOND.sql + " ")],
        "migration 0002 is not the one that was applied",
    ),
}


@pytest.mark.parametrize("case", OTHER_RELEASES)
def test_tables_of_another_release(case: str, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    then, now, says = OTHER_RELEASES[case]
    of_release(monkeypatch, *then)
    with engine.session() as session:
        migrate(session)
    of_release(monkeypatch, *now)
    with engine.session() as session, pytest.raises(SchemaVersionError, match=says):
        prepare(session)


def test_line_endings_do_not_make_a_migration_another(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for migration in FIRST:
        name = f"{migration.version:04d}_{migration.name}.sql"
        (tmp_path / name).write_bytes(migration.sql.replace("\n", "\r\n").encode())
    monkeypatch.setattr("aops_indb.registry.schema.shipped", lambda _: tmp_path)
    assert [m.digest for m in migrations()] == [m.digest for m in FIRST]


# ── what is made ───────────────────────────────────────────────────────────────────────────────────────

SQL_TYPES = {
    sa.String: {"VARCHAR"},
    sa.BigInteger: {"BIGINT", "INTEGER"},
    sa.Double: {"DOUBLE"},
    sa.DateTime: {"TIMESTAMP WITH TIME ZONE"},
    sa.JSON: {"JSON"},
    sa.LargeBinary: {"BLOB"},
    sa.Boolean: {"BOOLEAN"},
}


def test_the_code_knows_the_tables_as_they_are(session: Session) -> None:
    made = session.native.execute("""
        SELECT table_name, list((column_name, data_type) ORDER BY column_index) FROM duckdb_columns()
        WHERE schema_name = 'aops' AND table_name IN (SELECT table_name FROM duckdb_tables()) GROUP BY ALL
    """).fetchall()
    known = {table.name: table for table in metadata(session)}
    assert {name for name, _ in made} == set(known)
    for name, columns in made:
        assert [column for column, _ in columns] == [column.name for column in known[name].columns]
        for column, sql_type in columns:
            assert sql_type in SQL_TYPES[type(known[name].columns[column].type)], f"{name}.{column}"


def test_a_catalogue_finds_every_column_explained(session: Session) -> None:
    unexplained = session.native.execute("""
        SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'aops' AND comment IS NULL
        UNION ALL SELECT table_name, NULL FROM duckdb_tables() WHERE schema_name = 'aops' AND comment IS NULL
        UNION ALL SELECT view_name, NULL FROM duckdb_views() WHERE schema_name = 'aops' AND comment IS NULL
    """).fetchall()
    assert unexplained == []


def test_no_name_needs_quoting(session: Session) -> None:
    from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS

    names = {name for (name,) in session.native.execute("""
        SELECT column_name FROM duckdb_columns() WHERE schema_name = 'aops'
        UNION SELECT table_name FROM duckdb_columns() WHERE schema_name = 'aops'
    """).fetchall()}  # fmt: skip
    duckdb_reserved = session.native.execute(
        "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'"
    ).fetchall()
    assert len(names) > 50
    assert names & (RESERVED_WORDS | {word for (word,) in duckdb_reserved}) == set()


CONTRACT = """
    entities data_sources feature_views feature_view_versions features feature_services datasets registered_models
    model_versions registered_model_aliases artifacts runs params metrics deployments job_runs lineage_edges
    audit_log schema_migrations
"""


def test_the_names_people_rely_on_are_there(session: Session) -> None:
    assert set(CONTRACT.split()) <= set(session.relations("aops"))
