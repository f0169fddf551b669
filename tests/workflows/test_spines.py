"""Spines that cannot be joined: each is told what is wrong with it, where, and what to do instead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from aops_indb import Project
from aops_indb.errors import AopsError, SpineError, UnknownNameError

from .shop import FOLDER, Shop

VIEWS = ["customer_orders:orders_28d", "customer_profile:segment"]
TIMES = pd.to_datetime(["2024-03-01", "2024-05-01"], utc=True).as_unit("us")
NAIVE = TIMES.tz_localize(None)
NANOSECOND = pd.Timedelta(1, "ns")
GOOD = pd.DataFrame({"customer_id": [1, 2], "event_timestamp": TIMES, "tag": ["a", "b"]})
SELECT = "SELECT 1 AS customer_id, TIMESTAMPTZ '2024-03-01' AS event_timestamp"


@pytest.fixture(scope="module")
def project(applied_shop: Shop) -> Iterator[Project]:
    """A project in whose warehouse no refused spine may leave a trace."""
    raw = "SELECT table_name, estimated_size FROM duckdb_tables() WHERE schema_name = 'raw'"
    before = applied_shop.objects(), applied_shop.rows(raw)
    yield applied_shop.project
    assert (applied_shop.objects(), applied_shop.rows(raw)) == before


def frame(**columns: Any) -> pd.DataFrame:
    return GOOD.assign(**columns)


# What is given, and words that the error must say.
FRAMES: list[tuple[str, Any, list[str]]] = [
    ("no key", GOOD.drop(columns="customer_id"), ["no column 'customer_id'", "feature view 'customer_orders'"]),
    ("a key misspelt", GOOD.rename(columns={"customer_id": "custmer_id"}), ["did you mean 'custmer_id'?"]),
    ("the key as index", GOOD.set_index("customer_id"), ["no column 'customer_id'"]),
    ("no time", GOOD.drop(columns="event_timestamp"), ["no column 'event_timestamp'", "point-in-time join"]),
    ("no columns", pd.DataFrame(), ["no columns"]),
    ("a column without a name", GOOD.rename(columns={"tag": ""}), ["a column without a name"]),
    ("text as time", frame(event_timestamp=["2024-03-01"] * 2), ["event_timestamp is text", "pd.to_datetime"]),
    ("dates as time", frame(event_timestamp=TIMES.date), ["event_timestamp is DATE", "TIMESTAMPTZ"]),
    ("numbers as time", frame(event_timestamp=[1, 2]), ["event_timestamp is BIGINT", "convert it first"]),
    ("nothing as time", frame(event_timestamp=pd.Series([None] * 2, dtype=object)), ["nothing but NULL"]),
    ("a nanosecond more", frame(event_timestamp=TIMES.as_unit("ns") + NANOSECOND), ["fractions of a microsecond"]),
    ("naive, a nanosecond more", frame(event_timestamp=NAIVE.as_unit("ns") + NANOSECOND), [".dt.floor('us')"]),
    ("naive nanoseconds", frame(event_timestamp=NAIVE.as_unit("ns")), ["no time zone", "tz_localize('UTC')"]),
    ("no time zone", frame(event_timestamp=NAIVE), ["no time zone", "'customer_orders'", "tz_localize('UTC')"]),
    ("two columns of a name", pd.concat([GOOD, GOOD[["tag"]]], axis=1), ["two columns named tag", "rename"]),
    ("names that differ in case", frame(TAG=1), ["two columns named TAG, tag", "case"]),
    ("a name used inside", frame(__row=1), ["'__row'", "rename it"]),
    ("a name used inside, in capitals", frame(__ROW=1), ["'__row'", "rename it"]),
    ("a key of floats", frame(customer_id=[1.0, 2.0]), ["'customer_id' is DOUBLE", "BIGINT", "astype('Int64')"]),
    ("a key of text", frame(customer_id=["1", "2"]), ["'customer_id' is VARCHAR", "BIGINT", "'customer_orders'"]),
    ("a key of booleans", frame(customer_id=[True, False]), ["'customer_id' is BOOLEAN", "cast"]),
    ("a key of times", frame(customer_id=TIMES), ["'customer_id' is TIMESTAMP WITH TIME ZONE", "cast"]),
    ("a key of lists", frame(customer_id=[[1], [2]]), ["'customer_id' is BIGINT[]", "cast"]),
    ("a key of two types", frame(customer_id=pd.Series([1, "2"], dtype=object)), ["customer_id", "int64"]),
    ("objects of two types", frame(tag=pd.Series([1, "2"], dtype=object)), ["tag", "int64"]),
    ("complex numbers", frame(tag=[1j, 2j]), ["tag", "complex128"]),
    ("a feature's name", frame(orders_28d=0), ["'orders_28d'", "the spine", "full_feature_names=True"]),
    ("a feature's name in capitals", frame(ORDERS_28D=0), ["'orders_28d'", "full_feature_names=True"]),
    ("two levels of columns", pd.DataFrame({("a", "b"): [1]}), ["no column 'event_timestamp'"]),
    ("Arrow with two of a name", pa.table([pa.array([1])] * 2, names=["a", "a"]), ["two columns named a"]),
    ("a series", GOOD["customer_id"], ["entity_df is a Series", "DataFrame"]),
    ("a list", [1, 2], ["entity_df is a list", "a SELECT"]),
    ("nothing", None, ["entity_df is a NoneType"]),
]  # fmt: skip

TEXTS: list[tuple[str, list[str]]] = [
    ("", ["neither a table's name nor a SELECT"]),
    ("   ", ["neither a table's name nor a SELECT"]),
    ("order rows", ["neither a table's name nor a SELECT"]),
    ("SELECT FROM WHERE", ["neither a table's name nor a SELECT", "line 1, column 17, at 'WHERE'"]),
    ("SELECT 1 AS", ["event_timestamp"]),
    ("VALUES (1)", ["found VALUES"]),
    ("DROP TABLE raw.orders", ["expected a SELECT, found DROP"]),
    ("INSERT INTO raw.orders SELECT * FROM raw.orders", ["expected a SELECT, found INSERT"]),
    ("UPDATE raw.orders SET amount = 0", ["expected a SELECT, found UPDATE"]),
    (f"{SELECT}; DROP TABLE raw.orders", ["found 2"]),
    ("raw.orders; DROP TABLE raw.orders", ["found 2"]),
    ("COPY raw.orders TO '/tmp/orders.csv'", ["expected a SELECT"]),
    (f"WITH gone AS (DELETE FROM raw.orders RETURNING *) {SELECT} FROM gone", ["cannot be read"]),
    ("SELECT 1 AS customer_id, now() AS event_timestamp INTO raw.more", ["cannot be read"]),
    ("raw.ordrs", ["ordrs does not exist", 'Did you mean "orders"?']),
    ("rw.orders", ["does not exist"]),
    (SELECT.replace("TIMESTAMPTZ", "TIMESTAMP_NS"), ["TIMESTAMP_NS", "microseconds"]),
    ("raw.orders", ["no column 'event_timestamp'", "'placed_at'"]),
    ("SELECT custmer_id, placed_at AS event_timestamp FROM raw.orders", ['"custmer_id" not found', '"customer_id"']),
    ("SELECT customer_id, customer_id, now() AS event_timestamp FROM raw.orders", ["two columns named customer_id"]),
    ("SELECT customer_id, 1 AS Customer_ID, placed_at AS event_timestamp FROM raw.orders", ["two columns", "case"]),
    ("SELECT ? AS customer_id, placed_at AS event_timestamp FROM raw.orders", ["cannot be read", "parameters"]),
    (SELECT.replace("TIMESTAMPTZ", "TIMESTAMP"), ["no time zone"]),
    (SELECT.replace("TIMESTAMPTZ", "DATE"), ["is DATE"]),
    (SELECT.replace("TIMESTAMPTZ", ""), ["is text"]),
    (SELECT.replace("TIMESTAMPTZ '2024-03-01'", "NULL"), ["nothing but NULL"]),
    (SELECT.replace("1 AS", "'1' AS"), ["VARCHAR", "BIGINT"]),
]  # fmt: skip


@pytest.mark.parametrize(("given", "words"), [(row[1], row[2]) for row in FRAMES], ids=[row[0] for row in FRAMES])
def test_a_frame_is_refused(project: Project, given: Any, words: list[str]) -> None:
    refused(project, given, words)


@pytest.mark.parametrize(("given", "words"), TEXTS, ids=[row[0] for row in TEXTS])
def test_a_text_is_refused(project: Project, given: str, words: list[str]) -> None:
    refused(project, given, words)


def refused(project: Project, given: Any, words: list[str]) -> None:
    joined = project.get_historical_features(given, VIEWS)
    with pytest.raises(SpineError) as caught:
        joined.persist("kept")
    missing = [word for word in words if word not in str(caught.value)]
    assert not missing, str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("unit", ["s", "ms", "ns"])
@pytest.mark.parametrize("arrow", [False, True])
def test_times_in_other_units(project: Project, unit: str, arrow: bool) -> None:
    given: Any = frame(event_timestamp=TIMES.astype(f"datetime64[{unit}, UTC]"))
    if arrow:
        given = pa.Table.from_pandas(given, preserve_index=False)
    found = project.get_historical_features(given, VIEWS).to_df()
    pd.testing.assert_frame_equal(found, project.get_historical_features(GOOD, VIEWS).to_df())
    assert found["event_timestamp"].tolist() == TIMES.tolist()


# ── one by one ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_zone_too_many(applied: Shop) -> None:
    for column in ("valid_from", "written_at"):
        applied.execute(f"ALTER TABLE raw.profiles ALTER {column} TYPE TIMESTAMP")
    joined = applied.project.get_historical_features(GOOD, ["customer_profile:segment"])
    with pytest.raises(SpineError, match=r"has a time zone, but .*'customer_profile' have none.*tz_localize\(None\)"):
        joined.to_df()


def test_views_of_both_kinds_cannot_be_asked_together(applied: Shop) -> None:
    applied.execute("ALTER TABLE raw.orders ALTER placed_at TYPE TIMESTAMP")
    for times, told in ((TIMES, "'customer_orders' have none"), (NAIVE, "'customer_profile' have")):
        joined = applied.project.get_historical_features(frame(event_timestamp=times), VIEWS)
        with pytest.raises(SpineError, match=told):
            joined.to_df()


@pytest.mark.parametrize(
    ("spine", "words"),
    [
        (GOOD, "no column 'amount', which request source 'order_request' needs"),
        (GOOD.drop(columns="customer_id").assign(amount=1.0), "no column 'customer_id'"),
        (frame(amount=["1", "2"]), "column 'amount' is VARCHAR in the spine and DOUBLE in request source"),
        (frame(amount=1.0, event_timestamp=NAIVE), "no time zone"),
        (frame(amount=1.0, customer_id=["1", "2"]), "'customer_id' is VARCHAR"),
    ],
    ids=["no request column", "no key", "text for a number", "no zone", "text for a key"],
)
def test_what_an_on_demand_feature_needs_is_asked_of_the_spine(
    project: Project, spine: pd.DataFrame, words: str
) -> None:
    joined = project.get_historical_features(spine, ["amount_ratio"])
    with pytest.raises(SpineError, match=re.escape(words)):
        joined.to_df()


def test_a_key_of_text_may_be_categories(applied: Shop) -> None:
    applied.execute("ALTER TABLE raw.orders ALTER customer_id TYPE VARCHAR")
    spine = GOOD.assign(customer_id=pd.Categorical(["1", "2"]))
    found = applied.project.get_historical_features(spine, ["customer_orders:orders_28d"]).to_df()
    assert found["orders_28d"].tolist() == [2, 2]


def test_an_error_in_the_data_is_told_when_it_is_met(project: Project) -> None:
    """No type is wrong here: one row cannot be converted."""
    spine = "SELECT CAST('x' || customer_id AS INTEGER) AS customer_id, placed_at AS event_timestamp FROM raw.orders"
    joined = project.get_historical_features(spine, VIEWS)
    with pytest.raises(AopsError, match=r"Could not convert string 'x\d+' to INT32"):
        joined.to_df()


# ── features ───────────────────────────────────────────────────────────────────────────────────────────

UNKNOWN = [
    ("customer_orders:order_28d", "'customer_orders:order_28d': did you mean 'customer_orders:orders_28d'"),
    ("customer_order:orders_28d", "unknown feature view 'customer_order': did you mean 'customer_orders'"),
    ("custmer_profle:segment", "did you mean 'customer_profile'"),
    ("order_request:chanel", "did you mean 'order_request:channel'"),
    ("amount_rato", "did you mean 'amount_ratio'?"),
    ("order_feature", "did you mean 'order_features'?"),
    ("customer_orders", "did you mean 'customer_orders:orders_7d'"),
    ("zzz", "known are 'amount_ratio', 'customer_orders:mean_amount_28d'"),
    ("", "unknown feature or service ''"),
]


@pytest.mark.parametrize("method", ["to_arrow", "to_df", "to_sql"])
def test_however_the_features_are_asked_for(project: Project, method: str) -> None:
    with pytest.raises(SpineError, match="no time zone"):
        getattr(project.get_historical_features(frame(event_timestamp=NAIVE), VIEWS), method)()


@pytest.mark.parametrize(("reference", "told"), UNKNOWN)
def test_an_unknown_feature_gets_the_closest_name_at_once(project: Project, reference: str, told: str) -> None:
    with pytest.raises(UnknownNameError, match=re.escape(told)):
        project.get_historical_features(GOOD, [*VIEWS, reference])


@pytest.mark.parametrize("features", [[], ()])
def test_no_features(project: Project, features: list[str]) -> None:
    with pytest.raises(SpineError, match="no features asked for: name a service, or features as 'view:feature'"):
        project.get_historical_features(GOOD, features)


def test_two_features_of_one_name(applied: Shop) -> None:
    applied.edit("customer", 'Field(name="credit"', 'Field(name="orders_7d"')
    asked = ["customer_orders:orders_7d", "customer_profile:orders_7d"]
    with pytest.raises(SpineError, match=r"two columns would be named 'orders_7d': one from customer_orders:orders_7d"):
        applied.project.get_historical_features(GOOD, asked).to_df()
    found = applied.project.get_historical_features(GOOD, asked, full_feature_names=True).to_arrow()
    assert found.column_names[3:] == ["customer_orders__orders_7d", "customer_profile__orders_7d"]


def test_a_broken_definition_file_is_told_first(applied: Shop) -> None:
    applied.write(f"{FOLDER}/broken.py", "oops(\n")
    with pytest.raises(AopsError, match=rf"{FOLDER}/broken.py:1: SyntaxError"):
        applied.project.get_historical_features(GOOD, VIEWS)
