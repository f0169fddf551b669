"""make bench: the figures of the README, measured here, printed as a table and written to bench/results/.

Each measurement runs in a process of its own, so that its peak memory is its own; times are the median of the runs,
with their spread. Ratios are taken within one run. Options: a folder to keep the demo's project in.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results" / "flights.json"
RUNS = 3


@dataclass(frozen=True, slots=True)
class Figure:
    """A measurement: seconds of each run, peak memory of the largest, and a bar if the project has set one."""

    name: str
    seconds: list[float]
    peak_mb: float
    bar: str = ""
    note: str = ""

    @property
    def median(self) -> float:
        """The time to quote."""
        return statistics.median(self.seconds)


def measured(arguments: list[str], *, runs: int = RUNS) -> tuple[list[float], float, str]:
    """Seconds of each run, peak memory in MB, and what the last one printed as its last line.

    A program that prints a number last has timed itself, without its start; else the whole process is timed.
    """
    seconds, peak, told = [], 0.0, ""
    for _ in range(runs):
        began = time.perf_counter()
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
            output = process.stdout.read() if process.stdout else ""
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(arguments)} failed:\n{output}")
        took = time.perf_counter() - began
        lines = output.strip().splitlines()
        told = lines[-1] if lines else ""
        seconds.append(float(told) if told.replace(".", "", 1).isdigit() else took)
        peak = max(peak, usage.ru_maxrss / 1024)
    return seconds, peak, told


def task(name: str, project: Path) -> list[str]:
    """The command that runs one of bench/tasks.py."""
    return [sys.executable, "-m", "bench.tasks", name, str(project)]


def figures(project: Path) -> list[Figure]:
    """Everything that is measured, in the order in which one thing needs another."""
    found = []

    def add(name: str, arguments: list[str], bar: str = "", note: str = "", runs: int = RUNS) -> None:
        seconds, peak, _ = measured(arguments, runs=runs)
        found.append(Figure(name, seconds, peak, bar, note))
        Console(stderr=True).print(f"{name}: {found[-1].median:.2f} s")

    aops = str(Path(sys.executable).with_name("aops"))
    add("aops --help", [aops, "--help"], "0.4 s", runs=9)
    add("make demo, installed", [sys.executable, "-m", "aops_indb.demo", str(project)], "90 s", runs=1)
    note = "336,776 rows, all feature views"
    add("point-in-time training set", task("training_set", project), "15 s, 3 GB", note)
    for candidate in ("logistic_regression", "gradient_boosting"):
        add(f"{candidate}: score in SQL", task(f"sql:{candidate}", project), "5 s", "features at hand")
        add(
            f"{candidate}: fetch, scikit-learn, write back", task(f"fetch:{candidate}", project), "", "features at hand"
        )
        add(f"{candidate}: features and score in SQL", task(f"whole:{candidate}", project), "", "from raw tables")
    add("analyst: one day, top 20", task("analyst", project), "", "scores.flight_delay, features computed live")
    return found


def show(found: list[Figure], baselines: dict[str, dict[str, float]]) -> None:
    """Print both tables."""
    # a pipe has no width of its own
    out = Console() if sys.stdout.isatty() else Console(width=160)
    table = Table("measurement", "median s", "min-max s", "peak MB", "bar", "")
    for f in found:
        spread = f"{min(f.seconds):.2f}-{max(f.seconds):.2f}"
        table.add_row(f.name, f"{f.median:.2f}", spread, f"{f.peak_mb:,.0f}", f.bar, f.note)
    out.print(table)
    metrics = list(next(iter(baselines.values())))
    table = Table("November and December, held out", *metrics)
    for name, values in baselines.items():
        table.add_row(name, *(f"{values[m]:.4f}" for m in metrics))
    out.print(table)


def main() -> None:
    """Measure, print, write."""
    with tempfile.TemporaryDirectory() as passing:
        project = Path(sys.argv[1] if len(sys.argv) > 1 else passing).resolve()
        found = figures(project)
        _, _, told = measured(task("baselines", project), runs=1)
    baselines = json.loads(told)
    show(found, baselines)
    document = {
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "figures": [{**asdict(f), "median": f.median} for f in found],
        "test_period": baselines,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
