"""Ensembles of any models: voting, stacking, bagging, AdaBoost."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    RandomForestClassifier,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ..frames import gaps, mixed, numbers, undecided
from .common import Fit, few, on, prepared


def tree(depth: int = 2, state: int = 0) -> DecisionTreeClassifier:
    """A small tree."""
    return DecisionTreeClassifier(max_depth=depth, random_state=state)


def regression_tree(depth: int = 2) -> DecisionTreeRegressor:
    """A small regression tree."""
    return DecisionTreeRegressor(max_depth=depth, random_state=0)


def logistic(**options: float) -> LogisticRegression:
    """A logistic regression that has time to converge."""
    return LogisticRegression(max_iter=5000, **options)


def scaled() -> object:
    """A logistic regression on scaled features."""
    return make_pipeline(StandardScaler(), logistic())


CLASSIFIERS = [
    ("logistic", scaled()),
    ("tree", tree(3)),
    ("forest", RandomForestClassifier(n_estimators=3, max_depth=2, random_state=0)),
]
FOUR = [*CLASSIFIERS, ("stump", tree(1))]
REGRESSORS = [("linear", LinearRegression()), ("tree", regression_tree()), ("ridge", Ridge(alpha=9.0))]


def words(y: np.ndarray) -> Any:
    """Labels that are text."""
    return np.array(["x", "o'k", "z"])[y]


VOTING: dict[str, Fit] = {
    "voting, hard": on(numbers("cancer"), VotingClassifier(CLASSIFIERS), words),
    "voting, hard, ties": on(numbers("wine"), VotingClassifier(FOUR), words),
    "voting, hard, weights": on(numbers("wine"), VotingClassifier(FOUR, weights=[0.1, 0.3, 0.2, 0.4])),
    "voting, hard, dropped": on(numbers("iris"), VotingClassifier([*FOUR, ("no", "drop")], weights=[1, 2, 1, 0, 7])),
    "voting, soft": on(numbers("wine"), VotingClassifier(CLASSIFIERS, voting="soft"), words),
    "voting, soft, weights": on(numbers("cancer"), VotingClassifier(CLASSIFIERS, voting="soft", weights=[0.5, 2, 1])),
    "voting, soft, trees, gaps": on(
        gaps("iris"), VotingClassifier([("a", tree(1)), ("b", tree(2)), ("c", tree(1, 7))], voting="soft")
    ),
    "voting, undecided": on(
        undecided(), VotingClassifier([("a", logistic()), ("b", tree())], voting="soft"), lambda y: y == 0
    ),
    "voting, prepared": on(mixed(), prepared(VotingClassifier(CLASSIFIERS, voting="soft"), sparse_output=False)),
    "voting, hard, features": on(numbers("wine"), make_pipeline(VotingClassifier(CLASSIFIERS), logistic())),
    "voting, soft, features": on(
        numbers("wine"), make_pipeline(VotingClassifier(CLASSIFIERS, voting="soft"), logistic())
    ),
    "voting, regression": on(numbers("diabetes"), VotingRegressor(REGRESSORS)),
    "voting, regression, weights": on(numbers("diabetes"), VotingRegressor(REGRESSORS, weights=[3, 1, 0.5])),
    "voting, regression, features": on(numbers("diabetes"), make_pipeline(VotingRegressor(REGRESSORS), Ridge())),
}

STACKING: dict[str, Fit] = {
    "stacking": on(numbers("cancer"), StackingClassifier(CLASSIFIERS, cv=3), words),
    "stacking, three classes": on(numbers("wine"), StackingClassifier(CLASSIFIERS, cv=3), words),
    "stacking, decisions": on(
        numbers("wine"),
        StackingClassifier([("a", scaled()), ("b", logistic(C=0.01))], cv=3, stack_method="decision_function"),
    ),
    "stacking, decision": on(
        numbers("cancer"),
        StackingClassifier([("a", scaled()), ("b", logistic())], cv=3, stack_method="decision_function"),
    ),
    "stacking, labels": on(
        numbers("wine"), StackingClassifier(CLASSIFIERS, tree(4), cv=3, stack_method="predict"), words
    ),
    "stacking, passed on": on(
        numbers("cancer"), StackingClassifier([("t", tree(3)), ("no", "drop")], logistic(), cv=3, passthrough=True)
    ),
    "stacking, passed on, gaps": on(
        gaps("cancer"), StackingClassifier([("t", tree(3)), ("u", tree(1))], tree(4), cv=3, passthrough=True), words
    ),
    "stacking, forest": on(
        numbers("iris"), StackingClassifier(CLASSIFIERS, RandomForestClassifier(**{**few, "n_estimators": 4}), cv=3)
    ),
    "stacking, features": on(
        numbers("wine"), make_pipeline(StackingClassifier(CLASSIFIERS, cv=3, passthrough=True), tree(3))
    ),
    "stacking, regression": on(numbers("diabetes"), StackingRegressor(REGRESSORS, Ridge(), cv=3)),
    "stacking, regression, passed on": on(
        numbers("diabetes"), StackingRegressor(REGRESSORS, regression_tree(4), cv=3, passthrough=True)
    ),
    "stacking, regression, features": on(
        numbers("diabetes"), make_pipeline(StackingRegressor(REGRESSORS, Ridge(), cv=3), Ridge())
    ),
}

BAGGING: dict[str, Fit] = {
    "bagging": on(gaps("cancer"), BaggingClassifier(tree(3), n_estimators=5, random_state=0), words),
    "bagging, three classes, features": on(
        numbers("wine"),
        BaggingClassifier(scaled(), n_estimators=4, max_features=0.5, bootstrap_features=True, random_state=0),
        words,
    ),
    "bagging, votes": on(
        numbers("wine"),
        BaggingClassifier(VotingClassifier(CLASSIFIERS), n_estimators=4, random_state=0),
        words,
    ),
    "bagging, decision": on(numbers("cancer"), BaggingClassifier(scaled(), n_estimators=3, random_state=0)),
    "bagging, rare classes": on(
        numbers("wine"),
        BaggingClassifier(tree(), n_estimators=12, max_samples=6, random_state=0),
        lambda y: np.where(np.arange(len(y)) % 37 == 0, 3, y),
    ),
    "bagging, even": on(gaps("iris"), BaggingClassifier(tree(), n_estimators=4, max_features=2, random_state=0)),
    "bagging, regression": on(gaps("diabetes"), BaggingRegressor(regression_tree(), n_estimators=5, random_state=0)),
    "bagging, regression, features": on(
        numbers("diabetes"), BaggingRegressor(Ridge(), n_estimators=12, max_features=0.5, random_state=0)
    ),
}

ADA_BOOST: dict[str, Fit] = {
    "adaboost": on(numbers("cancer"), AdaBoostClassifier(n_estimators=12, random_state=0), words),
    "adaboost, three classes": on(numbers("wine"), AdaBoostClassifier(n_estimators=12, random_state=0), words),
    "adaboost, logistic": on(
        numbers("iris"), AdaBoostClassifier(logistic(), n_estimators=4, learning_rate=0.5, random_state=0)
    ),
    "adaboost, perfect": on(numbers("iris"), AdaBoostClassifier(tree(9), n_estimators=4, random_state=0)),
    "adaboost, undecided": on(undecided(), AdaBoostClassifier(logistic(), n_estimators=4, random_state=0)),
    "adaboost, regression": on(numbers("diabetes"), AdaBoostRegressor(n_estimators=12, random_state=0)),
    "adaboost, regression, even": on(
        numbers("diabetes"),
        AdaBoostRegressor(regression_tree(), n_estimators=6, learning_rate=0.3, loss="square", random_state=0),
    ),
    "adaboost, regression, linear": on(
        numbers("diabetes"), AdaBoostRegressor(LinearRegression(), n_estimators=5, loss="exponential", random_state=0)
    ),
}

ENSEMBLES: dict[str, Fit] = {**VOTING, **STACKING, **BAGGING, **ADA_BOOST}
