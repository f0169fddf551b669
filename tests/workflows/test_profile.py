"""Profiles: counts by plain Python over the rows, approximate figures by their ranks; and drafts that load."""

from __future__ import annotations

import bisect
import datetime as dt
import math
import random
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from aops_indb.cli.verbs.profile import bars
from aops_indb.errors import AopsError
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.loader import load_definitions
from aops_indb.workflows.draft import ColumnKind, draft_of
from aops_indb.workflows.profile import ColumnProfile, Profile

from .shop import Shop, order_rows


def column(profile: Profile, name: str) -> ColumnProfile:
    [found] = [each for each in profile.columns if each.name == name]
    return found


def test_figures(shop: Shop) -> None:
    rows = order_rows()
    profile = shop.project.profile("raw.orders")
    assert profile.rows == len(rows)
    for each in profile.columns:
        values = [value for value in rows[each.name].tolist() if not pd.isna(value)]
        assert each.nulls == len(rows) - len(values), each.name
        assert each.distinct == pytest.approx(len(set(values)), rel=0.12), each.name
        if each.name != "returned":
            assert (each.minimum, each.maximum) == (min(values), max(values)), each.name
        if each.mean is not None:
            assert each.mean == pytest.approx(math.fsum(values) / len(values), rel=1e-12), each.name
        for share, value in (each.quantiles or {}).items():
            ordered = sorted(values)
            low, high = bisect.bisect_left(ordered, value), bisect.bisect_right(ordered, value)
            assert low / len(ordered) - 0.02 <= share <= high / len(ordered) + 0.02, each.name
    assert {each.name for each in profile.columns if each.quantiles} == {
        "order_id",
        "customer_id",
        "amount",
        "placed_at",
    }
    assert {each.name for each in profile.columns if each.mean is not None} == {"order_id", "customer_id", "amount"}
    counts = Counter(value for value in rows["channel"].tolist() if isinstance(value, str))
    top = column(profile, "channel").top
    assert top is not None
    assert [value for value in top if value is not None] == [value for value, _ in counts.most_common()]


def test_a_histogram_is_near_to_what_is_counted(shop: Shop) -> None:
    draw = random.Random(3)
    values = [draw.gauss(10, 3) for _ in range(5_000)] + [50.0] * 500
    listed = ", ".join(map(repr, values))
    found = shop.project.profile(f"SELECT unnest([{listed}])::DOUBLE AS x").columns[0].histogram
    assert found is not None
    low, high = min(values), max(values)
    edges = [low + (high - low) / 12 * step for step in range(13)]
    counted = [
        sum(a <= v < b for v in values) / len(values) for a, b in zip(edges, [*edges[1:-1], math.inf], strict=False)
    ]
    assert math.isclose(sum(found), 1.0)
    assert max(abs(a - b) for a, b in zip(found, counted, strict=True)) < 0.03


ODD = """
    SELECT * FROM (VALUES
        (TIMESTAMPTZ 'infinity', 'inf'::DOUBLE, [1], {'a': 1}, NULL::INTEGER, 1.25::DECIMAL(9, 2), DATE '2024-01-01'),
        (TIMESTAMPTZ '2024-01-01', 'nan'::DOUBLE, [2], NULL, NULL, 2.75, DATE '2024-01-03')
    ) AS rows("t", f, l, s, n, "d e", day)
"""


def test_odd_columns(shop: Shop) -> None:
    profile = shop.project.profile(ODD)
    told = {c.name: (c.type, c.nulls, c.distinct) for c in profile.columns}
    assert told["l"] == ("INTEGER[]", 0, None)
    assert told["s"][1:] == (1, None)
    assert told["n"] == ("INTEGER", 2, 0)
    assert column(profile, "d e").mean == 2.0
    assert column(profile, "day").maximum == dt.date(2024, 1, 3)
    assert column(profile, "f").histogram is None
    assert column(profile, "n").quantiles is None


def test_no_rows(shop: Shop) -> None:
    profile = shop.project.profile("SELECT * FROM raw.orders WHERE false")
    assert profile.rows == 0
    assert {(c.nulls, c.minimum, c.histogram) for c in profile.columns} == {(0, None, None)}


@pytest.mark.parametrize(
    ("relation", "says"),
    [
        ("raw.nope", "nope"),
        ("SELECT nope FROM raw.orders", "nope"),
        ("DROP TABLE raw.orders", "neither a table's name"),
    ],
)
def test_what_cannot_be_read(shop: Shop, relation: str, says: str) -> None:
    before = shop.objects()
    with pytest.raises(AopsError, match=says):
        shop.project.profile(relation)
    assert shop.objects() == before


# ── drafts ─────────────────────────────────────────────────────────────────────────────────────────────


def loaded(tmp_path: Path, draft: str) -> DefinitionSet:
    folder = tmp_path / "drafted"
    folder.mkdir()
    (folder / "draft.py").write_text(draft, encoding="utf-8")
    return load_definitions(tmp_path, ["drafted"]).require_sound()


def test_a_draft_loads_and_can_be_applied(shop: Shop, tmp_path: Path) -> None:
    """Orders are events of customers; profiles are written later than they hold."""
    drafts = {name: shop.project.profile(name).draft for name in ("raw.orders", "raw.profiles")}
    for name, draft in drafts.items():
        shop.write(f"shop_defs/{name.partition('.')[2]}_draft.py", draft)
    project = shop.project
    orders, profiles = project.definitions.views["orders_features"], project.definitions.views["profiles_features"]
    assert (orders.join_keys, orders.source.timestamp_field) == (("customer_id",), "placed_at")
    assert [f.name for f in orders.features] == [
        "channel", "status", "count_7d", "count_28d", "mean_amount_7d", "mean_amount_28d", "rate_returned_7d",
        "rate_returned_28d",
    ]  # fmt: skip
    assert (profiles.source.timestamp_field, profiles.source.created_timestamp_column) == ("valid_from", "written_at")
    project.apply()
    assert shop.one("SELECT count(*) FROM features.orders_features") == 40


NAMES = [
    "event_timestamp",
    "__known_at",
    'a "quoted" \\ name',
    "Zähler",
    "count_7d",
    "k",
    "K2",
    "id",
    "x" * 190,
    "in\nline",
]
TYPES = [
    "BIGINT",
    "VARCHAR",
    "BOOLEAN",
    "DOUBLE",
    "TIMESTAMP WITH TIME ZONE",
    "TIMESTAMP",
    "DATE",
    "DECIMAL(9,2)",
    "BLOB",
]
RELATIONS = ["t", "raw.t", '"My Schema"."T 1"', "SELECT * FROM t", "SELECT *, now() AS n FROM t", "a" * 99, "_x.9"]


def test_drafts_of_any_columns_load(tmp_path: Path) -> None:
    draw = random.Random(4)
    kinds: Counter[str] = Counter()
    for number in range(400):
        rows = draw.choice([0, 1, 100])
        names = draw.sample(NAMES, draw.randint(1, 2 * len(NAMES)) % len(NAMES) + 1)
        columns = [ColumnKind(n, draw.choice(TYPES), v := draw.randint(0, rows), draw.randint(0, v)) for n in names]
        folder = tmp_path / str(number)
        folder.mkdir()
        made = loaded(folder, draft_of(draw.choice(RELATIONS), rows, columns))
        kinds.update("view" if made.views else "comment" for _ in [0])
    assert kinds["view"] > 40
    assert kinds["comment"] > 10


def test_a_select_that_cannot_be_a_source_is_told() -> None:
    draft = draft_of(
        "SELECT now() AS t, k FROM x", 9, [ColumnKind("k", "BIGINT", 9, 9), ColumnKind("f", "DOUBLE", 9, 9)]
    )
    assert draft.startswith("# no source can be made of it: DataSource")
    assert "changes from call to call" in draft


def test_bars_are_as_high_as_the_shares() -> None:
    assert bars((0.0, 0.125, 0.25, 1.0)) == "·▁▂█"
