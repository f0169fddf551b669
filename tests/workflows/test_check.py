"""Checks of the data: what is counted, kept and refused; expected counts come from plain Python over the rows."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aops_indb import Aggregation, Check, DataSource, DType, Entity, FeatureView, Field, OnDemandFeature, Project
from aops_indb.errors import DefinitionError, RefusedError, UnknownNameError
from aops_indb.features.definitions import CHECK_KINDS
from aops_indb.registry import CheckResult, blocking_failures, last_results, record_check_results

from .shop import Shop

Row = dict[str, Any]
NAN = math.nan
AT = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
# row, k, s, f, day after the first
RAW = [
    (1, 1, "EWR", 1.0, 0), (2, 1, "JFK", 2.5, 1), (3, 2, "lga", NAN, 2), (4, None, None, None, 3),
    (5, None, "EWR", math.inf, 4), (6, 3, "EWR ", -0.0, 5), (7, 3, "", 0.0, None), (8, 4, "EWR\n", 1e300, 6),
    (9, 2, "lga", -1.0, 7),
]  # fmt: skip
ROWS: list[Row] = [
    {"n": n, "k": k, "s": s, "f": f, "at": None if day is None else AT + dt.timedelta(days=day)}
    for n, k, s, f, day in RAW
]
NOW = AT + dt.timedelta(days=8)


def given(row: Row, *columns: str) -> bool:
    return all(row[column] is not None for column in columns)


def doubled(rows: list[Row], *columns: str) -> list[Row]:
    seen = Counter(tuple(row[c] for c in columns) for row in rows if given(row, *columns))
    return [row for row in rows if given(row, *columns) and seen[tuple(row[c] for c in columns)] > 1]


# a check, and what a row that fails is to Python
CASES: dict[str, tuple[dict[str, Any], Callable[[list[Row]], list[Row]]]] = {
    "not_null": ({"kind": "not_null", "column": "k"}, lambda rows: [r for r in rows if r["k"] is None]),
    "not_null of two": (
        {"kind": "not_null", "columns": ["at", "s"]},
        lambda rows: [r for r in rows if r["at"] is None or r["s"] is None],
    ),
    "not_null where": (
        {"kind": "not_null", "column": "K", "where": "n > 4"},
        lambda rows: [r for r in rows if r["n"] > 4 and r["k"] is None],
    ),
    "unique": ({"kind": "unique", "column": "k"}, lambda rows: doubled(rows, "k")),
    "unique together": ({"kind": "unique", "columns": ["k", "s"]}, lambda rows: doubled(rows, "k", "s")),
    "unique where": (
        {"kind": "unique", "column": "k", "where": "n <> 2"},
        lambda rows: doubled([r for r in rows if r["n"] != 2], "k"),
    ),
    "in_range": (
        {"kind": "in_range", "column": "f", "minimum": 0, "maximum": 2.5},
        lambda rows: [r for r in rows if given(r, "f") and not 0 <= r["f"] <= 2.5],
    ),
    "in_range from": (
        {"kind": "in_range", "column": "F", "minimum": 0},
        lambda rows: [r for r in rows if given(r, "f") and not r["f"] >= 0],
    ),
    "in_range of times": (
        {"kind": "in_range", "column": "at", "maximum": AT + dt.timedelta(days=3)},
        lambda rows: [r for r in rows if given(r, "at") and r["at"] > AT + dt.timedelta(days=3)],
    ),
    "accepted_values": (
        {"kind": "accepted_values", "column": "s", "values": ["EWR", "JFK", ""]},
        lambda rows: [r for r in rows if given(r, "s") and r["s"] not in ("EWR", "JFK", "")],
    ),
    "matches": (
        {"kind": "matches", "column": "s", "pattern": "[A-Z]{3}|lga"},
        lambda rows: [r for r in rows if given(r, "s") and not re.fullmatch("[A-Z]{3}|lga", r["s"])],
    ),
    "condition": (
        {"kind": "condition", "condition": "k < 3 OR n = 6", "name": "few"},
        lambda rows: [r for r in rows if r["n"] != 6 and given(r, "k") and not r["k"] < 3],
    ),
    "query": (
        {"kind": "query", "query": "SELECT n, k FROM t WHERE k = 3", "name": "threes"},
        lambda rows: [r for r in rows if r["k"] == 3],
    ),
}


def project_of(checks: list[Check], rows: list[Row] = ROWS, **source: Any) -> Project:
    import pandas as pd

    frame = pd.DataFrame(rows).astype({"k": "Int64", "at": "datetime64[us, UTC]"})
    things = DataSource(name="t_rows", table="t", timestamp_field="at", checks=checks, **source)
    project = Project("duckdb:///:memory:", [things])
    with project.engine.session() as session:
        import pyarrow as pa

        f = pa.array([row["f"] for row in rows], pa.float64())
        table = pa.Table.from_pandas(frame.drop(columns="f"), preserve_index=False).append_column("f", f)
        session.register("given", table)
        session.native.execute("CREATE TABLE t AS FROM given")
    return project


def kept_rows(project: Project) -> dict[str, list[int]]:
    with project.engine.session() as session:
        rows = session.native.execute("SELECT check_name, failing_row FROM aops.check_failures").fetchall()
    found: dict[str, list[int]] = {}
    for name, row in rows:
        found.setdefault(name, []).append(json.loads(row)["n"])
    return {name: sorted(numbers) for name, numbers in found.items()}


def test_every_kind_is_tested() -> None:
    assert {settings["kind"] for settings, _ in CASES.values()} | {"freshness", "row_count_change"} == set(CHECK_KINDS)


def test_rows_that_fail_are_counted_and_kept() -> None:
    """All in one run, where they share a pass; each by itself says the same."""
    checks = [Check(**{"name": f"c{number}", **settings}) for number, (settings, _) in enumerate(CASES.values())]
    together = project_of(checks)
    run = together.check()
    kept = kept_rows(together)
    assert not run.ok
    for result, check, (settings, oracle) in zip(run.results, checks, CASES.values(), strict=True):
        failing = [row["n"] for row in oracle(ROWS)]
        assert failing, settings
        assert (result.status, result.failing_rows, result.kept_rows) == ("failed", len(failing), len(failing)), (
            settings
        )
        assert kept[check.label] == failing
        if check.kind != "query":
            scope = {"n > 4": 5, "n <> 2": 8}.get(check.where or "", 9)
            assert result.checked_rows == scope
    for check, result in zip(checks, run.results, strict=True):
        assert together.check(f"t_rows:{check.label}").results == (result,)


def test_what_is_kept_is_capped_and_the_count_says_so() -> None:
    checks = [Check(kind=kind, column="k", keep=keep) for kind, keep in [("not_null", 1), ("unique", 0)]]
    project = project_of(checks)
    assert [(r.failing_rows, r.kept_rows) for r in project.check().results] == [(2, 1), (6, 0)]
    assert [len(rows) for rows in kept_rows(project).values()] == [1]


@pytest.mark.parametrize("severity", ["warn", "error"])
def test_severity(severity: str) -> None:
    run = project_of([Check(kind="not_null", column="k", severity=severity)]).check()
    assert run.results[0].status == "failed"
    assert run.ok == (severity == "warn")


def test_one_that_cannot_be_run_stops_no_other() -> None:
    broken = Check(kind="accepted_values", column="n", values=["one"])
    fine = Check(kind="not_null", column="k")
    run = project_of([broken, fine]).check()
    assert [(r.status, r.failing_rows) for r in run.results] == [("error", None), ("failed", 2)]
    assert "cannot be run" in run.results[0].message
    assert not run.ok


# ── the rows as a whole ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("age", "passes"), [("24h", True), ("86399s", False)])
def test_freshness(age: str, passes: bool) -> None:
    """The newest row is of day 7, now is day 8."""
    checks = [Check(kind="freshness", column="at", max_age=age)]
    project = project_of(checks, freshness=age)
    object.__setattr__(project.settings.time, "now", NOW)
    run = project.check()
    assert [r.check_name for r in run.results] == ["freshness_at", "freshness"]
    assert {r.status for r in run.results} == {"passed" if passes else "failed"}
    assert "1 day, 0:00:00 old" in run.results[0].message


def test_a_row_of_the_future_is_told_as_such() -> None:
    project = project_of([Check(kind="freshness", column="at", max_age="1d")])
    object.__setattr__(project.settings.time, "now", NOW - dt.timedelta(days=2))
    [result] = project.check().results
    assert result.message == "the newest row is 1 day, 0:00:00 later than now, and may be 1 day, 0:00:00 old"


def test_freshness_of_no_rows() -> None:
    project = project_of([Check(kind="freshness", column="at", max_age="36500d", where="n > 99")])
    assert project.check().results[0].message == "no row has a time"
    assert not project.check().ok


def test_row_count_is_compared_with_the_last_run() -> None:
    project = project_of([Check(kind="row_count_change", max_change=0.5, name="rows")])
    said = []
    for change in ("", "DELETE FROM t WHERE n > 5", "DELETE FROM t WHERE n > 2", "", "DELETE FROM t", ""):
        with project.engine.session() as session:
            session.native.execute(change)
        said.append((project.check().results[0].checked_rows, project.check("t_rows").ok))
    # 9 -> 5 is 44 % fewer; 5 -> 2 is 60 %; the second run of each pair sees no change
    assert said == [(9, True), (5, True), (2, True), (2, True), (0, True), (0, True)]
    with project.engine.session() as session:
        statuses = session.native.execute("SELECT status FROM aops.check_results ORDER BY job_id").fetchall()
    assert [status for (status,) in statuses] == (
        ["passed"] * 4 + ["failed", "passed"] + ["passed"] * 2 + ["failed", "passed"] + ["passed"] * 2
    )


# ── where checks stand ─────────────────────────────────────────────────────────────────────────────────


def test_a_view_is_checked_as_it_is_now() -> None:
    """One row for each key, the newest: of key 1 row 2, of 2 row 9, of 3 row 6 (7 has no time), of 4 row 8."""
    project = project_of([])
    source = project.definitions.sources["t_rows"]
    view = FeatureView(
        name="newest",
        entities=[Entity(name="key", join_keys=["k"])],
        source=source,
        schema=[Field(name="n", dtype=DType.Int64)],
        checks=[Check(kind="in_range", column="n", maximum=6), Check(kind="unique", column="k")],
    )
    alone = Check(kind="accepted_values", column="n", values=[2, 9, 6], on=view, name="known")
    same = Project("duckdb:///:memory:", [view, alone])
    same.engine = project.engine
    assert [(r.reference, r.failing_rows) for r in same.check().results] == [
        ("newest:in_range_n", 2), ("newest:unique_k", 0), ("newest:known", 1),
    ]  # fmt: skip
    assert [r.check_name for r in same.check("known").results] == ["known"]
    assert kept_rows(same)["in_range_n"] == [8, 9]
    same.apply()
    with project.engine.session() as session:
        names = session.native.execute(
            "SELECT object_name, definition->>'kind' FROM aops.checks ORDER BY ALL"
        ).fetchall()
    assert names == [("newest", "accepted_values"), ("newest", "in_range"), ("newest", "unique")]
    assert same.plan().changes == ()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"kind": "uniqe", "column": "k"}, "did you mean 'unique'?"),
    ({"kind": "unique"}, "unique needs a column, or columns"),
    ({"kind": "unique", "column": "k", "columns": ["k"]}, "give column or columns, not both"),
    ({"kind": "unique", "columns": ["k", "K"]}, "two of them have one name"),
    ({"kind": "in_range", "column": "k"}, "in_range needs minimum or maximum"),
    ({"kind": "in_range", "column": "k", "minimum": NAN}, "nan is no value to compare with"),
    ({"kind": "not_null", "column": "k", "minimum": 1}, "minimum: not_null has no use for it"),
    ({"kind": "freshness", "columns": ["a", "b"], "max_age": "1d"}, "freshness is of one column, not of 2"),
    ({"kind": "row_count_change", "max_change": -1}, "-1 is no share"),
    ({"kind": "condition", "condition": "k > 1"}, "name: needed"),
    ({"kind": "condition", "condition": "sum(k) > 1", "name": "c"}, "looks at other rows"),
    ({"kind": "not_null", "column": "k", "severity": "fatal"}, "write 'error' or 'warn'"),
    ({"kind": "not_null", "column": "k", "severity": "warn", "blocks_scoring": True}, "only a check of severity"),
    ({"kind": "not_null", "column": "k", "keep": 1.5}, "1.5 is no number of rows"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "says"), WRONG)
def test_what_makes_no_sense_is_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(DefinitionError, match=re.escape(says)):
        Check(**settings)


def test_two_of_one_name_are_refused() -> None:
    twice = [Check(kind="unique", column="k"), Check(kind="unique", column="K")]
    with pytest.raises(DefinitionError, match="two are named 'unique_K'"):
        DataSource(name="s", table="t", checks=twice)


UNFIT: list[tuple[dict[str, Any], str]] = [
    ({"kind": "not_null", "column": "kk"}, r"Check 'not_null_kk' on 't_rows': unknown column .* did you mean 'k'"),
    ({"kind": "condition", "condition": "k", "name": "c"}, "is BIGINT, and must be a condition"),
    ({"kind": "not_null", "column": "k", "where": "nope = 1"}, "Check 'not_null_k' on 't_rows': .*nope"),
    ({"kind": "freshness", "column": "k", "max_age": "1d"}, "k is BIGINT, and must be a time"),
]


@pytest.mark.parametrize(("settings", "says"), UNFIT)
def test_what_does_not_fit_the_rows_is_refused(settings: dict[str, Any], says: str) -> None:
    project = project_of([Check(**settings)])
    with pytest.raises(DefinitionError, match=says):
        project.check()
    with project.engine.session() as session:
        assert session.native.execute("SELECT kind, status FROM aops.job_runs").fetchall() == [("check", "failed")]


def test_a_check_on_nothing_is_a_problem_of_its_file(shop: Shop) -> None:
    shop.edit(
        "customer",
        "customer = Entity",
        "from aops_indb import Check\nlost = Check(kind='unique', column='x')\ncustomer = Entity",
    )
    with pytest.raises(DefinitionError, match=r"customer.py:4: Check 'unique_x' is on nothing"):
        shop.project.check()


def test_unknown_names(shop: Shop) -> None:
    shop.edit(
        "orders",
        'timestamp_field="placed_at",',
        'timestamp_field="placed_at", checks=[Check(kind="unique", column="order_id")],',
    )
    shop.edit("orders", "import Aggregation,", "import Check, Aggregation,")
    with pytest.raises(UnknownNameError, match="did you mean 'orders:unique_order_id'"):
        shop.project.check("orders:unique_orderid")
    with pytest.raises(UnknownNameError, match="unknown source, view or check 'zzz'"):
        shop.project.check("zzz")
    assert shop.project.check("customer_orders").results == ()
    assert [r.check_name for r in shop.project.check("orders").results] == ["unique_order_id"]


# ── scoring ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_failing_check_blocks_scoring(trained: Shop) -> None:
    """Only once it was applied and run, while it fails, and on what the model uses; it invalidates no model."""
    trained.edit("orders", "import Aggregation,", "import Check, Aggregation,")
    trained.edit(
        "orders",
        'timestamp_field="placed_at",',
        'timestamp_field="placed_at",\n    checks=[Check(kind="not_null", column="amount", blocks_scoring=True)],',
    )
    [change] = trained.project.plan().changes
    assert (change.kind, change.name, change.invalidates) == ("data_source", "orders", ())
    assert not trained.project.check().ok
    assert trained.project.score("returns").rows == 600
    trained.project.apply()
    missing = trained.one("SELECT count(*) FROM raw.orders WHERE amount IS NULL")
    with pytest.raises(
        RefusedError, match=rf"check orders:not_null_amount failed: {missing} rows fail.*aops check orders"
    ):
        trained.project.score("returns")
    trained.execute("UPDATE raw.orders SET amount = 1 WHERE amount IS NULL")
    assert trained.project.check("orders").ok
    assert trained.project.score("returns").rows == 600
    trained.project.promote("returns:2")


def test_a_check_of_its_own_blocks_as_well(trained: Shop) -> None:
    file: Path = trained.folder / "shop_defs" / "checks.py"
    file.write_text(
        "from aops_indb import Check\nfrom shop_defs.orders import customer_orders\n"
        "few = Check(name='few', kind='in_range', column='orders_28d', maximum=0, on=customer_orders,\n"
        "            blocks_scoring=True)\n"
    )
    trained.project.apply()
    trained.project.check("few")
    with pytest.raises(RefusedError, match="check customer_orders:few failed"):
        trained.project.score("returns")


def test_a_check_blocks_what_is_made_from_its_rows_however_far_off(tmp_path: Path) -> None:
    """By an alias of a view, by an on-demand feature, by a view of a view; not what is made from something else."""
    url = f"duckdb:///{tmp_path / 'made.duckdb'}"
    with Project(url, []).session() as session:
        session.native.execute("CREATE TABLE t AS SELECT 1 AS k, now() AS at, 2.0 AS f")
    source = DataSource(
        name="t_rows", table="t", timestamp_field="at", checks=[Check(kind="unique", column="k", blocks_scoring=True)]
    )
    other = DataSource(name="other_rows", table="t", timestamp_field="at")
    key = Entity(name="thing", join_keys=["k"])
    values = FeatureView(name="values_of", entities=[key], source=source, schema=[Field(name="f", dtype=DType.Float64)])
    aliased = values.with_entity(key.alias("other_thing", join_keys=["other_k"]))
    doubled = OnDemandFeature(name="doubled", dtype=DType.Float64, inputs=aliased[["f"]], expr=f"{aliased.name}__f * 2")
    means = FeatureView(
        name="means", entities=[key], source=values,
        aggregations=[Aggregation(function="mean", column="f", windows=["7d"])],
    )  # fmt: skip
    apart = FeatureView(name="apart", entities=[key], source=other, schema=[Field(name="f", dtype=DType.Float64)])
    project = Project(url, [aliased, doubled, means, apart])
    project.apply()
    with project.session() as session:
        failed = CheckResult("data_source", "t_rows", "unique_k", "unique", "error", "failed", 1, 1, 0, "")
        record_check_results(session, 1, [failed], AT)
        for name in (aliased.name, "doubled", "means", "values_of"):
            assert blocking_failures(session, [name]) == [failed], name
        assert blocking_failures(session, ["apart"]) == []


def test_the_last_run_counts_in_whatever_order_rows_lie() -> None:
    made = [
        CheckResult("data_source", "s", "c", "unique", "error", status, 1, 0, 0, "") for status in ("passed", "failed")
    ]
    with Project("duckdb:///:memory:", []).session() as session:
        for job, result in ((2, made[0]), (1, made[1])):
            record_check_results(session, job, [result], AT)
        assert last_results(session) == {("data_source", "s", "c"): made[0]}
