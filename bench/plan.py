"""How long `aops plan` takes on a large project: `python -m bench.plan [VIEWS]`, written to bench/results/plan.json.

The project has 25 source tables, VIEWS feature views (500) of five aggregations and two windows each, a service for
each source, and no rows: a plan reads none. Each figure is the whole command in a process of its own, the median of
the runs; an edit is of one definition file, and taken back before the next.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results" / "plan.json"
SOURCES, RUNS = 25, 3
AOPS = str(Path(sys.executable).with_name("aops"))
SETTINGS = '[warehouse]\nurl = "duckdb:///w.duckdb"\n[definitions]\nfeatures = ["defs"]\nmodels = []\n'
HEAD = """\
from aops_indb import Aggregation, DataSource, Entity, FeatureService, FeatureView

customer = Entity(name="customer", join_keys=["customer_id"])
source = DataSource(name="events_{s}", table="raw.events_{s}", timestamp_field="happened_at")
"""
VIEW = """\
view_{n} = FeatureView(name="view_{n}", entities=[customer], source=source, filter="kind <> {n}", aggregations=[
    Aggregation(function="count", name="events", windows=["{d}d", "28d"]),
    Aggregation(function="sum", column="amount", windows=["{d}d", "28d"]),
    Aggregation(function="mean", column="price", windows=["{d}d", "28d"], where="price > {n}"),
    Aggregation(function="max", expr="amount * 2", name="most", windows=["{d}d", "28d"]),
    Aggregation(function="rate", expr="amount > {n}", name="high", windows=["{d}d", "28d"]),
])
"""
SERVICE = 'service_{s} = FeatureService(name="service_{s}", features=[{names}])\n'


@dataclass(frozen=True, slots=True)
class Figure:
    """Seconds of each run of one command, and how many changes it told of."""

    name: str
    seconds: list[float]
    changes: int

    @property
    def median(self) -> float:
        """The time to quote."""
        return statistics.median(self.seconds)


def make_project(folder: Path, views: int) -> None:
    """The definitions, a file for each source, and empty tables."""
    (folder / "defs").mkdir(parents=True)
    (folder / "aops.toml").write_text(SETTINGS, encoding="utf-8")
    with duckdb.connect(folder / "w.duckdb") as connection:
        connection.execute("CREATE SCHEMA raw")
        for s in range(SOURCES):
            columns = "customer_id BIGINT, happened_at TIMESTAMPTZ, kind INTEGER, amount BIGINT, price DOUBLE"
            connection.execute(f"CREATE TABLE raw.events_{s} ({columns})")
            numbers = range(s, views, SOURCES)
            texts = [HEAD.format(s=s), *(VIEW.format(n=n, d=n % 20 + 1) for n in numbers)]
            texts.append(SERVICE.format(s=s, names=", ".join(f"view_{n}" for n in numbers)))
            (folder / "defs" / f"events_{s}.py").write_text("\n".join(texts), encoding="utf-8")


def planned(folder: Path) -> tuple[float, int]:
    """Seconds of one `aops plan`, and how many changes there are."""
    began = time.perf_counter()
    done = subprocess.run([AOPS, "plan", "--json", "--project", str(folder)], capture_output=True, text=True)
    took = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"aops plan failed:\n{done.stderr}")
    return took, len(json.loads(done.stdout)["changes"])


def measured(name: str, folder: Path, old: str = "", new: str = "", *, runs: int = RUNS) -> Figure:
    """The figure of a plan, after an edit of the first file if one is given."""
    file = folder / "defs" / "events_0.py"
    text = file.read_text(encoding="utf-8")
    if old not in text:
        raise SystemExit(f"{file} does not say {old!r}")
    file.write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
    found = [planned(folder) for _ in range(runs)]
    file.write_text(text, encoding="utf-8")
    return Figure(name, [seconds for seconds, _ in found], found[0][1])


def figures(folder: Path) -> list[Figure]:
    """Plans of a project of which nothing was applied, then of one where everything was."""
    found = [measured("first plan", folder, runs=1)]
    began = time.perf_counter()
    subprocess.run([AOPS, "apply", "--json", "--project", str(folder)], check=True, capture_output=True)
    found.append(Figure("first apply", [time.perf_counter() - began], found[0].changes))
    found.append(measured("nothing changed", folder))
    found.append(measured("a view's window", folder, '"28d"', '"30d"'))
    found.append(measured("a view's description", folder, 'name="view_0",', 'name="view_0", description="x",'))
    found.append(measured("a source's table, 20 views", folder, "raw.events_0", "raw.events_1"))
    return found


def main(
    views: Annotated[int, typer.Argument(help="How many feature views the project has.")] = 500,
    keep: Annotated[Path | None, typer.Option(help="A folder to leave the project in.")] = None,
) -> None:
    """Measure, print, write."""
    with tempfile.TemporaryDirectory() as passing:
        folder = Path(passing) / "project"
        make_project(folder, views)
        found = figures(folder)
        if keep is not None:
            shutil.copytree(folder, keep)
    table = Table("aops plan", "median s", "min-max s", "changes")
    for f in found:
        table.add_row(f.name, f"{f.median:.2f}", f"{min(f.seconds):.2f}-{max(f.seconds):.2f}", str(f.changes))
    Console().print(table)
    document = {
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "views": views,
        "figures": [{**asdict(f), "median": f.median} for f in found],
    }
    if views == 500:
        RESULTS.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
