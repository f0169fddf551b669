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


def nested_case(forest: Forest, inputs: Sequence[Column], names: Sequence[str], stages: Stages) -> Sequence[Column]:
    """One column per output of the forest, by the names given."""
    bits = category_bits(forest, inputs, stages)
    writer = _Writer(forest.step, inputs, bits, stages)
    start = max((column.stage for column in (*inputs, *bits.columns)), default=-1)
    coded = any(len(tree.outputs) > 1 for tree in forest.trees)
    sums: list[Expr] = [lit(value) for value in forest.start]
    columns: Sequence[Column] = ()
    for batch, first in enumerate(range(0, max(len(forest.trees), 1), TREES_PER_STAGE)):
        trees = forest.trees[first : first + TREES_PER_STAGE]
        for number, tree in enumerate(trees, first + 1):
            for output, term in zip(tree.outputs, writer.terms(tree, number, start + batch), strict=True):
                sums[output] = add(sums[output], term)
        done = first + len(trees)
        titles = names if done == len(forest.trees) else [f"{name}__after_tree_{done}" for name in names]
        columns = [
            stages.place(forest.step, title, total, after=start + batch + coded)
            for title, total in zip(titles, sums, strict=True)
        ]
        sums = [column.ref() for column in columns]
    return columns


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes trees over the columns that hold a forest's inputs."""

    step: str
    inputs: Sequence[Column]
    bits: CategoryBits
    stages: Stages

    def terms(self, tree: Tree, number: int, stage: int) -> list[Expr]:
        """What the tree adds to each of its outputs; its leaf becomes a column after `stage` if they are several."""
        if len(tree.outputs) == 1:
            return [self.case(tree.root, lambda leaf: lit(leaf.values[0]))]
        codes: dict[tuple[float, ...], int] = {}
        leaf = self.case(tree.root, lambda leaf: lit(codes.setdefault(leaf.values, len(codes) + 1)))
        column = self.stages.place(self.step, f"{self.step}__leaf_of_tree_{number}", leaf, after=stage)
        return [element([lit(value) for value in values], column.ref()) for values in zip(*codes, strict=True)]

    def case(self, node: TreeNode, value: Callable[[Leaf], Expr], depth: int = 0) -> Expr:
        """The value of the leaf a row ends in."""
        if depth > DEEPEST:
            raise UnsupportedModelError(
                f"step '{self.step}': a tree that nests more than {DEEPEST} deep has no SQL form engines can plan; "
                "set max_depth, or score with executor='onnx'."
            )
        whens = []
        while not isinstance(node, Leaf):
            condition, then, otherwise = self.branch(node)
            whens.append((condition, self.case(then, value, depth + 1)))
            node = otherwise
        return case(whens, value(node)) if whens else value(node)

    def branch(self, split: Split | CategorySplit) -> tuple[Expr, TreeNode, TreeNode]:
        """Condition, node if it is true, node if it is not; missing makes no condition true."""
        if isinstance(split, CategorySplit):
            if split.missing_left:
                return self.bits.is_none_of(split.input, split.codes), split.right, split.left
            return self.bits.is_one_of(split.input, split.codes), split.left, split.right
        column, threshold = self.inputs[split.input].ref(), lit(split.threshold)
        if split.missing_left:
            return gt(column, threshold), split.right, split.left
        return le(column, threshold), split.left, split.right
