"""Trees, forests, and boosting on them."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from ..frames import gaps, many, mixed, numbers, steep, undecided
from .common import Fit, categorical, few, on, prepared, small

TREES: dict[str, Fit] = {
    "tree": on(numbers("cancer"), DecisionTreeClassifier(random_state=0)),
    "tree, gaps": on(gaps("cancer"), DecisionTreeClassifier(random_state=0, max_depth=6)),
    "tree, three classes": on(gaps("wine"), DecisionTreeClassifier(random_state=0, max_depth=4)),
    "tree, ties": on(
        numbers("wine"), DecisionTreeClassifier(max_leaf_nodes=2, min_samples_leaf=60), lambda y: y * 3 % 7
    ),
    "tree, one leaf": on(numbers("iris"), DecisionTreeClassifier(max_depth=1, min_samples_leaf=70), lambda y: y == 9),
    "tree, best first": on(gaps("cancer"), DecisionTreeClassifier(random_state=0, max_leaf_nodes=9)),
    "regression tree": on(gaps("diabetes"), DecisionTreeRegressor(random_state=0, max_depth=7)),
    "regression tree, two targets": on(
        numbers("diabetes"), DecisionTreeRegressor(random_state=0, max_depth=4), lambda y: np.c_[y, y**2]
    ),
    "regression tree, deep": on(steep(), DecisionTreeRegressor(random_state=0)),
    "regression tree, deep the other way": on(steep(), DecisionTreeRegressor(random_state=0), lambda y: -y[::-1]),
    "forest, deep": on(steep(), RandomForestClassifier(**few, max_features=None), lambda y: np.log2(y) % 3),
    "extra tree": on(gaps("cancer"), ExtraTreeClassifier(random_state=0)),
    "extra regression tree": on(gaps("diabetes"), ExtraTreeRegressor(random_state=0, max_depth=8)),
    "monotonic tree": on(
        numbers("cancer"), DecisionTreeClassifier(random_state=0, monotonic_cst=[1, 0, 0, 0, 0, -1]), lambda y: 1 - y
    ),
    "forest": on(numbers("cancer"), RandomForestClassifier(**few)),
    "forest, gaps, text": on(gaps("cancer"), RandomForestClassifier(**few), lambda y: np.where(y == 1, "b", "a")),
    "forest, even, ties": on(gaps("iris"), RandomForestClassifier(n_estimators=4, max_depth=2, random_state=1)),
    "forest, three classes": on(gaps("wine"), RandomForestClassifier(**few, max_depth=5)),
    "forest, weighted": on(gaps("wine"), RandomForestClassifier(**few, class_weight="balanced", max_depth=5)),
    "regression forest": on(gaps("diabetes"), RandomForestRegressor(**few, max_depth=8)),
    "regression forest, two targets": on(
        numbers("diabetes"), RandomForestRegressor(**few, max_depth=4), lambda y: np.c_[y, y**2]
    ),
    "extra trees": on(gaps("wine"), ExtraTreesClassifier(**few)),
    "extra trees, strict": on(numbers("wine"), ExtraTreesClassifier(**few, criterion="entropy")),
    "extra regression trees": on(numbers("diabetes"), ExtraTreesRegressor(**few, max_depth=8)),
    "regression forest, poisson": on(gaps("diabetes"), RandomForestRegressor(**few, criterion="poisson", max_depth=6)),
    "forest, undecided": on(undecided(), RandomForestClassifier(**few, bootstrap=False)),
    "forest, prepared, sparse": on(mixed(), prepared(RandomForestClassifier(**few))),
    "forest, prepared": on(mixed(), prepared(RandomForestClassifier(**few, max_depth=6), sparse_output=False)),
}

BOOSTED: dict[str, Fit] = {
    "boosting": on(numbers("cancer"), GradientBoostingClassifier(**few)),
    "boosting, exponential": on(numbers("cancer"), GradientBoostingClassifier(**few, loss="exponential")),
    "boosting, from zero": on(numbers("cancer"), GradientBoostingClassifier(**few, init="zero")),
    "boosting, three classes": on(
        numbers("wine"), GradientBoostingClassifier(**few), lambda y: np.array(["x", "Y", "z"])[y]
    ),
    "boosting, regression": on(numbers("diabetes"), GradientBoostingRegressor(**few)),
    "boosting, quantile": on(numbers("diabetes"), GradientBoostingRegressor(**few, loss="quantile")),
    "boosting, huber": on(numbers("diabetes"), GradientBoostingRegressor(**few, loss="huber", learning_rate=0.3)),
    "histogram": on(numbers("cancer"), HistGradientBoostingClassifier(**small)),
    "histogram, gaps": on(
        gaps("cancer"), HistGradientBoostingClassifier(**small), lambda y: np.where(y == 1, "b", "a")
    ),
    "histogram, gaps, long": on(gaps("cancer"), HistGradientBoostingClassifier(max_iter=60, random_state=0)),
    "histogram, three classes": on(gaps("wine"), HistGradientBoostingClassifier(**small)),
    "histogram, regression": on(gaps("diabetes"), HistGradientBoostingRegressor(**small)),
    "histogram, poisson": on(gaps("diabetes"), HistGradientBoostingRegressor(**small, loss="poisson")),
    "histogram, gamma": on(gaps("diabetes"), HistGradientBoostingRegressor(**small, loss="gamma")),
    "histogram, quantile": on(gaps("diabetes"), HistGradientBoostingRegressor(**small, loss="quantile", quantile=0.8)),
    "histogram, absolute": on(gaps("diabetes"), HistGradientBoostingRegressor(**small, loss="absolute_error")),
    "histogram, categories": categorical(HistGradientBoostingClassifier(**small)),
    "histogram, text columns": on(
        (mixed()[0].drop(columns="dense"), mixed()[1]),
        HistGradientBoostingClassifier(**small, categorical_features=["size", "texture"]),
    ),
    "histogram, number categories": on(
        (mixed()[0][["radius", "grade", "smooth"]], mixed()[1]),
        HistGradientBoostingClassifier(**small, categorical_features=[False, True, False]),
    ),
    "histogram, many categories": on(
        many(), HistGradientBoostingClassifier(**small, categorical_features=["bin"], min_samples_leaf=2)
    ),
    "histogram, undecided": on(undecided(), HistGradientBoostingClassifier(**small)),
    "boosting, undecided": on(undecided(), GradientBoostingClassifier(**few, init="zero")),
    "histogram, prepared": on(mixed(), prepared(HistGradientBoostingClassifier(**small), sparse_output=False)),
}
