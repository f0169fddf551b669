"""Trees as CASEs, a few added up in one sub-select by an expression that Spark makes a method of its own.

Spark writes a query as one Java method, and Java compiles none of more than 8,000 bytes to machine code: some 15 trees
of depth 3, beyond which each split takes 20 times as long. An expression that a sub-select has twice is a method of its
own, called once; and as it refers to the sums before it twice, Spark leaves the sub-select as it is. So a sum is
written as the lesser of itself and itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from aops_indb.scoring.graph import Forest, Leaf, Tree, tree_nodes
from aops_indb.scoring.layouts.categories import category_bits
from aops_indb.scoring.layouts.nested_case import DEEPEST, CaseWriter, nested_case
from aops_indb.scoring.layouts.sums import summand
from aops_indb.scoring.parameters import ParameterTables
from aops_indb.scoring.stages import Column, Stages
from aops_indb.sqlgen.build import Expr, add, cast, least, lit

# of a method, at some 62 bytes a leaf
MOST_LEAVES = 80


def case_in_methods(
    forest: Forest, inputs: Sequence[Column], names: Sequence[str], stages: Stages, parameters: ParameterTables
) -> Sequence[Column]:
    """One column per output of the forest, by the names given; nested_case if a tree has several outputs."""
    if any(len(tree.outputs) > 1 for tree in forest.trees):
        return nested_case(forest, inputs, names, stages, parameters)
    bits = category_bits(forest, inputs, stages)
    writer = CaseWriter(forest.step, inputs, bits, stages, DEEPEST)
    after = max((column.stage for column in (*inputs, *bits.columns)), default=-1)
    sums: list[Expr] = [summand(lit(value), forest) for value in forest.start]
    columns: list[Column] = []
    done, groups = 0, methods(forest.trees) or [[]]
    for trees in groups:
        totals = list(sums)
        for number, tree in enumerate(trees, done + 1):
            [output], [term] = tree.outputs, writer.terms(tree, number, after)
            totals[output] = add(totals[output], summand(term, forest))
        done += len(trees)
        last = done == len(forest.trees)
        # the lesser of a number and itself is itself, to the sign of a zero
        totals = [
            least(total, total.copy()) if total is not before else total
            for before, total in zip(sums, totals, strict=True)
        ]
        if forest.single and last:
            totals = [cast(total, "DOUBLE") for total in totals]
        titles = names if last else [f"{name}__after_tree_{done}" for name in names]
        columns = [
            stages.place(forest.step, title, total, after=after) for title, total in zip(titles, totals, strict=True)
        ]
        sums, after = [column.ref() for column in columns], after + 1
    return columns


def methods(trees: Sequence[Tree]) -> list[list[Tree]]:
    """Trees one after the other, in groups that add so many leaves to an output at most, or are one tree."""
    groups: list[list[Tree]] = []
    leaves: dict[int, int] = {}
    for tree in trees:
        [output], own = tree.outputs, sum(isinstance(node, Leaf) for node in tree_nodes(tree.root))
        if not groups or leaves.get(output, 0) + own > MOST_LEAVES:
            groups.append([])
            leaves = {}
        groups[-1].append(tree)
        leaves[output] = leaves.get(output, 0) + own
    return groups
