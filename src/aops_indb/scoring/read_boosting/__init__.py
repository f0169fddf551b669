"""Models of XGBoost, LightGBM and CatBoost as score graphs, read from the libraries' own dumps.

To add one: a function beside this, and a line in BOOSTERS. The libraries are not imported here: a model that is given
has brought its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aops_indb.scoring.read_boosting.catboost import catboost_classifier, catboost_model, catboost_regressor
from aops_indb.scoring.read_boosting.lightgbm import lightgbm_booster, lightgbm_classifier, lightgbm_regressor
from aops_indb.scoring.read_boosting.xgboost import (
    xgboost_booster,
    xgboost_classifier,
    xgboost_regressor,
)
from aops_indb.scoring.read_sklearn.translation import Translator

BOOSTERS: dict[str, Translator] = {
    "catboost.core.CatBoost": catboost_model,
    "catboost.core.CatBoostClassifier": catboost_classifier,
    "catboost.core.CatBoostRanker": catboost_model,
    "catboost.core.CatBoostRegressor": catboost_regressor,
    "lightgbm.basic.Booster": lightgbm_booster,
    "lightgbm.sklearn.LGBMClassifier": lightgbm_classifier,
    "lightgbm.sklearn.LGBMRegressor": lightgbm_regressor,
    "lightgbm.sklearn.LGBMRanker": lightgbm_regressor,
    "xgboost.core.Booster": xgboost_booster,
    "xgboost.sklearn.XGBClassifier": xgboost_classifier,
    "xgboost.sklearn.XGBRFClassifier": xgboost_classifier,
    "xgboost.sklearn.XGBRegressor": xgboost_regressor,
    "xgboost.sklearn.XGBRFRegressor": xgboost_regressor,
    "xgboost.sklearn.XGBRanker": xgboost_regressor,
}


@dataclass(frozen=True, slots=True)
class Shape:
    """How a model without scikit-learn's attributes says the names, if it has them, and the number of its features."""

    names: Callable[[Any], Sequence[str]]
    count: Callable[[Any], int]


def _names_in_lightgbm(booster: Any) -> Sequence[str]:
    """The names, unless they are those that the library gives columns without one."""
    names = booster.feature_name()
    return () if names == [f"Column_{k}" for k in range(len(names))] else names


def _names_in_catboost(model: Any) -> Sequence[str]:
    """The names, unless they are those that the library gives columns without one."""
    names = model.feature_names_
    return () if names == [str(k) for k in range(len(names))] else names


_CATBOOST = Shape(_names_in_catboost, lambda model: len(model.feature_names_))

NATIVE: dict[str, Shape] = {
    **{name: _CATBOOST for name in BOOSTERS if name.startswith("catboost.")},
    "lightgbm.basic.Booster": Shape(_names_in_lightgbm, lambda booster: booster.num_feature()),
    "xgboost.core.Booster": Shape(lambda booster: booster.feature_names or (), lambda booster: booster.num_features()),
}
