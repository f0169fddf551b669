"""Models scored by their library or by ONNX Runtime: the same life cycle, in batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression

from aops_indb.errors import DefinitionError, ModelError, RefusedError, UnsupportedModelError
from aops_indb.features.model import EXECUTORS as NAMES
from aops_indb.workflows.executors import EXECUTORS

from .shop import Shop, order_rows
from .test_train import INPUTS, estimator_of, learnable

__all__ = ["learnable"]

LAST = 'return Pipeline([("prepare", prepare), ("classify", LogisticRegression())])'
# a model of scikit-learn that has no SQL form: its functions are of Python
NO_SQL = """\
from sklearn.neighbors import KNeighborsClassifier
    from sklearn.preprocessing import FunctionTransformer
    import numpy
    steps = [("prepare", prepare), ("sort", FunctionTransformer(numpy.sort)), ("classify", KNeighborsClassifier(3))]
    return Pipeline(steps)"""
BOOSTED = """\
from {library} import {name}
    return Pipeline([("prepare", prepare{set}), ("classify", {name}({settings}))])"""
LIGHTGBM = BOOSTED.format(library="lightgbm", name="LGBMClassifier", set="", settings="n_estimators=20, verbose=-1")
CATBOOST = BOOSTED.format(
    library="catboost",
    name="CatBoostClassifier",
    set="",
    settings="iterations=20, verbose=0, allow_writing_files=False",
)
XGBOOST = BOOSTED.format(
    library="xgboost", name="XGBClassifier", set='.set_params(numbers=numbers["impute"])', settings="n_estimators=20"
)
# thresholds are numbers of the training rows: the last digit that a scaler of single precision loses tells the leaf
SCALED_XGBOOST = BOOSTED.format(library="xgboost", name="XGBClassifier", set="", settings="n_estimators=20")


def test_names_are_those_of_definitions() -> None:
    assert tuple(EXECUTORS) == NAMES


def use(shop: Shop, executor: str, last: str = LAST) -> None:
    shop.edit("models/returns", LAST, last)
    shop.edit("models/returns", 'target="returned"', f'target="returned",\n    executor="{executor}"')
    shop.project.apply()


@pytest.mark.parametrize(
    ("executor", "last", "rtol"),
    [
        pytest.param("library", NO_SQL, 1e-12, id="library"),
        pytest.param("onnx", LAST, 1e-5, id="onnx"),
        pytest.param("onnx", LIGHTGBM, 1e-5, id="onnx-lightgbm"),
        pytest.param("onnx", XGBOOST, 1e-5, id="onnx-xgboost"),
        pytest.param("onnx", CATBOOST, 1e-5, id="onnx-catboost"),
    ],
)
def test_life_cycle(applied: Shop, learnable: Any, executor: str, last: str, rtol: float) -> None:
    use(applied, executor, last)
    [version] = applied.project.train("returns", candidate="logistic")
    assert applied.one("SELECT executor FROM aops.model_versions") == executor
    assert version.parity.rows > 50
    assert version.parity.labels_differing == 0
    assert (version.parity.largest_difference == 0.0) == (executor == "library")
    assert applied.project.evaluate("returns:1").metrics == version.metrics
    # the view is SQL over what batches have kept, and without one it is empty
    applied.project.promote("returns:1")
    assert applied.rows("SELECT * FROM scores.returns") == []
    assert applied.project.score("returns").rows == len(order_rows())
    assert applied.project.score("returns").rows == len(order_rows())
    got = dict(applied.rows("SELECT order_id, probability_1 FROM scores.returns"))
    assert len(got) == len(order_rows())
    wanted = estimator_of(applied, 1).predict_proba(learnable[INPUTS])[:, 1]
    np.testing.assert_allclose([got[order] for order in learnable["order_id"]], wanted, rtol=rtol)
    with pytest.raises(RefusedError, match=f"is scored by executor '{executor}', in batches, and is no SQL"):
        applied.project.render("returns:1")


def test_a_version_of_another_executor_takes_over(trained: Shop) -> None:
    trained.project.score("returns")
    before = trained.rows("SELECT order_id, probability_1 FROM scores.returns__v1 ORDER BY ALL")
    use(trained, "library")
    trained.project.train("returns", candidate="logistic")
    trained.project.promote("returns:3", alias="challenger")
    assert trained.project.score("returns:3").table == "scores.returns__v3__batch"
    after = trained.rows("SELECT order_id, probability_1 FROM scores.returns__v3 ORDER BY ALL")
    assert [order for order, _ in after] == [order for order, _ in before]
    np.testing.assert_allclose([p for _, p in after], [p for _, p in before], rtol=1e-9)
    # as champion its rows are among those that the model's name stands for
    trained.project.promote("returns:3")
    assert trained.one("SELECT count(*) FROM scores.returns") == 0
    assert trained.project.score("returns").table == "scores.returns__batch"
    assert trained.rows("SELECT DISTINCT model_version FROM scores.returns") == [(3,)]
    assert trained.rows("SELECT order_id, probability_1 FROM scores.returns ORDER BY ALL") == after
    # and under another alias beside it, it is the champion still
    trained.execute("DELETE FROM scores.returns__v3__batch")
    trained.project.promote("returns:3", alias="challenger")
    assert trained.rows("SELECT order_id, probability_1 FROM scores.returns ORDER BY ALL") == after
    assert trained.rows("SELECT order_id, probability_1 FROM scores.returns__v3 ORDER BY ALL") == after
    trained.project.promote("returns:1")
    assert trained.rows("SELECT order_id, probability_1 FROM scores.returns ORDER BY ALL") == before


def test_rows_that_the_library_refuses_have_no_score(applied: Shop) -> None:
    strict = """\
pick = ColumnTransformer([("channel", OneHotEncoder(handle_unknown="error"), ["channel"])])
    return Pipeline([("pick", pick), ("classify", LogisticRegression())])"""
    use(applied, "library", strict)
    applied.project.train("returns", candidate="logistic")
    one = "FROM raw.orders LIMIT 1"
    applied.execute(f"INSERT INTO raw.orders SELECT * REPLACE (9000 AS order_id, 'drone' AS channel) {one}")
    applied.project.score("returns")
    rows = applied.rows("SELECT order_id, label, probability_1 FROM scores.returns__batch WHERE probability_1 IS NULL")
    assert rows == [(9000, None, None)]
    assert applied.one("SELECT count(label) FROM scores.returns__batch") == len(order_rows())


def test_refusals(applied: Shop) -> None:
    applied.edit("models/returns", LAST, NO_SQL)
    applied.project.apply()
    with pytest.raises(UnsupportedModelError, match="With executor='library', model 'returns' is scored by its own"):
        applied.project.train("returns", candidate="logistic")
    applied.edit("models/returns", 'target="returned"', 'target="returned",\n    executor="onnx"')
    applied.project.apply()
    told = (
        r"executor='onnx' has no ONNX of Pipeline to run: Pipeline has no ONNX form; .* Its converter raises "
        r"\w+: .*FunctionTransformer.*\. With executor='library' the model is run by its own library\.$"
    )
    with pytest.raises(ModelError, match=told):
        applied.project.train("returns", candidate="logistic")
    applied.edit("models/returns", 'executor="onnx"', 'executor="spark"')
    with pytest.raises(DefinitionError, match="executor: 'spark' is none: write one of 'sql', 'onnx', 'library'"):
        applied.project.plan()


def test_a_file_is_not_exported(applied: Shop, tmp_path: Path) -> None:
    use(applied, "onnx")
    frame = pd.DataFrame(np.eye(len(INPUTS)), columns=INPUTS)
    skops.io.dump(LogisticRegression().fit(frame, np.arange(len(INPUTS)) % 2), tmp_path / "m.skops")
    told = (
        "executor='onnx' has no ONNX of LogisticRegression to run: an export is made by aops train alone, of what it "
        r"has fitted\. With executor='library' the model"
    )
    with pytest.raises(ModelError, match=told):
        applied.project.register("returns", tmp_path / "m.skops")


def test_a_booster_whose_onnx_differs_is_not_registered(applied: Shop) -> None:
    use(applied, "onnx", SCALED_XGBOOST)
    with pytest.raises(
        ModelError, match=r"by executor 'onnx' differ from its library's by 0\.\d+ .* it was not regist"
    ):
        applied.project.train("returns", candidate="logistic")
    assert applied.rows("SELECT * FROM aops.model_versions") == []


def test_a_forest_too_large_for_sql_in_batches(applied: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its view walks lists of nodes, and its batches are by the library: the same scores, to the last digits."""
    monkeypatch.setattr("aops_indb.scoring.layouts.choice.PLANNED", 10)
    applied.project.train("returns", candidate="boosting")
    assert applied.rows("SELECT executor, batch_executor FROM aops.model_versions") == [("sql", "library")]
    applied.project.promote("returns:1")
    assert "list_reduce" in applied.one("SELECT sql FROM duckdb_views() WHERE view_name = 'returns__v1'").lower()
    scored = applied.project.score("returns")
    assert (scored.rows, scored.executor) == (len(order_rows()), "library")
    assert "many times as fast as SQL" in scored.why
    view, kept = (
        applied.frame(f"SELECT order_id, label, probability_1 FROM scores.{name} ORDER BY order_id")
        for name in ("returns", "returns__batch")
    )
    assert len(view) == len(order_rows())
    pd.testing.assert_frame_equal(view, kept, check_exact=False, rtol=1e-12, atol=0)
