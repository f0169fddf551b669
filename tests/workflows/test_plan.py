"""What `plan` says of an edit: exactly that change, what it would break, and which models it invalidates."""

from __future__ import annotations

from typing import Any

import pytest

from aops_indb.errors import DefinitionError
from aops_indb.workflows.plan import Change, Plan

from .shop import FOLDER, SETTINGS, Shop

Brief = tuple[str, str, str]


def brief(plan: Plan) -> list[Brief]:
    return [(change.action, change.kind, change.name) for change in plan.changes]


def only(plan: Plan) -> Change:
    assert len(plan.changes) == 1, brief(plan)
    return plan.changes[0]


# ── the whole ──────────────────────────────────────────────────────────────────────────────────────────

EVERYTHING = [
    ("add", "entity", "customer"),
    ("add", "data_source", "orders"),
    ("add", "data_source", "profiles"),
    ("add", "request_source", "order_request"),
    ("add", "feature_view", "customer_orders"),
    ("add", "feature_view", "customer_profile"),
    ("add", "on_demand_feature", "amount_ratio"),
    ("add", "feature_service", "order_features"),
    ("add", "model", "returns"),
]


def test_the_first_plan_lists_everything_and_changes_nothing(shop: Shop) -> None:
    plan = shop.project.plan()
    assert sorted(brief(plan)) == sorted(EVERYTHING)
    assert plan.counts() == {"add": 9}
    # what is made from another thing comes after it
    order = [name for _, _, name in brief(plan)]
    assert order.index("customer") < order.index("customer_orders") < order.index("order_features")
    assert shop.one("SELECT count(*) FROM duckdb_views() WHERE schema_name = 'features'") == 0
    assert shop.one("SELECT count(*) FROM aops.definitions") == 0


def test_a_view_to_be_added_shows_its_columns_and_its_sql(shop: Shop) -> None:
    [view] = [change for change in shop.project.plan().changes if change.name == "customer_orders"]
    assert view.details == ("orders_7d BIGINT", "orders_28d BIGINT", "mean_amount_28d DOUBLE", "returned_28d DOUBLE")
    assert list(view.sql or {}) == ["customer_orders", "customer_orders__history", "customer_orders__asof"]
    found = shop.rows((view.sql or {})["customer_orders"])
    assert len(found) == 40


def test_nothing_to_do_after_apply(shop: Shop) -> None:
    assert shop.project.apply().changes
    plan = shop.project.plan()
    assert (plan.changes, bool(plan), plan.counts()) == ((), False, {})
    assert shop.project.apply().changes == ()


def test_a_project_without_definitions(shop: Shop) -> None:
    shop.write("aops.toml", SETTINGS.replace(f'["{FOLDER}"]', "[]").replace(f'["{FOLDER}/models"]', "[]"))
    assert shop.project.plan().changes == ()
    assert shop.project.apply().changes == ()


# ── one edit ───────────────────────────────────────────────────────────────────────────────────────────

VIEW, SERVICE, MODEL = "feature_view", "feature_service", "model"
SPINE = "SELECT order_id, customer_id, amount, channel, returned, placed_at AS event_timestamp FROM raw.orders"

# File, what it says, what it says instead; the definition that changes, what the plan says of it, whether models
# must learn anew, and what it breaks for readers of the view.
EDITS: dict[str, tuple[str, str, str, str, str, tuple[str, ...], bool, tuple[str, ...]]] = {
    "a window more": (
        "orders", '["7d", "28d"]', '["7d", "14d", "28d"]',
        VIEW, "customer_orders", ('aggregations.orders.windows: ["7d", "28d"] -> ["7d", "14d", "28d"]',), True, (),
    ),
    "a window less": (
        "orders", '["7d", "28d"]', '["28d"]',
        VIEW, "customer_orders", ('aggregations.orders.windows: ["7d", "28d"] -> ["28d"]',), True,
        ("orders_7d is gone",),
    ),
    "a filter": (
        "orders", "status <> 'test'", "status = 'paid'",
        VIEW, "customer_orders", ("filter: \"status <> 'test'\" -> \"status = 'paid'\"",), True, (),
    ),
    "no filter": (
        "orders", "    filter=\"status <> 'test'\",\n", "",
        VIEW, "customer_orders", ("filter: \"status <> 'test'\" -> nothing",), True, (),
    ),
    "an expression": (
        "customer", "credit_cents / 100", "credit_cents / 1000",
        VIEW, "customer_profile", ('schema.credit.expr: "credit_cents / 100" -> "credit_cents / 1000"',), True, (),
    ),
    "a type": (
        "customer", 'DType.Float64, expr="credit', 'DType.Int64, expr="credit',
        VIEW, "customer_profile", ('schema.credit.dtype: "DOUBLE" -> "BIGINT"',), True, ("credit: DOUBLE -> BIGINT",),
    ),
    "a ttl": (
        "customer", 'ttl="60d"', 'ttl="90d"',
        VIEW, "customer_profile", ('ttl: "60 days, 0:00:00" -> "90 days, 0:00:00"',), True, (),
    ),
    "an offset": (
        "orders", ', offset="1d"', "",
        VIEW, "customer_orders", ('aggregations.returned.offset: "1 day, 0:00:00" -> nothing',), True, (),
    ),
    "a view's description": (
        "customer", "What is known of a customer", "Who a customer is",
        VIEW, "customer_profile", ('description: "What is known of a customer" -> "Who a customer is"',), False, (),
    ),
    "a feature's description": (
        "customer", "Kind of customer", "Sort of customer",
        VIEW, "customer_profile", ('schema.segment.description: "Kind of customer" -> "Sort of customer"',), False, (),
    ),
    "an owner": (
        "customer", 'owner="shop"', 'owner="sales"',
        VIEW, "customer_profile", ('owner: "shop" -> "sales"',), False, (),
    ),
    "a tag": (
        "customer", 'owner="shop",', 'owner="shop", tags={"pii": "no"},',
        VIEW, "customer_profile", ('tags: nothing -> {"pii": "no"}',), False, (),
    ),
    "a source's description": (
        "orders", "Every order", "All orders",
        "data_source", "orders", ('description: "Every order" -> "All orders"',), False, (),
    ),
    "an on-demand feature": (
        "orders", "amount / mean_amount_28d", "amount - mean_amount_28d",
        "on_demand_feature", "amount_ratio",
        ('expr: "amount / mean_amount_28d" -> "amount - mean_amount_28d"',), True, (),
    ),
    "a request column": (
        "orders", 'Field(name="channel", dtype=DType.String, description="Where it was placed")',
        'Field(name="channel", dtype=DType.String, description="Where")',
        "request_source", "order_request",
        ('schema.channel.description: "Where it was placed" -> "Where"',), False, (),
    ),
    "a service": (
        "orders", "        amount_ratio,\n", "",
        SERVICE, "order_features",
        (
            'features: …stomer_orders", "customer_profile", "amount_ratio", "order_request:amount", '
            '"order_request:channel"] -> ["customer_orders", "customer_profile", "order_request:amount", '
            '"order_request:channel"]',
        ), True, ("amount_ratio is gone",),
    ),
    "a model's target": (
        "models/returns", 'target="returned"', 'target="NOT returned"',
        MODEL, "returns", ('target: "returned" -> "NOT returned"',), False, (),
    ),
    "a model's period": (
        "models/returns", 'test=Split(start="2024-06-01', 'test=Split(start="2024-06-02',
        MODEL, "returns", ('test.start: "2024-06-01 00:00:00+00:00" -> "2024-06-02 00:00:00+00:00"',), False, (),
    ),
    "the end of a long text": (
        "models/returns", f'{SPINE}"', f'{SPINE} WHERE amount > 0"',
        MODEL, "returns",
        (f'spine: …{SPINE[-99:]}" -> …{SPINE[-82:]} WHERE amount > 0"',), False, (),
    ),
}  # fmt: skip

# Edits of what is only said of something.
ONLY_SAID = {
    "a view's description", "a feature's description", "an owner", "a tag", "a source's description",
    "a request column",
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_shows_exactly_that_change(applied: Shop, edit: str) -> None:
    file, old, new, kind, name, details, invalidates, breaking = EDITS[edit]
    applied.edit(file, old, new)
    change = only(applied.project.plan())
    assert (change.action, change.kind, change.name) == ("change", kind, name)
    assert change.invalidates == (("returns",) if invalidates else ())
    assert change.breaking == breaking
    assert change.details == details
    assert change.effect == ("breaking" if breaking else "metadata-only" if edit in ONLY_SAID else "non-breaking")
    assert change.destructive == (bool(breaking) and kind == VIEW)
    # applied, and there is nothing more to do
    assert applied.project.apply(allow_destructive=[name] if change.destructive else []).changes == (change,)
    assert applied.project.plan().changes == ()


# Edits that change no meaning.
REFORMATTED = {
    "spacing": ("orders", "status <> 'test'", "status   <>\\n   'test'"),
    "a comment in SQL": ("orders", "status <> 'test'", "status <> 'test' -- nobody bought these"),
    "case of keywords": ("models/returns", "SELECT order_id,", "select order_id  ,"),
    "operators": ("orders", "amount / mean_amount_28d", "amount/mean_amount_28d"),
    "order of arguments": ("orders", 'function="count", name="orders"', 'name="orders", function="count"'),
    "another unit": ("customer", 'ttl="60d"', 'ttl="1440h"'),
    "a comment in Python": ("customer", "profiles = DataSource(", "# who they are\n\n\nprofiles = DataSource("),
    "a comment in a candidate": (
        "models/returns", '("scale", StandardScaler())])', '("scale", StandardScaler())]\n    )  # of one size',
    ),
    "a time's spelling": (
        "models/returns", 'train=Split(start="2024-01-01T00:00:00Z"', 'train=Split(start="2024-01-01 01:00:00+01:00"',
    ),
}  # fmt: skip


@pytest.mark.parametrize("edit", REFORMATTED)
def test_a_reformatted_definition_is_no_change(applied: Shop, edit: str) -> None:
    applied.edit(*REFORMATTED[edit])
    assert brief(applied.project.plan()) == []


def test_a_definition_that_moves_to_another_file_is_no_change(applied: Shop) -> None:
    text = (applied.folder / FOLDER / "customer.py").read_text(encoding="utf-8")
    applied.write(f"{FOLDER}/people.py", text)
    applied.write(f"{FOLDER}/customer.py", f"from {FOLDER}.people import customer, customer_profile\n")
    assert brief(applied.project.plan()) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [("max_iter=5", "max_iter=6"), ('CATEGORIES = ["segment", "channel"]', 'CATEGORIES = ["channel", "segment"]')],
    ids=["its code", "a constant that it uses"],
)
def test_a_candidate_that_computes_another_thing_is_a_change(applied: Shop, old: str, new: str) -> None:
    applied.edit("models/returns", old, new)
    change = only(applied.project.plan())
    assert (change.kind, change.name) == (MODEL, "returns")
    assert all(line.startswith(("candidates.boosting: ", "candidates.logistic: ")) for line in change.details)


def test_a_candidate_may_be_any_callable(applied: Shop) -> None:
    """Each with a name that does not change from process to process."""
    applied.edit("models/returns", "from aops_indb", "from functools import partial\n\nfrom aops_indb")
    applied.edit(
        "models/returns",
        '"boosting": boosting}',
        '"boosting": partial(boosting), "given": partial(dict, C=1.0), "short": lambda: boosting(), "type": dict}',
    )
    assert only(applied.project.plan()).name == "returns"
    applied.project.apply()
    assert applied.project.plan().changes == ()
    applied.edit("models/returns", "C=1.0", "C=2.0")
    assert only(applied.project.plan()).details[0].startswith("candidates.given: ")


def test_a_source_changes_what_is_made_from_it(applied: Shop) -> None:
    applied.edit("orders", 'table="raw.orders"', 'query="SELECT * FROM raw.orders WHERE amount > 0"')
    source, view = applied.project.plan().changes
    assert (source.kind, source.details) == (
        "data_source",
        (
            'table: "raw.orders" -> nothing',
            'query: nothing -> "SELECT * FROM raw.orders WHERE amount > 0"',
        ),
    )
    assert (view.kind, view.name) == (VIEW, "customer_orders")
    assert view.details == ("what it is made from, and so the SQL it compiles to",)
    assert source.invalidates == view.invalidates == ("returns",)


def test_an_entitys_description_is_a_comment_on_the_views_keys(applied: Shop) -> None:
    applied.edit("customer", 'description="Who orders"', 'description="Whoever orders"')
    changes = applied.project.plan().changes
    assert sorted(brief(applied.project.plan())) == [
        ("change", "entity", "customer"),
        ("change", VIEW, "customer_orders"),
        ("change", VIEW, "customer_profile"),
    ]
    assert all(change.details[0].endswith('"Who orders" -> "Whoever orders"') for change in changes)
    assert {change.effect for change in changes} == {"metadata-only"}
    assert not any(change.invalidates for change in changes)
    applied.project.apply()
    comments = applied.rows(
        "SELECT DISTINCT comment FROM duckdb_columns() WHERE column_name = 'customer_id' AND comment IS NOT NULL"
    )
    assert comments == [("Whoever orders",)]


def test_another_now_makes_the_views_anew_and_invalidates_no_model(applied: Shop) -> None:
    applied.write("aops.toml", SETTINGS.replace("now = 2024-07-01", "now = 2024-06-01"))
    changes = applied.project.plan().changes
    assert {(change.action, change.kind) for change in changes} == {("change", VIEW)}
    assert not any(change.invalidates for change in changes)


def test_a_column_of_the_source_that_nobody_uses_is_no_change(applied: Shop) -> None:
    applied.execute("ALTER TABLE raw.orders ADD COLUMN voucher VARCHAR")
    assert brief(applied.project.plan()) == []


def test_two_edits_are_two_changes(applied: Shop) -> None:
    applied.edit("customer", 'ttl="60d"', 'ttl="30d"')
    applied.edit("orders", '["7d", "28d"]', '["28d"]')
    plan = applied.project.plan()
    assert sorted(brief(plan)) == [("change", VIEW, "customer_orders"), ("change", VIEW, "customer_profile")]
    assert plan.counts() == {"change": 2}


def test_a_new_view_is_an_addition(applied: Shop) -> None:
    applied.edit(
        "customer",
        "customer_profile = FeatureView(",
        'more = FeatureView(name="more", entities=[customer], source=profiles,'
        ' schema=[Field(name="segment", dtype=DType.String)])\n\ncustomer_profile = FeatureView(',
    )
    change = only(applied.project.plan())
    assert (change.action, change.name, change.details, change.invalidates) == ("add", "more", ("segment VARCHAR",), ())


# ── what is gone ───────────────────────────────────────────────────────────────────────────────────────

GONE = {
    "DROP VIEW features.customer_profile": "customer_profile",
    "DROP VIEW features.customer_profile__history": "customer_profile__history",
    "DROP MACRO TABLE features.customer_profile__asof": "customer_profile__asof",
}


@pytest.mark.parametrize("statement", GONE)
def test_what_was_dropped_by_hand_is_restored(applied: Shop, statement: str) -> None:
    before = applied.objects()
    applied.execute(statement)
    change = only(applied.project.plan())
    assert (change.action, change.kind, change.name) == ("restore", VIEW, "customer_profile")
    assert (change.details, change.invalidates) == ((f"features.{GONE[statement]} is gone",), ())
    applied.project.apply()
    assert applied.project.plan().changes == ()
    views = {name: sql for name, sql in applied.objects().items() if name.startswith("features.")}
    assert views == {name: sql for name, sql in before.items() if name.startswith("features.")}


def test_a_schema_that_was_dropped_by_hand_is_restored(applied: Shop) -> None:
    applied.execute("DROP SCHEMA features CASCADE")
    assert applied.project.plan().counts() == {"restore": 2}
    applied.project.apply()
    assert applied.one("SELECT count(*) FROM features.customer_orders") == 40


def test_a_removed_model_invalidates_nothing_and_destroys_nothing(applied: Shop) -> None:
    (applied.folder / FOLDER / "models" / "returns.py").unlink()
    change = only(applied.project.plan())
    assert (change.action, change.kind, change.name, change.destructive) == ("remove", MODEL, "returns", False)
    applied.project.apply()
    assert applied.project.plan().changes == ()


def test_a_removed_view_names_the_models_that_saw_it(applied: Shop) -> None:
    applied.edit("orders", "        customer_profile,\n", "")
    applied.edit("orders", "import customer, customer_profile", "import customer")
    text = (applied.folder / FOLDER / "customer.py").read_text(encoding="utf-8")
    applied.write(f"{FOLDER}/customer.py", text[: text.index("customer_profile = ")])
    applied.edit("models/returns", '["segment", "channel"]', '["channel"]')
    changes: dict[str, Any] = {change.name: change for change in applied.project.plan().changes}
    assert set(changes) == {"order_features", "customer_profile", "returns"}
    assert changes["customer_profile"].action == "remove"
    assert changes["customer_profile"].destructive
    assert changes["customer_profile"].invalidates == ("returns",)


# ── from Python ────────────────────────────────────────────────────────────────────────────────────────


def test_a_plan_does_not_hide_what_is_wrong(applied: Shop) -> None:
    applied.edit("customer", 'ttl="60d"', 'ttl="sixty days"')
    with pytest.raises(DefinitionError, match=r"customer.py:13: FeatureView 'customer_profile': ttl"):
        applied.project.plan()
