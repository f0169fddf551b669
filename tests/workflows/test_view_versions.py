"""Versions of a view side by side in the warehouse, as long as a live model is bound to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aops_indb.errors import DestructiveChangeError

from .shop import FOLDER, Shop

# A number that a view without versions has not; then a second version, defined in the place of the first.
ONE = ('    name="customer_profile",\n', '    name="customer_profile",\n    version=1,\n')
TWO = ("version=1,", "version=2,")
OTHER = ("credit_cents / 100", "credit_cents / 1000")
NAMES = ["customer_profile", "customer_profile__v1", "customer_profile__v2"]


def profiles(shop: Shop, view: str) -> list[tuple[Any, ...]]:
    return shop.rows(f"SELECT customer_id, segment, credit FROM features.{view} ORDER BY ALL")


def scores(shop: Shop) -> list[tuple[Any, ...]]:
    return shop.rows("SELECT * EXCLUDE scored_at FROM scores.returns ORDER BY ALL")


def made(shop: Shop) -> list[str]:
    return [
        name
        for (name,) in shop.rows(
            "SELECT view_name FROM duckdb_views() WHERE schema_name = 'features' AND view_name LIKE 'customer_profile%'"
            " AND view_name NOT LIKE '%history' ORDER BY 1"
        )
    ]


@pytest.fixture
def numbered(trained: Shop) -> Shop:
    """The model was trained on what is version 1 of the view."""
    trained.edit("customer", *ONE)
    trained.project.apply()
    return trained


def test_a_number_alone_is_another_name_for_the_view(trained: Shop) -> None:
    trained.edit("customer", *ONE)
    view, service = trained.project.plan().changes
    assert (view.name, service.name) == ("customer_profile", "order_features")
    for change in (view, service):
        assert (change.effect, change.downstream.named(), change.destructive) == ("non-breaking", {}, False)
    trained.project.apply()
    assert made(trained) == NAMES[:2]
    for whole in ("{}", "{}__history", "{}__asof(TIMESTAMPTZ '2024-05-01')", "{}__asof('2024-03-01')"):
        rows = [
            trained.rows(f"SELECT * FROM features.{whole.format(name)} ORDER BY ALL")
            for name in ("customer_profile", "customer_profile__v1")
        ]
        assert rows[0] == rows[1] != []
    # the version that was trained before is the same
    assert trained.project.promote("returns:1").version == 1
    assert trained.project.plan().changes == ()


def test_a_version_that_a_live_model_is_bound_to_stays(numbered: Shop) -> None:
    before, scored = profiles(numbered, "customer_profile"), scores(numbered)
    as_of = "SELECT * FROM features.customer_profile{}__asof(TIMESTAMPTZ '2024-05-01') ORDER BY ALL"
    history = "SELECT * FROM features.customer_profile{}__history ORDER BY ALL"
    known = [numbered.rows(sql.format("")) for sql in (as_of, history)]
    numbered.edit("customer", *TWO)
    numbered.edit("customer", *OTHER)
    plan = numbered.project.plan()
    assert plan.kept == {"customer_profile__v1": ("returns:1 (champion)",)}
    changes = {change.name: change for change in plan.changes}
    assert {name: change.action for name, change in changes.items()} == {
        "customer_profile": "change",
        "customer_profile__v1": "add",
        "order_features": "change",
    }
    assert not any(change.destructive for change in plan.changes)
    assert changes["customer_profile"].downstream.live_versions == ("returns:1 (champion)",)
    numbered.project.apply(plan)
    assert made(numbered) == NAMES
    assert profiles(numbered, "customer_profile__v1") == before
    expected = [(customer, segment, None if credit is None else credit / 10) for customer, segment, credit in before]
    assert profiles(numbered, "customer_profile") == profiles(numbered, "customer_profile__v2")
    for (*got, credit), (*wanted, tenth) in zip(profiles(numbered, "customer_profile"), expected, strict=True):
        assert (got, credit) == (wanted, pytest.approx(tenth))
    assert [numbered.rows(sql.format("__v1")) for sql in (as_of, history)] == known
    assert scores(numbered) == scored
    # it stays by itself
    assert numbered.project.plan().changes == ()
    assert numbered.project.plan().kept == plan.kept
    numbered.execute("DROP VIEW features.customer_profile__v1")
    numbered.project.apply()
    assert profiles(numbered, "customer_profile__v1") == before


def test_once_nothing_is_bound_its_removal_is_offered_by_name(numbered: Shop) -> None:
    numbered.edit("customer", *TWO)
    numbered.edit("customer", *OTHER)
    numbered.project.apply()
    numbered.project.train("returns", candidate="logistic")
    assert numbered.project.plan().changes == ()
    numbered.project.promote("returns:3")
    plan = numbered.project.plan()
    assert [(c.action, c.kind, c.name, c.destructive) for c in plan.changes] == [
        ("remove", "feature_view", "customer_profile__v1", True)
    ]
    assert plan.kept == {}
    with pytest.raises(DestructiveChangeError, match=r"--allow-destructive customer_profile__v1"):
        numbered.project.apply()
    numbered.project.apply(allow_destructive=["customer_profile__v1"])
    assert made(numbered) == [NAMES[0], NAMES[2]]
    assert numbered.project.plan().changes == ()


def test_a_version_that_nothing_is_bound_to_goes_by_name(applied: Shop) -> None:
    applied.edit("customer", *ONE)
    applied.project.apply()
    applied.edit("customer", *TWO)
    [change, _] = applied.project.plan().changes
    gone = tuple(f"features.customer_profile__v1{suffix} is gone" for suffix in ("", "__history", "__asof"))
    assert (change.breaking, change.effect) == (gone, "breaking")
    applied.project.apply(allow_destructive=["customer_profile"])
    assert made(applied) == [NAMES[0], NAMES[2]]
    assert applied.project.plan().changes == ()


def test_both_versions_defined(numbered: Shop, tmp_path: Path) -> None:
    """A model whose service names version 1 goes on with it: promoted, scored in batches, and as before."""
    scored = scores(numbered)
    numbered.project.score("returns")
    batch = "SELECT * EXCLUDE scored_at FROM scores.returns__batch ORDER BY ALL"
    kept = numbered.rows(batch)
    text = (numbered.folder / FOLDER / "customer.py").read_text(encoding="utf-8")
    view = text[text.index("customer_profile = FeatureView(") :]
    second = view.replace("customer_profile = ", "second = ").replace(*TWO).replace(*OTHER)
    numbered.write(f"{FOLDER}/customer.py", f"{text}\n\n{second}")
    numbered.edit(
        "orders", "        customer_profile,\n",
        '        "customer_profile@v1:segment",\n        "customer_profile@v1:credit",\n',
    )  # fmt: skip
    plan = numbered.project.plan()
    changes = {change.name: change for change in plan.changes}
    assert {name: change.action for name, change in changes.items()} == {
        "customer_profile": "change",
        "customer_profile__v1": "add",
        "order_features": "change",
    }
    assert plan.kept == {}
    before = profiles(numbered, "customer_profile")
    numbered.project.apply(plan, allow_destructive=[c.name for c in plan.changes if c.destructive])
    assert profiles(numbered, "customer_profile__v1") == before != profiles(numbered, "customer_profile")
    assert numbered.project.promote("returns:1").version == 1
    assert scores(numbered) == scored
    numbered.project.score("returns")
    assert numbered.rows(batch) == kept
