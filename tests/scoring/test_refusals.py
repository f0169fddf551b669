"""What is refused, and in which words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import DBSCAN
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from aops_indb.errors import AopsError, DefinitionError, ModelError, ModelInputError, UnknownNameError
from aops_indb.errors import UnsupportedModelError as Unsupported
from aops_indb.scoring import to_sql

FRAME = pd.DataFrame({"temp": [1.0, 2, 3, 4], "wind": [0.0, 1, 0, 1], "sky": ["a", "b", "b", "a"]})
NUMBERS = FRAME[["temp", "wind"]]
Y = np.array([0, 1, 1, 0])


def sky(encoder: Any, *then: tuple[str, Any]) -> Pipeline:
    """Encode the text column in a named step, then fit what follows."""
    return Pipeline([("prep", ColumnTransformer([("cat", encoder, ["sky"])])), *then]).fit(FRAME, Y)


def linear(**arguments: Any) -> Callable[[], str]:
    """SQL of a linear model with those arguments."""
    return lambda: to_sql(LinearRegression().fit(NUMBERS, Y), **{"source": "t", **arguments})


def of(model: Callable[[], Any], **arguments: Any) -> Callable[[], str]:
    """SQL of a model made when asked for."""
    return lambda: to_sql(model(), source="t", **arguments)


REFUSALS: dict[str, tuple[Callable[[], str], type[AopsError], str]] = {
    "unknown estimator, in a pipeline": (
        of(lambda: sky(OneHotEncoder(), ("nb", make_pipeline(StandardScaler(with_mean=False), DBSCAN())))),
        Unsupported,
        r"Pipeline step 'nb' > Pipeline step 'dbscan': DBSCAN has no SQL form; known are ",
    ),
    "unknown estimator, alone": (
        of(lambda: GaussianNB().fit(NUMBERS, Y)),
        Unsupported,
        r"^GaussianNB has no SQL form; known are ",
    ),
    "closest estimators are named": (
        of(lambda: RidgeCV().fit(NUMBERS, Y)),
        Unsupported,
        r"^RidgeCV has no SQL form; known are Ridge\.",
    ),
    "a Python function": (
        of(lambda: make_pipeline(FunctionTransformer(np.log1p), StandardScaler()).fit(NUMBERS)),
        Unsupported,
        r"Pipeline step 'functiontransformer': FunctionTransformer\(func=log1p\) has no SQL form; leave func=None",
    ),
    "single precision": (
        of(lambda: sky(OneHotEncoder(dtype=np.float32), ("lr", LogisticRegression()))),
        Unsupported,
        r"Pipeline step 'lr': LogisticRegression on features in single precision has no SQL form; give .*dtype=float64",
    ),
    "a key too large for a double": (
        of(lambda: OneHotEncoder().fit(pd.DataFrame({"k": [2**53 + 1, 5]}))),
        Unsupported,
        r"OneHotEncoder with category 9007199254740993 of 'k', too large for a double, has no SQL form; use text",
    ),
    "several targets": (
        of(lambda: RandomForestClassifier(n_estimators=2).fit(NUMBERS, np.c_[Y, Y])),
        Unsupported,
        r"RandomForestClassifier with several targets has no SQL form; fit one classifier per target",
    ),
    "another first guess": (
        of(lambda: GradientBoostingClassifier(init=DecisionTreeClassifier(), n_estimators=1).fit(NUMBERS, Y)),
        Unsupported,
        r"GradientBoostingClassifier\(init=DecisionTreeClassifier\(\)\) has no SQL form; leave init=None",
    ),
    "not fitted": (
        of(lambda: LinearRegression(), inputs=["x"]),
        ModelError,
        r"LinearRegression: this LinearRegression is not fitted; call fit first",
    ),
    "a step not fitted": (
        of(
            lambda: Pipeline([("scale", StandardScaler()), ("lr", LinearRegression().fit(NUMBERS, Y))]),
            inputs=["a", "b"],
        ),
        ModelError,
        r"Pipeline step 'scale': this StandardScaler is not fitted",
    ),
    "a class": (of(lambda: LinearRegression), ModelError, r"expected a fitted scikit-learn estimator, got the class"),
    "no model": (of(lambda: "model.pkl"), ModelError, r"expected a fitted scikit-learn estimator, got str"),
    "no names": (
        of(lambda: LinearRegression().fit(NUMBERS.to_numpy(), Y)),
        ModelInputError,
        r"LinearRegression was fitted without column names; give its 2 columns as inputs=\[…\]",
    ),
    "too few inputs": (
        linear(inputs=["temp_c"]),
        ModelInputError,
        r"takes 2 inputs, got 1: temp_c\. It was fitted on: temp, wind\. "
        r"Not given: 'temp' \(is 'temp_c' meant\?\), 'wind'",
    ),
    "an input twice": (linear(inputs=["temp", "temp"]), ModelInputError, r"inputs name 'temp' more than once"),
    "an unknown output": (
        linear(outputs=["predicted"]),
        UnknownNameError,
        r"unknown output 'predicted': did you mean 'prediction'",
    ),
    "an unknown dialect": (linear(dialect="duck"), UnknownNameError, r"unknown dialect 'duck': did you mean 'duckdb'"),
    "a key named like an output": (
        linear(keys=["id", "Prediction"]),
        ModelInputError,
        r"output 'prediction' has the name of another key; rename one of them",
    ),
    "a key twice": (linear(keys=["id", "ID"]), ModelInputError, r"key 'ID' has the name of another key"),
    "two statements": (linear(source="SELECT 1; DROP TABLE t"), DefinitionError, r"expected one SQL"),
    "no query": (linear(source="(DROP TABLE t)"), DefinitionError, r"DROP"),
    "no source": (linear(source=" "), DefinitionError, r"source is empty"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals_say_what_where_and_what_instead(name: str) -> None:
    make, error, message = REFUSALS[name]
    with pytest.raises(error) as raised:
        make()
    assert type(raised.value) is error
    assert re.search(message, str(raised.value)), str(raised.value)
