"""What people read, and the exit codes beside it; names that are no names."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.workflows.shop import FOLDER, SETTINGS, Shop
from tests.workflows.test_apply import remove_profile

from aops_indb.errors import shown

from .conftest import Aops

# ── plan and apply ─────────────────────────────────────────────────────────────────────────────────────


def test_from_nothing_to_scores(aops: Aops, shop: Shop) -> None:
    """The main job, verb by verb, each saying what comes next."""
    ran = aops("plan", project=shop.folder)
    assert (ran.code, ran.err) == (0, "")
    assert "+ feature_view customer_orders\n" in ran.out
    assert ran.out.endswith("\n9 to add. Nothing was changed; next:  aops apply\n")
    ran = aops("apply", project=shop.folder)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("\n9 changes applied in one transaction\n")
    assert aops("plan", project=shop.folder).out == "nothing to do: the warehouse is as the definitions say\n"
    assert aops("apply", project=shop.folder).out == "nothing to do: the warehouse is as the definitions say\n"
    ran = aops("train", "returns", project=shop.folder)
    assert (ran.code, ran.err) == (0, "")
    assert "returns:1  logistic  (from datasets.returns__" in ran.out
    assert "parity: 82 rows scored by SQL and by the library, largest difference" in ran.out
    assert ran.out.endswith("next:  aops promote returns:1, the best of these by log loss on validation\n")
    assert aops("promote", "returns:1", "--as", "challenger", project=shop.folder).out.startswith(
        "scores.returns__v1 is returns:1 as challenger\n"
    )
    assert aops("promote", "returns:2", project=shop.folder).out.startswith("scores.returns is returns:2 as champion\n")
    assert aops("score", "returns", project=shop.folder).out.startswith(
        "scores.returns__batch: 600 rows by returns:2 in "
    )
    assert shop.one("SELECT count(*) FROM scores.returns__batch") == 600


def test_a_change(aops: Aops, applied: Shop) -> None:
    applied.edit("orders", 'windows=["7d", "28d"]', 'windows=["28d"]')
    ran = aops("plan", project=applied.folder)
    assert ran.out == (
        "~ feature_view customer_orders  (breaking)\n"
        '    aggregations.orders.windows: ["7d", "28d"] -> ["28d"]\n'
        "    breaking: orders_7d is gone\n"
        "    invalidates feature services: order_features\n"
        "    invalidates models: returns (train again)\n"
        "    destructive: needs  aops apply --allow-destructive customer_orders\n"
        "\n1 to change. Nothing was changed; next:  aops apply --allow-destructive customer_orders\n"
    )
    with_sql = aops("plan", "--sql", project=applied.folder).out
    assert '    -- customer_orders__asof\n    WITH "customer_orders__rows" AS (' in with_sql
    assert aops("apply", "--allow-destructive", "customer_orders", project=applied.folder).out == (
        "change   feature_view customer_orders\n\n1 changes applied in one transaction\n"
    )


def test_a_removal(aops: Aops, applied: Shop) -> None:
    remove_profile(applied)
    assert (
        "- feature_view customer_profile  (breaking)\n    invalidates feature services: order_features\n"
        "    invalidates models: returns (train again)\n    destructive: needs  aops apply"
    ) in aops("plan", project=applied.folder).out
    refused = aops("apply", project=applied.folder)
    assert (refused.code, refused.out) == (1, "")
    assert "aops apply --allow-destructive customer_profile" in refused.err
    done = aops("apply", "--allow-destructive", "customer_profile", project=applied.folder)
    assert (done.code, done.err) == (0, "")
    assert "remove   feature_view customer_profile\n" in done.out


def test_changes_that_were_not_applied(aops: Aops, applied: Shop) -> None:
    applied.edit("customer", 'ttl="60d"', 'ttl="90d"')
    refused = aops("train", "returns", project=applied.folder)
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == "aops: definitions changed since they were applied (customer_profile): run  aops apply\n"


# ── lists and cards ────────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_cut_off_in_a_pipe(aops: Aops, trained: Shop) -> None:
    text = "long " * 100
    trained.edit("customer", "Who orders", text)
    trained.project.apply()
    listed = aops("list", "entities", project=trained.folder).out
    assert text in listed
    assert len(listed.splitlines()) == 2
    assert "…" not in aops("history", "returns", project=trained.folder).out
    digest = trained.one("SELECT digest FROM aops.datasets")
    assert digest in aops("list", "datasets", project=trained.folder).out


def test_a_list_without_rows(aops: Aops, applied_shop: Shop) -> None:
    assert aops("list", "models", project=applied_shop.folder).out == "no models yet\n"


def test_a_list_beside_a_broken_file(aops: Aops, applied: Shop) -> None:
    applied.write(f"{FOLDER}/more.py", "import nothing_at_all\n")
    ran = aops("list", "views", project=applied.folder)
    assert (ran.code, ran.err) == (0, "")
    assert "customer_orders" in ran.out
    told = f"not read: {applied.folder}/{FOLDER}/more.py:1: ModuleNotFoundError: No module named 'nothing_at_all'\n"
    assert ran.out.endswith(told)


def test_a_card(aops: Aops, trained_shop: Shop) -> None:
    ran = aops("show", "returns:1", project=trained_shop.folder)
    assert ran.code == 0
    assert ran.out.startswith("model returns:1\n  description: Probability that an order comes back\n")
    for title in ("metrics", "artefacts", "parameters"):
        assert f"\n\n{title}\n" in ran.out


def test_render_is_sql_and_nothing_else(aops: Aops, applied: Shop) -> None:
    ran = aops("render", "customer_profile", project=applied.folder)
    assert (ran.code, ran.err) == (0, "")
    applied.execute(ran.out)


def test_migrate(aops: Aops, shop: Shop) -> None:
    assert aops("migrate", project=shop.folder).out == "applied 0001_initial\n"
    again = aops("migrate", project=shop.folder)
    assert again.out == "nothing to do: the metadata tables are of this release\n"


def test_dataset(aops: Aops, applied: Shop) -> None:
    spine = "SELECT customer_id, placed_at AS event_timestamp FROM raw.orders"
    features = "customer_orders:orders_7d, customer_profile:segment,"
    for told in ("", "the same content was kept already\n"):
        ran = aops("dataset", "mine", "--entity-df", spine, "--features", features, project=applied.folder)
        assert ran.code == 0
        first, _, rest = ran.out.partition("\n")
        assert first.startswith("datasets.mine__")
        assert ": 600 rows, 4 columns, digest " in first
        assert rest == told


# ── doctor ─────────────────────────────────────────────────────────────────────────────────────────────


def test_doctor(aops: Aops, applied: Shop) -> None:
    well = aops("doctor", project=applied.folder)
    assert well.code == 0
    assert "BAD" not in well.out
    applied.edit("customer", '"60d"', '"60 dayz"')
    ill = aops("doctor", project=applied.folder)
    assert ill.code == 1
    assert "BAD  definitions: FeatureView 'customer_profile': ttl: '60 dayz' is no length of time" in ill.out
    assert f"      correct {applied.folder}/{FOLDER}/customer.py:13\n" in ill.out


def test_doctor_without_a_project(aops: Aops, tmp_path: Path) -> None:
    ran = aops("doctor", project=tmp_path)
    assert (ran.code, ran.err) == (1, "")
    assert f"BAD  settings: no aops.toml in {tmp_path} or above\n      make a project with  aops init" in ran.out


# ── where there is no project ──────────────────────────────────────────────────────────────────────────

VERBS = {
    "plan": [], "apply": [], "render": ["x"], "dataset": ["x"], "train": ["x"], "evaluate": ["x"], "promote": ["x"],
    "score": ["x"], "list": ["views"], "show": ["x"], "history": ["x"], "migrate": [],
}  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
def test_a_folder_without_a_project(aops: Aops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    monkeypatch.chdir(tmp_path)
    ran = aops(verb, *VERBS[verb])
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        f"aops: no aops.toml in {tmp_path} or above: make a project with  aops init --example flights , "
        "or name one with --project DIR\n"
    )


def test_the_nearest_project_upward(aops: Aops, applied_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(applied_shop.folder / FOLDER / "models")
    assert aops("plan").code == 0


def test_settings_that_are_wrong(aops: Aops, applied: Shop) -> None:
    applied.write("aops.toml", SETTINGS.replace("wait", "weight"))
    ran = aops("plan", project=applied.folder)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"aops: {applied.folder}/aops.toml: [warehouse]: unknown setting 'weight': did you mean 'wait'?\n"


# ── names that are no names ────────────────────────────────────────────────────────────────────────────

ODD = [
    "'; DROP TABLE raw.orders; --",
    '"; DROP TABLE raw.orders; --',
    "raw.orders",
    "größe 日本",
    "a\nb",
    "%s {x} [bold]x[/bold]",
    " ",
    "x" * 5000,
]
TAKE_NAMES = ["render", "dataset", "train", "evaluate", "promote", "score", "list", "show", "history"]


@pytest.mark.parametrize("verb", TAKE_NAMES)
def test_odd_names_are_unknown_and_do_no_harm(aops: Aops, trained_shop: Shop, verb: str) -> None:
    before = trained_shop.objects(), trained_shop.one("SELECT count(*) FROM raw.orders")
    for name in ODD:
        ran = aops(verb, name, project=trained_shop.folder)
        assert (ran.code, ran.out) == (2, ""), name
        assert shown(name) in ran.err, name
    assert (trained_shop.objects(), trained_shop.one("SELECT count(*) FROM raw.orders")) == before


@pytest.mark.parametrize("name", ODD)
def test_odd_features_and_spines_do_no_harm(aops: Aops, applied_shop: Shop, name: str) -> None:
    before = applied_shop.objects(), applied_shop.one("SELECT count(*) FROM raw.orders")
    spine = "SELECT customer_id, placed_at AS event_timestamp FROM raw.orders"
    as_features = aops("dataset", "x", "--entity-df", spine, "--features", name, project=applied_shop.folder)
    assert (as_features.code, as_features.out) == (2, "")
    as_spine = aops("dataset", "x", "--entity-df", name, "--features", "amount_ratio", project=applied_shop.folder)
    assert (as_spine.code, as_spine.out) == (2, "")
    assert (applied_shop.objects(), applied_shop.one("SELECT count(*) FROM raw.orders")) == before


@pytest.mark.parametrize("time", ["", "soon", "2024-13-01", "2024-02-30", "01.02.2024", "1706745600", "'; --"])
def test_odd_times(aops: Aops, trained_shop: Shop, time: str) -> None:
    for option in ("--since", "--until"):
        ran = aops("score", "returns", option, time, project=trained_shop.folder)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == f"aops: {option} {time!r} is no time: write 2013-11-01 or 2013-11-01T05:00:00Z\n"
