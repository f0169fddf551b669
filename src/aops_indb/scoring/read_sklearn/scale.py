"""Scalers: one feature in, one out."""

from __future__ import annotations

from typing import Any

from aops_indb.scoring.graph import Case, Node, apply, number
from aops_indb.scoring.read_sklearn.translation import Features, Place


def standard_scaler(model: Any, features: Features, place: Place) -> Features:
    """(x - mean) / scale; missing stays missing, infinity is refused."""
    nodes = place.numbers(model, features)
    place.refuse_infinite(model, features, nodes)
    if model.with_mean:
        nodes = [_unless(node, "subtract", mean, 0.0) for node, mean in zip(nodes, model.mean_, strict=True)]
    if model.with_std:
        nodes = [_unless(node, "divide", scale, 1.0) for node, scale in zip(nodes, model.scale_, strict=True)]
    return place.features(model, features.names, nodes, sparse=features.sparse)


def min_max_scaler(model: Any, features: Features, place: Place) -> Features:
    """x * scale + min, clipped if asked; missing stays missing, infinity is refused."""
    nodes = place.numbers(model, features)
    place.refuse_infinite(model, features, nodes)
    scaled: list[Node] = [
        _unless(_unless(node, "multiply", scale, 1.0), "add", shift, 0.0)
        for node, scale, shift in zip(nodes, model.scale_, model.min_, strict=True)
    ]
    if model.clip:
        scaled = [_clip(node, *model.feature_range) for node in scaled]
    return place.features(model, features.names, scaled)


def _unless(node: Node, op: str, value: float, neutral: float) -> Node:
    return node if value == neutral else apply(op, node, number(value))


def _clip(node: Node, low: float, high: float) -> Node:
    return Case(
        (
            (apply("less", node, number(low)), number(low)),
            (apply("greater", node, number(high)), number(high)),
        ),
        node,
    )
