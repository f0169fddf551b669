"""Isolation forests."""

from __future__ import annotations

from typing import Any

from aops_indb.scoring.graph import Case, Constant, Forest, Node, Part, apply, number
from aops_indb.scoring.read_sklearn.translation import Features, Place
from aops_indb.scoring.read_sklearn.trees import read_tree


def isolation_forest(model: Any, features: Features, place: Place) -> Features:
    """The decision -2^(-depth / expected depth) - offset; the label -1 where it is below 0, else 1."""
    depth = place.named("depth", _depth(model, features, place))
    expected = _expected_depth(model)
    if expected == 0:
        raise place.unsupported(f"{type(model).__name__} of trees grown on single rows", "use max_samples of 2 or more")
    power = apply("power", number(2.0), apply("subtract", number(0.0), apply("divide", depth, number(expected))))
    decision = apply("subtract", apply("subtract", number(0.0), power), number(float(model.offset_)))
    return Features(("label", "decision"), (_label(model, depth, expected), decision))


def _depth(model: Any, features: Features, place: Place) -> Node:
    """The sum over the trees of the depth of the leaf, with that of the tree its rows would still make.

    Missing values have a side in each split, and infinite ones are larger than every threshold: nothing is refused.
    """
    inputs = tuple(place.numbers(model, features, exact=False))
    if features.sparse:
        place.refuse_missing(model, features, inputs)
    trees = []
    every = model._max_features == len(features)
    for i, (part, chosen) in enumerate(zip(model.estimators_, model.estimators_features_, strict=True)):
        depths = model._decision_path_lengths[i] + model._average_path_length_per_tree[i] - 1.0
        columns = range(len(features)) if every else chosen.tolist()
        trees.append(read_tree(part.tree_, (0,), depths.reshape(-1, 1), columns))
    return Part(Forest(place.step, inputs, tuple(trees), (0.0,)), 0)


def _expected_depth(model: Any) -> float:
    from sklearn.ensemble._iforest import _average_path_length

    return float(len(model.estimators_) * _average_path_length([model._max_samples])[0])


def _label(model: Any, depth: Node, expected: float) -> Node:
    """By the depth, not the decision: a row at the threshold must not depend on the last bit of a power."""
    limit = number(_deepest_outlier(float(model.offset_), expected))
    outlier = apply("less_equal", depth, limit)
    return Case(((outlier, Constant(-1, "integer")),), Constant(1, "integer"))


def _deepest_outlier(offset: float, expected: float) -> float:
    """The largest depth whose decision is below 0, found by halving; below zero if none is."""
    import numpy as np

    def is_outlier(depth: float) -> bool:
        scores = 2 ** (-np.divide(np.array([depth]), expected))
        return bool((-scores - offset < 0)[0])

    low, high = -1.0, 1.0
    if not is_outlier(0.0):
        return low
    while is_outlier(high):
        if high > 1e6 * expected:
            return float("inf")
        high *= 2
    low = 0.0
    while np.nextafter(low, high) < high:
        middle = low + (high - low) / 2
        low, high = (middle, high) if is_outlier(middle) else (low, middle)
    return low
