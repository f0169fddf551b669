"""What layouts cost in engines that compute a row at a time, and of a CASE only the path that the row takes.

ROW_COSTS are measured by `python -m bench.calibrate_rows`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import log2

from aops_indb.scoring.graph import Forest, Leaf, Tree, tree_nodes
from aops_indb.scoring.layouts.case_in_methods import MOST_LEAVES, methods
from aops_indb.scoring.layouts.long_sums import TREES_PER_STAGE as TREES_OF_LONG_SUMS
from aops_indb.scoring.layouts.nested_case import TREES_PER_STAGE
from aops_indb.scoring.layouts.shallow_sums import TREES_PER_STAGE as TREES_OF_SHALLOW_SUMS

# Of a dialect, what each part of a layout takes, in nanoseconds of one processor for each row.
ROW_COSTS: Mapping[str, Mapping[str, float]] = {
    "postgres": {
        "step": 17.0,  # of a path from a tree's root to a leaf
        "kept": 2300.0,  # a sub-select that is not written into the one around it
        "planned": 0.004,  # of a leaf, in each sub-select around it; for a query of 500,000 rows
    },
    "sqlite": {"step": 29.0, "kept": 79.0},
    "spark": {
        "step": 11.0,  # in a projection's short methods
        "far_leaf": 2.5,  # in addition, of each beyond NEAR_LEAVES
        "compiled_step": 5.0,  # in a method of the query that Java compiles
        "interpreted_step": 65.0,  # in one that it does not
        "refused_leaf": 1.3,  # of a query whose code is made in vain; for one of 500,000 rows
        "method": 15.0,  # that is called
        "projection": 250.0,
    },
}

# Bytes of Java: of a query, of what reads an input, of a leaf (more where there are hundreds, since the numbers of
# their variables are longer), of a call, of an input that is passed; and of the largest method that Java compiles to
# machine code, and of the largest there can be.
QUERY, READ, LEAF, FAR_LEAF, CALL, PASSED = 700, 40, 62, 95, 100, 6
MOST_COMPILED, MOST_BYTES = 8_000, 65_535
# Sub-selects inside each other, each with a function to resolve: Spark gave up at 60, and plans longer with each.
MOST_METHODS = 20
# as many as Java compiles soon
NEAR_LEAVES = 1000

# How many of each part a forest takes; None if the layout does not suit it.
Parts = Mapping[str, float]


def _kept_sub_selects(trees: int) -> Callable[[Forest], Parts]:
    """Of so many trees at most, where each takes its time."""
    return lambda forest: {"step": _steps(forest), "kept": _stages(forest, trees)}


def _merged_sub_selects(trees: int) -> Callable[[Forest], Parts]:
    """Of so many trees at most, where one takes its time if a column of it is used more than once."""

    def parts(forest: Forest) -> Parts:
        stages = _stages(forest, trees)
        planned = sum(map(_leaf_count, forest.trees)) * stages / 2
        return {"step": _steps(forest), "kept": stages if _coded(forest) else 0, "planned": planned}

    return parts


def _spark_nested_case(forest: Forest) -> Parts:
    leaves = sum(map(_leaf_count, forest.trees))
    besides = QUERY + READ * len(forest.inputs)
    if besides + LEAF * leaves <= MOST_COMPILED:
        return {"compiled_step": _steps(forest)}
    if besides + FAR_LEAF * leaves <= MOST_BYTES:
        return {"interpreted_step": _steps(forest)}
    return dict(_spark_projections(forest)) | {"refused_leaf": leaves}


def _spark_methods(forest: Forest) -> Parts | None:
    if _coded(forest) or any(_leaf_count(tree) > MOST_LEAVES for tree in forest.trees):
        return None
    groups = methods(forest.trees)
    if len(groups) > MOST_METHODS:
        return None
    calls = len({(number, *tree.outputs) for number, trees in enumerate(groups) for tree in trees})
    passed = sum(len(_asked(trees)) for trees in groups)
    if QUERY + READ * len(forest.inputs) + CALL * calls + PASSED * passed > MOST_COMPILED:
        return None
    return {"compiled_step": _steps(forest), "method": calls}


def _spark_projections(forest: Forest) -> Parts:
    return _spark_projected(forest, _stages(forest, TREES_PER_STAGE) if _coded(forest) else 1)


def _spark_projected(forest: Forest, projections: int) -> dict[str, float]:
    far = max(sum(map(_leaf_count, forest.trees)) - NEAR_LEAVES, 0)
    return {"step": _steps(forest), "far_leaf": far, "projection": projections}


ROW_PARTS: Mapping[str, Mapping[str, Callable[[Forest], Parts | None]]] = {
    "postgres": {
        "nested_case": _merged_sub_selects(TREES_PER_STAGE),
        "long_sums": _merged_sub_selects(TREES_OF_LONG_SUMS),
    },
    "sqlite": {
        "shallow_case": _kept_sub_selects(TREES_PER_STAGE),
        "shallow_sums": _kept_sub_selects(TREES_OF_SHALLOW_SUMS),
    },
    "spark": {
        "nested_case": _spark_nested_case,
        "case_in_methods": _spark_methods,
        "case_in_projections": _spark_projections,
    },
}


def row_costs(forest: Forest, dialect: str) -> dict[str, float]:
    """Nanoseconds a row is expected to take by each layout that suits the forest; empty where none were measured.

    >>> from aops_indb.scoring.graph import Input
    >>> stump = Forest("forest", (Input("x", "number"),), (Tree(Leaf((1.0,)), (0,)),), (0.0,))
    >>> list(row_costs(stump, "postgres")), row_costs(stump, "oracle")
    (['nested_case', 'long_sums'], {})
    """
    parts = {layout: parts_of(forest) for layout, parts_of in ROW_PARTS.get(dialect, {}).items()}
    return {
        layout: sum(ROW_COSTS[dialect][part] * count for part, count in counts.items())
        for layout, counts in parts.items()
        if counts is not None
    }


def _steps(forest: Forest) -> float:
    """Splits that a row meets, if it ends in any leaf of a tree as often."""
    return sum(log2(_leaf_count(tree)) for tree in forest.trees)


def _stages(forest: Forest, trees: int) -> int:
    return -(-len(forest.trees) // trees)


def _coded(forest: Forest) -> bool:
    """Whether leaves are columns of their own."""
    return any(len(tree.outputs) > 1 for tree in forest.trees)


def _leaf_count(tree: Tree) -> int:
    return sum(isinstance(node, Leaf) for node in tree_nodes(tree.root))


def _asked(trees: list[Tree]) -> set[int]:
    """The inputs that trees ask for."""
    return {node.input for tree in trees for node in tree_nodes(tree.root) if not isinstance(node, Leaf)}
