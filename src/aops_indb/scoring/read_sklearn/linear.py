"""Linear models."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from aops_indb.scoring.graph import Case, Node, apply, number
from aops_indb.scoring.read_sklearn.answers import ask
from aops_indb.scoring.read_sklearn.arithmetic import products
from aops_indb.scoring.read_sklearn.links import (
    by_sign,
    classes_of,
    classifier_outputs,
    expit_pair,
    first_largest,
    regressor_outputs,
    softmax,
)
from aops_indb.scoring.read_sklearn.translation import Features, Place

# below it the library's expit is 0: exp of what is larger than its opposite is infinite
SMALLEST_OF_EXPIT = -709.782712893384
# below it expit is exp
EXPIT_IS_EXP = -700.0


def linear_regressor(model: Any, features: Features, place: Place) -> Features:
    """x @ coef + intercept, per target."""
    return regressor_outputs(decisions_of(model, features, place, "prediction"))


def logistic_regression(model: Any, features: Features, place: Place) -> Features:
    """Binary: expit of the decision; more classes: softmax of the decisions."""
    return _classifier(model, features, place, softmax)


def linear_classifier(model: Any, features: Features, place: Place) -> Features:
    """The sign of the decision, or the class of the largest; no probabilities."""
    return _classifier(model, features, place, None)


def ridge_classifier(model: Any, features: Features, place: Place) -> Features:
    """A linear classifier; the library's also takes several labels per row."""
    if model._label_binarizer.y_type_.startswith("multilabel"):
        raise place.unsupported(f"{type(model).__name__} with several labels", "fit one classifier per label")
    return linear_classifier(model, features, place)


def sgd_classifier(model: Any, features: Features, place: Place) -> Features:
    """Probabilities with the losses that have them: of each class against the rest, made to sum to one."""
    shares = {"log_loss": expit_shares, "modified_huber": _clipped_shares}
    return _classifier(model, features, place, shares.get(model.loss))


def sgd_one_class_svm(model: Any, features: Features, place: Place) -> Features:
    """x @ coef - offset; 1, an inlier, from zero on."""
    (decision,) = decisions_of(model, features, place, "decision", -model.offset_)
    return classifier_outputs([-1, 1], by_sign([-1, 1], decision, zero_is_second=True), [], [decision])


def ransac_regressor(model: Any, features: Features, place: Place) -> Features:
    """The regressor fitted on the inliers."""
    numbers = replace(features, nodes=tuple(place.numbers(model, features)))
    return regressor_outputs(ask(model, "estimator", model.estimator_, numbers, place).predictions)


Shares = Callable[[Sequence[Node]], list[Node]]


def _classifier(model: Any, features: Features, place: Place, shares: Shares | None) -> Features:
    labels = classes_of(model, place)
    decisions = decisions_of(model, features, place, "decision")
    if len(decisions) > 1:
        probabilities = shares(decisions) if shares else []
        return classifier_outputs(labels, first_largest(labels, decisions), probabilities, decisions)
    label = by_sign(labels, decisions[0], zero_is_second=False)
    if shares is None:
        return classifier_outputs(labels, label, [], decisions)
    pair = _clipped_pair(decisions[0]) if shares is _clipped_shares else expit_pair(decisions[0])
    return classifier_outputs(labels, label, pair, decisions)


def expit_shares(decisions: Sequence[Node]) -> list[Node]:
    """expit of each decision, over their sum; where all are 0, equal shares.

    Very negative decisions are compared by exp of their distance to the largest, as expit of them has few digits.
    """
    top = apply("maximum", *decisions)
    none, small = (apply("less", top, number(limit)) for limit in (SMALLEST_OF_EXPIT, EXPIT_IS_EXP))

    def weight(decision: Node) -> Node:
        vanishes = apply("less", decision, number(SMALLEST_OF_EXPIT))
        relative = Case(((vanishes, number(0.0)),), apply("exp", apply("subtract", decision, top)))
        return Case(((none, number(1.0)), (small, relative)), apply("expit", decision))

    return _over_their_sum([weight(decision) for decision in decisions])


def _clipped_shares(decisions: Sequence[Node]) -> list[Node]:
    weights = [_clipped_pair(decision)[1] for decision in decisions]
    none = apply("equal", apply("maximum", *weights), number(0.0))
    return _over_their_sum([Case(((none, number(1.0)),), weight) for weight in weights])


def _clipped_pair(decision: Node) -> list[Node]:
    """(decision + 1) / 2 between 0 and 1, and before it one minus it."""
    low, inside, high = (apply("less_equal", decision, number(limit)) for limit in (-1.0, 1.0, math.inf))
    middle = apply("divide", apply("add", decision, number(1.0)), number(2.0))
    second = Case(((low, number(0.0)), (inside, middle), (high, number(1.0))), decision)
    return [apply("subtract", number(1.0), second), second]


def _over_their_sum(weights: Sequence[Node]) -> list[Node]:
    total = apply("sum", *weights)
    return [apply("divide", weight, total) for weight in weights]


def finite_numbers(model: Any, features: Features, place: Place) -> list[Node]:
    """The features as numbers; rows with a missing or infinite one get no score."""
    nodes = place.numbers(model, features)
    place.refuse_missing(model, features, nodes)
    place.refuse_infinite(model, features, nodes)
    return nodes


def decisions_of(model: Any, features: Features, place: Place, name: str, intercept: Any = None) -> list[Node]:
    """x @ coef + intercept for each row of coef; the model's intercept unless another is given."""
    import numpy as np

    nodes = finite_numbers(model, features, place)
    rows = model.coef_ if hasattr(model.coef_, "toarray") else np.atleast_2d(model.coef_)
    starts = np.broadcast_to(np.ravel(model.intercept_ if intercept is None else intercept), rows.shape[:1])
    return [place.named(name, node) for node in products(nodes, rows, starts.tolist())]
