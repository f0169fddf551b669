"""Forests over columns of every numeric type, with no row, with one, and with nothing but missing values."""

from __future__ import annotations

import math
from collections.abc import Sequence

import duckdb
import pytest

from aops_indb.scoring.graph import Forest, Graph, Input, Leaf, Part, Split, Tree, TreeNode
from aops_indb.scoring.lower import lower
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import parse_table

from .test_layouts import DUCKDB, IN_DUCKDB, walked

# where types end, and doubles no longer tell integers apart
EDGES = [
    -1e30,
    -(2.0**63),
    -128.0,
    -1.0,
    5e-324,
    0.5,
    2.0,
    100.5,
    2.0**31,
    2.0**53,
    2.0**62,
    2.0**63,
    2.0**64,
    2.0**127,
]
VALUES: dict[str, Sequence[object]] = {
    "TINYINT": [-128, -1, 0, 2, 100, 101, 127],
    "UTINYINT": [0, 1, 255],
    "SMALLINT": [-(2**15), 0, 2**15 - 1],
    "INTEGER": [-(2**31), 0, 1, 2**31 - 1],
    "BIGINT": [-(2**63), 2**53 - 1, 2**53, 2**53 + 1, 2**53 + 2, 2**62 - 1, 2**62 + 1, 2**63 - 1],
    "UBIGINT": [0, 2**63, 2**63 + 1, 2**64 - 1],
    "HUGEINT": [-(2**127), 2**64 - 1, 2**64, 2**64 + 1, 10**30, 2**127 - 1],
    "DECIMAL(18, 3)": ["0.5", "0.501", "100.5", "-1"],
    "FLOAT": ["0.5", "nan", "inf", "-inf", "1e30"],
    "DOUBLE": ["nan", "inf", "-inf", "-0.0", "5e-324", "1e-323", "0.5000000000000001", "9007199254740994"],
    "BOOLEAN": ["true", "false"],
}


def forest() -> Forest:
    """Trees with a leaf between each two thresholds: one that is a chain, its mirror, and a stump."""
    up: TreeNode = Leaf((0.25,))
    down: TreeNode = Leaf((0.5,))
    for k, edge in enumerate(EDGES, 1):
        up = Split(0, edge, k % 2 == 0, up, Leaf((k / 3,)))
    for k, edge in enumerate(reversed(EDGES), 1):
        down = Split(0, edge, k % 3 == 0, Leaf((k / 7,)), down)
    stump = Split(0, math.inf, False, Leaf((0.125,)), Leaf((1.0,)))
    return Forest("forest", (Input("x", "number"),), tuple(Tree(root, (0,)) for root in (up, down, stump)), (0.0,))


def scored(setup: str, layout: str, values: Sequence[object] = ()) -> list[tuple[float | None, float]]:
    """Of each row the value of `x` as Python has it, and the score."""
    query = lower(
        Graph(("x",), (("y", Part(forest(), 0)),)), parse_table("given"), keys=["id"], dialect=DUCKDB, layout=layout
    )
    with duckdb.connect() as connection:
        connection.execute(setup)
        for number, value in enumerate(values):
            connection.execute("INSERT INTO given VALUES (?, ?)", [number, str(value)])
        asked = f"SELECT x, y FROM given JOIN ({render(query, DUCKDB)}) USING (id) ORDER BY id"
        found = connection.execute(asked).fetchall()
        assert len(found) == connection.execute("SELECT count(*) FROM given").fetchall()[0][0]
    return [(None if x is None or math.isnan(x) else float(x), y) for x, y in found]


@pytest.mark.parametrize("layout", IN_DUCKDB)
@pytest.mark.parametrize("sql_type", VALUES)
def test_columns_of_every_type(layout: str, sql_type: str) -> None:
    found = scored(
        f"CREATE TABLE given (id INT, x {sql_type}); INSERT INTO given VALUES (99, NULL)", layout, VALUES[sql_type]
    )
    assert len(found) == len(VALUES[sql_type]) + 1
    assert [y for _, y in found] == [walked(forest(), [x])[0] for x, _ in found]


@pytest.mark.parametrize("layout", IN_DUCKDB)
@pytest.mark.parametrize("count", [0, 1, 3000])
@pytest.mark.parametrize("value", ["NULL", "'nan'::DOUBLE", "1.5"])
def test_a_column_of_one_value(layout: str, count: int, value: str) -> None:
    found = scored(f"CREATE TABLE given AS SELECT i AS id, {value} AS x FROM range({count}) t(i)", layout)
    assert [y for _, y in found] == walked(forest(), [1.5 if value == "1.5" else None]) * count
