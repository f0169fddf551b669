"""Boosting libraries: what is refused, which columns a booster of their own interface asks for, what is imported."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from catboost import CatBoostClassifier, CatBoostRegressor
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.ensemble import VotingClassifier
from xgboost import XGBClassifier, XGBRegressor

from aops_indb.errors import AopsError, ModelError, ModelInputError
from aops_indb.errors import UnsupportedModelError as Unsupported
from aops_indb.scoring import explain_support, to_sql

ROWS = np.arange(80)
FRAME = pd.DataFrame({"temp": ROWS * 1.0, "wind": ROWS % 7 * 1.0})
Y = (ROWS % 7 > 3) * 1
SKY = FRAME.assign(sky=pd.Categorical(np.where(ROWS % 7 > 3, "blue", "grey")))

xgb: dict[str, Any] = {"n_estimators": 2, "n_jobs": 1}
lgb: dict[str, Any] = {"n_estimators": 2, "n_jobs": 1, "verbose": -1, "min_child_samples": 2}
cat: dict[str, Any] = {"iterations": 2, "thread_count": 1, "verbose": False, "allow_writing_files": False}


def catboost_on_sky(**options: Any) -> Any:
    """CatBoost with a text column."""
    return CatBoostClassifier(**cat, **options, cat_features=["sky"]).fit(SKY[["sky"]].astype(object), Y)


REFUSALS: dict[str, tuple[Callable[[], Any], type[AopsError], str]] = {
    "softmax without probabilities": (
        lambda: XGBClassifier(**xgb, objective="multi:softmax", num_class=3).fit(FRAME, ROWS % 3),
        Unsupported,
        r"^XGBClassifier\(objective='multi:softmax'\) has no SQL form; fit it with objective='multi:softprob'",
    ),
    "several targets, classified": (
        lambda: XGBClassifier(**xgb).fit(FRAME, np.column_stack([Y, 1 - Y])),
        Unsupported,
        r"^XGBClassifier with several targets has no SQL form; fit one classifier per target",
    ),
    "a number for missing, beside categories": (
        lambda: XGBRegressor(**xgb, missing=0.0, enable_categorical=True).fit(SKY, Y),
        Unsupported,
        r"missing=0 and categories .*; use missing=nan and NULL",
    ),
    "infinity for missing": (
        lambda: XGBRegressor(**xgb, missing=np.inf).fit(FRAME, Y),
        Unsupported,
        r"missing=inf .*; use missing=nan and NULL",
    ),
    "singles in an ensemble": (
        lambda: VotingClassifier([("x", XGBClassifier(**xgb))], voting="soft").fit(FRAME, Y),
        Unsupported,
        r"step 'x': VotingClassifier of XGBClassifier, whose answers are in single precision, has no SQL form; use it",
    ),
    "XGBoost, not fitted": (lambda: XGBClassifier(), ModelError, r"this XGBClassifier is not fitted; call fit first"),
    "an objective of one's own": (
        lambda: LGBMClassifier(**lgb, objective=lambda y, p: (p - y, np.ones_like(p))).fit(FRAME, Y),
        Unsupported,
        r"^LGBMClassifier with an objective of one's own",
    ),
    "trees skipped": (
        lambda: lightgbm.train(
            {"objective": "binary", "pred_early_stop": True, "verbose": -1, "num_threads": 1},
            lightgbm.Dataset(FRAME, Y),
            2,
        ),
        Unsupported,
        r"^LightGBM with pred_early_stop has no SQL form",
    ),
    "ordered categories": (
        lambda: LGBMClassifier(**lgb).fit(SKY.assign(sky=SKY["sky"].cat.as_ordered()), Y),
        Unsupported,
        r"^LightGBM with pandas categories on columns other than its categorical features has no SQL form",
    ),
    "LightGBM, not fitted": (lambda: LGBMRegressor(), ModelError, r"this LGBMRegressor is not fitted; call fit first"),
    "one-hot splits": (
        lambda: catboost_on_sky(one_hot_max_size=5),
        Unsupported,
        r"^CatBoost with one-hot splits on categories, of which the model keeps hashes only, has no SQL form; encode",
    ),
    "CTR splits": (
        lambda: catboost_on_sky(one_hot_max_size=1),
        Unsupported,
        r"^CatBoost with CTR splits on categories, of which the model keeps hashes only, has no SQL form; encode",
    ),
    "several labels": (
        lambda: CatBoostClassifier(**cat, loss_function="MultiLogloss").fit(FRAME, np.column_stack([Y, 1 - Y])),
        Unsupported,
        r"^CatBoostClassifier with loss 'MultiLogloss' has no SQL form; use Logloss",
    ),
    "CatBoost, not fitted": (
        lambda: CatBoostRegressor(),
        ModelError,
        r"this CatBoostRegressor is not fitted; call fit first",
    ),
}


def boosters(frame: Any) -> list[Any]:
    """A booster of each library's own interface."""
    return [
        xgboost.train({"nthread": 1}, xgboost.DMatrix(frame, Y), 2),
        lightgbm.train({"verbose": -1, "num_threads": 1}, lightgbm.Dataset(frame, Y), 2),
        CatBoostRegressor(**cat).fit(frame, Y),
    ]


@pytest.mark.parametrize("library", [0, 1, 2])
def test_a_booster_asks_for_the_columns_it_was_trained_on(library: int) -> None:
    sql = to_sql(boosters(FRAME)[library], source="t")
    assert '"temp"' in sql
    assert '"wind"' in sql
    assert ' AS "prediction"' in sql


@pytest.mark.parametrize("library", [0, 1, 2])
def test_without_names_the_columns_are_to_be_given(library: int) -> None:
    booster = boosters(FRAME.to_numpy())[library]
    assert explain_support(booster).supported
    assert '"a"' in to_sql(booster, source="t", inputs=["a", "b"])
    with pytest.raises(ModelInputError, match=r"was fitted without column names; give its 2 columns as inputs=\[…\]"):
        to_sql(booster, source="t")


def test_the_header_names_the_library() -> None:
    first, *_ = to_sql(boosters(FRAME)[0], source="t").splitlines()
    assert first == f"-- Booster, read with xgboost {xgboost.__version__}"


def test_no_library_is_imported_before_its_model_is_given() -> None:
    code = (
        "import sys; from sklearn.linear_model import Ridge; from aops_indb.scoring import to_sql;"
        "to_sql(Ridge().fit([[0.0], [1.0]], [0, 1]), source='t', inputs=['x']);"
        "sys.exit(', '.join({'xgboost', 'lightgbm', 'catboost'} & set(sys.modules)) or None)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
