"""A plan of what is new tells the columns of views, and compiles their histories only for those who read the SQL."""

from __future__ import annotations

import pytest

from aops_indb.features import views

from .shop import Shop


def test_histories_wait(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    history = views.history

    def noted(view, *args):  # type: ignore[no-untyped-def]
        compiled.append(view.name)
        return history(view, *args)

    monkeypatch.setattr(views, "history", noted)
    plan = shop.project.plan()
    assert compiled == []
    told = {change.name: change for change in plan.changes if change.kind == "feature_view"}
    sql = {name: dict(change.sql or {}) for name, change in told.items()}
    assert sorted(compiled) == sorted(told)
    shop.project.apply(plan)
    for name, change in told.items():
        described = shop.rows(f"DESCRIBE features.{name}")
        types = {str(row[0]): str(row[1]) for row in described}
        assert list(change.details) == [f"{c} {types[c]}" for c in list(types)[-len(change.details) :]]
        for item in (name, f"{name}__history"):
            assert shop.rows(f"DESCRIBE {sql[name][item]}") == shop.rows(f"DESCRIBE features.{item}")
