"""Which layout a forest gets: the one that is expected to take the least time per row.

The costs are of DuckDB, fitted to what `python -m bench.forests` measured. Other engines compute a row at a time, and
walk the path of a nested CASE alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from aops_indb.scoring.graph import Forest, Leaf, tree_nodes
from aops_indb.scoring.layouts.leaf_masks import BITS
from aops_indb.sqlgen.dialects import Dialect

# Layouts that only some engines have the functions for.
ONLY: dict[str, tuple[str, ...]] = {"bit_vector": ("duckdb",)}

# nanoseconds of one processor, for each row: a leaf of a nested CASE; an input's bin; a mask; finding a tree's leaf
LEAF, BIN, MASK, FOUND = 1.3, 35.0, 1.5, 9.0


@dataclass(frozen=True, slots=True)
class Choice:
    """A layout, and the nanoseconds a row is expected to take by each that was weighed."""

    layout: str
    costs: tuple[tuple[str, float], ...] = ()

    def __str__(self) -> str:
        if not self.costs:
            return self.layout
        return f"{self.layout} (expected ns a row: {', '.join(f'{name} {cost:,.0f}' for name, cost in self.costs)})"


def choose_layout(forest: Forest, dialect: Dialect, *, in_tables: bool) -> Choice:
    """The layout of a forest in a dialect; in_tables: whether its constants can be tables.

    >>> from aops_indb.scoring.graph import Input, Tree
    >>> from aops_indb.sqlgen.dialects import dialect
    >>> stump = Forest("forest", (Input("x", "number"),), (Tree(Leaf((1.0,)), (0,)),), (0.0,))
    >>> print(choose_layout(stump, dialect("postgres"), in_tables=True))
    nested_case
    """
    if not in_tables or dialect.name not in ONLY["bit_vector"]:
        return Choice(dialect.forest_layout)
    costs = {dialect.forest_layout: _by_case(forest), "bit_vector": _by_masks(forest)}
    return Choice(min(costs, key=costs.__getitem__), tuple(costs.items()))


def _by_case(forest: Forest) -> float:
    return LEAF * sum(isinstance(node, Leaf) for tree in forest.trees for node in tree_nodes(tree.root))


def _by_masks(forest: Forest) -> float:
    inputs: set[int] = set()
    masks = 0.0
    for tree in forest.trees:
        nodes = list(tree_nodes(tree.root))
        asked = {node.input for node in nodes if not isinstance(node, Leaf)}
        leaves = sum(isinstance(node, Leaf) for node in nodes)
        # of small trees several share a word, which each asks for inputs of its own
        masks += leaves / BITS * len(forest.inputs) if 2 * leaves <= BITS else -(-leaves // BITS) * len(asked)
        inputs |= asked
    return BIN * len(inputs) + MASK * masks + FOUND * len(forest.trees)
