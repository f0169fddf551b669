"""What PostgreSQL and Spark cannot compute as DuckDB does is refused by name; texts there are in the order of bits."""

from __future__ import annotations

import pytest

from aops_indb import Aggregation, FeatureView
from aops_indb.engines import Session
from aops_indb.errors import AopsError
from aops_indb.sqlgen import build, statements
from aops_indb.sqlgen.dialects import dialect
from aops_indb.sqlgen.parse import parse_select
from aops_indb.sqlgen.render import render

from . import warehouse
from .engines import ENGINES, compiled_join
from .examples import FIELDS, event_schema, events, single, spine_schema
from .warehouse import references

SPINE = ["a", "b", "event_timestamp"]


def test_texts_are_in_the_order_of_bits_in_postgres(session: Session) -> None:
    """Whatever the database's collation: that of the tests' server is C, so this looks at the SQL."""
    warehouse.write(session, "events", [], event_schema(None))
    warehouse.write(session, "spine", [], spine_schema(None))
    largest = Aggregation(function="max", column="label", windows=["1d"])
    view = FeatureView(name="texts", entities=[single], source=events, schema=FIELDS, aggregations=[largest])
    sql = compiled_join("postgres", [view], references(view), SPINE, session.columns)
    assert '"label" COLLATE "C" DESC NULLS LAST' in sql
    assert sql.count('COLLATE "default"') == 1


LISTS_AND_STRUCTS = [
    "SELECT LIST_TRANSFORM(tags, LAMBDA tag : UPPER(tag)) AS tags FROM events",
    "SELECT e.s FROM (SELECT {'n': n, 'label': label} AS s FROM events) AS e",
    "SELECT MAX({'n': n}) AS s FROM events",
]


@pytest.mark.parametrize("written", LISTS_AND_STRUCTS)
def test_lists_and_structs_of_a_definition_are_refused_in_postgres(written: str) -> None:
    with pytest.raises(AopsError, match="a struct or list that postgres does not have"):
        render(parse_select(written), dialect("postgres"))


@pytest.mark.parametrize("name", ENGINES)
def test_ranks_over_frames_of_a_definition_are_refused(name: str) -> None:
    query = parse_select(
        "SELECT a, MODE(n) OVER w AS m FROM (SELECT * FROM events) AS e WINDOW w AS (PARTITION BY a ORDER BY t)"
    )
    with pytest.raises(AopsError, match="an aggregate over a window frame that only duckdb has"):
        render(query, dialect(name))


@pytest.mark.parametrize("name", ENGINES)
def test_sums_of_unknown_types_are_refused(name: str) -> None:
    view = FeatureView(name="one", entities=[single], source=events, aggregations=[
        Aggregation(function="sum", column="x", windows=["1h"])])  # fmt: skip
    with pytest.raises(AopsError, match=rf"a sum in order over a window, which {name} does not have"):
        compiled_join(name, [view], references(view), SPINE, None)


@pytest.mark.parametrize("name", ENGINES)
def test_other_asof_joins_are_refused(name: str) -> None:
    at = build.ge(build.col("t", "a"), build.col("t", "b"))
    query = statements.select(
        [build.star()],
        statements.table("a"),
        joins=[statements.Join(statements.table("b"), "asof_left", at)],
    )
    with pytest.raises(AopsError, match="an ASOF join that only duckdb has"):
        render(query, dialect(name))


def test_names_that_postgres_would_cut_off_are_refused(session: Session) -> None:
    warehouse.write(session, "events", [], event_schema(None))
    view = FeatureView(name="v" * 50, entities=[single], source=events, schema=FIELDS)
    assert compiled_join("postgres", [view], [f"{view.name}:n"], SPINE, session.columns)
    longer = FeatureView(name="v" * 60, entities=[single], source=events, schema=FIELDS)
    with pytest.raises(AopsError, match="a name of more than 63 bytes, which postgres does not have"):
        compiled_join("postgres", [longer], [f"{longer.name}:n"], SPINE, session.columns)
