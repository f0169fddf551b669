"""Generalised linear models."""

from __future__ import annotations

from typing import Any

from aops_indb.scoring.graph import apply
from aops_indb.scoring.read_sklearn.hist_gradient import LINKS
from aops_indb.scoring.read_sklearn.linear import decisions_of
from aops_indb.scoring.read_sklearn.links import regressor_outputs
from aops_indb.scoring.read_sklearn.translation import Features, Place


def generalized_linear_regressor(model: Any, features: Features, place: Place) -> Features:
    """The inverse of the model's link, the identity or exp, of x @ coef + intercept."""
    (raw,) = decisions_of(model, features, place, "raw_prediction")
    link = LINKS[type(model._base_loss.link).__name__]
    return regressor_outputs([raw if link is None else apply(link, raw)])
