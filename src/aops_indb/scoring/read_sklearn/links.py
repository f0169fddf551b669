"""What classifiers make of their raw scores: probabilities and labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from aops_indb.scoring.graph import Case, Constant, Node, apply, kind_of_value, number, same_value
from aops_indb.scoring.guards import can_lack_a_value
from aops_indb.scoring.read_sklearn.translation import Features, Place, plain


def classes_of(model: Any, place: Place) -> list[Any]:
    """The class labels as Python values of one kind; UnsupportedModelError for others."""
    name = type(model).__name__
    try:
        labels = [plain(label) for label in model.classes_]
    except TypeError as error:
        raise place.unsupported(f"{name} with class {error}", "use labels that are numbers, text or booleans") from None
    if len({kind_of_value(label) for label in labels}) != 1 or None in labels:
        raise place.unsupported(f"{name} with classes of several types", "use labels of one type")
    return labels


def softmax(scores: Sequence[Node]) -> list[Node]:
    """exp(s - max) / sum, so that no score overflows."""
    top = apply("maximum", *scores)
    powers = [apply("exp", apply("subtract", score, top)) for score in scores]
    total = apply("sum", *powers)
    return [apply("divide", power, total) for power in powers]


def expit_pair(decision: Node) -> list[Node]:
    """The two probabilities of a binary model, as libraries compute them: the second, and one minus the second."""
    second = apply("expit", decision)
    return [apply("subtract", number(1.0), second), second]


def first_largest(labels: Sequence[Any], scores: Sequence[Node]) -> Node:
    """The label of the first of the largest scores; missing if one of them is, or is NaN."""
    top = apply("maximum", *scores)
    branches = [(apply("equal", score, top), same_value(label)) for label, score in zip(labels, scores, strict=True)]
    none = Constant(None, kind_of_value(labels[0]))
    label = Case(tuple(branches), none)
    if len(scores) == 1 or not can_lack_a_value(scores):
        return label
    # Where sums overflow, it depends on their order whether they are NaN, which the library takes for the largest, and
    # an engine for NULL, for the largest, or for none at all.
    known = apply("and", *(apply("less_equal", score, number(math.inf)) for score in scores))
    return Case(((known, label),), none)


def by_sign(labels: Sequence[Any], decision: Node, *, zero_is_second: bool) -> Node:
    """The second label for positive decisions, the first for negative ones; missing if the decision is, or is NaN."""
    below = apply("less" if zero_is_second else "less_equal", decision, number(0.0))
    # NaN is above every number in some engines, so that "greater than 0" would take it for positive
    above = apply("less_equal", decision, number(math.inf))
    branches = ((below, same_value(labels[0])), (above, same_value(labels[1])))
    return Case(branches, Constant(None, kind_of_value(labels[0])))


def classifier_outputs(
    labels: Sequence[Any], label: Node, probabilities: Sequence[Node], decisions: Sequence[Node] = ()
) -> Features:
    """Output columns of a classifier: label, probability_<class> …, and decision or decision_<class>."""
    names = ["label", *(f"probability_{c}" for c in labels[: len(probabilities)])]
    names += ["decision"] if len(decisions) == 1 else [f"decision_{c}" for c in labels[: len(decisions)]]
    return Features(tuple(names), (label, *probabilities, *decisions))


def regressor_outputs(predictions: Sequence[Node]) -> Features:
    """Output columns of a regressor: prediction, or prediction_0 …."""
    if len(predictions) == 1:
        return Features(("prediction",), tuple(predictions))
    return Features(tuple(f"prediction_{i}" for i in range(len(predictions))), tuple(predictions))
