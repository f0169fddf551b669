"""Linear models."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import (
    ARDRegression,
    BayesianRidge,
    ElasticNet,
    ElasticNetCV,
    GammaRegressor,
    HuberRegressor,
    Lars,
    LarsCV,
    Lasso,
    LassoCV,
    LassoLars,
    LassoLarsCV,
    LassoLarsIC,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    OrthogonalMatchingPursuit,
    OrthogonalMatchingPursuitCV,
    PassiveAggressiveClassifier,
    PassiveAggressiveRegressor,
    Perceptron,
    PoissonRegressor,
    QuantileRegressor,
    RANSACRegressor,
    Ridge,
    RidgeClassifier,
    RidgeClassifierCV,
    RidgeCV,
    SGDClassifier,
    SGDOneClassSVM,
    SGDRegressor,
    TheilSenRegressor,
    TweedieRegressor,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC, LinearSVR

from ..frames import mixed, numbers, undecided
from .common import Fit, on, prepared


def scaled(model: object) -> Pipeline:
    """The model on standardised features."""
    return make_pipeline(StandardScaler(), model)


def twice(y: np.ndarray) -> np.ndarray:
    """Two targets out of one."""
    return np.column_stack([y, -2 * y])


def text(y: np.ndarray) -> np.ndarray:
    """Classes as text."""
    return np.take(np.array(["o'k", "", "Z"]), y)


REGRESSORS = {
    "linear": LinearRegression(),
    "linear, no intercept": LinearRegression(fit_intercept=False),
    "linear, positive": LinearRegression(positive=True),
    "ridge": Ridge(alpha=0.3),
    "ridge, validated": RidgeCV(alphas=[0.1, 1.0, 10.0]),
    "lasso": Lasso(alpha=0.1),
    "lasso, validated": LassoCV(cv=3),
    "lasso, least angle": LassoLars(alpha=0.05),
    "lasso, least angle, validated": LassoLarsCV(cv=3),
    "lasso, least angle, criterion": LassoLarsIC(criterion="bic"),
    "least angle": Lars(n_nonzero_coefs=3),
    "least angle, validated": LarsCV(cv=3),
    "elastic net": ElasticNet(alpha=0.01),
    "elastic net, validated": ElasticNetCV(cv=3, l1_ratio=0.7),
    "matching pursuit": OrthogonalMatchingPursuit(n_nonzero_coefs=2),
    "matching pursuit, validated": OrthogonalMatchingPursuitCV(cv=3),
    "relevance": scaled(ARDRegression()),
    "bayesian ridge": BayesianRidge(),
    "huber": HuberRegressor(max_iter=1000),
    "median": QuantileRegressor(alpha=0.0),
    "quantile": QuantileRegressor(quantile=0.9, alpha=0.0),
    "theil-sen": TheilSenRegressor(random_state=0, max_subpopulation=200),
    "inliers": RANSACRegressor(random_state=0),
    "inliers of ridge": RANSACRegressor(scaled(Ridge()), min_samples=20, random_state=0),
    "gradient descent": SGDRegressor(random_state=0),
    "gradient descent, averaged": scaled(SGDRegressor(random_state=0, average=True, loss="huber")),
    "passive, regression": PassiveAggressiveRegressor(random_state=0),
    "linear support vectors, regression": LinearSVR(random_state=0, max_iter=5000),
}

SEVERAL_TARGETS = {
    "linear, two targets": LinearRegression(),
    "linear, two targets, no intercept": LinearRegression(fit_intercept=False),
    "ridge, two targets": Ridge(alpha=[0.1, 2.0]),
    "least angle, two targets": Lars(n_nonzero_coefs=3),
    "inliers, two targets": RANSACRegressor(random_state=0),
    "tasks": MultiTaskLasso(alpha=0.1),
    "tasks, validated": MultiTaskLassoCV(cv=3),
    "tasks, elastic": MultiTaskElasticNet(alpha=0.1),
    "tasks, elastic, validated": MultiTaskElasticNetCV(cv=3),
}

# fitted on targets above zero
LINKED = {
    "poisson": PoissonRegressor(max_iter=1000),
    "gamma": GammaRegressor(max_iter=1000),
    "tweedie, normal": TweedieRegressor(power=0, max_iter=1000),
    "tweedie, compound": TweedieRegressor(power=1.5, max_iter=1000),
    "tweedie, log": TweedieRegressor(power=0, link="log", max_iter=1000),
    "tweedie, identity": TweedieRegressor(power=1.2, link="identity", max_iter=1000, alpha=0.0),
    "tweedie, inverse gaussian": TweedieRegressor(power=3, max_iter=1000, fit_intercept=False),
}

CLASSIFIERS = {
    "logistic, cross-validated": LogisticRegressionCV(
        Cs=[0.1, 10.0], cv=3, use_legacy_attributes=False, l1_ratios=(0,)
    ),
    "logistic, few features": LogisticRegression(C=0.05, l1_ratio=1, solver="saga", max_iter=3000),
    "logistic, weighted": LogisticRegression(class_weight="balanced", fit_intercept=False),
    "ridge classifier": RidgeClassifier(),
    "ridge classifier, cross-validated": RidgeClassifierCV(),
    "perceptron": Perceptron(random_state=0),
    "passive": PassiveAggressiveClassifier(random_state=0),
    "linear support vectors": LinearSVC(random_state=0),
    "linear support vectors, few features": LinearSVC(random_state=0, penalty="l1", C=0.05, dual=False),
    **{
        f"gradient descent, {loss}": SGDClassifier(loss=loss, random_state=0, learning_rate="adaptive", eta0=0.001)
        for loss in (
            "hinge", "log_loss", "modified_huber", "squared_hinge", "perceptron", "squared_error", "huber",
            "epsilon_insensitive", "squared_epsilon_insensitive",
        )
    },
}  # fmt: skip

LINEAR: dict[str, Fit] = {
    **{name: on(numbers("diabetes"), model) for name, model in REGRESSORS.items()},
    **{name: on(numbers("diabetes"), model, twice) for name, model in SEVERAL_TARGETS.items()},
    **{name: on(numbers("diabetes"), model, lambda y: y / 50) for name, model in LINKED.items()},
    **{name: on(numbers("cancer"), scaled(model)) for name, model in CLASSIFIERS.items()},
    **{f"{name}, three classes": on(numbers("wine"), scaled(model), text) for name, model in CLASSIFIERS.items()},
    "logistic, 0/1": on(numbers("cancer"), LogisticRegression(max_iter=3000)),
    "logistic, text": on(numbers("cancer"), LogisticRegression(max_iter=3000), lambda y: np.where(y == 1, "o'k", "")),
    "logistic, booleans": on(numbers("cancer"), LogisticRegression(max_iter=3000), lambda y: y == 0),
    "logistic, negative": on(numbers("cancer"), LogisticRegression(max_iter=3000), lambda y: -y - 1),
    "logistic, floats": on(numbers("cancer"), LogisticRegression(max_iter=3000), lambda y: y * 2.0),
    "logistic, one by one": on(numbers("cancer"), LogisticRegression(solver="liblinear", intercept_scaling=10.0)),
    "logistic, three classes": on(numbers("wine"), LogisticRegression(max_iter=9000)),
    "logistic, sure": on(numbers("iris"), scaled(LogisticRegression(C=1e6, max_iter=9000))),
    "logistic, undecided": on(undecided(), LogisticRegression(fit_intercept=False)),
    # decisions far below zero: the library's probabilities are shares of numbers too small to have all their digits
    "gradient descent, unscaled, log_loss": on(numbers("wine"), SGDClassifier(loss="log_loss", random_state=0)),
    "gradient descent, unscaled, modified_huber": on(
        numbers("wine"), SGDClassifier(loss="modified_huber", random_state=0)
    ),
    "one class, gradient descent": on(numbers("cancer"), scaled(SGDOneClassSVM(random_state=0, nu=0.2))),
    "poisson, steep": on(numbers("wine"), PoissonRegressor(alpha=0.0, max_iter=2000), lambda y: 10.0 ** (3 * y)),
    "poisson, prepared": on(mixed(), prepared(PoissonRegressor()), lambda y: y == "benign"),
    "lasso, prepared": on(mixed(), prepared(Lasso(alpha=0.01)), lambda y: y == "benign"),
    "gradient descent, prepared": on(mixed(), prepared(SGDClassifier(loss="modified_huber", random_state=0))),
    "linear support vectors, prepared": on(mixed(), prepared(LinearSVC(random_state=0), drop="first")),
    "logistic, prepared": on(mixed(), prepared(LogisticRegression(max_iter=3000))),
    "logistic, prepared, strict": on(
        mixed(), prepared(LogisticRegression(max_iter=3000), handle_unknown="error", drop="first", sparse_output=False)
    ),
    "ridge, prepared": on(
        mixed(), prepared(Ridge(), max_categories=3, handle_unknown="infrequent_if_exist"), lambda y: y == "benign"
    ),
}
