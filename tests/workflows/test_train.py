"""Training: figures are scikit-learn's, scores are the estimator's, and what was made from what is noted."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import subprocess
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pytest
import skops.io
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from aops_indb.errors import DefinitionError, ModelError, RefusedError, UnknownNameError, UnsupportedModelError
from aops_indb.workflows.new_version import git_commit

from .oracle import expected
from .shop import MODEL, Shop, order_rows

INPUTS = [
    "orders_7d", "orders_28d", "mean_amount_28d", "returned_28d", "segment", "credit", "amount_ratio", "amount",
    "channel",
]  # fmt: skip
TEXT = ["segment", "channel"]
PERIODS = {
    "train": ("2024-01-01", "2024-05-01"),
    "validation": ("2024-05-01", "2024-06-01"),
    "test": ("2024-06-01", "2024-07-01"),
}
CANDIDATES = {1: "logistic", 2: "boosting"}


@pytest.fixture(scope="module")
def learnable() -> pd.DataFrame:
    """The orders whose fate is known, with the features as pandas finds them, as a model is given them."""
    orders = order_rows().rename(columns={"placed_at": "event_timestamp"})
    rows = pd.concat([orders, expected(orders)], axis=1)
    rows = rows[rows["returned"].notna()]
    numbers = [name for name in INPUTS if name not in TEXT]
    return rows.astype({**dict.fromkeys(numbers, float), **dict.fromkeys(TEXT, "str")})


def of_period(rows: pd.DataFrame, period: str) -> pd.DataFrame:
    start, end = (pd.Timestamp(time, tz="UTC") for time in PERIODS[period])
    return rows[(rows["event_timestamp"] >= start) & (rows["event_timestamp"] < end)]


def estimator_of(shop: Shop, version: int) -> Any:
    content = bytes(shop.one(f"SELECT content FROM aops.artifacts WHERE version = {version} AND kind = 'skops'"))
    return skops.io.loads(content, trusted=skops.io.get_untrusted_types(data=content))


def lift_at_10(truth: Any, score: Any) -> float:
    """By hand: walk down the groups of equal score until a tenth of the rows is taken."""
    groups = pd.DataFrame({"truth": truth, "score": score}).groupby("score")["truth"].agg(["size", "sum"])
    left = 0.1 * len(truth)
    found = 0.0
    for _, (size, positives) in groups.sort_index(ascending=False).iterrows():
        taken = min(left, size)
        found += positives * taken / size
        left -= taken
    return float(found / (0.1 * len(truth)) / np.mean(truth))


# ── figures and parity ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", CANDIDATES)
@pytest.mark.parametrize("period", PERIODS)
def test_figures_are_scikit_learns(trained_shop: Shop, learnable: pd.DataFrame, version: int, period: str) -> None:
    rows = of_period(learnable, period)
    truth = rows["returned"].astype(int).to_numpy()
    score = estimator_of(trained_shop, version).predict_proba(rows[INPUTS])[:, 1]
    found = dict(
        trained_shop.rows(
            "SELECT key, value FROM aops.metrics JOIN aops.model_versions USING (run_id)"
            f" WHERE version = {version} AND split = '{period}'"
        )
    )
    wanted = {
        "rows": len(rows),
        "positives": truth.sum(),
        "unscored": 0,
        "auc": roc_auc_score(truth, score),
        "log_loss": log_loss(truth, score),
        "brier": brier_score_loss(truth, score),
        "lift_at_10": lift_at_10(truth, score),
    }
    assert {key: found[key] for key in wanted} == pytest.approx(wanted, rel=1e-9)
    if period == "test":
        assert found["sql_parity_rows"] == len(rows)
        assert found["sql_parity_largest_difference"] <= 1e-9


def test_a_model_worth_having(trained_shop: Shop, learnable: pd.DataFrame) -> None:
    """The data has something to learn in it; a bug that shuffles rows would show here."""
    rows = of_period(learnable, "validation")
    for version in CANDIDATES:
        score = estimator_of(trained_shop, version).predict_proba(rows[INPUTS])[:, 1]
        assert roc_auc_score(rows["returned"].astype(int), score) > 0.7


def test_it_learns_from_the_training_period_alone(trained: Shop) -> None:
    """Fates of later orders are changed: the estimator stays, to the last coefficient."""
    trained.execute("UPDATE raw.orders SET returned = NOT returned, amount = 1 WHERE placed_at >= '2024-05-01'")
    [version] = trained.project.train("returns", candidate="logistic")
    before, after = estimator_of(trained, 1), estimator_of(trained, version.version)
    np.testing.assert_array_equal(before[-1].coef_, after[-1].coef_)
    assert trained.rows("SELECT count(DISTINCT dataset_digest) FROM aops.model_versions") == [(2,)]


def test_training_again_gives_the_same_figures_and_dataset(trained: Shop) -> None:
    [again] = trained.project.train("returns", candidate="boosting")
    assert again.version == 3
    first, second = (
        trained.rows(
            f"SELECT split, key, value FROM aops.metrics JOIN aops.model_versions USING (run_id) WHERE version = {v}"
        )
        for v in (2, 3)
    )
    assert first == second
    assert trained.one("SELECT count(*) FROM aops.datasets") == 1


# ── artefacts ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", CANDIDATES)
def test_the_onnx_runs_elsewhere(trained_shop: Shop, learnable: pd.DataFrame, version: int) -> None:
    content, note = trained_shop.rows(
        f"SELECT content, note FROM aops.artifacts WHERE version = {version} AND kind = 'onnx'"
    )[0]
    session = onnxruntime.InferenceSession(bytes(content))
    rows = of_period(learnable, "train")
    feeds = {
        given.name: rows[[given.name]].fillna("nan").to_numpy(dtype=object)
        if given.name in TEXT
        else rows[[given.name]].to_numpy(dtype=np.float32)
        for given in session.get_inputs()
    }
    label, probabilities = session.run(None, feeds)
    library = estimator_of(trained_shop, version).predict_proba(rows[INPUTS])[:, 1]
    score = probabilities[:, 1] if isinstance(probabilities, np.ndarray) else np.array([p[1] for p in probabilities])
    differing = (np.abs(score - library) > 1e-5) | (label != (library > 0.5))
    # the converter's faults are counted, and the count is noted
    assert note.startswith(f"{int(differing.sum())} of {len(rows)} rows differ")
    if version == 1:
        assert differing.sum() == 0


def test_artefacts_are_sealed(trained_shop: Shop) -> None:
    import hashlib

    kept = trained_shop.rows(
        "SELECT version, kind, media_type, content, size, digest FROM aops.artifacts ORDER BY 1, 2"
    )
    assert [row[:3] for row in kept] == [
        (1, "onnx", "application/onnx"),
        (1, "skops", "application/vnd.skops"),
        (2, "onnx", "application/onnx"),
        (2, "skops", "application/vnd.skops"),
    ]
    for *_, content, size, digest in kept:
        assert (len(content), hashlib.sha256(bytes(content)).hexdigest()) == (size, digest)


# ── what is noted ──────────────────────────────────────────────────────────────────────────────────────


def test_what_a_version_was_made_from(trained_shop: Shop) -> None:
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=trained_shop.folder, capture_output=True, text=True, check=True
    )
    for version, candidate in CANDIDATES.items():
        [row] = trained_shop.frame(f"FROM aops.model_versions WHERE version = {version}").to_dict("records")
        assert (row["model"], row["estimator"], row["service"]) == ("returns", candidate, "order_features")
        assert row["git_commit"] == head.stdout.strip()
        assert json.loads(row["inputs"]) == INPUTS
        assert json.loads(row["outputs"])[:3] == ["label", "probability_0", "probability_1"]
        libraries = json.loads(row["library_versions"])
        assert libraries.pop("python") == platform.python_version()
        assert libraries == {name: importlib.metadata.version(name) for name in libraries}
        assert {"scikit-learn", "duckdb", "sqlglot", "skl2onnx", "aops-indb"} <= set(libraries)
        [(digest, table, rows)] = trained_shop.rows("SELECT digest, table_name, row_count FROM aops.datasets")
        assert (row["dataset_digest"], row["dataset_name"], rows) == (digest, f"datasets.{table}", 600)
        views = dict(trained_shop.rows("SELECT name, fingerprint FROM aops.definitions"))
        bound = json.loads(row["feature_view_versions"])
        assert len(bound.pop("target of returns")) == 64
        assert bound == {name: views[name] for name in ("customer_orders", "customer_profile", "amount_ratio")}


def test_parameters_are_noted(trained_shop: Shop) -> None:
    for version in CANDIDATES:
        run = f"(SELECT run_id FROM aops.model_versions WHERE version = {version})"
        noted = dict(trained_shop.rows(f"SELECT key, value FROM aops.params WHERE run_id = {run}"))
        given = estimator_of(trained_shop, version).get_params()
        plain = {k: repr(v) for k, v in given.items() if isinstance(v, bool | int | float | str | None)}
        assert noted == plain
        assert len(noted) > 20


def test_the_run_is_noted(trained_shop: Shop) -> None:
    runs = trained_shop.rows("SELECT kind, model, status, finished_at >= started_at FROM aops.runs ORDER BY started_at")
    assert runs == [("train", "returns", "succeeded", True)] * 2
    audit = trained_shop.rows("SELECT name, version FROM aops.audit_log WHERE action = 'register' ORDER BY seq")
    assert audit == [("returns", 1), ("returns", 2)]


def test_the_commit_says_if_files_differ(raw_shop: Shop, shop: Shop) -> None:
    clean = git_commit(shop.folder)
    assert clean is not None
    assert len(clean) == 40
    shop.edit("customer", 'owner="shop"', 'owner="me"')
    assert git_commit(shop.folder) == f"{clean}-dirty"
    assert git_commit(shop.folder.parent) is None


# ── evaluate ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("reference", ["returns:2", "models:/returns/2"])
def test_evaluate_measures_the_same_again(trained_shop: Shop, reference: str) -> None:
    found = trained_shop.project.evaluate(reference)
    assert (found.model, found.version, found.estimator) == ("returns", 2, "boosting")
    noted = trained_shop.rows(
        "SELECT split, key, value FROM aops.metrics JOIN aops.model_versions USING (run_id)"
        " WHERE version = 2 AND key NOT LIKE 'sql%'"
    )
    assert {(split, key): value for split, figures in found.metrics.items() for key, value in figures.items()} == {
        (split, key): value for split, key, value in noted
    }
    assert found.parity.holds
    assert found.parity.rows == found.metrics["test"]["rows"]


OTHER_QUESTIONS = {
    "target": ('target="returned"', 'target="NOT returned"'),
    "population": ("returned IS NOT NULL", "returned IS NOT NULL AND amount > 10"),
}


@pytest.mark.parametrize("edit", OTHER_QUESTIONS)
def test_evaluate_asks_what_was_trained(trained: Shop, edit: str) -> None:
    trained.edit("models/returns", *OTHER_QUESTIONS[edit])
    with pytest.raises(
        RefusedError, match=r"returns:1 was trained for another target or population than 'returns' has"
    ):
        trained.project.evaluate("returns:1")


def test_evaluate_without_its_dataset(trained: Shop) -> None:
    table = trained.one("SELECT table_name FROM aops.datasets")
    trained.execute(f"DROP TABLE datasets.{table}")
    with pytest.raises(
        ModelError, match=rf"returns:1 was trained on datasets.{table}, which is gone: run  aops train returns"
    ):
        trained.project.evaluate("returns")


# ── other libraries' models ────────────────────────────────────────────────────────────────────────────

BOOSTERS = {
    "xgboost": "XGBClassifier(n_estimators=5, max_depth=3, base_score=0.5)",
    "lightgbm": "LGBMClassifier(n_estimators=5, num_leaves=5, min_child_samples=5, verbose=-1)",
    "catboost": "CatBoostClassifier(iterations=5, depth=3, verbose=False, allow_writing_files=False)",
}


@pytest.mark.parametrize("library", BOOSTERS)
def test_boosters_are_trained_promoted_and_scored(applied: Shop, library: str) -> None:
    made = f'__import__("{library}").{BOOSTERS[library]}'
    applied.edit("models/returns", "LogisticRegression())", f"{made})")
    applied.project.apply()
    [version] = applied.project.train("returns", candidate="logistic")
    assert version.parity.labels_differing == 0
    assert version.parity.largest_difference <= 1e-9
    applied.project.promote("returns:1")
    assert applied.project.score("returns").rows == 600
    estimator = estimator_of(applied, 1)
    assert type(estimator[-1]).__module__.split(".")[0] == library
    live = applied.rows("SELECT order_id, probability_1 FROM scores.returns ORDER BY ALL")
    assert live == applied.rows("SELECT order_id, probability_1 FROM scores.returns__batch ORDER BY ALL")
    kept = json.loads(applied.one("SELECT library_versions FROM aops.model_versions"))
    assert any(name.startswith(library) for name in kept)


# ── refusals ───────────────────────────────────────────────────────────────────────────────────────────

LAST = 'return Pipeline([("prepare", prepare), ("classify", LogisticRegression())])'
LINEAR = '__import__("sklearn.linear_model", fromlist=[""])'

# What the model's file says instead of what, the error, and its words.
REFUSED: dict[str, tuple[str, str, type[Exception], str]] = {
    "an estimator that refuses its parameters": (
        "LogisticRegression())", "LogisticRegression(C=-1))",
        ModelError, "candidate 'logistic' cannot be fitted: InvalidParameterError: The 'C' parameter",
    ),
    "a candidate that fails": (
        "def logistic():\n", "def logistic():\n    1 / 0\n",
        ModelError, "candidate 'logistic' cannot be fitted: ZeroDivisionError",
    ),
    "keys that do not tell rows apart": (
        "AS event_timestamp FROM raw.orders", "AS event_timestamp FROM raw.orders, range(2)",
        ModelError, "its spine has more than one row for",
    ),
    "no estimator": (LAST, "return 3", ModelError, "candidate 'logistic' cannot be fitted: AttributeError"),
    "a regressor": (
        "LogisticRegression())", f"{LINEAR}.LinearRegression())",
        ModelError, "it gives prediction, and no probability_1: make it a classifier of two classes",
    ),
    "an estimator without SQL": (
        "LogisticRegression())", "type('Mine', (LogisticRegression,), {})())", UnsupportedModelError, "'classify'",
    ),
    "a target that is always true": ('target="returned"', 'target="TRUE"', ModelError, "not both true and false"),
    "nobody to learn from": ('"returned IS NOT NULL"', '"FALSE"', ModelError, "0 training rows"),
    "rows without a target": (
        '    population="returned IS NOT NULL",\n', "", ModelError, "rows have no target: leave them out",
    ),
    "rows to test on without a target": (
        '"returned IS NOT NULL"', "\"returned IS NOT NULL OR event_timestamp > '2024-06-01'\"",
        ModelError, "rows have no target: leave them out",
    ),
    "nothing to test on": (
        '"returned IS NOT NULL"', "\"returned IS NOT NULL AND event_timestamp < '2024-06-01'\"", ModelError, "no rows",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_model_that_cannot_be_trained(applied: Shop, case: str) -> None:
    old, new, error, words = REFUSED[case]
    assert MODEL.count(old) == 1
    applied.edit("models/returns", old, new)
    applied.project.apply()
    with pytest.raises(error) as caught:
        applied.project.train("returns", candidate="logistic")
    assert words in str(caught.value)
    assert applied.one("SELECT count(*) FROM aops.model_versions") == 0
    # the run that failed is noted with its reason
    [(status, message)] = applied.rows("SELECT status, message FROM aops.runs")
    assert status == "failed"
    assert words in message


def test_a_feature_that_no_model_takes(applied: Shop) -> None:
    applied.edit("customer", 'DType.Float64, expr="credit_cents / 100"', 'DType.UnixTimestamp, expr="valid_from"')
    words = (
        r"model 'returns': feature 'credit' of 'customer_profile' is TIMESTAMP.*make a number of it with an OnDemand"
    )
    with pytest.raises(DefinitionError, match=words):
        applied.project.plan()


def test_a_target_that_is_an_input(applied: Shop) -> None:
    """What is compared with an input may be one itself; a target of inputs alone would be learnt by heart."""
    applied.edit("models/returns", 'target="returned"', 'target="returned AND amount > 5"')
    assert applied.project.plan().changes
    applied.edit("models/returns", 'target="returned AND amount > 5"', 'target="amount > 5"')
    words = r"model 'returns': target .amount > 5. is made from amount, which is an input of service 'order_features'"
    with pytest.raises(DefinitionError, match=words):
        applied.project.plan()


def test_definitions_that_were_not_applied(applied: Shop) -> None:
    applied.edit("customer", 'ttl="60d"', 'ttl="90d"')
    with pytest.raises(RefusedError, match=r"changed since they were applied \(customer_profile\): run  aops apply"):
        applied.project.train("returns")


@pytest.mark.parametrize(
    ("model", "candidate", "told"),
    [
        ("return", None, "unknown model 'return': did you mean 'returns'?"),
        ("returns", "logistc", "unknown candidate of model 'returns' 'logistc': did you mean 'logistic'?"),
        ("", None, "unknown model ''"),
    ],
)
def test_unknown_names(applied_shop: Shop, model: str, candidate: str | None, told: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        applied_shop.project.train(model, candidate=candidate)
    assert str(caught.value).startswith(told)


def test_what_a_library_prints_does_not_get_among_results(applied: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    applied.edit("models/returns", "max_iter=5", "verbose=1, max_iter=5")
    applied.project.apply()
    applied.project.train("returns", candidate="boosting")
    out, err = capsys.readouterr()
    assert out == ""
    assert "Binning" in err
