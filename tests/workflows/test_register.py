"""Models that were fitted elsewhere: read from their files, measured, scored; or refused with the reason."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import catboost
import lightgbm
import numpy as np
import pandas as pd
import pytest
import skl2onnx
import skops.io
import xgboost
from skl2onnx.common.data_types import FloatTensorType
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from aops_indb.errors import ArtifactError, ModelError, ModelInputError, RefusedError, UnknownNameError

from .shop import Shop, order_rows
from .test_train import learnable

__all__ = ["learnable"]

INPUTS = ["orders_7d", "mean_amount_28d", "credit", "amount"]


def logistic(rows: Any, target: Any) -> Any:
    return make_pipeline(SimpleImputer(), LogisticRegression(C=0.5)).fit(rows, target)


def with_lightgbm(rows: pd.DataFrame, target: Any) -> Any:
    return lightgbm.LGBMClassifier(n_estimators=7, num_leaves=6, verbose=-1).fit(rows, target)


def with_xgboost(rows: pd.DataFrame, target: Any) -> Any:
    return xgboost.XGBClassifier(n_estimators=7, max_depth=3).fit(rows, target)


def with_catboost(rows: pd.DataFrame, target: Any) -> Any:
    return catboost.CatBoostClassifier(iterations=7, depth=3, verbose=False, allow_writing_files=False).fit(
        rows, target
    )


# file -> how its model is fitted, and written
FILES: dict[str, tuple[Callable[[pd.DataFrame, Any], Any], Callable[[Any, Path], Any]]] = {
    "logistic.skops": (logistic, skops.io.dump),
    "light.txt": (with_lightgbm, lambda model, path: model.booster_.save_model(path)),
    "extreme.json": (with_xgboost, lambda model, path: model.save_model(path)),
    "extreme.ubj": (with_xgboost, lambda model, path: model.save_model(path)),
    "cat.cbm": (with_catboost, lambda model, path: model.save_model(str(path))),
}
TRUSTED = ["numpy.dtype"]


@pytest.fixture
def rows(learnable: pd.DataFrame) -> pd.DataFrame:
    return learnable[learnable["event_timestamp"] < pd.Timestamp("2024-05-01", tz="UTC")]


@pytest.mark.parametrize("file", FILES)
def test_a_model_from_a_file(
    applied: Shop, learnable: pd.DataFrame, rows: pd.DataFrame, tmp_path: Path, file: str
) -> None:
    fit, write = FILES[file]
    model = fit(rows[INPUTS], rows["returned"].astype(int))
    write(model, tmp_path / file)
    version = applied.project.register("returns", tmp_path / file, trusted=TRUSTED)
    assert (version.version, version.candidate, version.parity.labels_differing) == (1, Path(file).stem, 0)
    applied.project.promote("returns:1")
    assert applied.project.score("returns").rows == len(order_rows())
    got = dict(applied.rows("SELECT order_id, probability_1 FROM scores.returns__batch"))
    wanted = model.predict_proba(learnable[INPUTS])[:, 1]
    assert len(wanted) > 300
    found = np.array([got[order] for order in learnable["order_id"]])
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-15)
    # the file itself is kept, and measured again from there
    content = applied.one("SELECT content FROM aops.artifacts")
    assert bytes(content) == (tmp_path / file).read_bytes()
    assert applied.rows("SELECT kind, status, candidate FROM aops.runs") == [
        ("register", "succeeded", version.candidate)
    ]
    assert applied.project.evaluate("returns:1").metrics == version.metrics


@pytest.mark.parametrize("file", ["light.txt", "extreme.json"])
def test_categories_of_a_booster(
    applied: Shop, learnable: pd.DataFrame, rows: pd.DataFrame, tmp_path: Path, file: str
) -> None:
    """They are text in the warehouse, some of it missing, and the library's own kind of column where it was fitted."""
    kinds = {name: pd.CategoricalDtype(sorted(set(rows[name].dropna()))) for name in ("channel", "segment")}
    frame = learnable[[*INPUTS, *kinds]].astype(kinds)
    fitted, target = frame.loc[rows.index], rows["returned"].astype(int)
    model: Any
    if file == "extreme.json":
        model = xgboost.XGBClassifier(n_estimators=5, max_depth=3, enable_categorical=True).fit(fitted, target)
        model.save_model(tmp_path / file)
    else:
        model = lightgbm.LGBMClassifier(n_estimators=5, num_leaves=8, min_child_samples=5, verbose=-1)
        model.fit(fitted, target).booster_.save_model(tmp_path / file)
    version = applied.project.register("returns", tmp_path / file)
    assert (version.version, version.parity.labels_differing) == (1, 0)
    applied.project.promote("returns:1")
    got = dict(applied.rows("SELECT order_id, probability_1 FROM scores.returns"))
    wanted = model.predict_proba(frame)[:, 1]
    assert frame["channel"].isna().sum() > 10
    found = np.array([got[order] for order in learnable["order_id"]])
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("file", ["extreme.json", "logistic.skops"])
def test_a_model_with_names_of_its_own(
    applied: Shop, learnable: pd.DataFrame, rows: pd.DataFrame, tmp_path: Path, file: str
) -> None:
    fit, write = FILES[file]
    names = dict(zip(INPUTS, ["a b", '"q"', "o'k", "\u00e9"], strict=True))
    model = fit(rows[INPUTS].rename(columns=names), rows["returned"].astype(int))
    write(model, tmp_path / file)
    applied.project.register("returns", tmp_path / file, trusted=TRUSTED, inputs=INPUTS)
    applied.project.promote("returns:1")
    got = dict(applied.rows("SELECT order_id, probability_1 FROM scores.returns"))
    wanted = model.predict_proba(learnable[INPUTS].rename(columns=names))[:, 1]
    found = np.array([got[order] for order in learnable["order_id"]])
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-15)


def test_rows_that_the_library_does_not_take(applied: Shop, rows: pd.DataFrame, tmp_path: Path) -> None:
    # a column that no tree asks for, which it wants to be without missing values all the same
    frame, target = rows[["amount", "channel"]].assign(channel="none"), rows["returned"].astype(int)
    model = catboost.CatBoostClassifier(
        iterations=3, depth=2, cat_features=["channel"], verbose=False, allow_writing_files=False
    ).fit(frame, target)
    model.save_model(str(tmp_path / "cat.cbm"))
    told = "CatBoostClassifier does not take the rows of the test period, which its SQL is held against: Invalid type"
    with pytest.raises(ModelError, match=told):
        applied.project.register("returns", tmp_path / "cat.cbm")
    assert applied.rows("SELECT status FROM aops.runs") == [("failed",)]


def test_a_model_in_onnx(applied: Shop, learnable: pd.DataFrame, rows: pd.DataFrame, tmp_path: Path) -> None:
    """As another tool would export it: one tensor of all features, labels with their probabilities in a map."""
    model = logistic(rows[INPUTS].to_numpy(), rows["returned"].astype(int))
    exported = skl2onnx.convert_sklearn(model, initial_types=[("x", FloatTensorType([None, len(INPUTS)]))])
    (tmp_path / "m.onnx").write_bytes(exported.SerializeToString())
    with pytest.raises(ModelInputError, match="takes 'x_0', 'x_1', 'x_2', 'x_3', and feature service 'order_features'"):
        applied.project.register("returns", tmp_path / "m.onnx")
    version = applied.project.register("returns", tmp_path / "m.onnx", inputs=INPUTS)
    assert version.parity.labels_differing == 0
    assert 0 < version.parity.largest_difference <= 1e-6
    applied.project.promote("returns:1")
    got = dict(applied.rows("SELECT order_id, probability_1 FROM scores.returns"))
    wanted = model.predict_proba(learnable[INPUTS].to_numpy())[:, 1]
    np.testing.assert_allclose([got[order] for order in learnable["order_id"]], wanted, rtol=1e-4)


def test_a_model_without_names(applied: Shop, rows: pd.DataFrame, tmp_path: Path) -> None:
    model = logistic(rows[INPUTS].to_numpy(), rows["returned"].astype(int))
    skops.io.dump(model, tmp_path / "plain.skops")
    with pytest.raises(ModelInputError, match="was fitted without column names; give its 4 columns as inputs"):
        applied.project.register("returns", tmp_path / "plain.skops", trusted=TRUSTED)
    version = applied.project.register("returns", tmp_path / "plain.skops", trusted=TRUSTED, inputs=INPUTS, name="mine")
    assert version.candidate == "mine"
    named = logistic(rows[INPUTS], rows["returned"].astype(int))
    skops.io.dump(named, tmp_path / "named.skops")
    other = applied.project.register("returns", tmp_path / "named.skops", trusted=TRUSTED)
    assert other.metrics == version.metrics


# ── refusals ───────────────────────────────────────────────────────────────────────────────────────────


class Bomb:
    """What a pickle can do."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("exploded"),))


@pytest.mark.parametrize("file", ["bomb.pkl", "bomb.joblib", "bomb.skops", "bomb.json"])
def test_a_pickle_is_never_loaded(applied: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path(file).write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(
        RefusedError, match=r"is a pickle, which runs code when it is loaded: write the model with skops"
    ):
        applied.project.register("returns", file)
    assert not Path("exploded").exists()


BROKEN = {
    "there is none.skops": (None, "cannot be read: No such file"),
    "model.h5": (b"\x89HDF", "a model's file ends in one of .skops, .txt"),
    "model": (b"", "a model's file ends in one of .skops, .txt"),
    "empty.skops": (b"", "is no skops file"),
    "half.skops": (b"PK\x03\x04", "is no skops file"),
    "empty.txt": (b"", "is no lightgbm model"),
    "text.txt": (b"hello", "is no lightgbm model"),
    "binary.txt": (b"\xff\xfe\x00", "is no lightgbm model"),
    "empty.json": (b"", "is no xgboost model"),
    "other.json": (b'{"a": 1}', "is no xgboost model"),
    "empty.ubj": (b"", "is no xgboost model"),
    "text.cbm": (b"hello", "is no catboost model"),
    "text.onnx": (b"hello", "text.onnx"),
}


@pytest.mark.parametrize("file", BROKEN)
def test_a_file_that_holds_no_model(applied: Shop, tmp_path: Path, file: str) -> None:
    content, words = BROKEN[file]
    if content is not None:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(ModelError, match=words):
        applied.project.register("returns", tmp_path / file)
    assert applied.one("SELECT count(*) FROM aops.runs") == 0


def test_types_are_to_be_vouched_for(applied: Shop, rows: pd.DataFrame, tmp_path: Path) -> None:
    model = with_lightgbm(rows[INPUTS], rows["returned"].astype(int))
    skops.io.dump(model, tmp_path / "m.skops")
    with pytest.raises(ArtifactError, match=r"--trusted lightgbm.sklearn.LGBMClassifier"):
        applied.project.register("returns", tmp_path / "m.skops")
    unknown = skops.io.get_untrusted_types(file=tmp_path / "m.skops")
    assert applied.project.register("returns", tmp_path / "m.skops", trusted=unknown).version == 1


def test_what_does_not_fit_the_model(applied: Shop, rows: pd.DataFrame, tmp_path: Path) -> None:
    target = rows["returned"].astype(int)
    skops.io.dump(logistic(rows[INPUTS].rename(columns={"credit": "credits"}), target), tmp_path / "m.skops")
    with pytest.raises(
        ModelInputError, match=r"takes 'credits' \(is 'credit' meant\?\), and feature service 'order_fea"
    ):
        applied.project.register("returns", tmp_path / "m.skops", trusted=TRUSTED)
    with pytest.raises(UnknownNameError, match="unknown model 'return'"):
        applied.project.register("return", tmp_path / "m.skops")
    dump = xgboost.XGBRegressor(n_estimators=2).fit(rows[INPUTS], target)
    dump.save_model(tmp_path / "regressor.json")
    with pytest.raises(ModelError, match=r"is no xgboost model: .*Expecting: classifier, got: regressor"):
        applied.project.register("returns", tmp_path / "regressor.json")
    assert applied.one("SELECT count(*) FROM aops.model_versions") == 0
