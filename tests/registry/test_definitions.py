"""Definitions in force, and all that were before them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from aops_indb.engines import Engine, Session
from aops_indb.errors import UnknownNameError
from aops_indb.registry import (
    Actor,
    ColumnRecord,
    DefinitionRecord,
    applied_definitions,
    prepare,
    record_definition,
    remove_definition,
    verify_audit,
)
from aops_indb.registry.tables import AUDIT_LOG

ANNA = Actor("anna", "AOPS_ACTOR")
NAMES = ["plain", "select", "two words", 'a "quoted" one', "o'hare", "größe", "航班", "a.b", "%s", ":x", "$1", "null"]


def definition(name: str = "carrier_delay", fingerprint: str = "f1", kind: str = "feature_view") -> DefinitionRecord:
    return DefinitionRecord(
        kind=kind,
        name=name,
        fingerprint=fingerprint,
        definition={"name": name, "ttl": None, "windows": ["7d", "28d"], "nested": {"o'hare": 0.1, "größe": True}},
        description=f"what {name} is",
        owner="Anna Müller",
        tags={"domain": "delay", "a b": 'c"d'},
        sql={name: 'SELECT "a"\nFROM t', f"{name}__history": "SELECT 'o''hare'"},
        columns=(ColumnRecord("mean_7d", "DOUBLE", "minutes"), ColumnRecord(name, "BIGINT", "")),
        depends_on=(("entity", "carrier"), ("data_source", name)),
    )


def actions(session: Session) -> list[tuple[str, str, str, int | None]]:
    a = AUDIT_LOG.c
    query = sa.select(a.action, a.kind, a.name, a.version).where(a.action != "migrate").order_by(a.seq)
    return [(row.action, row.kind, row.name, row.version) for row in session.connection.execute(query)]


@pytest.mark.parametrize("name", NAMES)
def test_what_was_recorded_is_read_again(engine: Engine, name: str) -> None:
    with engine.session() as session:
        prepare(session)
        assert record_definition(session, definition(name), actor=ANNA) == 1
    with engine.session(read_only=True) as session:
        read = applied_definitions(session)
        assert read == {("feature_view", name): dataclasses.replace(definition(name), version=1)}


def test_bare_definitions(session: Session) -> None:
    bare = DefinitionRecord("entity", "carrier", "f", {}, "", "", {}, {}, (), (), version=1)
    record_definition(session, bare, actor=ANNA)
    assert applied_definitions(session) == {("entity", "carrier"): bare}


Step = Callable[[Session], object]


def record(name: str, fingerprint: str, **changes: str) -> Step:
    wanted = dataclasses.replace(definition(name, fingerprint), **changes)  # type: ignore[arg-type]
    return lambda session: record_definition(session, wanted, actor=ANNA)


def remove(name: str) -> Step:
    return lambda session: remove_definition(session, "feature_view", name, actor=ANNA)


HISTORIES: dict[str, tuple[list[Step], list[int | None], list[str]]] = {
    # what happens: the steps, what each returns, what the audit trail calls it
    "counts up": ([record("v", "a"), record("v", "b"), record("v", "c")], [1, 2, 3], ["add", "change", "change"]),
    "each name by itself": (
        [record("v", "a"), record("w", "a"), record("v", "b")],
        [1, 1, 2],
        ["add", "add", "change"],
    ),
    "not for words": ([record("v", "a"), record("v", "a", description="new")], [1, 1], ["add", "change"]),
    "back is onward": ([record("v", "a"), record("v", "b"), record("v", "a")], [1, 2, 3], ["add", "change", "change"]),
    "gone and back": ([record("v", "a"), remove("v"), record("v", "a")], [1, None, 1], ["add", "remove", "add"]),
    "gone, back new": ([record("v", "a"), remove("v"), record("v", "b")], [1, None, 2], ["add", "remove", "add"]),
}


@pytest.mark.parametrize("case", HISTORIES)
def test_versions_count_fingerprints(case: str, session: Session) -> None:
    steps, returned, audited = HISTORIES[case]
    assert [step(session) for step in steps] == returned
    assert [action for action, *_ in actions(session)] == audited
    newest = [version for version in returned if version is not None][-1]
    assert applied_definitions(session)["feature_view", "v"].version == newest
    assert verify_audit(session) is None


def test_every_state_is_kept(session: Session) -> None:
    for step in (record("v", "a"), record("v", "b", description="new"), remove("v")):
        step(session)
    kept = session.native.execute("""
        SELECT version, fingerprint, description, applied_by, retired_by, retired_at >= applied_at,
               compiled_sql->>'v'
        FROM aops.feature_view_versions ORDER BY applied_at
    """).fetchall()
    assert kept == [
        (1, "a", "what v is", "anna", "anna", True, 'SELECT "a"\nFROM t'),
        (2, "b", "new", "anna", "anna", True, 'SELECT "a"\nFROM t'),
    ]
    assert applied_definitions(session) == {}
    assert session.native.execute("SELECT count(*) FROM aops.lineage_edges").fetchall() == [(4,)]


def test_only_what_is_in_force_can_be_removed(session: Session) -> None:
    record("carrier_delay", "a")(session)
    for name in ("carier_delay", "carrier_delay"):
        remove("carrier_delay")(session) if name == "carrier_delay" else None
        with pytest.raises(UnknownNameError, match="unknown feature view"):
            remove(name)(session)
    assert [action for action, *_ in actions(session)] == ["add", "remove"]


def test_the_same_name_may_be_of_two_kinds(session: Session) -> None:
    for kind in ("entity", "feature_view"):
        record_definition(session, definition("carrier", kind=kind), actor=ANNA)
    remove_definition(session, "entity", "carrier", actor=ANNA)
    assert list(applied_definitions(session)) == [("feature_view", "carrier")]


def test_views_show_what_is_in_force_by_kind(session: Session) -> None:
    views = {
        "entities": "entity",
        "data_sources": "data_source",
        "feature_views": "feature_view",
        "feature_services": "feature_service",
    }
    for kind in views.values():
        record_definition(session, definition(f"my_{kind}", kind=kind), actor=ANNA)
        record_definition(session, definition(f"old_{kind}", kind=kind), actor=ANNA)
        remove_definition(session, kind, f"old_{kind}", actor=ANNA)
    for view, kind in views.items():
        assert session.native.execute(f"SELECT name, version FROM aops.{view}").fetchall() == [(f"my_{kind}", 1)]
    features = session.native.execute("SELECT feature_view, position, name, dtype FROM aops.features ORDER BY 2")
    assert features.fetchall() == [
        ("my_feature_view", 1, "mean_7d", "DOUBLE"),
        ("my_feature_view", 2, "my_feature_view", "BIGINT"),
    ]


@pytest.mark.parametrize("by_itself", [True, False])
def test_a_change_is_whole_or_not_at_all(session: Session, by_itself: bool) -> None:
    """A column that cannot be stored fails after the definition's own row was written."""
    broken = dataclasses.replace(definition(), columns=(ColumnRecord("a", None, ""),))  # type: ignore[arg-type]

    def change() -> None:
        if by_itself:
            record_definition(session, broken, actor=ANNA)
        with session.transaction():
            session.run_script("CREATE VIEW v AS SELECT 1 AS a")
            record_definition(session, broken, actor=ANNA)

    record_definition(session, definition(fingerprint="before"), actor=ANNA)
    with pytest.raises(Exception, match="NOT NULL"):
        change()
    assert applied_definitions(session)["feature_view", "carrier_delay"].fingerprint == "before"
    assert len(actions(session)) == 1
    assert session.relations("main") == {}
