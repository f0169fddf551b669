"""score_table of boosters of the libraries' own interfaces: by each executor the columns that its SQL has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import lightgbm
import numpy as np
import pytest
import xgboost
from sklearn.datasets import load_wine

from aops_indb import score_table
from aops_indb.errors import ModelError

WINE, CLASSES = load_wine(return_X_y=True, as_frame=True)
FRAME = WINE.iloc[:, :4].mask(np.random.default_rng(0).random((len(WINE), 4)) < 0.1)
NAMES = [f"x{i}" for i in range(4)]


def of_lightgbm(**settings: Any) -> Any:
    """Of three classes, with names of columns."""
    return lightgbm.train({"verbose": -1, "num_class": 3, **settings}, lightgbm.Dataset(FRAME, CLASSES), 10)


def of_xgboost() -> Any:
    """Of three classes, without names."""
    rows = xgboost.DMatrix(FRAME.to_numpy(), CLASSES)
    return xgboost.train({"objective": "multi:softprob", "num_class": 3}, rows, 10)


BOOSTERS: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "lightgbm": (lambda: of_lightgbm(objective="multiclass"), lambda model: model.predict(FRAME)),
    "xgboost": (of_xgboost, lambda model: model.predict(xgboost.DMatrix(FRAME.to_numpy()))),
}


def scored(model: Any, executor: str) -> list[tuple[Any, ...]]:
    """The rows of the table of scores."""
    rows = FRAME.set_axis(NAMES, axis=1).rename_axis("id").reset_index()
    with duckdb.connect() as connection:
        connection.register("wines", rows)
        chosen: dict[str, Any] = {
            "warehouse": connection,
            "source": "wines",
            "target": "scored",
            "keys": ["id"],
            "inputs": NAMES,
        }
        assert score_table(model, executor=executor, **chosen) == len(FRAME)
        columns = "prediction_0, prediction_1, prediction_2"
        return list(connection.execute(f"SELECT {columns} FROM scored ORDER BY id").fetchall())


@pytest.mark.parametrize("executor", ["sql", "library", "onnx"])
@pytest.mark.parametrize("name", BOOSTERS)
def test_boosters_are_scored_by_each_executor(name: str, executor: str) -> None:
    make, predict = BOOSTERS[name]
    model = make()
    np.testing.assert_allclose(scored(model, executor), predict(model), rtol=0, atol=1e-6)


def test_a_booster_whose_onnx_is_wrong_scores_nothing() -> None:
    with pytest.raises(ModelError, match=r"the ONNX of Booster is not as its library .*: 178 of 178 rows differ"):
        scored(of_lightgbm(objective="multiclassova"), "onnx")
