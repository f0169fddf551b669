"""Every layout of a forest, on forests made up at random, against a walk of its trees in Python."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import GradientBoostingRegressor

from aops_indb import explain_support, to_sql
from aops_indb.errors import AopsError, UnknownNameError
from aops_indb.scoring.graph import CategorySplit, Forest, Graph, Input, Leaf, Part, Split, Tree, TreeNode
from aops_indb.scoring.layouts import LAYOUTS
from aops_indb.scoring.layouts.bins import grid
from aops_indb.scoring.layouts.choice import ONLY
from aops_indb.scoring.layouts.index_sums import MOST_QUESTIONS, questions_of
from aops_indb.scoring.lower import lower_apart
from aops_indb.sqlgen.dialects import dialect
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import create_table_as, parse_table, table, with_ctes

DUCKDB = dialect("duckdb")
IN_DUCKDB = [name for name in LAYOUTS if "duckdb" in ONLY.get(name, ("duckdb",))]
NUMBERS, CODED = 3, 1  # inputs
Row = Sequence[float | None]

# near each other, far from each other, equal in single precision, denormal, infinite
POINTS = [
    -1e308,
    -2.5,
    -1.0,
    math.nextafter(-1.0, 0),
    -0.0,
    5e-324,
    1e-310,
    1.0,
    math.nextafter(1.0, 2),
    1.5,
    3.0,
    1e308,
]
thresholds = st.one_of(
    st.sampled_from([*POINTS, math.inf, -math.inf]), st.floats(-4, 4, allow_nan=False), st.floats(allow_nan=False)
)


def leaves(outputs: int) -> st.SearchStrategy[Leaf]:
    value = st.floats(-100, 100, allow_nan=False)
    return st.builds(Leaf, st.tuples(*[value] * outputs))


@st.composite
def trees(draw: st.DrawFn, outputs: tuple[int, ...], largest: int) -> Tree:
    """A tree of up to so many leaves, of any shape."""
    nodes: list[TreeNode] = [draw(leaves(len(outputs))) for _ in range(draw(st.integers(1, largest)))]
    while len(nodes) > 1:
        place = draw(st.integers(0, len(nodes) - 2))
        left, right, missing = nodes[place], nodes.pop(place + 1), draw(st.booleans())
        if draw(st.integers(0, 3)):
            threshold = draw(thresholds)
            nodes[place] = Split(draw(st.integers(0, NUMBERS - 1)), threshold, missing, left, right)
        else:
            codes = tuple(sorted(draw(st.sets(st.integers(0, 70), max_size=5))))
            nodes[place] = CategorySplit(NUMBERS, codes, missing, left, right)
    return Tree(nodes[0], outputs)


@st.composite
def forests(draw: st.DrawFn) -> Forest:
    outputs = draw(st.integers(1, 3))
    chosen = st.sampled_from([tuple(range(outputs)), (draw(st.integers(0, outputs - 1)),)])
    made = [draw(trees(draw(chosen), draw(st.sampled_from([3, 12])))) for _ in range(draw(st.integers(0, 12)))]
    start = draw(st.tuples(*[st.sampled_from([0.0, -0.25])] * outputs))
    return Forest("forest", tuple(Input(f"x{i}", "number") for i in range(NUMBERS + CODED)), tuple(made), start)


def rows_for(forest: Forest) -> list[Row]:
    """Values at thresholds and next to them, beyond them, and none."""
    edges = {split.threshold for tree in forest.trees for split in splits(tree.root) if isinstance(split, Split)}
    near = {math.nextafter(edge, to) for edge in edges for to in (-math.inf, math.inf)}
    numbers: list[float | None] = [*sorted(edges | near), *POINTS, math.inf, -math.inf, None]
    draw = np.random.default_rng(len(numbers))
    codes: list[float | None] = [*map(float, range(73)), -1.0, 1e9, None]
    return [
        (*(numbers[int(k)] for k in draw.integers(0, len(numbers), NUMBERS)), codes[int(draw.integers(0, len(codes)))])
        for _ in range(200)
    ]


def splits(node: TreeNode) -> list[Split | CategorySplit]:
    return [] if isinstance(node, Leaf) else [node, *splits(node.left), *splits(node.right)]


def walked(forest: Forest, row: Row) -> list[float]:
    """What the trees say, one after the other."""
    single = np.float32 if forest.single else float
    sums = [single(value) for value in forest.start]
    for tree in forest.trees:
        node = tree.root
        while not isinstance(node, Leaf):
            value = row[node.input]
            if value is None:
                goes_left = node.missing_left
            elif isinstance(node, Split):
                goes_left = value <= node.threshold
            else:
                goes_left = value in node.codes
            node = node.left if goes_left else node.right
        for output, value in zip(tree.outputs, node.values, strict=True):
            sums[output] = single(sums[output] + single(value))
    return [float(total) for total in sums]


def scored(forest: Forest, rows: Sequence[Row], layout: str, *, deployed: bool) -> list[list[float]]:
    outputs = tuple((f"y{k}", Part(forest, k)) for k in range(len(forest.start)))
    names = [node.name for node in forest.inputs if isinstance(node, Input)]
    lowered = lower_apart(
        Graph(tuple(names), outputs), parse_table("rows"), keys=["position"], dialect=DUCKDB, layout=layout
    )
    stored = {name: parameters.query() for name, parameters in lowered.parameters.items()}
    with duckdb.connect() as connection:
        columns = zip(*rows, strict=True)
        given = pa.table(
            {"position": range(len(rows))} | {n: pa.array(c, pa.float64()) for n, c in zip(names, columns, strict=True)}
        )
        connection.register("given", given)
        connection.execute("CREATE TABLE rows AS FROM given")
        query = lowered.query
        if deployed:
            for name, parameters in stored.items():
                connection.execute(render(create_table_as(table(name), parameters), DUCKDB))
        else:
            query = with_ctes(query, stored, materialized=stored)
        found = connection.execute(f"SELECT * FROM ({render(query, DUCKDB)}) ORDER BY position").fetchall()
    return [list(row[1:]) for row in found]


@pytest.mark.parametrize("layout", IN_DUCKDB)
@settings(max_examples=60, deadline=None)
@given(forest=forests(), deployed=st.booleans())
def test_forests_at_random(layout: str, forest: Forest, deployed: bool) -> None:
    rows = rows_for(forest)
    assert scored(forest, rows, layout, deployed=deployed) == [walked(forest, row) for row in rows]


def grown(draw: np.random.Generator, leaf_count: int, outputs: int) -> TreeNode:
    """A tree of so many leaves, whose splits are as in one that was fitted."""
    if leaf_count == 1:
        return Leaf(tuple(float(v) for v in draw.normal(size=outputs)))
    left = int(draw.integers(1, leaf_count))
    return Split(
        int(draw.integers(0, NUMBERS)),
        float(np.round(draw.normal(), 2)),
        bool(draw.integers(0, 2)),
        grown(draw, left, outputs),
        grown(draw, leaf_count - left, outputs),
    )


@pytest.mark.parametrize("layout", IN_DUCKDB)
@pytest.mark.parametrize("leaf_count", [1, 2, 62, 63, 64, 127, 200, 700])
@pytest.mark.parametrize("outputs", [1, 2])
def test_trees_of_several_words(layout: str, leaf_count: int, outputs: int) -> None:
    draw = np.random.default_rng(leaf_count)
    made = [Tree(grown(draw, leaf_count, outputs), tuple(range(outputs))) for _ in range(4)]
    inputs = tuple(Input(f"x{i}", "number") for i in range(NUMBERS))
    forest = Forest("forest", inputs, tuple(made), (0.0,) * outputs)
    rows = [row[:NUMBERS] for row in rows_for(forest)]
    assert scored(forest, rows, layout, deployed=False) == [walked(forest, row) for row in rows]


@st.composite
def oblivious(draw: st.DrawFn, outputs: tuple[int, ...]) -> Tree:
    """A tree that asks the same question everywhere on a level."""
    nodes: list[TreeNode] = [draw(leaves(len(outputs))) for _ in range(2 ** draw(st.integers(0, 6)))]
    while len(nodes) > 1:
        pairs = [nodes[k : k + 2] for k in range(0, len(nodes), 2)]
        missing, codes = draw(st.booleans()), (draw(st.integers(0, 70)),)
        if draw(st.integers(0, 3)):
            index, threshold = draw(st.integers(0, NUMBERS - 1)), draw(thresholds)
            nodes = [Split(index, threshold, missing, left, right) for left, right in pairs]
        else:
            nodes = [CategorySplit(NUMBERS, codes, missing, left, right) for left, right in pairs]
    return Tree(nodes[0], outputs)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), outputs=st.integers(1, 2), deployed=st.booleans())
def test_oblivious_trees_at_random(data: st.DataObject, outputs: int, deployed: bool) -> None:
    made = tuple(data.draw(oblivious(tuple(range(outputs)))) for _ in range(data.draw(st.integers(1, 25))))
    inputs = tuple(Input(f"x{i}", "number") for i in range(NUMBERS + CODED))
    forest = Forest("forest", inputs, made, (0.5,) * outputs)
    assert all(len(questions_of(tree)) <= MOST_QUESTIONS for tree in made)
    rows = rows_for(forest)
    assert scored(forest, rows, "index_sums", deployed=deployed) == [walked(forest, row) for row in rows]


@pytest.mark.parametrize("layout", IN_DUCKDB)
def test_single_precision_is_rounded_after_each_tree(layout: str) -> None:
    draw = np.random.default_rng(0)
    made = tuple(Tree(grown(draw, 9, 1), (0,)) for _ in range(23))
    forest = Forest("forest", tuple(Input(f"x{i}", "number") for i in range(NUMBERS)), made, (0.5,), single=True)
    rows = [row[:NUMBERS] for row in rows_for(forest)]
    assert scored(forest, rows, layout, deployed=False) == [walked(forest, row) for row in rows]


def test_cells_crowded_beyond_what_a_grid_tells_apart() -> None:
    """Thresholds of one float after the other, beside one that is far: no grid, and right all the same."""
    edges = [1.0]
    for _ in range(40):
        edges.append(math.nextafter(edges[-1], 2))
    edges.append(1e9)
    assert grid(edges) is None
    node: TreeNode = Leaf((0.0,))
    for k, edge in enumerate(edges, 1):
        node = Split(0, edge, False, node, Leaf((float(k),)))
    forest = Forest("forest", (Input("x0", "number"),), (Tree(node, (0,)),), (0.0,))
    rows: list[Row] = [(edge,) for edge in [*edges, 0.5, 2.0, 1e10]]
    assert scored(forest, rows, "bit_vector", deployed=False) == [walked(forest, row) for row in rows]


@pytest.mark.parametrize("layout", IN_DUCKDB)
@pytest.mark.parametrize("missing_left", [False, True])
def test_infinite_thresholds_far_down(layout: str, missing_left: bool) -> None:
    """Nothing is beyond infinity, and missing goes where it is told, below the levels that are a CASE, too."""
    node: TreeNode = Leaf((0.0,))
    for k, threshold in enumerate([math.inf, -math.inf, 0.5] * 4, 1):
        leaf = Leaf((float(k),))
        sides = (node, leaf) if missing_left else (leaf, node)
        node = Split(k % NUMBERS, threshold, missing_left, *sides)
    inputs = tuple(Input(f"x{i}", "number") for i in range(NUMBERS))
    forest = Forest("forest", inputs, (Tree(node, (0,)),), (0.0,))
    values: list[float | None] = [None, -math.inf, 0.0, 1.0, math.inf]
    rows = list(itertools.product(values, repeat=NUMBERS))
    assert scored(forest, rows, layout, deployed=False) == [walked(forest, row) for row in rows]


def boosting(depth: int) -> GradientBoostingRegressor:
    draw = np.random.default_rng(0)
    rows = pd.DataFrame(draw.normal(size=(2000, 3)), columns=["a", "b", "c"])
    return GradientBoostingRegressor(n_estimators=30, max_depth=depth, random_state=0).fit(rows, rows.sum(axis=1) ** 2)


def test_the_choice_is_told_with_what_it_weighs() -> None:
    for depth, chosen in ((2, "nested_case"), (7, "bit_vector")):
        [told] = explain_support(boosting(depth)).forests
        assert told.startswith(f"gradientboostingregressor: {chosen} (expected ns a row: nested_case ")
        assert told in str(explain_support(boosting(depth)))
    assert explain_support(boosting(7), "oracle").forests == ("gradientboostingregressor: nested_case",)


def test_a_forest_too_large_to_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    model = boosting(3)
    leaves = sum(tree.get_n_leaves() for tree in model.estimators_.ravel())
    monkeypatch.setattr("aops_indb.scoring.layouts.choice.PLANNED", leaves - 1)
    [told] = explain_support(model).forests
    assert told == (
        f"gradientboostingregressor: node_lists ({leaves} leaves, too many to plan; batches are by its library)"
    )
    assert "LIST_TRANSFORM" in to_sql(model, source="rows")
    monkeypatch.setattr("aops_indb.scoring.layouts.choice.PLANNED", leaves)
    assert "node_lists (" not in str(explain_support(model))
    assert "LIST_TRANSFORM" not in to_sql(model, source="rows")


def test_a_layout_that_is_asked_for() -> None:
    model = boosting(3)
    assert "BIT_COUNT" in to_sql(model, source="rows", layout="bit_vector")
    assert "BIT_COUNT" not in to_sql(model, source="rows")
    with pytest.raises(UnknownNameError, match="unknown layout 'bit_vectors': did you mean 'bit_vector'"):
        to_sql(model, source="rows", layout="bit_vectors")
    with pytest.raises(AopsError, match="layout 'bit_vector' is for duckdb, not for postgres: leave it out"):
        to_sql(model, source="rows", layout="bit_vector", dialect="postgres")
