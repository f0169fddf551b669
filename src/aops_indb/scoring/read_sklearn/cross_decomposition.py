"""Partial least squares and canonical correlation."""

from __future__ import annotations

from typing import Any

from aops_indb.scoring.graph import apply, number
from aops_indb.scoring.read_sklearn.arithmetic import products
from aops_indb.scoring.read_sklearn.discriminant import centred
from aops_indb.scoring.read_sklearn.linear import finite_numbers
from aops_indb.scoring.read_sklearn.links import regressor_outputs
from aops_indb.scoring.read_sklearn.translation import Features, Place


def pls_regressor(model: Any, features: Features, place: Place) -> Features:
    """(x - mean) @ coef + intercept, per target."""
    nodes = centred(finite_numbers(model, features, place), model._x_mean)
    return regressor_outputs(products(nodes, model.coef_, model.intercept_))


def pls_features(model: Any, features: Features, place: Place) -> Features:
    """(x - mean) / std @ rotations."""
    return _scores(model, features, place, model.x_rotations_)


def pls_svd(model: Any, features: Features, place: Place) -> Features:
    """(x - mean) / std @ weights."""
    return _scores(model, features, place, model.x_weights_)


def _scores(model: Any, features: Features, place: Place, directions: Any) -> Features:
    nodes = centred(finite_numbers(model, features, place), model._x_mean)
    scaled = [apply("divide", node, number(float(std))) for node, std in zip(nodes, model._x_std, strict=True)]
    return place.features(model, features.names, products(scaled, directions.T))
