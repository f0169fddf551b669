"""Processes that die without a word, and processes that meet: old state or new one, and the next run succeeds."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
COPIES = 6000


def start(shop: Shop, *arguments: str) -> subprocess.Popen[str]:
    command = [*AOPS, *arguments, "--project", str(shop.folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def run(shop: Shop, *arguments: str) -> tuple[int, str, str]:
    return finish(start(shop, *arguments))


def until(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait for a condition, which must come true while the process runs."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"it did not come to that: {process.communicate()}")
        time.sleep(0.01)


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
    trained.project.apply()
    trained.project.promote("returns:1")
    return trained


def shorten(shop: Shop) -> None:
    """The spine as it was, but for the keys."""
    shop.edit("models/returns", f"range({COPIES})", "range(1)")
    shop.project.apply()
    shop.project.promote("returns:1")


def has_committed(shop: Shop) -> bool:
    """Whether there is something in the log: of a job first of all the row that says it runs."""
    log = shop.folder / "shop.duckdb.wal"
    return log.exists() and log.stat().st_size > 0


def batch(shop: Shop) -> list[tuple[object, ...]]:
    return shop.rows("FROM scores.returns__batch ORDER BY ALL")


def test_a_score_that_is_killed_while_it_writes(long_job: Shop) -> None:
    before = batch(long_job)
    process = start(long_job, "score", "returns")
    until(lambda: has_committed(long_job), process)
    time.sleep(0.1)
    kill(process)
    assert batch(long_job) == before
    states = "SELECT status, row_count FROM aops.job_runs ORDER BY job_id"
    assert long_job.rows(states) == [("succeeded", 600), ("running", None)]
    shorten(long_job)
    code, out, err = run(long_job, "score", "returns")
    assert (code, out[:34], err) == (0, "scores.returns__batch: 600 rows by", "")
    assert long_job.rows(states) == [("succeeded", 600), ("interrupted", None), ("succeeded", 600)]
    [(message, finished)] = long_job.rows(
        "SELECT message, finished_at IS NOT NULL FROM aops.job_runs WHERE status = 'interrupted'"
    )
    assert (message, finished) == ("its process ended without a word", True)


@pytest.mark.parametrize("delay", [0.0, 0.1, 1.0])
def test_a_score_that_is_killed_at_any_moment(long_job: Shop, delay: float) -> None:
    before = batch(long_job)
    process = start(long_job, "score", "returns")
    until(lambda: is_held(long_job), process)
    time.sleep(delay)
    kill(process)
    assert batch(long_job) == before
    status = long_job.rows("SELECT status FROM aops.job_runs ORDER BY job_id OFFSET 1")
    assert status in ([], [("running",)])
    shorten(long_job)
    assert long_job.project.score("returns").rows == 600
    after = [row for (row,) in long_job.rows("SELECT status FROM aops.job_runs ORDER BY job_id OFFSET 1")]
    assert after == [*["interrupted"] * len(status), "succeeded"]


def test_a_score_that_is_interrupted_says_so(long_job: Shop) -> None:
    """Ctrl-C is no crash: the job ends as failed, and nothing is changed."""
    before = batch(long_job)
    process = start(long_job, "score", "returns")
    until(lambda: has_committed(long_job), process)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    code, out, err = finish(process)
    assert (code, out) == (130, "")
    assert "Traceback" not in err
    assert batch(long_job) == before
    assert long_job.rows("SELECT status, message FROM aops.job_runs ORDER BY job_id OFFSET 1") == [
        ("failed", "KeyboardInterrupt")
    ]


# ── apply ──────────────────────────────────────────────────────────────────────────────────────────────

VIEWS = 40
VIEW = (
    'FeatureView(name="view_{n}", entities=[customer], source=orders,'
    ' aggregations=[Aggregation(function="count", windows=["{n}d"])])'
)

# Plans, says so, and applies.
APPLY = """
import sys
from aops_indb import Project
project = Project.load(sys.argv[1])
plan = project.plan()
print("planned", flush=True)
project.apply(plan)
print("applied", flush=True)
"""


@pytest.fixture(scope="module")
def many_views(applied_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with many more views to be made."""
    shop = applied_shop.copy(tmp_path_factory.mktemp("many") / "shop")
    lines = [
        "from aops_indb import Aggregation, FeatureView",
        f"from {FOLDER}.customer import customer",
        f"from {FOLDER}.orders import orders",
        *(f"view_{n} = {VIEW.format(n=n)}" for n in range(1, VIEWS + 1)),
    ]
    shop.write(f"{FOLDER}/many.py", "\n".join(lines) + "\n")
    return shop


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.2])
def test_an_apply_that_is_killed_at_any_moment(many_views: Shop, tmp_path: Path, delay: float) -> None:
    shop = many_views.copy(tmp_path / "shop")
    before = shop.objects()
    process = subprocess.Popen(
        [sys.executable, "-c", APPLY, str(shop.folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    if process.stdout is None or process.stdout.readline() != "planned\n":
        raise AssertionError(f"it could not plan: {process.communicate()}")
    time.sleep(delay)
    kill(process)
    if delay and shop.objects() != before:
        # on a fast machine it had ended by then: all of it, or it would have something to do
        assert shop.project.plan().changes == ()
    else:
        assert shop.objects() == before
        assert shop.project.apply().changes
    assert shop.one("SELECT count(*) FROM duckdb_views() WHERE schema_name = 'features'") == 2 * (VIEWS + 2)
    assert shop.project.plan().changes == ()


# ── a disk that is full ────────────────────────────────────────────────────────────────────────────────


def run_with_room_for(size: int, shop: Shop, *arguments: str) -> tuple[int, str, str]:
    """No file may become larger than that: the system refuses to write, as when a disk is full."""
    command = [*AOPS, *arguments, "--project", str(shop.folder)]
    limit = (resource.RLIMIT_FSIZE, (size, size))
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=lambda: resource.setrlimit(*limit))
    return done.returncode, done.stdout, done.stderr


def test_a_score_without_room(long_job: Shop) -> None:
    before = batch(long_job)
    code, out, err = run_with_room_for(long_job.warehouse.stat().st_size, long_job, "score", "returns")
    assert (code, out) == (2, "")
    assert "File too large" in err
    assert "Traceback" not in err
    assert batch(long_job) == before
    assert long_job.rows(
        "SELECT status, message LIKE '%File too large%' FROM aops.job_runs ORDER BY job_id OFFSET 1"
    ) == [("failed", True)]


def test_an_apply_without_room(applied: Shop) -> None:
    applied.edit("customer", 'ttl="60d"', 'ttl="90d"')
    before = applied.objects()
    code, out, err = run_with_room_for(1000, applied, "apply")
    assert code in (2, 3)
    assert out == ""
    assert "File too large" in err
    assert applied.objects() == before
    assert applied.project.apply().changes


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
    processes = [start(trained, "score", "returns", "--json") for _ in range(2)]
    assert [finish(process)[::2] for process in processes] == [(0, "")] * 2
    assert trained.rows("SELECT count(*), count(DISTINCT order_id) FROM scores.returns__batch") == [(600, 600)]
    assert trained.rows("SELECT status, row_count FROM aops.job_runs") == [("succeeded", 600)] * 2


def test_a_job_of_a_process_that_lives_is_not_marked(trained: Shop) -> None:
    """It says it runs, and its process is this one."""
    started = Path(f"/proc/{os.getpid()}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    job = {
        "job_id": 1, "kind": "score", "target": "returns", "status": "running", "message": "", "actor": "x",
        "started_at": "2024-07-01 00:00:00+00:00", "host": socket.gethostname(), "pid": os.getpid(),
        "process_started": started,
    }  # fmt: skip
    trained.execute(f"INSERT INTO aops.job_runs ({', '.join(job)}) VALUES {tuple(job.values())}")
    trained.project.score("returns")
    assert trained.rows("SELECT status FROM aops.job_runs ORDER BY job_id") == [("running",), ("succeeded",)]


def test_threads_of_one_process_take_turns(trained: Shop) -> None:
    trained.write("aops.toml", SETTINGS.replace("wait = 1", f"wait = {PATIENCE}"))
    projects = [trained.project for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        scored = list(pool.map(lambda project: project.score("returns").rows, projects))
    assert scored == [600] * 4
    assert trained.one("SELECT count(*) FROM scores.returns__batch") == 600
