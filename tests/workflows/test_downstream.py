"""What an edit reaches, column by column: services, models with their live versions, scored views, datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .shop import FOLDER, Shop

SERVICES = f"""\
from aops_indb import FeatureService
from {FOLDER}.orders import amount_ratio

few = FeatureService(name="few", features=["customer_orders:orders_7d", "customer_profile:segment"])
ratio = FeatureService(name="ratio", features=[amount_ratio])
credit = FeatureService(name="credit", features=["customer_profile:credit"])
"""
SPINE = "SELECT customer_id, placed_at AS event_timestamp FROM raw.orders"
LIVE = {
    "models": ("returns",),
    "live_versions": ("returns:1 (champion)",),
    "scored_views": ("scores.returns", "scores.returns__v1"),
}
WHOLE = {"feature_services": ("order_features",), **LIVE}
EVERY = {"feature_services": ("few", "order_features", "ratio"), **LIVE}
FILTERED = {"on_demand_features": ("amount_ratio",), **EVERY, "datasets": ("few", "returns")}

# File, what it says, what it says instead -> what is reached, datasets by the names they were kept under.
EDITS: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    # nobody has seen the new column, but a service that lists the whole view becomes another
    "a window more": ("orders", '["7d", "28d"]', '["7d", "14d", "28d"]', WHOLE),
    "a window less": ("orders", '["7d", "28d"]', '["7d"]', {**WHOLE, "datasets": ("returns",)}),
    "one window's offset": ("orders", ', offset="1d"', "", {**WHOLE, "datasets": ("returns",)}),
    "what an on-demand feature is of": (
        "orders", 'column="amount", windows', 'column="amount", where="amount > 1", windows',
        {**EVERY, "on_demand_features": ("amount_ratio",), "feature_services": ("order_features", "ratio"),
         "datasets": ("returns",)},
    ),
    "an on-demand feature": (
        "orders", "amount / mean_amount_28d", "amount - mean_amount_28d",
        {**LIVE, "feature_services": ("order_features", "ratio"), "datasets": ("returns",)},
    ),
    "a filter": ("orders", "status <> 'test'", "status = 'paid'", FILTERED),
    "the second field": (
        "customer", "credit_cents / 100", "credit_cents / 10",
        {**WHOLE, "feature_services": ("credit", "order_features"), "datasets": ("returns",)},
    ),
    # of rows of one moment that with the greatest segment counts, so credit is another, too
    "the first field": (
        "customer", 'DType.String, description="Kind', 'DType.String, expr="upper(segment)", description="Kind',
        {**LIVE, "feature_services": ("credit", "few", "order_features"), "datasets": ("few", "returns")},
    ),
    "a ttl": (
        "customer", 'ttl="60d"', 'ttl="6d"',
        {**LIVE, "feature_services": ("credit", "few", "order_features"), "datasets": ("few", "returns")},
    ),
    "a request column's type": (
        "orders", 'Field(name="amount", dtype=DType.Float64', 'Field(name="amount", dtype=DType.Float32',
        {**LIVE, "on_demand_features": ("amount_ratio",), "feature_services": ("order_features", "ratio"),
         "datasets": ("returns",)},
    ),
    "a service": ("services", '["customer_orders:orders_7d", ', "[", {}),
    "a description": ("customer", "Kind of customer", "Sort of customer", {}),
    "a model": ("models/returns", 'target="returned"', 'target="NOT returned"', {}),
}  # fmt: skip


@pytest.fixture(scope="module")
def kept_shop(trained_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """With two more services, and a dataset of one of them."""
    shop = trained_shop.copy(tmp_path_factory.mktemp("kept") / "shop")
    shop.write(f"{FOLDER}/services.py", SERVICES)
    shop.project.apply()
    shop.project.dataset("few", entity_df=SPINE, features="few")
    return shop


def edited(kept_shop: Shop, tmp_path: Path, edit: str) -> Shop:
    shop = kept_shop.copy(tmp_path / "shop")
    shop.edit(*EDITS[edit][:3])
    return shop


@pytest.mark.parametrize("edit", EDITS)
def test_what_an_edit_reaches(kept_shop: Shop, tmp_path: Path, edit: str) -> None:
    [change] = edited(kept_shop, tmp_path, edit).project.plan().changes
    found = change.downstream.named()
    datasets = tuple(name.removeprefix("datasets.").partition("__")[0] for name in found.get("datasets", ()))
    assert {**found, **({"datasets": datasets} if datasets else {})} == EDITS[edit][3]
    assert change.invalidates == change.downstream.models


QUICK = ("one window's offset", "the second field")
IN_VIEWS = [edit for edit, (file, *_) in EDITS.items() if file in ("orders", "customer")]


@pytest.mark.parametrize("edit", [e if e in QUICK else pytest.param(e, marks=pytest.mark.long) for e in IN_VIEWS])
def test_what_is_not_reached_has_the_values_it_had(kept_shop: Shop, tmp_path: Path, edit: str) -> None:
    """The rows themselves are asked: a service that is not named gives what it gave."""
    shop, reached = edited(kept_shop, tmp_path, edit), EDITS[edit][3].get("feature_services", ())
    shop.project.apply(allow_destructive=[c.name for c in shop.project.plan().changes if c.destructive])
    for service in {"credit", "few", "ratio", "order_features"} - set(reached):
        columns = SPINE if service in ("credit", "few") else SPINE.replace("SELECT", "SELECT amount, channel,")
        before, after = (
            each.project.get_historical_features(columns, service).to_arrow() for each in (kept_shop, shop)
        )
        assert before.equals(after)


def test_a_view_of_a_view_and_a_view_by_another_name_are_reached(kept_shop: Shop, tmp_path: Path) -> None:
    shop = kept_shop.copy(tmp_path / "shop")
    shop.write(
        f"{FOLDER}/further.py",
        f"""\
from aops_indb import Aggregation, FeatureService, FeatureView
from {FOLDER}.customer import customer, customer_profile

further = FeatureView(name="further", entities=[customer], source=customer_profile,
    aggregations=[Aggregation(function="max", column="credit", windows=["28d"])])
giver = customer_profile.with_entity(customer.alias("giver", join_keys=["giver_id"]))
above = FeatureService(name="above", features=["further:max_credit_28d"])
gold = FeatureService(name="gold", features=["giver_customer_profile:segment"])
poor = FeatureService(name="poor", features=["giver_customer_profile:credit"])
""",
    )
    shop.project.apply()
    shop.edit("customer", "credit_cents / 100", "credit_cents / 10")
    [change] = [change for change in shop.project.plan().changes if change.name == "customer_profile"]
    assert change.downstream.feature_services == ("above", "credit", "order_features", "poor")


def test_a_removal_reaches_all_that_was_made_of_it(kept_shop: Shop, tmp_path: Path) -> None:
    shop = kept_shop.copy(tmp_path / "shop")
    shop.write(f"{FOLDER}/services.py", "")
    changes = {change.name: change for change in shop.project.plan().changes}
    assert {name: (change.action, change.effect) for name, change in changes.items()} == {
        "credit": ("remove", "breaking"),
        "few": ("remove", "breaking"),
        "ratio": ("remove", "breaking"),
    }
    assert not any(change.downstream.named() for change in changes.values())


def test_a_source_reaches_every_view_of_it(kept_shop: Shop, tmp_path: Path) -> None:
    shop = kept_shop.copy(tmp_path / "shop")
    shop.edit("orders", 'table="raw.orders"', 'query="SELECT * FROM raw.orders WHERE amount > 0"')
    source, view = shop.project.plan().changes
    assert (source.kind, view.kind) == ("data_source", "feature_view")
    assert source.downstream == view.downstream
    assert {k: v for k, v in view.downstream.named().items() if k != "datasets"} == {
        k: v for k, v in FILTERED.items() if k != "datasets"
    }
