"""Histories kept as tables while sources change under them, processes die and definitions are edited: as live, always.

Live is the same view beside it, which nobody materializes.
"""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from aops_indb import Aggregation, DataSource, DType, Entity, Field, Materialization, Project
from aops_indb.errors import ModelError, RefusedError
from aops_indb.workflows.materialize import materialize

from .test_materialize import START, described, folder, run, seen, view

__all__ = ["folder"]

# three intervals of the sales
FEW = Materialization(lookback="2d", chunk="30d")
FAR_BACK = dt.datetime(1900, 1, 1, tzinfo=dt.UTC)
# moments after this are not known yet
NOW = "TIMESTAMPTZ '2013-12-31 00:00:00+00'"


def both(folder: Path, **settings: Any) -> Project:
    """A view that is kept and one that is live, applied."""
    live = view(**settings | {"name": "live", "materialization": None})
    kept = view(**{"materialization": FEW} | settings)
    shop = Project(url=f"duckdb:///{folder / 'shop.duckdb'}", definitions=[kept, live])
    shop.apply()
    return shop


def require_as_live(folder: Path) -> int:
    """The rows of both histories, which are the same up to now, as is what holds now and what held then."""
    whole = f"SELECT * FROM features.{{}}__history WHERE event_timestamp <= {NOW} ORDER BY ALL"
    then = "SELECT * FROM features.{}__asof(TIMESTAMPTZ '2013-01-20 12:00:00+00') ORDER BY ALL"
    for sql in (whole, then, "SELECT * FROM features.{} ORDER BY ALL"):
        assert run(folder, sql.format("spending")) == run(folder, sql.format("live")), sql
    return len(run(folder, whole.format("live")))


# ── sources ────────────────────────────────────────────────────────────────────────────────────────────

LONG_AGO = "(1, TIMESTAMPTZ '{0}', TIMESTAMPTZ '{0}', 5)"


def test_times_far_from_the_others_take_no_more_intervals(folder: Path) -> None:
    """What is between takes no work; what is never known is not waited for; without a time a row is none."""
    rows = [LONG_AGO.format(time) for time in ("0002-01-01", "1970-01-01", "9999-12-31", "infinity")]
    run(folder, f"INSERT INTO sales VALUES {', '.join(rows)}, (2, NULL, NULL, 7), (NULL, now(), now(), 7)")
    shop = both(folder, materialization=Materialization(chunk="10d"))
    # one each for the years 2 and 1970, five for 40 days and the windows after them, one up to now
    assert shop.materialize("spending").intervals == 8
    assert require_as_live(folder) > 500


@pytest.mark.parametrize("time", [pytest.param("-infinity", marks=pytest.mark.long), "4000-01-01 (BC)"])
def test_a_time_before_all_calendars_is_refused(folder: Path, time: str) -> None:
    run(folder, f"INSERT INTO sales VALUES {LONG_AGO.format(time)}")
    shop = both(folder)
    with pytest.raises(RefusedError, match=r"view 'spending': data source 'sales' has rows whose sold_at is before"):
        shop.materialize("spending")
    require_as_live(folder)
    filtered = both(folder, filter="sold_at > '1000-01-01 00:00:00+00'::TIMESTAMPTZ")
    filtered.materialize("spending")
    assert require_as_live(folder) > 500


def test_a_source_that_shrinks_grows_at_its_beginning_and_is_emptied(folder: Path) -> None:
    shop = both(folder)
    shop.materialize("spending")
    rows = [require_as_live(folder)]
    for change in (
        f"DELETE FROM sales WHERE sold_at < TIMESTAMPTZ '{START + dt.timedelta(days=9)}'",
        f"INSERT INTO sales VALUES {LONG_AGO.format('2012-01-01')}",
        "DELETE FROM sales",
    ):
        run(folder, change)
        shop.materialize("spending", since=FAR_BACK)
        rows.append(require_as_live(folder))
    assert rows[0] > rows[1] > 200
    assert rows[2] - rows[1] > 2
    assert rows[3] == 0
    shop.materialize("spending", full=True)
    run(folder, f"INSERT INTO sales VALUES {LONG_AGO.format('2012-01-01')}")
    shop.materialize("spending")
    assert require_as_live(folder) > 2


SOURCES: dict[str, tuple[str, str, dict[str, Any]]] = {
    # times without a zone, and names that need quotes
    "naive": (
        'CREATE TABLE "a ""b" AS SELECT chr(39) || customer AS "key ""1", sold_at::TIMESTAMP AS "at", amount AS'
        ' "select" FROM sales',
        '"a ""b"',
        {"timestamp_field": "at"},
    ),
    "ends": (
        'CREATE TABLE "t" AS SELECT customer AS "key ""1", sold_at AS since_, amount AS "select", CASE amount % 3'
        " WHEN 0 THEN sold_at + to_hours(amount % 40) WHEN 1 THEN 'infinity'::TIMESTAMPTZ END AS till FROM sales",
        "t",
        {"valid_from": "since_", "valid_to": "till"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("case", "zone"),
    [
        ("naive", "America/New_York"),
        ("ends", "UTC"),
        pytest.param("naive", "UTC", marks=pytest.mark.long),
        pytest.param("ends", "America/New_York", marks=pytest.mark.long),
    ],
)
def test_other_sources_in_other_zones(folder: Path, case: str, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In steps, over the night in March when clocks in New York go forward."""
    monkeypatch.setenv("TZ", zone)
    sql, name, times = SOURCES[case]
    run(folder, "UPDATE sales SET sold_at = sold_at + INTERVAL 50 DAY")
    run(folder, sql)
    shop = both(
        folder,
        entities=[Entity(name="buyer", join_keys=['key "1'])],
        source=DataSource(name="odd", table=name, **times),
        schema=[Field(name='"select"', dtype=DType.Int64, expr='"select" + 1')],
        aggregations=[Aggregation(function="sum", column="select", windows=["1d"], name="group")],
        ttl=None if "valid_to" in times else "36h",
        materialization=Materialization(chunk="3650d" if zone == "UTC" else "9d"),
    )
    for hour in (6, 7, 8):
        shop.materialize("spending", until=dt.datetime(2013, 3, 10, hour, 30))
    shop.materialize("spending")
    assert require_as_live(folder) > 200


def test_an_interval_of_nothing_is_refused(folder: Path) -> None:
    shop = both(folder)
    shop.materialize("spending", until=START + dt.timedelta(days=9))
    for since, until in (
        (START, START),
        (dt.datetime(2013, 1, 5), dt.datetime(2013, 1, 4)),
        (dt.datetime(8999, 1, 1), None),
    ):
        with pytest.raises(ModelError, match=r"the interval is empty: until .* is not after since .*: give an ear"):
            shop.materialize("spending", since=since, until=until)
    with pytest.raises(ModelError, match="is after now"):
        shop.materialize("spending", until=dt.datetime(8999, 1, 1))
    assert run(folder, "SELECT count(*) FROM aops.job_runs") == [(1,)]


# ── ends, and meetings ─────────────────────────────────────────────────────────────────────────────────

# kills its own process at the nth call of a function, before or after
KILLED = """
import os, signal, sys
from pathlib import Path
from tests.workflows.test_materialize_hard import both
from aops_indb.workflows import materialize as module

place, when, nth = sys.argv[2], sys.argv[3], int(sys.argv[4])
whole, calls = getattr(module._Kept, place), []

def killed(*args, **named):
    calls.append(1)
    if when == "before" and len(calls) == nth:
        os.kill(os.getpid(), signal.SIGKILL)
    result = whole(*args, **named)
    if when == "after" and len(calls) == nth:
        os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(module._Kept, place, killed)
both(Path(sys.argv[1])).materialize("spending", full=True)
"""
MOMENTS = [
    ("write", "after", 2),
    *(
        pytest.param(*m, marks=pytest.mark.long)
        for m in [("make", "before", 1), ("make", "after", 1), ("show", "after", 2)]
    ),
]


@pytest.mark.parametrize(("place", "when", "nth"), MOMENTS)
def test_a_job_that_is_killed_in_each_of_its_phases(folder: Path, place: str, when: str, nth: int) -> None:
    """Whatever it was at, readers see what is live; and the next run makes it whole."""
    shop = both(folder)
    shop.materialize("spending")
    rows = require_as_live(folder)
    command = [sys.executable, "-c", KILLED, str(folder), place, when, str(nth)]
    root = str(Path(__file__).parents[2])
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert require_as_live(folder) == rows
    assert run(folder, "SELECT count(*) FROM aops.job_runs WHERE status = 'running'") == [(1,)]
    shop.materialize("spending")
    assert require_as_live(folder) == rows
    assert run(folder, "SELECT kept_in FROM aops.definitions WHERE name = 'spending' AND retired_at IS NULL") == [
        ("spending__kept",)
    ]
    assert run(folder, "SELECT count(*) FROM aops.job_runs WHERE status = 'interrupted'") == [(1,)]


def test_of_two_at_once_one_is_told(folder: Path) -> None:
    shop = both(folder)
    begun, told = threading.Event(), threading.Event()

    def report(_: str, __: float) -> None:
        begun.set()
        told.wait(60)

    def first() -> None:
        materialize(shop, "spending", since=None, until=None, full=False, report=report)

    thread = threading.Thread(target=first)
    thread.start()
    assert begun.wait(60)
    try:
        for full in (False, True):
            with pytest.raises(RefusedError, match=r"'spending' is being materialized by job 1, in process \d+: wait"):
                shop.materialize("spending", full=full)
    finally:
        told.set()
        thread.join()
    assert require_as_live(folder) > 500
    assert run(folder, "SELECT job_id, status FROM aops.job_runs") == [(1, "succeeded")]
    assert shop.materialize("spending").intervals == 1


def test_one_of_another_host_that_began_later_goes_on(folder: Path) -> None:
    """What runs there cannot be seen; so the one before stops, and shows nothing."""
    shop = both(folder)

    def report(_: str, fraction: float) -> None:
        if fraction < 0.5:
            with shop.session() as session:
                session.native.execute(
                    "INSERT INTO aops.job_runs BY NAME SELECT * REPLACE (job_id + 1 AS job_id, 'elsewhere' AS host)"
                    " FROM aops.job_runs WHERE job_id = (SELECT max(job_id) FROM aops.job_runs)"
                )

    with pytest.raises(RefusedError, match=r"job 2 began to materialize feature view 'spending' after this one, 1"):
        materialize(shop, "spending", since=None, until=None, full=False, report=report)
    require_as_live(folder)
    assert run(folder, "SELECT job_id, status FROM aops.job_runs ORDER BY 1") == [(1, "failed"), (2, "running")]
    # and nobody waits for ever for a host that may be gone
    shop.materialize("spending")
    assert require_as_live(folder) > 500


# ── edits ──────────────────────────────────────────────────────────────────────────────────────────────


def reads_table(folder: Path) -> bool:
    [(text,)] = run(folder, "SELECT sql FROM duckdb_views() WHERE view_name = 'spending__history'")
    return "spending__kept" in text


def kept(folder: Path) -> None:
    """A view whose table holds a row that is not live, so that it is seen what is read."""
    shop = both(folder)
    shop.materialize("spending")
    run(
        folder,
        "INSERT INTO features.spending__kept SELECT * REPLACE (77 AS customer) FROM features.spending__kept LIMIT 1",
    )


SAME: dict[str, dict[str, Any]] = {
    "description": {"description": "What is spent"},
    "tags": {"tags": {"team": "shop"}, "owner": "Anna"},
    "chunk": {"materialization": Materialization(lookback="2d", chunk="3d")},
    "lookback": {"materialization": Materialization(chunk="10d")},
    "description of a feature": {"schema": [Field(name="amount", dtype=DType.Int64, description="Of the last sale")]},
    "description of a key": {"entities": [Entity(name="customer", join_keys=["customer"], description="Who buys")]},
}


QUICK = ("description", "chunk")


@pytest.mark.parametrize(
    "edit", [edit if edit in QUICK else pytest.param(edit, marks=pytest.mark.long) for edit in SAME]
)
def test_an_edit_of_what_is_said_leaves_a_view_kept(folder: Path, edit: str) -> None:
    kept(folder)
    before, columns = seen(folder), described(folder)
    shop = both(folder, **SAME[edit])
    assert (seen(folder), described(folder)) == (before, columns)
    assert any(row[0] == 77 for row in before["now"])
    assert not shop.plan()
    # goes on from where it was
    assert shop.materialize("spending").rows < 50
    assert not shop.plan()
    [(text,)] = run(folder, "SELECT comment FROM duckdb_views() WHERE view_name = 'spending'")
    assert text == ("What is spent" if edit == "description" else "Features of customer")


ANOTHER: dict[str, dict[str, Any]] = {
    "filter": {"filter": "amount > 50"},
    "ttl": {"ttl": "6d"},
    "no materialization": {"materialization": None},
}


@pytest.mark.parametrize(
    "edit", [edit if edit[0] == "n" else pytest.param(edit, marks=pytest.mark.long) for edit in ANOTHER]
)
def test_an_edit_of_what_is_kept_makes_a_view_live(folder: Path, edit: str) -> None:
    kept(folder)
    shop = both(folder, **ANOTHER[edit])
    assert not reads_table(folder)
    require_as_live(folder)
    assert not shop.plan()
    both(folder, description="Edited again", **ANOTHER[edit])
    assert not reads_table(folder)


def test_other_types_make_a_view_live(folder: Path) -> None:
    kept(folder)
    run(folder, "ALTER TABLE sales ALTER customer TYPE INTEGER")
    shop = Project(url=f"duckdb:///{folder / 'shop.duckdb'}", definitions=[view(description="New")])
    shop.apply(allow_destructive=[change.name for change in shop.plan().changes if change.destructive])
    assert described(folder)["features.spending"][0] == ("customer", "INTEGER")


def test_what_someone_dropped_is_made_again(folder: Path) -> None:
    kept(folder)
    run(folder, "DROP VIEW features.spending")
    shop = both(folder)
    assert reads_table(folder)
    run(folder, "DROP TABLE features.spending__kept")
    [change] = shop.plan().changes
    assert (change.action, change.details) == ("restore", ("features.spending__kept is gone",))
    shop.apply()
    require_as_live(folder)
    shop.materialize("spending")
    assert reads_table(folder)
    assert require_as_live(folder) > 500


def test_an_edit_while_all_is_computed_again_shows_no_part_of_it(folder: Path) -> None:
    both(folder).materialize("spending")

    class EnoughError(Exception):
        pass

    def report(_: str, fraction: float) -> None:
        raise EnoughError

    with pytest.raises(EnoughError):
        materialize(both(folder), "spending", since=None, until=None, full=True, report=report)
    both(folder, description="Said while it is filled")
    require_as_live(folder)
