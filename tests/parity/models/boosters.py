"""XGBoost, LightGBM and CatBoost, through their scikit-learn wrappers and their own interfaces."""

from __future__ import annotations

from typing import Any

from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from ..frames import gaps
from .boosters_catboost import CATBOOST
from .boosters_catboost import few as few_of_catboost
from .boosters_lightgbm import LIGHTGBM, plain
from .boosters_lightgbm import few as few_of_lightgbm
from .boosters_xgboost import XGBOOST
from .boosters_xgboost import few as few_of_xgboost
from .common import Fit, on


def calibrated(model: Any, method: str, data: str) -> Fit:
    """A booster as the last step of a pipeline, which is calibrated."""
    steps = make_pipeline(StandardScaler(), model)
    return on(plain(gaps(data)), CalibratedClassifierCV(steps, method=method, cv=2, ensemble=data == "cancer"))


CALIBRATED: dict[str, Fit] = {
    "xgboost, calibrated": calibrated(XGBClassifier(**few_of_xgboost), "sigmoid", "cancer"),
    "xgboost, calibrated, three classes": calibrated(XGBClassifier(**few_of_xgboost), "sigmoid", "wine"),
    "lightgbm, calibrated": calibrated(LGBMClassifier(**few_of_lightgbm), "sigmoid", "cancer"),
    "lightgbm, calibrated, isotonic": calibrated(LGBMClassifier(**few_of_lightgbm), "isotonic", "wine"),
    "catboost, calibrated": calibrated(CatBoostClassifier(**few_of_catboost), "sigmoid", "wine"),
    "catboost, calibrated, isotonic": calibrated(CatBoostClassifier(**few_of_catboost), "isotonic", "cancer"),
}

BOOSTERS: dict[str, Fit] = {**XGBOOST, **LIGHTGBM, **CATBOOST, **CALIBRATED}
