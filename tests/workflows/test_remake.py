"""A kept set made again: the same digest from the same sources as of the same knowledge, or what changed, by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from aops_indb.errors import RefusedError, SpineError, UnknownNameError
from aops_indb.workflows.dataset import Dataset

from .shop import FOLDER, Shop

FEATURES = ["customer_orders:mean_amount_28d", "customer_orders:returned_28d", "customer_profile:credit"]
# orders of the first three months: what came later was not known
SPINE = "SELECT order_id, customer_id, placed_at AS event_timestamp FROM raw.orders WHERE placed_at < '2024-04-01'"


@pytest.fixture(scope="module")
def kept_shop(applied_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, Dataset]:
    shop = applied_shop.copy(tmp_path_factory.mktemp("kept") / "shop")
    return shop, shop.project.dataset("early", entity_df=SPINE, features=FEATURES)


@pytest.fixture
def kept(kept_shop: tuple[Shop, Dataset], tmp_path: Path) -> tuple[Shop, Dataset]:
    return kept_shop[0].copy(tmp_path / "shop"), kept_shop[1]


def known(shop: Shop) -> dict[str, int]:
    """How many rows of each source were known by the last moment of the spine, counted here."""
    [(last,)] = shop.rows(f"SELECT max(event_timestamp) FROM ({SPINE})")
    [(orders,)] = shop.rows(f"SELECT count(*) FROM raw.orders WHERE placed_at <= '{last}'")
    [(profiles,)] = shop.rows(f"SELECT count(*) FROM raw.profiles WHERE greatest(valid_from, written_at) <= '{last}'")
    return {"orders": orders, "profiles": profiles}


def test_what_is_noted(kept: tuple[Shop, Dataset]) -> None:
    shop, made = kept
    with shop.project.session() as session:
        from aops_indb.registry import find_dataset

        record = find_dataset(session, made.digest)
    assert record is not None
    assert record.spine_columns == ("order_id", "customer_id", "event_timestamp")
    assert {name: state["rows"] for name, state in record.sources.items()} == known(shop)
    applied = shop.rows("SELECT name, fingerprint FROM aops.definitions WHERE kind = 'feature_view'")
    assert record.feature_versions == dict(applied)
    # the digest of the spine is that of a set of the spine alone
    alone = shop.project.dataset("alone", entity_df=f"SELECT *, 1 AS amount, '' AS channel FROM ({SPINE})", features=[
        "order_request:amount", "order_request:channel"])  # fmt: skip
    shop.execute(f"CREATE TABLE datasets.spine AS SELECT order_id, customer_id, event_timestamp FROM {alone.table}")
    from aops_indb.sqlgen.statements import table
    from aops_indb.workflows.row_digest import digest_of

    with shop.project.session() as session:
        types = {"order_id": "BIGINT", "customer_id": "BIGINT", "event_timestamp": "TIMESTAMP WITH TIME ZONE"}
        assert digest_of(session, table("spine", "datasets"), types)[0] == record.spine_digest


# Done to the warehouse or the definitions: none changes what was known by the last moment of the spine.
HARMLESS = {
    "nothing": "SELECT 1",
    "later orders": "INSERT INTO raw.orders BY NAME SELECT * REPLACE (placed_at + INTERVAL '400 days' AS placed_at)"
    " FROM raw.orders",
    "profiles written later": "INSERT INTO raw.profiles BY NAME SELECT * REPLACE (TIMESTAMPTZ '2025-01-01' AS"
    " written_at, 7 AS credit_cents) FROM raw.profiles",
    "another order of rows": "CREATE OR REPLACE TABLE raw.orders AS FROM raw.orders ORDER BY amount",
    "a column more": "ALTER TABLE raw.orders ADD COLUMN voucher VARCHAR",
    "the views are gone": "DROP SCHEMA features CASCADE",
}


QUICK = ("later orders", "profiles written later", "the views are gone")


@pytest.mark.parametrize("statement", [h if h in QUICK else pytest.param(h, marks=pytest.mark.long) for h in HARMLESS])
def test_the_same_knowledge_gives_the_same_digest(kept: tuple[Shop, Dataset], statement: str) -> None:
    shop, made = kept
    before = shop.rows(f"FROM {made.table} ORDER BY ALL")
    shop.execute(HARMLESS[statement])
    again = shop.project.remake_dataset("early", made.digest[:8])
    assert (again.digest, again.table, again.rows, again.created) == (made.digest, made.table, made.rows, False)
    shop.execute(f"DROP TABLE {made.table}")
    assert shop.project.remake_dataset("early", made.digest).created
    assert shop.rows(f"FROM {made.table} ORDER BY ALL") == before
    assert not shop.rows("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE '%draft%'")


def test_other_definitions_do_not_matter(kept: tuple[Shop, Dataset]) -> None:
    """It is made by the SQL that made it."""
    shop, made = kept
    shop.edit("orders", "status <> 'test'", "status = 'none'")
    shop.project.apply()
    assert shop.project.remake_dataset("early", made.digest).digest == made.digest
    assert shop.project.dataset("early", entity_df=SPINE, features=FEATURES).digest != made.digest


# What is done to the warehouse -> what the refusal says of it.
CHANGED = {
    "a late row": (
        "INSERT INTO raw.orders BY NAME SELECT * REPLACE (1000 AS amount) FROM raw.orders"
        " WHERE placed_at < '2024-02-01' LIMIT 1",
        ["data source 'orders' has {orders_1} rows known by then, it had {orders}", "its spine gives other rows"],
    ),
    "a row less": (
        "DELETE FROM raw.profiles WHERE rowid IN (SELECT rowid FROM raw.profiles ORDER BY written_at LIMIT 5)",
        ["data source 'profiles' has {profiles_5} rows known by then, it had {profiles}"],
    ),
    "other content": (
        "UPDATE raw.profiles SET credit_cents = credit_cents + 1",
        ["data source 'profiles' has as many rows known by then, {profiles}, of other content"],
    ),
    "the spine alone": (
        "UPDATE raw.orders SET order_id = order_id + 1000",
        ["its spine gives other rows"],
    ),
    "a column is gone": (
        "ALTER TABLE raw.profiles DROP COLUMN credit_cents",
        ["cannot be made again", "credit_cents"],
    ),
    "a table is gone": ("DROP TABLE raw.profiles", ["cannot be made again", "profiles"]),
}


@pytest.mark.parametrize("change", CHANGED)
def test_what_changed_is_named(kept: tuple[Shop, Dataset], change: str) -> None:
    shop, made = kept
    before = known(shop)
    counts = {**before, "orders_1": before["orders"] + 1, "profiles_5": before["profiles"] - 5}
    statement, told = CHANGED[change]
    shop.execute(statement)
    state = shop.objects()
    with pytest.raises(RefusedError) as caught:
        shop.project.remake_dataset("early", made.digest)
    for words in told:
        assert words.format(**counts) in str(caught.value)
    if "profiles" in " ".join(told):
        assert "data source 'orders'" not in str(caught.value)
    assert shop.objects() == state


def test_a_table_that_somebody_wrote_into(kept: tuple[Shop, Dataset]) -> None:
    shop, made = kept
    shop.execute(f"UPDATE {made.table} SET credit = 0 WHERE order_id = 1")
    with pytest.raises(RefusedError, match="somebody changed the table"):
        shop.project.remake_dataset("early", made.digest)


def test_rows_given_as_data_are_given_again(kept: tuple[Shop, Dataset]) -> None:
    shop, made = kept
    frame = shop.frame(SPINE)
    given = shop.project.dataset("given", entity_df=frame, features=FEATURES)
    assert given.digest == made.digest
    with pytest.raises(SpineError, match=r"rows given from Python.*remake_dataset\('given'"):
        shop.project.remake_dataset("given", given.digest)
    shop.execute(f"DROP TABLE {given.table}")
    assert shop.project.remake_dataset("given", given.digest, entity_df=frame).created
    with pytest.raises(RefusedError, match=r"its spine gives other rows \(2, it gave"):
        shop.project.remake_dataset("given", given.digest, entity_df=frame[:2])
    with pytest.raises(SpineError, match="has a spine of its own"):
        shop.project.remake_dataset("early", made.digest, entity_df=frame)


def test_a_digest_that_is_none(kept: tuple[Shop, Dataset]) -> None:
    shop, made = kept
    for name, digest in (("early", "0000"), ("early", ""), ("late", made.digest)):
        with pytest.raises(UnknownNameError, match=f"digest of a dataset '{name}'"):
            shop.project.remake_dataset(name, digest)


def test_a_models_set_is_made_again(trained_shop: Shop, tmp_path: Path) -> None:
    shop = trained_shop.copy(tmp_path / "shop")
    [(digest, table)] = shop.rows("SELECT digest, table_name FROM aops.datasets WHERE name = 'returns'")
    (shop.folder / FOLDER / "models" / "returns.py").unlink()
    shop.execute(f"DROP TABLE datasets.{table}")
    assert shop.project.remake_dataset("returns", digest).created
