"""How models of the table are fitted."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from ..frames import mixed

Fitted = tuple[Any, pd.DataFrame]
Fit = Callable[[], Fitted]

NUMERIC = ["radius", "smooth"]
TEXT = ["size", "texture"]


def on(data: tuple[pd.DataFrame, np.ndarray], model: Any, target: Callable[[np.ndarray], Any] = lambda y: y) -> Fit:
    """Fit a copy of the model on the data, its target changed by `target`."""

    def fit() -> Fitted:
        frame, y = data
        return copy.deepcopy(model).fit(frame, target(y)), frame

    return fit


def columns(model: Any, *names: str) -> Fit:
    """Fit a transformer on some columns of the mixed frame."""

    def fit() -> Fitted:
        frame = mixed()[0][list(names)]
        return model.fit(frame), frame

    return fit


def categorical(model: Any, **changes: Any) -> Fit:
    """Fit on the mixed frame with its text as pandas categories."""

    def fit() -> Fitted:
        frame, y = mixed()
        as_given = frame.drop(columns="dense").astype({"size": "category", "texture": "category"})
        return model.set_params(**changes).fit(as_given, y), as_given

    return fit


def prepared(model: Any, **encoder: Any) -> Pipeline:
    """The pipeline most people write: impute and scale numbers, encode text, then the model."""
    numeric = Pipeline([("impute", SimpleImputer()), ("scale", StandardScaler())])
    one_hot = OneHotEncoder(**{"handle_unknown": "ignore", **encoder})
    prepare = ColumnTransformer([("num", numeric, NUMERIC), ("cat", one_hot, TEXT), ("rest", "passthrough", ["grade"])])
    return Pipeline([("prep", prepare), ("model", model)])


def ordinal(**options: Any) -> OrdinalEncoder:
    """An OrdinalEncoder that knows what to do with the unknown."""
    return OrdinalEncoder(**{"handle_unknown": "use_encoded_value", "unknown_value": -1, **options})


few = {"n_estimators": 12, "random_state": 0}
small = {"max_iter": 12, "random_state": 0, "max_leaf_nodes": 8}
