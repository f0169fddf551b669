"""A plan compiles what an edit or the warehouse changed, and nothing else; what it says is what a whole plan says."""

from __future__ import annotations

import pytest

from aops_indb import Project
from aops_indb.errors import DefinitionError
from aops_indb.features import views
from aops_indb.workflows import desired
from aops_indb.workflows.plan import Plan

from .shop import FOLDER, SETTINGS, Shop


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The views that were compiled since the list was emptied."""
    names: list[str] = []
    of_view = views.warehouse_objects

    def noted(view, **settings):  # type: ignore[no-untyped-def]
        names.append(view.name)
        return of_view(view, **settings)

    monkeypatch.setattr(desired, "warehouse_objects", noted)
    return names


def whole_plan(project: Project, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A plan that compiles everything."""
    with monkeypatch.context() as patched:
        patched.setattr(desired, "is_current", lambda *_: False)
        return project.plan()


ORDERS, PROFILE = "customer_orders", "customer_profile"
BOTH = [ORDERS, PROFILE]

# What is done in the definitions, or in the warehouse -> the views that are compiled again.
EDITS: dict[str, tuple[tuple[str, str, str] | str, list[str]]] = {
    "nothing": ("SELECT 1", []),
    "a window": (("orders", '["7d", "28d"]', '["7d", "28d", "90d"]'), [ORDERS]),
    "a field's description": (("customer", "Kind of customer", "Sort of customer"), [PROFILE]),
    "an entity's description": (("customer", "Who orders", "Whoever orders"), BOTH),
    "a source's query": (
        ("orders", 'table="raw.orders"', 'query="SELECT * FROM raw.orders WHERE amount > 0"'),
        [ORDERS],
    ),
    "a service": (("orders", "        amount_ratio,\n", ""), []),
    "a column's type": ("ALTER TABLE raw.orders ALTER amount TYPE DECIMAL(18, 2)", [ORDERS]),
    "a column more": ("ALTER TABLE raw.profiles ADD COLUMN voucher VARCHAR", [PROFILE]),
    "rows": ("DELETE FROM raw.orders WHERE amount > 10", []),
    "a view that is gone": ("DROP VIEW features.customer_profile__history", [PROFILE]),
    "a view that is another": (
        "CREATE OR REPLACE MACRO features.customer_orders__asof(ts) AS TABLE SELECT ts AS ts",
        [ORDERS],
    ),
    "a macro": ("CREATE MACRO main.own(x) AS x + 1", BOTH),
    "an index": ("CREATE INDEX by_customer ON raw.orders(customer_id)", []),
}


LONG = (
    "nothing",
    "an entity's description",
    "a source's query",
    "a service",
    "rows",
    "a view that is another",
    "a macro",
)


@pytest.mark.parametrize("edit", [pytest.param(e, marks=pytest.mark.long) if e in LONG else e for e in EDITS])
def test_what_is_compiled_again(applied: Shop, compiled: list[str], monkeypatch: pytest.MonkeyPatch, edit: str) -> None:
    change, expected = EDITS[edit]
    if isinstance(change, str):
        applied.execute(change)
    else:
        applied.edit(*change)
    found = applied.project.plan()
    assert sorted(compiled) == expected
    assert found.changes == whole_plan(applied.project, monkeypatch).changes
    applied.project.apply(found, allow_destructive=[c.name for c in found.changes if c.destructive])
    compiled.clear()
    assert applied.project.plan().changes == ()


def test_a_fixed_moment_is_compiled_into_views(applied: Shop, compiled: list[str]) -> None:
    applied.write("aops.toml", SETTINGS.replace("now = 2024-07-01", "now = 2024-06-01"))
    assert len(applied.project.plan().changes) == 2
    assert sorted(compiled) == BOTH


def test_another_release_compiles_everything(
    applied: Shop, compiled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aops_indb.workflows.compiled._compiler", lambda: "another")
    before = applied.rows("SELECT * EXCLUDE compiled_from FROM aops.definitions ORDER BY 1")
    for _ in range(2):
        assert applied.project.plan().changes == ()
        assert sorted(compiled) == BOTH
        compiled.clear()
    # apply makes nothing, and notes that all came out as it was
    assert applied.project.apply().changes == ()
    assert applied.rows("SELECT * EXCLUDE compiled_from FROM aops.definitions ORDER BY 1") == before
    compiled.clear()
    assert applied.project.plan().changes == ()
    assert compiled == []


def test_what_no_longer_fits_the_warehouse_is_told(applied: Shop) -> None:
    applied.execute("ALTER TABLE raw.orders DROP COLUMN status")
    with pytest.raises(DefinitionError, match=r"feature view 'customer_orders'.*status"):
        applied.project.plan()


def test_a_macro_that_an_expression_calls_is_refused_though_nothing_was_edited(applied: Shop) -> None:
    applied.edit("customer", "credit_cents / 100", "abs(credit_cents) / 100")
    applied.project.apply()
    applied.execute("CREATE MACRO main.abs(x) AS 0")
    with pytest.raises(DefinitionError, match="calls a macro of the warehouse"):
        applied.project.plan()


def test_a_source_is_asked_for_its_columns_once(applied: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from aops_indb.engines.duckdb_session import DuckDBSession

    asked: list[str] = []
    fetched = DuckDBSession._fetched

    def noted(session: DuckDBSession, text: str) -> list[tuple[object, ...]]:
        asked.append(text)
        return fetched(session, text)

    monkeypatch.setattr(DuckDBSession, "_fetched", noted)
    whole_plan(applied.project, monkeypatch)
    for source in ("orders", "profiles"):
        assert asked.count(f'DESCRIBE SELECT\n  *\nFROM "raw"."{source}"') == 1


FURTHER = f"""\
from aops_indb import Aggregation, FeatureView
from {FOLDER}.customer import customer, customer_profile

further = FeatureView(name="further", entities=[customer], source=customer_profile,
    aggregations=[Aggregation(function="max", column="credit", windows=["28d"])])
"""
# Done to the warehouse or the definitions of customer_profile -> what is compiled again.
BELOW = {
    "an expression": (("customer", "credit_cents / 100", "credit_cents / 10"), [PROFILE, "further"]),
    "a type that stays the same above": (
        "ALTER TABLE raw.profiles ALTER credit_cents TYPE INTEGER",
        [PROFILE, "further"],
    ),
    "another view": (("orders", '["7d", "28d"]', '["7d", "28d", "90d"]'), [ORDERS]),
}


@pytest.mark.parametrize("edit", [e if e != "another view" else pytest.param(e, marks=pytest.mark.long) for e in BELOW])
def test_a_view_of_a_view_is_compiled_again_with_it(applied: Shop, compiled: list[str], edit: str) -> None:
    applied.write(f"{FOLDER}/further.py", FURTHER)
    applied.edit("customer", 'ttl="60d"', "ttl=None")
    applied.project.apply()
    compiled.clear()
    change, expected = BELOW[edit]
    if isinstance(change, str):
        applied.execute(change)
    else:
        applied.edit(*change)
    found = applied.project.plan()
    assert sorted(compiled) == expected
    if edit == "an expression":
        assert {c.name: c.downstream.models for c in found.changes} == {PROFILE: ("returns",), "further": ()}
