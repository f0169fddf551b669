"""Decision trees, forests, and gradient boosting on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aops_indb.scoring.graph import Forest, Leaf, Node, Part, Split, Tree, TreeNode, apply, number
from aops_indb.scoring.read_sklearn.links import (
    by_sign,
    classes_of,
    classifier_outputs,
    expit_pair,
    first_largest,
    regressor_outputs,
    softmax,
)
from aops_indb.scoring.read_sklearn.rounding import double_thresholds
from aops_indb.scoring.read_sklearn.translation import Features, Place


def tree_classifier(model: Any, features: Features, place: Place) -> Features:
    """The class fractions of the leaf."""
    probabilities = _class_fractions(model, [model], features, place)
    labels = classes_of(model, place)
    return classifier_outputs(labels, first_largest(labels, probabilities), probabilities)


def tree_regressor(model: Any, features: Features, place: Place) -> Features:
    """The mean of the leaf."""
    return regressor_outputs(_means(model, [model], features, place))


def forest_classifier(model: Any, features: Features, place: Place) -> Features:
    """The mean over the trees of the class fractions of the leaf."""
    sums = _class_fractions(model, model.estimators_, features, place)
    labels = classes_of(model, place)
    means = [_mean(total, model, place, f"probability_{label}") for total, label in zip(sums, labels, strict=True)]
    return classifier_outputs(labels, first_largest(labels, means), means)


def forest_regressor(model: Any, features: Features, place: Place) -> Features:
    """The mean over the trees of the mean of the leaf."""
    sums = _means(model, model.estimators_, features, place)
    return regressor_outputs([_mean(total, model, place, "prediction") for total in sums])


def gradient_boosting_classifier(model: Any, features: Features, place: Place) -> Features:
    """Binary: expit of the raw score (of twice it for the exponential loss); more classes: softmax."""
    raw = _boosted(model, features, place)
    labels = classes_of(model, place)
    if len(raw) > 1:
        return classifier_outputs(labels, first_largest(labels, raw), softmax(raw), raw)
    decision = apply("multiply", number(2.0), raw[0]) if model.loss == "exponential" else raw[0]
    label = by_sign(labels, raw[0], zero_is_second=True)
    return classifier_outputs(labels, label, expit_pair(decision), raw)


def gradient_boosting_regressor(model: Any, features: Features, place: Place) -> Features:
    """The raw score."""
    return regressor_outputs(_boosted(model, features, place))


# ── what the models share ──────────────────────────────────────────────────────────────────────────────


def _class_fractions(model: Any, estimators: Sequence[Any], features: Features, place: Place) -> list[Node]:
    if model.n_outputs_ > 1:
        raise place.unsupported(f"{type(model).__name__} with several targets", "fit one classifier per target")
    count = int(model.n_classes_)
    inputs = _inputs(model, features, place, missing=estimators[0]._support_missing_values(_no_rows(model)))
    trees = [_tree(e.tree_, tuple(range(count)), lambda v: v[:, 0, :count]) for e in estimators]
    return _forest(inputs, trees, [0.0] * count, place)


def _means(model: Any, estimators: Sequence[Any], features: Features, place: Place) -> list[Node]:
    count = model.n_outputs_
    inputs = _inputs(model, features, place, missing=estimators[0]._support_missing_values(_no_rows(model)))
    trees = [_tree(e.tree_, tuple(range(count)), lambda v: v[:, :, 0]) for e in estimators]
    return _forest(inputs, trees, [0.0] * count, place)


def _boosted(model: Any, features: Features, place: Place) -> list[Node]:
    from sklearn.dummy import DummyClassifier, DummyRegressor

    if not (isinstance(model.init_, DummyClassifier | DummyRegressor) or model.init_ == "zero"):
        raise place.unsupported(
            f"{type(model).__name__}(init={type(model.init_).__name__}())", "leave init=None or use init='zero'"
        )
    inputs = _inputs(model, features, place, missing=False)
    start = model._raw_predict_init(_no_rows(model))[0].tolist()
    trees = [
        _tree(estimator.tree_, (k,), lambda v: model.learning_rate * v[:, :, 0])
        for stage in model.estimators_
        for k, estimator in enumerate(stage)
    ]
    return _forest(inputs, trees, start, place)


def _no_rows(model: Any) -> Any:
    """One row of zeros, to ask a model what does not depend on the row."""
    import numpy as np

    return np.zeros((1, model.n_features_in_), dtype=np.float32)


def _inputs(model: Any, features: Features, place: Place, *, missing: bool) -> tuple[Node, ...]:
    nodes = place.numbers(model, features, exact=False)
    place.refuse_too_large(model, features, nodes)
    if not missing or features.sparse:
        place.refuse_missing(model, features, nodes)
    return tuple(nodes)


def _forest(inputs: tuple[Node, ...], trees: Sequence[Tree], start: Sequence[float], place: Place) -> list[Node]:
    forest = Forest(place.step, inputs, tuple(trees), tuple(start))
    return [Part(forest, k) for k in range(len(start))]


def _mean(total: Node, model: Any, place: Place, name: str) -> Node:
    return place.named(name, apply("divide", total, number(len(model.estimators_))))


def _tree(tree: Any, outputs: tuple[int, ...], leaf_values: Callable[[Any], Any]) -> Tree:
    """A scikit-learn Tree; leaf_values: from its `value` array (nodes, outputs, classes) to (nodes, len(outputs))."""
    thresholds = double_thresholds(tree.threshold).tolist()
    values = leaf_values(tree.value).tolist()
    columns = (tree.children_left, tree.children_right, tree.feature, tree.missing_go_to_left)
    nodes: dict[int, TreeNode] = {}
    # children come after their parents, so backwards every child is there before its parent
    for i, (left, right, feature, missing_left) in reversed(
        list(enumerate(zip(*(column.tolist() for column in columns), strict=True)))
    ):
        if left < 0:
            nodes[i] = Leaf(tuple(values[i]))
        else:
            nodes[i] = Split(feature, thresholds[i], bool(missing_left), nodes[left], nodes[right])
    return Tree(nodes[0], outputs)
