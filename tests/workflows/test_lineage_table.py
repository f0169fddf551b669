"""Lineage as rows: what the warehouse can be asked is what `aops lineage` says."""

from __future__ import annotations

from typing import Any

from aops_indb.workflows.lineage_reading import lineage_graph

from .shop import FOLDER, Shop

# Of all columns of tables that a column is made from, by values alone or in any way: a query as an analyst writes it.
BEHIND = """
    WITH RECURSIVE behind AS (
        SELECT * FROM aops.column_lineage WHERE kind = '{0}' AND name = '{1}' AND column_name = '{2}' AND {3}
        UNION SELECT l.* FROM (SELECT * FROM aops.column_lineage WHERE {3}) AS l JOIN behind AS b
        ON (l.kind, l.name, l.column_name) = (b.upstream_kind, b.upstream_name, b.upstream_column)
    )
    SELECT DISTINCT upstream_name, upstream_column FROM behind WHERE upstream_kind = 'table' ORDER BY ALL
"""
# of what is no definition `aops lineage` tells more
DEFINED = (
    "data_source", "request_source", "feature_view", "feature_view_alias", "on_demand_feature", "feature_service",
    "model",
)  # fmt: skip
MORE = f"""\
from aops_indb import Aggregation, DType, FeatureService, FeatureView, Field, OnDemandFeature
from {FOLDER}.customer import customer, customer_profile
from {FOLDER}.orders import customer_orders

friend = customer_profile.with_entity(customer.alias("friend", join_keys=["friend_id"]))

pace = FeatureView(
    name="pace",
    entities=[customer],
    source=customer_orders,
    aggregations=[Aggregation(function="mean", column="orders_7d", windows=["28d"])],
)

credit_gap = OnDemandFeature(
    name="credit_gap", dtype=DType.Float64, inputs=["friend_customer_profile:credit", "customer_profile:credit"],
    expr="friend_customer_profile__credit - customer_profile__credit",
)

friends = FeatureService(name="friends", features=[friend, credit_gap, pace])
"""


def behind(shop: Shop, kind: str, name: str, column: str, which: str = "true") -> list[tuple[Any, ...]]:
    return shop.rows(BEHIND.format(kind, name, column, which))


def stored(shop: Shop) -> set[tuple[Any, ...]]:
    rows = shop.rows("SELECT * FROM aops.column_lineage")
    assert len(rows) == len(set(rows))
    return set(rows)


def told(shop: Shop) -> set[tuple[Any, ...]]:
    edges = [edge for edge in lineage_graph(shop.project).edges if edge.upstream.column and edge.downstream.column]
    return {
        (e.downstream.kind, e.downstream.name, e.downstream.column, e.upstream.kind, e.upstream.name,
         e.upstream.column, e.direct)
        for e in edges if e.downstream.kind in DEFINED
    }  # fmt: skip


def test_as_lineage_tells(applied: Shop) -> None:
    assert stored(applied) == told(applied)
    assert behind(applied, "model", "returns", "amount_ratio", "direct") == [("raw.orders", "amount")]
    assert behind(applied, "feature_service", "order_features", "credit") == [
        ("raw.profiles", "credit_cents"), ("raw.profiles", "customer_id"), ("raw.profiles", "valid_from"),
        ("raw.profiles", "written_at"),
    ]  # fmt: skip


def test_of_aliases_and_views_over_views(applied: Shop) -> None:
    applied.write(f"{FOLDER}/more.py", MORE)
    applied.project.apply()
    assert stored(applied) == told(applied)
    assert behind(applied, "on_demand_feature", "credit_gap", "credit_gap", "direct") == [
        ("raw.profiles", "credit_cents")
    ]
    # a count has no column of its own; which orders count, and when, is told by three
    pace = ("feature_service", "friends", "mean_orders_7d_28d")
    assert behind(applied, *pace, "direct") == []
    assert [column for _, column in behind(applied, *pace)] == ["customer_id", "placed_at", "status"]


def test_an_edit_writes_the_edges_of_what_it_reaches(applied: Shop) -> None:
    applied.write(f"{FOLDER}/more.py", MORE)
    applied.project.apply()
    edits = [
        ("orders", 'column="amount", windows=["28d"]', 'column="amount", where="length(channel) > 2", windows=["28d"]'),
        ("customer", 'expr="credit_cents / 100"', 'expr="credit_cents / length(segment)"'),
        ("orders", '        "order_request:channel",\n', ""),
        ("models/returns", "channel, returned, placed_at AS", "upper(channel) AS channel, returned, placed_at AS"),
        ("more", "features=[friend, credit_gap, pace]", "features=[pace]"),
    ]  # fmt: skip
    for file, before, after in edits:
        applied.edit(file, before, after)
        if file == "models/returns":
            applied.edit("orders", '        "order_request:amount",\n',
                         '        "order_request:amount",\n        "order_request:channel",\n')  # fmt: skip
        project = applied.project
        project.apply(allow_destructive=[change.name for change in project.plan().changes if change.destructive])
        assert stored(applied) == told(applied), (file, after)


def test_a_source_that_got_a_column(applied: Shop) -> None:
    """The source itself is as it was; the edges of its columns are written again with a view that reads them."""
    applied.execute("ALTER TABLE raw.orders ADD COLUMN tip DOUBLE")
    applied.edit("orders", 'column="amount", windows=["28d"]', 'column="tip", windows=["28d"]')
    applied.edit("orders", '"customer_orders:mean_amount_28d"', '"customer_orders:mean_tip_28d"')
    applied.edit("orders", "amount / mean_amount_28d", "amount / mean_tip_28d")
    applied.project.apply(allow_destructive=["customer_orders"])
    assert stored(applied) == told(applied)
    assert ("raw.orders", "tip") in behind(applied, "model", "returns", "mean_tip_28d", "direct")


def test_a_version_that_stays_keeps_its_edges(trained: Shop) -> None:
    trained.edit("customer", '    name="customer_profile",\n', '    name="customer_profile",\n    version=1,\n')
    trained.project.apply()
    before = {row[2:] for row in stored(trained) if row[:2] == ("feature_view", "customer_profile")}
    trained.edit("customer", "version=1,", "version=2,")
    trained.edit("customer", "credit_cents / 100", "length(segment)")
    trained.project.apply()
    after = stored(trained)
    assert {row[2:] for row in after if row[:2] == ("feature_view", "customer_profile__v1")} == before
    assert {row for row in after if row[1] != "customer_profile__v1"} == told(trained)


def test_what_is_removed_is_in_use_no_longer(applied: Shop) -> None:
    applied.write(f"{FOLDER}/more.py", MORE)
    applied.project.apply()
    (applied.folder / FOLDER / "more.py").unlink()
    applied.project.apply(allow_destructive=["pace"])
    assert stored(applied) == told(applied)
    assert applied.one("SELECT count(*) > 0 FROM aops.lineage_edges WHERE name = 'pace' AND column_name IS NOT NULL")
