"""DuckDB: a file, or a database in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from aops_indb.engines.duckdb_file import open_file
from aops_indb.engines.duckdb_session import DuckDBSession
from aops_indb.engines.interrupts import ctrl_c_calls
from aops_indb.errors import SettingsError, WarehouseLockedError
from aops_indb.sqlgen.build import Constant, lit
from aops_indb.sqlgen.dialects.duckdb import DUCKDB
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import set_option

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_PREFIX = "duckdb:///"
_IN_MEMORY = ":memory:"

# Set on every connection. Replacements would let a mistyped table name read a Python variable of that name;
# progress is counted, but not printed.
_OPTIONS: dict[str, Constant] = {
    "TimeZone": "UTC",
    "python_enable_replacements": False,
    "enable_progress_bar": True,
    "enable_progress_bar_print": False,
}

# file -> whose turn it is to write, in this process
_TURNS: dict[Path, threading.Lock] = {}


class DuckDBEngine:
    """A DuckDB database.

    url: duckdb:///path/to/file.duckdb, or duckdb:///:memory: for one that lives as long as the engine

    A file is open only during a session. Sessions of one process share it; other processes wait their turn. So
    do transactions of one process: DuckDB would run two at once, and fail one of them at its end.
    """

    def __init__(self, url: str, *, base: Path, wait: float) -> None:
        self.name = "duckdb"
        self.url = url
        self.dialect = DUCKDB
        self.path = _path_of(url, base)
        self._wait = wait
        self._turn = threading.Lock() if self.path is None else _TURNS.setdefault(self.path, threading.Lock())
        # keeps a database in memory alive between sessions
        self._anchor = _open_memory() if self.path is None else None

    @contextmanager
    def session(self, *, read_only: bool = False) -> Iterator[DuckDBSession]:
        """A connection for the length of the block.

        Raises WarehouseLockedError when another process holds the file for longer than `wait` seconds, and
        WarehouseError when it cannot be opened; with read_only, also when it does not exist.
        """
        native = self.connect(read_only=read_only)
        # by itself DuckDB 2.0 notices Ctrl-C, and then often waits for its other threads to end the query
        turn = nullcontext if read_only else self._writing_turn
        with closing(DuckDBSession(native, turn)) as session, ctrl_c_calls(native.interrupt):
            yield session
            session.settle()

    @contextmanager
    def _writing_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=self._wait):
            raise WarehouseLockedError(
                f"another part of this process is writing to {self.url}, still so after {self._wait:g} s; "
                "wait for its transaction to end"
            )
        try:
            yield
        finally:
            self._turn.release()

    def connect(self, *, read_only: bool = False) -> DuckDBPyConnection:
        """DuckDB's own connection, set up as a session's is. Until it is closed, no other process can write.

        >>> from aops_indb.engines import engine_for
        >>> with engine_for("duckdb:///:memory:").connect() as connection:
        ...     connection.sql("SELECT current_setting('TimeZone')").fetchall()
        [('UTC',)]
        """
        native = self._open(read_only)
        for name, value in _OPTIONS.items():
            native.execute(render(set_option(name, lit(value)), self.dialect))
        return native

    def _open(self, read_only: bool) -> DuckDBPyConnection:
        if self._anchor is not None:
            return self._anchor.cursor()
        if self.path is None:
            raise RuntimeError("unreachable: a database is in memory or in a file")
        return open_file(self.path, read_only=read_only, wait=self._wait)


def _path_of(url: str, base: Path) -> Path | None:
    """The file a URL names, None for memory."""
    name = url.removeprefix(_PREFIX)
    if name == url or not name or "?" in name:
        raise SettingsError(
            f"warehouse url {url!r} names no DuckDB file: write duckdb:///path/to/file.duckdb or duckdb:///:memory:"
        )
    # resolved: DuckDB's lock does not see that a link and its target are one file
    return None if name == _IN_MEMORY else (base / name).resolve()


def _open_memory() -> DuckDBPyConnection:
    import duckdb

    return duckdb.connect(_IN_MEMORY)
