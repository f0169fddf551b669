"""A regressor of a transformed target: its prediction, transformed back by INVERSES."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aops_indb.scoring.graph import Node, apply, number
from aops_indb.scoring.read_sklearn.answers import ask
from aops_indb.scoring.read_sklearn.arithmetic import unless
from aops_indb.scoring.read_sklearn.functions import FUNCTIONS
from aops_indb.scoring.read_sklearn.links import regressor_outputs
from aops_indb.scoring.read_sklearn.translation import Features, Place, class_key

Inverse = Callable[[Any, Features, Place], list[Node]]


def transformed_target_regressor(model: Any, features: Features, place: Place) -> Features:
    """What the regressor says, through the inverse of the transformer."""
    predicted = regressor_outputs(ask(model, "regressor", model.regressor_, features, place).predictions)
    here = place.inside(model, "transformer")
    inverse = INVERSES.get(class_key(type(model.transformer_)))
    if inverse is None:
        known = ", ".join(key.rsplit(".", 1)[-1] for key in INVERSES)
        raise here.unsupported(f"the inverse of {type(model.transformer_).__name__}", f"known are those of {known}")
    return regressor_outputs(inverse(model.transformer_, predicted, here))


def _standard(model: Any, features: Features, place: Place) -> list[Node]:
    return _affine(model, features, place, model.with_std and model.scale_, model.with_mean and model.mean_)


def _robust(model: Any, features: Features, place: Place) -> list[Node]:
    return _affine(model, features, place, model.with_scaling and model.scale_, model.with_centering and model.center_)


def _max_abs(model: Any, features: Features, place: Place) -> list[Node]:
    return _affine(model, features, place, model.scale_, False)


def _affine(model: Any, features: Features, place: Place, scales: Any, shifts: Any) -> list[Node]:
    """x * scale + shift; infinity is refused."""
    place.refuse_infinite(model, features, features.nodes)
    nodes = list(features.nodes)
    if scales is not False:
        nodes = [unless(node, "multiply", float(s), 1.0) for node, s in zip(nodes, scales, strict=True)]
    if shifts is not False:
        nodes = [unless(node, "add", float(s), 0.0) for node, s in zip(nodes, shifts, strict=True)]
    return nodes


def _min_max(model: Any, features: Features, place: Place) -> list[Node]:
    place.refuse_infinite(model, features, features.nodes)
    return [
        apply("divide", apply("subtract", node, number(float(low))), number(float(scale)))
        for node, low, scale in zip(features.nodes, model.min_, model.scale_, strict=True)
    ]


def _function(model: Any, features: Features, place: Place) -> list[Node]:
    import numpy as np

    if model.validate:
        place.refuse_missing(model, features, features.nodes)
        place.refuse_infinite(model, features, features.nodes)
    if model.inverse_func is None:
        return list(features.nodes)
    name = getattr(model.inverse_func, "__name__", repr(model.inverse_func))
    function = next((sql for known, sql in FUNCTIONS.items() if getattr(np, known) is model.inverse_func), None)
    if function is None or model.inv_kw_args:
        raise place.unsupported(f"inverse_func={name}", f"known are NumPy's {', '.join(FUNCTIONS)}")
    return [function(node) for node in features.nodes]


INVERSES: dict[str, Inverse] = {
    "sklearn.preprocessing.StandardScaler": _standard,
    "sklearn.preprocessing.MinMaxScaler": _min_max,
    "sklearn.preprocessing.MaxAbsScaler": _max_abs,
    "sklearn.preprocessing.RobustScaler": _robust,
    "sklearn.preprocessing.FunctionTransformer": _function,
}
