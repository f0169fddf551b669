"""Calibrated classifiers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aops_indb.scoring.graph import Case, Node, apply, number
from aops_indb.scoring.read_sklearn.answers import Answer, ask, mean_in_order, sum_in_order
from aops_indb.scoring.read_sklearn.isotonic import isotonic_regressor
from aops_indb.scoring.read_sklearn.links import classes_of, classifier_outputs, first_largest, softmax
from aops_indb.scoring.read_sklearn.translation import Features, Place, plain

# what the library adds to a probability before it takes its logarithm
TINY = 1e-12
BARELY_ABOVE_ONE = 1.0 + 1e-5


def calibrated_classifier(model: Any, features: Features, place: Place) -> Features:
    """The mean over the calibrated models of their probabilities."""
    labels = classes_of(model, place)
    each = [
        _probabilities(part, _asked(model, i, part, features, place), labels)
        for i, part in enumerate(model.calibrated_classifiers_)
    ]
    means = [
        place.named(f"probability_{label}", mean_in_order(terms, place, f"probability_{label}"))
        for label, terms in zip(labels, zip(*each, strict=True), strict=True)
    ]
    return classifier_outputs(labels, first_largest(labels, means), means)


def _asked(model: Any, i: int, part: Any, features: Features, place: Place) -> Answer:
    sigmoid = part.method == "sigmoid"
    return ask(model, f"calibrated_{i}", part.estimator, features, place, takes_single=sigmoid)


def _probabilities(part: Any, answer: Answer, labels: Sequence[Any]) -> list[Node]:
    scores = _scores(part.estimator, answer)
    if part.method == "temperature":
        return [_at_most_one(p) for p in _by_temperature(part, answer, scores)]
    one_of = [labels.index(plain(label)) for label in part.estimator.classes_]
    found: list[Node] = [number(0.0) for _ in labels]
    for k, score, calibrator in zip(one_of, scores, part.calibrators, strict=False):
        # of two classes there is one score, that of the second
        column = k + 1 if len(labels) == 2 else k
        found[column] = answer.place.named(f"calibrated_{column}", _calibrated(part.method, calibrator, score, answer))
    if len(labels) == 2:
        found[0] = apply("subtract", number(1.0), found[1])
    else:
        found = _normalised(found, answer.place)
    return [_at_most_one(p) for p in found]


def _scores(estimator: Any, answer: Answer) -> Sequence[Node]:
    """The decisions, or where there are none the probabilities; of two classes the second's."""
    if hasattr(estimator, "decision_function"):
        return answer.decisions
    return answer.probabilities[1:] if len(estimator.classes_) == 2 else answer.probabilities


def _calibrated(method: str, calibrator: Any, score: Node, answer: Answer) -> Node:
    if method == "sigmoid":
        line = apply("add", apply("multiply", number(float(calibrator.a_)), score), number(float(calibrator.b_)))
        return apply("expit", apply("subtract", number(0.0), line))
    return isotonic_regressor(calibrator, Features(("score",), (score,)), answer.place).nodes[0]


def _refuse_infinite(score: Node, answer: Answer) -> None:
    answer.place.refuse_infinite(answer.model, Features(("score",), (score,)), [score])


def _normalised(probabilities: Sequence[Node], place: Place) -> list[Node]:
    """Each divided by their sum; where all are zero, all alike."""
    total = place.named("calibrated_sum", sum_in_order(probabilities, place, "calibrated_sum"))
    nothing = apply("equal", total, number(0.0))
    alike = number(1 / len(probabilities))
    return [Case(((nothing, alike),), apply("divide", p, total)) for p in probabilities]


def _by_temperature(part: Any, answer: Answer, scores: Sequence[Node]) -> list[Node]:
    """softmax(beta * logits); of a decision the logits are (-x, x), of probabilities their logarithms.

    The library tells probabilities from decisions by their values; here they are told by the method they come from.
    """
    for score in scores:
        _refuse_infinite(score, answer)
    if not hasattr(part.estimator, "decision_function"):
        given = [apply("subtract", number(1.0), scores[0]), *scores] if len(scores) == 1 else scores
        logits: Sequence[Node] = [apply("log", apply("add", p, number(TINY))) for p in given]
    else:
        logits = [apply("subtract", number(0.0), scores[0]), *scores] if len(scores) == 1 else scores
    beta = number(float(part.calibrators[0].beta_))
    return softmax([answer.place.named("scaled", apply("multiply", beta, logit)) for logit in logits])


def _at_most_one(probability: Node) -> Node:
    above = apply("greater", probability, number(1.0))
    barely = apply("less_equal", probability, number(BARELY_ABOVE_ONE))
    return Case(((apply("and", above, barely), number(1.0)),), probability)
