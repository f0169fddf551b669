"""score_table on Spark. The tests are run as those of test_spark.py, so that a single process starts Spark."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from aops_indb import score_table
from aops_indb.errors import ArtifactError, QueryError, RefusedError

from .spark import session

KEYS = ["id", "price", "seen at", "took", "tags"]
INPUTS = ["price", "kind", "sure", "size of it"]
VISITS = """\
SELECT id, CAST(id - 20 AS DECIMAL(10, 2)) / 4 AS price, TIMESTAMP'1969-12-31 23:59:59.999999' AS `seen at`,
  INTERVAL '1' HOUR AS took, ARRAY(1, NULL) AS tags, ELT(1 + id % 4, 'new', "o'ld", NULL, 'unseen') AS kind,
  CASE WHEN id % 7 > 0 THEN id % 2 = 0 END AS sure,
  CASE id % 11 WHEN 0 THEN NULL WHEN 1 THEN DOUBLE('NaN') WHEN 2 THEN DOUBLE('inf') ELSE id / 8D END AS `size of it`
FROM range(44)"""


@cache
def visits() -> tuple[Any, Any]:
    """A model, and the rows as its library takes them; it refuses those of unseen kinds and of infinite size."""
    rows = session().sql(VISITS).toPandas()
    numbers = {name: pd.to_numeric(rows[name].astype(object)).astype(float) for name in INPUTS if name != "kind"}
    frame = pd.DataFrame(numbers | {"kind": rows["kind"].astype("str")})[INPUTS]
    known = frame[frame["kind"].isin(["new", "o'ld"]) & (frame["size of it"].abs() < 9)]
    encoded = make_column_transformer((OneHotEncoder(), ["kind"]), remainder=SimpleImputer())
    labels = np.where(known["price"] > 0, "dear", "cheap")
    return make_pipeline(encoded, LogisticRegression()).fit(known, labels), frame


def scored(table: str, **changed: Any) -> int:
    """Score the visits into a table."""
    given: dict[str, Any] = {"warehouse": session(), "source": VISITS, "keys": KEYS, "executor": "library"}
    return score_table(visits()[0], target=table, **(given | changed))


@pytest.fixture
def schema() -> Iterator[str]:
    """A schema that goes with the test."""
    session().sql("CREATE SCHEMA visited")
    yield "visited"
    session().sql("DROP SCHEMA visited CASCADE")


def tables(schema: str) -> list[str]:
    """Those in the schema; temporary views of other tests are in none."""
    shown = session().sql(f"SHOW TABLES IN {schema}").collect()
    return sorted(row.tableName for row in shown if not row.isTemporary)


def comment(table: str) -> str:
    found = session().sql(f"DESCRIBE EXTENDED {table}").collect()
    return next(str(row.data_type) for row in found if row.col_name == "Comment")


def test_tables_of_scores_by_sql_and_by_the_library(schema: str) -> None:
    model, frame = visits()
    for executor in ("library", "sql"):
        assert scored(f"{schema}.by_{executor}", executor=executor) == 44
        assert comment(f"{schema}.by_{executor}").startswith(f"scores of Pipeline by executor '{executor}', aops-indb ")
    by_library, by_sql = (session().table(f"{schema}.by_{name}").orderBy("id") for name in ("library", "sql"))
    assert by_library.schema == by_sql.schema
    source = session().sql(VISITS).orderBy("id")
    assert by_library.select(*[f"`{key}`" for key in KEYS]).collect() == source.select(*KEYS).collect()
    for row, same in zip(by_library.collect(), by_sql.collect(), strict=True):
        wanted: tuple[Any, ...] = (None, None)
        label = None
        with suppress(ValueError):
            wanted = tuple(model.predict_proba(frame.iloc[[row.id]])[0])
            label = model.predict(frame.iloc[[row.id]])[0]
        for got in (row, same):
            assert got.label == label
            scores = (got.probability_cheap, got.probability_dear)
            assert scores == wanted if label is None else scores == pytest.approx(wanted, rel=1e-9)
    assert 10 < by_library.where("label IS NULL").count() < 34


def test_a_table_of_scores_is_filled_again_or_stays(schema: str) -> None:
    table = f"{schema}.scores"
    source = f"""SELECT * FROM ({VISITS}) WHERE kind IN ('new', "o'ld") AND abs(`size of it`) < 9"""
    written = scored(table, source=source, outputs=["probability_dear"], executor="onnx", keys="id")
    by_onnx = {row.id: row.probability_dear for row in session().table(table).collect()}
    assert 0 < len(by_onnx) == written < 44
    model, frame = visits()
    wanted = model.predict_proba(frame.iloc[list(by_onnx)])[:, 1]
    assert list(by_onnx.values()) == pytest.approx(wanted, abs=1e-6)
    # the same columns: filled, also from itself
    assert scored(table, outputs=["probability_dear"], keys="id") == 44
    columns = "s.id, v.price, v.kind, v.sure, v.`size of it`"
    itself = f"SELECT {columns} FROM {table} s JOIN ({VISITS}) v ON s.id = v.id WHERE s.id < 9"
    assert scored(table, source=itself, outputs=["probability_dear"], keys="id") == 9
    assert comment(table).startswith("scores of Pipeline by executor 'library'")
    before = session().table(table).collect()
    with pytest.raises(
        RefusedError, match="has the columns id bigint, probability_dear double, and the scores would be"
    ):
        scored(table)
    failing = f"SELECT *, IF(id = 43, RAISE_ERROR('out of wits'), 'fine') AS note FROM ({VISITS})"
    with pytest.raises(QueryError, match="out of wits"):
        scored(table, source=failing, keys=["id", "note"], replace=True)
    session().sql(f"CREATE VIEW {schema}.seen AS SELECT 1 AS id")
    with pytest.raises(RefusedError, match="is a view"):
        scored(f"{schema}.seen")
    assert session().table(table).collect() == before
    assert tables(schema) == ["scores", "seen"]
    assert scored(table, source=f"SELECT * FROM ({VISITS}) WHERE id < 0", replace=True) == 0
    assert session().table(table).columns == [*KEYS, "label", "probability_cheap", "probability_dear", "decision"]


def test_models_travel_to_workers(schema: str) -> None:
    """As bytes of their own formats: a booster, and a model of someone's own that has none."""
    rows = pd.DataFrame({"a": np.arange(40.0), "b": np.arange(40.0) % 7})
    booster = lightgbm.train(
        {"objective": "regression", "min_data_in_leaf": 3, "verbose": -1}, lightgbm.Dataset(rows, rows["b"]), 5
    )
    forest = xgboost.train({"objective": "reg:squarederror"}, xgboost.DMatrix(rows, rows["b"]), 5)
    said: list[tuple[Any, Any]] = [(booster, booster.predict(rows)), (forest, forest.predict(xgboost.DMatrix(rows)))]
    for model, predicted in said:
        source = "SELECT id, CAST(id AS DOUBLE) AS a, CAST(id % 7 AS DOUBLE) AS b FROM range(40)"
        score_table(model, warehouse=session(), source=source, target=f"{schema}.s", keys=["id"], executor="library")
        got = session().table(f"{schema}.s").orderBy("id").toPandas()["prediction"]
        assert got.tolist() == pytest.approx(predicted.tolist(), rel=1e-12)
    with pytest.raises(ArtifactError, match=r"the model holds objects of .*Own"):
        score_table(
            Own().fit(rows, rows["b"]), warehouse=session(), source=source, target=f"{schema}.s", keys=["id"],
            executor="library",
        )  # fmt: skip


class Own(LinearRegression):  # type: ignore[misc]
    """A model that only this process knows."""
