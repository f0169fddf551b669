"""Exports to ONNX, run by ONNX Runtime and compared with the library."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
import onnx
import pandas as pd
import pytest
import xgboost
from catboost import CatBoost, CatBoostClassifier, CatBoostRegressor
from lightgbm import LGBMClassifier, LGBMRanker, LGBMRegressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression, Perceptron, Ridge
from sklearn.model_selection import RandomizedSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier, XGBRanker, XGBRegressor, XGBRFClassifier

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


SMALL: dict[str, Any] = {"n_estimators": 10, "max_depth": 3}
CAT: dict[str, Any] = {"iterations": 10, "depth": 3, "verbose": 0, "allow_writing_files": False}
QUIET: dict[str, Any] = {"verbose": -1, **SMALL}
TEXT = np.where(TARGET, "b", "a")
AREA = FRAME["mean area"]
PARTS = np.arange(len(NUMBERS)) // 100  # rows are sorted by them as rankers ask
COLUMNS = ColumnTransformer(
    [("num", "passthrough", list(NUMBERS)), ("cat", OneHotEncoder(sparse_output=False), ["size"])], sparse_threshold=0
)
BOTH = [("linear", LogisticRegression()), ("tree", DecisionTreeClassifier(max_depth=2, random_state=0))]
THREE = np.digitize(AREA, [450, 700])

AGREE |= {
    "no probabilities": (lambda: Perceptron().fit(FULL, TARGET[FULL.index]), FULL),
    "voting": (lambda: VotingClassifier(BOTH, voting="soft").fit(FULL, TARGET[FULL.index]), FULL),
    "isolation": (lambda: IsolationForest(n_estimators=5, random_state=0).fit(FULL), FULL),
    "search": (
        lambda: RandomizedSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, n_iter=2, cv=2).fit(FULL, TARGET[FULL.index]),
        FULL,
    ),
    "several targets": (
        lambda: MultiOutputClassifier(LogisticRegression()).fit(FULL, np.c_[TARGET, THREE][FULL.index]),
        FULL,
    ),
    "LightGBM": (lambda: LGBMClassifier(**QUIET).fit(NUMBERS, TARGET), NUMBERS),
    "LightGBM, text labels": (lambda: LGBMClassifier(**QUIET).fit(NUMBERS, TEXT), NUMBERS),
    "LightGBM, three classes": (lambda: LGBMClassifier(**QUIET).fit(NUMBERS, THREE), NUMBERS),
    "LightGBM, prepared": (lambda: prepared(LGBMClassifier(**QUIET)).fit(FRAME, TARGET), FRAME),
    "LightGBM, regression": (lambda: LGBMRegressor(objective="poisson", **QUIET).fit(NUMBERS, AREA), NUMBERS),
    "LightGBM, ranking": (lambda: LGBMRanker(**QUIET).fit(NUMBERS, TARGET, group=np.bincount(PARTS)), NUMBERS),
    "XGBoost": (lambda: XGBClassifier(**SMALL).fit(NUMBERS, TARGET), NUMBERS),
    "XGBoost, three classes": (lambda: XGBClassifier(**SMALL).fit(NUMBERS, THREE), NUMBERS),
    "XGBoost, columns": (lambda: make_pipeline(COLUMNS, XGBClassifier(**SMALL)).fit(FRAME, TARGET), FRAME),
    "XGBoost, regression": (lambda: XGBRegressor(**SMALL).fit(NUMBERS, AREA), NUMBERS),
    "XGBoost, ranking": (lambda: XGBRanker(**SMALL).fit(NUMBERS, TARGET, qid=PARTS), NUMBERS),
    "XGBoost, random forest": (lambda: XGBRFClassifier(**SMALL).fit(NUMBERS, TARGET), NUMBERS),
    "XGBoost, calibrated": (
        lambda: CalibratedClassifierCV(XGBClassifier(**SMALL), cv=2).fit(FULL, TARGET[FULL.index]),
        FULL,
    ),
    "CatBoost": (lambda: CatBoostClassifier(**CAT).fit(NUMBERS, TARGET), NUMBERS),
    "CatBoost, text labels": (lambda: CatBoostClassifier(**CAT).fit(NUMBERS, TEXT), NUMBERS),
    "CatBoost, three classes": (lambda: CatBoostClassifier(**CAT).fit(NUMBERS, THREE), NUMBERS),
    "CatBoost, prepared": (lambda: prepared(CatBoostClassifier(**CAT)).fit(FRAME, TARGET), FRAME),
    "CatBoost, regression": (lambda: CatBoostRegressor(**CAT).fit(NUMBERS, AREA), NUMBERS),
}

LEAVES: dict[str, Any] = {"verbose": -1, "num_leaves": 8}
DEPTH: dict[str, Any] = {"max_depth": 3}
Native = Callable[[], Any]


def lightgbm_booster(objective: Any, target: Any, *, rounds: int = 10, group: Any = None, **settings: Any) -> Native:
    """Of the library's own interface."""
    return lambda: lightgbm.train(
        {"objective": objective, **LEAVES, **settings}, lightgbm.Dataset(NUMBERS, target, group=group), rounds
    )


def xgboost_booster(objective: str, target: Any, *, rounds: int = 10, qid: Any = None, **settings: Any) -> Native:
    """Of the library's own interface."""
    return lambda: xgboost.train(
        {"objective": objective, **DEPTH, **settings}, xgboost.DMatrix(NUMBERS, target, qid=qid), rounds
    )


def stopped_lightgbm(objective: str, target: Any, **settings: Any) -> Any:
    """Trained beyond the best iteration, with which it predicts."""
    known, other = lightgbm.Dataset(NUMBERS[:300], target[:300]), lightgbm.Dataset(NUMBERS[300:], target[300:])
    booster = lightgbm.train(
        {"objective": objective, "learning_rate": 0.5, **LEAVES, **settings},
        known,
        60,
        valid_sets=[other],
        callbacks=[lightgbm.early_stopping(3, verbose=False)],
        keep_training_booster=True,
    )
    assert 0 < booster.best_iteration < booster.current_iteration()
    return booster


def stopped_xgboost(objective: str, target: Any, **settings: Any) -> Any:
    """Trained beyond the best iteration, and predicts with all."""
    known, other = xgboost.DMatrix(NUMBERS[:300], target[:300]), xgboost.DMatrix(NUMBERS[300:], target[300:])
    booster = xgboost.train(
        {"objective": objective, "learning_rate": 0.8, **DEPTH, **settings},
        known,
        60,
        evals=[(other, "other")],
        early_stopping_rounds=3,
        verbose_eval=False,
    )
    assert 0 < booster.best_iteration < booster.num_boosted_rounds() - 1
    return booster


SHARE, COUNT = AREA / 3000, (AREA / 100).round()
GROUPS = np.bincount(PARTS)
NATIVES: dict[str, Native] = {
    "LightGBM, binary": lightgbm_booster("binary", TARGET),
    "LightGBM, without names": lambda: lightgbm.train(
        {"objective": "binary", **LEAVES}, lightgbm.Dataset(NUMBERS.to_numpy(), TARGET), 10
    ),
    "LightGBM, three classes": lightgbm_booster("multiclass", THREE, num_class=3),
    "LightGBM, ranking": lightgbm_booster("lambdarank", TARGET, group=GROUPS),
    "LightGBM, codes of categories": lambda: lightgbm.train(
        {"objective": "binary", "min_data_per_group": 5, **LEAVES},
        lightgbm.Dataset(NUMBERS.assign(**{"mean area": THREE}), TARGET, categorical_feature=["mean area"]),
        10,
    ),
    "LightGBM, stopped": lambda: stopped_lightgbm("binary", TARGET),
    "LightGBM, stopped, three classes": lambda: stopped_lightgbm("multiclass", THREE, num_class=3),
    "LightGBM, dart": lightgbm_booster("binary", TARGET, boosting="dart"),
    **{
        f"LightGBM, {objective}": lightgbm_booster(objective, COUNT)
        for objective in ("regression", "regression_l1", "huber", "poisson", "quantile", "gamma", "tweedie")
    },
    "XGBoost, binary": xgboost_booster("binary:logistic", TARGET),
    "XGBoost, without names": lambda: xgboost.train(
        {"objective": "binary:logistic", **DEPTH}, xgboost.DMatrix(NUMBERS.to_numpy(), TARGET), 10
    ),
    "XGBoost, margins": xgboost_booster("binary:logitraw", TARGET),
    "XGBoost, hinge": xgboost_booster("binary:hinge", TARGET),
    "XGBoost, shares": xgboost_booster("reg:logistic", SHARE),
    "XGBoost, three classes": xgboost_booster("multi:softprob", THREE, num_class=3),
    "XGBoost, labels": xgboost_booster("multi:softmax", THREE, num_class=3),
    "XGBoost, parallel trees": xgboost_booster("binary:logistic", TARGET, num_parallel_tree=3, subsample=0.5),
    "XGBoost, stopped": lambda: stopped_xgboost("binary:logistic", TARGET),
    "XGBoost, stopped, three classes": lambda: stopped_xgboost("multi:softprob", THREE, num_class=3),
    **{
        f"XGBoost, {objective}": xgboost_booster(objective, COUNT)
        for objective in ("reg:squarederror", "reg:absoluteerror", "reg:gamma", "reg:tweedie", "count:poisson")
    },
    **{
        f"XGBoost, {objective}": xgboost_booster(objective, TARGET, qid=PARTS)
        for objective in ("rank:ndcg", "rank:pairwise", "rank:map")
    },
    "CatBoost": lambda: CatBoost(CAT).fit(NUMBERS, AREA),
}

COLOURS = NUMBERS.assign(colour=pd.Categorical(np.where(PARTS % 2, "red", "blue")))
OF_CATEGORIES: dict[str, Native] = {
    "LGBMClassifier": lambda: LGBMClassifier(**QUIET).fit(COLOURS, TARGET),
    "LightGBM": lambda: lightgbm.train({"objective": "binary", **LEAVES}, lightgbm.Dataset(COLOURS, TARGET), 10),
    "XGBClassifier": lambda: XGBClassifier(enable_categorical=True, **SMALL).fit(COLOURS, TARGET),
    "XGBoost": lambda: xgboost.train(
        {"objective": "binary:logistic"}, xgboost.DMatrix(COLOURS, TARGET, enable_categorical=True), 10
    ),
}

# What their converters get wrong for every row.
WRONG: dict[str, Callable[[], Any]] = {
    "linear trees": lambda: LGBMRegressor(linear_tree=True, **QUIET).fit(FULL, AREA[FULL.index]),
    "one against the rest": lambda: LGBMClassifier(objective="multiclassova", **QUIET).fit(FULL, THREE[FULL.index]),
    "forest of three classes": lambda: XGBRFClassifier(**SMALL).fit(FULL, THREE[FULL.index]),
    "logarithms": lambda: CatBoostRegressor(loss_function="Poisson", **CAT).fit(FULL, AREA[FULL.index]),
    "steeper logistic": lightgbm_booster("binary", TARGET, sigmoid=2.0),
    "means of trees": lightgbm_booster("regression", AREA, boosting="rf", bagging_freq=1, bagging_fraction=0.7),
    "squares": lightgbm_booster("regression", AREA, reg_sqrt=True),
    "parallel trees of three classes": xgboost_booster("multi:softprob", THREE, num_class=3, num_parallel_tree=2),
    "hazards": xgboost_booster("survival:cox", AREA),
    "two targets": lambda: xgboost.train(DEPTH, xgboost.DMatrix(NUMBERS, np.c_[AREA, 2 * AREA]), 10),
    "two labels": xgboost_booster("binary:logistic", np.c_[TARGET, 1 - TARGET]),
}

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "no converter": (lambda: MissingIndicator().fit(NUMBERS), "^MissingIndicator has no ONNX form; use its SQL form"),
    "dart": (
        lambda: XGBClassifier(booster="dart", **SMALL).fit(FULL, TARGET[FULL.index]),
        "^XGBoost with booster='dart' has no ONNX form; use its SQL form instead, or booster='gbtree'",
    ),
    "linear booster": (
        xgboost_booster("binary:logistic", TARGET, booster="gblinear"),
        "^XGBoost with booster='gblinear' has no ONNX form; use its SQL form instead, or booster='gbtree'",
    ),
    "trees of several targets": (
        lambda: xgboost.train(
            {**DEPTH, "multi_strategy": "multi_output_tree"}, xgboost.DMatrix(NUMBERS, np.c_[AREA, 2 * AREA]), 10
        ),
        "^Booster has no ONNX form; .*XGBoostError",
    ),
    # of rows without zeros no comparison would tell
    "zeros": (
        lambda: LGBMClassifier(zero_as_missing=True, **QUIET).fit(NUMBERS, TARGET),
        "^LightGBM with zero_as_missing=True has no ONNX form; use its SQL form instead, or give missing values as",
    ),
    "zeros of a booster": (
        lightgbm_booster("binary", TARGET, zero_as_missing=True),
        "^LightGBM with zero_as_missing=True has no ONNX form",
    ),
    "objective of a booster": (
        lightgbm_booster("mape", COUNT),
        "^Booster has no ONNX form; .*LightGBM objective should be cleaned already not 'mape'",
    ),
    "objective of one's own": (
        lightgbm_booster(lambda scores, rows: (scores - rows.get_label(), np.ones_like(scores)), AREA),
        "^Booster with an objective of one's own has no ONNX form; use its SQL form instead",
    ),
    "sums": (
        lambda: CatBoost({"loss_function": "Logloss", **CAT}).fit(NUMBERS, TARGET),
        "^CatBoost of classes predicts sums, which its ONNX form lacks; use its SQL form instead, or CatBoostCl",
    ),
    "objective": (
        lambda: LGBMRegressor(objective="fair", **QUIET).fit(FULL, AREA[FULL.index]),
        "RuntimeError: LightGBM objective should be cleaned already not 'fair'",
    ),
    "labels": (
        lambda: CatBoostClassifier(**CAT).fit(NUMBERS, TARGET > 0),
        "CatBoostClassifier has no ONNX form; .*Unexpected label type",
    ),
    "shape of trees": (
        lambda: CatBoostClassifier(**CAT, grow_policy="Depthwise").fit(NUMBERS, TARGET),
        "ONNX-ML export is available only for models on oblivious trees",
    ),
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


@pytest.mark.parametrize("name", NATIVES)
def test_boosters_of_the_own_interface_agree(name: str) -> None:
    model = NATIVES[name]()
    frame = NUMBERS.assign(**{"mean area": THREE}) if "codes" in name else NUMBERS
    content = to_onnx(model, frame)
    result = compare_onnx(content, model, frame)
    assert result.agrees, str(result)
    assert (result.rows, result.with_missing) == (len(frame), int(frame.isna().any(axis=1).sum()))
    [output] = onnx.load_from_string(content).graph.output
    # as wide as what the booster's own predict gives, which the comparison has compared
    width = 3 if "three" in name else 1
    assert output.type.tensor_type.shape.dim[1].dim_value == width


def test_a_booster_takes_its_columns_by_name() -> None:
    for make in (lightgbm_booster("binary", TARGET), xgboost_booster("binary:logistic", TARGET)):
        booster, turned = make(), NUMBERS.iloc[:, ::-1].assign(other=1.0)
        assert compare_onnx(to_onnx(booster, turned), booster, turned).agrees
        assert to_onnx(booster, turned) == to_onnx(booster, NUMBERS)


@pytest.mark.parametrize("name", ["LightGBM, without names", "XGBoost, without names"])
def test_a_booster_without_names_is_given_as_many_columns_as_it_takes(name: str) -> None:
    booster = NATIVES[name]()
    with pytest.raises(ModelInputError, match="Booster takes 4 inputs, got 5: mean radius, "):
        to_onnx(booster, NUMBERS.assign(other=1.0))


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


@pytest.mark.parametrize("name", WRONG)
def test_boosters_that_are_converted_wrongly_are_found_out(name: str) -> None:
    model = WRONG[name]()
    result = compare_onnx(to_onnx(model, FULL), model, FULL)
    assert result.differing == result.rows
    assert result.largest_difference > 0.01


def test_a_scaler_of_single_precision_puts_rows_into_other_leaves_of_xgboost() -> None:
    model = prepared(XGBClassifier(**SMALL)).fit(FRAME, TARGET)
    result = compare_onnx(to_onnx(model, FRAME), model, FRAME)
    assert 0 < result.differing < 20
    assert result.with_missing_differing == 0


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_onnx_form_is_refused(name: str) -> None:
    make, told = REFUSED[name]
    with pytest.raises(UnsupportedModelError, match=told):
        to_onnx(make(), NUMBERS)


@pytest.mark.parametrize("name", OF_CATEGORIES)
def test_boosters_of_categories_are_refused(name: str) -> None:
    told = r"^\w+ was fitted on categories \('colour'\), which its ONNX form lacks; use its SQL form instead, or encode"
    with pytest.raises(UnsupportedModelError, match=told):
        to_onnx(OF_CATEGORIES[name](), COLOURS)


def test_without_its_converter_a_booster_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = LGBMClassifier(**QUIET).fit(NUMBERS, TARGET)
    monkeypatch.setitem(sys.modules, "onnxmltools.convert.lightgbm.operator_converters.LightGbm", None)
    with pytest.raises(
        UnsupportedModelError, match=r"LGBMClassifier has no ONNX form without onnxmltools .* pip insta"
    ):
        to_onnx(model, NUMBERS)
    linear = LogisticRegression().fit(FULL, TARGET[FULL.index])
    assert compare_onnx(to_onnx(linear, FULL), linear, FULL).agrees


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelInputError, match=r"the frame lacks 'mean radius'; it has mean texture, "):
        to_onnx(StandardScaler().fit(NUMBERS), NUMBERS.drop(columns="mean radius"))
