"""Point-in-time features of any spine, against pandas; rows, order and names as promised."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from aops_indb import Project

from .oracle import FEATURES, assert_same, expected
from .shop import Shop, order_rows

VIEWS = ["customer_orders:orders_7d", "customer_orders:orders_28d", "customer_profile:segment"]
SPINE_SQL = "SELECT order_id, customer_id, amount, channel, placed_at AS event_timestamp FROM raw.orders"


@pytest.fixture(scope="module")
def project(applied_shop: Shop) -> Project:
    return applied_shop.project


@pytest.fixture(scope="module")
def spine() -> pd.DataFrame:
    """Every order, as a row that asks for its features."""
    orders = order_rows().rename(columns={"placed_at": "event_timestamp"})
    return orders[["order_id", "customer_id", "amount", "channel", "event_timestamp"]]


@pytest.fixture(scope="module")
def wanted(spine: pd.DataFrame) -> pd.DataFrame:
    return expected(spine)


def small_spine() -> pd.DataFrame:
    """Rows out of order, two of them equal, with missing keys and times."""
    rows: list[tuple[Any, Any, str]] = [
        (3, "2024-06-01 12:00", "a"),
        (1, "2024-02-01 00:00", "b"),
        (3, "2024-06-01 12:00", "a"),
        (None, "2024-06-01 12:00", "c"),
        (2, None, "d"),
        (999, "2024-06-01 12:00", "e"),
        (3, "2023-01-01 00:00", "f"),
        (3, "2024-03-01 00:00", "g"),
    ]
    frame = pd.DataFrame(rows, columns=["customer_id", "event_timestamp", "tag"])
    frame["customer_id"] = frame["customer_id"].astype("Int64")
    frame["event_timestamp"] = pd.to_datetime(frame["event_timestamp"], utc=True).dt.as_unit("us")
    return frame


# ── values ─────────────────────────────────────────────────────────────────────────────────────────────


def test_every_order_has_the_features_that_pandas_finds(
    project: Project, spine: pd.DataFrame, wanted: pd.DataFrame
) -> None:
    found = project.get_historical_features(spine, ["order_features"]).to_df()
    assert list(found.columns) == [*spine.columns, *FEATURES]
    pd.testing.assert_frame_equal(found[spine.columns], spine, check_dtype=False)
    assert_same(found, wanted)


def test_rows_out_of_order_equal_and_incomplete(project: Project) -> None:
    spine = small_spine()
    found = project.get_historical_features(
        spine, [*VIEWS, "customer_orders:mean_amount_28d", "customer_profile:credit"]
    ).to_df()
    assert list(found["tag"]) == list(spine["tag"])
    wanted = expected(spine)
    assert_same(found, wanted[["orders_7d", "orders_28d", "segment", "mean_amount_28d", "credit"]])
    # by hand: no such customer has no orders, an incomplete row has not even that
    assert found["orders_7d"].isna().tolist() == [False, False, False, True, True, False, False, False]
    assert found["orders_28d"].tolist()[5:7] == [0, 0]


@pytest.mark.parametrize("seed", range(3))
def test_order_and_number_of_rows_are_those_of_the_spine(
    project: Project, spine: pd.DataFrame, wanted: pd.DataFrame, seed: int
) -> None:
    """A spine of thousands of rows goes through DuckDB in several pieces."""
    long = pd.concat([spine] * 20).sample(frac=1, random_state=seed)
    found = project.get_historical_features(long, VIEWS).to_df()
    assert found["order_id"].tolist() == long["order_id"].tolist()
    assert found["orders_28d"].tolist() == wanted.loc[long.index, "orders_28d"].tolist()


def test_an_empty_spine_gives_no_rows_and_all_columns(project: Project) -> None:
    found = project.get_historical_features(small_spine().head(0), VIEWS).to_arrow()
    assert (found.num_rows, found.column_names[-3:]) == (0, ["orders_7d", "orders_28d", "segment"])


def test_a_later_change_of_the_data_does_not_reach_back(applied: Shop) -> None:
    spine = small_spine().assign(event_timestamp=pd.Timestamp("2024-03-01", tz="UTC").as_unit("us"))
    before = applied.project.get_historical_features(spine, VIEWS).to_df()
    applied.execute("UPDATE raw.orders SET amount = 0, status = 'test' WHERE placed_at > '2024-03-01'")
    applied.execute("DELETE FROM raw.profiles WHERE greatest(valid_from, written_at) > '2024-03-01'")
    pd.testing.assert_frame_equal(applied.project.get_historical_features(spine, VIEWS).to_df(), before)


# ── how a spine may be given ───────────────────────────────────────────────────────────────────────────

GIVEN: dict[str, Callable[[pd.DataFrame], Any]] = {
    "frame": lambda frame: frame,
    "an index of any kind": lambda frame: frame.set_index(pd.Index(range(len(frame), 0, -1), name="customer_id")),
    "Arrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "Arrow in pieces": lambda frame: pa.concat_tables(
        [pa.Table.from_pandas(part, preserve_index=False) for part in (frame[:100], frame[100:100], frame[100:])]
    ),
    "SELECT": lambda _: SPINE_SQL,
    "SELECT with a comment and a semicolon": lambda _: f"-- every order\n{SPINE_SQL} -- by and by\n;",
    "WITH": lambda _: f"WITH spine AS ({SPINE_SQL}) SELECT * FROM spine",
    "FROM first": lambda _: (
        "FROM raw.orders SELECT order_id, customer_id, amount, channel, placed_at AS event_timestamp"
    ),
    "another zone": lambda frame: frame.assign(
        event_timestamp=frame["event_timestamp"].dt.tz_convert("America/New_York")
    ),
    "seconds": lambda frame: frame.assign(event_timestamp=frame["event_timestamp"].dt.as_unit("s")),
    "times as objects": lambda frame: frame.assign(
        event_timestamp=pd.Series(frame["event_timestamp"].dt.to_pydatetime().tolist(), dtype=object)
    ),
    "keys as objects": lambda frame: frame.assign(customer_id=frame["customer_id"].astype(object)),
    "keys as categories": lambda frame: frame.assign(customer_id=frame["customer_id"].astype("category")),
    "text as categories": lambda frame: frame.assign(channel=frame["channel"].astype("category")),
}


@pytest.mark.parametrize("given", GIVEN)
def test_given_as(project: Project, spine: pd.DataFrame, wanted: pd.DataFrame, given: str) -> None:
    found = project.get_historical_features(GIVEN[given](spine), ["order_features"]).to_df()
    assert found["order_id"].tolist() == spine["order_id"].tolist()
    assert_same(found, wanted)


@pytest.mark.parametrize("name", ["raw.spine", 'raw."spine"', "shop.raw.spine", ' "raw".spine '])
def test_given_as_a_table(applied: Shop, spine: pd.DataFrame, name: str) -> None:
    applied.execute(f"CREATE VIEW raw.spine AS {SPINE_SQL}")
    found = applied.project.get_historical_features(name, VIEWS).to_df()
    assert found["order_id"].tolist() == spine["order_id"].tolist()


def test_order_of_a_select_is_kept(project: Project) -> None:
    found = project.get_historical_features(f"{SPINE_SQL} ORDER BY placed_at DESC LIMIT 7", VIEWS).to_df()
    newest = order_rows().sort_values("placed_at", ascending=False)
    assert found["order_id"].tolist() == newest["order_id"].tolist()[:7]


def test_times_without_a_zone_meet_sources_without_one(
    applied: Shop, spine: pd.DataFrame, wanted: pd.DataFrame
) -> None:
    for table, columns in {"orders": ["placed_at"], "profiles": ["valid_from", "written_at"]}.items():
        for column in columns:
            applied.execute(f"ALTER TABLE raw.{table} ALTER {column} TYPE TIMESTAMP")
    naive = spine.assign(event_timestamp=spine["event_timestamp"].dt.tz_localize(None))
    assert_same(applied.project.get_historical_features(naive, ["order_features"]).to_df(), wanted)


# ── names ──────────────────────────────────────────────────────────────────────────────────────────────


def test_full_feature_names(project: Project, spine: pd.DataFrame) -> None:
    asked = [*VIEWS, "amount_ratio", "order_request:channel"]
    found = project.get_historical_features(spine.assign(orders_7d=-1), asked, full_feature_names=True).to_df()
    assert list(found.columns) == [
        *spine.columns,
        "orders_7d",
        "customer_orders__orders_7d",
        "customer_orders__orders_28d",
        "customer_profile__segment",
        "amount_ratio",
    ]
    assert set(found["orders_7d"]) == {-1}


def test_a_feature_asked_for_twice_comes_once_in_the_order_asked_for(project: Project) -> None:
    asked = ["customer_profile:segment", "customer_orders:orders_7d", "customer_profile:segment"]
    found = project.get_historical_features(small_spine(), asked).to_arrow()
    assert found.column_names == ["customer_id", "event_timestamp", "tag", "segment", "orders_7d"]


def test_a_service_is_asked_for_by_name_or_as_it_is(project: Project, spine: pd.DataFrame) -> None:
    service = project.definitions.services["order_features"]
    for asked in ("order_features", ["order_features"], service, list(service.references)):
        assert project.get_historical_features(spine, asked).to_arrow().column_names[-7:] == FEATURES


def test_columns_with_odd_names_pass_through(project: Project) -> None:
    names = ['a "b"', "select", "1st", "größe", "x;y", "__x"]
    spine = small_spine().assign(**dict.fromkeys(names, "v"))
    found = project.get_historical_features(spine, VIEWS).to_df()
    assert list(found.columns)[3:9] == names
    assert set(found["größe"]) == {"v"}


# ── as SQL ─────────────────────────────────────────────────────────────────────────────────────────────


def test_sql_runs_in_duckdb_alone(applied: Shop) -> None:
    joined = applied.project.get_historical_features(SPINE_SQL, ["order_features"])
    assert applied.rows(joined.to_sql()) == [tuple(row.values()) for row in joined.to_arrow().to_pylist()]


def test_sql_over_given_rows_says_how_it_calls_them(applied: Shop) -> None:
    spine = small_spine()
    joined = applied.project.get_historical_features(spine, VIEWS)
    text = joined.to_sql()
    assert text.startswith("-- entity_df_given: the rows given as entity_df\n")
    with duckdb.connect(applied.warehouse, read_only=True) as connection:
        connection.register("entity_df_given", pa.Table.from_pandas(spine))
        found = connection.sql(text).to_arrow_table().drop_columns("event_timestamp")
    assert found.to_pylist() == joined.to_arrow().drop_columns("event_timestamp").to_pylist()


def test_nothing_of_the_spine_stays_in_the_warehouse(applied: Shop) -> None:
    before = applied.objects()
    joined = applied.project.get_historical_features(small_spine(), VIEWS)
    joined.to_df()
    joined.to_sql()
    assert applied.objects() == before


def test_features_need_not_be_applied(shop: Shop) -> None:
    """A project is asked for features by its definitions; what is applied is for those who read the warehouse."""
    found = shop.project.get_historical_features(small_spine(), VIEWS).to_df()
    assert found["orders_28d"].tolist()[5] == 0


def test_a_moment_later_is_too_late(project: Project) -> None:
    """An order counts from the microsecond in which it is placed, until the window's length later."""
    placed = dt.datetime(2024, 1, 7, 12, 7, tzinfo=dt.UTC)  # customer 11's first order, number 1
    offsets = [
        dt.timedelta(microseconds=-1),
        dt.timedelta(0),
        dt.timedelta(days=7, microseconds=-1),
        dt.timedelta(days=7),
    ]
    spine = pd.DataFrame({"customer_id": 11, "event_timestamp": [placed + offset for offset in offsets]})
    found = project.get_historical_features(spine, ["customer_orders:orders_7d"]).to_df()
    others = order_rows().query("customer_id == 11 and order_id != 1")["placed_at"]
    assert not others.between(placed - dt.timedelta(days=8), placed + dt.timedelta(days=8)).any()
    assert found["orders_7d"].tolist() == [0, 1, 1, 0]
