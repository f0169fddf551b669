"""Decision trees, forests, and gradient boosting on them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from types import SimpleNamespace
from typing import Any

from aops_indb.scoring.graph import Forest, Leaf, Lookup, Node, Part, Split, Tree, TreeNode, apply, number
from aops_indb.scoring.read_sklearn.first_guess import first_guess
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
    sums = _class_fractions(model, [model], features, place)
    if model.n_outputs_ > 1:
        return _of_several_targets(model, sums, place)
    labels = classes_of(model, place)
    return classifier_outputs(labels, first_largest(labels, sums), sums)


def tree_regressor(model: Any, features: Features, place: Place) -> Features:
    """The mean of the leaf."""
    return regressor_outputs(_means(model, [model], features, place))


def forest_classifier(model: Any, features: Features, place: Place) -> Features:
    """The mean over the trees of the class fractions of the leaf."""
    sums = _class_fractions(model, model.estimators_, features, place)
    if model.n_outputs_ > 1:
        return _of_several_targets(model, [_mean(total, model, place, "probability") for total in sums], place)
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


def random_trees_embedding(model: Any, features: Features, place: Place) -> Features:
    """A 0/1 column per leaf of each tree."""
    import numpy as np

    inputs = _inputs(model, features, place, missing=model.estimators_[0]._support_missing_values(_no_rows(model)))
    columns: list[Node] = []
    for i, (part, leaves) in enumerate(zip(model.estimators_, model.one_hot_encoder_.categories_, strict=True)):
        numbers = np.arange(part.tree_.node_count, dtype=float).reshape(-1, 1)
        (leaf,) = _forest(inputs, [read_tree(part.tree_, (0,), numbers)], [0.0], place)
        leaf = place.named(f"leaf_of_tree_{i}", leaf)
        columns += [Lookup(leaf, ((float(k), 1.0),), otherwise=0.0, missing=0.0) for k in leaves]
    return place.features(model, features.names, columns, sparse=model.sparse_output)


# ── what the models share ──────────────────────────────────────────────────────────────────────────────


def _class_fractions(model: Any, estimators: Sequence[Any], features: Features, place: Place) -> list[Node]:
    import numpy as np

    counts = np.atleast_1d(model.n_classes_).tolist()
    inputs = _inputs(model, features, place, missing=estimators[0]._support_missing_values(_no_rows(model)))
    outputs = tuple(range(sum(counts)))

    def fractions(values: Any) -> Any:
        return np.hstack([values[:, target, :count] for target, count in enumerate(counts)])

    return _forest(
        inputs, [read_tree(e.tree_, outputs, fractions(e.tree_.value)) for e in estimators], [0.0] * len(outputs), place
    )


def _of_several_targets(model: Any, probabilities: Sequence[Node], place: Place) -> Features:
    """label_<target> …, then probability_<target>_<class> …, from the probabilities of all targets in a row."""
    classes = [classes_of(SimpleNamespace(classes_=target), place) for target in model.classes_]
    if len({type(label) for labels in classes for label in labels}) > 1:
        raise place.unsupported(f"{type(model).__name__} whose targets have labels of several types", "use one type")
    ends = list(accumulate(map(len, classes)))
    groups = [probabilities[end - len(labels) : end] for labels, end in zip(classes, ends, strict=True)]
    outputs = {f"label_{t}": first_largest(classes[t], group) for t, group in enumerate(groups)}
    for t, group in enumerate(groups):
        outputs |= {f"probability_{t}_{label}": node for label, node in zip(classes[t], group, strict=True)}
    return Features(tuple(outputs), tuple(outputs.values()))


def _means(model: Any, estimators: Sequence[Any], features: Features, place: Place) -> list[Node]:
    count = model.n_outputs_
    inputs = _inputs(model, features, place, missing=estimators[0]._support_missing_values(_no_rows(model)))
    trees = [read_tree(e.tree_, tuple(range(count)), e.tree_.value[:, :, 0]) for e in estimators]
    return _forest(inputs, trees, [0.0] * count, place)


def _boosted(model: Any, features: Features, place: Place) -> list[Node]:
    """What the first guess says, and what the trees add to it."""
    from sklearn.dummy import DummyClassifier, DummyRegressor

    constant = isinstance(model.init_, DummyClassifier | DummyRegressor) or model.init_ == "zero"
    first = None if constant else first_guess(model, features, place)
    inputs = _inputs(model, features, place, missing=False)
    count = model.estimators_.shape[1]
    start = model._raw_predict_init(_no_rows(model))[0].tolist() if constant else [0.0] * count
    trees = [
        read_tree(estimator.tree_, (k,), model.learning_rate * estimator.tree_.value[:, :, 0])
        for stage in model.estimators_
        for k, estimator in enumerate(stage)
    ]
    sums = _forest(inputs, trees, start, place)
    if first is None:
        return sums
    return [
        place.named(f"score_{k}", apply("add", one, total))
        for k, (one, total) in enumerate(zip(first, sums, strict=True))
    ]


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


def read_tree(
    tree: Any,
    outputs: tuple[int, ...],
    leaf_values: Any,
    columns_of: Sequence[int] | None = None,
) -> Tree:
    """A scikit-learn Tree.

    leaf_values: an array (nodes, len(outputs)) of what each node would add if it is a leaf
    columns_of: the forest's input for each of the tree's, if they are not the same
    """
    thresholds = double_thresholds(tree.threshold).tolist()
    values = leaf_values.tolist()
    columns = (tree.children_left, tree.children_right, tree.feature, tree.missing_go_to_left)
    nodes: dict[int, TreeNode] = {}
    # children come after their parents, so backwards every child is there before its parent
    for i, (left, right, feature, missing_left) in reversed(
        list(enumerate(zip(*(column.tolist() for column in columns), strict=True)))
    ):
        if left < 0:
            nodes[i] = Leaf(tuple(values[i]))
        else:
            column = feature if columns_of is None else columns_of[feature]
            nodes[i] = Split(column, thresholds[i], bool(missing_left), nodes[left], nodes[right])
    return Tree(nodes[0], outputs)
