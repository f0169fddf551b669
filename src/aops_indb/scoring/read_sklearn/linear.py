"""Linear models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aops_indb.scoring.graph import Linear, Node
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


def linear_regressor(model: Any, features: Features, place: Place) -> Features:
    """x @ coef + intercept, per target."""
    return regressor_outputs(_decisions(model, features, place, "prediction"))


def logistic_regression(model: Any, features: Features, place: Place) -> Features:
    """Binary: expit of the decision; more classes: softmax of the decisions."""
    labels = classes_of(model, place)
    decisions = _decisions(model, features, place, "decision")
    if len(decisions) == 1:
        label = by_sign(labels, decisions[0], zero_is_second=False)
        return classifier_outputs(labels, label, expit_pair(decisions[0]), decisions)
    return classifier_outputs(labels, first_largest(labels, decisions), softmax(decisions), decisions)


def _decisions(model: Any, features: Features, place: Place, name: str) -> list[Node]:
    import numpy as np

    nodes = tuple(place.numbers(model, features))
    place.refuse_missing(model, features, nodes)
    place.refuse_infinite(model, features, nodes)
    rows = np.atleast_2d(np.asarray(model.coef_, dtype=np.float64))
    intercepts = np.broadcast_to(np.asarray(model.intercept_, dtype=np.float64), (len(rows),))
    return [
        place.named(name, _linear(nodes, row.tolist(), float(intercept)))
        for row, intercept in zip(rows, intercepts, strict=True)
    ]


def _linear(nodes: Sequence[Node], coefficients: Sequence[float], intercept: float) -> Node:
    used = [(node, c) for node, c in zip(nodes, coefficients, strict=True) if c != 0]
    return Linear(tuple(node for node, _ in used), tuple(c for _, c in used), intercept)
