"""Tests of features: what passes, what is shown of what does not, and what is said of a test that is wrong."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from aops_indb import Aggregation, DataSource, DType, Entity, FeatureTest, FeatureView, Field, Project
from aops_indb.errors import AopsError, DefinitionError, UnknownNameError
from aops_indb.workflows.feature_test import same
from aops_indb.workflows.feature_test_files import find_tests

from .shop import Shop

AT = "2024-03-01T00:00:00Z"
# orders of one customer: day of February, amount, status; by hand below
GIVEN = """\
- name: {name}
  features: customer_orders
  at: 2024-03-01T00:00:00Z
  given:
    raw.orders:
      - {{customer_id: 7, placed_at: 2024-02-29T00:00:00Z, amount: 10.0, status: paid, returned: true}}
      - {{customer_id: 7, placed_at: 2024-02-20T00:00:00Z, amount: 20.0, status: paid, returned: false}}
      - {{customer_id: 7, placed_at: 2024-02-21T00:00:00Z, amount: 99.0, status: test, returned: true}}
      - {{customer_id: 7, placed_at: 2024-03-01T00:00:01Z, amount: 99.0, status: paid, returned: true}}
  expect:
    - {{customer_id: 7, orders_7d: {seven}, orders_28d: 2, mean_amount_28d: {mean}, returned_28d: 0.5}}
    - {{customer_id: 8, orders_7d: 0, orders_28d: 0, mean_amount_28d: null, returned_28d: null}}
"""


def of(shop: Shop, text: str) -> Project:
    shop.write("feature_tests/orders.yml", text)
    return shop.project


@pytest.mark.parametrize("warehouse", ["there", "not there"])
def test_passes(shop: Shop, warehouse: str) -> None:
    """By hand: of the last 7 days one order, of 28 two, not those of status test, nor one second after."""
    if warehouse == "not there":
        shop.warehouse.unlink()
    run = of(shop, GIVEN.format(name="orders", seven=1, mean=15.0)).test()
    assert [(r.name, r.where, r.message, r.differences) for r in run.results] == [
        ("orders", "feature_tests/orders.yml", "", ())
    ]
    assert run.ok
    assert shop.warehouse.exists() == (warehouse == "there")


def test_every_value_that_differs_is_told(shop: Shop) -> None:
    run = of(shop, GIVEN.format(name="orders", seven=3, mean=15.000000000000002)).test("orders.yml")
    [result] = run.results
    assert result.status == "failed"
    assert not run.ok
    assert [(d.row, d.column, d.expected, d.actual) for d in result.differences] == [
        ("customer_id 7", "orders_7d", 3, 1), ("customer_id 7", "mean_amount_28d", 15.000000000000002, 15.0),
    ]  # fmt: skip
    lenient = GIVEN.format(name="orders", seven=1, mean=15.000000000000002) + "  tolerance: 1e-12\n"
    assert of(shop, lenient).test().ok


def test_by_name(shop: Shop) -> None:
    project = of(shop, GIVEN.format(name="good", seven=1, mean=15.0) + GIVEN.format(name="bad", seven=0, mean=15.0))
    for name, statuses in {
        "good": ["passed"], "bad": ["failed"], "orders": ["passed", "failed"], "customer_orders": ["passed", "failed"],
    }.items():  # fmt: skip
        assert [result.status for result in project.test(name).results] == statuses
    with pytest.raises(UnknownNameError, match="unknown test 'godo': did you mean 'good'"):
        project.test("godo")


def test_a_service_with_request_columns_and_times_of_rows(shop: Shop) -> None:
    """The ratio is this order's amount over the mean of those before: 30 / 10 at first, 30 / 15 later."""
    run = of(shop, """\
- name: ratio
  features: order_features
  given:
    raw.orders:
      - {customer_id: 7, placed_at: 2024-02-10T00:00:00Z, amount: 10.0, status: paid}
      - {customer_id: 7, placed_at: 2024-02-20T00:00:00Z, amount: 20.0, status: paid}
  expect:
    - {customer_id: 7, event_timestamp: 2024-02-15T00:00:00Z, amount: 30, amount_ratio: 3}
    - {customer_id: 7, event_timestamp: 2024-02-20T00:00:00Z, amount: 30, amount_ratio: 2.0}
""").test()  # fmt: skip
    assert [(r.message, r.differences) for r in run.results] == [("", ())]


WORDS = """\
- name: words
  features: v
  at: 2024-01-02
  given:
    t:
      - {k: "NO", s: NO, n: 010, f: 1e3, on: 12:30, at: 2024-01-01}
      - {k: on, s: ~, n: -7, f: .nan, on: "", at: 2024-01-01 12:00:00}
  expect:
    - {k: NO, s: "NO", n: 10, f: 1000, on: "12:30", at_: 2024-01-01}
    - {k: on, s: null, n: -7, f: .nan, on: "", at_: 2024-01-01T13:00:00+01:00}
"""


def views(**settings: Any) -> list[FeatureView]:
    source = DataSource(name="s", table="t", timestamp_field="at")
    fields = [Field(name=name, dtype=dtype) for name, dtype in {"s": DType.String, "n": DType.Int64, "f": DType.Float64,
              "on": DType.String}.items()]  # fmt: skip
    fields.append(Field(name="at_", dtype=DType.UnixTimestamp, expr='"at"'))
    return [
        FeatureView(name="v", entities=[Entity(name="e", join_keys=["k"])], source=source, schema=fields, **settings)
    ]


def test_words_are_those_of_yaml_1_2(tmp_path: Any) -> None:
    """A country is no truth value, a clock no number, and a number with a 0 before it is in tens."""
    (tmp_path / "feature_tests").mkdir()
    (tmp_path / "feature_tests" / "words.yaml").write_text(WORDS)
    run = Project("duckdb:///:memory:", views(), root=tmp_path).test()
    assert [(r.message, r.differences) for r in run.results] == [("", ())]


def test_in_python(tmp_path: Any) -> None:
    source = DataSource(name="s", table="deep.t", timestamp_field="at")
    count = [Aggregation(function="count", windows=["1d"])]
    view = FeatureView(name="v", entities=[Entity(name="e", join_keys=["k"])], source=source, aggregations=count)
    rows = [{"k": 1, "at": dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)}, {"k": 1, "at": "2024-01-01"}]
    tests = [
        FeatureTest(
            name=f"{n}", features=[view], at="2024-01-02", given={"deep.t": rows}, expect=[{"k": 1, "count_1d": n}]
        )
        for n in (1, 2)
    ]
    run = Project("duckdb:///:memory:", [view, *tests], root=tmp_path).test()
    # the row of midnight is a day old to the second: outside
    assert [result.status for result in run.results] == ["passed", "failed"]
    kinds = Project("duckdb:///:memory:", [view, *tests], root=tmp_path).definitions.by_kind
    assert {kind for kind, named in kinds.items() if named} == {"entity", "data_source", "feature_view"}


# the file, and what is said of it
UNREADABLE: list[tuple[str, str]] = [
    ("name: x", "feature_tests/orders.yml: a file of tests is a list"),
    ("- 7", "test 1 is no mapping of settings"),
    ("- {name: x, name: y}", "'name' is given twice"),
    ("- {name: x", "is not valid YAML"),
    ("- {name: x, at: 2024-13-01}", "is not valid YAML: month must be in 1..12"),
    ("- !!python/object:os.system {}", "is not valid YAML"),
    ("- {name: x, featurse: v}", "unknown setting 'featurse': did you mean 'features'"),
    ("- {name: x, features: v, given: {}, at: soon, expect: [{k: 1}]}", "FeatureTest 'x': at: 'soon' is no time"),
    ("- {name: x, features: v, given: {}, expect: [{k: 1}]}", "at: needed"),
    ("- {name: x, features: v, given: {}, at: 2024-01-01, expect: []}", "expect: give one or more rows"),
    (
        "- {name: x, features: v, given: {}, at: 2024-01-01, expect: [{k: 1}, {j: 1}]}",
        "every row must have the same columns; j, k is not in each",
    ),
    (GIVEN.format(name="x", seven=1, mean=1) * 2, "two tests are named 'x'"),
]


@pytest.mark.parametrize(("text", "says"), UNREADABLE)
def test_files_that_are_wrong(shop: Shop, text: str, says: str) -> None:
    with pytest.raises(AopsError) as raised:
        of(shop, text).test()
    assert isinstance(raised.value, DefinitionError)
    assert says in str(raised.value)
    assert "feature_tests/orders.yml: " in str(raised.value)


GOOD = GIVEN.format(name="orders", seven=1, mean=15.0)
# what is altered in a test that passes, and the reason for which it is not run
ERRORS: list[tuple[str, str, str]] = [
    ("features: customer_orders", "features: customer_order", "did you mean 'customer_orders"),
    ("orders_28d: ", "order_28d: ", "did you mean 'orders_28d'"),
    ("    raw.orders:", "    raw.ordres:", "unknown table that these features read 'raw.ordres'"),
    ("amount: 10.0", "amuont: 10.0", "unknown column of raw.orders 'amuont'"),
    ("amount: 10.0", "amount: ten", "Could not convert string 'ten'"),
    ("customer_id: 8, ", "customer_id: eight, ", "say its type in types"),
    ("customer_id: ", "other_id: ", "unknown column"),
]


@pytest.mark.parametrize(("old", "new", "says"), ERRORS)
def test_tests_that_cannot_be_run(shop: Shop, old: str, new: str, says: str) -> None:
    assert old in GOOD
    run = of(shop, GOOD.replace(old, new)).test()
    [result] = run.results
    assert (result.status, result.differences) == ("error", ())
    assert says in result.message
    assert not run.ok


def test_a_table_that_is_read_must_be_given(shop: Shop) -> None:
    text = GOOD[: GOOD.index("  given:")] + "  given: {}\n" + GOOD[GOOD.index("  expect:") :]
    assert (
        "these features read raw.orders too: give its rows, or [] for none" in of(shop, text).test().results[0].message
    )
    shop.edit(
        "orders",
        'table="raw.orders"',
        'query="WITH o AS (FROM raw.orders) SELECT * FROM o SEMI JOIN raw.profiles USING (customer_id)"',
    )
    assert '"raw"."profiles" too' in of(shop, GOOD).test().results[0].message


SAME: list[tuple[object, object, float, bool]] = [
    (None, None, 0, True), (None, 0.0, 1, False), (0, None, 1, False), (1, 1.0, 0, True), (1, True, 0, False),
    (True, True, 0, True), (0.1, 0.1 + 1e-18, 0, True), (0.1, 0.30000000000000004 - 0.2, 0, False),
    (0.1, 0.30000000000000004 - 0.2, 1e-15, True), (2.0, 2, 0, True), ("a", "a ", 0, False),
    (float("inf"), float("inf"), 0, True), (float("nan"), 1.0, 9, False),
    (dt.date(2024, 1, 1), dt.datetime(2024, 1, 1, tzinfo=dt.UTC), 0, True),
    (dt.datetime(2024, 1, 1, 1), dt.datetime(2024, 1, 1, tzinfo=dt.UTC), 0, False),
    ("2024-01-01T01:00:00+01:00", dt.datetime(2024, 1, 1), 0, True), ("x", dt.date(2024, 1, 1), 0, False),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "actual", "tolerance", "alike"), SAME)
def test_what_is_the_same(expected: object, actual: object, tolerance: float, alike: bool) -> None:
    assert same(expected, actual, tolerance) is alike


def test_the_example_s_tests_pass() -> None:
    from aops_indb.shipped import shipped

    example = Project.load(shipped("aops.toml"))
    project = Project("duckdb:///:memory:", root=example.root, settings=example.settings)
    project.loaded = example.loaded
    assert len(find_tests(project)) >= 5
    assert [(r.message, r.differences) for r in project.test().results if r.status != "passed"] == []
