"""What list, show, history and render know, and say of what they do not."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from typing import Any
from unittest.mock import ANY

import pytest

from aops_indb import connect
from aops_indb.cli import main
from aops_indb.cli.output import to_json
from aops_indb.errors import AopsError, ModelError, UnknownNameError
from aops_indb.registry import LISTS
from aops_indb.workflows.catalog import list_kind
from aops_indb.workflows.history import history_of
from aops_indb.workflows.show import SETTINGS, TABLES, describe

from .shop import FOLDER, Shop
from .test_apply import remove_profile
from .test_killed import kill, start, until

# kind -> what the first columns of its rows are, after training.
LISTED: dict[str, list[tuple[object, ...]]] = {
    "entities": [("customer", 1, "Who orders")],
    "sources": [("orders", 1, "Every order"), ("profiles", 1, "What customers say of themselves")],
    "views": [("customer_orders", 1, "How a customer orders"), ("customer_profile", 1, "What is known of a customer")],
    "aliases": [],
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
    "runs": [
        (ANY, "returns", "boosting", 2, "succeeded"),
        (ANY, "returns", "logistic", 1, "succeeded"),
    ],
    "checks": [],
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


@pytest.mark.parametrize(("kind", "told"), [("view", "did you mean 'views'?"), ("", "known are 'aliases'")])
def test_an_unknown_kind(applied_shop: Shop, kind: str, told: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        list_kind(applied_shop.project, kind)
    assert told in str(caught.value)


# ── runs ───────────────────────────────────────────────────────────────────────────────────────────────

# Beside `logistic`: fails before it is fitted; tells that it began, and then takes its time.
FAILING = 'def broken():\n    raise ValueError("no: not today")\n\n\ndef logistic():'
ENDLESS = """\
def endless():
    import pathlib
    import time

    pathlib.Path({began!r}).touch()
    time.sleep(600)


def logistic():"""


def with_candidate(shop: Shop, name: str, text: str) -> None:
    """Another candidate of the model, applied."""
    shop.edit("models/returns", "def logistic():", text)
    shop.edit("models/returns", '"logistic": logistic', f'"logistic": logistic, "{name}": {name}')
    shop.project.apply()


def runs(shop: Shop) -> list[dict[str, Any]]:
    found = list_kind(shop.project, "runs")
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def test_figures_of_a_run(trained_shop: Shop) -> None:
    told = {run["version"]: run for run in runs(trained_shop)}
    for version, run in told.items():
        [(run_id, seconds)] = trained_shop.rows(
            "SELECT run_id, date_diff('microsecond', started_at, finished_at) / 1e6 FROM aops.runs"
            f" JOIN aops.model_versions USING (run_id) WHERE version = {version}"
        )
        assert (run["run_id"], run["seconds"]) == (run_id, pytest.approx(seconds))
        figures = dict(
            trained_shop.rows(f"SELECT key, value FROM aops.metrics WHERE run_id = '{run_id}' AND split = 'test'")
        )
        assert (run["test_auc"], run["test_log_loss"]) == (figures["auc"], figures["log_loss"])
    assert len(told) == 2


def test_a_run_that_failed(applied: Shop) -> None:
    with_candidate(applied, "broken", FAILING)
    with pytest.raises(ModelError):
        applied.project.train("returns", candidate="broken")
    [run] = runs(applied)
    assert (run["candidate"], run["version"], run["status"]) == ("broken", None, "failed")
    assert run["message"].endswith("ValueError: no: not today")
    assert (run["seconds"] > 0, run["test_auc"]) == (True, None)


def test_a_training_that_is_killed_is_marked_by_the_next(applied: Shop) -> None:
    began = applied.folder / "began"
    with_candidate(applied, "endless", ENDLESS.format(began=str(began)))
    process = start(applied, "train", "returns", "--candidate", "endless")
    until(began.exists, process)
    # while it lives it is left alone, whoever trains
    applied.project.train("returns", candidate="logistic")
    noted = "SELECT status, candidate, pid, host, finished_at IS NULL FROM aops.runs ORDER BY started_at DESC"
    assert applied.rows(noted) == [
        ("succeeded", "logistic", os.getpid(), socket.gethostname(), False),
        ("running", "endless", process.pid, socket.gethostname(), True),
    ]
    kill(process)
    applied.project.train("returns", candidate="logistic")
    assert applied.rows("SELECT status, message FROM aops.runs ORDER BY started_at DESC OFFSET 2") == [
        ("interrupted", "its process ended without a word")
    ]
    assert applied.one("SELECT count(*) FROM aops.runs WHERE status = 'interrupted' AND finished_at > started_at") == 1
    assert [(run["status"], run["seconds"] is None) for run in runs(applied)] == [
        ("succeeded", False), ("succeeded", False), ("interrupted", True),
    ]  # fmt: skip


# ── show ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_card_of_a_view(applied_shop: Shop) -> None:
    card = describe(applied_shop.project, "customer_profile")
    assert (card.kind, card.name) == ("feature_view", "customer_profile")
    assert card.facts["description"] == "What is known of a customer"
    assert card.facts["owner"] == "shop"
    assert card.facts["made_from"] == ["entity customer", "data_source profiles"]
    assert card.tables["columns"].rows == (
        ("segment", "VARCHAR", "Kind of customer", "segment"),
        ("credit", "DOUBLE", "Credit in euros", "credit_cents / 100"),
    )


USED_BY_ORDERS = ["on_demand_feature amount_ratio", "feature_service order_features", "model returns"]

# name -> kind of its card, and facts as the definition files say them.
TOLD: dict[str, tuple[str, dict[str, object]]] = {
    "profiles": ("data_source", {
        "table": "raw.profiles", "timestamp_field": "valid_from", "created_timestamp_column": "written_at",
        "used_by": ["feature_view customer_profile", "feature_service order_features", "model returns"],
    }),
    "customer": ("entity", {"join_keys": ["customer_id"], "description": "Who orders"}),
    "order_request": ("request_source", {"used_by": USED_BY_ORDERS}),
    "customer_profile": ("feature_view", {
        "entities": ["customer"], "join_keys": ["customer_id"], "source": "profiles", "ttl": "60 days",
        "used_by": ["feature_service order_features", "model returns"],
    }),
    "customer_orders": ("feature_view", {"filter": "status <> 'test'", "used_by": USED_BY_ORDERS}),
    "amount_ratio": ("on_demand_feature", {
        "dtype": "DOUBLE", "expr": "amount / mean_amount_28d",
        "inputs": ["order_request:amount", "customer_orders:mean_amount_28d"],
        "made_from": ["request_source order_request", "feature_view customer_orders"],
    }),
    "order_features": ("feature_service", {"used_by": ["model returns"]}),
    "returns": ("model", {
        "service": "order_features", "keys": ["order_id", "customer_id"], "target": "returned",
        "candidates": ["logistic", "boosting"],
        "train": {"start": "2024-01-01 00:00:00+00:00", "end": "2024-05-01 00:00:00+00:00"},
    }),
    "customer_profile:credit": ("feature", {
        "feature_view": "customer_profile", "dtype": "DOUBLE", "computed_as": "credit_cents / 100", "ttl": "60 days",
        "join_keys": ["customer_id"], "table": "raw.profiles", "timestamp_field": "valid_from",
    }),
    "customer_orders:orders_7d": ("feature", {
        "dtype": "BIGINT", "computed_as": "count of rows, trailing 7d", "filter": "status <> 'test'",
        "used_by": ["feature_service order_features", "model returns"],
    }),
    "customer_orders:mean_amount_28d": ("feature", {
        "computed_as": "mean of amount, trailing 28d", "used_by": USED_BY_ORDERS,
    }),
    "customer_orders:returned_28d": ("feature", {"computed_as": "rate of returned, trailing 28d, until 1 day before"}),
    "order_request:channel": ("feature", {
        "request_source": "order_request", "dtype": "VARCHAR", "computed_as": "given by the spine",
    }),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_a_card_says_what_the_definition_says(applied_shop: Shop, name: str) -> None:
    kind, facts = TOLD[name]
    card = describe(applied_shop.project, name)
    assert (card.kind, card.name) == (kind, name)
    assert {key: card.facts.get(key) for key in facts} == facts


def test_every_kind_of_definition_has_a_card(applied_shop: Shop) -> None:
    kinds = {kind for (kind,) in applied_shop.rows("SELECT DISTINCT kind FROM aops.definitions")}
    # of two kinds the shop has none
    assert kinds == set(SETTINGS) - {"check", "feature_view_alias"}
    assert set(TABLES) <= set(SETTINGS)
    assert kinds <= {kind for kind, _ in TOLD.values()}


def test_what_is_not_set_is_no_fact(applied_shop: Shop) -> None:
    facts = describe(applied_shop.project, "customer_orders:orders_7d").facts
    assert {"ttl", "query", "created_timestamp_column", "owner"}.isdisjoint(facts)


def test_every_name_that_is_known_has_a_card(trained_shop: Shop) -> None:
    names = [name for (name,) in trained_shop.rows(
        "SELECT name FROM aops.definitions UNION SELECT feature_view || ':' || name FROM aops.features"
        " WHERE feature_view <> name UNION SELECT table_name FROM aops.datasets"
        " UNION SELECT model || ':' || version FROM aops.model_versions"
    )]  # fmt: skip
    assert len(names) > 15
    for name in names:
        card = describe(trained_shop.project, name)
        document = json.loads(to_json(card))
        assert list(document) == ["kind", "name", "facts", "tables"]
        assert list(document["facts"]) == list(card.facts)
        assert all(key.isidentifier() for key in [*document["facts"], *document["tables"]])


def test_features_of_a_service(applied_shop: Shop) -> None:
    rows = describe(applied_shop.project, "order_features").tables["features"].rows
    # as the service lists them: two views, an on-demand feature, two columns of the request
    assert rows == (
        *((f"{view}:{name}", dtype, text) for view, name, dtype, text in LISTED["features"][1:]),
        ("amount_ratio", "DOUBLE", "Amount over the customer's mean"),
        ("order_request:amount", "DOUBLE", "Amount of this order"),
        ("order_request:channel", "VARCHAR", "Where it was placed"),
    )


@pytest.mark.parametrize("column", ["table_name", "concat_ws('.', table_schema, table_name)", "digest"])
def test_a_card_of_a_dataset(trained_shop: Shop, column: str) -> None:
    card = describe(trained_shop.project, trained_shop.one(f"SELECT {column} FROM aops.datasets"))
    [(schema, table, digest, created)] = trained_shop.rows(
        "SELECT table_schema, table_name, digest, created_at FROM aops.datasets"
    )
    assert (card.kind, card.name) == ("dataset", "returns")
    assert (card.facts["table"], card.facts["digest"]) == (f"{schema}.{table}", digest)
    assert (card.facts["rows"], card.facts["created_at"]) == (
        trained_shop.one(f"SELECT count(*) FROM {schema}.{table}"), created,
    )  # fmt: skip
    assert card.facts["services"] == ["order_features"]
    assert card.facts["used_by"] == ["returns:1", "returns:2"]
    assert str(card.facts["spine"]).startswith("SELECT order_id, customer_id, amount")
    assert list(card.tables["columns"].rows) == [row[:2] for row in trained_shop.rows(f"DESCRIBE {schema}.{table}")]


def test_datasets_of_one_name(applied: Shop) -> None:
    spine = "SELECT customer_id, placed_at AS event_timestamp FROM raw.orders"
    kept = [
        applied.project.dataset("mine", entity_df=text, features=["customer_profile:segment"])
        for text in (spine, f"{spine} WHERE order_id < 100")
    ]
    card = describe(applied.project, "mine")
    assert (card.facts["table"], card.facts["rows"]) == (kept[1].table, 99)
    assert card.tables["kept"].as_dicts()[1]["digest"] == kept[0].digest
    assert describe(applied.project, kept[0].table).facts["rows"] == 600
    assert "services" not in card.facts


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
        "logistic", ["champion"], "order_features",
    )  # fmt: skip
    [(run, digest, created)] = trained_shop.rows(
        "SELECT run_id, digest, created_at FROM aops.model_versions WHERE version = 1"
    )
    assert (card.facts["run"], card.facts["digest"], card.facts["created_at"]) == (run, digest, created)
    assert card.facts["git_commit"] == trained_shop.one("SELECT git_commit FROM aops.model_versions WHERE version = 1")
    assert {row[0] for row in card.tables["artefacts"].rows} == {"skops", "onnx"}
    metrics = {row[:2]: row[2] for row in card.tables["metrics"].rows}
    assert metrics["test", "auc"] == trained_shop.one(
        "SELECT value FROM aops.metrics JOIN aops.model_versions USING (run_id)"
        " WHERE version = 1 AND key = 'auc' AND split = 'test'"
    )
    assert ("classify__C", "1.0") in card.tables["parameters"].rows
    assert [row[:4] for row in card.tables["deployments"].rows] == LISTED["deployments"]


def test_a_version_tells_whether_its_views_are_still_in_force(trained: Shop) -> None:
    trained.edit("customer", 'ttl="60d"', 'ttl="90d"')
    trained.project.apply()
    bound = {row["name"]: row for row in describe(trained.project, "returns:1").tables["bound_to"].as_dicts()}
    states = trained.rows("SELECT name, version, retired_at IS NULL FROM aops.definitions WHERE version = 1")
    told = {name: (row["version"], row["in_force"]) for name, row in bound.items() if row["kind"]}
    assert told == {name: (version, live) for name, version, live in states if name in told}
    assert told["customer_profile"] == (1, False)
    assert told["customer_orders"] == told["amount_ratio"] == (1, True)
    assert bound["target of returns"]["version"] is None


def test_versions_outlive_the_definition(trained: Shop) -> None:
    (trained.folder / FOLDER / "models" / "returns.py").unlink()
    trained.execute("UPDATE aops.definitions SET retired_at = now() WHERE kind = 'model'")
    assert describe(trained.project, "returns:2").facts["estimator"] == "boosting"


@pytest.mark.parametrize("arguments", [["show", "returns:1"], ["list", "runs"]])
def test_figures_are_short_for_people_and_whole_for_programs(
    trained_shop: Shop, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    loss = trained_shop.one(
        "SELECT value FROM aops.metrics JOIN aops.model_versions USING (run_id)"
        " WHERE version = 1 AND key = 'log_loss' AND split = 'test'"
    )
    told = []
    for form in ([], ["--json"]):
        with pytest.raises(SystemExit):
            main([*arguments, *form, "--project", str(trained_shop.folder)])
        told.append(capsys.readouterr().out)
    people, programs = told
    assert f" {float(f'{loss:.3e}')} " in people
    assert repr(loss) not in people
    assert repr(loss) in programs


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
        ("customer_orders:order_7d", UnknownNameError, "did you mean 'customer_orders:orders_7d'"),
        ("orders_28d", UnknownNameError, "'customer_orders:orders_28d'"),
        ("retruns:1", UnknownNameError, "did you mean 'returns:1'"),
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


UNHEARD_OF = {
    "return": "unknown name 'return': did you mean 'returns'",
    "customer_orders:order_7d": "unknown name 'customer_orders:order_7d': did you mean 'customer_orders:orders_7d'",
    "orders_28d": "unknown name 'orders_28d': known are 'customer_orders:orders_28d'",
    "returns:9": "unknown model version 'returns:9': did you mean 'returns:",
}


@pytest.mark.parametrize("name", UNHEARD_OF)
def test_history_of_an_unknown_name(trained_shop: Shop, name: str) -> None:
    with pytest.raises(UnknownNameError, match=UNHEARD_OF[name]):
        history_of(trained_shop.project, name)


def happened(shop: Shop, name: str) -> list[tuple[object, ...]]:
    return [(row["action"], row["version"], row["details"]) for row in history_of(shop.project, name).as_dicts()]


def test_history_of_a_feature(applied: Shop) -> None:
    edits: list[Callable[[], None]] = [
        lambda: applied.edit("orders", "status <> 'test'", "status = 'paid'"),
        lambda: applied.edit("orders", "How a customer orders", "Other words"),
        lambda: applied.edit("orders", '"7d", "28d"', '"28d"'),
        lambda: applied.edit("orders", 'description="Mean amount"', 'description="Mean"'),
        lambda: applied.edit("orders", '"28d"], description="Orders"', '"7d", "28d"], description="Orders"'),
    ]
    for edit in edits:
        edit()
        breaking = [change.name for change in applied.project.plan().changes if change.breaking]
        applied.project.apply(allow_destructive=breaking)
    versions = applied.rows(
        "SELECT version FROM aops.definitions WHERE name = 'customer_orders' ORDER BY definition_id"
    )
    assert versions == [(1,), (2,), (2,), (3,), (3,), (4,)]
    assert happened(applied, "customer_orders:orders_7d") == [
        ("add", 4, ""), ("remove", 3, ""), ("change", 2, '{"changed": ["filter"]}'), ("add", 1, ""),
    ]  # fmt: skip
    assert happened(applied, "customer_orders:mean_amount_28d") == [
        ("change", 4, '{"changed": []}'), ("change", 3, '{"changed": ["description"]}'),
        ("change", 3, '{"changed": []}'), ("change", 2, '{"changed": ["filter"]}'), ("add", 1, ""),
    ]  # fmt: skip


def test_history_of_a_feature_whose_view_was_removed(applied: Shop) -> None:
    remove_profile(applied)
    applied.project.apply(allow_destructive=["customer_profile"])
    assert [row[:2] for row in happened(applied, "customer_profile:credit")] == [("remove", 1), ("add", 1)]
    assert happened(applied, "order_request:amount") == [("add", 1, "")]


def test_history_of_a_dataset(trained_shop: Shop) -> None:
    [(table, digest)] = trained_shop.rows("SELECT table_name, digest FROM aops.datasets")
    rows = history_of(trained_shop.project, table).as_dicts()
    assert [(row["action"], row["kind"], row["version"]) for row in rows] == [
        ("register", "model", 2), ("register", "model", 1), ("keep", "dataset", None),
    ]  # fmt: skip
    details = [json.loads(row["details"]) for row in rows]
    assert [(told.get("model"), told.get("dataset", told.get("digest"))) for told in details] == [
        ("returns", digest), ("returns", digest), (None, digest),
    ]  # fmt: skip


@pytest.mark.parametrize("reference", ["returns:1", "returns@champion", "models:/returns/1"])
def test_history_of_a_version(trained_shop: Shop, reference: str) -> None:
    """The model's definition has a version 1, too."""
    assert [row[2:5] for row in history_of(trained_shop.project, reference).rows] == [
        ("promote", "model", 1), ("register", "model", 1),
    ]  # fmt: skip


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


LARGEST_ORDERS = f"""\
from aops_indb import Aggregation, FeatureView
from {FOLDER}.customer import customer
from {FOLDER}.orders import orders

largest_orders = FeatureView(
    name="largest_orders",
    entities=[customer],
    source=orders,
    aggregations=[Aggregation(function="max", column="amount", windows=["28d"])],
)
"""


def test_another_dialect(shop: Shop) -> None:
    shop.write(f"{FOLDER}/largest.py", LARGEST_ORDERS)
    for view in ("customer_profile", "customer_orders"):
        with pytest.raises(AopsError, match="this SQL has an ASOF join, which snowflake does not have"):
            shop.project.render(view, dialect="snowflake")
        assert "CREATE OR REPLACE FUNCTION" in shop.project.render(view, dialect="postgres")
        assert "COMMENT 'Who orders'" in shop.project.render(view, dialect="spark")
    text = shop.project.render("largest_orders", dialect="postgres")
    assert (text.count("CREATE OR REPLACE VIEW"), "MACRO" in text) == (2, False)
    with pytest.raises(UnknownNameError, match="unknown dialect 'postgre': did you mean 'postgres'"):
        shop.project.render("customer_profile", dialect="postgre")


@pytest.mark.parametrize("name", ["customer_orders", "returns"])
def test_a_layout_is_of_versions_alone(applied_shop: Shop, name: str) -> None:
    with pytest.raises(AopsError, match=f"'{name}' has no forests to lay out: name a model's version, as MODEL:2"):
        applied_shop.project.render(name, layout="node_lists")


def test_a_training_set_is_of_its_warehouse_alone(applied_shop: Shop) -> None:
    with pytest.raises(AopsError, match="the training set of 'returns' is SQL for duckdb alone: leave the dialect out"):
        applied_shop.project.render("returns", dialect="postgres")
    assert applied_shop.project.render("returns", dialect="duckdb") == applied_shop.project.render("returns")


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
