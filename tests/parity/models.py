"""The table of models: each is fitted on real data, scored by its library and in the warehouse, and compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, make_column_selector
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
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from .frames import gaps, many, mixed, numbers, steep, undecided

Fitted = tuple[Any, pd.DataFrame]
Fit = Callable[[], Fitted]

NUMERIC = ["radius", "smooth"]
TEXT = ["size", "texture"]


def on(data: tuple[pd.DataFrame, np.ndarray], model: Any, target: Callable[[np.ndarray], Any] = lambda y: y) -> Fit:
    """Fit the model on the data, its target changed by `target`."""

    def fit() -> Fitted:
        frame, y = data
        return model.fit(frame, target(y)), frame

    return fit


def columns(model: Any, *names: str) -> Fit:
    """Fit a transformer on some columns of the mixed frame."""

    def fit() -> Fitted:
        frame = mixed()[0][list(names)]
        return model.fit(frame), frame

    return fit


def categorical(model: Any, **changes: Any) -> Fit:
    """Fit on the mixed frame with its text as pandas categories."""

    def fit() -> Fitted:
        frame, y = mixed()
        as_given = frame.drop(columns="dense").astype({"size": "category", "texture": "category"})
        return model.set_params(**changes).fit(as_given, y), as_given

    return fit


def prepared(model: Any, **encoder: Any) -> Pipeline:
    """The pipeline most people write: impute and scale numbers, encode text, then the model."""
    numeric = Pipeline([("impute", SimpleImputer()), ("scale", StandardScaler())])
    one_hot = OneHotEncoder(**{"handle_unknown": "ignore", **encoder})
    prepare = ColumnTransformer([("num", numeric, NUMERIC), ("cat", one_hot, TEXT), ("rest", "passthrough", ["grade"])])
    return Pipeline([("prep", prepare), ("model", model)])


def ordinal(**options: Any) -> OrdinalEncoder:
    """An OrdinalEncoder that knows what to do with the unknown."""
    return OrdinalEncoder(**{"handle_unknown": "use_encoded_value", "unknown_value": -1, **options})


few = {"n_estimators": 12, "random_state": 0}
small = {"max_iter": 12, "random_state": 0, "max_leaf_nodes": 8}

SCALERS: dict[str, Fit] = {
    "standard": on(numbers("cancer"), StandardScaler()),
    "standard, gaps": on(gaps("wine"), StandardScaler()),
    "standard, no mean": on(numbers("iris"), StandardScaler(with_mean=False)),
    "standard, no scale": on(numbers("iris"), StandardScaler(with_std=False)),
    "minmax": on(gaps("wine"), MinMaxScaler()),
    "minmax, clipped": on(gaps("wine"), MinMaxScaler(feature_range=(-1, 2), clip=True)),
}

IMPUTERS: dict[str, Fit] = {
    "mean": on(gaps("cancer"), SimpleImputer()),
    "median": on(gaps("cancer"), SimpleImputer(strategy="median")),
    "most frequent": on(gaps("cancer"), SimpleImputer(strategy="most_frequent")),
    "constant": on(gaps("cancer"), SimpleImputer(strategy="constant", fill_value=-7.5)),
    "indicator": on(gaps("cancer"), SimpleImputer(add_indicator=True)),
    "marker 0": on(numbers("cancer"), SimpleImputer(missing_values=0.0)),
    "marker -1, indicator": columns(SimpleImputer(missing_values=3.0, strategy="median", add_indicator=True), "grade"),
    "text, most frequent": columns(SimpleImputer(strategy="most_frequent"), *TEXT),
    "text, constant": columns(SimpleImputer(strategy="constant", fill_value="?"), *TEXT),
    "text, default constant": columns(SimpleImputer(strategy="constant"), *TEXT),
    "text, marker": columns(SimpleImputer(strategy="most_frequent", missing_values="HUGE"), "size"),
    "empty feature": on((gaps("iris")[0].assign(petal=np.nan), gaps("iris")[1]), SimpleImputer()),
    "empty feature, kept": on(
        (gaps("iris")[0].assign(petal=np.nan), gaps("iris")[1]),
        SimpleImputer(keep_empty_features=True, add_indicator=True),
    ),
    "missing indicator": on(gaps("cancer"), MissingIndicator(error_on_new=False)),
    "missing indicator, refusing": on(gaps("cancer"), MissingIndicator()),
    "missing indicator, all": on(gaps("cancer"), MissingIndicator(features="all")),
    "missing indicator, marker": columns(MissingIndicator(missing_values=3.0), "grade"),
}

ENCODERS: dict[str, Fit] = {
    "one-hot": columns(OneHotEncoder(), *TEXT),
    "one-hot, ignore": columns(OneHotEncoder(handle_unknown="ignore"), *TEXT),
    "one-hot, drop first": columns(OneHotEncoder(drop="first", sparse_output=False), *TEXT),
    "one-hot, drop first, ignore": columns(OneHotEncoder(drop="first", handle_unknown="ignore"), *TEXT),
    "one-hot, drop binary": columns(OneHotEncoder(drop="if_binary"), "size", "dense"),
    "one-hot, drop listed": columns(OneHotEncoder(drop=["mid size", np.nan]), *TEXT),
    "one-hot, infrequent": columns(OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=80), *TEXT),
    "one-hot, infrequent, dropped": columns(
        OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=3, drop="first"), *TEXT
    ),
    "one-hot, infrequent, ignore": columns(OneHotEncoder(handle_unknown="ignore", max_categories=3), *TEXT),
    "one-hot, infrequent, error": columns(OneHotEncoder(max_categories=3), *TEXT),
    "one-hot, warn": columns(OneHotEncoder(handle_unknown="warn", min_frequency=0.2), *TEXT),
    "one-hot, numbers": columns(OneHotEncoder(handle_unknown="ignore"), "grade"),
    "one-hot, numbers, gaps": on((gaps("iris")[0].round(), gaps("iris")[1]), OneHotEncoder()),
    "one-hot, yes/no": columns(OneHotEncoder(), "dense"),
    "one-hot, categories given": columns(
        OneHotEncoder(categories=[["HUGE", "o'large", "mid size", "small", "none"]]), "size"
    ),
    "one-hot, names": columns(
        OneHotEncoder(feature_name_combiner=lambda feature, category: f"{category} of {feature}"), "size"
    ),
    "ordinal": columns(OrdinalEncoder(), *TEXT),
    "ordinal, unknown": columns(ordinal(), *TEXT),
    "ordinal, unknown missing": columns(ordinal(unknown_value=np.nan), *TEXT, "grade"),
    "ordinal, missing": columns(ordinal(encoded_missing_value=-2), *TEXT),
    "ordinal, infrequent": columns(ordinal(max_categories=3), *TEXT),
    "ordinal, infrequent, error": columns(OrdinalEncoder(min_frequency=100), *TEXT),
    "ordinal, whole": columns(ordinal(dtype=np.int32), "size", "grade"),
}

COMPOSITES: dict[str, Fit] = {
    "remainder passed": on(mixed(), ColumnTransformer([("s", StandardScaler(), NUMERIC)], remainder="passthrough")),
    "remainder estimator": columns(
        ColumnTransformer([("t", OneHotEncoder(), ["size"])], remainder=MinMaxScaler()), "size", *NUMERIC
    ),
    "by index and slice": on(
        numbers("wine"),
        ColumnTransformer(
            [("a", StandardScaler(), [2, 0]), ("b", MinMaxScaler(), slice(3, 5)), ("c", "drop", [1])],
            verbose_feature_names_out=False,
        ),
    ),
    "by mask and callable": columns(
        ColumnTransformer(
            [
                ("a", StandardScaler(), np.array([True, False, False])),
                ("b", OneHotEncoder(sparse_output=False), make_column_selector(dtype_include=["str"])),
                ("none", StandardScaler(), []),
            ],
            verbose_feature_names_out="{feature_name}@{transformer_name}",
        ),
        "radius",
        *TEXT,
    ),
    "weights": on(
        numbers("iris"),
        ColumnTransformer(
            [("a", StandardScaler(), [0, 1]), ("b", "passthrough", [2])], transformer_weights={"a": 0.5, "b": -2.0}
        ),
    ),
    "union": on(
        gaps("iris"),
        FeatureUnion(
            [
                ("scaled", StandardScaler()),
                ("same", "passthrough"),
                ("no", "drop"),
                ("gaps", MissingIndicator(features="all")),
            ],
            transformer_weights={"scaled": 3.0},
        ),
    ),
    "identity": on(
        numbers("iris"),
        make_pipeline(FunctionTransformer(feature_names_out="one-to-one"), "passthrough", StandardScaler()),
    ),
    "passthrough last": on(gaps("iris"), Pipeline([("impute", SimpleImputer()), ("end", "passthrough")])),
    "imputed text, encoded": columns(
        make_pipeline(SimpleImputer(strategy="constant", fill_value="gone"), ordinal(unknown_value=99)), *TEXT
    ),
    "pandas output": columns(
        make_pipeline(SimpleImputer(), StandardScaler(), MinMaxScaler()).set_output(transform="pandas"), *NUMERIC
    ),
}

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

MODELS: dict[str, Fit] = SCALERS | IMPUTERS | ENCODERS | COMPOSITES | LINEAR | TREES | BOOSTED
