"""Forests over columns that people call as layouts call theirs."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from aops_indb.scoring.graph import Forest, Graph, Input, Part, Tree
from aops_indb.scoring.lower import lower
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import parse_table

from .test_layouts import DUCKDB, IN_DUCKDB, NUMBERS, grown, rows_for, walked

# of the tables that layouts join, of what functions of lists are given, of relations and stages; as people name theirs
CALLED = [
    (["bin", "cell", "below"], ["word_0"]),
    (["Edge_0", "WORD_0", "node"], ["BIN"]),
    (["value", "threshold", "first"], ["value_0", "leaf"]),
    (["total", "level", "forest"], ["forest__nodes", "forest__leaves"]),
    (["inputs", "s1_forest", "forest__constants"], ["s2_forest", "unnest"]),
    (["x y", 'q"r', "it's"], ['Key "1"', "select"]),
]


@pytest.mark.parametrize("layout", IN_DUCKDB)
@pytest.mark.parametrize(("columns", "keys"), CALLED, ids=str)
def test_columns_called_as_those_of_layouts(layout: str, columns: list[str], keys: list[str]) -> None:
    draw = np.random.default_rng(1)
    trees = tuple(Tree(grown(draw, leaf_count, 2), (0, 1)) for leaf_count in (5, 9, 70))
    forest = Forest("forest", tuple(Input(name, "number") for name in columns), trees, (0.0, 0.5))
    rows = [row[:NUMBERS] for row in rows_for(forest)]
    graph = Graph(tuple(columns), (("y0", Part(forest, 0)), ("y1", Part(forest, 1))))
    query = lower(graph, parse_table("given"), keys=keys, dialect=DUCKDB, layout=layout)
    values = zip(*rows, strict=True)
    numbered = dict.fromkeys(keys, range(len(rows)))
    with duckdb.connect() as connection:
        given = {name: pa.array(column, pa.float64()) for name, column in zip(columns, values, strict=True)}
        connection.register("given", pa.table(numbered | given))
        found = connection.execute(f"SELECT * FROM ({render(query, DUCKDB)}) ORDER BY 1").fetchall()
    assert found == [(*[k] * len(keys), *walked(forest, row)) for k, row in enumerate(rows)]
