"""AdaBoost of any models."""

from __future__ import annotations

from typing import Any

from aops_indb.scoring.graph import Case, Node, apply, number
from aops_indb.scoring.read_sklearn.answers import Answer, ask, same_as, sum_in_order
from aops_indb.scoring.read_sklearn.links import (
    by_sign,
    classes_of,
    classifier_outputs,
    first_largest,
    regressor_outputs,
    softmax,
)
from aops_indb.scoring.read_sklearn.translation import Features, Place

# a weighted median compares every prediction with every other
MOST_FOR_A_MEDIAN = 100


def ada_boost_classifier(model: Any, features: Features, place: Place) -> Features:
    """The models' weighted votes for and against each class; probabilities are the softmax of them."""
    labels = classes_of(model, place)
    if len(labels) < 2:
        raise place.unsupported(f"{type(model).__name__} of one class", "fit it on two classes or more")
    answers = _boosted(model, features, place)
    if len(labels) == 2:
        return _binary(model, labels, answers, place)
    decisions = [_support(model, answers, label, place) for label in labels]
    spread = number(float(len(labels) - 1))
    probabilities = softmax([apply("divide", decision, spread) for decision in decisions])
    return classifier_outputs(labels, first_largest(labels, decisions), probabilities, decisions)


def ada_boost_regressor(model: Any, features: Features, place: Place) -> Features:
    """The weighted median of the predictions."""
    answers = _boosted(model, features, place)
    if len(answers) > MOST_FOR_A_MEDIAN:
        raise place.unsupported(
            f"{type(model).__name__} of {len(answers)} models, each compared with each other,",
            f"use {MOST_FOR_A_MEDIAN} at most",
        )
    predictions = [answer.predictions[0] for answer in answers]
    return regressor_outputs([_weighted_median(predictions, model.estimator_weights_.tolist(), place)])


def _boosted(model: Any, features: Features, place: Place) -> list[Answer]:
    nodes = place.numbers(model, features, exact=False)
    place.refuse_missing(model, features, nodes)
    place.refuse_infinite(model, features, nodes)
    return [ask(model, f"estimator_{i}", part, features, place) for i, part in enumerate(model.estimators_)]


def _binary(model: Any, labels: list[Any], answers: list[Answer], place: Place) -> Features:
    # the votes for the first class are those against the second, to the last bit
    second = _support(model, answers, labels[1], place)
    decision = place.named("decision", apply("add", second, second))
    half = apply("divide", decision, number(2.0))
    probabilities = softmax([apply("multiply", half, number(-1.0)), half])
    return classifier_outputs(labels, by_sign(labels, decision, zero_is_second=False), probabilities, [decision])


def _support(model: Any, answers: list[Answer], label: Any, place: Place) -> Node:
    """Weights of the models that say the label, less a share of those that do not, over the sum of weights."""
    against = -1 / (len(model.classes_) - 1)
    votes: list[Node] = [
        Case(((same_as(answer.label, label), number(weight)),), number(against * weight))
        for answer, weight in zip(answers, model.estimator_weights_.tolist(), strict=False)
    ]
    name = f"support_{label}"
    total = sum_in_order(votes, place, name)
    return place.named(name, apply("divide", total, number(float(model.estimator_weights_.sum()))))


def _weighted_median(predictions: list[Node], weights: list[float], place: Place) -> Node:
    """The smallest prediction that, with those not above it, has half of the weight."""
    half = number(0.5 * sum(weights))
    reached: list[Node] = []
    for i, one in enumerate(predictions):
        below = [
            number(weight) if i == j else Case(((apply("less_equal", other, one), number(weight)),), number(0.0))
            for j, (other, weight) in enumerate(zip(predictions, weights, strict=False))
        ]
        share = place.named(f"weight_up_to_{i}", sum_in_order(below, place, f"weight_up_to_{i}"))
        reached.append(Case(((apply("greater_equal", share, half), one),), number(float("inf"))))
    return place.named("prediction", apply("minimum", *reached))
