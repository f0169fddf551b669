"""The sum over a forest's trees, a few per sub-select.

Trees are added up in their order: sums in another order differ in the last bit, and with it ties; and DuckDB plans and
runs several short sums faster than one long one. A forest in single precision is added up in that type, which takes a
cast per tree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from aops_indb.scoring.graph import Forest, Tree
from aops_indb.scoring.stages import Column, Stages
from aops_indb.sqlgen.build import Expr, add, cast, lit

# Of a tree, its number from 1, and a stage: what it adds to each of its outputs, of columns up to the one after it.
Terms: TypeAlias = Callable[[Tree, int, int], Sequence[Expr]]


def add_up(
    forest: Forest, names: Sequence[str], stages: Stages, terms: Terms, *, after: int, delay: int, per_stage: int
) -> Sequence[Column]:
    """One column per output of the forest, by the names given.

    after:     the last stage that terms refer to from the start
    delay:     how many stages of its own a tree's term has
    per_stage: how many trees are added up in one sub-select
    """
    sums: list[Expr] = [summand(lit(value), forest) for value in forest.start]
    columns: Sequence[Column] = ()
    for batch, first in enumerate(range(0, max(len(forest.trees), 1), per_stage)):
        trees = forest.trees[first : first + per_stage]
        for number, tree in enumerate(trees, first + 1):
            for output, term in zip(tree.outputs, terms(tree, number, after + batch), strict=True):
                sums[output] = add(sums[output], summand(term, forest))
        done = first + len(trees)
        titles = names if done == len(forest.trees) else [f"{name}__after_tree_{done}" for name in names]
        if forest.single and done == len(forest.trees):
            sums = [cast(total, "DOUBLE") for total in sums]
        columns = [
            stages.place(forest.step, title, total, after=after + batch + delay)
            for title, total in zip(titles, sums, strict=True)
        ]
        sums = [column.ref() for column in columns]
    return columns


def summand(term: Expr, forest: Forest) -> Expr:
    """What is added to a sum, in the type the sum is made in."""
    return cast(term, "FLOAT") if forest.single else term
