"""Outliers by their distance from a robust estimate of the centre."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aops_indb.scoring.graph import Node, apply, number
from aops_indb.scoring.read_sklearn.answers import sum_in_order
from aops_indb.scoring.read_sklearn.arithmetic import square
from aops_indb.scoring.read_sklearn.discriminant import centred
from aops_indb.scoring.read_sklearn.linear import finite_numbers
from aops_indb.scoring.read_sklearn.links import by_sign, classifier_outputs
from aops_indb.scoring.read_sklearn.translation import Features, Place


def elliptic_envelope(model: Any, features: Features, place: Place) -> Features:
    """The opposite of the squared Mahalanobis distance, less the offset; 1, an inlier, from zero on."""
    differences = centred(finite_numbers(model, features, place), model.location_)
    parts = [place.named(name, node) for name, node in zip(features.names, differences, strict=True)]
    distance = apply("sqrt", _quadratic_form(parts, model.get_precision(), place))
    opposite = apply("subtract", number(0.0), square(place.named("distance", distance)))
    decision = place.named("decision", apply("subtract", opposite, number(float(model.offset_))))
    return classifier_outputs([-1, 1], by_sign([-1, 1], decision, zero_is_second=True), [], [decision])


def _quadratic_form(parts: Sequence[Node], matrix: Any, place: Place) -> Node:
    """parts @ matrix @ parts, in SciPy's order: the threshold may be the distance of a row of the training set."""
    rows = [
        _sum_by_twos([apply("multiply", part, number(float(c))) for part, c in zip(parts, row, strict=True)], place)
        for row in matrix
    ]
    return _sum_by_twos([apply("multiply", part, row) for part, row in zip(parts, rows, strict=True)], place)


def _sum_by_twos(terms: Sequence[Node], place: Place) -> Node:
    """The sum of every other term, plus that of those between, plus the last if it is alone."""
    paired = len(terms) // 2 * 2
    halves = [sum_in_order(terms[start:paired:2], place, "distance") for start in (0, 1) if paired]
    return sum_in_order([*halves, *terms[paired:]], place, "distance")
