"""Opening a DuckDB file: who may, when, and what is said when it cannot be."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import pytest

from aops_indb.engines import DuckDBEngine, Engine, duckdb_file, engine_for
from aops_indb.errors import SettingsError, WarehouseError, WarehouseLockedError
from aops_indb.sqlgen.build import col, lit
from aops_indb.sqlgen.statements import create_table_as, select, table

HOLD = """
import sys
from aops_indb.engines import engine_for
with engine_for("duckdb:///warehouse.duckdb", wait=0).session(read_only=sys.argv[1:] == ["read_only"]) as session:
    print("held", flush=True)
    sys.stdin.read()
"""

CRASH = """
import os, signal
from aops_indb.engines import engine_for
with engine_for("duckdb:///warehouse.duckdb").session() as session, session.transaction():
    session.run_script("UPDATE t SET a = 2; CREATE VIEW v AS SELECT a FROM t")
    os.kill(os.getpid(), signal.SIGKILL)
"""


Spawn: TypeAlias = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Spawn]:
    """Starts Python on a script in tmp_path; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(script: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", script, *arguments],
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def one_row(engine: Engine) -> None:
    with engine.session() as session:
        session.execute(create_table_as(table("t"), select({"a": lit(1)})))


def values(engine: Engine, *, read_only: bool = False) -> list[tuple[int]]:
    with engine.session(read_only=read_only) as session:
        return session.rows(select([col("a")], table("t")))


def hold(spawn: Spawn, mode: str = "write") -> subprocess.Popen[str]:
    holder = spawn(HOLD, mode)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


# ── URLs ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("warehouse.duckdb", "is not a URL: a DuckDB file is written duckdb:///warehouse.duckdb"),
        ("mysql://me:secret@host/db", "begins with 'mysql', which no engine answers to: known are duckdb"),
        ("duckdb://warehouse.duckdb", "names no DuckDB file: write duckdb:///path/to/file.duckdb"),
        ("duckdb:///", "names no DuckDB file"),
        ("duckdb:///w.duckdb?threads=1", "names no DuckDB file"),
    ],
)
def test_a_url_that_names_no_engine(url: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        engine_for(url)
    assert "secret" not in str(caught.value)


def test_paths_are_relative_to_the_base(tmp_path: Path) -> None:
    names = {
        "duckdb:///w.duckdb": tmp_path / "w.duckdb",
        "duckdb:///a b/é.duckdb": tmp_path / "a b/é.duckdb",
        f"duckdb:///{tmp_path}/elsewhere/../w.duckdb": tmp_path / "w.duckdb",
        "duckdb:///:memory:": None,
    }
    engines = {url: engine_for(url, base=tmp_path) for url in names}
    assert {url: e.path for url, e in engines.items() if isinstance(e, DuckDBEngine)} == names


# ── files that cannot be opened ────────────────────────────────────────────────────────────────────────


def _sqlite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE t (a)")
        database.commit()


def _damaged(path: Path) -> None:
    one_row(engine_for(f"duckdb:///{path}"))
    content = bytearray(path.read_bytes())
    content[20] ^= 1
    path.write_bytes(content)


CANNOT_OPEN: dict[str, tuple[str, Callable[[Path], object], bool, str]] = {
    # case: file, what makes it, read_only, what is said
    "nothing there": ("w.duckdb", lambda _: None, True, "does not exist; make it with  aops apply"),
    "no folder": ("no/w.duckdb", lambda _: None, False, "create its folder"),
    "a folder": ("w.duckdb", Path.mkdir, False, "it is a folder: name a file in it"),
    "in a file": ("f/w.duckdb", lambda p: p.parent.write_text(""), False, "its folder is a file"),
    "empty": ("w.duckdb", Path.touch, False, "it is not a DuckDB database"),
    "short": ("w.duckdb", lambda p: p.write_text("abc"), True, "it is not a DuckDB database"),
    "text": (
        "w.duckdb",
        lambda p: p.write_text("carrier,delay\n" * 999),
        False,
        "it is not a DuckDB database",
    ),
    "sqlite": ("w.duckdb", _sqlite, False, "it is not a DuckDB database"),
    "damaged": ("w.duckdb", _damaged, False, "bring it back from a copy"),
}


@pytest.mark.parametrize("case", CANNOT_OPEN)
def test_a_file_that_cannot_be_opened(case: str, tmp_path: Path) -> None:
    name, make, read_only, says = CANNOT_OPEN[case]
    make(tmp_path / name)
    engine = engine_for(f"duckdb:///{name}", base=tmp_path)
    with pytest.raises(WarehouseError) as caught, engine.session(read_only=read_only):
        pass
    assert str(caught.value).startswith(f"cannot open {tmp_path / name}: ")
    assert says in str(caught.value)
    assert caught.value.exit_code == 3


# ── taking turns ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("read_only", [False, True])
def test_a_held_file_names_its_holder(warehouse: Engine, spawn: Spawn, read_only: bool) -> None:
    holder = hold(spawn)
    with pytest.raises(WarehouseLockedError) as caught, warehouse.session(read_only=read_only):
        pass
    assert f"is held by process {holder.pid} (" in str(caught.value)
    assert "python" in str(caught.value)
    assert str(caught.value).endswith(f"wait for it to end, or stop it with  kill {holder.pid}")


def test_a_held_file_is_waited_for(tmp_path: Path, spawn: Spawn, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = engine_for("duckdb:///warehouse.duckdb", base=tmp_path, wait=600)
    one_row(waiting)
    holder = hold(spawn)
    monkeypatch.setattr(time, "sleep", lambda _: holder.communicate())
    assert values(waiting) == [(1,)]
    assert holder.returncode == 0


def test_a_second_session_does_not_give_up_the_lock_of_the_first(warehouse: Engine, spawn: Spawn) -> None:
    with warehouse.session():
        with warehouse.session():
            pass
        intruder = spawn(HOLD)
        _, errors = intruder.communicate()
    assert intruder.returncode == 1
    assert f"held by process {os.getpid()}" in errors


def test_readers_share(warehouse: Engine, spawn: Spawn) -> None:
    one_row(warehouse)
    hold(spawn, "read_only")
    assert values(warehouse, read_only=True) == [(1,)]


def test_one_process_cannot_read_only_what_it_writes(warehouse: Engine) -> None:
    with (
        warehouse.session(),
        pytest.raises(WarehouseLockedError, match="another part of this process"),
        warehouse.session(read_only=True),
    ):
        pass


def test_a_link_is_its_target(warehouse: Engine, tmp_path: Path) -> None:
    one_row(warehouse)
    (tmp_path / "link.duckdb").symlink_to("warehouse.duckdb")
    with warehouse.session():
        assert values(engine_for("duckdb:///link.duckdb", base=tmp_path)) == [(1,)]


def test_a_session_lets_go_of_the_file(warehouse: Engine, spawn: Spawn) -> None:
    def fail_while_reading() -> None:
        with warehouse.session() as session:
            session.run_script("CREATE TABLE t AS SELECT range AS a FROM range(100000)")
            for _ in session.arrow_batches(select([col("a")], table("t")), rows=10):
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_while_reading()
    hold(spawn)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_killed_process_leaves_the_old_state(warehouse: Engine, spawn: Spawn, read_only: bool) -> None:
    one_row(warehouse)
    killed = spawn(CRASH)
    killed.communicate()
    assert killed.returncode == -9
    assert values(warehouse, read_only=read_only) == [(1,)]
    with warehouse.session(read_only=read_only) as session:
        assert session.relations("main") == {"t": "TABLE"}


def test_the_command_of_a_process_nobody_can_see_is_left_out() -> None:
    assert duckdb_file._command_line("0") == ""
    assert "python" in duckdb_file._command_line(str(os.getpid()))
