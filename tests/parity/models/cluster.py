"""Clusterers that label new rows, centroids, isolation forests, perceptrons, and boosting from a first guess."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.cluster import AffinityPropagation, Birch, BisectingKMeans, KMeans, MeanShift, MiniBatchKMeans
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomTreesEmbedding,
)
from sklearn.neighbors import NearestCentroid
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ..frames import gaps, numbers, undecided
from .common import Fit, on
from .ensemble import logistic, regression_tree, tree, words

CLUSTERERS: dict[str, Fit] = {
    "k-means": on(numbers("wine"), KMeans(3, n_init=2, random_state=0)),
    "k-means, elkan, many": on(numbers("cancer"), KMeans(9, n_init=1, algorithm="elkan", random_state=0)),
    "k-means, scaled": on(numbers("iris"), make_pipeline(StandardScaler(), KMeans(4, n_init=1, random_state=0))),
    "k-means, one": on(numbers("iris"), KMeans(1, n_init=1, random_state=0)),
    "k-means, halves": on((numbers("iris")[0].round(), numbers("iris")[1]), KMeans(3, n_init=1, random_state=0)),
    "mini-batch k-means": on(numbers("wine"), MiniBatchKMeans(3, n_init=1, random_state=0)),
    "bisecting k-means": on(numbers("wine"), BisectingKMeans(5, random_state=0)),
    "bisecting k-means, largest": on(
        numbers("cancer"), BisectingKMeans(4, random_state=0, bisecting_strategy="largest_cluster")
    ),
    "mean shift": on(numbers("wine"), MeanShift(bandwidth=60.0)),
    "affinity propagation": on(numbers("iris"), AffinityPropagation(random_state=0)),
    "birch": on(numbers("iris"), Birch(threshold=0.8, n_clusters=3)),
    "birch, subclusters": on(numbers("iris"), Birch(threshold=1.0, n_clusters=None)),
    "k-means, features": on(numbers("wine"), make_pipeline(KMeans(3, n_init=1, random_state=0), logistic())),
    "bisecting k-means, features": on(numbers("wine"), make_pipeline(BisectingKMeans(3, random_state=0), tree(3))),
    "birch, features": on(numbers("iris"), make_pipeline(Birch(threshold=1.0, n_clusters=2), logistic())),
}

CENTROIDS: dict[str, Fit] = {
    "nearest centroid": on(numbers("wine"), NearestCentroid(), words),
    "nearest centroid, two classes": on(numbers("cancer"), NearestCentroid()),
    "nearest centroid, manhattan": on(numbers("wine"), NearestCentroid(metric="manhattan"), words),
    "nearest centroid, shrunken": on(numbers("wine"), NearestCentroid(shrink_threshold=0.5)),
    "nearest centroid, priors": on(numbers("wine"), NearestCentroid(priors="empirical"), words),
    "nearest centroid, given priors": on(numbers("cancer"), NearestCentroid(priors=[0.9, 0.1], shrink_threshold=0.1)),
}


def isolation(**options: Any) -> IsolationForest:
    """A small isolation forest."""
    return IsolationForest(**{"n_estimators": 7, "random_state": 0, **options})


FORESTS: dict[str, Fit] = {
    "isolation forest": on(numbers("wine"), isolation()),
    "isolation forest, gaps": on(gaps("wine"), isolation(contamination=0.2)),
    "isolation forest, few rows": on(numbers("iris"), isolation(n_estimators=2, max_samples=4, contamination=0.25)),
    "isolation forest, features": on(numbers("cancer"), isolation(max_features=3, bootstrap=True, contamination=0.1)),
    "isolation forest, one tree": on(numbers("iris"), isolation(n_estimators=1, contamination=0.4)),
    "trees embedding": on(numbers("iris"), RandomTreesEmbedding(n_estimators=3, max_depth=3, random_state=0)),
    "trees embedding, gaps": on(
        gaps("wine"), RandomTreesEmbedding(n_estimators=2, max_depth=2, random_state=0, sparse_output=False)
    ),
    "trees embedding, logistic": on(
        numbers("wine"), make_pipeline(RandomTreesEmbedding(n_estimators=3, max_depth=2, random_state=0), logistic())
    ),
}

FIRST = {"n_estimators": 4, "max_depth": 2, "random_state": 0}
FOREST = RandomForestClassifier(n_estimators=3, max_depth=3, random_state=0)

GUESSED: dict[str, Fit] = {
    "boosting, after a tree": on(numbers("cancer"), GradientBoostingClassifier(**FIRST, init=tree(2))),
    "boosting, after a forest": on(numbers("wine"), GradientBoostingClassifier(**FIRST, init=FOREST), words),
    "boosting, after trees, exponential": on(
        numbers("cancer"),
        GradientBoostingClassifier(
            **FIRST, loss="exponential", init=ExtraTreesClassifier(n_estimators=2, max_depth=2, random_state=0)
        ),
    ),
    "boosting, after boosting": on(
        numbers("cancer"), GradientBoostingClassifier(**FIRST, init=GradientBoostingClassifier(**FIRST))
    ),
    "boosting, regression, after a tree": on(
        numbers("diabetes"), GradientBoostingRegressor(**FIRST, init=regression_tree())
    ),
}


def network(**options: Any) -> Any:
    """A scaled perceptron, trained for a moment."""
    return make_pipeline(
        StandardScaler(),
        MLPClassifier(**{"hidden_layer_sizes": (5,), "max_iter": 40, "random_state": 0, **options}),
    )


def regression_network(**options: Any) -> Any:
    """A scaled perceptron that regresses, trained for a moment."""
    return make_pipeline(
        StandardScaler(),
        MLPRegressor(**{"hidden_layer_sizes": (5,), "max_iter": 40, "random_state": 0, **options}),
    )


NETWORKS: dict[str, Fit] = {
    **{
        f"perceptron, {activation}": on(numbers("cancer"), network(activation=activation), lambda y: y == 0)
        for activation in ("identity", "logistic", "tanh", "relu")
    },
    **{
        f"perceptron, {activation}, regression": on(numbers("diabetes"), regression_network(activation=activation))
        for activation in ("identity", "logistic", "tanh", "relu")
    },
    "perceptron, three classes": on(numbers("wine"), network(hidden_layer_sizes=(4, 3)), words),
    "perceptron, no layer": on(numbers("wine"), network(hidden_layer_sizes=(), solver="lbfgs")),
    "perceptron, sure": on(numbers("iris"), network(solver="lbfgs", max_iter=300)),
    "perceptron, undecided": on(
        undecided(), MLPClassifier(hidden_layer_sizes=(2,), max_iter=20, random_state=0, activation="tanh")
    ),
    "perceptron, unscaled": on(numbers("iris"), MLPClassifier(hidden_layer_sizes=(4,), max_iter=30, random_state=0)),
    "perceptron, two targets": on(numbers("diabetes"), regression_network(), lambda y: np.c_[y, -y]),
    "perceptron, poisson": on(numbers("diabetes"), regression_network(loss="poisson", activation="tanh")),
}

CLUSTERS: dict[str, Fit] = {**CLUSTERERS, **CENTROIDS, **FORESTS, **GUESSED, **NETWORKS}

LARGEST_CLUSTERED: dict[str, float] = {
    # decisions are differences of squares, and probabilities their exponentials
    **{name: 1e6 for name in CENTROIDS if "manhattan" not in name},
}
