"""Rows whose neighbours the library picks in an order of its own."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from sklearn.manifold import Isomap
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    KNeighborsTransformer,
    LocalOutlierFactor,
    RadiusNeighborsClassifier,
)

from aops_indb.errors import UnsupportedModelError
from aops_indb.scoring import explain_support, to_sql

PLACES = [[0.0], [2.0], [2.0], [5.0], [9.0]]


def score(model: Any, x: float) -> tuple[Any, ...]:
    """The outputs for one row."""
    sql = to_sql(model, source="rows", inputs=["x"], dialect="duckdb")
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE rows AS SELECT CAST(? AS DOUBLE) AS x", [x])
        row = connection.execute(sql).fetchone()
    assert row is not None
    return tuple(row)


@pytest.mark.parametrize("algorithm", ["kd_tree", "ball_tree", "brute"])
@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_equally_near_rows_of_different_targets_give_no_score(algorithm: Any, weights: Any) -> None:
    options: dict[str, Any] = {"n_neighbors": 2, "algorithm": algorithm, "weights": weights}
    assert score(KNeighborsClassifier(**options).fit(PLACES, [0, 1, 0, 1, 1]), 0.5) == (None, None, None)
    assert score(KNeighborsRegressor(**options).fit(PLACES, [0.0, 1.0, 3.0, 4.0, 5.0]), 0.5) == (None,)


@pytest.mark.parametrize("algorithm", ["kd_tree", "brute"])
def test_they_give_one_where_it_does_not_matter_which_is_taken(algorithm: Any) -> None:
    same_target = KNeighborsClassifier(2, algorithm=algorithm).fit(PLACES, ["b", "a", "a", "b", "b"])
    assert score(same_target, 0.5) == ("a", 0.5, 0.5)
    all_taken = KNeighborsRegressor(3, algorithm=algorithm).fit(PLACES, [0.0, 1.0, 5.0, 4.0, 5.0])
    assert score(all_taken, 0.5) == (2.0,)


def test_the_reason_is_told() -> None:
    model = KNeighborsClassifier(2).fit(PLACES, [0, 1, 0, 1, 1])
    assert any("equally near" in reason for reason in explain_support(model).null_where)


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (KNeighborsClassifier(2, metric="canberra"), "canberra"),
        (KNeighborsClassifier(2, metric=lambda a, b: abs(a - b).sum()), "function of Python"),
        (KNeighborsClassifier(2, weights=lambda d: d + 1.0), "weights"),
        (RadiusNeighborsClassifier(1.0, algorithm="brute", outlier_label="most_frequent"), "outlier_label"),
        (LocalOutlierFactor(2), "novelty"),
        (KNeighborsTransformer(n_neighbors=2, algorithm="brute"), "kd_tree"),
    ],
)
def test_what_cannot_be_had_is_refused_by_name(model: Any, told: str) -> None:
    with pytest.raises(UnsupportedModelError, match=told):
        to_sql(model.fit(PLACES, [0, 1, 0, 1, 1]), source="rows", inputs=["x"])


def test_ways_between_too_many_rows_are_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="500"):
        to_sql(Isomap().fit([[float(i)] for i in range(501)]), source="rows", inputs=["x"])
