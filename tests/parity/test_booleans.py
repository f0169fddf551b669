"""Columns of booleans that a model takes as numbers."""

from __future__ import annotations

import pandas as pd
import psycopg
import pytest
from sklearn.linear_model import LinearRegression

from aops_indb import to_sql

from .warehouses import WAREHOUSES

FLAGS = [True, False, None]


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_a_source_that_makes_integers_of_them(engine: str) -> None:
    model = LinearRegression().fit(pd.DataFrame({"flag": [0, 1, 1]}), [1.0, 3.0, 3.5])
    source = "SELECT position, CAST(flag AS INTEGER) AS flag FROM rows"
    query = to_sql(model, source=source, keys=["position"], dialect=engine)
    got = WAREHOUSES[engine].run({"flag": FLAGS}, query)
    wanted = model.predict(pd.DataFrame({"flag": [1, 0]})).tolist()
    assert dict(zip(got["position"], got["prediction"], strict=True)) == pytest.approx(
        {**dict(enumerate(wanted)), 2: None}
    )


def test_postgres_casts_none_by_itself() -> None:
    model = LinearRegression().fit(pd.DataFrame({"flag": [0, 1, 1]}), [1.0, 3.0, 3.5])
    with pytest.raises(psycopg.errors.CannotCoerce, match="cannot cast type boolean to double precision"):
        WAREHOUSES["postgres"].run({"flag": FLAGS}, to_sql(model, source="rows", dialect="postgres"))
