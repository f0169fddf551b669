"""What list, show, history and render know, and say of what they do not."""

from __future__ import annotations

import json

import pytest

from aops_indb import connect
from aops_indb.errors import ModelError, UnknownNameError
from aops_indb.registry import LISTS
from aops_indb.workflows.catalog import describe, history_of, list_kind

from .shop import Shop

# kind -> what the first columns of its rows are, after training.
LISTED: dict[str, list[tuple[object, ...]]] = {
    "entities": [("customer", 1, "Who orders")],
    "sources": [("orders", 1, "Every order"), ("profiles", 1, "What customers say of themselves")],
    "views": [("customer_orders", 1, "How a customer orders"), ("customer_profile", 1, "What is known of a customer")],
    "features": [
        ("amount_ratio", "amount_ratio", "DOUBLE", "Amount over the customer's mean"),
        ("customer_orders", "orders_7d", "BIGINT", "Orders, trailing 7d"),
        ("customer_orders", "orders_28d", "BIGINT", "Orders, trailing 28d"),
        ("customer_orders", "mean_amount_28d", "DOUBLE", "Mean amount, trailing 28d"),
        ("customer_orders", "returned_28d", "DOUBLE", "rate of returned, trailing 28d"),
        ("customer_profile", "segment", "VARCHAR", "Kind of customer"),
        ("customer_profile", "credit", "DOUBLE", "Credit in euros"),
    ],
    "services": [("order_features", 1, "What is known when an order is placed")],
    "models": [("returns", 1, "champion", "logistic"), ("returns", 2, None, "boosting")],
    "datasets": [("returns",)],
    "deployments": [("returns", 1, "champion", "scores.returns")],
    "jobs": [],
}


def test_every_kind_is_expected_here() -> None:
    assert set(LISTED) == set(LISTS)


@pytest.mark.parametrize("kind", LISTED)
def test_lists(trained_shop: Shop, kind: str) -> None:
    found = list_kind(trained_shop.project, kind)
    wanted = LISTED[kind]
    width = len(wanted[0]) if wanted else 0
    assert [row[:width] for row in found.rows] == wanted
    assert found.problems == ()


@pytest.mark.parametrize("kind", LISTED)
def test_lists_of_a_new_project(shop: Shop, kind: str) -> None:
    assert list_kind(shop.project, kind).rows == ()


@pytest.mark.parametrize(("kind", "told"), [("view", "did you mean 'views'?"), ("", "known are 'datasets'")])
def test_an_unknown_kind(applied_shop: Shop, kind: str, told: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        list_kind(applied_shop.project, kind)
    assert told in str(caught.value)


# ── show ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_card_of_a_view(applied_shop: Shop) -> None:
    card = describe(applied_shop.project, "customer_profile")
    assert (card.kind, card.name) == ("feature_view", "customer_profile")
    assert card.facts["description"] == "What is known of a customer"
    assert card.facts["owner"] == "shop"
    assert card.facts["made from"] == "entity customer, data_source profiles"
    assert card.tables["columns"].rows == (
        ("segment", "VARCHAR", "Kind of customer"),
        ("credit", "DOUBLE", "Credit in euros"),
    )


def test_a_card_of_a_model_lists_its_versions(applied_shop: Shop, trained_shop: Shop) -> None:
    before, after = (describe(shop.project, "returns") for shop in (applied_shop, trained_shop))
    assert (before.kind, before.name, before.facts["owner"]) == ("model", "returns", "shop")
    assert before.tables["versions"].rows == ()
    assert [row[:4] for row in after.tables["versions"].rows] == LISTED["models"]


@pytest.mark.parametrize(
    "reference", ["returns:1", "returns@champion", "models:/returns/1", "models:/returns@champion"]
)
def test_a_card_of_a_version(trained_shop: Shop, reference: str) -> None:
    card = describe(trained_shop.project, reference)
    assert (card.kind, card.name) == ("model", "returns:1")
    assert (card.facts["estimator"], card.facts["aliases"], card.facts["service"]) == (
        "logistic", "champion", "order_features",
    )  # fmt: skip
    assert card.facts["git commit"] == trained_shop.one("SELECT git_commit FROM aops.model_versions WHERE version = 1")
    assert {row[0] for row in card.tables["artefacts"].rows} == {"skops", "onnx"}
    metrics = {row[:2]: row[2] for row in card.tables["metrics"].rows}
    assert metrics["test", "auc"] == trained_shop.one(
        "SELECT value FROM aops.metrics JOIN aops.model_versions USING (run_id)"
        " WHERE version = 1 AND key = 'auc' AND split = 'test'"
    )
    assert ("classify__C", "1.0") in card.tables["parameters"].rows


def test_of_two_things_of_one_name_the_view(applied: Shop) -> None:
    applied.edit("customer", 'name="customer_profile"', 'name="customer"')
    applied.project.apply(allow_destructive=["customer_profile"])
    assert describe(applied.project, "customer").kind == "feature_view"


@pytest.mark.parametrize(
    ("name", "error", "told"),
    [
        (
            "custmer_orders",
            UnknownNameError,
            "unknown definition or model 'custmer_orders': did you mean 'customer_orders'",
        ),
        ("returns:3", UnknownNameError, "unknown model version 'returns:3'"),
        ("returns@champoin", UnknownNameError, "did you mean 'champion'?"),
        ("returns@", ModelError, "names no version"),
        ("'; DROP TABLE raw.orders; --", UnknownNameError, "unknown definition or model"),
        ("größe", UnknownNameError, "unknown definition or model 'größe'"),
    ],
)
def test_unknown_names(trained_shop: Shop, name: str, error: type[Exception], told: str) -> None:
    with pytest.raises(error) as caught:
        describe(trained_shop.project, name)
    assert told in str(caught.value)


# ── history ────────────────────────────────────────────────────────────────────────────────────────────


def test_history_newest_first(trained_shop: Shop) -> None:
    found = history_of(trained_shop.project, "returns")
    actions = [(row[2], row[3], row[4]) for row in found.rows]
    assert actions == [
        ("promote", "model", 1),
        ("register", "model", 2),
        ("register", "model", 1),
        ("keep", "dataset", None),
        ("add", "model", 1),
    ]
    assert json.loads(found.as_dicts()[0]["details"])["view"] == "scores.returns"


def test_history_outlives_the_definition(applied: Shop) -> None:
    (applied.folder / "shop_defs" / "models" / "returns.py").unlink()
    applied.project.apply()
    assert [row[2] for row in history_of(applied.project, "returns").rows] == ["remove", "add"]


def test_history_of_an_unknown_name(applied_shop: Shop) -> None:
    with pytest.raises(UnknownNameError, match="unknown name 'return': did you mean 'returns'"):
        history_of(applied_shop.project, "return")


# ── render ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_views_sql_makes_it(applied: Shop) -> None:
    before = applied.objects()
    text = applied.project.render("customer_orders")
    applied.execute("DROP VIEW features.customer_orders; DROP MACRO TABLE features.customer_orders__asof")
    applied.execute(text)
    made = [name for name in before if name.startswith("features.customer_orders")]
    assert len(made) == 3
    assert {name: applied.objects()[name] for name in made} == {name: before[name] for name in made}


def test_a_models_training_set(applied: Shop) -> None:
    kept = applied.project.dataset("returns")
    assert applied.rows(applied.project.render("returns")) == applied.rows(f"FROM {kept.table}")


def test_another_dialect(applied_shop: Shop) -> None:
    text = applied_shop.project.render("customer_profile", dialect="postgres")
    assert "DOUBLE PRECISION" in text
    with pytest.raises(UnknownNameError, match="unknown dialect 'postgre': did you mean 'postgres'"):
        applied_shop.project.render("customer_profile", dialect="postgre")


@pytest.mark.parametrize("name", ["custmer_orders", "customer", "order_features", ""])
def test_what_has_no_sql(applied_shop: Shop, name: str) -> None:
    with pytest.raises(UnknownNameError, match=f"unknown feature view or model '{name}'"):
        applied_shop.project.render(name)


# ── connect ────────────────────────────────────────────────────────────────────────────────────────────


def test_connect_by_project_file_or_url(applied: Shop) -> None:
    for given in (applied.project, applied.folder, str(applied.folder / "aops.toml"), f"duckdb:///{applied.warehouse}"):
        with connect(given) as connection:
            assert connection.sql("SELECT count(*) FROM features.customer_orders").fetchall() == [(40,)]
            assert connection.sql("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]
