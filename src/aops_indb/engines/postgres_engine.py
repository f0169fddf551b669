"""PostgreSQL: a database that a project lives in."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aops_indb.engines.postgres_session import PostgresSession
from aops_indb.errors import MissingExtraError, SettingsError, WarehouseError
from aops_indb.sqlgen.build import anonymous, lit
from aops_indb.sqlgen.dialects.postgres import POSTGRES
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import Query, select

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy import Engine as Core
    from sqlalchemy.engine.interfaces import ExceptionContext

# The oldest release that the SQL is tested against.
_OLDEST = 150_000

# Set on every connection: times in UTC, texts that do not differ from user to user, and no compiling of expressions of
# a model's size, which takes longer than running them.
_OPTIONS = {"TimeZone": "UTC", "DateStyle": "ISO, YMD", "IntervalStyle": "postgres", "jit": "off"}


# Where a connection of SQLAlchemy's tells whose it is.
_SESSION = "aops_session"


class PostgresEngine:
    """A PostgreSQL database.

    url:  postgresql://user@host/database, as libpq and SQLAlchemy read it; a password is best left to ~/.pgpass
    wait: seconds to wait for a lock that somebody else holds

    Definitions name tables with their schemas: what a name alone stands for is up to the settings of whoever asks.
    """

    def __init__(self, url: str, *, base: Path, wait: float) -> None:  # noqa: ARG002 (as Engine has it)
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError

        self.name = "postgres"
        self.dialect = POSTGRES
        try:
            self._url = make_url(url).set(drivername="postgresql+psycopg")
        except (ArgumentError, ValueError) as error:
            raise SettingsError(
                f"warehouse url {url!r} names no PostgreSQL database: write postgresql://user@host/database"
            ) from error
        # what is shown to people
        self.url = self._url.set(drivername="postgresql").render_as_string(hide_password=True)
        self._wait = wait

    @contextmanager
    def session(self, *, read_only: bool = False) -> Iterator[PostgresSession]:
        """A connection for the length of the block; WarehouseError when there is none to be had."""
        # no place but the catalogue: a name without its schema is no table, and no function of somebody's
        with closing(PostgresSession(self._opened(read_only, search_path=""), self._wait)) as session:
            session.connection.info[_SESSION] = session
            yield session

    def connect(self, *, read_only: bool = False) -> Any:
        """Psycopg's own connection, in autocommit mode, set up as a session's is, and with the user's search_path."""
        core = self._opened(read_only)
        native = core.connection.driver_connection
        core.detach()
        return native

    @cached_property
    def _core(self) -> Core:
        import sqlalchemy

        try:
            core = sqlalchemy.create_engine(
                self._url,
                poolclass=sqlalchemy.pool.NullPool,
                isolation_level="AUTOCOMMIT",
                # a statement that is prepared would be planned for any argument, and lasts where connections are shared
                connect_args={"client_encoding": "utf8", "application_name": _application(), "prepare_threshold": None},
            )
        except ModuleNotFoundError as error:
            raise MissingExtraError("psycopg", extra="postgres", needed_for="PostgreSQL") from error
        sqlalchemy.event.listen(core, "handle_error", _on_core_error)
        return core

    def _opened(self, read_only: bool, **more: str) -> Connection:
        """A connection of SQLAlchemy's, set up."""
        import psycopg
        from sqlalchemy.exc import DBAPIError

        try:
            connection = self._core.connect()
            native: Any = connection.connection.driver_connection
            if native.info.server_version < _OLDEST:
                raise WarehouseError(f"{self.url} is PostgreSQL {native.info.server_version // 10_000}: 15 is needed")
            native.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            native.execute(render(self._options(read_only, more), POSTGRES).encode())
        except (DBAPIError, psycopg.Error) as error:
            cause = " ".join(str(getattr(error, "orig", None) or error).split())
            raise WarehouseError(
                f"{self.url} cannot be reached: {cause}; start the server, or correct the url in aops.toml"
            ) from error
        return connection

    def _options(self, read_only: bool, more: Mapping[str, str]) -> Query:
        """A query that sets them."""
        # 0 would be no end at all
        wait = f"{max(1, round(self._wait * 1000))}ms"
        options = {**_OPTIONS, "lock_timeout": wait, "default_transaction_read_only": "on" if read_only else "off"}
        return select([anonymous("SET_CONFIG", lit(n), lit(v), lit(False)) for n, v in {**options, **more}.items()])


def _application() -> str:
    """What others see of a connection in pg_stat_activity."""
    return f"aops {os.getpid()} on {socket.gethostname()}"[:63]


def _on_core_error(context: ExceptionContext) -> BaseException | None:
    """What to raise in place of an error that SQLAlchemy met: what the session of the connection says."""
    import psycopg

    session = context.connection.info.get(_SESSION) if context.connection is not None else None
    error = context.original_exception
    if session is None or not isinstance(error, psycopg.Error):
        return None
    replacement: BaseException = session.replacement(error, context.statement or "")
    return replacement
