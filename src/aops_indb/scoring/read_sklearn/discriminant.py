"""Discriminant analysis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from aops_indb.scoring.graph import Node, apply, number
from aops_indb.scoring.read_sklearn.arithmetic import products, square
from aops_indb.scoring.read_sklearn.linear import finite_numbers
from aops_indb.scoring.read_sklearn.links import classes_of, classifier_outputs, first_largest, softmax
from aops_indb.scoring.read_sklearn.translation import Features, Place


def linear_discriminant_features(model: Any, features: Features, place: Place) -> Features:
    """The projection onto the directions that part the classes best."""
    if model.solver == "lsqr":
        raise place.unsupported("transform of LinearDiscriminantAnalysis(solver='lsqr')", "use 'svd' or 'eigen'")
    nodes = finite_numbers(model, features, place)
    if model.solver == "svd":
        nodes = centred(nodes, model.xbar_)
    return place.features(model, features.names, products(nodes, model.scalings_[:, : model._max_components].T))


def quadratic_discriminant_analysis(model: Any, features: Features, place: Place) -> Features:
    """The class of the largest log-posterior; of two classes the decision is the difference of theirs."""
    labels = classes_of(model, place)
    nodes = finite_numbers(model, features, place)
    scores = [place.named("log_posterior", _log_posterior(model, nodes, k)) for k in range(len(labels))]
    decisions = [apply("subtract", scores[1], scores[0])] if len(scores) == 2 else scores
    return classifier_outputs(labels, first_largest(labels, scores), softmax(scores), decisions)


def _log_posterior(model: Any, nodes: Sequence[Node], k: int) -> Node:
    scalings, prior = model.scalings_[k], float(model.priors_[k])
    turned = products(centred(nodes, model.means_[k]), (model.rotations_[k] * scalings**-0.5).T)
    distance = apply("sum", *map(square, turned))
    spread = float(sum(math.log(scaling) for scaling in scalings))
    likelihood = apply("multiply", apply("add", distance, number(spread)), number(-0.5))
    return apply("add", likelihood, number(math.log(prior) if prior else -math.inf))


def centred(nodes: Sequence[Node], centre: Sequence[float]) -> list[Node]:
    """Each node less its part of the centre."""
    return [apply("subtract", node, number(float(c))) for node, c in zip(nodes, centre, strict=True)]
