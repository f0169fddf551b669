"""Transformers, and how they are put together."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
    TargetEncoder,
)

from ..frames import gaps, many_categories, mixed, numbers
from .boosters_xgboost import sparse, with_zeros
from .common import NUMERIC, TEXT, Fit, columns, on, ordinal


def one(encoder: Any) -> ColumnTransformer:
    """The encoder for the columns with many categories, and others as they are."""
    return ColumnTransformer([("encode", encoder, ["pressure", "weight"])], remainder="passthrough")


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
    # so many that they become tables
    "one-hot, many, in a line": on(
        many_categories(),
        make_pipeline(one(OneHotEncoder(handle_unknown="ignore", drop="first")), SimpleImputer(), LinearRegression()),
    ),
    "one-hot, many, refusing": on(
        many_categories(),
        make_pipeline(one(OneHotEncoder(min_frequency=2, handle_unknown="error")), SimpleImputer(), LinearRegression()),
    ),
    "ordinal, many": on(many_categories(), one(OrdinalEncoder())),
    "ordinal, many, unknown": on(
        many_categories(),
        one(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)),
    ),
    "ordinal, many, unknown missing": on(
        many_categories(), one(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan))
    ),
    "target, many": on(many_categories(), one(TargetEncoder(random_state=0))),
    "target, many, in a line": on(
        many_categories(), make_pipeline(one(TargetEncoder(random_state=0)), SimpleImputer(), LinearRegression())
    ),
}

COMPOSITES: dict[str, Fit] = {
    "sparse, scaled, xgboost": on(with_zeros(), sparse(MaxAbsScaler())),
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
