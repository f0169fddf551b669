"""Several classes by models of two, and several targets."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

from ..frames import gaps, numbers
from .common import Fit, on
from .ensemble import logistic, regression_tree, scaled, tree, words


def two_labels(y: np.ndarray) -> Any:
    """Two yes/no targets."""
    return np.c_[y == 1, np.arange(len(y)) % 3 == 0].astype(int)


def text_labels(y: np.ndarray) -> Any:
    """Two targets that are text, of three and of two classes."""
    return np.c_[words(y), np.where(np.arange(len(y)) % 3 == 0, "yes", "no")].astype(object)


def uneven(y: np.ndarray) -> Any:
    """Targets of two, three and two classes."""
    return np.c_[y == 1, y, np.arange(len(y)) % 3 == 0].astype(int)


def two_numbers(y: np.ndarray) -> Any:
    """Two targets to regress on."""
    return np.c_[y, -2 * y + np.arange(len(y))]


MULTICLASS: dict[str, Fit] = {
    "one-vs-rest": on(numbers("wine"), OneVsRestClassifier(scaled()), words),
    "one-vs-rest, probabilities, gaps": on(gaps("wine"), OneVsRestClassifier(tree(3))),
    "one-vs-rest, two classes": on(numbers("cancer"), OneVsRestClassifier(scaled())),
    "one-vs-rest, two classes, probability": on(numbers("cancer"), OneVsRestClassifier(tree(2))),
    "one-vs-rest, ties": on(numbers("wine"), OneVsRestClassifier(tree(1))),
    "one-vs-rest, regression": on(numbers("wine"), OneVsRestClassifier(LinearRegression()), words),
    "one-vs-one": on(numbers("wine"), OneVsOneClassifier(scaled()), words),
    "one-vs-one, probabilities, gaps": on(gaps("wine"), OneVsOneClassifier(tree(2))),
    "one-vs-one, ties": on(numbers("wine"), OneVsOneClassifier(tree(1)), lambda y: y * 5 % 4),
    "one-vs-one, two classes": on(numbers("cancer"), OneVsOneClassifier(scaled())),
    "one-vs-one, two classes, probability": on(numbers("cancer"), OneVsOneClassifier(tree(2))),
    "output code": on(numbers("wine"), OutputCodeClassifier(scaled(), code_size=2.0, random_state=0), words),
    "output code, probabilities": on(numbers("wine"), OutputCodeClassifier(tree(2), code_size=3.0, random_state=1)),
    "output code, short": on(numbers("iris"), OutputCodeClassifier(tree(1), code_size=0.7, random_state=0)),
}

TARGETS: dict[str, Fit] = {
    "two targets": on(numbers("wine"), MultiOutputClassifier(scaled()), two_labels),
    "two targets, text, gaps": on(gaps("wine"), MultiOutputClassifier(tree(2)), text_labels),
    "two targets, no probabilities": on(numbers("wine"), MultiOutputClassifier(OneVsOneClassifier(tree(1))), uneven),
    "two targets, regression": on(numbers("diabetes"), MultiOutputRegressor(Ridge()), two_numbers),
    "two targets, regression, gaps": on(gaps("diabetes"), MultiOutputRegressor(regression_tree()), two_numbers),
    "one target, regression": on(numbers("diabetes"), MultiOutputRegressor(Ridge()), lambda y: y.reshape(-1, 1)),
    "classifier chain": on(numbers("wine"), ClassifierChain(logistic(), order=[1, 0]), two_labels),
    "classifier chain, probabilities": on(
        numbers("wine"), ClassifierChain(scaled(), chain_method="predict_proba", order=[1, 0]), two_labels
    ),
    "classifier chain, decisions": on(
        numbers("wine"), ClassifierChain(scaled(), chain_method="decision_function"), two_labels
    ),
    "classifier chain, trees": on(numbers("wine"), ClassifierChain(tree(3)), two_labels),
    "regressor chain": on(numbers("diabetes"), RegressorChain(Ridge(), order=[1, 0]), two_numbers),
    "regressor chain, trees": on(
        numbers("diabetes"), RegressorChain(regression_tree(), order="random", random_state=1), two_numbers
    ),
    "tree, two targets": on(numbers("wine"), DecisionTreeClassifier(random_state=0, max_depth=4), uneven),
    "tree, two targets, text, gaps": on(gaps("wine"), DecisionTreeClassifier(random_state=0, max_depth=3), text_labels),
    "extra tree, two targets": on(numbers("wine"), ExtraTreeClassifier(random_state=0, max_depth=4), uneven),
    "forest, two targets": on(
        gaps("wine"), RandomForestClassifier(n_estimators=4, random_state=0, max_depth=4), uneven
    ),
    "forest, two targets, text": on(
        gaps("wine"), RandomForestClassifier(n_estimators=4, random_state=0, max_depth=3), text_labels
    ),
    "extra trees, two targets": on(
        numbers("wine"), ExtraTreesClassifier(n_estimators=3, random_state=0, max_depth=4), two_labels
    ),
}

SEVERAL: dict[str, Fit] = {**MULTICLASS, **TARGETS}

LARGEST_SEVERAL: dict[str, float] = {
    # a code's distance is a sum of scores: beside those of one huge feature the others are lost in rounding
    "output code": 1e9,
}
