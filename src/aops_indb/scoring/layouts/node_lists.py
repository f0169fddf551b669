"""Trees as lists of their nodes, walked down by functions of lists: a query as short for any size of the trees.

The first levels are a CASE, which is as fast as one step of a walk. Every walk has as many steps as there are splits
above the deepest leaf; one that is at its leaf already stays there.

The nodes right of splits follow those left of them, so that a step is `first[node] + (value > threshold)`. Nodes are
numbered from 1, as lists are.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from aops_indb.scoring.graph import CategorySplit, Forest, Leaf, Split, Tree, TreeNode, tree_nodes
from aops_indb.scoring.layouts.categories import category_bits
from aops_indb.scoring.layouts.nested_case import DEEPEST, CaseWriter
from aops_indb.scoring.parameters import Parameters, ParameterTables
from aops_indb.scoring.stages import Column, Stages
from aops_indb.sqlgen.build import Expr, add, anonymous, cast, coalesce, col, gt, ident, lit
from aops_indb.sqlgen.lists import array, lambda_, nth
from aops_indb.sqlgen.statements import with_alias

# of a tree, as a CASE
TOP_LEVELS = 3
# steps that are written out, which takes a quarter less time than to have a function repeat them
NESTED = 24


def node_lists(
    forest: Forest, inputs: Sequence[Column], names: Sequence[str], stages: Stages, parameters: ParameterTables
) -> Sequence[Column]:
    """One column per output of the forest, by the names given."""
    nodes = _Nodes(forest)
    tops = [_top(tree.root, TOP_LEVELS, nodes) for tree in forest.trees]
    bits = category_bits(replace(forest, trees=tuple(Tree(top, (0,)) for top in tops)), inputs, stages)
    start = max((column.stage for column in (*inputs, *bits.columns)), default=-1)
    values = stages.place(forest.step, f"{forest.step}__inputs", nodes.values(inputs), after=start)
    alias = _beside(f"{forest.step}__nodes", nodes.as_lists(), start + 2, stages, parameters)
    writer = CaseWriter(forest.step, inputs, bits, stages, DEEPEST)
    of_outputs = [[k for k, tree in enumerate(forest.trees) if output in tree.outputs] for output in range(len(names))]
    # trees that all feed the same outputs are walked once
    ways: dict[tuple[int, ...], Column] = {}
    for trees in map(tuple, of_outputs):
        if trees not in ways:
            entries = array([writer.case(tops[k], lambda leaf: lit(int(leaf.values[0])), None) for k in trees])
            entry = stages.place(forest.step, f"{forest.step}__entries", cast(entries, "INT[]"), after=start)
            ends = nodes.walked(entry, values, alias)
            ways[trees] = stages.place(forest.step, f"{forest.step}__leaves_reached", ends, after=start + 1)
    alias = _beside(f"{forest.step}__leaves", nodes.leaf_values(forest), start + 3, stages, parameters)
    totals = [_total(forest, k, ways[tuple(trees)], alias) for k, trees in enumerate(of_outputs)]
    return [stages.place(forest.step, name, total, after=start + 2) for name, total in zip(names, totals, strict=True)]


def _top(node: TreeNode, levels: int, nodes: _Nodes) -> TreeNode:
    """The first levels of a tree, whose leaves have the numbers of the nodes there."""
    if isinstance(node, Leaf) or not levels:
        nodes.enter(node)
        return Leaf((float(nodes.numbers[node]),))
    return replace(node, left=_top(node.left, levels - 1, nodes), right=_top(node.right, levels - 1, nodes))


def _total(forest: Forest, output: int, leaves: Column, alias: str) -> Expr:
    """The sum over the leaves reached, in the order of their trees."""
    sql_type = "FLOAT" if forest.single else "DOUBLE"
    value = nth(col(_value(output), alias), ident("leaf"))
    values = anonymous("LIST_TRANSFORM", leaves.ref(), lambda_(["leaf"], value))
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

    depth: how many steps the longest way has, to a leaf from where it is entered
    """

    def __init__(self, forest: Forest) -> None:
        self._splits: dict[TreeNode, Split] = {}
        self._steps = self._count_steps(forest)
        self.depth = 0
        # a value for each input, and another if missing goes the other way
        self._asked: dict[tuple[int, bool], int] = {}
        # of each node the value it asks for, the threshold, and the node left of it
        self._entries: list[tuple[int, float, int]] = []
        self.numbers: dict[TreeNode, int] = {}
        for tree in forest.trees:
            if tree.root not in self.numbers:
                self._add(tree.root)

    def enter(self, node: TreeNode) -> None:
        """Note that ways begin at a node."""
        self.depth = max(self.depth, self._steps[node])

    def _count_steps(self, forest: Forest) -> dict[TreeNode, int]:
        """Of each node how many steps are below it; notes of each split the same by thresholds."""
        uses: Counter[TreeNode] = Counter()
        done: dict[TreeNode, None] = {}
        pending = [(tree.root, False) for tree in forest.trees]
        while pending:
            node, seen = pending.pop()
            if node in done:
                continue
            if seen or isinstance(node, Leaf):
                done[node] = None
                continue
            split = self._splits[node] = by_thresholds(node) if isinstance(node, CategorySplit) else node
            uses.update((split.left, split.right))
            pending += [(node, True), (split.right, False), (split.left, False)]
        steps: dict[TreeNode, int] = {}
        for node in done:
            sides = (self._splits[node].left, self._splits[node].right) if node in self._splits else ()
            # to a node that several lead to there is a step more
            steps[node] = max((1 + steps[side] + (uses[side] > 1) for side in sides), default=0)
        return steps

    def _add(self, root: TreeNode) -> None:
        """Give a tree's nodes their numbers, and a number more to every further way to a node."""
        self.numbers[root] = self._new()
        pending = [root]
        while pending:
            node = pending.pop()
            if isinstance(node, Leaf):
                continue
            split, left = self._splits[node], self._new()
            self._new()
            asked = self._asked.setdefault((split.input, split.missing_left), len(self._asked) + 2)
            self._entries[self.numbers[node] - 1] = asked, split.threshold, left
            for number, side in enumerate((split.left, split.right), left):
                if side in self.numbers:
                    self._entries[number - 1] = 1, 0.0, self.numbers[side]
                else:
                    self.numbers[side] = number
                    pending.append(side)

    def _new(self) -> int:
        """The number of a node that leads nowhere."""
        self._entries.append((1, 0.0, len(self._entries) + 1))
        return len(self._entries)

    def values(self, inputs: Sequence[Column]) -> Expr:
        """What nodes ask for: first a number that is greater than no threshold, for those that lead nowhere."""
        # nothing is less than -infinity, and nothing greater than NaN
        ways = [coalesce(inputs[k].ref(), lit(-math.inf if left else math.nan)) for k, left in self._asked]
        return array([lit(0.0), *ways])

    def walked(self, entries: Column, values: Column, alias: str) -> Expr:
        """The leaves reached from some nodes; alias: of the nodes as lists."""
        node = ident("node")
        value = nth(values.ref(), nth(col("value", alias), node.copy()))
        goes_right = cast(gt(value, nth(col("threshold", alias), node.copy())), "INT")
        step = add(nth(col("first", alias), node.copy()), goes_right)
        reached = entries.ref()
        for _ in range(min(self.depth, NESTED)):
            reached = anonymous("LIST_TRANSFORM", reached, lambda_(["node"], step.copy()))
        if self.depth <= NESTED:
            return reached
        levels = cast(anonymous("RANGE", lit(self.depth - NESTED)), "INT[]")
        rest = anonymous("LIST_REDUCE", levels, lambda_(["node", "level"], step), ident("node"))
        return anonymous("LIST_TRANSFORM", reached, lambda_(["node"], rest))

    def as_lists(self) -> Parameters:
        """Of each node which value it asks for, its threshold, and the node left of it."""
        asked, thresholds, first = zip(*self._entries, strict=True) if self._entries else ((), (), ())
        types = {"value": "INT", "threshold": "DOUBLE", "first": "INT"}
        return Parameters(types, {"value": asked, "threshold": thresholds, "first": first}, whole=True)

    def leaf_values(self, forest: Forest) -> Parameters:
        """Of each node what it adds to each output, 0 if it is no leaf."""
        values = {_value(output): [0.0] * len(self._entries) for output in range(len(forest.start))}
        for tree in forest.trees:
            for node in tree_nodes(tree.root):
                if isinstance(node, Leaf):
                    for output, value in zip(tree.outputs, node.values, strict=True):
                        values[_value(output)][self.numbers[node] - 1] = value
        return Parameters(dict.fromkeys(values, "FLOAT" if forest.single else "DOUBLE"), values, whole=True)


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
