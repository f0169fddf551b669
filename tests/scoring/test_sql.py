"""The SQL around a model: names, sources, keys, stages."""

from __future__ import annotations

import re
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from aops_indb.scoring import lower, to_sql, translate
from aops_indb.scoring.graph import Forest, Graph, Input, Leaf, Part, Split, Tree, TreeNode
from aops_indb.sqlgen.build import col, lit
from aops_indb.sqlgen.dialects import dialect
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import parse_table

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3))
Y = (X @ [1.0, -2.0, 0.5] + RNG.normal(size=200) > 0).astype(int)

AWKWARD = ['a"b', "select", "two words", "ä€", "x'y", "row_is_refused", "scale__x", "A%s", "x" * 70, "-- no", "a;b"]


def run(query: str, **tables: pd.DataFrame) -> pd.DataFrame:
    """The result of a query over frames given as tables."""
    with duckdb.connect() as connection:
        for name, frame in tables.items():
            connection.register(f"{name}_frame", frame)
            connection.sql(f'CREATE TABLE "{name}" AS SELECT * FROM {name}_frame')
        result: pd.DataFrame = connection.sql(query).df()
    return result


@pytest.mark.parametrize("name", AWKWARD)
def test_any_column_name_will_do(name: str) -> None:
    frame = pd.DataFrame(X, columns=[name, "other", "label_"]).assign(key=range(200))
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame[[name, "other", "label_"]], Y)
    got = run(to_sql(model, source="t", keys=["key", name]), t=frame)
    assert list(got) == ["key", name, "label", "probability_0", "probability_1", "decision"]
    np.testing.assert_allclose(got["probability_1"], model.predict_proba(frame.iloc[:, :3])[:, 1], rtol=1e-9)
    np.testing.assert_array_equal(got[name], frame[name])


def test_names_that_differ_in_case_alone_do_not_collide() -> None:
    """DuckDB ignores case: a table cannot have both columns, but a model's features can."""
    frame = pd.DataFrame(X[:, :2], columns=["Temp", "temp"])
    model = make_pipeline(StandardScaler(), LinearRegression()).fit(frame, Y)
    got = run(to_sql(model, source="t", inputs=["a", "b"]), t=frame.set_axis(["a", "b"], axis=1))
    np.testing.assert_allclose(got["prediction"], model.predict(frame), rtol=1e-9)


def test_classes_that_differ_in_case_alone_get_names_of_their_own() -> None:
    labels = np.where(Y == 1, "Yes", "yes")
    model = LogisticRegression().fit(X, labels)
    got = run(to_sql(model, source="t", inputs=["a", "b", "c"]), t=pd.DataFrame(X, columns=["a", "b", "c"]))
    assert list(got) == ["label", "probability_Yes", "probability_yes_2", "decision"]
    np.testing.assert_array_equal(got["label"], model.predict(X))


SOURCES = {
    "table": ('"t"', 200),
    "schema and table": ("main.t", 200),
    "select": ("SELECT * FROM t", 200),
    "order and limit": ("select key, a, b, c from t order by key desc limit 7", 7),
    "semicolon and comment": ("SELECT * FROM t -- all\n;", 200),
    "with": ("WITH u AS (SELECT * FROM t WHERE key < 3) SELECT * FROM u", 3),
    "parentheses": ("(SELECT * FROM t LIMIT 4)", 4),
    "union": ("SELECT * FROM t UNION ALL SELECT * FROM t", 400),
    "no rows": ("SELECT * FROM t WHERE key < 0", 0),
}


@pytest.mark.parametrize("name", SOURCES)
def test_sources(name: str) -> None:
    source, count = SOURCES[name]
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(key=range(200))
    model = HistGradientBoostingClassifier(max_iter=3).fit(frame[["a", "b", "c"]], Y)
    got = run(to_sql(model, source=source, keys=["key"]), t=frame)
    assert len(got) == count
    wanted = model.predict_proba(frame[["a", "b", "c"]])[got["key"].to_numpy(), 1]
    np.testing.assert_array_equal(got["probability_1"], wanted)


def test_outputs_are_those_asked_for_in_that_order() -> None:
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    model = LogisticRegression().fit(frame, Y)
    got = run(to_sql(model, source="t", outputs=["decision", "label"]), t=frame)
    assert list(got) == ["decision", "label"]
    assert "EXP" not in to_sql(model, source="t", outputs=["decision", "label"])


def test_further_columns_may_use_the_source() -> None:
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    model = LinearRegression().fit(frame, Y)
    extra = {"version": lit(3), "twice": col("a") + col("a")}
    query = lower(translate(model), parse_table("t"), keys=["a"], dialect=dialect("duckdb"), extra=extra)
    got = run(render(query, dialect("duckdb")), t=frame)
    assert list(got) == ["a", "prediction", "version", "twice"]
    np.testing.assert_array_equal(got["twice"], 2 * frame["a"])


def test_columns_of_intermediate_stages_say_which_step_and_feature_they_are() -> None:
    frame = pd.DataFrame(X, columns=["temp", "wind", "c"]).assign(sky=np.where(Y, "clear", "grey"))
    scale = ("scale", make_pipeline(StandardScaler()), ["temp", "wind"])
    model = make_pipeline(ColumnTransformer([scale, ("cat", OneHotEncoder(), ["sky"])]), LinearRegression())
    sql = to_sql(model.fit(frame, Y), source="t")
    assert {'"standardscaler__temp"', '"cat__sky"', '"linearregression__prediction"'} <= set(re.findall('"[^"]*"', sql))


def test_the_comment_before_the_query_cannot_be_left() -> None:
    frame = pd.DataFrame(X, columns=["a\n; DROP TABLE t; --", "b", "c\r\nSELECT"]).assign(key=range(200))
    model = LinearRegression().fit(frame.iloc[:, :3], Y)
    sql = to_sql(model, source="t", inputs=["a", "b", "c"])
    assert len(run(sql, t=frame.set_axis(["a", "b", "c", "key"], axis=1))) == 200
    assert re.sub(r"(?m)^--.*\n", "", sql).startswith("SELECT")


HEAVY: dict[str, Any] = {
    "histogram": HistGradientBoostingClassifier(max_iter=12, random_state=0),
    "forest": RandomForestClassifier(n_estimators=12, max_depth=4, random_state=0),
}


@pytest.mark.parametrize("name", HEAVY)
def test_the_planner_keeps_the_stages(name: str) -> None:
    """A stage merged into the one above it would be computed at every use."""
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    sql = to_sql(HEAVY[name].fit(frame, Y), source="t")
    with duckdb.connect() as connection:
        connection.register("frame", frame)
        connection.sql("CREATE TABLE t AS SELECT * FROM frame")
        plan = connection.sql(f"EXPLAIN (FORMAT json) {sql}").fetchall()[0][1]
    assert plan.count("PROJECTION") >= sql.count("SELECT")


def test_a_tree_far_deeper_than_engines_nest() -> None:
    """A chain of 600 splits, each with the rest of the chain on the side missing does not go to."""
    chain: TreeNode = Leaf((600.0,))
    for level in reversed(range(600)):
        chain = Split(0, float(level), missing_left=True, left=Leaf((float(level),)), right=chain)
    forest = Forest("f", (Input("x", "number"),), (Tree(chain, (0,)),), (0.0,))
    query = lower(Graph(("x",), (("y", Part(forest, 0)),)), parse_table("t"), keys=["x"], dialect=dialect("duckdb"))
    got = run(render(query, dialect("duckdb")), t=pd.DataFrame({"x": [-3.5, 0.0, 0.5, 311.0, 599.5, np.nan]}))
    assert got["y"].tolist() == [0.0, 0.0, 1.0, 311.0, 600.0, 0.0]
