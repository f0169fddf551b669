"""What the boosting libraries say of themselves: thresholds, and what a booster of their own interface predicts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import xgboost
from catboost import CatBoost, CatBoostRanker


def thresholds(model: Any, feature: int) -> Iterator[float]:
    """Thresholds of a booster, or of one in a wrapper, on one of its features."""
    found = THRESHOLDS.get(type(model).__module__)
    return found(model, feature) if found else iter(())


def _of_xgboost(model: Any, feature: int) -> Iterator[float]:
    booster = model if isinstance(model, xgboost.Booster) else model.get_booster()
    saved = json.loads(booster.save_raw(raw_format="json").decode())["learner"]["gradient_booster"]
    for tree in saved.get("gbtree", saved)["model"].get("trees", ()):
        for used, left, threshold in zip(
            tree["split_indices"], tree["left_children"], tree["split_conditions"], strict=True
        ):
            if used == feature and left >= 0:
                yield threshold


def _of_lightgbm(model: Any, feature: int) -> Iterator[float]:
    booster = model if isinstance(model, lightgbm.Booster) else model.booster_
    pending = [tree["tree_structure"] for tree in booster.dump_model()["tree_info"]]
    while pending:
        node = pending.pop()
        if "split_feature" in node:
            pending += [node["left_child"], node["right_child"]]
            if node["split_feature"] == feature and node["decision_type"] == "<=":
                yield node["threshold"]


def _of_catboost(model: Any, feature: int) -> Iterator[float]:
    return iter(model.get_borders().get(feature, ()))


THRESHOLDS: dict[str, Callable[[Any, int], Iterator[float]]] = {
    "catboost.core": _of_catboost,
    "lightgbm.basic": _of_lightgbm,
    "lightgbm.sklearn": _of_lightgbm,
    "xgboost.core": _of_xgboost,
    "xgboost.sklearn": _of_xgboost,
}


def _by_xgboost(booster: Any, frame: pd.DataFrame) -> Any:
    types = booster.feature_types if booster.feature_names is None else None
    given = frame.to_numpy() if booster.feature_names is None else frame
    return booster.predict(xgboost.DMatrix(given, enable_categorical=True, feature_types=types))


# What is neither classifier nor regressor by scikit-learn's tags: a prediction, or several.
PREDICTIONS: dict[type, Callable[[Any, pd.DataFrame], Any]] = {
    CatBoost: lambda model, frame: model.predict(frame),
    CatBoostRanker: lambda model, frame: model.predict(frame),
    lightgbm.Booster: lambda model, frame: model.predict(frame),
    lightgbm.LGBMRanker: lambda model, frame: model.predict(frame),
    xgboost.Booster: _by_xgboost,
    xgboost.XGBRanker: lambda model, frame: np.asarray(model.predict(frame)),
}


def known_categories(model: Any, frame: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """The frame with the model's own categories, and the rows that have others, which XGBoost means to refuse.

    It raises for the whole frame, and only if the category sorts after all that it knows (3.2): in place of any other
    it takes the next one.
    """
    refused = np.zeros(len(frame), dtype=bool)
    if not isinstance(model, xgboost.Booster | xgboost.XGBModel):
        return frame, refused
    booster = model if isinstance(model, xgboost.Booster) else model.get_booster()
    known = booster.get_categories(export_to_arrow=True).to_arrow() if _has_trees(booster) else []
    for name, categories in known:
        if categories is not None:
            column = frame[name].cat.set_categories(categories.to_pylist())
            refused |= (column.isna() & frame[name].notna()).to_numpy()
            frame = frame.assign(**{name: column})
    return frame, refused


def _has_trees(booster: xgboost.Booster) -> bool:
    return bool(json.loads(booster.save_config())["learner"]["gradient_booster"]["name"] != "gblinear")
