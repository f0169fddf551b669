"""Models of the nearest stored rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    LocalOutlierFactor,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
)

from ..frames import numbers
from .common import Fit
from .ensemble import words
from .several import text_labels, two_numbers, uneven
from .stored import scaled


def half(name: str, model: Any, target: Any = lambda y: y, columns: int = 6) -> Fit:
    """Fit on every other row; rows to score are taken from the rest."""

    def fit() -> Any:
        frame, y = numbers(name, columns)
        return model.fit(frame.iloc[::2], target(y)[::2]), frame.iloc[1::2]

    return fit


CLASSIFIERS: dict[str, Fit] = {
    "k-neighbors": half("wine", KNeighborsClassifier(), words),
    "k-neighbors, scaled": half("wine", scaled(KNeighborsClassifier(n_neighbors=4))),
    "k-neighbors, two": half("cancer", KNeighborsClassifier(n_neighbors=3), lambda y: y == 1),
    "k-neighbors, one": half("wine", KNeighborsClassifier(n_neighbors=1)),
    "k-neighbors, distance": half("wine", KNeighborsClassifier(n_neighbors=6, weights="distance")),
    "k-neighbors, manhattan": half("cancer", KNeighborsClassifier(metric="manhattan")),
    "k-neighbors, chebyshev": half("cancer", KNeighborsClassifier(p=np.inf, weights="distance")),
    "k-neighbors, minkowski": half("wine", KNeighborsClassifier(p=3, weights="distance")),
    "k-neighbors, ball tree": half("wine", KNeighborsClassifier(algorithm="ball_tree", leaf_size=5)),
    "k-neighbors, brute": half("wine", KNeighborsClassifier(algorithm="brute")),
    "k-neighbors, brute, distance": half("wine", KNeighborsClassifier(algorithm="brute", weights="distance")),
    "k-neighbors, brute, manhattan": half("wine", KNeighborsClassifier(algorithm="brute", metric="manhattan")),
    "k-neighbors, many columns": half("cancer", scaled(KNeighborsClassifier(weights="distance")), columns=20),
    "k-neighbors, several targets": half("wine", KNeighborsClassifier(), uneven),
    "k-neighbors, several targets, text": half("wine", KNeighborsClassifier(weights="distance"), text_labels),
    "radius": half("wine", scaled(RadiusNeighborsClassifier(radius=1.5)), words),
    "radius, distance": half("wine", scaled(RadiusNeighborsClassifier(radius=2.0, weights="distance"))),
    "radius, outliers": half("wine", RadiusNeighborsClassifier(radius=20.0, outlier_label=7)),
    "radius, most frequent": half("wine", RadiusNeighborsClassifier(radius=20.0, outlier_label="most_frequent"), words),
    "radius, manhattan": half("wine", RadiusNeighborsClassifier(radius=30.0, metric="manhattan")),
    "radius, brute": half("wine", RadiusNeighborsClassifier(radius=20.0, algorithm="brute", outlier_label=1)),
    "radius, several targets": half("wine", RadiusNeighborsClassifier(radius=15.0, outlier_label=[1, 2, 5]), uneven),
}

OTHERS: dict[str, Fit] = {
    "k-neighbors regressor": half("diabetes", KNeighborsRegressor()),
    "k-neighbors regressor, distance": half("diabetes", KNeighborsRegressor(weights="distance", n_neighbors=9)),
    "k-neighbors regressor, brute": half("diabetes", KNeighborsRegressor(algorithm="brute", weights="distance")),
    "k-neighbors regressor, two targets": half("wine", KNeighborsRegressor(metric="cityblock"), two_numbers),
    "radius regressor": half("diabetes", RadiusNeighborsRegressor(radius=0.06)),
    "radius regressor, distance": half("diabetes", RadiusNeighborsRegressor(radius=0.1, weights="distance")),
    "radius regressor, two targets": half("wine", RadiusNeighborsRegressor(radius=12.0), lambda y: two_numbers(y) / 2),
    "local outliers": half("wine", LocalOutlierFactor(novelty=True)),
    "local outliers, few": half("cancer", LocalOutlierFactor(novelty=True, n_neighbors=5, contamination=0.1)),
    "local outliers, brute": half("wine", LocalOutlierFactor(novelty=True, algorithm="brute")),
}

NEIGHBORS: dict[str, Fit] = {**CLASSIFIERS, **OTHERS}

# Beside a huge value the other features vanish in rounding, and all stored rows are equally near: the library takes
# those its tree comes to first, and here such rows get no score.
LARGEST_NEIGHBORS: dict[str, float] = dict.fromkeys(NEIGHBORS, 1e6)
