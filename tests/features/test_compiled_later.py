"""What is compiled when it is asked for: the same SQL as at once, and what a plan tells of it before."""

from __future__ import annotations

import datetime as dt

import pytest

from aops_indb.engines import Session
from aops_indb.errors import AopsError
from aops_indb.features.definitions import FeatureView
from aops_indb.features.views import WarehouseObject, as_of, history, warehouse_objects
from aops_indb.sqlgen.build import cast, col, lit
from aops_indb.sqlgen.dialects import DIALECTS, dialect
from aops_indb.sqlgen.dialects.duckdb import DUCKDB
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import select, table
from aops_indb.workflows.compiled_sql import compiled_sql

from . import every_aggregation, examples, test_view_history
from .warehouse import open_warehouse, write

NOW = dt.datetime(2013, 7, 1, tzinfo=dt.UTC)
EVERY = [every_aggregation.plain, every_aggregation.since]
OVER_VIEWS = test_view_history.VIEWS
VIEWS = {view.name: view for view in [*examples.VIEWS, *EVERY, *OVER_VIEWS]}


def write_tables(session: Session, view: FeatureView) -> None:
    """Empty tables of the columns that a view reads."""
    if view in OVER_VIEWS:
        session.run_script(
            'CREATE TABLE events (a BIGINT, b VARCHAR, "at" TIMESTAMPTZ, created TIMESTAMPTZ, n BIGINT, x DOUBLE)'
        )
        return
    for name in ("events", "register"):
        write(session, name, [], examples.event_schema("UTC"))


@pytest.mark.parametrize("name", VIEWS)
def test_the_same_sql_and_columns_as_at_once(name: str) -> None:
    view = VIEWS[name]
    with open_warehouse() as session:
        write_tables(session, view)
        now, past, macro = warehouse_objects(view, now=NOW, types_of=session.columns)
        at_once = [as_of(view, lit(NOW), session.columns), history(view, session.columns)]
        at_once.append(as_of(view, cast(col("ts"), "TIMESTAMPTZ"), session.columns))
        assert now.shape is not None
        # the warehouse's own word on the whole query
        assert session.columns(now.shape()) == session.columns(at_once[0])
    # the session is closed: nobody can be asked any more
    assert [render(each.query, DUCKDB) for each in (now, past, macro)] == [render(query, DUCKDB) for query in at_once]


def objects() -> list[WarehouseObject]:
    """One with a name that PostgreSQL would cut off."""
    query = select({"n" * 64: lit(1)}, table("t"))
    return [WarehouseObject.of("view", "one", query, ())]


def test_sql_is_written_once_it_is_read() -> None:
    read: list[str] = []

    def compiled():  # type: ignore[no-untyped-def]
        read.append("one")
        return objects()[0].query, ()

    sql = compiled_sql([WarehouseObject("view", "one", compiled)], DUCKDB)
    assert (list(sql), len(sql), "one" in sql, "two" in sql, read) == (["one"], 1, True, False, [])
    text = f'SELECT\n  1 AS "{"n" * 64}"\nFROM "t"'
    assert (sql["one"], sql["one"], read) == (text, text, ["one"])
    assert (sql == {"one": text}, {"one": text} == sql, sql == {"one": ""}) == (True, True, False)


def test_what_a_dialect_refuses_is_told_at_once() -> None:
    with pytest.raises(AopsError, match="a name of more than 63 bytes"):
        compiled_sql(objects(), dialect("postgres"))


@pytest.mark.parametrize("name", DIALECTS)
def test_sqlglots_own_generators_write(name: str) -> None:
    """Its compiled build, which anybody may have installed, makes none of a class derived from them."""
    assert dialect(name).sqlglot.generator_class.__module__.startswith("sqlglot.")
