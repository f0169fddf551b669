"""METRICS against scikit-learn and plain counting, ties and extremes included."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from aops_indb.engines import engine_for
from aops_indb.monitoring import METRICS, metrics_query
from aops_indb.sqlgen.build import col
from aops_indb.sqlgen.statements import select, table


def lift_by_hand(labels: np.ndarray, scores: np.ndarray) -> float:
    """Walk down the rows; those of one score share what is left of the top tenth."""
    room, found = 0.1 * len(labels), 0.0
    for score in sorted(set(scores), reverse=True):
        group = labels[scores == score]
        taken = min(room, len(group))
        found += group.mean() * taken
        room -= taken
    return float(found / (0.1 * len(labels)) / labels.mean())


def rounded(rng: np.random.Generator, n: int, digits: int) -> np.ndarray:
    return np.round(rng.random(n), digits)


CASES: dict[str, Callable[[np.random.Generator], tuple[Any, Any]]] = {
    "no ties": lambda rng: (rng.integers(0, 2, 997), rng.random(997)),
    "many ties": lambda rng: (rng.integers(0, 2, 1000), rounded(rng, 1000, 1)),
    "all one score": lambda rng: (rng.integers(0, 2, 50), np.full(50, 0.3)),
    "certain": lambda rng: (rng.integers(0, 2, 60), rng.integers(0, 2, 60).astype(float)),
    "rare": lambda rng: ((rng.random(5000) < 0.003).astype(int), rounded(rng, 5000, 3)),
    "good model": lambda rng: (
        np.arange(400) // 200,
        np.clip(np.arange(400) / 400 + rng.normal(0, 0.2, 400), 0, 1),
    ),
}


def measure(labels: object, scores: object) -> dict[str, float]:
    data = pa.table({"label": pa.array(labels, pa.int64()), "score": pa.array(scores, pa.float64())})
    with engine_for("duckdb:///:memory:").session() as session:
        session.register("given", data)
        query = metrics_query(select([col("label"), col("score")], table("given")))
        row: dict[str, float] = session.arrow(query).to_pylist()[0]
        return row


@pytest.mark.parametrize("case", CASES)
def test_metrics_equal_scikit_learn(case: str) -> None:
    labels, scores = CASES[case](np.random.default_rng(7))
    expected = {
        "rows": len(labels),
        "positives": int(labels.sum()),
        "unscored": 0,
        "auc": roc_auc_score(labels, scores),
        "log_loss": log_loss(labels, scores),
        "brier": brier_score_loss(labels, scores),
        "lift_at_10": lift_by_hand(labels, scores),
    }
    assert measure(labels, scores) == pytest.approx(expected, rel=1e-12)
    assert set(METRICS) <= set(expected)


def test_rows_without_a_score_are_counted_and_left_out() -> None:
    measured = measure([0, 1, 1, 0], [0.2, 0.9, None, 0.4])
    assert (measured["rows"], measured["unscored"], measured["auc"]) == (4, 1, 1.0)


def test_one_class_has_no_auc() -> None:
    measured = measure([1, 1], [0.5, 0.25])
    assert measured["auc"] is None
    assert measured["log_loss"] == pytest.approx(-(math.log(0.5) + math.log(0.25)) / 2)
