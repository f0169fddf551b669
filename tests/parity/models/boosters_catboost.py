"""CatBoost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from catboost import CatBoost, CatBoostClassifier, CatBoostRanker, CatBoostRegressor

from ..frames import gaps, mixed, numbers
from .common import Fit, Fitted, on, prepared

few: dict[str, Any] = {
    "iterations": 12, "depth": 4, "random_seed": 0, "thread_count": 1, "verbose": False, "allow_writing_files": False
}  # fmt: skip
DIABETES = gaps("diabetes")


def with_threshold() -> Fitted:
    """A classifier that says yes from 0.8 on."""
    frame, y = gaps("cancer")
    model = CatBoostClassifier(**few).fit(frame, y)
    model.set_probability_threshold(0.8)
    return model, frame


def scaled() -> Fitted:
    """A model whose sums are multiplied."""
    frame, y = DIABETES
    model = CatBoost(few).fit(frame, y)
    model.set_scale_and_bias(0.5, 7.25)
    return model, frame


def ranked() -> Fitted:
    """A ranker."""
    frame, y = gaps("wine")
    return CatBoostRanker(**few, loss_function="QueryRMSE").fit(frame, y, group_id=np.arange(len(y)) // 60), frame


def even() -> tuple[pd.DataFrame, np.ndarray]:
    """Two features that tell nothing about a target that is half and half: sums are exactly zero."""
    row = np.arange(64)
    return pd.DataFrame({"one": row // 2 % 2 * 1.0, "two": row // 4 % 2 * 1.0}), row % 2


def unused_categories() -> Fitted:
    """A text column that no split asks for."""
    frame, y = mixed()
    given = frame[["radius", "size", "grade"]]
    known = given["size"].notna()
    return CatBoostClassifier(**few, cat_features=["size"], ignored_features=[1]).fit(given[known], y[known]), given


CATBOOST: dict[str, Fit] = {
    "catboost": on(gaps("cancer"), CatBoostClassifier(**few)),
    "catboost, no gaps": on(numbers("cancer"), CatBoostClassifier(**few)),
    "catboost, text": on(gaps("cancer"), CatBoostClassifier(**few), lambda y: np.where(y == 1, "b", "a")),
    "catboost, yes and no": on(gaps("cancer"), CatBoostClassifier(**few), lambda y: y == 1),
    "catboost, missing above": on(gaps("cancer"), CatBoostClassifier(**few, nan_mode="Max")),
    "catboost, missing forbidden": on(numbers("cancer"), CatBoostClassifier(**few, nan_mode="Forbidden")),
    "catboost, level by level": on(gaps("cancer"), CatBoostClassifier(**few, grow_policy="Depthwise")),
    "catboost, best first": on(
        gaps("cancer"), CatBoostClassifier(**few, grow_policy="Lossguide", max_leaves=9, nan_mode="Max")
    ),
    "catboost, best first, three classes": on(gaps("wine"), CatBoostClassifier(**few, grow_policy="Lossguide")),
    "catboost, undecided": on(even(), CatBoostClassifier(**few, boost_from_average=False)),
    "catboost, cross entropy": on(gaps("cancer"), CatBoostClassifier(**few, loss_function="CrossEntropy")),
    "catboost, steep": on(gaps("cancer"), CatBoostClassifier(**few, learning_rate=60, leaf_estimation_iterations=1)),
    "catboost, another threshold": with_threshold,
    "catboost, three classes": on(gaps("wine"), CatBoostClassifier(**few), lambda y: np.array(["x", "Y", "z"])[y]),
    "catboost, one versus all": on(gaps("wine"), CatBoostClassifier(**few, loss_function="MultiClassOneVsAll")),
    "catboost, unused categories": unused_categories,
    "catboost, prepared": on(mixed(), prepared(CatBoostClassifier(**few), sparse_output=False)),
    "catboost, ranker": ranked,
    "catboost, scaled": scaled,
    "catboost, base class": on(gaps("cancer"), CatBoost({**few, "loss_function": "Logloss"})),
    "catboost, two targets": on(
        DIABETES, CatBoostRegressor(**few, loss_function="MultiRMSE"), lambda y: np.column_stack([y, y**2])
    ),
    **{
        f"catboost, {loss}": on(DIABETES, CatBoostRegressor(**few, loss_function=loss))
        for loss in (
            "RMSE", "MAE", "Quantile:alpha=0.8", "Poisson", "Tweedie:variance_power=1.5", "MAPE", "Huber:delta=5",
            "Expectile:alpha=0.7", "Lq:q=3", "LogCosh", "RMSEWithUncertainty", "MultiQuantile:alpha=0.1,0.5,0.9",
        )
    },
}  # fmt: skip
