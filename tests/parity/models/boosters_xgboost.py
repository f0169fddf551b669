"""XGBoost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import xgboost
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from xgboost import XGBClassifier, XGBRanker, XGBRegressor, XGBRFClassifier, XGBRFRegressor

from ..frames import gaps, mixed, numbers, undecided
from .common import Fit, Fitted, on, prepared

few: dict[str, Any] = {"n_estimators": 12, "max_depth": 3, "n_jobs": 1, "random_state": 0}
DIABETES = gaps("diabetes")


def native(
    data: tuple[pd.DataFrame, np.ndarray], params: dict[str, Any], target: Callable[[Any], Any] = lambda y: y
) -> Fit:
    """A booster of XGBoost's own interface."""

    def fit() -> Fitted:
        frame, y = data
        rows = xgboost.DMatrix(frame, target(y), enable_categorical=True)
        return xgboost.train({"nthread": 1, **params}, rows, 12), frame

    return fit


def stopped(model: Any, data: tuple[pd.DataFrame, np.ndarray]) -> Fit:
    """A wrapper whose best iteration came before its last."""

    def fit() -> Fitted:
        frame, y = data
        seen, held_out, y_seen, y_held_out = train_test_split(frame, y, random_state=0)
        model.fit(seen, y_seen, eval_set=[(held_out, y_held_out)], verbose=False)
        assert model.best_iteration + 1 < model.get_booster().num_boosted_rounds()
        return model, frame

    return fit


def booster_of(fit: Fit) -> Fit:
    """The booster inside a wrapper."""

    def fit_booster() -> Fitted:
        model, frame = fit()
        return model.get_booster(), frame

    return fit_booster


def ranked(objective: str) -> Fit:
    """A ranker."""

    def fit() -> Fitted:
        frame, y = gaps("wine")
        return XGBRanker(**few, objective=objective).fit(frame, y, qid=np.arange(len(y)) // 30), frame

    return fit


def named_categories() -> tuple[pd.DataFrame, np.ndarray]:
    """The mixed frame with its text as pandas categories, and a target of 0 and 1."""
    frame, y = mixed()
    return frame.drop(columns="dense").astype({"size": "category", "texture": "category"}), (y == "benign") * 1


def survival() -> Fitted:
    """Times known to lie between two limits."""
    frame, y = DIABETES
    rows = xgboost.DMatrix(frame)
    rows.set_float_info("label_lower_bound", y)
    rows.set_float_info("label_upper_bound", y * 1.2)
    return xgboost.train({"max_depth": 3, "nthread": 1, "objective": "survival:aft"}, rows, 12), frame


def coded() -> tuple[pd.DataFrame, np.ndarray]:
    """Categories given as their codes."""
    frame, y = mixed()
    given = frame[["radius", "smooth"]].assign(size=frame["size"].astype("category").cat.codes.astype(float))
    return given.assign(size=given["size"] * 3), (y == "benign").astype(int)


def with_codes(in_wrapper: bool) -> Fit:
    """Categories as codes, which the model knows no names of."""

    def fit() -> Fitted:
        frame, y = coded()
        between = frame.assign(size=frame["size"] + np.resize([0.0, 0.75, -0.25], len(frame)))
        types = ["q", "q", "c"]
        if in_wrapper:
            model = XGBClassifier(**few, feature_types=types, enable_categorical=True, max_cat_to_onehot=1)
            return model.fit(frame, y), between
        rows = xgboost.DMatrix(frame.to_numpy(), y, feature_types=types, feature_names=list(frame))
        return xgboost.train({"max_depth": 3, "nthread": 1}, rows, 12), between

    return fit


def shops() -> tuple[pd.DataFrame, np.ndarray]:
    """A category of whole numbers."""
    frame, y = numbers("cancer")
    grade = (frame["mean perimeter"] // 25).astype(int).astype("category")
    return frame[["mean radius", "mean texture"]].assign(grade=grade), y


def two(y: np.ndarray) -> np.ndarray:
    """Two targets."""
    return np.column_stack([y, y[::-1] ** 1.5])


def sparse(*between: Any) -> Any:
    """Text one-hot beside numbers, in a sparse matrix, where zeros are left out."""
    encode = ("encode", OneHotEncoder(handle_unknown="ignore"), ["size", "texture"])
    prepare = ColumnTransformer([encode], remainder="passthrough", sparse_threshold=1.0)
    return make_pipeline(prepare, *between, XGBClassifier(**few))


def with_zeros() -> tuple[pd.DataFrame, np.ndarray]:
    """The mixed frame, with zeros among a measure."""
    frame, y = mixed()
    given = frame.drop(columns="dense").assign(grade=np.maximum(frame["grade"] - 3, 0))
    return given, (y == "benign") * 1


XGBOOST: dict[str, Fit] = {
    "xgboost, sparse": on(with_zeros(), sparse()),
    "xgboost": on(gaps("cancer"), XGBClassifier(**few)),
    "xgboost, three classes": on(gaps("wine"), XGBClassifier(**few)),
    "xgboost, undecided": on(undecided(), XGBClassifier(**few, base_score=0.5)),
    "xgboost, raw": on(gaps("cancer"), XGBClassifier(**few, objective="binary:logitraw")),
    "xgboost, hinge": on(gaps("cancer"), XGBClassifier(**few, objective="binary:hinge")),
    "xgboost, steep": on(gaps("cancer"), XGBClassifier(**few | {"n_estimators": 40}, learning_rate=3, reg_lambda=0)),
    "xgboost, forest": on(gaps("cancer"), XGBRFClassifier(**few)),
    "xgboost, forest per class": on(
        gaps("wine"), XGBClassifier(**few | {"n_estimators": 4}, num_parallel_tree=3, subsample=0.5)
    ),
    "xgboost, regression forest": on(DIABETES, XGBRFRegressor(**few)),
    "xgboost, best first": on(
        gaps("cancer"), XGBClassifier(**few | {"max_depth": 0}, grow_policy="lossguide", max_leaves=9)
    ),
    "xgboost, deep": on(
        gaps("cancer"), XGBClassifier(**few | {"n_estimators": 5, "max_depth": 12}, gamma=0.3, tree_method="exact")
    ),
    "xgboost, missing is zero": on(numbers("cancer"), XGBClassifier(**few, missing=0.0)),
    "xgboost, missing is a number": on((DIABETES[0].fillna(0.1), DIABETES[1]), XGBRegressor(**few, missing=0.1)),
    "xgboost, dart": on(gaps("cancer"), XGBClassifier(**few, booster="dart", rate_drop=0.5)),
    "xgboost, dart, three classes": on(gaps("wine"), XGBClassifier(**few, booster="dart", rate_drop=0.5)),
    "xgboost, dart, regression": on(
        DIABETES, XGBRegressor(**few, booster="dart", rate_drop=0.5, normalize_type="forest")
    ),
    "xgboost, dart, booster": native(
        gaps("cancer"), {"booster": "dart", "rate_drop": 0.5, "objective": "binary:logistic"}
    ),
    "xgboost, linear": on(gaps("cancer"), XGBClassifier(n_estimators=12, booster="gblinear", n_jobs=1)),
    "xgboost, linear, three classes": on(gaps("wine"), XGBClassifier(n_estimators=12, booster="gblinear", n_jobs=1)),
    "xgboost, linear, missing": on(
        numbers("diabetes"), XGBRegressor(n_estimators=12, booster="gblinear", n_jobs=1, missing=0.0)
    ),
    "xgboost, linear, booster": native(gaps("diabetes"), {"booster": "gblinear"}),
    "xgboost, categories": on(named_categories(), XGBClassifier(**few, enable_categorical=True, max_cat_to_onehot=1)),
    "xgboost, categories, one by one": on(named_categories(), XGBClassifier(**few, enable_categorical=True)),
    "xgboost, categories, regression": on(named_categories(), XGBRegressor(**few, enable_categorical=True)),
    "xgboost, categories, booster": native(named_categories(), {"objective": "binary:logistic"}),
    "xgboost, categories, as codes": with_codes(True),
    "xgboost, categories, as codes, booster": with_codes(False),
    "xgboost, categories, whole numbers": on(shops(), XGBClassifier(**few, enable_categorical=True)),
    "xgboost, prepared": on(
        mixed(), prepared(XGBClassifier(**few), sparse_output=False), lambda y: (y == "benign") * 1
    ),
    "xgboost, stopped early": stopped(
        XGBClassifier(**few | {"n_estimators": 60}, early_stopping_rounds=3), gaps("wine")
    ),
    "xgboost, stopped early, booster": booster_of(
        stopped(XGBClassifier(**few | {"n_estimators": 60}, early_stopping_rounds=3), gaps("wine"))
    ),
    "xgboost, regression": on(DIABETES, XGBRegressor(**few)),
    "xgboost, two targets": on(DIABETES, XGBRegressor(**few), two),
    "xgboost, two targets, one tree": on(DIABETES, XGBRegressor(**few, multi_strategy="multi_output_tree"), two),
    "xgboost, three quantiles": on(
        DIABETES, XGBRegressor(**few, objective="reg:quantileerror", quantile_alpha=[0.1, 0.5, 0.9])
    ),
    **{
        f"xgboost, {objective}": on(DIABETES, XGBRegressor(**few, objective=objective), target)
        for objective, target in {
            "reg:squaredlogerror": lambda y: y,
            "reg:absoluteerror": lambda y: y,
            "reg:pseudohubererror": lambda y: y / 100,
            "reg:logistic": lambda y: y / 400,
            "reg:gamma": lambda y: y,
            "reg:tweedie": lambda y: y,
            "count:poisson": lambda y: y,
            "survival:cox": lambda y: y,
        }.items()
    },
    **{f"xgboost, {objective}": ranked(objective) for objective in ("rank:ndcg", "rank:pairwise")},
    "xgboost, rank:map": native(gaps("cancer"), {"objective": "rank:map"}),
    "xgboost, survival:aft": survival,
    "xgboost, booster": native(gaps("cancer"), {"objective": "binary:logistic"}),
    "xgboost, booster, softmax": native(gaps("wine"), {"objective": "multi:softmax", "num_class": 3}),
    "xgboost, booster, softprob": native(gaps("wine"), {"objective": "multi:softprob", "num_class": 3}),
}
