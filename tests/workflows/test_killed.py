"""Processes that die without a word, and processes that meet: the old state or the new one, and the next run succeeds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from .shop import FOLDER, SETTINGS, Shop

AOPS = [sys.executable, "-c", "from aops_indb.cli import main; main()"]
# Long enough that a test which waits for it has failed.
PATIENCE = 60.0

# The spine of each order many times over, so that a job takes some seconds.
LONG_SPINE = (
    "SELECT order_id * 10000 + n AS order_id, customer_id, amount, channel, returned, placed_at AS event_timestamp"
)
COPIES = 3000


def start(shop: Shop, *arguments: str) -> subprocess.Popen[str]:
    command = [*AOPS, *arguments, "--project", str(shop.folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def run(shop: Shop, *arguments: str) -> tuple[int, str, str]:
    return finish(start(shop, *arguments))


def until(happened: object, process: subprocess.Popen[str]) -> None:
    """Wait for a condition, which must come true while the process runs."""
    deadline = time.monotonic() + PATIENCE
    while not happened():  # type: ignore[operator]
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"it did not come to that: {process.communicate()}")
        time.sleep(0.002)


def is_held(shop: Shop) -> bool:
    """Whether another process has the file open."""
    try:
        duckdb.connect(shop.warehouse).close()
    except duckdb.IOException:
        return True
    return False


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE)
    process.communicate()


@contextmanager
def holding(warehouse: Path, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the file for so long."""
    code = (
        f"import duckdb, time; c = duckdb.connect({str(warehouse)!r}); print('held', flush=True); time.sleep({seconds})"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        if holder.stdout is None or holder.stdout.readline() != "held\n":
            raise AssertionError("the file could not be held")
        yield holder
    finally:
        kill(holder)


# ── score ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def long_job(trained: Shop) -> Shop:
    """A shop with a batch of scores, whose next job takes some seconds."""
    trained.project.score("returns")
    trained.edit(
        "models/returns",
        "SELECT order_id, customer_id, amount, channel, returned, placed_at AS event_timestamp",
        LONG_SPINE,
    )
    trained.edit("models/returns", "FROM raw.orders", f"FROM raw.orders, range({COPIES}) AS copies(n)")
    return trained


def batch(shop: Shop) -> list[tuple[object, ...]]:
    return shop.rows("FROM scores.returns__batch ORDER BY ALL")


def test_a_score_that_is_killed_while_it_writes(long_job: Shop) -> None:
    before = batch(long_job)
    log = long_job.folder / "shop.duckdb.wal"
    process = start(long_job, "score", "returns")
    # what is committed is in the log: that is the row that says the job runs
    until(lambda: log.exists() and log.stat().st_size > 0, process)
    time.sleep(0.3)
    kill(process)
    assert batch(long_job) == before
    states = "SELECT status, row_count FROM aops.job_runs ORDER BY job_id"
    assert long_job.rows(states) == [("succeeded", 600), ("running", None)]
    # another interval, so as not to wait for all of it
    code, out, err = run(long_job, "score", "returns", "--until", "2024-01-02", "--json")
    assert (code, err) == (0, ""), err
    assert long_job.rows(states)[1] == ("interrupted", None)
    assert long_job.rows(states)[2][0] == "succeeded"
    [(message, finished)] = long_job.rows(
        "SELECT message, finished_at IS NOT NULL FROM aops.job_runs WHERE status = 'interrupted'"
    )
    assert (message, finished) == ("its process ended without a word", True)


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.2, 1.0])
def test_a_score_that_is_killed_at_any_moment(long_job: Shop, delay: float) -> None:
    before = batch(long_job)
    process = start(long_job, "score", "returns")
    until(lambda: is_held(long_job), process)
    time.sleep(delay)
    kill(process)
    assert batch(long_job) == before
    status = long_job.rows("SELECT status FROM aops.job_runs ORDER BY job_id OFFSET 1")
    assert status in ([], [("running",)])
    long_job.edit("models/returns", f", range({COPIES}) AS copies(n)", ", range(1) AS copies(n)")
    code, _, err = run(long_job, "score", "returns")
    assert (code, err) == (0, ""), err
    assert long_job.one("SELECT count(*) FROM scores.returns__batch") == 600
    after = [row for (row,) in long_job.rows("SELECT status FROM aops.job_runs ORDER BY job_id OFFSET 1")]
    assert after == [*["interrupted"] * len(status), "succeeded"]


def test_a_score_that_is_interrupted_says_so(long_job: Shop) -> None:
    """Ctrl-C is no crash: the job ends as failed, and nothing is changed."""
    before = batch(long_job)
    log = long_job.folder / "shop.duckdb.wal"
    process = start(long_job, "score", "returns")
    until(lambda: log.exists() and log.stat().st_size > 0, process)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    code, out, err = finish(process)
    assert (code, out) == (130, "")
    assert "Traceback" not in err
    assert batch(long_job) == before
    assert long_job.rows("SELECT status, message FROM aops.job_runs ORDER BY job_id OFFSET 1") == [
        ("failed", "KeyboardInterrupt")
    ]


# ── apply ──────────────────────────────────────────────────────────────────────────────────────────────

VIEWS = 30


@pytest.fixture
def long_apply(applied: Shop) -> Shop:
    """A shop with many more views to be made."""
    view = 'FeatureView(name="view_{n}", entities=[customer], source=orders, aggregations=[Aggregation(function="count", windows=["{n}d"])])'
    lines = [
        "from aops_indb import Aggregation, FeatureView",
        f"from {FOLDER}.customer import customer",
        f"from {FOLDER}.orders import orders",
        *(f"view_{n} = {view.format(n=n)}" for n in range(1, VIEWS + 1)),
    ]
    applied.write(f"{FOLDER}/many.py", "\n".join(lines) + "\n")
    return applied


@pytest.mark.parametrize("part", [0.0, 0.3, 0.6, 0.9])
def test_an_apply_that_is_killed_at_any_moment(long_apply: Shop, part: float) -> None:
    before = long_apply.objects()
    process = start(long_apply, "apply")
    # opened to plan, and again to apply
    until(lambda: is_held(long_apply), process)
    time.sleep(2.0 * part)
    kill(process)
    after = long_apply.objects()
    names = {name for name in after if name.startswith("features.view_")}
    if names:
        # it had ended its transaction by then
        assert len(names) == 3 * VIEWS
    else:
        assert after == before
    code, _, err = run(long_apply, "apply")
    assert (code, err) == (0, ""), err
    assert long_apply.one("SELECT count(*) FROM duckdb_views() WHERE schema_name = 'features'") == 2 * VIEWS + 4
    assert long_apply.project.plan().changes == ()


# ── two at once ────────────────────────────────────────────────────────────────────────────────────────


def test_a_warehouse_that_another_process_holds(applied: Shop) -> None:
    applied.write("aops.toml", SETTINGS.replace("wait = 1", "wait = 0.3"))
    with holding(applied.warehouse, PATIENCE) as holder:
        code, out, err = run(applied, "plan")
    assert (code, out) == (3, "")
    assert f"{applied.warehouse} is held by process {holder.pid} ({sys.executable}" in err
    assert f"kill {holder.pid}" in err
    assert run(applied, "plan")[0] == 0


def test_a_warehouse_that_is_let_go_in_time(applied: Shop) -> None:
    applied.write("aops.toml", SETTINGS.replace("wait = 1", f"wait = {PATIENCE}"))
    with holding(applied.warehouse, 3.0):
        code, out, err = run(applied, "plan")
    assert (code, err) == (0, "")
    assert out.startswith("nothing to do")


def test_two_jobs_at_once_take_turns(trained: Shop) -> None:
    trained.write("aops.toml", SETTINGS.replace("wait = 1", f"wait = {PATIENCE}"))
    processes = [start(trained, "score", "returns", "--json") for _ in range(3)]
    assert [finish(process)[::2] for process in processes] == [(0, "")] * 3
    assert trained.rows("SELECT count(*), count(DISTINCT order_id) FROM scores.returns__batch") == [(600, 600)]
    assert trained.rows("SELECT status, row_count FROM aops.job_runs") == [("succeeded", 600)] * 3


def test_a_job_of_a_process_that_lives_is_not_marked(trained: Shop) -> None:
    """It says it runs, and its process is this one."""
    started = Path(f"/proc/{os.getpid()}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    trained.execute(
        "INSERT INTO aops.job_runs SELECT * REPLACE ('running' AS status) FROM aops.job_runs;"
        "INSERT INTO aops.job_runs (job_id, kind, target, status, started_at, message, actor, host, pid, process_started)"
        f" SELECT 1, 'score', 'returns', 'running', now(), '', 'x', '{os.uname().nodename}', {os.getpid()}, '{started}'"
    )
    trained.project.score("returns")
    assert trained.rows("SELECT status FROM aops.job_runs ORDER BY job_id") == [("running",), ("succeeded",)]


def test_threads_of_one_process_take_turns(trained: Shop) -> None:
    from concurrent.futures import ThreadPoolExecutor

    trained.write("aops.toml", SETTINGS.replace("wait = 1", f"wait = {PATIENCE}"))
    projects = [trained.project for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        scored = list(pool.map(lambda project: project.score("returns").rows, projects))
    assert scored == [600] * 4
    assert trained.one("SELECT count(*) FROM scores.returns__batch") == 600
