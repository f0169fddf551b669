"""Which layout a forest gets: the one that is expected to take the least time per row.

COSTS are of DuckDB, measured by `python -m bench.calibrate`; those of engines that compute a row at a time are in
row_costs.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aops_indb.scoring.graph import Forest, Leaf, Tree, TreeNode, tree_nodes
from aops_indb.scoring.layouts.index_sums import MOST_QUESTIONS, questions_of
from aops_indb.scoring.layouts.leaf_masks import BITS
from aops_indb.scoring.layouts.node_lists import TOP_LEVELS
from aops_indb.scoring.layouts.row_costs import row_costs
from aops_indb.sqlgen.dialects import Dialect

# Layouts that only some engines have the functions for.
ONLY: dict[str, tuple[str, ...]] = {
    "bit_vector": ("duckdb",),
    "index_sums": ("duckdb",),
    "node_lists": ("duckdb",),
    "case_in_methods": ("spark", "databricks"),
    "case_in_projections": ("spark", "databricks"),
}

# What each part of a layout takes, in nanoseconds of one processor for each row.
COSTS: dict[str, float] = {
    "leaf": 0.99,  # of a nested CASE
    "far_leaf": 0.33,  # in addition, of each beyond NEAR_LEAVES
    "bin": 23.0,  # of an input
    "mask": 1.9,  # of a word of leaves, for an input
    "far_mask": 0.62,  # in addition, of each beyond NEAR_MASKS
    "found": 9.8,  # a tree's leaf, in a word of leaves in reach
    "part": 6.1,  # of a word of answers, for an input
    "value": 5.8,  # a tree's value, by its answers
    "walk": 21.0,  # a tree's, through lists: to where it begins, and the value at its end
    "step": 14.0,  # of a walk
}

# as many as have room in the processor's cache
NEAR_LEAVES, NEAR_MASKS = 1000, 500
# leaves beyond which a query that has a forest's splits in it takes more than a second to plan
PLANNED = 50_000

# How many of each part a forest takes; None if the layout does not suit it.
Parts = Mapping[str, float]


def _nested_case(forest: Forest) -> Parts:
    leaves = _leaves(forest)
    return {"leaf": leaves, "far_leaf": max(leaves - NEAR_LEAVES, 0)}


def _bit_vector(forest: Forest) -> Parts:
    masks, words = 0.0, 0
    for tree in forest.trees:
        leaves, asked = _leaf_count(tree), _asked(tree)
        # of small trees several share a word, which each asks for inputs of its own
        masks += leaves / BITS * len(forest.inputs) if 2 * leaves <= BITS else -(-leaves // BITS) * len(asked)
        words += -(-leaves // BITS)
    return {"bin": len(_all_asked(forest)), "mask": masks, "far_mask": max(masks - NEAR_MASKS, 0.0), "found": words}


def _index_sums(forest: Forest) -> Parts | None:
    questions = [len(questions_of(tree)) for tree in forest.trees]
    if max(questions, default=0) > MOST_QUESTIONS:
        return None
    asked = _all_asked(forest)
    return {"bin": len(asked), "part": sum(questions) / BITS * len(asked), "value": len(questions)}


def _node_lists(forest: Forest) -> Parts:
    # a walk has as many steps for all trees
    deepest = max((_depth(tree.root) for tree in forest.trees), default=0)
    trees = len(forest.trees)
    return {"walk": trees, "step": max(deepest - TOP_LEVELS, 0) * trees}


PARTS: dict[str, Callable[[Forest], Parts | None]] = {
    "nested_case": _nested_case,
    "bit_vector": _bit_vector,
    "index_sums": _index_sums,
    "node_lists": _node_lists,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A layout, and the nanoseconds a row is expected to take by each that was weighed; or why none was."""

    layout: str
    costs: tuple[tuple[str, float], ...] = ()
    why: str = ""

    def __str__(self) -> str:
        weighed = ", ".join(f"{name} {cost:,.0f}" for name, cost in self.costs)
        told = f"expected ns a row: {weighed}" if weighed else self.why
        return f"{self.layout} ({told})" if told else self.layout


def choose_layout(forest: Forest, dialect: Dialect, *, in_tables: bool) -> Choice:
    """The layout of a forest in a dialect; in_tables: whether its constants can be tables.

    >>> from aops_indb.scoring.graph import Input, Tree
    >>> from aops_indb.sqlgen.dialects import dialect
    >>> stump = Forest("forest", (Input("x", "number"),), (Tree(Leaf((1.0,)), (0,)),), (0.0,))
    >>> print(choose_layout(stump, dialect("oracle"), in_tables=True))
    nested_case
    """
    if dialect.name not in ONLY["node_lists"]:
        by_rows = row_costs(forest, dialect.name)
        return Choice(min(by_rows, key=by_rows.__getitem__, default=dialect.forest_layout), tuple(by_rows.items()))
    if beyond_planning(forest):
        return Choice("node_lists", why=f"{_leaves(forest):,} leaves, too many to plan; batches are by its library")
    if not in_tables:
        return Choice(dialect.forest_layout)
    costs = {layout: expected(forest, layout) for layout in PARTS}
    known = {layout: cost for layout, cost in costs.items() if cost is not None}
    return Choice(min(known, key=known.__getitem__), tuple(known.items()))


def expected(forest: Forest, layout: str) -> float | None:
    """Nanoseconds a row is expected to take; None if the layout does not suit the forest."""
    parts = PARTS[layout](forest)
    return None if parts is None else sum(COSTS[part] * count for part, count in parts.items())


def beyond_planning(forest: Forest) -> bool:
    """Whether a forest is so large that its splits do not belong in a query."""
    return _leaves(forest) > PLANNED


def _leaves(forest: Forest) -> int:
    return sum(map(_leaf_count, forest.trees))


def _leaf_count(tree: Tree) -> int:
    return sum(isinstance(node, Leaf) for node in tree_nodes(tree.root))


def _asked(tree: Tree) -> set[int]:
    """The inputs a tree asks for."""
    return {node.input for node in tree_nodes(tree.root) if not isinstance(node, Leaf)}


def _all_asked(forest: Forest) -> set[int]:
    return set[int]().union(*map(_asked, forest.trees))


def _depth(root: TreeNode) -> int:
    """How many splits are above the deepest leaf."""
    deepest, pending = 0, [(root, 0)]
    while pending:
        node, depth = pending.pop()
        deepest = max(deepest, depth)
        if not isinstance(node, Leaf):
            pending += [(node.left, depth + 1), (node.right, depth + 1)]
    return deepest
