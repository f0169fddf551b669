"""`apply`: all of a plan or nothing of it, never anything that was not shown."""

from __future__ import annotations

import json

import pytest

from aops_indb import Project
from aops_indb.errors import AopsError, DefinitionError, DestructiveChangeError, RefusedError, StalePlanError
from aops_indb.registry import verify_audit

from .shop import FOLDER, Shop


def remove_profile(shop: Shop) -> None:
    """Take customer_profile out of the definitions."""
    shop.edit("orders", "        customer_profile,\n", "")
    shop.edit("orders", "import customer, customer_profile", "import customer")
    text = (shop.folder / FOLDER / "customer.py").read_text(encoding="utf-8")
    shop.write(f"{FOLDER}/customer.py", text[: text.index("customer_profile = ")])


def audit(shop: Shop) -> list[tuple[str, str, str, int | None]]:
    return [tuple(row) for row in shop.rows("SELECT action, kind, name, version FROM aops.audit_log ORDER BY seq")]


# ── what is made ───────────────────────────────────────────────────────────────────────────────────────


def test_what_apply_makes(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AOPS_ACTOR", "Anna")
    plan = shop.project.plan()
    applied = shop.project.apply(plan)
    assert applied.changes == plan.changes
    assert shop.rows("SELECT view_name FROM duckdb_views() WHERE schema_name = 'features' ORDER BY 1") == [
        ("customer_orders",),
        ("customer_orders__history",),
        ("customer_profile",),
        ("customer_profile__history",),
    ]
    assert shop.rows(
        "SELECT kind, count(*), any_value(applied_by) FROM aops.definitions GROUP BY kind ORDER BY kind"
    ) == [
        ("data_source", 2, "Anna"),
        ("entity", 1, "Anna"),
        ("feature_service", 1, "Anna"),
        ("feature_view", 2, "Anna"),
        ("model", 1, "Anna"),
        ("on_demand_feature", 1, "Anna"),
        ("request_source", 1, "Anna"),
    ]
    assert [row[:1] for row in audit(shop)] == [("migrate",), *[("add",)] * 9]
    with shop.project.session() as session:
        assert verify_audit(session) is None


def test_the_sql_noted_is_that_of_the_views(applied: Shop) -> None:
    noted = json.loads(applied.one("SELECT compiled_sql FROM aops.feature_views WHERE name = 'customer_orders'"))
    assert list(noted) == ["customer_orders", "customer_orders__history", "customer_orders__asof"]
    for name in list(noted)[:2]:
        assert applied.rows(f"{noted[name]} ORDER BY ALL") == applied.rows(f"FROM features.{name} ORDER BY ALL")


def test_versions_count_meanings(applied: Shop) -> None:
    """A description is another state of the same version; a window is another version."""
    steps = [
        ("What is known of a customer", "Who a customer is", 1),
        ('ttl="60d"', 'ttl="90d"', 2),
        ('ttl="90d"', 'ttl="60d"', 3),
    ]
    for old, new, version in steps:
        applied.edit("customer", old, new)
        applied.project.apply()
        assert applied.one("SELECT version FROM aops.feature_views WHERE name = 'customer_profile'") == version
    states = "SELECT version, retired_at IS NULL FROM aops.feature_view_versions WHERE name = 'customer_profile'"
    assert applied.rows(f"{states} ORDER BY applied_at") == [(1, False), (1, False), (2, False), (3, True)]


def test_an_applied_change_is_seen_by_readers(applied: Shop) -> None:
    before = applied.rows(
        "SELECT customer_id, credit FROM features.customer_profile WHERE credit IS NOT NULL ORDER BY 1"
    )
    applied.edit("customer", "credit_cents / 100", "credit_cents / 200")
    applied.project.apply()
    after = applied.rows(
        "SELECT customer_id, credit FROM features.customer_profile WHERE credit IS NOT NULL ORDER BY 1"
    )
    assert before
    assert after == [(customer, credit / 2) for customer, credit in before]


# ── what is removed ────────────────────────────────────────────────────────────────────────────────────


def test_removing_a_view_is_refused_and_says_how(applied: Shop) -> None:
    remove_profile(applied)
    before = applied.objects()
    with pytest.raises(DestructiveChangeError) as caught:
        applied.project.apply()
    assert "aops apply --allow-destructive customer_profile" in str(caught.value)
    assert "features.customer_profile and its history and as-of function" in str(caught.value)
    assert caught.value.exit_code == 1
    assert applied.objects() == before


def test_removing_a_view_by_its_name(applied: Shop) -> None:
    remove_profile(applied)
    applied.edit("models/returns", '["segment", "channel"]', '["channel"]')
    applied.project.apply(allow_destructive=["customer_profile"])
    assert applied.project.plan().changes == ()
    assert not [name for name in applied.objects() if "customer_profile" in name]
    assert ("remove", "feature_view", "customer_profile", 1) in audit(applied)
    # it was, and is no longer
    assert applied.rows(
        "SELECT retired_at IS NULL FROM aops.feature_view_versions WHERE name = 'customer_profile'"
    ) == [(False,)]


def test_a_view_that_comes_back_goes_on_counting(applied: Shop) -> None:
    texts = {
        name: (applied.folder / FOLDER / name).read_text(encoding="utf-8") for name in ("customer.py", "orders.py")
    }
    remove_profile(applied)
    applied.project.apply(allow_destructive=["customer_profile"])
    for name, text in texts.items():
        applied.write(f"{FOLDER}/{name}", text)
    applied.edit("customer", 'ttl="60d"', 'ttl="90d"')
    applied.project.apply()
    assert applied.one("SELECT version FROM aops.feature_views WHERE name = 'customer_profile'") == 2
    assert applied.one("SELECT count(*) FROM features.customer_profile") == 40


def test_removing_a_view_that_someone_dropped_already(applied: Shop) -> None:
    remove_profile(applied)
    applied.execute("DROP VIEW features.customer_profile")
    applied.project.apply(allow_destructive=["customer_profile"])
    assert applied.project.plan().changes == ()


@pytest.mark.parametrize("name", ["customer_profil", "customer_orders", "", "'; DROP TABLE raw.orders; --"])
def test_allowing_what_is_not_removed_is_an_error(applied: Shop, name: str) -> None:
    before = applied.objects()
    with pytest.raises(AopsError, match=r"this plan takes nothing away of it; nor of anything else: leave it out"):
        applied.project.apply(allow_destructive=[name])
    remove_profile(applied)
    with pytest.raises(AopsError, match=r"it does of customer_profile") as caught:
        applied.project.apply(allow_destructive=["customer_profile", name])
    assert caught.value.exit_code == 2
    assert applied.objects() == before


def test_another_change_does_not_go_ahead_without_the_refused_one(applied: Shop) -> None:
    remove_profile(applied)
    applied.edit("orders", '["7d", "28d"]', '["7d", "14d", "28d"]')
    before = applied.objects()
    with pytest.raises(DestructiveChangeError):
        applied.project.apply()
    assert applied.objects() == before


@pytest.mark.parametrize("name", ["customer_profile", "Customer_Profile__history"])
def test_a_view_of_someone_else_is_not_replaced_unasked(shop: Shop, name: str) -> None:
    shop.project.plan()
    shop.execute(f"CREATE SCHEMA features; CREATE VIEW features.{name} AS SELECT 'mine' AS mine")
    before = shop.objects()
    [change] = [change for change in shop.project.plan().changes if change.destructive]
    assert (change.action, change.name) == ("add", "customer_profile")
    assert change.replaces == (f"features.{name.lower()}",)
    told = rf"would replace features.{name.lower()}, which aops did not make.*--allow-destructive customer_profile"
    with pytest.raises(DestructiveChangeError, match=told):
        shop.project.apply()
    assert shop.objects() == before
    shop.project.apply(allow_destructive=["customer_profile"])
    assert shop.project.plan().changes == ()
    assert shop.one("SELECT count(*) FROM features.customer_profile") == 40


BREAKING = {
    "a column goes": ("orders", '["7d", "28d"]', '["28d"]', "customer_orders", "orders_7d is gone"),
    "a type": ("customer", "DType.Float64, expr", "DType.Int64, expr", "customer_profile", "credit: DOUBLE -> BIGINT"),
}


@pytest.mark.parametrize("change", BREAKING)
def test_a_column_is_not_taken_from_its_readers_unasked(applied: Shop, change: str) -> None:
    file, old, new, view, told = BREAKING[change]
    applied.edit(file, old, new)
    before = applied.objects()
    with pytest.raises(DestructiveChangeError) as caught:
        applied.project.apply()
    assert f"change features.{view} under its readers ({told})" in str(caught.value)
    assert f"--allow-destructive {view}" in str(caught.value)
    assert applied.objects() == before
    applied.project.apply(allow_destructive=[view])
    assert applied.project.plan().changes == ()


OTHERS = {
    "customer_profile": "CREATE OR REPLACE VIEW features.customer_profile AS SELECT 1 AS customer_id",
    "customer_profile__history": "CREATE OR REPLACE VIEW features.customer_profile__history AS SELECT 1 AS customer_id",
    "customer_profile__asof": "CREATE OR REPLACE MACRO features.customer_profile__asof(ts) AS TABLE SELECT ts AS ts",
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("edited", [False, True])
def test_what_someone_else_put_in_its_place_is_noticed(applied: Shop, name: str, edited: bool) -> None:
    applied.execute(OTHERS[name])
    if edited:
        applied.edit("customer", 'ttl="60d"', 'ttl="90d"')
    before = applied.objects()
    [change] = applied.project.plan().changes
    assert (change.action, change.name) == ("change" if edited else "restore", "customer_profile")
    assert change.replaces == (f"features.{name}",)
    with pytest.raises(DestructiveChangeError, match=f"replace features.{name}, which aops did not make"):
        applied.project.apply()
    assert applied.objects() == before
    applied.project.apply(allow_destructive=["customer_profile"])
    assert applied.project.plan().changes == ()
    assert applied.one("SELECT count(*) FROM features.customer_profile") == 40


def test_what_someone_else_put_in_its_place_is_not_removed_unasked(applied: Shop) -> None:
    applied.execute(OTHERS["customer_profile"])
    remove_profile(applied)
    [change] = [change for change in applied.project.plan().changes if change.destructive]
    assert change.replaces == ("features.customer_profile",)
    with pytest.raises(DestructiveChangeError, match=r"remove features.customer_profile, which aops did not make"):
        applied.project.apply()


def test_a_table_is_never_replaced(applied: Shop) -> None:
    applied.execute("DROP VIEW features.customer_profile; CREATE TABLE features.customer_profile AS SELECT 1 AS kept")
    before = applied.objects()
    for allowed in ([], ["customer_profile"]):
        with pytest.raises(RefusedError, match=r"features.customer_profile\b.*aops did not make"):
            applied.project.apply(allow_destructive=allowed)
        assert applied.objects() == before


def test_a_plan_is_stale_once_someone_replaced_a_view(applied: Shop) -> None:
    applied.edit("customer", 'ttl="60d"', 'ttl="90d"')
    project = applied.project
    plan = project.plan()
    applied.execute(OTHERS["customer_profile__history"])
    before = applied.objects()
    with pytest.raises(StalePlanError):
        project.apply(plan)
    assert applied.objects() == before


# ── stale plans ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("old", "new"),
    [('ttl="60d"', 'ttl="30d"'), ("What is known of a customer", "Who a customer is")],
    ids=["another meaning", "another description"],
)
def test_a_plan_is_stale_once_another_was_applied(applied: Shop, old: str, new: str) -> None:
    applied.edit("orders", '["7d", "28d"]', '["7d", "28d", "90d"]')
    mine = applied.project
    plan = mine.plan()
    applied.edit("customer", old, new)
    applied.edit("orders", '["7d", "28d", "90d"]', '["7d", "28d"]')
    applied.project.apply()
    before = applied.objects()
    with pytest.raises(StalePlanError, match=r"changed since this plan was made: run  aops plan  again"):
        mine.apply(plan)
    assert applied.objects() == before


def test_an_empty_plan_does_not_become_another(applied: Shop) -> None:
    """What was shown is what is done, even if that is nothing."""
    mine = applied.project
    plan = mine.plan()
    assert not plan
    applied.execute("DROP VIEW features.customer_profile")
    assert mine.apply(plan).changes == ()
    assert mine.plan().counts() == {"restore": 1}


def test_a_plan_is_stale_for_the_second_who_applies_it(shop: Shop) -> None:
    project = shop.project
    plan = project.plan()
    project.apply(plan)
    with pytest.raises(StalePlanError):
        project.apply(plan)


# ── all or nothing ─────────────────────────────────────────────────────────────────────────────────────


def test_a_statement_that_fails_in_the_middle_undoes_those_before_it(shop: Shop) -> None:
    """A table of the name that the second view wants: the first view was made by then."""
    shop.project.plan()
    shop.execute("CREATE SCHEMA features; CREATE TABLE features.customer_profile__history (kept INTEGER)")
    before = shop.objects()
    with pytest.raises(RefusedError, match=r"customer_profile__history is a table, which aops did not make"):
        shop.project.apply(allow_destructive=["customer_profile"])
    assert shop.objects() == before
    shop.execute("DROP TABLE features.customer_profile__history")
    shop.project.apply()
    assert shop.project.plan().changes == ()


def test_a_source_that_goes_between_plan_and_apply(applied: Shop) -> None:
    applied.edit("orders", '["7d", "28d"]', '["7d", "28d", "90d"]')
    project = applied.project
    plan = project.plan()
    applied.execute("ALTER TABLE raw.orders RENAME TO orders_of_old")
    before = applied.objects()
    with pytest.raises(DefinitionError, match=r"data source 'orders': .*orders does not exist"):
        project.apply(plan)
    assert applied.objects() == before


def test_a_source_that_changes_between_plan_and_apply(applied: Shop) -> None:
    applied.edit("orders", '["7d", "28d"]', '["7d", "28d", "90d"]')
    project = applied.project
    plan = project.plan()
    applied.execute("ALTER TABLE raw.orders ALTER amount TYPE VARCHAR")
    before = applied.objects()
    with pytest.raises(StalePlanError, match="data source 'orders' has other columns than planned with: plan again"):
        project.apply(plan)
    assert applied.objects() == before


def test_progress_is_reported(shop: Shop) -> None:
    told: list[tuple[str, float]] = []
    shop.project.apply(report=lambda task, done: told.append((task, done)))
    assert [task for task, _ in told] == ["apply"] * 9
    assert told == sorted(told)


def test_apply_from_definitions_given_in_python(shop: Shop) -> None:
    found = shop.project.definitions
    given = [*found.views.values(), *found.requests.values(), *found.models.values()]
    project = Project(url=f"duckdb:///{shop.warehouse}", definitions=given)
    assert project.plan().counts() == {"add": 9}
    project.apply()
    assert shop.one("SELECT count(*) FROM features.customer_orders") == 40
