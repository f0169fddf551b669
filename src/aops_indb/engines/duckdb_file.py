"""Opening a DuckDB file: wait while another process holds it, and say why when it cannot be opened."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from aops_indb.errors import WarehouseError, WarehouseLockedError
from aops_indb.sqlgen.build import anonymous, col, eq
from aops_indb.sqlgen.dialects.duckdb import DUCKDB
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import select, table_function

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_HELD = re.compile(r"Conflicting lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
_HELD_HERE = re.compile(r"same database file with a different configuration")

_FOREIGN_FILE = "it is not a DuckDB database: correct the url in aops.toml"

# what DuckDB says -> what to do about it
NEXT_STEPS: tuple[tuple[str, str], ...] = (
    ("database does not exist", "make it with  aops apply , or correct the url in aops.toml"),
    ("No such file or directory", "create its folder, or correct the url in aops.toml"),
    ("Not a directory", "its folder is a file: correct the url in aops.toml"),
    ("Is a directory", "it is a folder: name a file in it in aops.toml"),
    (
        "Permission denied",
        "let this user read and write the file and its folder (DuckDB keeps a .wal file beside it)",
    ),
    ("Read-only file system", "move it to a disk that can be written"),
    ("No space left", "free some disk space"),
    ("not a valid DuckDB database", _FOREIGN_FILE),
    ("_scanner", _FOREIGN_FILE),  # the extension it would read the file with
    ("Corrupt database file", "bring it back from a copy"),
    ("version number", "it was written by another release of DuckDB: upgrade the package duckdb"),
)


def open_file(path: Path, *, read_only: bool, wait: float) -> DuckDBPyConnection:
    """A connection to the file; a file that is not there is made, unless read_only.

    Raises WarehouseLockedError when another process still holds it after `wait` seconds, else WarehouseError.
    """
    import duckdb

    deadline = time.monotonic() + wait
    for pause in _pauses():
        try:
            return _require_duckdb(path, duckdb.connect(path, read_only=read_only))
        except duckdb.Error as error:
            cause = str(error)
            if not (_HELD.search(cause) or _HELD_HERE.search(cause)):
                raise WarehouseError(_explain(path, cause)) from error
            if time.monotonic() >= deadline:
                raise WarehouseLockedError(_name_holder(path, cause, wait)) from error
        time.sleep(min(pause, max(0.0, deadline - time.monotonic())))
    raise RuntimeError("unreachable: pauses never end")


def _pauses() -> Iterator[float]:
    """Seconds between attempts: short at first, since most holders let go at once."""
    pause = 0.01
    while True:
        yield pause
        pause = min(2 * pause, 0.25)


def _require_duckdb(path: Path, connection: DuckDBPyConnection) -> DuckDBPyConnection:
    """The connection; WarehouseError if DuckDB opened another kind of database, for which it fetches extensions.

    The file itself cannot be looked at: closing it would give up this process's lock on it, by POSIX's rules.
    """
    here = eq(col("database_name"), anonymous("current_database"))
    query = select([col("type")], table_function("duckdb_databases", "main"), where=[here])
    kinds = connection.execute(render(query, DUCKDB)).fetchall()
    if kinds != [("duckdb",)]:
        connection.close()
        raise WarehouseError(f"cannot open {path}: {_FOREIGN_FILE}")
    return connection


def _explain(path: Path, cause: str) -> str:
    first_line = cause.strip().splitlines()[0]
    step = next((step for sign, step in NEXT_STEPS if sign in cause), "run  aops doctor  to learn more")
    return f"cannot open {path}: {first_line}; {step}"


def _name_holder(path: Path, cause: str, wait: float) -> str:
    held = _HELD.search(cause)
    if held is None:
        holder, step = "another part of this process, in another mode", "close that session first"
    else:
        pid = held["pid"]
        holder = f"process {pid} ({_command_line(pid) or held['program']})"
        step = f"wait for it to end, or stop it with  kill {pid}"
    return f"{path} is held by {holder}, still so after {wait:g} s; {step}"


def _command_line(pid: str) -> str:
    """The command of a running process; empty where the system does not tell."""
    try:
        words = Path("/proc", pid, "cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    command = " ".join(word.decode(errors="replace") for word in words if word)
    return command if len(command) <= 200 else command[:200] + " …"
