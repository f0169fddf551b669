"""Isotonic regression: straight lines between the points that were kept."""

from __future__ import annotations

from typing import Any

from aops_indb.scoring.graph import Case, apply, number
from aops_indb.scoring.read_sklearn.arithmetic import clip, missing_number, pieces
from aops_indb.scoring.read_sklearn.linear import finite_numbers
from aops_indb.scoring.read_sklearn.links import regressor_outputs
from aops_indb.scoring.read_sklearn.translation import Features, Place


def isotonic_regressor(model: Any, features: Features, place: Place) -> Features:
    """The line's slope * (x - its start) + its value there; outside of the points what out_of_bounds says."""
    if len(features) != 1:
        raise place.unsupported(f"IsotonicRegression on {len(features)} features", "it takes one")
    if model.X_thresholds_.dtype != "float64":
        raise place.unsupported("IsotonicRegression in single precision", "fit it on doubles")
    (node,) = finite_numbers(model, features, place)
    x, y = model.X_thresholds_.tolist(), model.y_thresholds_.tolist()
    if len(x) == 1:
        return regressor_outputs([number(y[0])])
    outside = apply("or", apply("less", node, number(x[0])), apply("greater", node, number(x[-1])))
    if model.out_of_bounds == "clip":
        node = place.named(f"{features.names[0]}_clipped", clip(node, model.X_min_, model.X_max_))
    elif model.out_of_bounds == "raise":
        reason = f"'{features.names[0]}' is not between {x[0]} and {x[-1]} ({place.where(model)})"
        place.refuse(outside, reason)
    # at the last point the library gives its value, not that of the line before
    lines = [((b - a) / (end - start), start, a) for start, end, a, b in zip(x, x[1:], y, y[1:], strict=False)]
    slope, start, value = pieces(place.step, node, x[1:], [*lines, (0.0, x[-1], y[-1])])
    prediction = apply("add", apply("multiply", slope, apply("subtract", node, start)), value)
    if model.out_of_bounds == "nan":
        return regressor_outputs([Case(((outside, missing_number()),), prediction)])
    return regressor_outputs([prediction])
