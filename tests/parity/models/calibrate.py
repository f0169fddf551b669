"""Classifiers calibrated, tuned, searched for, frozen, self-trained."""

from __future__ import annotations

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier

from ..frames import gaps, numbers, undecided
from .common import Fit, on
from .ensemble import logistic, scaled, tree, words

LITTLE = {"cv": 2}
BOOSTING = GradientBoostingClassifier(n_estimators=3, max_depth=2, random_state=0)
FOREST = RandomForestClassifier(n_estimators=3, max_depth=3, random_state=0)


def text(y: np.ndarray) -> np.ndarray:
    """Two labels that are text."""
    return np.where(y == 1, "b", "a")


CALIBRATED: dict[str, Fit] = {
    f"calibrated, {method}, {title}{'' if ensemble else ', no ensemble'}": on(
        numbers(data), CalibratedClassifierCV(estimator, method=method, ensemble=ensemble, **LITTLE), words
    )
    for method in ("sigmoid", "isotonic", "temperature")
    for ensemble in (True, False)
    for title, data, estimator in (
        ("decision", "cancer", scaled()),
        ("decisions", "wine", scaled()),
        ("probability", "cancer", tree(3)),
        ("probabilities", "wine", FOREST),
    )
} | {
    "calibrated, gaps": on(gaps("wine"), CalibratedClassifierCV(FOREST, method="isotonic", **LITTLE)),
    "calibrated, boosting": on(numbers("cancer"), CalibratedClassifierCV(BOOSTING, method="isotonic", **LITTLE)),
    "calibrated, undecided": on(undecided(), CalibratedClassifierCV(logistic(), **LITTLE)),
    "calibrated, frozen": on(
        numbers("iris"), CalibratedClassifierCV(FrozenEstimator(tree(2).fit(*numbers("iris"))), method="sigmoid")
    ),
}

TUNED: dict[str, Fit] = {
    "threshold": on(numbers("cancer"), FixedThresholdClassifier(scaled()), text),
    "threshold, fixed": on(numbers("cancer"), FixedThresholdClassifier(tree(3), threshold=0.8), text),
    "threshold, first class": on(
        numbers("cancer"), FixedThresholdClassifier(scaled(), threshold=0.3, pos_label="a"), text
    ),
    "threshold, decision": on(
        numbers("cancer"), FixedThresholdClassifier(scaled(), response_method="decision_function")
    ),
    "threshold, decision, first class": on(
        numbers("cancer"),
        FixedThresholdClassifier(scaled(), response_method="decision_function", threshold=-1.5, pos_label=0),
    ),
    "threshold, undecided": on(undecided(), FixedThresholdClassifier(logistic(fit_intercept=False))),
    "threshold, tuned": on(numbers("cancer"), TunedThresholdClassifierCV(tree(3), cv=3)),
    "threshold, tuned, decision": on(
        numbers("cancer"), TunedThresholdClassifierCV(scaled(), cv=3, response_method="decision_function")
    ),
    "grid search": on(numbers("wine"), GridSearchCV(tree(), {"max_depth": [1, 3]}, cv=2), words),
    "grid search, pipeline": on(
        numbers("cancer"),
        GridSearchCV(make_pipeline(StandardScaler(), logistic()), {"logisticregression__C": [0.1, 1.0]}, cv=2),
    ),
    "grid search, regression": on(numbers("diabetes"), GridSearchCV(Ridge(), {"alpha": [0.1, 9.0]}, cv=2)),
    "grid search, features": on(
        numbers("wine"),
        make_pipeline(
            GridSearchCV(MinMaxScaler(), {"clip": [True]}, cv=2, scoring=lambda *_: 0.0), LogisticRegression()
        ),
    ),
    "randomized search": on(
        numbers("wine"), RandomizedSearchCV(tree(), {"max_depth": [1, 2, 3]}, n_iter=2, cv=2, random_state=0)
    ),
    "halving search": on(numbers("wine"), HalvingGridSearchCV(tree(), {"max_depth": [1, 3]}, cv=2, random_state=0)),
    "halving random search": on(
        numbers("wine"), HalvingRandomSearchCV(tree(), {"max_depth": [1, 2, 3]}, cv=2, random_state=0)
    ),
    "frozen": on(numbers("iris"), FrozenEstimator(tree(2).fit(*numbers("iris")))),
    "frozen, features": on(
        numbers("iris"), make_pipeline(FrozenEstimator(StandardScaler().fit(numbers("iris")[0])), logistic())
    ),
    "self-training": on(
        numbers("wine"),
        SelfTrainingClassifier(FOREST),
        lambda y: np.where(np.arange(len(y)) % 3 == 0, y, -1),
    ),
    "self-training, decision": on(
        numbers("cancer"), SelfTrainingClassifier(scaled()), lambda y: np.where(np.arange(len(y)) % 2 == 0, y, -1)
    ),
}

CALIBRATION: dict[str, Fit] = {**CALIBRATED, **TUNED}
