"""Naive Bayes: the log-likelihoods of the features in each class, summed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from aops_indb.scoring.graph import Case, Lookup, Node, apply, number
from aops_indb.scoring.read_sklearn.arithmetic import products, square
from aops_indb.scoring.read_sklearn.discriminant import centred
from aops_indb.scoring.read_sklearn.linear import finite_numbers
from aops_indb.scoring.read_sklearn.links import classes_of, classifier_outputs, first_largest, softmax
from aops_indb.scoring.read_sklearn.translation import Features, Place


def gaussian_naive_bayes(model: Any, features: Features, place: Place) -> Features:
    """Each feature normally distributed in each class."""
    if not (model.var_ > 0).all():
        raise place.unsupported("GaussianNB with a variance of 0", "leave features out that are constant")
    nodes = finite_numbers(model, features, place)
    scores = [
        _log_density(nodes, mean, variance, float(prior))
        for mean, variance, prior in zip(model.theta_, model.var_, model.class_prior_, strict=True)
    ]
    return _outputs(model, scores, place)


def _log_density(nodes: Sequence[Node], mean: Any, variance: Any, prior: float) -> Node:
    distances = [
        apply("divide", square(node), number(float(v))) for node, v in zip(centred(nodes, mean), variance, strict=True)
    ]
    spread = -0.5 * sum(math.log(2.0 * math.pi * float(v)) for v in variance)
    density = apply("subtract", number(spread), apply("multiply", number(0.5), apply("sum", *distances)))
    return apply("add", number(math.log(prior) if prior else -math.inf), density)


def multinomial_naive_bayes(model: Any, features: Features, place: Place) -> Features:
    """x @ log-probabilities + log-prior."""
    return _linear(model, features, place, model.class_log_prior_)


def complement_naive_bayes(model: Any, features: Features, place: Place) -> Features:
    """x @ weights; a prior only where there is but one class."""
    return _linear(model, features, place, model.class_log_prior_ if len(model.classes_) == 1 else None)


def _linear(model: Any, features: Features, place: Place, starts: Any) -> Features:
    _check_finite(model, place, model.feature_log_prob_)
    nodes = finite_numbers(model, features, place)
    return _outputs(model, products(nodes, model.feature_log_prob_, starts), place)


def bernoulli_naive_bayes(model: Any, features: Features, place: Place) -> Features:
    """Whether each feature is above the threshold, or the feature itself if there is none."""
    import numpy as np

    present = model.feature_log_prob_
    with np.errstate(divide="ignore", invalid="ignore"):
        absent = np.log(1 - np.exp(present))
        weights, starts = present - absent, model.class_log_prior_ + absent.sum(axis=1)
    _check_finite(model, place, weights)
    nodes = finite_numbers(model, features, place)
    if model.binarize is not None:
        nodes = [
            place.named(name, Case(((apply("greater", node, number(model.binarize)), number(1.0)),), number(0.0)))
            for name, node in zip(features.names, nodes, strict=True)
        ]
    return _outputs(model, products(nodes, weights, starts), place)


def categorical_naive_bayes(model: Any, features: Features, place: Place) -> Features:
    """The log-probability of each feature's category in each class; categories not seen are refused."""
    nodes = finite_numbers(model, features, place)
    terms: list[list[Node]] = [[] for _ in model.classes_]
    for name, node, table in zip(features.names, nodes, model.feature_log_prob_, strict=True):
        count = table.shape[1]
        unseen = apply("or", apply("less_equal", node, number(-1.0)), apply("greater_equal", node, number(count)))
        place.refuse(unseen, f"'{name}' is not one of the categories 0 to {count - 1} ({place.where(model)})")
        # the library cuts fractions off; so the category of -0.5, which floor makes -1, is 0
        category = place.named(name, apply("floor", node))
        for into, values in zip(terms, table.tolist(), strict=True):
            entries = ((-1.0, values[0]), *((float(code), value) for code, value in enumerate(values)))
            into.append(Lookup(category, entries, otherwise=None, missing=None))
    scores = [
        apply("add", apply("sum", *likelihoods), number(float(prior)))
        for likelihoods, prior in zip(terms, model.class_log_prior_, strict=True)
    ]
    return _outputs(model, scores, place)


def _check_finite(model: Any, place: Place, weights: Any) -> None:
    import numpy as np

    if not np.isfinite(weights).all():
        raise place.unsupported(f"{type(model).__name__} with probabilities of 0 or 1", "fit it with alpha above 0")


def _outputs(model: Any, scores: Sequence[Node], place: Place) -> Features:
    labels = classes_of(model, place)
    named = [place.named("log_likelihood", score) for score in scores]
    return classifier_outputs(labels, first_largest(labels, named), softmax(named))
