"""Versions that are not SQL, called in SQL on a connection."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aops_indb import connect

from .shop import Shop
from .test_executors import LAST, NO_SQL, use
from .test_train import INPUTS, estimator_of, learnable

__all__ = ["learnable"]

TAUGHT = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE starts_with(function_name, 'score_') ORDER BY ALL"


def called(connection: Any, function: str, rows: Any) -> list[Any]:
    """What a function says of rows that are given as a table."""
    connection.register("rows", rows.reset_index(names="place")[["place", *INPUTS]])
    inputs = ", ".join(f"'{name}': \"{name}\"" for name in INPUTS)
    result = connection.sql(f"SELECT {function}({{{inputs}}}) AS said FROM rows ORDER BY place").fetchall()
    return [said for (said,) in result]


def test_versions_with_an_alias_are_functions(trained: Shop, learnable: Any) -> None:
    use(trained, "library", NO_SQL)
    trained.project.train("returns", candidate="logistic")
    trained.edit("models/returns", 'executor="library"', 'executor="onnx"')
    trained.edit("models/returns", NO_SQL, LAST)
    trained.project.apply()
    trained.project.train("returns", candidate="logistic")
    with connect(trained.project) as connection:
        assert connection.sql(TAUGHT).fetchall() == []
    trained.project.promote("returns:3", alias="challenger")
    trained.project.promote("returns:4")
    for given in (trained.project, f"duckdb:///{trained.warehouse}", trained.folder / "aops.toml"):
        with connect(given) as connection:
            assert connection.sql(TAUGHT).fetchall() == [("score_returns",), ("score_returns__v3",)]
    with connect(trained.project) as connection:
        said = {
            3: called(connection, "score_returns__v3", learnable),
            4: called(connection, "score_returns", learnable),
        }
    for version, rows in said.items():
        estimator = estimator_of(trained, version)
        wanted = estimator.predict_proba(learnable[INPUTS])[:, 1]
        got = np.array([row["probability_1"] for row in rows])
        np.testing.assert_allclose(got, wanted, rtol=1e-12 if version == 3 else 1e-5)
        # ONNX Runtime computes in single precision
        assert (np.abs(got - wanted).max() > 1e-10) == (version == 4)
        assert [row["label"] for row in rows] == estimator.predict(learnable[INPUTS]).tolist()
    # what is SQL is a view, and is no function
    trained.project.promote("returns:1")
    with connect(trained.project) as connection:
        assert connection.sql(TAUGHT).fetchall() == [("score_returns__v3",)]


def test_without_the_training_set_the_types_are_not_known(applied: Shop) -> None:
    use(applied, "library", NO_SQL)
    applied.project.train("returns", candidate="logistic")
    applied.project.promote("returns:1")
    applied.execute(f"DROP TABLE {applied.one('SELECT dataset_name FROM aops.model_versions')}")
    with (
        pytest.warns(UserWarning, match=r"score_returns cannot be called on this connection: .* is gone"),
        connect(applied.project) as connection,
    ):
        assert connection.sql(TAUGHT).fetchall() == []
