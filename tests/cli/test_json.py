"""--json: one document on standard output, whatever happens; progress and messages elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.workflows.shop import FOLDER, SETTINGS, Shop

from aops_indb.cli import VERBS

from .conftest import Aops

PICKS = "sklearn.compose._column_transformer.make_column_selector"

# Commands that succeed in a shop that was trained: arguments, and keys of the document (of its first item, if a list).
DONE: list[tuple[list[str], set[str]]] = [
    (["doctor"], {"check", "ok", "seen", "mend"}),
    (["profile", "raw.orders"], {"relation", "rows", "columns", "draft"}),
    (["plan"], {"changes", "counts", "state", "kept"}),
    (["plan", "--sql"], {"changes", "counts", "state", "kept"}),
    (["apply"], {"changes", "statements"}),
    (["render", "customer_orders"], {"name", "sql"}),
    (["render", "returns:2"], {"name", "sql"}),
    (["test"], {"results"}),
    (["check"], {"job", "at", "results"}),
    (["materialize", "customer_orders"], {"view", "table", "since", "until", "rows", "intervals", "seconds"}),
    (["dataset", "returns"], {"name", "digest", "table", "rows", "columns", "created"}),
    (["train", "returns", "--candidate", "boosting"],
     {"model", "version", "candidate", "dataset", "dataset_digest", "metrics", "parity", "onnx"}),
    (["register", "returns", "kept.skops", "--trusted", "numpy.dtype", "--trusted", PICKS],
     {"model", "version", "candidate", "dataset", "dataset_digest", "metrics", "parity", "onnx"}),
    (["evaluate", "returns"], {"model", "version", "estimator", "dataset", "metrics", "parity"}),
    (["promote", "returns:2"], {"model", "version", "alias", "view", "replaced", "columns_gone"}),
    (["score", "returns"],
     {"model", "version", "table", "rows", "executor", "why", "other_versions", "seconds", "since", "until"}),
    (["list", "features"], {"features", "problems"}),
    (["show", "customer_orders"], {"kind", "name", "facts", "tables"}),
    (["show", "returns:1"], {"kind", "name", "facts", "tables"}),
    (["lineage", "returns:1"], {"node", "upstream", "downstream"}),
    (["history", "returns"], {"recorded_at", "actor", "action", "kind", "version", "details"}),
    (["migrate"], {"applied"}),
]  # fmt: skip

# Commands that fail there: exit code, kind of the error, words of its message.
FAILED: list[tuple[list[str], int, str, str]] = [
    (["init"], 2, "SettingsError", "exists: this folder is a project already"),
    (["init", "--example", "nope"], 2, "UnknownNameError", "unknown example 'nope'"),
    (["doctor", "--nope"], 2, "UsageError", "No such option: --nope"),
    (["profile", "raw.order"], 2, "QueryError", "Table with name order does not exist"),
    (["plan", "--project"], 2, "UsageError", "requires an argument"),
    (["plan", "more"], 2, "UsageError", "unexpected extra argument"),
    (["apply", "--allow-destructive", "nope"], 2, "AopsError", "nor of anything else: leave it out"),
    (["render", "custmer_orders"], 2, "UnknownNameError", "did you mean 'customer_orders'"),
    (["render", "customer_orders", "--dialect", "orakel"], 2, "UnknownNameError", "unknown dialect 'orakel'"),
    (["test", "none"], 2, "UnknownNameError", "no test is defined yet"),
    (["check", "customer_order"], 2, "UnknownNameError", "did you mean 'customer_orders'"),
    (["materialize", "customer_order"], 2, "UnknownNameError", "did you mean 'customer_orders'"),
    (["materialize", "customer_profile"], 2, "DefinitionError", "does not ask for a table"),
    (["dataset", "mine"], 2, "SpineError", "dataset 'mine' needs a spine"),
    (["dataset", "mine", "--entity-df", "raw.orders", "--features", "nope"], 2, "UnknownNameError", "'nope'"),
    (["train", "return"], 2, "UnknownNameError", "did you mean 'returns'?"),
    (["register", "returns", "none.skops"], 2, "ModelError", "none.skops cannot be read: No such file"),
    (["evaluate", "returns:9"], 2, "UnknownNameError", "unknown model version 'returns:9'"),
    (["promote", "returns:2", "--as", "a b"], 2, "ModelError", "'a b' cannot be an alias"),
    (["score", "returns", "--since", "soon"], 2, "AopsError", "--since 'soon' is no time"),
    (["score", "returns", "--since", "2024-03-01", "--until", "2024-02-01"], 2, "ModelError", "the interval is empty"),
    (["list"], 2, "UsageError", "Missing argument 'KIND'"),
    (["list", "view"], 2, "UnknownNameError", "did you mean 'views'?"),
    (["show", "zzz"], 2, "UnknownNameError", "unknown definition or model 'zzz'"),
    (["lineage", "customer_order"], 2, "UnknownNameError", "did you mean 'customer_orders'"),
    (["lineage", "returns", "--format", "merlin"], 2, "UnknownNameError", "did you mean 'mermaid'"),
    (["history", "zzz"], 2, "UnknownNameError", "unknown name 'zzz'"),
    (["migrate", "now"], 2, "UsageError", "unexpected extra argument"),
    (["plna"], 2, "UsageError", "No such command 'plna'. Did you mean 'plan'?"),
]


def names(document: Any) -> set[str]:
    return set(document[0] if isinstance(document, list) else document)


def test_every_verb_is_here() -> None:
    assert {arguments[0] for arguments, _ in DONE} | {"init"} == set(VERBS)
    assert {arguments[0] for arguments, *_ in FAILED} - {"plna"} == set(VERBS)


@pytest.mark.parametrize(("arguments", "keys"), DONE, ids=[" ".join(row[0]) for row in DONE])
def test_a_command_that_succeeds(
    aops: Aops, trained: Shop, monkeypatch: pytest.MonkeyPatch, arguments: list[str], keys: set[str]
) -> None:
    monkeypatch.chdir(trained.folder)
    kept = trained.one("SELECT content FROM aops.artifacts WHERE version = 1 AND kind = 'skops'")
    (trained.folder / "kept.skops").write_bytes(bytes(kept))
    ran = aops(*arguments, "--json", project=trained.folder)
    assert (ran.code, ran.err) == (0, "")
    assert names(ran.document) == keys


@pytest.mark.parametrize(("arguments", "code", "kind", "words"), FAILED, ids=[" ".join(row[0]) for row in FAILED])
def test_a_command_that_fails(
    aops: Aops,
    trained_shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    kind: str,
    words: str,
) -> None:
    monkeypatch.chdir(trained_shop.folder)
    before = trained_shop.objects()
    ran = aops(arguments[0], "--json", *arguments[1:])
    assert ran.code == code
    error = ran.document["error"]
    assert error["kind"] == kind
    assert words in error["message"]
    # people read the same on standard error, and nothing on standard output
    assert ran.err == f"aops: {error['message']}\n"
    plain = aops(*arguments)
    assert (plain.code, plain.out, plain.err) == (code, "", ran.err)
    assert trained_shop.objects() == before


def test_init(aops: Aops, tmp_path: Path) -> None:
    ran = aops("init", str(tmp_path / "new"), "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.document == {
        "folder": str(tmp_path / "new"),
        "files": ["aops.toml", "feature_defs/example.py", "model_defs/example.py", "feature_tests/example.yml"],
        "tables": {},
    }


# ── what the documents say ─────────────────────────────────────────────────────────────────────────────


def test_a_plan(aops: Aops, applied: Shop) -> None:
    applied.edit("orders", 'windows=["7d", "28d"]', 'windows=["28d"]')
    allowed = ["--allow-destructive", "customer_orders"]
    document = aops("plan", "--json", project=applied.folder).document
    assert document["counts"] == {"change": 1}
    assert document["changes"] == [
        {
            "action": "change",
            "kind": "feature_view",
            "name": "customer_orders",
            "details": ['aggregations.orders.windows: ["7d", "28d"] -> ["28d"]'],
            "invalidates": ["returns"],
            "breaking": ["orders_7d is gone"],
            "replaces": [],
            "downstream": {
                "on_demand_features": [],
                "feature_services": ["order_features"],
                "models": ["returns"],
                "live_versions": [],
                "scored_views": [],
                "datasets": [],
            },
            "effect": "breaking",
        }
    ]
    [change] = aops("plan", "--json", "--sql", project=applied.folder).document["changes"]
    assert list(change["sql"]) == ["customer_orders", "customer_orders__history", "customer_orders__asof"]
    assert aops("apply", *allowed, "--json", project=applied.folder).document["changes"] == [
        {"action": "change", "kind": "feature_view", "name": "customer_orders"}
    ]


def test_scores_and_jobs(aops: Aops, trained: Shop) -> None:
    ran = aops(
        "score", "returns", "--since", "2024-02-01", "--until", "2024-03-01T00:00:00Z", "--json", project=trained.folder
    )
    document = ran.document
    rows = trained.one("SELECT count(*) FROM scores.returns__batch")
    assert (document["rows"], document["version"], document["table"]) == (rows, 1, "scores.returns__batch")
    assert (document["since"], document["until"]) == ("2024-02-01 00:00:00+00:00", "2024-03-01 00:00:00+00:00")
    [job] = aops("list", "jobs", "--json", project=trained.folder).document["jobs"]
    assert (job["status"], job["row_count"], job["target"]) == ("succeeded", rows, "returns")


def test_figures(aops: Aops, trained_shop: Shop) -> None:
    document = aops("evaluate", "returns:2", "--json", project=trained_shop.folder).document
    noted = trained_shop.one(
        "SELECT value FROM aops.metrics JOIN aops.model_versions USING (run_id)"
        " WHERE version = 2 AND key = 'auc' AND split = 'test'"
    )
    assert document["metrics"]["test"]["auc"] == noted
    assert document["parity"]["labels_differing"] == 0


def test_a_broken_file_is_a_problem_of_the_list_alone(aops: Aops, applied: Shop) -> None:
    applied.write(f"{FOLDER}/more.py", "x = (\n")
    listed = aops("list", "views", "--json", project=applied.folder)
    assert listed.code == 0
    assert [view["name"] for view in listed.document["views"]] == ["customer_orders", "customer_profile"]
    [problem] = listed.document["problems"]
    assert problem == f"{applied.folder}/{FOLDER}/more.py:1: SyntaxError: '(' was never closed"
    planned = aops("plan", "--json", project=applied.folder)
    assert (planned.code, planned.document["error"]["message"]) == (2, problem)


def test_what_is_not_finite_is_null(aops: Aops, trained: Shop) -> None:
    """A run's figure that is infinite: the standard has no word for it."""
    trained.execute("UPDATE aops.metrics SET value = 'inf' WHERE key = 'log_loss'")
    document = aops("show", "returns:1", "--json", project=trained.folder).document
    figures = {tuple(row[:2]): row[2] for row in document["tables"]["metrics"]["rows"]}
    assert figures["test", "log_loss"] is None
    assert figures["test", "auc"] > 0


def test_what_people_write_comes_back_as_it_is(aops: Aops, applied: Shop) -> None:
    text = "Straße \\\"x\\\" 'y' [bold]z[/bold] :smile: \\\\ 日本"
    applied.edit("customer", "Who orders", text)
    applied.project.apply()
    document = aops("list", "entities", "--json", project=applied.folder).document
    wanted = "Straße \"x\" 'y' [bold]z[/bold] :smile: \\ 日本"
    assert document["entities"][0]["description"] == wanted
    assert wanted in aops("list", "entities", project=applied.folder).out


def test_prints_of_definitions_do_not_spoil_the_document(aops: Aops, applied: Shop) -> None:
    applied.write(f"{FOLDER}/loud.py", "print('loaded')\n")
    ran = aops("plan", "--json", project=applied.folder)
    assert ran.document["changes"] == []
    assert ran.err == "loaded\n"


def test_a_warehouse_out_of_reach(aops: Aops, applied: Shop) -> None:
    applied.write("aops.toml", SETTINGS.replace("shop.duckdb", "nowhere/shop.duckdb"))
    ran = aops("plan", "--json", project=applied.folder)
    assert (ran.code, ran.document["error"]["kind"]) == (3, "WarehouseError")
    assert "nowhere/shop.duckdb" in ran.document["error"]["message"]
