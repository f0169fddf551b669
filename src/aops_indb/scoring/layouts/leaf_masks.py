"""Which leaves of a tree a feature's value leaves within reach: a bit per leaf, from left to right.

C. Lucchese, F. M. Nardini, S. Orlando, R. Perego, N. Tonellotto, R. Venturini: QuickScorer, SIGIR 2015. A split that
sends a row right rules out the leaves below its left side, and the other way round; of the leaves that no split rules
out the leftmost is the one the row ends in. Here splits are taken together by feature: each of its bins has one mask.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from operator import and_

from aops_indb.scoring.graph import CategorySplit, Leaf, Split, Tree, TreeNode

# a word is a BIGINT that is not negative
BITS = 63


@dataclass(frozen=True, slots=True)
class TreeMasks:
    """The leaves of a tree, and by input the mask of each bin, the last for missing."""

    leaves: Sequence[Leaf]
    masks: Mapping[int, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where some leaves of a tree are: in a word, from a bit on."""

    word: int
    shift: int
    bits: int


@dataclass(slots=True)
class Words:
    """The masks of a forest, packed into words of BITS bits.

    leaves: of each tree, from left to right
    places: of each tree where they are; none for a tree of one leaf
    masks:  by word and input the masks of its bins; of inputs that rule none of a word's leaves out there are none
    used:   the bits of each word that leaves have
    """

    leaves: list[Sequence[Leaf]] = field(default_factory=list)
    places: list[list[Place]] = field(default_factory=list)
    masks: list[dict[int, list[int]]] = field(default_factory=list)
    used: list[int] = field(default_factory=list)

    def add(self, tree: TreeMasks) -> None:
        """Put a tree's leaves where there is room: beside those of the tree before, or into words of their own."""
        places, first = [], 0
        while len(tree.leaves) > 1 and first < len(tree.leaves):
            bits = min(BITS, len(tree.leaves) - first)
            if not self.used or self.used[-1] + bits > BITS:
                self.used.append(0)
                self.masks.append({})
            place = Place(len(self.used) - 1, self.used[-1], bits)
            self._put(tree, first, place)
            self.used[-1] += bits
            places.append(place)
            first += bits
        self.leaves.append(tree.leaves)
        self.places.append(places)

    def _put(self, tree: TreeMasks, first: int, place: Place) -> None:
        everything, here = (1 << place.bits) - 1, self.masks[place.word]
        # what is in the word already is ruled out by no input that did not say so, and the new leaves neither
        for masks in here.values():
            masks[:] = [mask | everything << place.shift for mask in masks]
        for index, of_tree in tree.masks.items():
            part = [mask >> first & everything for mask in of_tree]
            if min(part) < everything:
                masks = here.setdefault(index, [(1 << place.shift + place.bits) - 1] * len(part))
                clear = everything << place.shift
                masks[:] = [mask & ~clear | new << place.shift for mask, new in zip(masks, part, strict=True)]


def tree_masks(tree: Tree, edges: Mapping[int, Sequence[float]]) -> TreeMasks:
    """The masks of a tree.

    edges: of each input the thresholds, in order, which bins lie between; of categories the codes, with a bin for each,
    one for the others, and one for missing
    """
    leaves, spans = _spans(tree.root)
    everything = (1 << len(leaves)) - 1
    by_input: dict[int, list[int]] = {}
    # what thresholds rule out in all bins above them and in all up to them, noted where that begins
    above: dict[int, list[int]] = {}
    up_to: dict[int, list[int]] = {}
    for split, (first, middle, last) in spans.items():
        index, count = split.input, len(edges[split.input]) + 2
        bins = by_input.setdefault(index, [everything] * count)
        left, right = _between(first, middle), _between(middle, last)
        if isinstance(split, Split):
            edge = bisect.bisect_left(edges[index], split.threshold)
            up_to.setdefault(index, [everything] * (count - 1))[edge] &= ~right
            above.setdefault(index, [everything] * (count - 1))[edge + 1] &= ~left
            bins[-1] &= ~(right if split.missing_left else left)
        else:
            for place, goes_left in directions(split, edges[index]):
                bins[place] &= ~(right if goes_left else left)
    for index, begun in above.items():
        rising = accumulate(begun, and_)
        falling = reversed(list(accumulate(reversed(up_to[index]), and_)))
        by_input[index][:-1] = map(and_, rising, falling)
    return TreeMasks(leaves, by_input)


def directions(split: Split | CategorySplit, edges: Sequence[float]) -> list[tuple[int, bool]]:
    """Of each bin, whether the split sends it left."""
    count = len(edges) + 1
    if isinstance(split, CategorySplit):
        codes = set(split.codes)
        ways = [edge in codes for edge in edges] + [False]
    else:
        edge = bisect.bisect_left(edges, split.threshold)
        ways = [place <= edge for place in range(count)]
    return [*enumerate(ways), (count, split.missing_left)]


def _between(first: int, last: int) -> int:
    return (1 << last) - (1 << first)


def _spans(root: TreeNode) -> tuple[list[Leaf], dict[Split | CategorySplit, tuple[int, int, int]]]:
    """The leaves from left to right; of each split, its first leaf, the first on its right side, and the one after."""
    leaves: list[Leaf] = []
    begun: dict[TreeNode, int] = {}
    middles: dict[TreeNode, int] = {}
    spans: dict[Split | CategorySplit, tuple[int, int, int]] = {}
    pending: list[tuple[TreeNode, int]] = [(root, 0)]
    while pending:
        node, visit = pending.pop()
        if isinstance(node, Leaf):
            leaves.append(node)
        elif visit == 0:
            begun[node] = len(leaves)
            pending += [(node, 1), (node.left, 0)]
        elif visit == 1:
            middles[node] = len(leaves)
            pending += [(node, 2), (node.right, 0)]
        else:
            spans[node] = begun[node], middles[node], len(leaves)
    return leaves, spans
