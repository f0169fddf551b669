"""A small shop as a project on disk: 40 customers, 600 orders, two feature views, one model."""

from __future__ import annotations

import datetime as dt
import random
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from aops_indb import Project

FOLDER = "shop_defs"

SETTINGS = f"""\
[warehouse]
url = "duckdb:///shop.duckdb"
wait = 1

[definitions]
features = ["{FOLDER}"]
models = ["{FOLDER}/models"]

[time]
now = 2024-07-01T00:00:00Z
"""

CUSTOMER = """\
from aops_indb import DataSource, DType, Entity, FeatureView, Field

customer = Entity(name="customer", join_keys=["customer_id"], description="Who orders")

profiles = DataSource(
    name="profiles",
    table="raw.profiles",
    timestamp_field="valid_from",
    created_timestamp_column="written_at",
    description="What customers say of themselves",
)

customer_profile = FeatureView(
    name="customer_profile",
    description="What is known of a customer",
    owner="shop",
    entities=[customer],
    source=profiles,
    ttl="60d",
    schema=[
        Field(name="segment", dtype=DType.String, description="Kind of customer"),
        Field(name="credit", dtype=DType.Float64, expr="credit_cents / 100", description="Credit in euros"),
    ],
)
"""

ORDERS = f"""\
from aops_indb import Aggregation, DataSource, DType, FeatureService, FeatureView, Field, OnDemandFeature, RequestSource
from {FOLDER}.customer import customer, customer_profile

orders = DataSource(name="orders", table="raw.orders", timestamp_field="placed_at", description="Every order")

customer_orders = FeatureView(
    name="customer_orders",
    description="How a customer orders",
    entities=[customer], materialization={{"lookback": "1d"}},
    source=orders,
    filter="status <> 'test'",
    aggregations=[
        Aggregation(function="count", name="orders", windows=["7d", "28d"], description="Orders"),
        Aggregation(function="mean", column="amount", windows=["28d"], description="Mean amount"),
        Aggregation(function="rate", expr="returned", name="returned", windows=["28d"], offset="1d"),
    ],
)

order_request = RequestSource(
    name="order_request",
    schema=[
        Field(name="amount", dtype=DType.Float64, description="Amount of this order"),
        Field(name="channel", dtype=DType.String, description="Where it was placed"),
    ],
)

amount_ratio = OnDemandFeature(
    name="amount_ratio",
    dtype=DType.Float64,
    inputs=["order_request:amount", "customer_orders:mean_amount_28d"],
    expr="amount / mean_amount_28d",
    description="Amount over the customer's mean",
)

order_features = FeatureService(
    name="order_features",
    description="What is known when an order is placed",
    features=[
        customer_orders,
        customer_profile,
        amount_ratio,
        "order_request:amount",
        "order_request:channel",
    ],
)
"""

MODEL = f"""\
from aops_indb import Model, Split
from {FOLDER}.orders import order_features

CATEGORIES = ["segment", "channel"]


def logistic():
    from sklearn.compose import ColumnTransformer, make_column_selector
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = Pipeline([("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    prepare = ColumnTransformer(
        [
            ("numbers", numbers, make_column_selector(dtype_include="number")),
            ("categories", OneHotEncoder(handle_unknown="ignore"), CATEGORIES),
        ]
    )
    return Pipeline([("prepare", prepare), ("classify", LogisticRegression())])


def boosting():
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OrdinalEncoder

    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    prepare = ColumnTransformer([("categories", codes, CATEGORIES)], remainder="passthrough")
    classify = HistGradientBoostingClassifier(max_iter=5, max_leaf_nodes=5, early_stopping=False, random_state=0)
    return Pipeline([("prepare", prepare), ("classify", classify)])


returns = Model(
    name="returns",
    description="Probability that an order comes back",
    owner="shop",
    service=order_features,
    spine="SELECT order_id, customer_id, amount, channel, returned, placed_at AS event_timestamp FROM raw.orders",
    keys=["order_id", "customer_id"],
    target="returned",
    population="returned IS NOT NULL",
    candidates={{"logistic": logistic, "boosting": boosting}},
    train=Split(start="2024-01-01T00:00:00Z", end="2024-05-01T00:00:00Z"),
    validation=Split(start="2024-05-01T00:00:00Z", end="2024-06-01T00:00:00Z"),
    test=Split(start="2024-06-01T00:00:00Z", end="2024-07-01T00:00:00Z"),
)
"""

FILES = {
    "aops.toml": SETTINGS,
    f"{FOLDER}/customer.py": CUSTOMER,
    f"{FOLDER}/orders.py": ORDERS,
    f"{FOLDER}/models/returns.py": MODEL,
}

START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
MINUTES = 182 * 24 * 60  # to the end of June


@dataclass(frozen=True)
class Shop:
    """A project's folder. Reads and writes its warehouse with DuckDB's own module."""

    folder: Path

    @property
    def warehouse(self) -> Path:
        return self.folder / "shop.duckdb"

    @property
    def project(self) -> Project:
        """Loaded anew from its files."""
        return Project.load(self.folder)

    def write(self, file: str, text: str) -> None:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace the one place where a definition file says `old`."""
        file = f"{FOLDER}/{name}.py"
        text = (self.folder / file).read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise ValueError(f"{file} says {old!r} {text.count(old)} times")
        self.write(file, text.replace(old, new))

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with duckdb.connect(self.warehouse, read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.reading() as connection:
            return connection.execute(sql).fetchall()

    def one(self, sql: str) -> Any:
        [[value]] = self.rows(sql)
        return value

    def frame(self, sql: str) -> pd.DataFrame:
        with self.reading() as connection:
            found: pd.DataFrame = connection.sql(sql).to_arrow_table().to_pandas()
            return found

    def execute(self, sql: str) -> None:
        """Change the warehouse behind the project's back."""
        with duckdb.connect(self.warehouse) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(sql)

    def objects(self) -> dict[str, Any]:
        """Everything outside raw that the warehouse holds: what views and macros stand for, and tables' rows."""
        with self.reading() as connection:
            made = connection.execute(
                "SELECT schema_name || '.' || view_name, sql FROM duckdb_views() WHERE NOT internal"
                " UNION ALL SELECT schema_name || '.' || function_name, macro_definition FROM duckdb_functions()"
                " WHERE NOT internal AND database_name = current_database()"
            ).fetchall()
            tables = connection.execute(
                "SELECT concat(schema_name, '.', table_name) FROM duckdb_tables() WHERE schema_name <> 'raw'"
            ).fetchall()
            rows = [(name, connection.execute(f"FROM {name} ORDER BY ALL").fetchall()) for (name,) in tables]
        return dict([*made, *rows])

    def copy(self, folder: Path) -> Shop:
        shutil.copytree(self.folder, folder)
        return Shop(folder)


def make_shop(folder: Path, files: Mapping[str, str] = FILES) -> Shop:
    """The project and its raw tables; nothing is applied."""
    shop = Shop(folder)
    for name, text in files.items():
        shop.write(name, text)
    with duckdb.connect(shop.warehouse) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE SCHEMA raw")
        for name, rows in {"profiles": profile_rows(), "orders": order_rows()}.items():
            connection.register("given", rows)
            connection.execute(f"CREATE TABLE raw.{name} AS FROM given")
    return shop


@cache
def profile_rows() -> pd.DataFrame:
    """Up to four profiles a customer, written some hours after they hold."""
    draw = random.Random(1)
    rows = []
    for customer in range(1, 41):
        for _ in range(draw.randint(1, 4)):
            since = START + dt.timedelta(minutes=draw.randrange(MINUTES))
            written = since + dt.timedelta(minutes=draw.randrange(600))
            segment = draw.choice(["new", "regular", "gold"])
            rows.append((customer, segment, draw.randrange(0, 200_000), since, written))
    frame = pd.DataFrame(rows, columns=["customer_id", "segment", "credit_cents", "valid_from", "written_at"])
    return frame.astype({"valid_from": "datetime64[us, UTC]", "written_at": "datetime64[us, UTC]"})


@cache
def order_rows() -> pd.DataFrame:
    """Orders of half a year; large ones from the web come back more often. Some are undecided: returned is NULL."""
    draw = random.Random(2)
    rows = []
    for order in range(1, 601):
        amount = None if draw.random() < 0.03 else round(draw.lognormvariate(3.5, 0.7), 2)
        channel = draw.choice(["web", "web", "app", "store", None])
        likely = 0.15 + 0.35 * (channel == "web") + 0.35 * ((amount or 0) > 40)
        returned = None if draw.random() < 0.05 else draw.random() < likely
        placed = START + dt.timedelta(minutes=draw.randrange(MINUTES))
        status = "test" if draw.random() < 0.05 else "paid"
        rows.append((order, draw.randint(1, 40), amount, channel, status, returned, placed))
    columns = ["order_id", "customer_id", "amount", "channel", "status", "returned", "placed_at"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({"returned": "boolean", "placed_at": "datetime64[us, UTC]"})
