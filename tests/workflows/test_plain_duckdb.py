"""What is in the warehouse is read by DuckDB's own module, in a process that never heard of aops_indb."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pandas as pd
import pytest

from .oracle import assert_same, expected
from .shop import Shop

# Reads queries as JSON, answers as JSON; whatever time zone it is in.
READER = """
import json, sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    connection.execute("SET TimeZone = 'Pacific/Auckland'")
    answers = [connection.execute(sql).fetchall() for sql in json.load(sys.stdin)]
known = sorted(name for name in sys.modules if name.split(".")[0] in ("aops_indb", "sqlglot", "sklearn"))
print(json.dumps({"answers": answers, "known": known}, default=str))
"""

NOW = pd.Timestamp("2024-07-01", tz="UTC")
VIEW = ["orders_7d", "orders_28d", "mean_amount_28d", "returned_28d"]


def ask(shop: Shop, *queries: str) -> list[list[list[Any]]]:
    command = [sys.executable, "-c", READER, str(shop.warehouse)]
    done = subprocess.run(command, input=json.dumps(queries), capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert answer["known"] == []
    found: list[list[list[Any]]] = answer["answers"]
    return found


def as_of(at: pd.Timestamp, columns: list[str]) -> pd.DataFrame:
    spine = pd.DataFrame({"customer_id": range(1, 41), "event_timestamp": at})
    return expected(spine)[columns].assign(customer_id=spine["customer_id"])


def test_the_view_of_now(applied_shop: Shop) -> None:
    columns = ", ".join(["customer_id", *VIEW])
    [rows] = ask(applied_shop, f"SELECT {columns} FROM features.customer_orders ORDER BY customer_id")
    assert_same(pd.DataFrame(rows, columns=["customer_id", *VIEW]), as_of(NOW, VIEW))


def test_the_view_of_now_with_a_ttl(applied_shop: Shop) -> None:
    [rows] = ask(
        applied_shop, "SELECT customer_id, segment, credit FROM features.customer_profile ORDER BY customer_id"
    )
    wanted = as_of(NOW, ["segment", "credit"])
    assert 5 < wanted["segment"].isna().sum() < 35
    assert_same(pd.DataFrame(rows, columns=["customer_id", "segment", "credit"]), wanted)


@pytest.mark.parametrize("at", ["2024-02-10 07:30:00+00:00", "2024-05-05 00:00:00+00:00"])
def test_as_of_a_time(applied_shop: Shop, at: str) -> None:
    """Of customers who were not known then there is no row."""
    orders, profiles = ask(
        applied_shop,
        f"SELECT customer_id, {', '.join(VIEW)} FROM features.customer_orders__asof('{at}') ORDER BY 1",
        f"SELECT customer_id, segment, credit FROM features.customer_profile__asof(TIMESTAMPTZ '{at}') ORDER BY 1",
    )
    for rows, names in ((orders, VIEW), (profiles, ["segment", "credit"])):
        found = pd.DataFrame(rows, columns=["customer_id", *names])
        wanted = as_of(pd.Timestamp(at), names)
        known = wanted[wanted["customer_id"].isin(found["customer_id"])]
        assert_same(found, known)
        unknown = wanted[~wanted["customer_id"].isin(found["customer_id"])]
        assert unknown[names].fillna(0).isin([0]).all().all()
        assert len(found) > 10


def test_the_history(applied_shop: Shop) -> None:
    """Each row of the history holds at its own time what the features were then."""
    sql = (
        f"SELECT customer_id, epoch_us(event_timestamp), {', '.join(VIEW)} FROM features.customer_orders__history"
        " WHERE customer_id <= 5 ORDER BY 1, 2"
    )
    [rows] = ask(applied_shop, sql)
    found = pd.DataFrame(rows, columns=["customer_id", "event_timestamp", *VIEW])
    found["event_timestamp"] = pd.to_datetime(found["event_timestamp"], unit="us", utc=True)
    assert len(found) > 200
    assert_same(found, expected(found)[VIEW])


def test_descriptions_are_comments(applied_shop: Shop) -> None:
    views, columns = ask(
        applied_shop,
        "SELECT view_name, comment FROM duckdb_views() WHERE schema_name = 'features' ORDER BY 1",
        "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE schema_name = 'features' ORDER BY ALL",
    )
    assert dict(views)["customer_orders"] == "How a customer orders"
    assert dict(views)["customer_profile"] == "What is known of a customer"
    comments = {(table, column): comment for table, column, comment in columns}
    assert {column: text for (table, column), text in comments.items() if table == "customer_orders"} == {
        "customer_id": "Who orders",
        "orders_7d": "Orders, trailing 7d",
        "orders_28d": "Orders, trailing 28d",
        "mean_amount_28d": "Mean amount, trailing 28d",
        "returned_28d": "rate of returned, trailing 28d",
    }
    assert comments["customer_profile", "credit"] == "Credit in euros"
    assert comments["customer_profile__history", "segment"] == "Kind of customer"
    assert comments["customer_profile__history", "event_timestamp"] == "the values hold from this moment"
    assert all(comments.values())


def test_scores_and_metadata(trained_shop: Shop) -> None:
    champion, version, aliases, features = ask(
        trained_shop,
        "SELECT count(*), count(probability_1), min(model_version) FROM scores.returns",
        "SELECT count(*) FROM (FROM scores.returns INTERSECT ALL FROM scores.returns__v1)",
        "SELECT model, alias, version FROM aops.registered_model_aliases",
        "SELECT feature_view, name, dtype FROM aops.features ORDER BY 1, position",
    )
    assert champion == [[600, 600, 1]]
    assert version == [[600]]
    assert aliases == [["returns", "champion", 1]]
    assert features == [
        ["amount_ratio", "amount_ratio", "DOUBLE"],
        ["customer_orders", "orders_7d", "BIGINT"],
        ["customer_orders", "orders_28d", "BIGINT"],
        ["customer_orders", "mean_amount_28d", "DOUBLE"],
        ["customer_orders", "returned_28d", "DOUBLE"],
        ["customer_profile", "segment", "VARCHAR"],
        ["customer_profile", "credit", "DOUBLE"],
    ]


def test_new_data_is_in_the_views_at_once(applied: Shop) -> None:
    applied.execute(
        "INSERT INTO raw.orders SELECT 601, 1, 10, 'web', 'paid', NULL, TIMESTAMPTZ '2024-06-30 23:59:59.999999+00:00'"
    )
    before, after = (
        as_of(NOW, VIEW)["orders_7d"].tolist(),
        [row[0] for row in ask(applied, "SELECT orders_7d FROM features.customer_orders ORDER BY customer_id")[0]],
    )
    assert after == [before[0] + 1, *before[1:]]
