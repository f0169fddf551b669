"""Sums of floats: the same to the last bit in any order, and as exact as one rounding allows."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from fractions import Fraction
from itertools import chain

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aops_indb import Aggregation, FeatureView
from aops_indb.engines import Session
from aops_indb.features import float_sums
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.spine import join_features, numbered, resolve
from aops_indb.features.window_algorithms import ALGORITHMS
from aops_indb.sqlgen.dialects.duckdb import DUCKDB
from aops_indb.sqlgen.parse import parse_select
from aops_indb.sqlgen.render import render

from .examples import START, window
from .warehouse import compile_join, create_objects, join, references, run, write

Values = Sequence[float | None]

VIEW = FeatureView(
    **{
        **window(),
        "aggregations": [
            Aggregation(function="sum", column="v", windows=["1h"], name="sum"),
            Aggregation(function="mean", column="v", windows=["1h"], name="mean"),
        ],
    }
)
SCHEMA = pa.schema({"key": pa.int64(), "at": pa.timestamp("us"), "v": pa.float64()})


def bits(value: float | None) -> bytes | None:
    """A float as it is stored; all NaN alike."""
    return None if value is None else b"NaN" if math.isnan(value) else struct.pack("d", value)


def write_groups(session: Session, groups: Sequence[Values]) -> None:
    """Each group of values as the rows of one key at one time, and a spine that asks for each key then."""
    rows = [{"key": key, "at": START, "v": v} for key, group in enumerate(groups) for v in group]
    write(session, "events", rows, SCHEMA)
    spine = [{"key": key, "event_timestamp": START} for key in range(len(groups))]
    write(session, "spine", spine, pa.schema({"key": pa.int64(), "event_timestamp": pa.timestamp("us")}))


def sums(session: Session, groups: Sequence[Values], algorithm: str) -> list[float | None]:
    """The sum of each group."""
    write_groups(session, groups)
    return [row["view__sum_1h"] for row in join(session, [VIEW], references(VIEW), algorithm=algorithm)]


# ── by hand ────────────────────────────────────────────────────────────────────────────────────────────

INF, NAN, TINY = math.inf, math.nan, 5e-324

GROUPS: list[tuple[Values, float | None]] = [
    ([0.1] * 10, 1.0),
    ([1e12, 0.01], 1e12 + 0.01),
    ([0.01] * 100, 1.0),
    ([1e15, 0.5, -1e15], 0.5),
    ([0.1, 0.2, -0.3], float(Fraction(0.1) + Fraction(0.2) - Fraction(0.3))),
    ([-1e-7, 1e-7], 0.0),
    ([-1e-7], -1e-7),
    ([-0.0], 0.0),
    # of two numbers no more is lost than where they are added
    ([-3.3385550211620263, 6.04558360047356e-07], -3.3385550211620263 + 6.04558360047356e-07),
    # a carry between parts that leaves only the last digits
    ([0.7, 0.7, -1.4, 1e-13], float(2 * Fraction(0.7) - Fraction(1.4) + Fraction(1e-13))),
    ([2.0**49, 2.0**-80], 2.0**49),
    ([2.0**49, 2.0**-80, -(2.0**49)], 2.0**-80),
    # outliers
    ([1e300, 1.0], 1e300),
    ([1e300, 1.0, -1e300], 1.0),
    ([1e300, 1e280, -1e300], 1e280),
    ([2.0**50, 0.01], 2.0**50 + 0.01),
    ([TINY], TINY),
    ([TINY, -TINY, 3 * TINY], 3 * TINY),
    ([1e-300, 1.0], 1.0),
    ([1e308, 1e308], INF),
    # as SQL's SUM has it
    ([NAN, 1.0], NAN),
    ([INF, 1.0, -1e300], INF),
    ([-INF, 1.0], -INF),
    ([INF, -INF], NAN),
    ([None, 1.5, None], 1.5),
    ([None], None),
    ([], None),
]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_by_hand(session: Session, algorithm: str) -> None:
    """Each group beside all others: none touches another."""
    found = sums(session, [group for group, _ in GROUPS], algorithm)
    differ = [(g, s, want) for (g, want), s in zip(GROUPS, found, strict=True) if bits(s) != bits(want)]
    assert differ == []


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("before", [NAN, INF, 1e300, 1e15, TINY, 1e-9])
def test_what_left_the_window_leaves_nothing_behind(session: Session, algorithm: str, before: float) -> None:
    view = FeatureView(**window("sum"))
    session.run_script(f"""
        CREATE OR REPLACE TABLE events AS
            SELECT 1 AS key, TIMESTAMP '2013-06-01 09:00' AS at, CAST('{before}' AS DOUBLE) AS v
            UNION ALL SELECT 1, TIMESTAMP '2013-06-01 11:00', 1e-1;
        CREATE OR REPLACE TABLE spine AS SELECT 1 AS key, TIMESTAMP '2013-06-01 11:30' AS event_timestamp
    """)
    assert [row["view__f_1h"] for row in join(session, [view], references(view), algorithm=algorithm)] == [0.1]


# ── any values ─────────────────────────────────────────────────────────────────────────────────────────

FITTING = st.one_of(
    st.floats(-1e15, 1e15).filter(lambda v: v == 0 or abs(v) > 1e-8),
    st.floats(-1, 1).map(lambda v: round(v, 2)),
    st.integers(-(2**50) + 1, 2**50 - 1).map(lambda v: v * 2.0**-80),
    st.integers(-(2**26), 2**26).map(lambda v: v * 2.0**23),
)
WITH_OPPOSITES = st.lists(FITTING, max_size=20).flatmap(
    lambda values: st.permutations([*values, *(-v for v in values[::2])])
)
ANY = st.one_of(st.none(), FITTING, st.floats())


@given(groups=st.lists(WITH_OPPOSITES, min_size=1, max_size=30))
@example(groups=[[2.0**40, 2.0**-13, 2.0**-80]])
@settings(max_examples=60, deadline=None, report_multiple_bugs=False)
def test_values_that_fit_are_rounded_once(session: Session, groups: list[list[float]]) -> None:
    for algorithm in ALGORITHMS:
        for group, found in zip(groups, sums(session, groups, algorithm), strict=True):
            assert (found is None) == (not group)
            if found is not None:
                exact = sum(map(Fraction, group))
                # half a unit in the last place; the sum that is rounded was rounded itself, 53 bits further down
                allowed = Fraction(math.ulp(math.fsum(group))) * (Fraction(1, 2) + Fraction(1, 2**40))
                assert abs(Fraction(found) - exact) <= (allowed if Fraction(found) != exact else 0)


@given(groups=st.lists(st.lists(ANY, max_size=12), min_size=1, max_size=20), data=st.data())
@settings(max_examples=60, deadline=None, report_multiple_bugs=False)
def test_any_values_in_any_order(session: Session, groups: list[list[float | None]], data: st.DataObject) -> None:
    first = list(map(bits, sums(session, groups, "prefix_sums")))
    for group, found in zip(groups, sums(session, groups, "prefix_sums"), strict=True):
        finite = [v for v in group if v is not None and math.isfinite(v)]
        # what the sum of sizes can be without coming near infinity
        if finite and len(finite) == sum(v is not None for v in group) and max(map(abs, finite)) < 1e306:
            exact, sizes = sum(map(Fraction, finite)), sum(abs(Fraction(v)) for v in finite)
            assert found is not None
            assert abs(Fraction(found) - exact) <= len(finite) * (sizes / 2**53 + Fraction(TINY))
    for algorithm in ALGORITHMS:
        shuffled = [data.draw(st.permutations(group)) for group in groups]
        assert list(map(bits, sums(session, shuffled, algorithm))) == first


# ── many rows ──────────────────────────────────────────────────────────────────────────────────────────

MANY = """
    CREATE OR REPLACE TABLE events AS
        SELECT hash(i) % 50 AS key, TIMESTAMP '2013-06-01' + to_seconds(CAST(hash(i + 7) % 86400 AS BIGINT)) AS at,
               CASE WHEN i % 1000 = 0 THEN 1e200 * (i + 1)
                    ELSE (hash(i + 13) % 100000000) / 1e2 * pow(1e1, i % 9 - 6) END AS v
        FROM range(200_000) r(i) ORDER BY {order};
    CREATE OR REPLACE TABLE spine AS
        SELECT i % 50 AS key, TIMESTAMP '2013-06-01' + to_seconds(i * 4) AS event_timestamp FROM range(20_000) r(i)
"""


def many_rows(session: Session, order: str, threads: int, algorithm: str) -> list[bytes | None]:
    session.run_script(f"SET threads = {threads}")
    session.run_script(MANY.format(order=order))
    rows = join(session, [VIEW], references(VIEW), algorithm=algorithm)
    return list(chain.from_iterable((bits(row["view__sum_1h"]), bits(row["view__mean_1h"])) for row in rows))


def test_threads_order_and_algorithm_leave_no_trace(session: Session) -> None:
    first = many_rows(session, "i", 2, "prefix_sums")
    assert len(set(first)) > 10_000
    for algorithm in ALGORITHMS:
        assert many_rows(session, "i", 2, algorithm) == first
        assert many_rows(session, "hash(i)", 1, algorithm) == first
        assert many_rows(session, "v", 2, algorithm) == first


def test_what_comes_later_does_not_reach_back(session: Session) -> None:
    """Larger, smaller and more rows than there were before."""
    before = many_rows(session, "i", 2, "prefix_sums")
    session.run_script("""
        INSERT INTO events
            SELECT i % 50, TIMESTAMP '2013-06-02' + to_seconds(i), pow(1e1, i % 40 - 20) / 3 FROM range(300_000) r(i);
        INSERT INTO events SELECT i, TIMESTAMP '2013-06-02', x
            FROM range(50) r(i), unnest([1e308, -1e308, 5e-324, 'nan', 'inf']) t(x)
    """)
    for algorithm in ALGORITHMS:
        rows = join(session, [VIEW], references(VIEW), algorithm=algorithm)
        after = chain.from_iterable((bits(row["view__sum_1h"]), bits(row["view__mean_1h"])) for row in rows)
        assert list(after) == before


def test_every_object_of_a_view_shows_the_same_bits(empty_session: Session) -> None:
    session = empty_session
    session.run_script(MANY.format(order="i"))
    create_objects(session, VIEW, time_zone=False)
    ends = "TIMESTAMP '2013-06-01 12:00'"
    session.run_script(
        f"CREATE OR REPLACE TABLE spine AS SELECT i AS key, {ends} AS event_timestamp FROM range(50) r(i)"
    )
    joined = {r["key"]: bits(r["view__sum_1h"]) for r in join(session, [VIEW], references(VIEW))}
    as_of = {r["key"]: bits(r["sum_1h"]) for r in run(session, f"SELECT * FROM features.view__asof({ends})")}
    history = run(
        session,
        f"SELECT DISTINCT ON (key) * FROM features.view__history WHERE event_timestamp <= {ends} "
        "ORDER BY key, event_timestamp DESC",
    )
    assert len(joined) == 50
    assert as_of == joined
    assert {r["key"]: bits(r["sum_1h"]) for r in history} == joined


# ── types and limits ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("algorithm", "created"), [*((algorithm, False) for algorithm in ALGORITHMS), ("range_join", True)]
)
def test_single_precision_is_added_as_double(session: Session, algorithm: str, created: bool) -> None:
    """One row, and one outlier, are written later than they are asked for."""
    view = FeatureView(**window("sum", created=created))
    session.run_script("""
        CREATE OR REPLACE TABLE events AS
            SELECT 1 AS key, TIMESTAMP '2013-06-01 09:00' AS at, CAST(x AS FLOAT) AS v,
                   CASE late WHEN 1 THEN TIMESTAMP '2013-06-01 09:31' END AS created
            FROM (VALUES (0.1, 0), (1e8, 0), (0.2, 1), (1e30, 0), (-1e30, 0), (1e35, 1)) t(x, late)
    """)
    session.run_script(
        "CREATE OR REPLACE TABLE spine AS SELECT 1 AS key, TIMESTAMP '2013-06-01 09:30' AS event_timestamp"
    )
    values = [0.1, 1e8] if created else [0.1, 1e8, 0.2, 1e35]
    single = [struct.unpack("f", struct.pack("f", x))[0] for x in values]
    joined = join(session, [view], references(view), algorithm=algorithm)
    assert [row["view__f_1h"] for row in joined] == [math.fsum(single)]


def test_where_no_types_are_known_sums_are_in_order(session: Session) -> None:
    known = DefinitionSet.of([VIEW])
    query = join_features(
        known,
        numbered(parse_select("SELECT * FROM spine")),
        ["key", "event_timestamp"],
        resolve(known, references(VIEW)),
        full_feature_names=True,
        ordered=True,
    )
    compiled = render(query, DUCKDB)
    seen = set()
    for order in ("i", "hash(i)", "v"):
        session.run_script(MANY.format(order=order))
        seen.add(tuple(bits(row["view__sum_1h"]) for row in run(session, compiled)))
    assert len(seen) == 1
    write_groups(session, [[1e17, 1.0, -1e17, 2.0], [None], [0.5, None]])
    assert [row["view__sum_1h"] for row in run(session, compiled)] == [3.0, None, 0.5]
    # decimals stay decimals
    session.run_script(
        "CREATE OR REPLACE TABLE events AS SELECT * REPLACE (CAST(0.1 AS DECIMAL(9, 2)) AS v) FROM events"
    )
    assert [row["view__sum_1h"] for row in run(session, compiled)] == [0.4, 0.1, 0.2]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_more_rows_than_can_be_exact_are_refused(
    session: Session, monkeypatch: pytest.MonkeyPatch, algorithm: str
) -> None:
    monkeypatch.setattr(float_sums, "MOST_ROWS", 4)
    assert sums(session, [[1.0] * 4], algorithm) == [4.0]
    with pytest.raises(Exception, match="more than 4 rows of one entity would not be exact: aggregate a DECIMAL"):
        sums(session, [[1.0] * 5], algorithm)


def test_running_sums_count_the_rows_before_the_window(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(float_sums, "MOST_ROWS", 4)
    session.run_script("""
        CREATE OR REPLACE TABLE events AS
            SELECT 1 AS key, TIMESTAMP '2013-06-01' + to_hours(i) AS at, 1e-1 AS v FROM range(5) r(i);
        CREATE OR REPLACE TABLE spine AS SELECT 1 AS key, TIMESTAMP '2013-06-01 04:30' AS event_timestamp
    """)
    compiled = compile_join(session, [VIEW], references(VIEW), algorithm="prefix_sums")
    with pytest.raises(Exception, match="more than 4 rows"):
        run(session, compiled)
    windows = compile_join(session, [VIEW], references(VIEW), algorithm="timeline")
    assert [row["view__sum_1h"] for row in run(session, windows)] == [0.1]
