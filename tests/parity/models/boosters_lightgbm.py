"""LightGBM."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier, LGBMRanker, LGBMRegressor
from sklearn.model_selection import train_test_split

from ..frames import gaps, many, mixed, numbers, undecided
from .common import Fit, Fitted, prepared

Table = tuple[pd.DataFrame, np.ndarray]

quiet: dict[str, Any] = {"verbose": -1, "n_jobs": 1, "random_state": 0}
few: dict[str, Any] = {**quiet, "n_estimators": 12, "num_leaves": 8, "min_child_samples": 5}


def plain(data: Table) -> Table:
    """Columns without blanks in their names, which LightGBM would rename."""
    frame, y = data
    return frame.set_axis([str(name).replace(" ", "_") for name in frame], axis=1), y


def on(data: Table, model: Any, target: Callable[[np.ndarray], Any] = lambda y: y, **how: Any) -> Fit:
    """Fit the model on the data, its target changed by `target`."""

    def fit() -> Fitted:
        frame, y = plain(data)
        return model.fit(frame, target(y), **how), frame

    return fit


def native(data: Table, params: dict[str, Any], **how: Any) -> Fit:
    """A booster of LightGBM's own interface."""

    def fit() -> Fitted:
        frame, y = plain(data)
        options = {"num_leaves": 8, "min_data_in_leaf": 5, "num_threads": 1, "verbose": -1, **params}
        return lightgbm.train(options, lightgbm.Dataset(frame, y, **how), 12), frame

    return fit


def stopped() -> Fitted:
    """A booster that still has the trees after its best iteration."""
    frame, y = plain(gaps("wine"))
    seen, held_out, y_seen, y_held_out = train_test_split(frame, y, random_state=0)
    rows = lightgbm.Dataset(seen, y_seen)
    model = lightgbm.train(
        {"objective": "multiclass", "num_class": 3, "num_leaves": 8, "num_threads": 1, "verbose": -1},
        rows,
        200,
        valid_sets=[rows.create_valid(held_out, y_held_out)],
        callbacks=[lightgbm.early_stopping(3, verbose=False)],
        keep_training_booster=True,
    )
    assert 0 < model.best_iteration < model.num_trees() // 3
    return model, frame


def asking_for_zero() -> Fitted:
    """A booster whose every threshold is 0, within what the library takes for 0."""
    booster, frame = native(gaps("cancer"), {"objective": "binary"})()
    text = booster.model_to_string()

    def zeros(line: re.Match[str]) -> str:
        return "threshold=" + " ".join("0".ljust(len(value), " ") for value in line[1].split(" "))

    return lightgbm.Booster(model_str=re.sub(r"threshold=(.*)", zeros, text)), frame - frame.median()


def ranked(objective: str) -> Fit:
    """A ranker."""

    def fit() -> Fitted:
        frame, y = plain(gaps("wine"))
        return LGBMRanker(**few, objective=objective).fit(frame, y, group=[60, 60, 58]), frame

    return fit


def with_zeros() -> Table:
    """Measures that are often 0, and sometimes missing."""
    frame, y = gaps("cancer")
    return frame.where(np.random.default_rng(5).random(frame.shape) > 0.3, 0.0), y


def categories() -> Table:
    """The mixed frame with its text as pandas categories."""
    frame, y = mixed()
    return frame.drop(columns="dense").astype({"size": "category", "texture": "category"}), y


def many_categories() -> Table:
    """More than a hundred categories, and one of whole numbers."""
    frame, y = many()
    return frame.assign(grade=(frame["radius"] // 3).astype(int)).astype({"bin": "category", "grade": "category"}), y


def codes() -> Table:
    """A category given as numbers, some of them fractions."""
    frame, y = mixed()
    return frame[["radius", "smooth"]].assign(grade=frame["grade"] * 7 + 0.5), y


split_often: dict[str, Any] = {"min_data_per_group": 2, "cat_smooth": 1, "max_cat_to_onehot": 1}
forest: dict[str, Any] = {"boosting_type": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}
DIABETES = gaps("diabetes")

LIGHTGBM: dict[str, Fit] = {
    "lightgbm": on(gaps("cancer"), LGBMClassifier(**few)),
    "lightgbm, text": on(gaps("cancer"), LGBMClassifier(**few), lambda y: np.where(y == 1, "b", "a")),
    "lightgbm, no gaps": on(numbers("cancer"), LGBMClassifier(**few)),
    "lightgbm, missing unused": on(gaps("cancer"), LGBMClassifier(**few, use_missing=False)),
    "lightgbm, zeros": on(with_zeros(), LGBMClassifier(**few)),
    "lightgbm, zero as missing": on(with_zeros(), LGBMClassifier(**few, zero_as_missing=True)),
    "lightgbm, zero as missing, regression": on(DIABETES, LGBMRegressor(**few, zero_as_missing=True)),
    "lightgbm, thresholds of zero": asking_for_zero,
    "lightgbm, undecided": on(undecided(), LGBMClassifier(**few, boost_from_average=False)),
    "lightgbm, sigmoid": on(gaps("cancer"), LGBMClassifier(**few, sigmoid=2.5)),
    "lightgbm, steep": on(gaps("cancer"), LGBMClassifier(**few | {"n_estimators": 60}, learning_rate=30)),
    "lightgbm, cross entropy": on(gaps("cancer"), LGBMClassifier(**few, objective="cross_entropy")),
    "lightgbm, cross entropy lambda": on(gaps("cancer"), LGBMClassifier(**few, objective="cross_entropy_lambda")),
    "lightgbm, three classes": on(gaps("wine"), LGBMClassifier(**few)),
    "lightgbm, one versus all": on(gaps("wine"), LGBMClassifier(**few, objective="multiclassova", sigmoid=1.5)),
    "lightgbm, two classes as several": on(gaps("cancer"), LGBMClassifier(**few, objective="multiclass", num_class=2)),
    "lightgbm, dart": on(gaps("cancer"), LGBMClassifier(**few, boosting_type="dart", drop_rate=0.5)),
    "lightgbm, forest": on(gaps("cancer"), LGBMClassifier(**few, **forest)),
    "lightgbm, forest, three classes": on(gaps("wine"), LGBMClassifier(**few, **forest)),
    "lightgbm, forest, regression": on(DIABETES, LGBMRegressor(**few, **forest)),
    "lightgbm, linear": on(DIABETES, LGBMRegressor(**few, linear_tree=True)),
    "lightgbm, linear, three classes": on(gaps("wine"), LGBMClassifier(**few | {"n_estimators": 4}, linear_tree=True)),
    "lightgbm, categories": on(categories(), LGBMClassifier(**few, **split_often)),
    "lightgbm, categories, one by one": on(
        categories(), LGBMRegressor(**few, max_cat_to_onehot=9), lambda y: (y == "benign") * 1.0
    ),
    "lightgbm, many categories": on(many_categories(), LGBMClassifier(**few, **split_often)),
    "lightgbm, categories as numbers": on(codes(), LGBMClassifier(**few, **split_often), categorical_feature=["grade"]),
    "lightgbm, categories, booster": native(
        (categories()[0], (categories()[1] == "benign") * 1), {"objective": "binary", **split_often}
    ),
    "lightgbm, prepared": on(mixed(), prepared(LGBMClassifier(**few), sparse_output=False)),
    "lightgbm, stopped early": stopped,
    "lightgbm, booster": native(gaps("cancer"), {"objective": "binary"}),
    "lightgbm, booster, three classes": native(gaps("wine"), {"objective": "multiclass", "num_class": 3}),
    **{
        f"lightgbm, square root, {objective}": on(
            DIABETES, LGBMRegressor(**few, objective=objective, reg_sqrt=True), target
        )
        for objective, target in {
            **dict.fromkeys(("regression", "regression_l1", "huber", "fair", "quantile", "mape"), lambda y: y - 100),
            "poisson": lambda y: y,
        }.items()
    },
    **{
        f"lightgbm, {objective}": on(DIABETES, LGBMRegressor(**few, objective=objective))
        for objective in (
            "regression", "regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie"
        )
    },
    "lightgbm, lambdarank": ranked("lambdarank"),
    "lightgbm, xendcg": ranked("rank_xendcg"),
}  # fmt: skip
