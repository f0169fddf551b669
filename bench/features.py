"""Point-in-time joins and windows against Feast and SQL written by hand: `python -m bench.features`, or
`make bench-features`.

Data lies on disk; each run is a process of its own, which says what CPU it took, user and system of all threads, and
the most memory it had. Runs of the ways take turns. The join is from the spine as a DataFrame to Arrow; windows are
from tables to a table, and what ours takes to compile is counted in. The figures go into bench/results/features.json,
and from there into docs/performance.md (bench/features_page.py). A quiet run at full size:

    python -m bench.features --rows 10000000 --points 1000000 --runs 3 --feast .peers/feast/bin/python
    python -m bench.features --only large --large 100000000
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer
from rich.console import Console
from rich.table import Table

from .features_page import ALL, MORE, RESULTS, write_page
from .windows_by_hand import BY_HAND

FEAST = Path(__file__).parent / "peers" / "feast_join.py"
COLUMNS, DAYS_OF_DATA = 5, 365
WINDOWS = (1, 7, 30)
TEN_WINDOWS = (1, 2, 3, 5, 7, 10, 14, 21, 28, 30)
PER_KEY = (100, 2000)
PARTS = ("join", "windows", "extremes", "ten", "materialize", "large")


@dataclass(frozen=True, slots=True)
class Task:
    """What one process does.

    way:      "ours", Feast, a way of windows_by_hand, or what is materialized
    kind:     join, windows, or materialize
    file:     of DuckDB
    ttl:      days, 0: none; of a join
    column, functions, days: of windows
    memory:   most that DuckDB may take, e.g. 4GB
    """

    way: str
    kind: str
    file: str
    ttl: int = 0
    column: str = "amount"
    functions: tuple[str, ...] = ("sum", "count")
    days: tuple[int, ...] = WINDOWS
    memory: str = ""
    threads: int = 2


def make_rows(file: Path, rows: int, points: int, keys: int, columns: int = 1) -> None:
    """Tables events and spine of one year, in no order, the same for the same sizes; and as Parquet beside."""
    with duckdb.connect(file, config={"threads": 2}) as connection:
        connection.execute("SET enable_progress_bar = false")
        values = ", ".join(f"(hash(i * 31 + {k + 10}) % 1000000) / 1000.0::DOUBLE AS f{k}" for k in range(columns))
        for name, count, moment, more in (
            ("events", rows, "happened", f", {values}, f0 AS amount, CAST(hash(i * 37) % 1000000 AS BIGINT) AS units"),
            ("spine", points, "event_timestamp", ""),
        ):
            seed = len(name)
            connection.execute(f"""CREATE TABLE {name} AS SELECT CAST(hash(i * 3 + {seed}) % {keys} AS BIGINT) AS key,
                TIMESTAMPTZ '2023-01-01 00:00:00Z' + to_microseconds(CAST(hash(i * 7 + {seed}) %
                {DAYS_OF_DATA * 86_400_000_000} AS BIGINT)) AS {moment}{more} FROM range({count}) r(i)""")
            if columns > 1:
                connection.execute(f"COPY {name} TO '{file.parent}/{name}.parquet'")


def run(task: Task, feast: str | None = None) -> dict[str, Any]:
    """Do a task in a process of its own."""
    if task.way == "Feast":
        command = [feast or "", str(FEAST), str(Path(task.file).parent), str(COLUMNS), str(task.ttl)]
    else:
        command = [sys.executable, "-m", "bench.features_task", json.dumps(asdict(task))]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        return {"failed": ran.stderr.strip().splitlines()[-1][:200]}
    found: dict[str, Any] = json.loads(ran.stdout.strip().splitlines()[-1])
    return found


def compare(title: str, tasks: list[Task], runs: int, feast: str | None = None) -> dict[str, Any]:
    """Runs of the tasks, taking turns."""
    found: dict[str, list[dict[str, Any]]] = {task.way: [] for task in tasks}
    for _ in range(runs):
        for task in tasks:
            found[task.way].append(run(task, feast))
    shown = Table("way", "CPU s: least", "most", "wall s", "peak MB", "algorithm", title=title)
    for way, each in found.items():
        if "failed" in each[0]:
            shown.add_row(way, each[0]["failed"])
            continue
        cpu = [one["cpu"] for one in each]
        told = [min(cpu), max(cpu), min(one["wall"] for one in each), max(one["peak_mb"] for one in each)]
        shown.add_row(way, *(f"{value:.2f}" for value in told), each[0].get("algorithm", ""))
    Console(width=120).print(shown)
    return found


def joins(folder: Path, rows: int, points: int, runs: int, feast: str | None) -> dict[str, Any]:
    """The newest row of each point, without and with a TTL."""
    file = folder / "join.duckdb"
    make_rows(file, rows, points, max(rows // 100, 1), COLUMNS)
    ways = ["ours", "ours from Parquet", "ASOF by hand", *(["Feast"] if feast else [])]
    return {
        f"join, {f'TTL {ttl} d' if ttl else 'no TTL'}": compare(
            f"{COLUMNS} features, TTL {ttl} d", [Task(way, "join", str(file), ttl) for way in ways], runs, feast
        )
        for ttl in (0, 30)
    }


def windows(folder: Path, rows: int, points: int, runs: int, only: tuple[str, ...]) -> dict[str, Any]:
    """Windows at 100 and at 2,000 rows of a key."""
    found = {}
    for per_key in PER_KEY:
        file = folder / f"windows_{per_key}.duckdb"
        make_rows(file, rows, points, max(rows // per_key, 1))
        path = str(file)
        for column in ("amount", "units") if "windows" in only else ():
            tasks = [Task(way, "windows", path, column=column) for way in ("ours", *BY_HAND)]
            name = f"sum and count of {'DOUBLE' if column == 'amount' else 'BIGINT'}, {per_key} rows of a key"
            found[name] = compare(name, tasks, runs)
        if "extremes" in only:
            ways = ("ours", "range join", "window frames")
            name = f"min and max of DOUBLE, {per_key} rows of a key"
            found[name] = compare(name, [Task(w, "windows", path, functions=("min", "max")) for w in ways], runs)
        if "ten" in only:
            for days in ((30,), TEN_WINDOWS):
                name = f"{len(days)} window{'s' * (len(days) > 1)}, sum and count of DOUBLE, {per_key} rows of a key"
                found[name] = compare(name, [Task("ours", "windows", path, days=days)], runs)
    return found


def materialized(folder: Path, rows: int, runs: int) -> dict[str, Any]:
    """The history of windows over all rows, and then over a hundredth that is new."""
    file = folder / "materialize.duckdb"
    make_rows(file, rows, 1, max(rows // PER_KEY[0], 1))
    return {"history of windows, kept": compare("kept", [Task(w, "materialize", str(file)) for w in (ALL, MORE)], runs)}


def main(
    rows: int = 1_000_000,
    points: int = 100_000,
    runs: int = 3,
    large: Annotated[int, typer.Option(help="Rows of the run with 4 GB; 100 of a key, a point for each 100")] = 0,
    only: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(PARTS)}; default all")] = None,
    feast: Annotated[str | None, typer.Option(help="Python of an environment that has Feast")] = None,
    scratch: Annotated[str | None, typer.Option(help="Where data lies; default the system's folder")] = None,
    keep: Annotated[bool, typer.Option(help="Keep the figures and write them into docs/performance.md")] = True,
) -> None:
    """Print tables of seconds and memory."""
    parts = tuple(only or PARTS)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir=scratch) as name:
        folder = Path(name)
        if "join" in parts:
            found |= joins(folder, rows, points, runs, feast)
        if {"windows", "extremes", "ten"} & set(parts):
            found |= windows(folder, rows, points, runs, parts)
        if "materialize" in parts:
            found |= materialized(folder, rows, runs)
        if "large" in parts and large:
            file = folder / "large.duckdb"
            make_rows(file, large, large // 100, large // 100)
            title = f"{large:,} rows x {large // 100:,} points, 4 GB"
            found[title] = compare(title, [Task("ours", "windows", str(file), memory="4GB")], 1)
    if keep:
        results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
        results.setdefault(f"{rows:,} rows x {points:,} points", {}).update(found)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        write_page(results)


if __name__ == "__main__":
    typer.run(main)
