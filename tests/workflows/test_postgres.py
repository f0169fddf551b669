"""A project whose warehouse is PostgreSQL: the same definitions, and the same values as on DuckDB."""

from __future__ import annotations

import threading
from pathlib import Path

import pandas as pd
import psycopg
import pytest

from aops_indb import Project
from aops_indb.errors import (
    AopsError,
    DefinitionError,
    DestructiveChangeError,
    QueryError,
    RefusedError,
    StalePlanError,
    WarehouseError,
    WarehouseLockedError,
)
from aops_indb.registry import verify_audit
from aops_indb.workflows.catalog import list_kind
from aops_indb.workflows.history import history_of

from .postgres_shop import VIEWS, PostgresShop, make_postgres_shop, plain
from .shop import FILES, FOLDER, Shop, make_shop

MAXIMUM = '        Aggregation(function="max", column="amount", windows=["7d"]),\n'
COUNTS = '        Aggregation(function="count", name="orders", windows=["7d", "28d"], description="Orders"),\n'
MEAN = '        Aggregation(function="mean", column="amount", windows=["28d"], description="Mean amount"),\n'
RATE = '        Aggregation(function="rate", expr="returned", name="returned", windows=["28d"], offset="1d"),\n'


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> PostgresShop:
    """A shop as applied; its tests change nothing."""
    shop = make_postgres_shop(tmp_path_factory.mktemp("postgres"))
    shop.project.apply()
    return shop


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The same shop on DuckDB."""
    shop = make_shop(tmp_path_factory.mktemp("duckdb") / "shop")
    shop.project.apply()
    return shop


@pytest.fixture
def shop(tmp_path: Path) -> PostgresShop:
    """A shop whose views are applied, to be changed."""
    made = make_postgres_shop(tmp_path, VIEWS)
    made.project.apply()
    return made


# ── plan and apply ─────────────────────────────────────────────────────────────────────────────────────

RELATIONS = [
    "features.customer_orders",
    "features.customer_profile",
    "features.customer_orders__history",
    "features.customer_profile__history",
    "features.customer_orders__asof('2024-05-01T00:00:00Z')",
    "features.customer_profile__asof('2024-05-01T00:00:00Z')",
]


@pytest.mark.parametrize("relation", RELATIONS)
def test_views_hold_what_they_hold_on_duckdb(applied: PostgresShop, beside: Shop, relation: str) -> None:
    """Read by psycopg, from New York."""
    query = f"SELECT * FROM {relation}"
    found = applied.rows(query, zone="America/New_York")
    assert len(found) > 30
    assert plain(found) == plain(beside.rows(query))


def test_what_was_applied_is_no_change(applied: PostgresShop) -> None:
    assert applied.project.plan().changes == ()
    assert applied.project.apply().statements == 0


def test_comments_stand_on_views_columns_and_functions(applied: PostgresShop) -> None:
    describe = "SELECT col_description('features.customer_profile'::regclass, {})"
    assert [applied.one(describe.format(place)) for place in (1, 2, 3)] == [
        "Who orders", "Kind of customer", "Credit in euros",
    ]  # fmt: skip
    assert applied.one("SELECT obj_description('features.customer_orders'::regclass)") == "How a customer orders"
    function = "SELECT obj_description('features.customer_orders__asof'::regproc)"
    assert applied.one(function).startswith("customer_orders as it was known at a time")


def test_what_happened_is_told(applied: PostgresShop) -> None:
    with applied.project.session() as session:
        assert verify_audit(session) is None
    assert [row[2] for row in history_of(applied.project, "customer_orders").rows] == ["add"]
    assert [row[0] for row in list_kind(applied.project, "views").rows] == ["customer_orders", "customer_profile"]
    checks = applied.rows("SELECT object_name FROM aops.checks")
    assert checks == []


@pytest.mark.parametrize(
    "statement",
    ["UPDATE aops.audit_log SET actor = 'x'", "DELETE FROM aops.audit_log", "TRUNCATE aops.audit_log"],
)
def test_the_audit_trail_is_append_only(applied: PostgresShop, statement: str) -> None:
    with pytest.raises(psycopg.errors.RaiseException, match=r"aops\.audit_log is append-only"):
        applied.execute(statement)


def test_columns_come_and_go(shop: PostgresShop) -> None:
    """At the end a view is replaced as it stands; elsewhere it is made anew, and its function with it."""
    shop.execute("CREATE ROLE analyst_of_columns")
    shop.execute("GRANT SELECT ON features.customer_orders TO analyst_of_columns")
    shop.edit("orders", RATE, RATE + MAXIMUM)
    shop.project.apply()
    [newest] = shop.rows("SELECT max(amount) FROM raw.orders WHERE status <> 'test' AND placed_at > '2024-06-24Z'")
    assert shop.rows("SELECT max(max_amount_7d) FROM features.customer_orders") == [newest]
    may_read = "SELECT has_table_privilege('analyst_of_columns', 'features.customer_orders', 'SELECT')"
    assert shop.one(may_read) is True
    shop.edit("orders", RATE + MAXIMUM, RATE)
    shop.edit("orders", COUNTS, COUNTS + MAXIMUM)
    assert [change.breaking for change in shop.project.plan().changes] == [()]
    shop.project.apply()
    shop.edit("orders", COUNTS + MAXIMUM, COUNTS)
    with pytest.raises(DestructiveChangeError, match="max_amount_7d is gone"):
        shop.project.apply()
    shop.project.apply(allow_destructive=["customer_orders"])
    assert "max_amount_7d" not in str(shop.rows("SELECT to_json(o) FROM features.customer_orders o LIMIT 1"))
    asked = "SELECT count(*) FROM features.customer_orders__asof('2024-05-01T00:00:00Z')"
    assert shop.one(asked) == 40
    assert shop.project.plan().changes == ()


def test_a_function_whose_parameter_changes_is_not_doubled(shop: PostgresShop) -> None:
    """PostgreSQL tells functions of one name apart by what they take."""
    shop.execute(
        "CREATE VIEW raw.plain AS SELECT order_id, customer_id, amount, channel, status, returned,"
        " placed_at AT TIME ZONE 'UTC' AS placed_at FROM raw.orders"
    )
    shop.edit("orders", 'table="raw.orders"', 'table="raw.plain"')
    shop.project.apply(allow_destructive=["customer_orders"])
    functions = shop.rows("SELECT oid FROM pg_proc WHERE proname = 'customer_orders__asof'")
    assert len(functions) == 1
    assert shop.one("SELECT count(*) FROM features.customer_orders__asof('2024-05-01T00:00:00')") == 40


def test_a_view_that_somebody_reads_is_not_taken_away(shop: PostgresShop) -> None:
    shop.execute("CREATE VIEW raw.mine AS SELECT mean_amount_28d FROM features.customer_orders")
    shop.edit("orders", MEAN, "")
    shop.write(f"{FOLDER}/orders.py", (shop.folder / FOLDER / "orders.py").read_text().replace("mean_amount", "orders"))
    with pytest.raises(QueryError, match=r"view raw\.mine depends on view features\.customer_orders"):
        shop.project.apply(allow_destructive=["customer_orders"])
    assert shop.one("SELECT count(mean_amount_28d) FROM raw.mine") > 0
    with shop.project.session() as session:
        assert verify_audit(session) is None


def test_somebody_elses_view_is_not_replaced_unasked(shop: PostgresShop) -> None:
    shop.execute("DROP VIEW features.customer_profile CASCADE")
    shop.execute("CREATE VIEW features.customer_profile AS SELECT 1 AS mine")
    [change] = shop.project.plan().changes
    assert (change.action, change.replaces) == ("restore", ("features.customer_profile",))
    with pytest.raises(DestructiveChangeError, match=r"replace features\.customer_profile, which aops did not make"):
        shop.project.apply()
    shop.project.apply(allow_destructive=["customer_profile"])
    assert shop.one("SELECT count(credit) FROM features.customer_profile") > 0


def test_what_is_removed_is_gone_with_all_it_was_made_as(shop: PostgresShop) -> None:
    for file in (f"{FOLDER}/orders.py", f"{FOLDER}/customer.py"):
        (shop.folder / file).unlink()
    shop.project.apply(allow_destructive=["customer_orders", "customer_profile"])
    left = "SELECT relname FROM pg_class WHERE relnamespace = 'features'::regnamespace"
    assert shop.rows(left) == []
    assert shop.rows("SELECT 1 FROM pg_proc WHERE pronamespace = 'features'::regnamespace") == []


def test_an_apply_that_fails_leaves_everything_as_it_was(shop: PostgresShop) -> None:
    shop.edit("orders", RATE, RATE + MAXIMUM)
    plan = shop.project.plan()
    before = shop.rows("SELECT count(*), max(row_hash) FROM aops.audit_log")
    # the last statements of an apply are those on its audit trail
    shop.execute("ALTER TABLE aops.audit_log ADD CONSTRAINT none_more CHECK (action <> 'change') NOT VALID")
    with pytest.raises(QueryError, match="none_more"):
        shop.project.apply(plan)
    assert shop.rows("SELECT count(*), max(row_hash) FROM aops.audit_log") == before
    assert "max_amount_7d" not in str(shop.rows("SELECT to_json(o) FROM features.customer_orders o LIMIT 1"))


def test_of_two_applies_at_once_one_wins(shop: PostgresShop) -> None:
    shop.edit("orders", RATE, RATE + MAXIMUM)
    shop.write("aops.toml", (shop.folder / "aops.toml").read_text().replace("wait = 1", "wait = 60"))
    first, second = shop.project, shop.project
    plans = [first.plan(), second.plan()]
    ended: list[str] = []

    def apply(project: Project, number: int) -> None:
        try:
            project.apply(plans[number])
            ended.append("applied")
        except StalePlanError:
            ended.append("told")

    threads = [threading.Thread(target=apply, args=each) for each in ((first, 0), (second, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["applied", "told"]
    assert shop.one("SELECT count(*) FROM aops.definitions WHERE name = 'customer_orders'") == 2


def test_whoever_holds_the_warehouse_is_named(shop: PostgresShop) -> None:
    shop.edit("orders", RATE, RATE + MAXIMUM)
    plan = shop.project.plan()
    shop.write("aops.toml", (shop.folder / "aops.toml").read_text().replace("wait = 1", "wait = 0.1"))
    waiting = shop.project
    with shop.project.session() as session, session.transaction():
        holder = session.native.info.backend_pid
        with pytest.raises(WarehouseLockedError, match=f"held by process {holder} of user postgres .*pg_terminate"):
            waiting.apply(plan)
    assert waiting.apply(plan).statements > 0


# ── checks and tables of histories ─────────────────────────────────────────────────────────────────────

CHECKS = """    checks=[
        Check(kind="not_null", columns=["amount"]),
        Check(kind="unique", columns=["customer_id"], keep=3),
        Check(kind="matches", columns=["channel"], pattern="[a-z]{3}"),
        Check(kind="in_range", columns=["amount"], minimum=10, maximum=200),
        Check(kind="condition", name="paid", condition="status = 'paid'", where="amount > 20"),
        Check(kind="freshness", columns=["placed_at"], max_age="1d"),
    ],
"""


def test_checks_end_as_on_duckdb_and_keep_rows_that_fail(shop: PostgresShop, tmp_path: Path) -> None:
    beside = make_shop(tmp_path / "beside")
    for each in (shop, beside):
        each.edit("orders", "import Aggregation,", "import Check, Aggregation,")
        each.edit("orders", 'orders = DataSource(name="orders", ', f'orders = DataSource(name="orders",\n{CHECKS}    ')
        each.project.apply()
        each.project.check()
    results = "SELECT check_name, status, checked_rows, failing_rows, kept_rows, message FROM aops.check_results"
    assert len(shop.rows(results)) == 6
    assert plain(shop.rows(results)) == plain(beside.rows(results))
    kept = "SELECT CAST(failing_row->>'amount' AS DOUBLE PRECISION) AS amount FROM aops.check_failures"
    out_of_range = [amount for (amount,) in shop.rows(f"{kept} WHERE check_name = 'in_range_amount'")]
    wrong = "SELECT amount FROM raw.orders WHERE NOT amount BETWEEN 10 AND 200"
    assert sorted(out_of_range) == sorted(amount for (amount,) in beside.rows(wrong))
    assert len(shop.rows("SELECT * FROM aops.checks")) == 6


def test_a_history_is_kept_as_a_table(shop: PostgresShop) -> None:
    # what is not known yet at the project's now is not kept
    live = plain(shop.rows("SELECT * FROM features.customer_orders__history WHERE event_timestamp <= '2024-07-01Z'"))
    now = plain(shop.rows("SELECT * FROM features.customer_orders"))
    made = shop.project.materialize("customer_orders")
    assert made.rows == len(live) == shop.one("SELECT count(*) FROM features.customer_orders__kept")
    assert plain(shop.rows("SELECT * FROM features.customer_orders__history")) == live
    assert plain(shop.rows("SELECT * FROM features.customer_orders")) == now
    assert shop.project.plan().changes == ()
    shop.edit("orders", RATE, RATE + MAXIMUM)
    shop.project.apply()
    shop.project.materialize("customer_orders")
    assert shop.project.plan().changes == ()


# ── what is refused ────────────────────────────────────────────────────────────────────────────────────

# a filter, and what is said of it: each would be other rows for another reader, or an error
REFUSED = {
    "placed_at::DATE = DATE '2024-01-01'": "depends on the time zone of whoever reads",
    "strptime(status, '%Y') < placed_at": "depend on the settings of whoever reads",
    "date_diff('second', placed_at, TIMESTAMPTZ '2024-01-01 00:00:00+00') > 1": "depend on the settings",
    "CAST(timezone('UTC', placed_at) AS VARCHAR) > '2'": "depend on the settings",
    "TRY_CAST(status AS INTEGER) = 1": "TRY_CAST",
    "hash(status) > 0": "function hash",
    "nosuch > 1": 'column "nosuch" does not exist',
}  # fmt: skip


@pytest.mark.parametrize(("condition", "words"), REFUSED.items(), ids=list(REFUSED))
def test_a_condition_is_refused_with_the_view(
    applied: PostgresShop, tmp_path: Path, condition: str, words: str
) -> None:
    with pytest.raises(DefinitionError, match=f"(?s)feature view 'customer_orders'.*{words}"):
        with_filter(applied, tmp_path, condition).plan()


TAKEN = [
    "placed_at + INTERVAL 24 HOUR > TIMESTAMPTZ '2024-01-01 00:00:00+00'",
    "epoch(placed_at) > 1704067200 AND extract(epoch FROM placed_at - INTERVAL 1 HOUR) > 0",
    "date_trunc('day', timezone('UTC', placed_at)) >= TIMESTAMP '2024-01-01'",
    "CASE WHEN status = 'paid' THEN placed_at ELSE TIMESTAMPTZ '2024-01-01 00:00:00+00' END <= placed_at",
]


@pytest.mark.parametrize("condition", TAKEN)
def test_a_condition_that_is_the_same_everywhere_is_taken(
    applied: PostgresShop, tmp_path: Path, condition: str
) -> None:
    changed = [change.name for change in with_filter(applied, tmp_path, condition).plan().changes]
    assert changed == ["customer_orders"]


def with_filter(applied: PostgresShop, folder: Path, condition: str) -> Project:
    """The shop's project with another filter; its definitions are never applied."""
    for file in FILES:
        text = (applied.folder / file).read_text(encoding="utf-8")
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace('''filter="status <> 'test'"''', f"filter={condition!r}"), encoding="utf-8")
    return Project.load(folder)


def test_a_table_without_its_schema_is_refused(shop: PostgresShop) -> None:
    """What a name alone stands for is up to whoever reads."""
    shop.execute("CREATE TABLE public.orders AS SELECT * FROM raw.orders")
    shop.edit("orders", 'table="raw.orders"', 'table="orders"')
    with pytest.raises(DefinitionError, match=r'data source .orders.: relation "orders" does not exist'):
        shop.project.plan()


def test_no_server_is_told_with_what_to_do(tmp_path: Path) -> None:
    project = Project(url=f"postgresql://shop:secret@/nowhere?host={tmp_path}", definitions=[])
    with pytest.raises(WarehouseError, match=r"cannot be reached: .*; start the server, or correct the url") as told:
        project.plan()
    assert "secret" not in str(told.value)


# ── training sets, models, scores ──────────────────────────────────────────────────────────────────────

SPINE = "SELECT order_id, customer_id, amount, channel, placed_at AS event_timestamp FROM raw.orders"
ASKED = ["customer_orders:orders_7d", "customer_orders:mean_amount_28d", "customer_profile:segment"]


def test_a_spine_of_sql_and_one_of_rows_get_duckdbs_features(applied: PostgresShop, beside: Shop) -> None:
    rows = beside.frame(SPINE)
    expected = beside.project.get_historical_features(rows, ASKED).to_df()
    given = applied.project.get_historical_features(rows, ASKED).to_df()
    pd.testing.assert_frame_equal(given, expected, check_dtype=False)
    by_sql = applied.project.get_historical_features(f"{SPINE} ORDER BY order_id", ASKED).to_df()
    pd.testing.assert_frame_equal(by_sql, expected, check_dtype=False)


def test_a_kept_set_is_made_again_or_what_changed_is_told(shop: PostgresShop) -> None:
    kept = shop.project.get_historical_features(f"{SPINE} WHERE order_id < 100", ASKED).persist("some")
    shop.execute(f"DROP TABLE {kept.table}")
    again = shop.project.remake_dataset("some", kept.digest[:8])
    assert (again.digest, again.created, again.rows) == (kept.digest, True, 99)
    shop.execute("UPDATE raw.profiles SET segment = 'other'")
    with pytest.raises(RefusedError, match=r"data source 'profiles' has as many rows known by then, \d+, of other"):
        shop.project.remake_dataset("some", kept.digest[:8])


def test_profiles_are_not_made_yet(applied: PostgresShop) -> None:
    with pytest.raises(AopsError, match="aops profile: not yet on postgres: read the table's columns"):
        applied.project.profile("raw.orders")


def test_a_model_lives_on_postgresql(tmp_path: Path, beside: Shop) -> None:
    """Its set, its versions and their scores are those of DuckDB."""
    shop = make_postgres_shop(tmp_path)
    for project in (shop.project, beside.project):
        project.apply()
        project.train("returns", candidate="logistic")
        project.promote("returns:1")
        project.score("returns", until=None)
    again = shop.project.dataset("returns")
    assert (again.created, again.rows) == (False, 600)
    query = "SELECT order_id, probability_1 FROM {} ORDER BY order_id"
    expected = beside.rows(query.format("scores.returns"))
    assert shop.project.score("returns").rows == len(expected) == 600
    for relation in ("scores.returns", "scores.returns__batch"):
        found = shop.rows(query.format(relation))
        assert [order for order, _ in found] == [order for order, _ in expected]
        differences = [abs(a - b) for (_, a), (_, b) in zip(found, expected, strict=True)]
        assert max(differences) < 1e-9
    ours, theirs = (project.evaluate("returns:1").metrics["test"] for project in (shop.project, beside.project))
    assert ours == pytest.approx(theirs, rel=1e-9)
    with shop.project.session() as session:
        assert verify_audit(session) is None
    assert shop.project.plan().changes == ()


def test_a_model_of_a_library_is_refused(tmp_path: Path) -> None:
    shop = make_postgres_shop(tmp_path)
    shop.edit("models/returns", 'target="returned"', 'executor="library", target="returned"')
    shop.project.apply()
    with pytest.raises(AopsError, match="PostgreSQL cannot call a model's own library: take executor='sql'"):
        shop.project.train("returns", candidate="logistic")
