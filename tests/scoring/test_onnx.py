"""Exports to ONNX, run by ONNX Runtime and compared with the library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from aops_indb.errors import ModelInputError, UnsupportedModelError
from aops_indb.scoring.onnx_export import compare_onnx, to_onnx


def cancer() -> tuple[pd.DataFrame, Any]:
    """Four measures, one with gaps, and a text column with gaps."""
    frame, target = load_breast_cancer(return_X_y=True, as_frame=True)
    frame = frame.iloc[:, :4]
    rng = np.random.default_rng(0)
    size = np.where(frame["mean area"] > 600, "large", "small").astype(object)
    size[rng.random(len(frame)) < 0.05] = None
    frame["mean radius"] = frame["mean radius"].mask(rng.random(len(frame)) < 0.1)
    return frame.assign(size=pd.Series(size).astype("str")), target


FRAME, TARGET = cancer()
NUMBERS = FRAME.drop(columns="size")
FULL = NUMBERS.dropna()


def prepared(model: Any) -> Any:
    """Impute and scale numbers, encode text, then the model."""
    numeric = make_pipeline(SimpleImputer(), StandardScaler())
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = ColumnTransformer([("num", numeric, list(NUMBERS)), ("cat", one_hot, ["size"])])
    return make_pipeline(columns, model)


AGREE: dict[str, tuple[Callable[[], Any], pd.DataFrame]] = {
    "logistic, prepared": (lambda: prepared(LogisticRegression()).fit(FRAME, TARGET), FRAME),
    "ridge, prepared": (lambda: prepared(Ridge()).fit(FRAME, TARGET), FRAME),
    "scaler": (lambda: StandardScaler().fit(NUMBERS), NUMBERS),
    "histogram, gaps": (lambda: HistGradientBoostingClassifier(max_iter=20).fit(NUMBERS, TARGET), NUMBERS),
    "histogram, regression": (lambda: HistGradientBoostingRegressor(max_iter=20).fit(NUMBERS, TARGET), NUMBERS),
    "text labels": (lambda: LogisticRegression().fit(FULL, np.where(TARGET, "b", "a")[FULL.index]), FULL),
    "yes/no labels": (lambda: LogisticRegression().fit(FULL, TARGET[FULL.index] > 0), FULL),
}


@pytest.mark.parametrize("name", AGREE)
def test_exports_that_agree(name: str) -> None:
    make, frame = AGREE[name]
    model = make()
    content = to_onnx(model, frame)
    result = compare_onnx(content, model, frame)
    assert result.agrees, str(result)
    assert (result.rows, result.with_missing) == (len(frame), int(frame.isna().any(axis=1).sum()))
    # inputs are named as the columns are, spaces and all
    assert [i.name for i in onnx.load_from_string(content).graph.input] == list(frame)


def test_an_export_that_forgets_where_missing_goes_is_found_out() -> None:
    model = RandomForestClassifier(n_estimators=10, random_state=0).fit(NUMBERS, TARGET)
    result = compare_onnx(to_onnx(model, NUMBERS), model, NUMBERS)
    assert not result.agrees
    assert 0 < result.differing == result.with_missing_differing <= result.with_missing < result.rows


def test_rows_the_library_refuses_and_onnx_scores_are_counted() -> None:
    model = LogisticRegression().fit(FULL, TARGET[FULL.index])
    result = compare_onnx(to_onnx(model, FULL), model, NUMBERS)
    assert (result.differing, result.refused) == (0, int(NUMBERS.isna().any(axis=1).sum()))
    assert not result.agrees


def test_rows_onnx_refuses_and_the_library_scores_differ() -> None:
    model = OneHotEncoder().fit(FRAME[["size"]].dropna())
    strict = compare_onnx(to_onnx(model, FRAME[["size"]]), model, FRAME[["size"]])
    assert strict.agrees, "both refuse the unknown category"
    lenient = OneHotEncoder(handle_unknown="ignore").fit(FRAME[["size"]].dropna())
    result = compare_onnx(to_onnx(model, FRAME[["size"]]), lenient, FRAME[["size"]])
    assert result.differing == result.with_missing_differing == result.with_missing > 0


def test_what_has_no_onnx_form_is_refused() -> None:
    with pytest.raises(UnsupportedModelError, match=r"^MissingIndicator has no ONNX form; use its SQL form instead"):
        to_onnx(MissingIndicator().fit(NUMBERS), NUMBERS)


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelInputError, match=r"the frame lacks 'mean radius'; it has mean texture, "):
        to_onnx(StandardScaler().fit(NUMBERS), NUMBERS.drop(columns="mean radius"))
