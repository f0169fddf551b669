"""What windows take by each algorithm, and the costs that fit it best: `python -m bench.window_costs`.

The costs go into COSTS of features/window_algorithms/costs.py, by hand. Least squares of relative errors over tables of
several sizes, seconds of CPU; the rows lie in no order.
"""

from __future__ import annotations

import itertools
import json
import resource
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from scipy.optimize import nnls

from aops_indb import Aggregation, DataSource, Entity, FeatureView
from aops_indb.errors import AopsError
from aops_indb.features.window_algorithms import ALGORITHMS
from aops_indb.features.window_algorithms.costs import PARTS, Work
from aops_indb.features.windows import window_features
from aops_indb.workflows.dataset import HistoricalFeatures, spine_query
from aops_indb.workflows.project import Project
from aops_indb.workflows.source_statistics import statistics_of

from .features import make_rows

FUNCTIONS = {"floats": ("amount", ("sum", "count")), "integers": ("units", ("sum", "count")),
             "extremes": ("amount", ("min", "max"))}  # fmt: skip
WINDOWS = (("1d", "7d", "30d"), ("1d", "3d", "7d", "14d", "21d", "28d", "30d"))


def cpu() -> float:
    """Seconds of CPU so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def view(kind: str, windows: tuple[str, ...]) -> FeatureView:
    """A view of some windows."""
    column, functions = FUNCTIONS[kind]
    return FeatureView(
        name="view",
        entities=[Entity(name="entity", join_keys=["key"])],
        source=DataSource(name="events", table="events", timestamp_field="happened"),
        aggregations=[Aggregation(column=column, function=f, windows=list(windows)) for f in functions],
    )


def asked(project: Project, of: FeatureView, algorithm: str) -> HistoricalFeatures:
    """The windows of all points."""
    references = [f"view:{feature.name}" for feature in of.features]
    return project.get_historical_features("SELECT * FROM spine", references, algorithm=algorithm)


def measured(file: Path, kind: str, windows: tuple[str, ...], runs: int) -> dict[str, tuple[float, dict[str, float]]]:
    """By algorithm: the least seconds, and what there was to do."""
    of = view(kind, windows)
    project = Project(f"duckdb:///{file}", definitions=[of])
    features = window_features(of, [feature.name for feature in of.features])
    columns = {"floats": 7, "integers": 2, "extremes": 2}[kind]
    with project.session() as session:
        known = statistics_of(session, spine_query("SELECT * FROM spine"))(of)
    found = {}
    for algorithm in ALGORITHMS:
        try:
            sql = asked(project, of, algorithm).to_sql()
        except AopsError:
            continue
        with duckdb.connect(file, config={"threads": 2}) as connection:
            seconds = []
            for _ in range(runs):
                began = cpu()
                connection.execute(f"CREATE OR REPLACE TEMP TABLE made AS {sql}")
                seconds.append(cpu() - began)
        if known is not None:
            found[algorithm] = (min(seconds), PARTS[algorithm](Work(known, features, columns)))
    return found


def main(rows: int = 400_000, runs: int = 2) -> None:
    """Print the costs, in nanoseconds, and how far they are off."""
    points: dict[str, list[tuple[float, dict[str, float]]]] = {algorithm: [] for algorithm in ALGORITHMS}
    with tempfile.TemporaryDirectory() as folder:
        for share, per_key in itertools.product((50, 5), (20, 200, 2000)):
            file = Path(folder) / f"{share}_{per_key}.duckdb"
            make_rows(file, rows, rows // share, rows // per_key)
            for kind, windows in itertools.product(FUNCTIONS, WINDOWS):
                each = measured(file, kind, windows, runs)
                for algorithm, one in each.items():
                    points[algorithm].append(one)
    shown, costs = Table("algorithm", "costs, ns", "relative error: median", "90 %"), {}
    for algorithm, found in points.items():
        costs[algorithm], errors = fitted(found)
        texts = ", ".join(f"{part} {value:.1f}" for part, value in costs[algorithm].items())
        shown.add_row(algorithm, texts, f"{np.median(errors):.2f}", f"{np.quantile(errors, 0.9):.2f}")
    Console(width=140).print(shown)
    print(json.dumps(costs, indent=1))


def fitted(found: list[tuple[float, dict[str, float]]]) -> tuple[dict[str, float], Any]:
    """Nanoseconds of each part, and the relative errors."""
    names = list(found[0][1])
    seconds = np.array([s for s, _ in found])
    amounts = np.array([[parts[name] for name in names] for _, parts in found]) / 1e9 / seconds[:, None]
    costs, _ = nnls(amounts, np.ones(len(seconds)))
    return dict(zip(names, map(float, costs), strict=True)), np.abs(amounts @ costs - 1)


if __name__ == "__main__":
    typer.run(main)
