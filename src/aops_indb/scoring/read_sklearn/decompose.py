"""Transformers that are weighted sums of the features, or functions of such sums."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from aops_indb.scoring.graph import Case, Node, apply, number
from aops_indb.scoring.ranges import LARGEST_DOUBLE
from aops_indb.scoring.read_sklearn.arithmetic import clip, missing_number, products, unless
from aops_indb.scoring.read_sklearn.translation import Features, Place


def principal_components(model: Any, features: Features, place: Place) -> Features:
    """(x - mean) @ components, divided by their standard deviations if asked."""
    import numpy as np

    nodes = _finite(model, features, place)
    shift = -(model.mean_.reshape(1, -1) @ model.components_.T)[0] if model.mean_ is not None else None
    made = products(nodes, model.components_, shift)
    if model.whiten:
        scale = np.sqrt(model.explained_variance_)
        scale = np.maximum(scale, np.finfo(scale.dtype).eps)
        made = [apply("divide", node, number(float(s))) for node, s in zip(made, scale, strict=True)]
    return place.features(model, features.names, made)


def projection(model: Any, features: Features, place: Place) -> Features:
    """x @ components."""
    made = products(_finite(model, features, place), model.components_)
    return place.features(model, features.names, made)


def random_projection(model: Any, features: Features, place: Place) -> Features:
    """x @ components, kept sparse if x is."""
    made = products(_finite(model, features, place), model.components_)
    dense = getattr(model, "dense_output", True)
    return place.features(model, features.names, made, sparse=features.sparse and not dense)


def independent_components(model: Any, features: Features, place: Place) -> Features:
    """(x - mean) @ components; without whitening the mean stays in."""
    nodes = _finite(model, features, place)
    if model.whiten:
        nodes = _centred(nodes, model.mean_)
    return place.features(model, features.names, products(nodes, model.components_))


def factor_analysis(model: Any, features: Features, place: Place) -> Features:
    """The expected factors: (x - mean) @ (components / noise), and that @ covariance."""
    import numpy as np

    nodes = _centred(_finite(model, features, place), model.mean_)
    weights = model.components_ / model.noise_variance_
    covariance = np.linalg.inv(np.eye(len(model.components_)) + weights @ model.components_.T)
    weighted = [place.named(f"weighted_{i}", node) for i, node in enumerate(products(nodes, weights))]
    return place.features(model, features.names, products(weighted, covariance.T))


def sparse_components(model: Any, features: Features, place: Place) -> Features:
    """A ridge regression of the row on the components, which is a weighted sum of it."""
    import numpy as np
    from sklearn.linear_model import ridge_regression

    if model.components_.dtype == np.float32:
        # rows are then rounded to single precision after the means are taken off
        raise place.unsupported(f"{type(model).__name__} fitted in single precision", "fit it on doubles")
    nodes = _centred(_finite(model, features, place), model.mean_)
    rows = np.eye(len(nodes))
    weights = ridge_regression(model.components_.T, rows, model.ridge_alpha, solver="cholesky")
    return place.features(model, features.names, products(nodes, np.reshape(weights, (len(nodes), -1)).T))


def sparse_coder(model: Any, features: Features, place: Place) -> Features:
    """Products with the dictionary, those below a threshold 0 and the others that much nearer to 0."""
    name, algorithm = type(model).__name__, model.transform_algorithm
    if algorithm != "threshold":
        raise place.unsupported(
            f"{name}(transform_algorithm={algorithm!r}), which iterates for each row,",
            "use transform_algorithm='threshold'",
        )
    if model.split_sign:
        raise place.unsupported(f"{name}(split_sign=True), whose outputs have no names,", "leave it False")
    alpha = model.alpha if model.transform_alpha is None and hasattr(model, "alpha") else model.transform_alpha
    dictionary = model.components_ if hasattr(model, "components_") else model.dictionary
    made = [
        _shrunk(place.named(f"{name.lower()}_product_{i}", node), 1.0 if alpha is None else float(alpha))
        for i, node in enumerate(products(_finite(model, features, place), dictionary))
    ]
    if model.positive_code:
        made = [clip(node, 0.0, math.inf) for node in made]
    return place.features(model, features.names, made)


def _shrunk(node: Node, threshold: float) -> Node:
    branches = (
        (apply("greater", node, number(threshold)), apply("subtract", node, number(threshold))),
        (apply("less", node, number(-threshold)), apply("add", node, number(threshold))),
    )
    # 0 times missing is missing
    return Case(branches, apply("multiply", node, number(0.0)))


def boltzmann_machine(model: Any, features: Features, place: Place) -> Features:
    """expit of x @ components + intercept."""
    sums = products(_finite(model, features, place), model.components_, model.intercept_hidden_)
    return place.features(model, features.names, [apply("expit", node) for node in sums])


def feature_agglomeration(model: Any, features: Features, place: Place) -> Features:
    """The mean, the largest or the smallest of the features of each cluster."""
    import numpy as np

    pooled = {np.mean: "mean", np.max: "maximum", np.min: "minimum", np.sum: "sum"}.get(model.pooling_func)
    if pooled is None:
        name = getattr(model.pooling_func, "__name__", repr(model.pooling_func))
        raise place.unsupported(
            f"FeatureAgglomeration(pooling_func={name})", "use numpy.mean, numpy.max, numpy.min or numpy.sum"
        )
    nodes = _finite(model, features, place)
    clusters = [[nodes[i] for i in np.flatnonzero(model.labels_ == label)] for label in np.unique(model.labels_)]
    made: list[Node] = []
    for cluster in clusters:
        whole = apply("sum" if pooled == "mean" else pooled, *cluster)
        made.append(apply("divide", whole, number(float(len(cluster)))) if pooled == "mean" else whole)
    return place.features(model, features.names, made)


# ── kernel approximations ──────────────────────────────────────────────────────────────────────────────


# Beyond it, angles have few digits after the point.
LARGEST_ANGLE = 1e9


def rbf_sampler(model: Any, features: Features, place: Place) -> Features:
    """Cosines of random sums."""
    sums = products(_finite(model, features, place), model.random_weights_.T, model.random_offset_)
    angles = [place.named(f"angle_{k}", node) for k, node in enumerate(sums)]
    reason = f"an angle is so large that its cosine is rounding error ({place.where(model)})"
    place.refuse(apply("any_beyond", number(LARGEST_ANGLE), *angles), reason)
    return place.features(model, features.names, _cosines(angles, (2.0 / model.n_components) ** 0.5))


def skewed_chi2_sampler(model: Any, features: Features, place: Place) -> Features:
    """Cosines of random sums of the logarithms; values not above -skewedness are refused."""
    nodes = _finite(model, features, place)
    for name, node in zip(features.names, nodes, strict=True):
        reason = f"'{name}' is not above {-model.skewedness} ({place.where(model)})"
        place.refuse(apply("less_equal", node, number(-float(model.skewedness))), reason)
    logs = [
        place.named(f"log_{name}", apply("log", unless(node, "add", float(model.skewedness), 0.0)))
        for name, node in zip(features.names, nodes, strict=True)
    ]
    sums = products(logs, model.random_weights_.T, model.random_offset_)
    return place.features(model, features.names, _cosines(sums, math.sqrt(2.0) / math.sqrt(model.n_components)))


def _cosines(sums: Sequence[Node], factor: float) -> list[Node]:
    """Missing of infinity, on which engines raise."""
    return [
        Case(
            ((apply("any_beyond", number(LARGEST_DOUBLE), node), missing_number()),),
            apply("multiply", apply("cos", node), number(factor)),
        )
        for node in sums
    ]


def additive_chi2_sampler(model: Any, features: Features, place: Place) -> Features:
    """Square roots, and their products with cosines and sines of logarithms; values below 0 are refused."""
    nodes = _finite(model, features, place)
    for name, node in zip(features.names, nodes, strict=True):
        place.refuse(apply("less", node, number(0.0)), f"'{name}' is below 0 ({place.where(model)})")
    intervals = {1: 0.8, 2: 0.5, 3: 0.4}
    interval = float(model.sample_interval or intervals[model.sample_steps])
    made: list[Node] = [apply("sqrt", apply("multiply", node, number(interval))) for node in nodes]
    for step in range(1, model.sample_steps):
        size = math.cosh(math.pi * step * interval)
        angles = [
            apply("multiply", number(float(step)), apply("multiply", number(interval), apply("log", node)))
            for node in nodes
        ]
        for wave in ("cos", "sin"):
            made += [_wave(node, angle, wave, interval, size) for node, angle in zip(nodes, angles, strict=True)]
    return place.features(model, features.names, made, sparse=features.sparse)


def _wave(node: Node, angle: Node, wave: str, interval: float, size: float) -> Node:
    doubled = apply("multiply", apply("multiply", number(2.0), node), number(interval))
    factor = apply("sqrt", apply("divide", doubled, number(size)))
    # engines raise on waves of infinity
    positive = apply("and", apply("greater", node, number(0.0)), apply("less_equal", node, number(LARGEST_DOUBLE)))
    return Case(((positive, apply("multiply", factor, apply(wave, angle))),), apply("multiply", node, number(0.0)))


# ── what the models share ──────────────────────────────────────────────────────────────────────────────


def _finite(model: Any, features: Features, place: Place) -> list[Node]:
    nodes = place.numbers(model, features)
    place.refuse_missing(model, features, nodes)
    place.refuse_infinite(model, features, nodes)
    return nodes


def _centred(nodes: Sequence[Node], means: Any) -> list[Node]:
    return [unless(node, "subtract", float(mean), 0.0) for node, mean in zip(nodes, means, strict=True)]
