"""Scalers: one feature in, one out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aops_indb.scoring.graph import Case, Node, apply, number
from aops_indb.scoring.read_sklearn.arithmetic import clip, square, unless
from aops_indb.scoring.read_sklearn.translation import Features, Place

# Row norms below it count as 0 where the library holds features densely: 10 times the precision of a double.
NORMS_THAT_ARE_ZERO = 2.220446049250313e-15


def standard_scaler(model: Any, features: Features, place: Place) -> Features:
    """(x - mean) / scale; missing stays missing, infinity is refused."""
    centres = model.mean_ if model.with_mean else None
    return _centred(model, features, place, centres, model.scale_ if model.with_std else None)


def min_max_scaler(model: Any, features: Features, place: Place) -> Features:
    """x * scale + min, clipped if asked; missing stays missing, infinity is refused."""
    nodes = place.numbers(model, features)
    place.refuse_infinite(model, features, nodes)
    scaled: list[Node] = [
        unless(unless(node, "multiply", scale, 1.0), "add", shift, 0.0)
        for node, scale, shift in zip(nodes, model.scale_, model.min_, strict=True)
    ]
    if model.clip:
        scaled = [clip(node, *model.feature_range) for node in scaled]
    return place.features(model, features.names, scaled)


def max_abs_scaler(model: Any, features: Features, place: Place) -> Features:
    """x / scale, clipped to -1 … 1 if asked; missing stays missing, infinity is refused."""
    nodes = place.numbers(model, features)
    place.refuse_infinite(model, features, nodes)
    scaled = [unless(node, "divide", scale, 1.0) for node, scale in zip(nodes, model.scale_, strict=True)]
    if model.clip:
        scaled = [clip(node, -1.0, 1.0) for node in scaled]
    return place.features(model, features.names, scaled, sparse=features.sparse)


def robust_scaler(model: Any, features: Features, place: Place) -> Features:
    """(x - center) / scale; missing stays missing, infinity is refused."""
    centres = model.center_ if model.with_centering else None
    return _centred(model, features, place, centres, model.scale_ if model.with_scaling else None)


def _centred(model: Any, features: Features, place: Place, centres: Any, scales: Any) -> Features:
    nodes = place.numbers(model, features)
    place.refuse_infinite(model, features, nodes)
    if centres is not None:
        nodes = [unless(node, "subtract", centre, 0.0) for node, centre in zip(nodes, centres, strict=True)]
    if scales is not None:
        nodes = [unless(node, "divide", scale, 1.0) for node, scale in zip(nodes, scales, strict=True)]
    return place.features(model, features.names, nodes, sparse=features.sparse)


def normalizer(model: Any, features: Features, place: Place) -> Features:
    """x / norm of the row; a row whose norm is 0 is left as it is."""
    nodes = place.numbers(model, features)
    place.refuse_missing(model, features, nodes)
    place.refuse_infinite(model, features, nodes)
    scaled = over_their_norm(nodes, model.norm, place, sparse=features.sparse)
    return place.features(model, features.names, scaled, sparse=features.sparse)


def over_their_norm(nodes: Sequence[Node], kind: str, place: Place, *, sparse: bool) -> list[Node]:
    """Each node divided by the norm of all, unless that is 0; kind: l1, l2 or max."""
    if kind == "l2":
        norm: Node = apply("sqrt", apply("sum", *map(square, nodes)))
    else:
        norm = apply("sum" if kind == "l1" else "maximum", *(apply("absolute", node) for node in nodes))
    zero = apply("equal", norm, number(0.0)) if sparse else apply("less", norm, number(NORMS_THAT_ARE_ZERO))
    divisor = place.named("norm", Case(((zero, number(1.0)),), norm))
    return [apply("divide", node, divisor) for node in nodes]


def binarizer(model: Any, features: Features, place: Place) -> Features:
    """1 above the threshold, else 0."""
    nodes = place.numbers(model, features)
    place.refuse_missing(model, features, nodes)
    place.refuse_infinite(model, features, nodes)
    above = [Case(((apply("greater", node, number(model.threshold)), number(1.0)),), number(0.0)) for node in nodes]
    return place.features(model, features.names, above, sparse=features.sparse)
