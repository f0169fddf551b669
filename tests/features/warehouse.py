"""Rows into DuckDB, feature queries run, rows out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias
from unittest import mock

import pyarrow as pa

from aops_indb.engines import Session, engine_for
from aops_indb.features import window_algorithms
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.definitions import Definition, FeatureView
from aops_indb.features.spine import join_features, numbered, resolve
from aops_indb.features.views import warehouse_objects
from aops_indb.sqlgen.build import lit, star
from aops_indb.sqlgen.dialects.duckdb import DUCKDB
from aops_indb.sqlgen.parse import parse_select
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import create_schema, create_table_as, select, set_option, table

Row: TypeAlias = Mapping[str, Any]
Rows: TypeAlias = Sequence[Row]

ZONES = ["UTC", "America/New_York", "Asia/Kolkata"]


@contextmanager
def open_warehouse() -> Iterator[Session]:
    """A session on an empty database in memory."""
    with engine_for("duckdb:///:memory:").session() as session:
        session.execute(create_schema("features"))
        yield session


def write(session: Session, name: str, rows: Rows, schema: pa.Schema) -> None:
    """Rows as a table of that name."""
    session.register("given", pa.Table.from_pylist(list(rows), schema=schema))
    session.execute(create_table_as(table(name), select([star()], table("given")), replace=True))
    session.unregister("given")


def set_time_zone(session: Session, zone: str) -> None:
    """What `SET TimeZone` does: whoever asks may be anywhere."""
    session.execute(set_option("TimeZone", lit(zone)))


def set_asof_threshold(session: Session, rows: int) -> None:
    """DuckDB joins a spine of fewer rows than this by nested loops, and larger ones by sorting: 64 is its default."""
    session.execute(set_option("asof_loop_join_threshold", lit(rows)))


def run(session: Session, sql: str) -> list[dict[str, Any]]:
    """The rows of a SELECT; times are datetimes, without a zone or in UTC."""
    found: pa.Table = session.native.sql(sql).to_arrow_table()
    rows: list[dict[str, Any]] = found.to_pylist()
    return [{name: _in_utc(value) for name, value in row.items()} for row in rows]


def _in_utc(value: Any) -> Any:
    return value.astimezone(dt.UTC) if isinstance(value, dt.datetime) and value.tzinfo else value


def compile_join(
    session: Session,
    definitions: Sequence[Definition],
    references: Sequence[str],
    spine: str = "SELECT * FROM spine",
    *,
    algorithm: str | None = None,
    full_feature_names: bool = True,
) -> str:
    """The point-in-time join of a spine, in its order; algorithm: a name in ALGORITHMS for all windows."""
    known, asked = DefinitionSet.of(definitions), parse_select(spine)
    with using(algorithm):
        query = join_features(
            known,
            numbered(asked),
            list(session.columns(asked)),
            resolve(known, references),
            full_feature_names=full_feature_names,
            ordered=True,
            types_of=session.columns,
        )
    return render(query, DUCKDB)


@contextmanager
def using(algorithm: str | None) -> Iterator[None]:
    """For the length of the block this entry of ALGORITHMS is chosen; None: whichever is."""
    if algorithm is None:
        yield
        return
    with mock.patch.object(window_algorithms, "choose_algorithm", return_value=algorithm):
        yield


def join(
    session: Session,
    definitions: Sequence[Definition],
    references: Sequence[str],
    spine: str = "SELECT * FROM spine",
    **settings: Any,
) -> list[dict[str, Any]]:
    """The rows of `compile_join`."""
    return run(session, compile_join(session, definitions, references, spine, **settings))


def create_objects(session: Session, view: FeatureView, **settings: Any) -> None:
    """What `apply` makes of a view: the view of now, the history, the as-of function."""
    for item in warehouse_objects(view, types_of=session.columns, **settings):
        for statement in item.statements:
            session.execute(statement)


def references(*views: FeatureView) -> list[str]:
    """Every feature of the views."""
    return [f"{view.name}:{feature.name}" for view in views for feature in view.features]


def by_key(view: FeatureView, rows: Rows) -> dict[tuple[Any, ...], Row]:
    """The rows by their join keys; ValueError if an entity has two."""
    found = {tuple(row[key] for key in view.join_keys): row for row in rows}
    if len(found) != len(rows):
        raise ValueError(f"more than one row of an entity: {rows}")
    return found
