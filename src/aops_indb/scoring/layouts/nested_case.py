"""A tree as one CASE: each split a WHEN, so that a row-wise engine computes only the path taken.

Trees are added up in their order, a few per sub-select: sums in another order differ in the last bit, and with it
ties; and DuckDB plans and runs several short sums faster than one long one. The else branch of a split is written as
further WHENs of the same CASE (100 trees of 31 leaves, 337k rows: 2.0 s of processor time, against 3.1 s with a CASE
per split). Where a tree feeds several outputs, it gives the number of its leaf, and a list per output holds the values
(20 trees of 200 leaves, 2 classes: 2.5 s, against 4.2 s with a CASE per class).

A condition is written so that missing, for which no comparison is true, falls to the side it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aops_indb.errors import UnsupportedModelError
from aops_indb.scoring.graph import CategorySplit, Forest, Leaf, Split, Tree, TreeNode
from aops_indb.scoring.layouts.categories import CategoryBits, category_bits
from aops_indb.scoring.stages import Column, Stages
from aops_indb.sqlgen.build import Expr, add, case, element, gt, le, lit

TREES_PER_STAGE = 5

# Engines limit how deep an expression may nest (DuckDB: 1000), and so does Python, which renders it.
DEEPEST = 60


def nested_case(
    forest: Forest, inputs: Sequence[Column], names: Sequence[str], stages: Stages
) -> Sequence[Column]:
    """One column per output of the forest, by the names given."""
    writer = _Writer(forest.step, inputs, category_bits(forest, inputs, stages), stages)
    stage = writer.last_stage()
    sums: list[Expr] = [lit(value) for value in forest.start]
    columns: Sequence[Column] = ()
    for first in range(0, max(len(forest.trees), 1), TREES_PER_STAGE):
        trees = forest.trees[first : first + TREES_PER_STAGE]
        done = first + len(trees)
        stage += writer.add_trees(trees, first, sums, stage)
        titles = names if done == len(forest.trees) else [f"{name}__after_tree_{done}" for name in names]
        columns = [
            stages.place(forest.step, title, total, after=stage)
            for title, total in zip(titles, sums, strict=True)
        ]
        sums = [column.ref() for column in columns]
    return columns
