"""What is refused, and in which words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import DBSCAN, FeatureAgglomeration
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import NMF, DictionaryLearning, SparsePCA
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from aops_indb.errors import AopsError, DefinitionError, ModelError, ModelInputError, UnknownNameError
from aops_indb.errors import UnsupportedModelError as Unsupported
from aops_indb.scoring import to_sql

from .test_boosters import REFUSALS as REFUSED_BOOSTERS
from .test_read_onnx import REFUSALS as REFUSED_ONNX

FRAME = pd.DataFrame({"temp": [1.0, 2, 3, 4], "wind": [0.0, 1, 0, 1], "sky": ["a", "b", "b", "a"]})
NUMBERS = FRAME[["temp", "wind"]]
Y = np.array([0, 1, 1, 0])


class Zzz(Ridge):  # type: ignore[misc]
    """A model of somebody's own, whose name is like no other."""


class RidgeCW(Ridge):  # type: ignore[misc]
    """One whose name is like others."""


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
        r"Pipeline step 'nb' > Pipeline step 'dbscan': DBSCAN has no SQL form; .*see docs/models\.md\.$",
    ),
    "unknown estimator, alone": (
        of(lambda: Zzz().fit(NUMBERS, Y)),
        Unsupported,
        r"^Zzz has no SQL form; others have one, see docs/models\.md\.$",
    ),
    "closest estimators are named": (
        of(lambda: RidgeCW().fit(NUMBERS, Y)),
        Unsupported,
        r"^RidgeCW has no SQL form; known are Ridge(CV)?, Ridge(CV)? and others, see docs/models\.md\.$",
    ),
    "a Python function": (
        of(lambda: make_pipeline(FunctionTransformer(np.cumsum), StandardScaler()).fit(NUMBERS)),
        Unsupported,
        r"Pipeline step 'functiontransformer': FunctionTransformer\(func=cumsum\) has no SQL form; leave func=None",
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
        of(lambda: OneVsRestClassifier(LogisticRegression()).fit(NUMBERS, np.c_[Y, 1 - Y])),
        Unsupported,
        r"OneVsRestClassifier of several labels a row has no SQL form; fit a MultiOutputClassifier",
    ),
    "another first guess": (
        of(lambda: GradientBoostingClassifier(init=LogisticRegression(), n_estimators=1).fit(NUMBERS, Y)),
        Unsupported,
        r"GradientBoostingClassifier\(init=LogisticRegression\(\)\), which computes in single precision, "
        r"has no SQL form; leave init=None",
    ),
    "refused by name, alone": (
        of(lambda: NMF(1).fit(NUMBERS)),
        Unsupported,
        r"^NMF, which answers for rows together, so that .* has no SQL form; use TruncatedSVD or PCA",
    ),
    "refused by name, a first step of one text column": (
        of(lambda: make_pipeline(CountVectorizer(token_pattern="."), LogisticRegression()).fit(FRAME["sky"], Y)),
        Unsupported,
        r"^Pipeline step 'countvectorizer': CountVectorizer, which splits text .* has no SQL form; count the words",
    ),
    "refused by name, a text column among others": (
        of(lambda: ColumnTransformer([("words", HashingVectorizer(n_features=8), "sky")]).fit(FRAME)),
        Unsupported,
        r"^ColumnTransformer step 'words': HashingVectorizer, which splits text .* has no SQL form; count the words",
    ),
    "coding that iterates": (
        of(lambda: DictionaryLearning(2, max_iter=3).fit(NUMBERS)),
        Unsupported,
        r"^DictionaryLearning\(transform_algorithm='omp'\), which iterates for each row, has no SQL form; use ",
    ),
    "components in single precision": (
        of(lambda: SparsePCA(1, max_iter=2, random_state=0).fit(NUMBERS.astype(np.float32))),
        Unsupported,
        r"^SparsePCA fitted in single precision has no SQL form; fit it on doubles",
    ),
    "pooling by a function": (
        of(lambda: FeatureAgglomeration(1, pooling_func=np.median).fit(NUMBERS)),
        Unsupported,
        r"^FeatureAgglomeration\(pooling_func=median\) has no SQL form; use numpy.mean",
    ),
    "nothing selected": (
        of(lambda: SelectKBest(k=0).fit(NUMBERS, Y)),
        Unsupported,
        r"^SelectKBest that makes no columns has no SQL form; fit it so that it makes one",
    ),
    "a selector of what may be a data frame": (
        of(lambda: make_pipeline(StandardScaler(), SelectKBest(k=1)).set_output(transform="pandas").fit(NUMBERS, Y)),
        Unsupported,
        r"^Pipeline step 'selectkbest': SelectKBest with set_output after another step has no SQL form; leave",
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


REFUSALS |= {f"booster, {name}": (of(make), error, words) for name, (make, error, words) in REFUSED_BOOSTERS.items()}
REFUSALS |= {f"onnx, {name}": (of(make), error, words) for name, (make, error, words) in REFUSED_ONNX.items()}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals_say_what_where_and_what_instead(name: str) -> None:
    make, error, message = REFUSALS[name]
    with pytest.raises(error) as raised:
        make()
    assert type(raised.value) is error
    assert re.search(message, str(raised.value)), str(raised.value)


def test_whole_numbers_that_doubles_do_not_tell_apart() -> None:
    keys = np.array([2**53, 2**53 + 2], dtype=np.int64).reshape(-1, 1)
    with pytest.raises(Unsupported, match=r"with category 9007199254740992 of 'x', too large for a double, .*use text"):
        to_sql(OneHotEncoder().fit(keys), source="t", inputs=["x"])


def test_categories_that_xgboost_has_not_kept() -> None:
    from xgboost import XGBClassifier

    frame = pd.DataFrame({"sky": pd.Categorical(["e\u0301", "x", "y", "\u00e9"] * 20)})
    model = XGBClassifier(n_estimators=2, enable_categorical=True).fit(frame, np.arange(80) % 2)
    with pytest.raises(Unsupported, match="XGBoost with categories of 'sky' that it has not kept whole"):
        to_sql(model, source="t")


def test_no_source() -> None:
    with pytest.raises(DefinitionError, match="source is None; give a table's name, or a SELECT"):
        to_sql(LinearRegression().fit(NUMBERS, Y), source=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("argument", ["keys", "inputs", "outputs"])
def test_what_is_no_list_of_names(argument: str) -> None:
    given: dict[str, Any] = {argument: 3}
    with pytest.raises(ModelInputError, match=f"{argument} has 3, which is no name of a column: give a list of names"):
        to_sql(LinearRegression().fit(NUMBERS, Y), source="t", **given)


def test_a_text_is_one_name() -> None:
    model = LinearRegression().fit(NUMBERS.set_axis(["a", "b"], axis=1), Y)
    with pytest.raises(ModelInputError, match="takes 2 inputs, got 1: ab"):
        to_sql(model, source="t", inputs="ab")
