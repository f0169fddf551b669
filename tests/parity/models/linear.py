"""Linear models."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ..frames import mixed, numbers, undecided
from .common import Fit, on, prepared

LINEAR: dict[str, Fit] = {
    "linear": on(numbers("diabetes"), LinearRegression()),
    "linear, no intercept": on(numbers("diabetes"), LinearRegression(fit_intercept=False)),
    "linear, two targets": on(numbers("diabetes"), LinearRegression(), lambda y: np.c_[y, -2 * y]),
    "ridge": on(numbers("diabetes"), Ridge(alpha=0.3)),
    "logistic, 0/1": on(numbers("cancer"), LogisticRegression(max_iter=3000)),
    "logistic, text": on(numbers("cancer"), LogisticRegression(max_iter=3000), lambda y: np.where(y == 1, "o'k", "")),
    "logistic, booleans": on(numbers("cancer"), LogisticRegression(max_iter=3000), lambda y: y == 0),
    "logistic, negative": on(numbers("cancer"), LogisticRegression(max_iter=3000), lambda y: -y - 1),
    "logistic, floats": on(numbers("cancer"), LogisticRegression(max_iter=3000), lambda y: y * 2.0),
    "logistic, three classes": on(numbers("wine"), LogisticRegression(max_iter=9000)),
    "logistic, sure": on(numbers("iris"), make_pipeline(StandardScaler(), LogisticRegression(C=1e6, max_iter=9000))),
    "logistic, undecided": on(undecided(), LogisticRegression(fit_intercept=False)),
    "logistic, prepared": on(mixed(), prepared(LogisticRegression(max_iter=3000))),
    "logistic, prepared, strict": on(
        mixed(), prepared(LogisticRegression(max_iter=3000), handle_unknown="error", drop="first", sparse_output=False)
    ),
    "ridge, prepared": on(
        mixed(), prepared(Ridge(), max_categories=3, handle_unknown="infrequent_if_exist"), lambda y: y == "benign"
    ),
}
