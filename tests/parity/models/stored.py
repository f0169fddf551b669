"""Models that compare a row with rows they have stored: support vectors, kernels, neighbours."""

from __future__ import annotations

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM

from ..frames import numbers
from .common import Fit, on


def scaled(model: object) -> object:
    """The model on standardised features."""
    return make_pipeline(StandardScaler(), model)


def four(y: np.ndarray) -> np.ndarray:
    """Four classes out of a number."""
    return np.asarray(np.digitize(y, np.quantile(y, [0.25, 0.5, 0.75])))


SUPPORT_VECTORS: dict[str, Fit] = {
    "svc": on(numbers("cancer"), scaled(SVC())),
    "svc, unscaled": on(numbers("iris"), SVC(gamma=0.3), lambda y: y == 1),
    "svc, linear": on(numbers("cancer"), scaled(SVC(kernel="linear"))),
    "svc, poly": on(numbers("cancer"), scaled(SVC(kernel="poly", coef0=1.0))),
    "svc, poly, no constant": on(numbers("iris"), SVC(kernel="poly", degree=2), lambda y: y == 1),
    "svc, poly, text": on(numbers("cancer"), scaled(SVC(kernel="poly", degree=5)), lambda y: np.array(["b", "a"])[y]),
    "svc, sigmoid": on(numbers("cancer"), scaled(SVC(kernel="sigmoid", coef0=-0.5))),
    "svc, three classes": on(numbers("iris"), SVC()),
    "svc, three classes, linear": on(numbers("iris"), SVC(kernel="linear")),
    "svc, ovo": on(numbers("iris"), SVC(decision_function_shape="ovo")),
    "svc, four classes": on(numbers("diabetes"), scaled(SVC(C=0.3)), four),
    "svc, four classes, ovo": on(numbers("diabetes"), scaled(SVC(decision_function_shape="ovo")), four),
    "svc, break ties": on(numbers("diabetes"), scaled(SVC(break_ties=True)), four),
    "svc, balanced": on(numbers("wine"), scaled(SVC(class_weight="balanced"))),
    "svc, probability": on(numbers("cancer"), scaled(SVC(probability=True, random_state=0))),
    "svc, probability, three classes": on(numbers("iris"), scaled(SVC(probability=True, random_state=0))),
    "nu-svc": on(numbers("cancer"), scaled(NuSVC(nu=0.2))),
    "nu-svc, three classes": on(numbers("iris"), NuSVC(nu=0.2, kernel="sigmoid", gamma=0.01)),
    "svr": on(numbers("diabetes"), SVR(C=10.0)),
    "svr, linear": on(numbers("diabetes"), SVR(kernel="linear", C=10.0)),
    "svr, poly": on(numbers("diabetes"), scaled(SVR(kernel="poly", degree=2, coef0=0.5))),
    "svr, no support vectors": on(numbers("iris"), SVR(epsilon=100.0)),
    "nu-svr": on(numbers("diabetes"), scaled(NuSVR(C=5.0))),
    "one-class svm": on(numbers("wine"), scaled(OneClassSVM(nu=0.1))),
    "one-class svm, linear": on(numbers("iris"), scaled(OneClassSVM(kernel="linear", nu=0.3, tol=0.1))),
}

STORED: dict[str, Fit] = {**SUPPORT_VECTORS}

# Powers of products leave the range of a double below 1e100, and such rows get no score.
LARGEST_STORED: dict[str, float] = {
    **dict.fromkeys(("svc, poly", "svc, poly, no constant", "svc, poly, text", "svr, poly"), 1e40),
}
