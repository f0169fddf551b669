"""A tree as masks of its leaves, a bit each: one of each feature's bin, which says what is in its reach, and their AND.

For an engine that computes an operation for many rows at once: no branches, and an AND for each tree and feature.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aops_indb.scoring.graph import Forest, Tree
from aops_indb.scoring.layouts.bin_tables import Joins, bins_of, combined, features_of
from aops_indb.scoring.layouts.leaf_masks import BITS, Place, Words, tree_masks
from aops_indb.scoring.layouts.nested_case import nested_case
from aops_indb.scoring.layouts.sums import add_up
from aops_indb.scoring.parameters import ParameterTables
from aops_indb.scoring.stages import Column, Stages
from aops_indb.sqlgen.build import Expr, add, anonymous, bit_and, case, cast, func, lit, ne, shift_right, sub
from aops_indb.sqlgen.lists import element

TREES_PER_STAGE = 20


def bit_vector(
    forest: Forest, inputs: Sequence[Column], names: Sequence[str], stages: Stages, parameters: ParameterTables
) -> Sequence[Column]:
    """One column per output of the forest, by the names given; nested_case where codes of categories are too large."""
    features = features_of(forest)
    if features is None:
        return nested_case(forest, inputs, names, stages, parameters)
    edges = {index: feature.edges for index, feature in features.items()}
    words = Words()
    for tree in forest.trees:
        words.add(tree_masks(tree, edges))
    start = max((column.stage for column in inputs), default=-1)
    joins = Joins(forest.step, stages, parameters)
    reach = combined(words.masks, bit_and, bins_of(features, inputs, joins, start), joins, start + 2)
    writer = _Writer(forest.step, words, reach, stages)
    coded = any(len(tree.outputs) > 1 for tree in forest.trees)
    done = max((column.stage for column in reach.values()), default=start)
    return add_up(forest, names, stages, writer.terms, after=done, delay=coded, per_stage=TREES_PER_STAGE)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes trees of the leaves in reach, by words."""

    step: str
    words: Words
    reach: Mapping[int, Column]
    stages: Stages

    def terms(self, tree: Tree, number: int, stage: int) -> Sequence[Expr]:
        """What a tree adds to each of its outputs."""
        leaves = self.words.leaves[number - 1]
        if len(leaves) == 1:
            return [lit(value) for value in leaves[0].values]
        leaf = self._leaf(self.words.places[number - 1])
        if len(tree.outputs) > 1:
            leaf = self.stages.place(self.step, f"{self.step}__leaf_of_tree_{number}", leaf, after=stage).ref()
        values = zip(*(leaf.values for leaf in leaves), strict=True)
        return [element([lit(value) for value in each], leaf.copy()) for each in values]

    def _leaf(self, places: Sequence[Place]) -> Expr:
        """The number of the leaf in reach, from 1."""
        if len(places) == 1:
            # leaves of other trees in the word come later, and one of this tree's is in reach
            return _lowest(self._from(places[0]))
        parts = [bit_and(self._from(place), lit((1 << place.bits) - 1)) for place in places]
        # bits are counted in 8 bits, which hold no more than 127
        numbers = [add(cast(_lowest(part.copy()), "INT"), lit(k * BITS)) for k, part in enumerate(parts)]
        whens = [(ne(part, lit(0)), number) for part, number in zip(parts, numbers, strict=True)]
        return case(whens[:-1], numbers[-1])

    def _from(self, place: Place) -> Expr:
        """A word from a place on."""
        # a word that no input rules a leaf out of has all
        known = place.word in self.reach
        word = self.reach[place.word].ref() if known else cast(lit((1 << self.words.used[place.word]) - 1), "BIGINT")
        return shift_right(word, lit(place.shift)) if place.shift else word


def _lowest(word: Expr) -> Expr:
    """The position of the lowest bit that is set, from 1."""
    return func("BIT_COUNT", anonymous("XOR", word, sub(word.copy(), lit(1))))
