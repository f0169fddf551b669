"""Promotion: the scored view is the estimator, row by row; what is live, since when and by whom is noted."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io

from aops_indb.errors import AopsError, ArtifactError, ModelError, RefusedError, SettingsError, UnknownNameError
from aops_indb.registry import verify_audit

from .oracle import expected
from .shop import Shop, order_rows
from .test_train import INPUTS, TEXT, estimator_of


@pytest.fixture(scope="module")
def inputs() -> pd.DataFrame:
    """Every order as a model is given it, by pandas."""
    orders = order_rows().rename(columns={"placed_at": "event_timestamp"})
    rows = pd.concat([orders, expected(orders)], axis=1)[INPUTS]
    return rows.astype({name: "str" if name in TEXT else float for name in INPUTS})


def relations(shop: Shop) -> set[str]:
    names = "SELECT view_name FROM duckdb_views() UNION ALL SELECT table_name FROM duckdb_tables()"
    return {name for (name,) in shop.rows(f"SELECT * FROM ({names})") if name.startswith("returns")}


# ── the view ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", [1, 2])
def test_every_score_is_the_estimators(trained: Shop, inputs: pd.DataFrame, version: int) -> None:
    promotion = trained.project.promote(f"returns:{version}")
    assert promotion.view == "scores.returns"
    found = trained.frame("FROM scores.returns ORDER BY order_id")
    estimator = estimator_of(trained, version)
    wanted = estimator.predict_proba(inputs)
    np.testing.assert_allclose(found["probability_0"], wanted[:, 0], rtol=0, atol=1e-9)
    np.testing.assert_allclose(found["probability_1"], wanted[:, 1], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(found["label"], estimator.predict(inputs))
    np.testing.assert_allclose(found["decision"], estimator.decision_function(inputs), rtol=1e-9)
    assert set(found["model_version"]) == {version}
    orders = order_rows()
    assert (
        found[["order_id", "customer_id"]].to_numpy().tolist()
        == orders[["order_id", "customer_id"]].to_numpy().tolist()
    )
    assert found["event_timestamp"].tolist() == orders["placed_at"].tolist()


def test_columns_and_comments(trained_shop: Shop) -> None:
    columns = trained_shop.rows(
        "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'returns' ORDER BY column_index"
    )
    assert [name for name, _ in columns] == [
        "order_id", "customer_id", "event_timestamp", "label", "probability_0", "probability_1", "decision",
        "model_version", "scored_at",
    ]  # fmt: skip
    comments = dict(columns)
    assert comments["probability_1"] == "Probability of label 1, 0 to 1; NULL if it cannot be scored"
    assert comments["model_version"] == "Version of the model that scored"
    views = dict(trained_shop.rows("SELECT view_name, comment FROM duckdb_views() WHERE schema_name = 'scores'"))
    assert views == {
        "returns": "Probability that an order comes back",
        "returns__v1": "Probability that an order comes back (version 1, logistic)",
    }


def test_the_target_is_no_part_of_the_score(trained: Shop) -> None:
    before = trained.rows("SELECT * EXCLUDE scored_at FROM scores.returns ORDER BY ALL")
    # an order's fate is a feature of orders a day later: these are of the last day
    trained.execute("UPDATE raw.orders SET returned = NOT returned WHERE placed_at > '2024-06-29 12:00:00+00:00'")
    assert trained.rows("SELECT * EXCLUDE scored_at FROM scores.returns ORDER BY ALL") == before


def test_new_rows_are_scored_at_once(trained: Shop) -> None:
    trained.execute("INSERT INTO raw.orders SELECT * REPLACE (601 AS order_id) FROM raw.orders WHERE order_id = 1")
    scores = trained.rows("SELECT probability_1 FROM scores.returns WHERE order_id IN (1, 601)")
    assert len(scores) == 2


# ── aliases ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_challenger_beside_the_champion(trained: Shop) -> None:
    promotion = trained.project.promote("returns:2", alias="challenger")
    assert (promotion.view, promotion.alias, promotion.replaced) == ("scores.returns__v2", "challenger", None)
    assert relations(trained) >= {"returns", "returns__v1", "returns__v2"}
    assert trained.one("SELECT DISTINCT model_version FROM scores.returns") == 1
    assert trained.one("SELECT DISTINCT model_version FROM scores.returns__v2") == 2
    aliases = "SELECT alias, version FROM aops.registered_model_aliases ORDER BY 1"
    assert trained.rows(aliases) == [("challenger", 2), ("champion", 1)]
    # and by its alias it becomes the champion
    promotion = trained.project.promote("returns@challenger")
    assert (promotion.version, promotion.view, promotion.replaced) == (2, "scores.returns", 1)
    assert trained.one("SELECT DISTINCT model_version FROM scores.returns") == 2
    assert trained.rows(aliases) == [("challenger", 2), ("champion", 2)]


def test_back_to_the_version_before(trained: Shop) -> None:
    before = trained.rows("SELECT * EXCLUDE scored_at FROM scores.returns ORDER BY ALL")
    trained.project.promote("returns:2")
    assert trained.rows("SELECT * EXCLUDE scored_at FROM scores.returns ORDER BY ALL") != before
    trained.project.promote("returns:1")
    assert trained.rows("SELECT * EXCLUDE scored_at FROM scores.returns ORDER BY ALL") == before


def test_what_is_noted(trained: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AOPS_ACTOR", "Anna")
    trained.project.promote("models:/returns/2")
    [row] = trained.frame("FROM aops.deployments ORDER BY deployment_id DESC LIMIT 1").to_dict("records")
    assert {k: row[k] for k in ("model", "version", "alias", "view_name", "replaced_version", "deployed_by")} == {
        "model": "returns",
        "version": 2,
        "alias": "champion",
        "view_name": "scores.returns",
        "replaced_version": 1,
        "deployed_by": "Anna",
    }
    scores = "SELECT * EXCLUDE scored_at FROM"
    assert trained.rows(f"{scores} ({row['view_sql']}) ORDER BY ALL") == trained.rows(
        f"{scores} scores.returns ORDER BY ALL"
    )
    [audit] = trained.frame("FROM aops.audit_log ORDER BY seq DESC LIMIT 1").to_dict("records")
    assert (audit["actor"], audit["action"], audit["kind"], audit["name"], audit["version"]) == (
        "Anna", "promote", "model", "returns", 2,
    )  # fmt: skip
    assert json.loads(audit["details"])["sql_sha256"] == hashlib.sha256(row["view_sql"].encode()).hexdigest()
    with trained.project.session() as session:
        assert verify_audit(session) is None


def test_rendered_sql_is_the_views(trained: Shop) -> None:
    text = trained.project.render("returns@champion")
    assert text.startswith("-- returns version 1: logistic\n")
    scores = "SELECT * EXCLUDE scored_at FROM"
    assert trained.rows(f"{scores} ({text}) ORDER BY ALL") == trained.rows(f"{scores} scores.returns ORDER BY ALL")


def test_sql_for_another_engine_is_laid_out_for_it(trained_shop: Shop) -> None:
    project = trained_shop.project
    with pytest.raises(AopsError, match="returns:1 has no forests to lay out: leave the layout out"):
        project.render("returns:1", layout="node_lists")
    for layout, dialect in (("bit_vector", "postgres"), ("node_lists", "spark"), ("case_in_methods", None)):
        with pytest.raises(AopsError, match=f"layout '{layout}' is for .*, not for {dialect or 'duckdb'}"):
            project.render("returns:2", layout=layout, dialect=dialect)
    assert project.render("returns:2", layout="case_in_methods", dialect="spark").startswith("-- returns version 2")


def test_a_schema_that_was_there_in_other_case(trained: Shop) -> None:
    before = trained.rows("SELECT * EXCLUDE scored_at FROM scores.returns ORDER BY ALL")
    trained.execute('DROP SCHEMA scores CASCADE; CREATE SCHEMA "Scores"')
    for _ in range(2):
        trained.project.promote("returns:1")
    assert trained.rows("SELECT * EXCLUDE scored_at FROM scores.returns ORDER BY ALL") == before
    trained.execute("CREATE OR REPLACE VIEW scores.returns__v1 AS SELECT 1 AS mine")
    with pytest.raises(RefusedError, match="returns__v1, the view of returns:1, is not as aops made it"):
        trained.project.score("returns")


@pytest.mark.parametrize("actor", ["An\udcffna", "Anna\nBerta"])
def test_an_actor_that_is_no_text(trained: Shop, monkeypatch: pytest.MonkeyPatch, actor: str) -> None:
    before = trained.objects()
    monkeypatch.setenv("AOPS_ACTOR", actor)
    with pytest.raises(SettingsError, match=r"AOPS_ACTOR is 'An.*', which has characters that are no text: give a"):
        trained.project.promote("returns:2")
    assert trained.objects() == before


# ── refusals ───────────────────────────────────────────────────────────────────────────────────────────

# Edits of feature definitions that a trained version knows nothing of.
OTHER_FEATURES = {
    "a ttl": ("customer", 'ttl="60d"', 'ttl="90d"', "customer_profile"),
    "a filter": ("orders", "status <> 'test'", "status = 'paid'", "customer_orders"),
    "a source": ("customer", 'table="raw.profiles"', 'query="SELECT * FROM raw.profiles"', "customer_profile"),
    "an on-demand feature": ("orders", "amount / mean", "amount - mean", "amount_ratio"),
    "a service's column": ("orders", '        "order_request:channel",\n', "", "order_features, which had channel"),
    "a service's view": ("orders", "        amount_ratio,\n", "", "amount_ratio"),
}


@pytest.mark.parametrize(
    ("edit", "apply"), [*((edit, False) for edit in OTHER_FEATURES), ("a ttl", True), ("a service's column", True)]
)
def test_a_version_of_other_features_is_refused(trained: Shop, edit: str, apply: bool) -> None:
    file, old, new, told = OTHER_FEATURES[edit]
    trained.edit(file, old, new)
    if apply:
        trained.project.apply()
    before = trained.objects()
    attempts: list[Any] = [trained.project.promote, trained.project.score, trained.project.render]
    for attempt in attempts:
        with pytest.raises(RefusedError) as caught:
            attempt("returns:2")
        assert str(caught.value) == (
            f"returns:2 was trained on other definitions of {told}: "
            "run  aops train returns  and promote the new version"
        )
        assert caught.value.exit_code == 1
    assert trained.objects() == before


SAME_FEATURES = {
    "a description": ("customer", "What is known of a customer", "Who a customer is"),
    "an owner": ("customer", 'owner="shop"', 'owner="me"'),
    "spacing": ("orders", "status <> 'test'", "status   <>   'test'"),
    "a feature nobody uses": (
        "customer",
        "customer_profile = FeatureView(",
        'more = FeatureView(name="more", entities=[customer], source=profiles,'
        ' schema=[Field(name="segment", dtype=DType.String)])\ncustomer_profile = FeatureView(',
    ),
    "a candidate": ("models/returns", "max_iter=5", "max_iter=6"),
}


@pytest.mark.parametrize("edit", SAME_FEATURES)
def test_a_version_of_the_same_features_is_not(trained: Shop, edit: str) -> None:
    trained.edit(*SAME_FEATURES[edit])
    trained.project.apply()
    assert trained.project.promote("returns:2").replaced == 1


def test_features_that_are_back_as_they_were(trained: Shop) -> None:
    for old, new in (('ttl="60d"', 'ttl="90d"'), ('ttl="90d"', 'ttl="60d"')):
        trained.edit("customer", old, new)
        trained.project.apply()
    assert trained.project.promote("returns:2").replaced == 1


def test_columns_that_go_with_the_champion_are_told(trained: Shop) -> None:
    """A tree has no decision function."""
    assert trained.project.promote("returns:2").columns_gone == ()
    tree = "from sklearn.tree import DecisionTreeClassifier\n    last = DecisionTreeClassifier(max_depth=2)"
    last = 'return Pipeline([("prepare", prepare), ("classify", LogisticRegression())])'
    trained.edit("models/returns", last, f'{tree}\n    return Pipeline([("prepare", prepare), ("classify", last)])')
    trained.project.apply()
    [fitted] = trained.project.train("returns", candidate="logistic")
    columns = "SELECT column_name FROM (DESCRIBE scores.returns)"
    before = {name for (name,) in trained.rows(columns)}
    gone = trained.project.promote(f"returns:{fitted.version}").columns_gone
    assert gone == ("decision",)
    assert before - {name for (name,) in trained.rows(columns)} == set(gone)


@pytest.mark.parametrize(
    ("reference", "alias", "error", "told"),
    [
        ("return:1", "champion", UnknownNameError, "unknown registered model 'return': did you mean 'returns'?"),
        ("returns:3", "champion", UnknownNameError, "unknown model version 'returns:3': did you mean 'returns:"),
        ("returns:x", "champion", UnknownNameError, "unknown model version 'returns:x'"),
        ("returns:01", "champion", UnknownNameError, "unknown model version 'returns:01': did you mean 'returns:1'"),
        (f"returns:{10**40}", "champion", UnknownNameError, "unknown model version 'returns:1000"),
        ("returns@champoin", "champion", UnknownNameError, "'champoin': did you mean 'champion'?"),
        ("returns:2", "my alias", ModelError, "'my alias' cannot be an alias: use a letter"),
        ("returns:2", "'; DROP TABLE raw.orders; --", ModelError, "cannot be an alias"),
        ("", "champion", UnknownNameError, "unknown registered model ''"),
    ],
)
def test_unknown_names(trained_shop: Shop, reference: str, alias: str, error: type[Exception], told: str) -> None:
    before = trained_shop.objects()
    with pytest.raises(error) as caught:
        trained_shop.project.promote(reference, alias=alias)
    assert told in str(caught.value)
    assert trained_shop.objects() == before


def test_a_model_that_was_never_trained(applied_shop: Shop) -> None:
    project = applied_shop.project
    attempts: list[Any] = [project.promote, project.score, project.evaluate, lambda _: project.render("returns:1")]
    for attempt in attempts:
        with pytest.raises(ModelError, match=r"model 'returns' has no version yet: run  aops train returns"):
            attempt("returns:1")


def test_an_artefact_that_was_changed(trained: Shop) -> None:
    other = skops.io.dumps(estimator_of(trained, 2)).hex()
    trained.execute(f"UPDATE aops.artifacts SET content = from_hex('{other}') WHERE version = 1 AND kind = 'skops'")
    before = trained.objects()
    for attempt in (trained.project.promote, trained.project.evaluate):
        with pytest.raises(ArtifactError, match="the skops artefact of returns:1 is not what was registered"):
            attempt("returns:1")
    assert trained.objects() == before


@pytest.mark.parametrize("name", ["returns", "returns__v2", "RETURNS__V2"])
def test_a_view_of_someone_else_is_not_replaced(trained: Shop, name: str) -> None:
    trained.execute("DELETE FROM aops.deployments; DROP VIEW scores.returns; DROP VIEW scores.returns__v1")
    trained.execute(f"CREATE VIEW scores.{name} AS SELECT 'mine' AS mine")
    before = trained.objects()
    with pytest.raises(RefusedError, match=rf"scores.{name.lower()} is there already, and is not as aops made it"):
        trained.project.promote("returns:2")
    assert trained.objects() == before


def test_a_failure_leaves_the_champion(trained: Shop) -> None:
    """A table of the name of the version's view."""
    trained.execute("CREATE TABLE scores.returns__v2 (kept INTEGER)")
    before = trained.objects()
    with pytest.raises(Exception, match="returns__v2"):
        trained.project.promote("returns:2")
    assert trained.objects() == before


def test_a_version_of_another_target_is_not_promoted(trained: Shop) -> None:
    trained.edit("models/returns", 'target="returned"', 'target="NOT returned"')
    trained.project.apply()
    with pytest.raises(RefusedError, match="trained on other definitions of target of returns"):
        trained.project.promote("returns:1")


def test_a_model_alone_names_no_version_to_promote(trained: Shop) -> None:
    with pytest.raises(ModelError, match="'returns' names no version to promote: there are returns:1, returns:2"):
        trained.project.promote("returns")
