"""NumPy's functions of one number, as FunctionTransformer applies them: FUNCTIONS."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from aops_indb.scoring.graph import Case, Node, apply, number
from aops_indb.scoring.ranges import LARGEST_DOUBLE
from aops_indb.scoring.read_sklearn.arithmetic import missing_number, square, times
from aops_indb.scoring.read_sklearn.translation import Features, Place, names_out


def function_transformer(model: Any, features: Features, place: Place) -> Features:
    """The identity, or one of FUNCTIONS on each feature; any other function is Python, and has no SQL form."""
    if model.func is None:
        return _renamed(model, _checked(model, features, place) if model.validate else features)
    name = getattr(model.func, "__name__", repr(model.func))
    instead = "leave func=None, or compute it in the source's SELECT"
    function = next((sql for known, sql in _functions() if known is model.func), None)
    if function is None:
        raise place.unsupported(f"FunctionTransformer(func={name})", f"{instead}; known are {', '.join(FUNCTIONS)}")
    if model.kw_args:
        raise place.unsupported(f"FunctionTransformer(func={name}) with kw_args", instead)
    if features.sparse:
        raise place.unsupported(f"FunctionTransformer(func={name}) on sparse features", "make the step before it dense")
    if any(place.kind(node) == "boolean" for node in features.nodes):
        # NumPy computes with booleans in half precision, or as truth values
        raise place.unsupported(f"FunctionTransformer(func={name}) on booleans", "make them numbers first")
    features = _checked(model, features, place)
    nodes = [function(node) for node in features.nodes]
    names = _renamed(model, features).names
    return Features(names, tuple(place.named(name, node) for name, node in zip(names, nodes, strict=True)))


def _renamed(model: Any, features: Features) -> Features:
    """The features by the names the transformer gives them, if it does."""
    if not callable(model.feature_names_out):
        return features
    return replace(features, names=names_out(model, features.names, len(features)))


def _checked(model: Any, features: Features, place: Place) -> Features:
    nodes = place.numbers(model, features)
    if model.validate:
        place.refuse_missing(model, features, nodes)
        place.refuse_infinite(model, features, nodes)
    return Features(features.names, tuple(nodes), sparse=features.sparse)


def _functions() -> list[tuple[Any, Callable[[Node], Node]]]:
    import numpy as np

    return [(getattr(np, name), function) for name, function in FUNCTIONS.items()]


def _op(name: str) -> Callable[[Node], Node]:
    return lambda node: apply(name, node)


def _times(factor: float) -> Callable[[Node], Node]:
    return lambda node: times(node, factor)


def _over(op: str, divisor: float) -> Callable[[Node], Node]:
    return lambda node: apply("divide", apply(op, node), number(divisor))


def _negative(node: Node) -> Node:
    return apply("subtract", number(0.0), node)


def _above_zero(node: Node) -> Node:
    return apply("greater", node, number(0.0))


def _below_zero(node: Node) -> Node:
    return apply("less", node, number(0.0))


def _sign(node: Node) -> Node:
    return Case(((_above_zero(node), number(1.0)), (_below_zero(node), number(-1.0))), node)


def _ceil(node: Node) -> Node:
    return _negative(apply("floor", _negative(node)))


def _trunc(node: Node) -> Node:
    return Case(((_below_zero(node), _ceil(node)),), apply("floor", node))


def _of_finite(op: str) -> Callable[[Node], Node]:
    """Missing where the argument is infinite, on which engines raise."""

    def function(node: Node) -> Node:
        infinite = apply("any_beyond", number(LARGEST_DOUBLE), node)
        return Case(((infinite, missing_number()),), apply(op, node))

    return function


FUNCTIONS: dict[str, Callable[[Node], Node]] = {
    "abs": _op("absolute"),
    "fabs": _op("absolute"),
    "sign": _sign,
    "negative": _negative,
    "positive": lambda node: node,
    "square": square,
    "sqrt": _op("sqrt"),
    "exp": _op("exp"),
    "expm1": _op("expm1"),
    "log": _op("log"),
    "log1p": _op("log1p"),
    "log2": _over("log", math.log(2.0)),
    "log10": _over("log", math.log(10.0)),
    "floor": _op("floor"),
    "ceil": _ceil,
    "trunc": _trunc,
    "sin": _of_finite("sin"),
    "cos": _of_finite("cos"),
    "tanh": _op("tanh"),
    "radians": _times(math.pi / 180.0),
    "degrees": _times(180.0 / math.pi),
}
