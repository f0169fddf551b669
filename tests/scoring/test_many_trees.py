"""More trees than a recursive writer of SQL has room for."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier

from aops_indb.scoring import to_sql


def test_a_thousand_trees() -> None:
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(200, 3)), columns=["a", "b", "c"])
    model = GradientBoostingClassifier(n_estimators=1000, max_depth=2).fit(frame, frame["a"] + frame["b"] > 0)
    text = to_sql(model, source="points", keys=["position"])
    with duckdb.connect() as connection:
        connection.register("points", frame.assign(position=range(200)))
        got = dict(connection.sql(f"SELECT position, probability_True FROM ({text})").fetchall())
    np.testing.assert_allclose([got[row] for row in range(200)], model.predict_proba(frame)[:, 1], rtol=1e-9)
