"""Look-ups of categories: a CASE for a few, a relation that rows are joined to for many."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

from aops_indb import to_sql
from aops_indb.scoring.category_tables import MOST_CATEGORIES, MOST_VALUES


def names(count: int) -> pd.DataFrame:
    """Names that differ by upper and lower case alone, two by two."""
    texts = [f"name {i // 2:03d}".upper() if i % 2 else f"name {i // 2:03d}" for i in range(count)]
    return pd.DataFrame({"name": pd.array(texts, dtype="str")})


def encoder(count: int) -> OrdinalEncoder:
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit(names(count))


def scored(sql: str, rows: pd.DataFrame, setting: str = "") -> dict[str, list[Any]]:
    with duckdb.connect() as connection:
        connection.register("given", rows)
        connection.execute("CREATE TABLE rows AS SELECT row_number() OVER () AS id, * FROM given")
        connection.execute(setting)
        found: dict[str, list[Any]] = connection.sql(f"SELECT * FROM ({sql}) ORDER BY id").to_arrow_table().to_pydict()
    return found


@pytest.mark.parametrize(("count", "joined"), [(MOST_VALUES, False), (MOST_VALUES + 1, True)])
def test_many_are_a_relation(count: int, joined: bool) -> None:
    assert ("LEFT JOIN" in to_sql(encoder(count), source="rows")) is joined


@pytest.mark.parametrize("setting", ["", "SET default_collation = 'nocase'"])
def test_one_row_out_for_each_row_in(setting: str) -> None:
    model = encoder(100)
    rows = pd.concat([names(100), names(100), pd.DataFrame({"name": ["unknown", "", None]})])
    found = scored(to_sql(model, source="rows", keys=["id"]), rows, setting)
    assert found["id"] == list(range(1, 204))
    np.testing.assert_array_equal(found["name"][:-1], model.transform(rows)[:-1, 0])
    assert np.isnan(model.transform(rows)[-1, 0]) == (found["name"][-1] is None)


def test_a_category_named_as_the_relation() -> None:
    """Names of the source's own that the relation's would be."""
    rows = names(100)
    rows["name__categories"] = rows["name"]
    model = TargetEncoder(cv=2).fit(rows, np.arange(100) % 7 * 1.5)
    sql = to_sql(model, source='SELECT * FROM rows AS "name__categories"', keys=["id"])
    np.testing.assert_allclose(scored(sql, rows)["name"], model.transform(rows)[:, 0], rtol=1e-12)


def one_hot(count: int, **settings: Any) -> Any:
    rows = names(count).assign(size=np.arange(count) % 5)
    encode = ColumnTransformer([("encode", OneHotEncoder(**settings), ["name"])], remainder="passthrough")
    return make_pipeline(encode, LinearRegression()).fit(rows, np.arange(count) % 11), rows


def test_a_linear_model_asks_for_a_category_once() -> None:
    model, rows = one_hot(8, handle_unknown="ignore")
    sql = to_sql(model, source="rows", keys=["id"])
    assert sql.count("= 'name 001'") == 1
    rows = pd.concat([rows, pd.DataFrame({"name": ["unknown", None], "size": [1, 2]})])
    np.testing.assert_allclose(scored(sql, rows)["prediction"], model.predict(rows), rtol=1e-12)


def test_an_unknown_category_is_refused_by_the_relation() -> None:
    model, rows = one_hot(MOST_CATEGORIES + 1)
    sql = to_sql(model, source="rows", keys=["id"])
    assert sql.count("LEFT JOIN") == 1
    found = scored(sql, pd.concat([rows, pd.DataFrame({"name": ["unknown"], "size": [1]})]))["prediction"]
    np.testing.assert_allclose(found[:-1], model.predict(rows), rtol=1e-12)
    assert found[-1] is None
