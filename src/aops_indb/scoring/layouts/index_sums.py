"""A tree of few different questions as a number with a bit per answer, which is the place of its value in a list.

Each bin of a feature says which bits it sets in the numbers of all trees, of which there are as many in a word as have
room; over all features they make up the numbers. CatBoost grows such trees: oblivious ones, which ask one question per
level.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from aops_indb.scoring.graph import CategorySplit, Forest, Leaf, Split, Tree, tree_nodes
from aops_indb.scoring.layouts.bin_tables import Feature, Joins, bins_of, combined, features_of
from aops_indb.scoring.layouts.bit_vector import bit_vector
from aops_indb.scoring.layouts.leaf_masks import BITS, directions
from aops_indb.scoring.layouts.sums import add_up
from aops_indb.scoring.parameters import ParameterTables
from aops_indb.scoring.stages import Column, Stages
from aops_indb.sqlgen.build import Expr, add, bit_and, bit_or, lit, shift_right
from aops_indb.sqlgen.lists import element

TREES_PER_STAGE = 20
# of a tree, which has a list of twice as many values for each
MOST_QUESTIONS = 8


def index_sums(
    forest: Forest, inputs: Sequence[Column], names: Sequence[str], stages: Stages, parameters: ParameterTables
) -> Sequence[Column]:
    """One column per output of the forest, by the names given; bit_vector where a tree asks too many questions."""
    features, asked = features_of(forest), [questions_of(tree) for tree in forest.trees]
    if features is None or max(map(len, asked), default=0) > MOST_QUESTIONS:
        return bit_vector(forest, inputs, names, stages, parameters)
    words = _Words.of([list(splits.values()) for splits in asked], features)
    start = max((column.stage for column in inputs), default=-1)
    joins = Joins(forest.step, stages, parameters)
    found = combined(words.masks, bit_or, bins_of(features, inputs, joins, start), joins, start + 2)
    several = any(len(tree.outputs) > 1 for tree in forest.trees)

    def terms(tree: Tree, number: int, stage: int) -> Sequence[Expr]:
        leaves = _leaves(tree, list(asked[number - 1]))
        if len(leaves) == 1:
            return [lit(value) for value in leaves[0].values]
        place = words.places[number - 1]
        shifted = shift_right(found[place.word].ref(), lit(place.shift)) if place.shift else found[place.word].ref()
        leaf = add(bit_and(shifted, lit((1 << place.bits) - 1)), lit(1))
        if several:
            leaf = stages.place(forest.step, f"{forest.step}__leaf_of_tree_{number}", leaf, after=stage).ref()
        return [
            element([lit(value) for value in of_output], leaf.copy())
            for of_output in zip(*(leaf.values for leaf in leaves), strict=True)
        ]

    done = max((column.stage for column in found.values()), default=start)
    return add_up(forest, names, stages, terms, after=done, delay=several, per_stage=TREES_PER_STAGE)


Question: TypeAlias = tuple[type, int, object, bool]


def questions_of(tree: Tree) -> Mapping[Question, Split | CategorySplit]:
    """The different questions a tree asks, each with a split that asks it."""
    splits = [node for node in tree_nodes(tree.root) if not isinstance(node, Leaf)]
    return {_question(split): split for split in splits}


def _question(split: Split | CategorySplit) -> Question:
    asked = split.threshold if isinstance(split, Split) else split.codes
    return type(split), split.input, asked, split.missing_left


def _leaves(tree: Tree, asked: Sequence[Question]) -> list[Leaf]:
    """The leaf reached by each combination of answers, which are bits of a number, from 0 up."""
    bits = {question: bit for bit, question in enumerate(asked)}
    found = []
    for answers in range(1 << len(bits)):
        node = tree.root
        while not isinstance(node, Leaf):
            node = node.right if answers >> bits[_question(node)] & 1 else node.left
        found.append(node)
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a tree's number is: in a word, from a bit on, with so many bits."""

    word: int
    shift: int
    bits: int


@dataclass(frozen=True, slots=True)
class _Words:
    """masks: by word and input, what each of its bins adds; places: of each tree its number's."""

    masks: Sequence[Mapping[int, list[int]]]
    places: Sequence[_Place]

    @classmethod
    def of(cls, trees: Sequence[Sequence[Split | CategorySplit]], features: Mapping[int, Feature]) -> _Words:
        """The words of trees by their questions, one tree after the other."""
        masks: list[dict[int, list[int]]] = []
        places = []
        used = BITS
        for splits in trees:
            if used + len(splits) > BITS:
                masks.append({})
                used = 0
            places.append(_Place(len(masks) - 1, used, len(splits)))
            for bit, split in enumerate(splits, used):
                edges = features[split.input].edges
                bins = masks[-1].setdefault(split.input, [0] * (len(edges) + 2))
                for bin_, goes_left in directions(split, edges):
                    bins[bin_] |= (not goes_left) << bit
            used += len(splits)
        return cls(masks, places)
