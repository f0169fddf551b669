"""Forests made up at random, rows at their thresholds, and what a walk of their trees in Python says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from aops_indb.scoring import lower
from aops_indb.scoring.graph import CategorySplit, Forest, Graph, Input, Leaf, Part, Split, Tree, TreeNode
from aops_indb.sqlgen.dialects import dialect
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import table

from .warehouses import SLOW_TO_START, WAREHOUSES

NUMBERS, CODED = 3, 1  # inputs
POINTS = [-1e308, -1.0, math.nextafter(-1.0, 0), -0.0, 5e-324, 1e-310, 1.0, math.nextafter(1.0, 2), 1e308]
FAR = [math.inf, -math.inf]
Row = Sequence[float | None]


def forest(seed: int, trees: int, leaves: int, outputs: int, *, coded: bool, single: bool = False) -> Forest:
    """A forest of trees of 1 to so many leaves; coded: each adds to all outputs, else to one of them."""
    draw = np.random.default_rng(seed)
    made = []
    for number in range(trees):
        fed = tuple(range(outputs)) if coded else (number % outputs,)
        made.append(Tree(_grown(draw, int(draw.integers(1, leaves + 1)), len(fed)), fed))
    inputs = tuple(Input(f"x{k}", "number") for k in range(NUMBERS + CODED))
    return Forest("forest", inputs, tuple(made), (0.25,) * outputs, single)


def _grown(draw: np.random.Generator, leaves: int, outputs: int) -> TreeNode:
    if leaves == 1:
        return Leaf(tuple(float(value) for value in draw.normal(size=outputs)))
    left = int(draw.integers(1, leaves))
    sides = _grown(draw, left, outputs), _grown(draw, leaves - left, outputs)
    missing_left = bool(draw.integers(0, 2))
    if draw.integers(0, 4) == 0:
        codes = tuple(sorted({int(code) for code in draw.integers(0, 70, 4)}))
        return CategorySplit(NUMBERS, codes, missing_left, *sides)
    threshold = float(draw.normal()) if draw.integers(0, 2) else float(draw.choice([*POINTS, *FAR]))
    return Split(int(draw.integers(0, NUMBERS)), threshold, missing_left, *sides)


def rows_for(made: Forest, count: int) -> list[Row]:
    """Values at thresholds and next to them, beyond them, and none."""
    draw = np.random.default_rng(count)
    edges = {split.threshold for tree in made.trees for split in _splits(tree.root) if isinstance(split, Split)}
    near = {math.nextafter(edge, to) for edge in edges for to in FAR}
    numbers: list[float | None] = [*sorted(edges | near), *POINTS, *FAR, None, math.nan]
    codes: list[float | None] = [*map(float, range(73)), -1.0, 1e9, None]
    return [
        (*(numbers[k] for k in draw.integers(0, len(numbers), NUMBERS)), codes[draw.integers(0, len(codes))])
        for _ in range(count)
    ]


def _splits(node: TreeNode) -> Iterator[Split | CategorySplit]:
    if not isinstance(node, Leaf):
        yield node
        yield from _splits(node.left)
        yield from _splits(node.right)


def walked(made: Forest, row: Row) -> list[str]:
    """What the trees say, one after the other, to the last bit."""
    kind = np.float32 if made.single else np.float64
    sums = [kind(value) for value in made.start]
    for tree in made.trees:
        leaf = _leaf(tree.root, row)
        for output, value in zip(tree.outputs, leaf.values, strict=True):
            sums[output] = sums[output] + kind(value)
    return [float(total).hex() for total in sums]


def _leaf(node: TreeNode, row: Row) -> Leaf:
    while not isinstance(node, Leaf):
        value = row[node.input]
        if value is None or math.isnan(value):
            left = node.missing_left
        else:
            left = value <= node.threshold if isinstance(node, Split) else value in node.codes
        node = node.left if left else node.right
    return node


def query_of(made: Forest, engine: str, layout: str | None) -> str:
    """The sums of a forest by a layout, and no more."""
    names = tuple(node.name for node in made.inputs if isinstance(node, Input))
    outputs = tuple((f"y{k}", Part(made, k)) for k in range(len(made.start)))
    to = dialect(engine)
    return render(lower(Graph(names, outputs), table("rows"), keys=["position"], dialect=to, layout=layout), to)


def scored(made: Forest, rows: Sequence[Row], engine: str, layout: str | None) -> list[list[str]]:
    """What a layout says on an engine."""
    names = [node.name for node in made.inputs if isinstance(node, Input)]
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    got = (WAREHOUSES | SLOW_TO_START)[engine].run(columns, query_of(made, engine, layout))
    return [[value.hex() for value in row[1:]] for row in sorted(zip(*got.values(), strict=True))]


# trees, leaves at most, outputs, whether each tree feeds all of them, whether in single precision
SHAPES = [
    (0, 1, 1, False, False),
    (1, 1, 2, True, False),
    (120, 6, 1, False, False),
    (70, 8, 3, False, False),
    (55, 9, 2, True, False),
    (3, 200, 1, False, False),
    (18, 9, 1, False, True),
]
