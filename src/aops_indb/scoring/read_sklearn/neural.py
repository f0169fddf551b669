"""Multi-layer perceptrons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aops_indb.scoring.graph import Case, Constant, Linear, Node, apply, kind_of_value, number, same_value
from aops_indb.scoring.read_sklearn.links import (
    classes_of,
    classifier_outputs,
    first_largest,
    regressor_outputs,
    softmax,
)
from aops_indb.scoring.read_sklearn.translation import Features, Place


def _relu(node: Node) -> Node:
    return Case(((apply("less", node, number(0.0)), number(0.0)),), node)


ACTIVATIONS: dict[str, Callable[[Node], Node]] = {
    "identity": lambda node: node,
    "logistic": lambda node: apply("expit", node),
    "tanh": lambda node: apply("tanh", node),
    "relu": _relu,
    "exp": lambda node: apply("exp", node),
}


def mlp_classifier(model: Any, features: Features, place: Place) -> Features:
    """Two classes: the second where its probability is above a half; more: the first most probable."""
    if model._label_binarizer.y_type_.startswith("multilabel"):
        raise place.unsupported(f"{type(model).__name__} of several labels a row", "fit a MultiOutputClassifier")
    labels, outputs = classes_of(model, place), _outputs(model, features, place)
    if len(outputs) > 1:
        probabilities = softmax(outputs)
        return classifier_outputs(labels, first_largest(labels, probabilities), probabilities)
    second = place.named(f"probability_{labels[1]}", ACTIVATIONS[model.out_activation_](outputs[0]))
    half = number(0.5)
    branches = (
        (apply("greater", second, half), same_value(labels[1])),
        (apply("less_equal", second, half), same_value(labels[0])),
    )
    label = Case(branches, Constant(None, kind_of_value(labels[0])))
    return classifier_outputs(labels, label, [apply("subtract", number(1.0), second), second])


def mlp_regressor(model: Any, features: Features, place: Place) -> Features:
    """The last layer; exp of it for the Poisson loss."""
    last = ACTIVATIONS[model.out_activation_]
    return regressor_outputs([last(node) for node in _outputs(model, features, place)])


def _outputs(model: Any, features: Features, place: Place) -> list[Node]:
    """The last layer, before its activation."""
    nodes = place.numbers(model, features)
    place.refuse_missing(model, features, nodes)
    place.refuse_infinite(model, features, nodes)
    activation = ACTIVATIONS[model.activation]
    layers = list(zip(model.coefs_, model.intercepts_, strict=True))
    for depth, (weights, shifts) in enumerate(layers, 1):
        sums = [_unit(nodes, w, float(shift)) for w, shift in zip(weights.T.tolist(), shifts, strict=True)]
        last = depth == len(layers)
        name = "output" if last else f"layer_{depth}_unit"
        nodes = [place.named(f"{name}_{k}", total if last else activation(total)) for k, total in enumerate(sums)]
    return nodes


def _unit(nodes: Sequence[Node], weights: Sequence[float], shift: float) -> Node:
    return Linear(tuple(nodes), tuple(weights), shift)
