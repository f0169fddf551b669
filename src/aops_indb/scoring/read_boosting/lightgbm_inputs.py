"""What LightGBM makes of a row, and how its splits ask for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from aops_indb.scoring.graph import (
    Case,
    CategorySplit,
    Constant,
    Leaf,
    Lookup,
    Node,
    Split,
    TreeNode,
    apply,
    kind_of_value,
    number,
)
from aops_indb.scoring.read_boosting.lightgbm_text import ModelText, TreeText
from aops_indb.scoring.read_boosting.shapes import assemble
from aops_indb.scoring.read_sklearn.translation import Features, Place

# The library's kZeroThreshold, float32(1e-35): what is not larger in size is 0.
ZERO = 1.0000000180025095e-35

# A category is a whole number below this.
CATEGORIES = 2.0**31

# A feature as a number; with 0 as missing; as the code of a category.
Way: TypeAlias = Literal["number", "not zero", "code"]

CATEGORICAL, DEFAULT_LEFT = 1, 2
MISSING_IS_ZERO, MISSING_IS_NAN = 1, 2


@dataclass(frozen=True, slots=True)
class Inputs:
    """Nodes that the splits ask for; measures: the features that linear leaves are made of."""

    measures: dict[int, Node]
    nodes: tuple[Node, ...]
    positions: dict[tuple[int, Way], int]

    def root(self, tree: TreeText, leaf: Callable[[int], float]) -> TreeNode:
        """A tree; leaf: what its leaf of that number adds."""
        if not tree.left:
            return Leaf((leaf(0),))

        def split(i: int, left: TreeNode, right: TreeNode) -> TreeNode:
            position = self.positions[tree.feature[i], _way(tree.decision[i])]
            threshold = tree.threshold[i]
            if tree.decision[i] & CATEGORICAL:
                return CategorySplit(position, tree.categories[int(threshold)], False, left, right)
            return Split(position, _moved(threshold), _missing_left(tree.decision[i], threshold), left, right)

        return assemble(
            0,
            lambda i: None if i < 0 else (tree.left[i], tree.right[i]),
            split,
            lambda i: Leaf((leaf(~i),)),
        )


def inputs_of(model: object, text: ModelText, trees: Sequence[TreeText], features: Features, place: Place) -> Inputs:
    """What the trees' splits ask for."""
    known = _categories(text, place)
    numbers = [
        _code(model, name, node, known[index], place) if index in known else place.read(model, name, node, "number")
        for index, (name, node) in enumerate(features)
    ]
    used = dict.fromkeys(
        (feature, _way(decision))
        for tree in trees
        for feature, decision in zip(tree.feature, tree.decision, strict=True)
    )
    nodes = tuple(
        numbers[index] if index in known else _in_way(numbers[index], features.names[index], way, place)
        for index, way in used
    )
    linear = dict.fromkeys(feature for tree in trees for terms in tree.terms for feature, _ in terms)
    measures = {index: _measure(numbers[index], features.names[index], place) for index in linear}
    return Inputs(measures, nodes, {key: position for position, key in enumerate(used)})


def _code(model: object, name: str, node: Node, known: Sequence[Any], place: Place) -> Node:
    """The code of a category; a category that training did not have is missing."""
    categories = [float(value) if kind_of_value(value) == "integer" else value for value in known]
    kinds = {kind_of_value(category) for category in categories}
    if len(kinds) > 1:
        raise place.unsupported(f"LightGBM with categories of several types in '{name}'", "use one type per feature")
    read = place.read(model, name, node, kinds.pop() if kinds else "text")
    entries = tuple((category, float(code)) for code, category in enumerate(categories))
    return place.named(f"{name}_code", Lookup(read, entries, otherwise=None, missing=None))


def _categories(text: ModelText, place: Place) -> dict[int, Sequence[Any]]:
    """Feature -> its categories by code. The library keeps the categories' lists, but not the columns they are of."""
    if not text.categories:
        return {}
    columns = [int(part) for part in text.parameters.get("categorical_feature", "").split(",") if part]
    infos = text.header["feature_infos"].split()
    if len(columns) != len(text.categories) or not all(
        _fits(infos[column], categories) for column, categories in zip(columns, text.categories, strict=True)
    ):
        raise place.unsupported(
            "LightGBM with pandas categories on columns other than its categorical features",
            "leave categorical_feature='auto' and have no ordered categories",
        )
    return dict(zip(columns, text.categories, strict=True))


def _fits(info: str, categories: Sequence[Any]) -> bool:
    """Whether what training saw of a feature are codes of these categories."""
    if info == "none":  # too little to split on
        return True
    return not info.startswith("[") and all(-1 <= int(code) < len(categories) for code in info.split(":"))


def _way(decision: int) -> Way:
    if decision & CATEGORICAL:
        return "code"
    return "not zero" if decision >> 2 == MISSING_IS_ZERO else "number"


def _in_way(node: Node, name: str, way: Way, place: Place) -> Node:
    match way:
        case "number":
            return node
        case "not zero":
            is_zero = apply("less_equal", apply("absolute", node), number(ZERO))
            return place.named(f"{name}_not_zero", Case(((is_zero, Constant(None, "number")),), node))
    branches = (
        (apply("less_equal", node, number(-1.0)), number(-1.0)),
        (apply("greater_equal", node, number(CATEGORIES)), number(-1.0)),
        (apply("less", node, number(0.0)), number(0.0)),
    )
    return place.named(f"{name}_code", Case(branches, apply("floor", node)))


def _measure(node: Node, name: str, place: Place) -> Node:
    """What a linear leaf multiplies."""
    is_zero = apply("less_equal", apply("absolute", node), number(ZERO))
    return place.named(f"{name}_rounded", Case(((is_zero, number(0.0)),), node))


def _missing_left(decision: int, threshold: float) -> bool:
    """Where missing goes: where training found best, or where 0 goes."""
    return bool(decision & DEFAULT_LEFT) if decision >> 2 else threshold >= 0.0


def _moved(threshold: float) -> float:
    """The threshold that tells numbers apart as the given one does after the smallest became 0."""
    if abs(threshold) > ZERO:
        return threshold
    return ZERO if threshold >= 0.0 else math.nextafter(-ZERO, -math.inf)
