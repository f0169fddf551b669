"""Which algorithm is chosen from what is known of a source, that a forced one is refused where it is not exact, and
that tiles say the same as a plain count where time is at its ends."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from aops_indb import Aggregation, FeatureView
from aops_indb.engines import Session
from aops_indb.errors import AopsError, UnknownNameError
from aops_indb.features.window_algorithms import ALGORITHMS, choices
from aops_indb.features.window_algorithms.choice import Choice, chooser, exact_algorithms, require_algorithm
from aops_indb.features.window_algorithms.costs import COSTS, PARTS, Statistics, Work, cost, tile_bits
from aops_indb.features.windows import window_features

from .examples import newest, window
from .warehouse import join, references

YEAR = dt.timedelta(days=365)


def of(function: str, *windows: str) -> FeatureView:
    aggregation = Aggregation(function=function, column="v", windows=list(windows), name="f")
    return FeatureView(**{**window(function), "aggregations": [aggregation]})


def features_of(view: FeatureView) -> list[Any]:
    return window_features(view, [feature.name for feature in view.features])


def chosen(view: FeatureView, known: Statistics | None, types: dict[str, str]) -> list[Choice]:
    return [choice for choice, _ in choices(view, features_of(view), types, chooser(lambda _: known))]


def known(of_key: float, points: float = 1e6) -> Statistics:
    return Statistics(rows=1e7, of_key=of_key, span=YEAR, points=points)


@pytest.mark.parametrize(
    ("of_key", "points", "expected"),
    # 10M rows, 1M points: fewer than 30 of a key are joined, of many only the ends of windows are looked for
    [(10, 1e6, "range_join"), (20_000, 1e6, "tile_sums"), (20_000, 10, "range_join")],
)
def test_chosen_by_the_number_of_rows(of_key: float, points: float, expected: str) -> None:
    [choice] = chosen(of("sum", "1d", "7d", "30d"), known(of_key, points), {"__value_1": "BIGINT"})
    assert choice.algorithm == expected


def test_what_nobody_knows_goes_by_the_definition() -> None:
    view = FeatureView(**window("sum"))
    [choice] = chosen(view, None, {"__value_1": "BIGINT"})
    assert choice == Choice("prefix_sums", "nothing is known of the source")
    [(kept, _)] = choices(view, features_of(view), {"__value_1": "BIGINT"})
    assert kept == Choice("prefix_sums", "by the definition alone, for SQL that is kept")


def test_sums_of_unknown_types_are_not_cut_into_tiles() -> None:
    view = of("sum", "30d")
    assert exact_algorithms(view, features_of(view), {}) == ("timeline", "range_join")


def test_of_a_lifetime_no_tiles_are_joined_one_by_one() -> None:
    view = of("max", "lifetime")
    assert "tiles" not in exact_algorithms(view, features_of(view), {"__value_1": "BIGINT"})


def test_one_that_is_not_exact_is_refused_by_name() -> None:
    view = FeatureView(**window("max"))
    message = "feature view 'view': f_1h cannot be computed by 'prefix_sums': name one of timeline, range_join, tiles"
    with pytest.raises(AopsError, match=message):
        choices(view, features_of(view), {}, chooser(algorithm="prefix_sums"))


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="range_join"):
        require_algorithm("rangejoin", list(ALGORITHMS))


def test_every_algorithm_has_costs_for_its_parts() -> None:
    view = of("sum", "1d")
    work = Work(known(100), features_of(view), 2)
    assert set(COSTS) == set(PARTS) == set(ALGORITHMS)
    for algorithm, parts in PARTS.items():
        assert set(parts(work)) == set(COSTS[algorithm])
        # more rows of a key never take less time
        assert 0 < cost(algorithm, work) <= cost(algorithm, Work(known(1000), features_of(view), 2))


def test_tiles_do_not_change_as_a_table_grows() -> None:
    """Twice as long with twice as many rows of a key: as many in a tile."""
    features = features_of(of("sum", "30d"))
    grown = [Statistics(1e7 * times, 500 * times, YEAR * times, 1e6) for times in (1, 1.3, 2, 10)]
    sizes = {tile_bits("tile_sums", features, statistics) for statistics in grown}
    assert len(sizes) == 1


ODD_TIMES = """
    CREATE OR REPLACE TABLE events AS SELECT 'k' AS key, CAST(t AS TIMESTAMP) AS at, v FROM (VALUES
        ('-infinity', 1), ('1899-12-31 23:30', 2), ('1900-01-01 00:00', 3), ('1969-12-31 23:59:59.999999', 4),
        ('1970-01-01', 5), ('infinity', 6)) x(t, v);
    CREATE OR REPLACE TABLE spine AS SELECT 'k' AS key, CAST(t AS TIMESTAMP) AS event_timestamp FROM (VALUES
        ('1900-01-01'), ('1900-01-01 00:29:59'), ('1900-01-01 00:30'), ('1970-01-01'), ('1970-01-01 00:59:59.999999'),
        ('1970-01-01 01:00')) x(t)
"""


@pytest.mark.parametrize("algorithm", [a for a in ALGORITHMS if a != "tiles"])
def test_a_row_of_before_all_time_counts_for_a_lifetime(session: Session, algorithm: str) -> None:
    view = of("count", "lifetime")
    session.run_script(ODD_TIMES)
    found = [row["view__f_lifetime"] for row in join(session, [view], references(view), algorithm=algorithm)]
    assert found == [3, 3, 3, 5, 5, 5]


@pytest.mark.parametrize(
    ("algorithm", "function"),
    [*((a, "count") for a in ALGORITHMS), *((a, "max") for a in ("tiles", "range_join", "timeline"))],
)
def test_times_before_1970_and_infinite_ones(session: Session, algorithm: str, function: str) -> None:
    view = FeatureView(**window(function, column="v"))
    session.run_script(ODD_TIMES)
    found = [row["view__f_1h"] for row in join(session, [view], references(view), algorithm=algorithm)]
    # counted by hand: (t - 1 h, t]
    assert found == ([2, 2, 1, 2, 1, 0] if function == "count" else [3, 3, 3, 5, 5, None])


def test_of_rows_of_one_moment_the_greatest_counts(session: Session) -> None:
    """The newest row is looked for by its time alone: those that share it must still be put in order."""
    view = FeatureView(**{**window(), **newest(), "aggregations": []})
    session.run_script("""
        CREATE OR REPLACE TABLE events AS SELECT 'k' AS key, TIMESTAMP '2013-06-01' AS at, i % 7 AS v, i AS w
            FROM range(50) r(i);
        CREATE OR REPLACE TABLE spine AS
            SELECT 'k' AS key, TIMESTAMP '2013-06-01' + to_minutes(i // 2) AS event_timestamp FROM range(6) r(i)
    """)
    rows = join(session, [view], references(view))
    assert [(row["view__v"], row["view__w"]) for row in rows] == [max((i % 7, i) for i in range(50))] * 6
