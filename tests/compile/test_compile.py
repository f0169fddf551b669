"""Pairs of definitions and the SQL they become.

A .sql file holds the pairs of one kind of object. A pair is

    -- case: what it is about
    -- view = FeatureView(name="v", …)        Python, after `-- `; the names of NAMES are known
    SELECT …                                  what it becomes, up to the next case

White space does not count. To add a pair, write the case with no SQL below: the test says what it becomes. Read it,
and paste it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aops_indb import Aggregation, DataSource, DType, Entity, FeatureView, Field, OnDemandFeature, RequestSource
from aops_indb.engines import Session, engine_for
from aops_indb.features import window_algorithms
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.spine import join_features, numbered, resolve
from aops_indb.features.views import WarehouseObject, warehouse_objects
from aops_indb.sqlgen.dialects.duckdb import DUCKDB
from aops_indb.sqlgen.parse import parse_select
from aops_indb.sqlgen.render import render

HERE = Path(__file__).parent

# What a join is made from.
JOINED = (FeatureView, OnDemandFeature, RequestSource)

# What the Python of a pair can speak of.
NAMES: dict[str, Any] = {
    **{definition.__name__: definition for definition in (*JOINED, Aggregation, DType, Field)},
    "k": Entity(name="k", join_keys=["k"], description="The key"),
    "pair": Entity(name="pair", join_keys=["k", "l"]),
    "events": DataSource(name="events", table="events", timestamp_field="at"),
    "late": DataSource(name="late", table="events", timestamp_field="at", created_timestamp_column="created"),
    "clocks": DataSource(name="clocks", table="clocks", timestamp_field="at"),
    "register": DataSource(name="register", table="raw.register"),
    "n": Field(name="n", dtype=DType.Int64, description="The number"),
    "count": Aggregation(function="count", windows=["1d"]),
    # settings of a pair, where it does not give them
    "now": dt.datetime(2013, 6, 1, tzinfo=dt.UTC),
    "time_zone": True,
    "algorithm": None,
    "full_feature_names": False,
}


@dataclass(frozen=True)
class Pair:
    """Python and SQL."""

    what: str
    python: str
    sql: str

    def settings(self) -> dict[str, Any]:
        """What the Python gives names to."""
        names = dict(NAMES)
        exec(self.python, names)
        return names


def pairs(name: str) -> list[Pair]:
    """The pairs of a file."""
    _, *blocks = re.split(r"^-- case: ", (HERE / name).read_text(), flags=re.MULTILINE)
    found = []
    for block in blocks:
        what, *lines = block.splitlines()
        code = [line.removeprefix("--").removeprefix(" ") for line in lines if line.startswith("--")]
        sql = [line for line in lines if not line.startswith("--")]
        found.append(Pair(what, "\n".join(code), "\n".join(sql)))
    return found


# ── from definition to SQL ─────────────────────────────────────────────────────────────────────────────


def the_object(index: int) -> Callable[[Session, dict[str, Any]], str]:
    """Compiles the first, second or third object of a view: all its statements."""

    def compiled(session: Session, given: dict[str, Any]) -> str:
        objects: tuple[WarehouseObject, ...] = warehouse_objects(
            given["view"], now=given["now"], time_zone=given["time_zone"], types_of=session.columns
        )
        return "".join(f"{render(statement, DUCKDB)};\n" for statement in objects[index].statements)

    return compiled


def the_join(session: Session, given: dict[str, Any]) -> str:
    """Compiles the join of `features`, from the definitions given, to the table `spine`."""
    definitions = DefinitionSet.of(v for v in given.values() if isinstance(v, JOINED))
    with pytest.MonkeyPatch.context() as patch:
        if given["algorithm"]:
            patch.setattr(window_algorithms, "choose_algorithm", lambda *_: given["algorithm"])
        query = join_features(
            definitions,
            numbered(parse_select("SELECT * FROM spine")),
            ["k", "l", "event_timestamp", "amount"],
            resolve(definitions, given["features"]),
            full_feature_names=given["full_feature_names"],
            ordered=True,
            types_of=session.columns,
        )
    return render(query, DUCKDB) + ";\n"


FILES: dict[str, Callable[[Session, dict[str, Any]], str]] = {
    "current.sql": the_object(0),
    "history.sql": the_object(1),
    "as_of.sql": the_object(2),
    "joins.sql": the_join,
}


@pytest.fixture
def session() -> Iterator[Session]:
    with engine_for("duckdb:///:memory:").session() as session:
        session.run_script((HERE / "tables.sql").read_text())
        yield session


def normal(sql: str) -> str:
    """Without regard to white space."""
    return re.sub(r"(?<=\() | (?=\))", "", " ".join(sql.split()))


@pytest.mark.parametrize(
    ("file", "pair"), [pytest.param(file, pair, id=f"{file}: {pair.what}") for file in FILES for pair in pairs(file)]
)
def test_pair(session: Session, file: str, pair: Pair) -> None:
    compiled = FILES[file](session, pair.settings())
    assert normal(compiled) == normal(pair.sql), f"it becomes\n\n{compiled}"
    session.run_script(pair.sql)
    for name, kind in session.relations("features").items():
        argument = "(now())" if kind == "MACRO TABLE" else ""
        session.run_script(f'SELECT * FROM features."{name}"{argument}')
