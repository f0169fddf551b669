"""What PostgreSQL and Spark cannot compute as DuckDB does is refused by name; texts there are in the order of bits."""

from __future__ import annotations

from typing import Any

import pytest

from aops_indb import Aggregation, FeatureView
from aops_indb.engines import Session
from aops_indb.errors import AopsError
from aops_indb.features.aggregations import AGGREGATIONS
from aops_indb.sqlgen import build, statements
from aops_indb.sqlgen.dialects import dialect
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


PLAIN = {"count", "sum", "mean", "rate", "min", "max", "time_since"}
NEEDED: dict[str, dict[str, Any]] = {
    "last_n": {"n": 2},
    "quantile": {"q": 0.5},
    "decayed_sum": {"half_life": "1h"},
    "decayed_count": {"half_life": "1h"},
}


@pytest.mark.parametrize("function", AGGREGATIONS)
@pytest.mark.parametrize("name", ENGINES)
def test_aggregations_are_known_or_refused(session: Session, name: str, function: str) -> None:
    warehouse.write(session, "events", [], event_schema(None))
    column: dict[str, Any] = {"column": "flag"} if function == "rate" else {"column": "n"}
    window = Aggregation(function=function, windows=["1h"], **column, **NEEDED.get(function, {}))
    view = FeatureView(name="one", entities=[single], source=events, aggregations=[window])
    if function in PLAIN:
        assert compiled_join(name, [view], references(view), SPINE, session.columns)
    else:
        with pytest.raises(AopsError, match=rf"an aggregate of lists or structs, or one by rank, which {name}"):
            compiled_join(name, [view], references(view), SPINE, session.columns)


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
