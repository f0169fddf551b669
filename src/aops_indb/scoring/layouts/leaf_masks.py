"""Which leaves of a tree a feature's value leaves within reach: a bit per leaf, from left to right.

C. Lucchese, F. M. Nardini, S. Orlando, R. Perego, N. Tonellotto, R. Venturini: QuickScorer, SIGIR 2015. A split that
sends a row right rules out the leaves below its left side, and the other way round; of the leaves that no split rules
out the leftmost is the one the row ends in. Here splits are taken together by feature: each of its bins has one mask.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aops_indb.scoring.graph import CategorySplit, Leaf, Split, Tree, TreeNode

# a word is a BIGINT that is not negative
BITS = 63
ALL = (1 << BITS) - 1


@dataclass(frozen=True, slots=True)
class TreeMasks:
    """The leaves of a tree, and by input its words of masks: masks[input][word][bin], the last bin for missing."""

    leaves: Sequence[Leaf]
    masks: Mapping[int, Sequence[Sequence[int]]]

    @property
    def words(self) -> int:
        """How many words the leaves take."""
        return -(-len(self.leaves) // BITS)


def tree_masks(tree: Tree, edges: Mapping[int, Sequence[float]]) -> TreeMasks:
    """The masks of a tree.

    edges: of each input the thresholds, in order, which bins lie between; of categories the codes, with a bin for each,
    one for the others, and one for missing
    """
    leaves, spans = _spans(tree.root)
    everything = (1 << len(leaves)) - 1
    by_input: dict[int, list[int]] = {}
    for split, (first, middle, last) in spans.items():
        count = len(edges[split.input]) + 2
        bins = by_input.setdefault(split.input, [everything] * count)
        left, right = _between(first, middle), _between(middle, last)
        for place, goes_left in _directions(split, edges[split.input]):
            bins[place] &= ~(right if goes_left else left)
    words = range(-(-len(leaves) // BITS))
    # bits beyond the leaves of the last word are never set
    masks = {index: [[mask >> (BITS * k) & ALL for mask in bins] for k in words] for index, bins in by_input.items()}
    return TreeMasks(leaves, masks)


def _directions(split: Split | CategorySplit, edges: Sequence[float]) -> list[tuple[int, bool]]:
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
