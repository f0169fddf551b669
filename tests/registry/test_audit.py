"""The audit trail: nobody alters it unnoticed."""

from __future__ import annotations

import datetime as dt
import getpass
import subprocess
import threading
from collections.abc import Callable

import pytest

from aops_indb.engines import Engine, Session
from aops_indb.errors import QueryError
from aops_indb.registry import Actor, audit, current_actor, prepare, verify_audit

ANNA = Actor("Anna Müller", "AOPS_ACTOR")

RECORD_MANY = """
from aops_indb.engines import engine_for
from aops_indb.registry import Actor, audit, prepare
for n in range(5):
    with engine_for("duckdb:///warehouse.duckdb", wait=600).session() as session:
        prepare(session)
        audit.record(session, actor=Actor("robot", "AOPS_ACTOR"), action="test", kind="model", name=str(n))
"""

UNLOCK = "DROP TRIGGER audit_log_no_update ON aops.audit_log; DROP TRIGGER audit_log_no_delete ON aops.audit_log"


def note(session: Session, *names: str) -> None:
    for name in names:
        audit.record(
            session, actor=ANNA, action="promote", kind="model", name=name, version=2, details={"alias": "champion"}
        )


def rows(session: Session) -> int:
    (count,) = session.native.execute("SELECT count(*) FROM aops.audit_log").fetchone() or (0,)
    return int(count)


def test_a_row_says_who_did_what_when(session: Session) -> None:
    before = dt.datetime.now(dt.UTC)
    note(session, "flight_delay")
    row = session.native.execute("SELECT * EXCLUDE (prev_hash, row_hash) FROM aops.audit_log ORDER BY seq").fetchall()[
        -1
    ]
    assert row[0] == 2  # after the migration's own
    assert before <= row[1] <= dt.datetime.now(dt.UTC)
    assert row[2:] == (
        "Anna Müller",
        "AOPS_ACTOR",
        "promote",
        "model",
        "flight_delay",
        2,
        '{"alias": "champion"}',
    )


ODD_DETAILS: list[dict[str, object]] = [
    {},
    {"b": 1, "a": [1, 2.5, None, True], "nested": {"z": "ü\n\"'", "y": {}}},
    {"1e400": 1e308, "tiny": 5e-324, "third": 1 / 3, "big": 2**63, "minus zero": -0.0},
    {"tuple": (1, 2)},
]


@pytest.mark.parametrize("details", ODD_DETAILS)
@pytest.mark.parametrize("name", ["", "select", 'a "b" c', "o'hare", "航班", "line\nbreak", "null"])
def test_what_was_written_verifies(session: Session, name: str, details: dict[str, object]) -> None:
    audit.record(session, actor=ANNA, action="test", kind="model", name=name, details=details)
    note(session, "after")
    assert verify_audit(session) is None


# what is done -> what is found
TAMPERING = {
    "UPDATE aops.audit_log SET actor = 'nobody' WHERE seq = 3": "row 3 was altered",
    "UPDATE aops.audit_log SET actor_source = 'x' WHERE seq = 3": "row 3 was altered",
    "UPDATE aops.audit_log SET action = 'x' WHERE seq = 3": "row 3 was altered",
    "UPDATE aops.audit_log SET kind = 'x' WHERE seq = 3": "row 3 was altered",
    "UPDATE aops.audit_log SET name = 'x' WHERE seq = 3": "row 3 was altered",
    "UPDATE aops.audit_log SET version = 3 WHERE seq = 3": "row 3 was altered",
    "UPDATE aops.audit_log SET version = NULL WHERE seq = 3": "row 3 was altered",
    """UPDATE aops.audit_log SET details = '{"alias": "x"}' WHERE seq = 3""": "row 3 was altered",
    "UPDATE aops.audit_log SET recorded_at = recorded_at + INTERVAL 1 MICROSECOND WHERE seq = 3": "row 3 was altered",
    "UPDATE aops.audit_log SET prev_hash = row_hash WHERE seq = 3": "row 3 was altered",
    "UPDATE aops.audit_log SET row_hash = prev_hash WHERE seq = 3": "row 3 was altered",
    "DELETE FROM aops.audit_log WHERE seq = 3": "row 3 is missing",
    "DELETE FROM aops.audit_log WHERE seq = 1": "row 1 is missing",
    "DELETE FROM aops.audit_log WHERE seq = 3; UPDATE aops.audit_log SET seq = 3 WHERE seq = 4": "row 3 was altered",
    "INSERT INTO aops.audit_log SELECT * REPLACE (9 AS seq) FROM aops.audit_log WHERE seq = 3": "row 5 is missing",
    "UPDATE aops.audit_log SET seq = 7 - seq WHERE seq IN (3, 4)": "row 3 was altered",
}


@pytest.mark.parametrize("statements", TAMPERING)
def test_the_first_altered_row_is_named(session: Session, statements: str) -> None:
    note(session, "a", "b", "c")
    assert verify_audit(session) is None
    session.run_script(UNLOCK)
    session.run_script(statements)
    found = verify_audit(session)
    assert found is not None
    assert found.startswith(TAMPERING[statements])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE aops.audit_log SET actor = 'nobody'",
        "UPDATE aops.audit_log SET actor = 'nobody' WHERE seq = 2",
        "DELETE FROM aops.audit_log",
        "DELETE FROM aops.audit_log WHERE seq = 2",
        "TRUNCATE aops.audit_log",
        "INSERT OR REPLACE INTO aops.audit_log SELECT * FROM aops.audit_log",
        "MERGE INTO aops.audit_log USING (SELECT 1 AS n) ON seq = n WHEN MATCHED THEN DELETE",
    ],
)
def test_the_table_takes_additions_only(engine: Engine, statement: str) -> None:
    with engine.session() as session:
        prepare(session)
        note(session, "a", "b")
    with engine.session() as session:  # also after the file was closed and opened again
        with pytest.raises(QueryError, match=r"append-only|not supported on tables with triggers"):
            session.run_script(statement)
        assert rows(session) == 3
        assert verify_audit(session) is None


def test_what_did_not_happen_leaves_no_row(session: Session) -> None:
    def fail() -> None:
        with session.transaction():
            note(session, "a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert rows(session) == 1
    note(session, "b")
    assert rows(session) == 2
    assert verify_audit(session) is None


def test_many_writers_make_one_chain(engine: Engine, spawn: Callable[[str], subprocess.Popen[str]]) -> None:
    processes = [spawn(RECORD_MANY) for _ in range(2)]
    for process in processes:
        _, errors = process.communicate()
        assert process.returncode == 0, errors

    def write() -> None:
        with engine.session() as session:
            note(session, *"abcde")

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.session() as session:
        assert rows(session) == 1 + 2 * 5 + 4 * 5
        assert verify_audit(session) is None


# ── actors ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("variable", "actor"),
    [
        ("Anna Müller", Actor("Anna Müller", "AOPS_ACTOR")),
        ("  anna ", Actor("anna", "AOPS_ACTOR")),
        ("", Actor(getpass.getuser(), "operating system")),
        (" ", Actor(getpass.getuser(), "operating system")),
        (None, Actor(getpass.getuser(), "operating system")),
    ],
)
def test_who_acts(variable: str | None, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    if variable is None:
        monkeypatch.delenv("AOPS_ACTOR", raising=False)
    else:
        monkeypatch.setenv("AOPS_ACTOR", variable)
    assert current_actor() == actor


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.delenv("AOPS_ACTOR", raising=False)
    monkeypatch.setattr("getpass.getuser", nameless)
    monkeypatch.setattr("os.getuid", lambda: 1234)
    assert current_actor() == Actor("uid 1234", "operating system")
