"""Lineage: by hand for a shop, and against what really changes when a column of a table does."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest

from aops_indb.errors import UnknownNameError
from aops_indb.sqlgen.lineage import origins
from aops_indb.sqlgen.parse import parse_select
from aops_indb.workflows.lineage import Edge, Lineage, tables_behind, tree
from aops_indb.workflows.lineage_reading import lineage_graph

from .shop import Shop


def of(shop: Shop, name: str) -> Lineage:
    found = shop.project.lineage(name)
    assert isinstance(found, Lineage)
    return found


def ends(edges: tuple[Edge, ...], *, up: bool) -> set[str]:
    return {str(edge.upstream if up else edge.downstream) for edge in edges}


def test_a_feature_by_hand(trained_shop: Shop) -> None:
    found = of(trained_shop, "customer_orders:returned_28d")
    assert {(str(e.upstream), e.direct) for e in found.upstream if e.downstream == found.node} == {
        ("data_source orders:returned", True), ("data_source orders:placed_at", False),
        ("data_source orders:customer_id", False), ("data_source orders:status", False),
    }  # fmt: skip
    assert ends(found.downstream, up=False) == {
        "feature_service order_features:returned_28d", "model returns:returned_28d",
        "model_version returns:1:returned_28d", "model_version returns:2:returned_28d",
        *(f"scored_view scores.returns:{column}" for column in ("label", "decision", "probability_0", "probability_1")),
    }  # fmt: skip


def test_wholes_by_hand(trained_shop: Shop) -> None:
    up = ends(of(trained_shop, "scores.returns").upstream, up=True)
    dataset = trained_shop.one("SELECT DISTINCT dataset_name FROM aops.model_versions")
    assert up == {
        "model_version returns:1", f"dataset {dataset}", "model returns", "table raw.orders", "table raw.profiles",
        "feature_service order_features", "feature_view customer_orders", "feature_view customer_profile",
        "on_demand_feature amount_ratio", "request_source order_request", "data_source orders", "data_source profiles",
        "entity customer",
    }  # fmt: skip
    down = ends(of(trained_shop, "raw.profiles").downstream, up=False)
    assert {"feature_view customer_profile", "model returns", "scored_view scores.returns"} <= down
    assert not [name for name in down if "customer_orders" in name]


def changed_columns(shop: Shop, table: str, column: str) -> set[str]:
    """Columns of the feature views that are others once every value of a column was moved to another row."""
    views = {"customer_orders": "customer_id", "customer_profile": "customer_id"}
    before = {view: shop.frame(f"FROM features.{view} ORDER BY ALL") for view in views}
    # a little later nothing would be another: rows are written within hours
    moved = {"written_at": "written_at + INTERVAL 300 DAY"}.get(
        column, f"lag({column}, 7, {column}) OVER (ORDER BY rowid)"
    )
    shop.execute(
        f"CREATE TEMP TABLE moved AS SELECT rowid AS r, {moved} AS v FROM {table};"
        f"UPDATE {table} SET {column} = v FROM moved WHERE {table.split('.')[1]}.rowid = r"
    )
    changed: set[str] = set()
    for view, key in views.items():
        after = shop.frame(f"FROM features.{view} ORDER BY ALL")
        joined = before[view].merge(after, on=key, how="outer", suffixes=("", "__after"))
        for name in after.columns:
            if name != key:
                one, other = joined[name], joined[f"{name}__after"]
                if not (one.eq(other) | (one.isna() & other.isna())).all():
                    changed.add(f"feature_view {view}:{name}")
    return changed


@pytest.mark.parametrize(
    ("table", "column"),
    [("raw.orders", c) for c in ("customer_id", "amount", "status", "returned", "placed_at", "channel", "order_id")]
    + [("raw.profiles", c) for c in ("segment", "credit_cents", "valid_from", "written_at")],
)
def test_what_changes_is_downstream(applied: Shop, table: str, column: str) -> None:
    told = ends(of(applied, f"{table}:{column}").downstream, up=False)
    changed = changed_columns(applied, table, column)
    features = {name for name in told if name.startswith("feature_view ") and not name.endswith(":customer_id")}
    assert changed <= features
    # and nothing is told that could not change
    assert bool(changed) == bool(features)


def test_a_request_column_comes_from_the_spine(applied: Shop) -> None:
    down = ends(of(applied, "raw.orders:channel").downstream, up=False)
    assert {
        "request_source order_request:channel",
        "feature_service order_features:channel",
        "model returns:channel",
    } <= down
    assert "on_demand_feature amount_ratio:amount_ratio" in ends(of(applied, "raw.orders:amount").downstream, up=False)


QUERIES: list[tuple[str, dict[str, set[tuple[str, str]]]]] = [
    ("SELECT * FROM raw.t", {"k": {("raw.t", "k")}, "a": {("raw.t", "a")}}),
    ("SELECT a + b AS c, 1 AS one FROM raw.t JOIN u USING (k)", {"c": {("raw.t", "a"), ("u", "b")}, "one": set()}),
    (
        "WITH w AS (SELECT k, max(a) OVER (PARTITION BY k) AS m FROM raw.t) SELECT m FROM w UNION ALL SELECT b FROM u",
        {"m": {("raw.t", "a"), ("raw.t", "k"), ("u", "b")}},
    ),
    ('SELECT "A" AS "X y" FROM (SELECT t.a FROM raw.t AS t) WHERE true', {"x y": {("raw.t", "a")}}),
]


@pytest.mark.parametrize(("sql", "expected"), QUERIES)
def test_columns_of_a_query(sql: str, expected: dict[str, set[tuple[str, str]]]) -> None:
    found = origins(parse_select(sql), {"raw.t": {"k": "INT", "a": "INT"}, "u": {"k": "INT", "b": "INT"}})
    assert found == {column: frozenset(each) for column, each in expected.items()}


def test_a_source_that_is_a_query(applied: Shop) -> None:
    query = "SELECT o.*, segment AS s FROM raw.orders AS o LEFT JOIN raw.profiles USING (customer_id)"
    applied.edit("orders", 'table="raw.orders"', f'query="{query}"')
    graph = lineage_graph(applied.project)
    node = next(n for n in graph.nodes if n.reference == "customer_orders:mean_amount_28d")
    assert [(n.reference, direct) for n, direct in tables_behind(graph, node)] == [
        ("raw.orders:amount", True), ("raw.orders:customer_id", False), ("raw.orders:placed_at", False),
        ("raw.orders:status", False),
    ]  # fmt: skip
    assert "table raw.profiles" in ends(of(applied, "orders").upstream, up=True)


# ── formats ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_tree_shows_each_edge_once_below_its_node(trained_shop: Shop) -> None:
    found = of(trained_shop, "customer_orders")
    lines = list(tree(found.node, found.downstream, up=False))
    assert len(lines) == len(found.downstream)
    assert lines[0][0] == 0


def test_mermaid(trained_shop: Shop) -> None:
    chart = trained_shop.project.lineage("customer_orders", format="mermaid")
    found = of(trained_shop, "customer_orders")
    assert isinstance(chart, str)
    first, *lines = chart.splitlines()
    assert first == "flowchart LR"
    named = dict(line.strip().rstrip('"]').split('["') for line in lines if '["' in line)
    arrows = {tuple(line.split(" --> ")) for line in (each.strip() for each in lines) if " --> " in line}
    label = {number: text.replace("<br>", " ") for number, text in named.items()}
    assert {(label[a], label[b]) for a, b in arrows} == {
        (str(edge.upstream), str(edge.downstream)) for edge in {*found.upstream, *found.downstream}
    }


def required(event: dict[str, Any]) -> None:
    """What OpenLineage 2-0-2 requires of a RunEvent, its datasets and its column lineage."""
    assert event["schemaURL"] == "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
    assert event["eventType"] in ("START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER")
    assert dt.datetime.fromisoformat(event["eventTime"]).tzinfo is not None
    assert event["producer"].startswith("https://")
    uuid.UUID(event["run"]["runId"])
    for named in (event["job"], *event["inputs"], *event["outputs"]):
        assert isinstance(named["namespace"], str)
        assert isinstance(named["name"], str)
    for facet in event["outputs"][0]["facets"].values():
        assert facet["_producer"].startswith("https://")
        assert facet["_schemaURL"].startswith("https://openlineage.io/spec/facets/")
    for each in event["outputs"][0]["facets"]["columnLineage"]["fields"].values():
        for given in each["inputFields"]:
            assert set(given) == {"namespace", "name", "field", "transformations"}
            assert {t["type"] for t in given["transformations"]} <= {"DIRECT", "INDIRECT"}


def test_openlineage(trained_shop: Shop) -> None:
    events = trained_shop.project.lineage("customer_orders", format="openlineage")
    assert isinstance(events, list)
    for event in events:
        required(event)
    assert [event["outputs"][0]["name"] for event in events] == ["features.customer_orders", "scores.returns"]
    fields = events[0]["outputs"][0]["facets"]["columnLineage"]["fields"]
    given = fields["mean_amount_28d"]["inputFields"]
    assert {each["field"]: each["transformations"][0]["type"] for each in given} == {
        "amount": "DIRECT", "customer_id": "INDIRECT", "placed_at": "INDIRECT", "status": "INDIRECT",
    }  # fmt: skip
    assert [given["name"] for given in events[1]["inputs"]] == ["raw.orders", "raw.profiles"]


def test_unknown_names(applied_shop: Shop) -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean 'raw\.orders'"):
        applied_shop.project.lineage("raw.order")
    with pytest.raises(UnknownNameError, match="unknown format 'svg'"):
        applied_shop.project.lineage("customer_orders", format="svg")
