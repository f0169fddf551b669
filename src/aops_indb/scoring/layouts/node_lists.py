"""Trees as lists of their nodes, walked from the roots down by a function of lists: a query as short for any forest.

For forests so large that a query with their splits in it would take minutes to plan. Every walk has as many steps as
there are splits above the deepest leaf; one that is at its leaf already stays there.

Nodes are numbered from 1, as lists are: the splits first, then the leaves, which no list of splits reaches to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from aops_indb.scoring.graph import CategorySplit, Forest, Leaf, Split, Tree, TreeNode, Value, tree_nodes
from aops_indb.scoring.parameters import Parameters, ParameterTables
from aops_indb.scoring.stages import Column, Stages
from aops_indb.sqlgen.build import Expr, add, anonymous, cast, coalesce, col, gt, ident, lit, mul, sub
from aops_indb.sqlgen.lists import array, lambda_, listed, nth
from aops_indb.sqlgen.statements import with_alias


def node_lists(
    forest: Forest, inputs: Sequence[Column], names: Sequence[str], stages: Stages, parameters: ParameterTables
) -> Sequence[Column]:
    """One column per output of the forest, by the names given."""
    nodes = _Nodes(forest)
    start = max((column.stage for column in inputs), default=-1)
    asked = [column.ref() for column in inputs] or [cast(lit(None), "DOUBLE")]
    values = stages.place(forest.step, f"{forest.step}__inputs", array(asked), after=start)
    table = _beside(f"{forest.step}__nodes", nodes.splits_as_lists(), start + 2, stages, parameters)
    walk = nodes.walk(values, table)
    of_outputs = [[tree for tree in forest.trees if output in tree.outputs] for output in range(len(names))]
    # trees that all feed the same outputs are walked once
    ways: dict[tuple[Tree, ...], Column] = {}
    for trees in map(tuple, of_outputs):
        if trees not in ways:
            roots = listed([nodes.numbers[tree.root] for tree in trees], "INT")
            ends = anonymous("LIST_TRANSFORM", roots, lambda_(["root"], walk.copy()))
            ways[trees] = stages.place(forest.step, f"{forest.step}__leaves_reached", ends, after=start + 1)
    table = _beside(f"{forest.step}__leaves", nodes.leaves_as_lists(forest), start + 3, stages, parameters)
    totals = [_total(forest, nodes, k, ways[tuple(trees)], table) for k, trees in enumerate(of_outputs)]
    return [stages.place(forest.step, name, total, after=start + 2) for name, total in zip(names, totals, strict=True)]


def _total(forest: Forest, nodes: _Nodes, output: int, leaves: Column, alias: str) -> Expr:
    """The sum over the leaves reached, in the order of their trees."""
    sql_type = "FLOAT" if forest.single else "DOUBLE"
    place = sub(ident("leaf"), lit(nodes.splits))
    values = anonymous("LIST_TRANSFORM", leaves.ref(), lambda_(["leaf"], nth(col(_value(output), alias), place)))
    total = lambda_(["total", "value"], add(ident("total"), ident("value")))
    summed = anonymous("LIST_REDUCE", values, total, cast(lit(forest.start[output]), sql_type))
    return cast(summed, "DOUBLE") if forest.single else summed


def _value(output: int) -> str:
    return f"value_{output}"


def _beside(name: str, made: Parameters, stage: int, stages: Stages, parameters: ParameterTables) -> str:
    """Have a stage read a relation of one row; gives its alias."""
    alias = stages.claim(name)
    relation = parameters.add(name, made)
    stages.put_beside(with_alias(relation(), alias), stage=stage)
    return alias


class _Nodes:
    """A forest's nodes by number.

    splits: how many splits there are, which come first; depth: how many are above the deepest leaf
    """

    def __init__(self, forest: Forest) -> None:
        self._splits: dict[TreeNode, Split] = {}
        heights = self._heights(forest)
        self.depth = max(heights.values(), default=0)
        self._leaves = [node for node in heights if isinstance(node, Leaf)]
        self.splits = len(self._splits)
        self.numbers = {node: number for number, node in enumerate([*self._splits, *self._leaves], 1)}

    def _heights(self, forest: Forest) -> Mapping[TreeNode, int]:
        """Of each node how many splits are above the deepest leaf below it."""
        heights: dict[TreeNode, int] = {}
        pending = [(tree.root, False) for tree in reversed(forest.trees)]
        while pending:
            node, seen = pending.pop()
            if node in heights:
                continue
            if isinstance(node, Leaf):
                heights[node] = 0
            elif seen:
                split = self._splits[node]
                heights[node] = 1 + max(heights[split.left], heights[split.right])
            else:
                split = self._splits[node] = by_thresholds(node) if isinstance(node, CategorySplit) else node
                pending += [(node, True), (split.right, False), (split.left, False)]
        return heights

    def walk(self, values: Column, alias: str) -> Expr:
        """The way from `root` to the number of a leaf; values: of the inputs, alias: of the splits as lists."""
        node = ident("node")
        value = nth(values.ref(), nth(col("input", alias), node.copy()))
        goes_right = cast(gt(value, nth(col("threshold", alias), node.copy())), "INT")
        side = coalesce(goes_right, nth(col("missing", alias), node.copy()))
        twice = sub(mul(lit(2), node.copy()), lit(1))
        following = coalesce(nth(col("next", alias), add(twice, side)), node.copy())
        levels = cast(anonymous("RANGE", lit(self.depth)), "INT[]")
        return anonymous("LIST_REDUCE", levels, lambda_(["node", "level"], following), ident("root"))

    def splits_as_lists(self) -> Parameters:
        """Of each split its input, its threshold, whether missing goes right, and the nodes left and right of it."""
        splits = self._splits.values()
        lists: dict[str, tuple[str, list[Value]]] = {
            "input": ("INT", [split.input + 1 for split in splits]),
            "threshold": ("DOUBLE", [split.threshold for split in splits]),
            "missing": ("INT", [int(not split.missing_left) for split in splits]),
            "next": ("INT", [self.numbers[side] for split in splits for side in (split.left, split.right)]),
        }
        return Parameters(
            {name: kind for name, (kind, _) in lists.items()},
            {name: values for name, (_, values) in lists.items()},
            whole=True,
        )

    def leaves_as_lists(self, forest: Forest) -> Parameters:
        """Of each leaf what it adds to each output."""
        values = {output: dict.fromkeys(self._leaves, 0.0) for output in range(len(forest.start))}
        for tree in forest.trees:
            for node in tree_nodes(tree.root):
                if isinstance(node, Leaf):
                    for output, value in zip(tree.outputs, node.values, strict=True):
                        values[output][node] = value
        kind = "FLOAT" if forest.single else "DOUBLE"
        return Parameters(
            {_value(output): kind for output in values},
            {_value(output): list(of_leaves.values()) for output, of_leaves in values.items()},
            whole=True,
        )


def by_thresholds(split: CategorySplit) -> Split:
    """The same split of codes, which are whole numbers, as splits between them that lead to its two sides."""
    codes = set(split.codes)
    edges = sorted(
        {code - 0.5 for code in codes if code - 1 not in codes}
        | {code + 0.5 for code in codes if code + 1 not in codes}
    )
    if not edges:
        return Split(split.input, -math.inf, split.missing_left, split.left, split.right)

    def side(first: int, last: int) -> TreeNode:
        # of stretches between edges every other one goes left, from the second on
        if first == last:
            return split.left if first % 2 else split.right
        middle = (first + last) // 2
        missing_left = middle > first or first % 2 == split.missing_left
        return Split(split.input, edges[middle], missing_left, side(first, middle), side(middle + 1, last))

    made = side(0, len(edges))
    assert isinstance(made, Split)
    return made
