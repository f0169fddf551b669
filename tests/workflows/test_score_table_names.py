"""Columns that score_table tells apart, or refuses to confuse."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from aops_indb import score_table, to_sql
from aops_indb.errors import ModelInputError

from .test_score_table import place
from .visits import Place

__all__ = ["place"]


@pytest.mark.parametrize("executor", ["sql", "library"])
def test_inputs_that_differ_in_case_alone(place: Place, executor: str) -> None:
    """DuckDB would read both from one column; in PostgreSQL they are two."""
    frame = pd.DataFrame({"x": [0.0, 1.0, 0.0], "X": [0.0, 0.0, 1.0]})
    model = LinearRegression().fit(frame, [0.0, 1.0, -10.0])
    asked: dict[str, Any] = {"warehouse": place.given, "target": "scored", "keys": ["id"], "executor": executor}
    if place.name == "duckdb":
        place.rows("CREATE TABLE cased AS SELECT 1 AS id, 0.5::DOUBLE AS x")
        with pytest.raises(ModelInputError, match="inputs 'x' and 'X' differ in case alone, which duckdb does not"):
            score_table(model, source="cased", **asked)
        with pytest.raises(ModelInputError, match="inputs 'x' and 'X' differ in case alone, which duckdb does not"):
            to_sql(model, source="cased", keys=["id"])
        return
    place.rows('CREATE TABLE cased AS SELECT 1 AS id, 2.0 AS x, 3.0 AS "X"')
    assert score_table(model, source="cased", **asked) == 1
    assert place.rows("SELECT prediction FROM scored")[0][0] == pytest.approx(2.0 - 30.0)
