"""A tree as one CASE: each split a WHEN, so that a row-wise engine computes only the path taken.

The else branch of a split is written as
further WHENs of the same CASE (100 trees of 31 leaves, 337k rows: 2.0 s of processor time, against 3.1 s with a CASE
per split). Where a tree feeds several outputs, it gives the number of its leaf, and a list per output holds the values
(20 trees of 200 leaves, 2 classes: 2.5 s, against 4.2 s with a CASE per class).

A condition is written so that missing, for which no comparison is true, falls to the side it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aops_indb.scoring.graph import CategorySplit, Forest, Leaf, Split, Tree, TreeNode, tree_nodes
from aops_indb.scoring.layouts.categories import CategoryBits, category_bits
from aops_indb.scoring.layouts.sums import add_up
from aops_indb.scoring.parameters import ParameterTables
from aops_indb.scoring.stages import Column, Stages
from aops_indb.sqlgen.build import Expr, case, gt, is_null, le, lit, or_
from aops_indb.sqlgen.lists import element

TREES_PER_STAGE = 5

# Engines limit how deep an expression may nest (DuckDB: 1000), and so does Python, which renders it; trees that would
# nest deeper than this are written with conditions that cost a little more.
DEEPEST = 60


def nested_case(
    forest: Forest,
    inputs: Sequence[Column],
    names: Sequence[str],
    stages: Stages,
    parameters: ParameterTables,  # noqa: ARG001 (as layouts have it)
    *,
    deepest: int | None = None,
    per_stage: int = TREES_PER_STAGE,
) -> Sequence[Column]:
    """One column per output of the forest, by the names given.

    deepest:   how deep the CASEs of a tree may nest before it is written as a deep one
    per_stage: how many trees are added up in one sub-select
    """
    bits = category_bits(forest, inputs, stages)
    writer = CaseWriter(forest.step, inputs, bits, stages, DEEPEST if deepest is None else deepest)
    start = max((column.stage for column in (*inputs, *bits.columns)), default=-1)
    coded = any(len(tree.outputs) > 1 for tree in forest.trees)
    return add_up(forest, names, stages, writer.terms, after=start, delay=coded, per_stage=per_stage)


@dataclass(frozen=True, slots=True)
class CaseWriter:
    """Writes trees over the columns that hold a forest's inputs."""

    step: str
    inputs: Sequence[Column]
    bits: CategoryBits
    stages: Stages
    deepest: int

    def terms(self, tree: Tree, number: int, stage: int) -> list[Expr]:
        """What the tree adds to each of its outputs; its leaf becomes a column after `stage` if they are several."""
        sizes = leaf_counts(tree.root) if nesting(tree.root) > self.deepest else None
        if len(tree.outputs) == 1:
            return [self.case(tree.root, lambda leaf: lit(leaf.values[0]), sizes)]
        codes: dict[tuple[float, ...], int] = {}
        leaf = self.case(tree.root, lambda leaf: lit(codes.setdefault(leaf.values, len(codes) + 1)), sizes)
        column = self.stages.place(self.step, f"{self.step}__leaf_of_tree_{number}", leaf, after=stage)
        return [element([lit(value) for value in values], column.ref()) for values in zip(*codes, strict=True)]

    def case(self, node: TreeNode, value: Callable[[Leaf], Expr], sizes: Mapping[TreeNode, int] | None) -> Expr:
        """The value of the leaf a row ends in.

        sizes: leaves below each node, given for deep trees: with the larger side as the else branch, which adds no
        depth, n leaves nest log2(n) deep at most
        """
        whens = []
        while not isinstance(node, Leaf):
            then, otherwise = sides(node)
            swapped = sizes is not None and sizes[then] > sizes[otherwise]
            if swapped:
                then, otherwise = otherwise, then
            whens.append((self.condition(node, swapped=swapped), self.case(then, value, sizes)))
            node = otherwise
        return case(whens, value(node)) if whens else value(node)

    def condition(self, split: Split | CategorySplit, *, swapped: bool) -> Expr:
        """True where a row does not go the way missing goes; swapped: where it does."""
        left = split.missing_left if swapped else not split.missing_left
        column = self.inputs[split.input]
        if isinstance(split, CategorySplit):
            found = (self.bits.is_one_of if left else self.bits.is_none_of)(split.input, split.codes)
        else:
            found = (le if left else gt)(column.ref(), lit(split.threshold))
        return or_(found, is_null(column.ref())) if swapped else found


def sides(split: Split | CategorySplit) -> tuple[TreeNode, TreeNode]:
    """The side missing does not go to, and the one it does."""
    return (split.right, split.left) if split.missing_left else (split.left, split.right)


def nesting(root: TreeNode) -> int:
    """How deep the CASEs of a tree nest with `sides` as their branches."""
    depths: dict[TreeNode, int] = {}
    for node in reversed(list(tree_nodes(root))):
        if isinstance(node, Leaf):
            depths[node] = 0
        else:
            then, otherwise = sides(node)
            depths[node] = max(depths[then] + 1, depths[otherwise])
    return depths[root]


def leaf_counts(root: TreeNode) -> Mapping[TreeNode, int]:
    """How many leaves are below each node."""
    counts: dict[TreeNode, int] = {}
    for node in reversed(list(tree_nodes(root))):
        counts[node] = 1 if isinstance(node, Leaf) else counts[node.left] + counts[node.right]
    return counts
