"""Mixtures of normal distributions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from aops_indb.scoring.graph import Node, apply, number
from aops_indb.scoring.read_sklearn.arithmetic import products, square
from aops_indb.scoring.read_sklearn.discriminant import centred
from aops_indb.scoring.read_sklearn.linear import finite_numbers
from aops_indb.scoring.read_sklearn.links import classifier_outputs, first_largest, softmax
from aops_indb.scoring.read_sklearn.translation import Features, Place


def gaussian_mixture(model: Any, features: Features, place: Place) -> Features:
    """The number of the component that a row most likely comes from, and the probability of each."""
    import numpy as np

    nodes = finite_numbers(model, features, place)
    shifts = np.broadcast_to(_log_determinants(model) + _expected(model), (model.n_components,))
    scores = []
    for distance, shift, weight in zip(
        _distances(model, nodes), shifts, np.asarray(model._estimate_log_weights()), strict=True
    ):
        size = apply("add", number(len(nodes) * math.log(2 * math.pi)), distance)
        density = apply("add", apply("multiply", size, number(-0.5)), number(float(shift)))
        scores.append(place.named("log_likelihood", apply("add", density, number(float(weight)))))
    components = list(range(model.n_components))
    return classifier_outputs(components, first_largest(components, scores), softmax(scores))


def _distances(model: Any, nodes: Sequence[Node]) -> list[Node]:
    """The squared distance from each component's mean, in the order of arithmetic of its kind of covariance."""
    turns = model.precisions_cholesky_
    if model.covariance_type == "full":
        return [_turned(nodes, mean, turn) for mean, turn in zip(model.means_, turns, strict=True)]
    if model.covariance_type == "tied":
        return [_turned(nodes, mean, turns) for mean in model.means_]
    squares = [square(node) for node in nodes]
    precisions = turns**2
    if model.covariance_type == "diag":
        starts = (model.means_**2 * precisions).sum(axis=1)
        middles = products(nodes, model.means_ * precisions)
        return [
            _expanded(start, middle, end)
            for start, middle, end in zip(starts, middles, products(squares, precisions), strict=True)
        ]
    total = apply("sum", *squares)
    starts = (model.means_**2).sum(axis=1) * precisions
    return [
        _expanded(start, _times(middle, precision), _times(total, precision))
        for start, middle, precision in zip(starts, products(nodes, model.means_), precisions, strict=True)
    ]


def _turned(nodes: Sequence[Node], mean: Any, turn: Any) -> Node:
    turned = centred(products(nodes, turn.T), mean @ turn)
    return apply("sum", *map(square, turned))


def _expanded(start: float, middle: Node, end: Node) -> Node:
    return apply("add", apply("subtract", number(float(start)), _times(middle, 2.0)), end)


def _times(node: Node, factor: float) -> Node:
    return apply("multiply", node, number(float(factor)))


def _log_determinants(model: Any) -> Any:
    import numpy as np

    turns = model.precisions_cholesky_
    match model.covariance_type:
        case "full":
            return np.log(np.diagonal(turns, axis1=1, axis2=2)).sum(axis=1)
        case "tied":
            return np.log(np.diagonal(turns)).sum()
        case "diag":
            return np.log(turns).sum(axis=1)
    return model.means_.shape[1] * np.log(turns)


def _expected(model: Any) -> Any:
    """What the log-likelihoods of a Bayesian mixture are more, as its covariances and means are not certain."""
    import numpy as np
    from scipy.special import digamma

    if not hasattr(model, "degrees_of_freedom_"):
        return 0.0
    count, freedom = model.means_.shape[1], np.asarray(model.degrees_of_freedom_)
    levels = digamma(0.5 * (freedom - np.arange(count).reshape(-1, *(1,) * freedom.ndim)))
    log_lambda = count * np.log(2.0) + levels.sum(axis=0)
    return 0.5 * (log_lambda - count / model.mean_precision_) - 0.5 * count * np.log(freedom)
