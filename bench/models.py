"""Models as SQL: how long they take to compile, and to score a million rows; `python -m bench.models`.

Each figure comes from a process of its own. A score by fetching is what a team would write: fetch the rows into a
DataFrame, predict with scikit-learn, write the scores back.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from aops_indb import to_sql

RESULTS = Path(__file__).parent / "results" / "models.json"
ROWS, COLUMNS, RUNS = 1_000_000, 50, 3


def rows(count: int, columns: int) -> tuple[pd.DataFrame, Any]:
    """Numbers, and a target that depends on three of them."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(count, columns)), columns=[f"x{i}" for i in range(columns)])
    return frame, (frame["x0"] + frame["x1"] * frame["x2"] + draw.normal(size=count) > 0).astype(int)


def forest(trees: int, leaves: int) -> Any:
    """A random forest on 20 columns."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=trees, max_leaf_nodes=leaves, random_state=0).fit(*rows(20_000, 20))


def linear() -> Any:
    """Imputing, scaling and a logistic regression on 50 columns."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()).fit(*rows(20_000, COLUMNS))


def compile_time(model: Any) -> float:
    """Seconds until the SQL is there."""
    began = time.perf_counter()
    to_sql(model, source="rows", keys=["id"])
    return time.perf_counter() - began


def warehouse() -> Any:
    """A DuckDB connection with the rows as a table."""
    import duckdb

    frame, _ = rows(ROWS, COLUMNS)
    connection = duckdb.connect()
    connection.register("given", frame.assign(id=range(ROWS)))
    connection.execute("CREATE TABLE rows AS SELECT * FROM given")
    return connection


def by_sql(model: Any) -> float:
    """Seconds to score all rows into a table, by SQL."""
    connection, text = warehouse(), to_sql(model, source="rows", keys=["id"])
    began = time.perf_counter()
    connection.execute(f"CREATE TABLE scores AS {text}")
    return time.perf_counter() - began


def by_fetching(model: Any) -> float:
    """Seconds to fetch, predict and write back."""
    connection = warehouse()
    began = time.perf_counter()
    frame = connection.sql("FROM rows").df()
    inputs = frame[list(model.feature_names_in_)]
    probabilities = model.predict_proba(inputs)
    columns = {f"probability_{label}": probabilities[:, i] for i, label in enumerate(model.classes_)}
    scores = pd.DataFrame({"id": frame["id"], "label": model.predict(inputs), **columns})
    connection.register("scored", scores)
    connection.execute("CREATE TABLE scores AS SELECT * FROM scored")
    return time.perf_counter() - began


# Figure -> its model, what is timed, and the bar that is set for it.
FIGURES: dict[str, tuple[Callable[[], Any], Callable[[Any], float], str]] = {
    "compile 100 trees of 62 leaves": (lambda: forest(100, 62), compile_time, "1 s, 500 MB"),
    "compile 1,000 trees of 64 leaves": (lambda: forest(1000, 64), compile_time, "10 s"),
    "linear pipeline, 50 columns, 1M rows: SQL": (linear, by_sql, "3 times faster"),
    "linear pipeline, 50 columns, 1M rows: fetch, predict, write": (linear, by_fetching, ""),
}


def main() -> None:
    """Measure all, or one if its number is given."""
    if len(sys.argv) > 1:
        make, timed, _ = list(FIGURES.values())[int(sys.argv[1])]
        print(timed(make()), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    found: dict[str, dict[str, Any]] = {}
    table = Table("what", "seconds (median)", "spread", "peak MB of the process", "bar")
    for number, (name, (_, _, bar)) in enumerate(FIGURES.items()):
        command = [sys.executable, "-m", "bench.models", str(number)]
        told = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(RUNS)]
        runs = [[float(part) for part in each.stdout.split()] for each in told]
        seconds = sorted(run[0] for run in runs)
        peak = max(run[1] for run in runs)
        found[name] = {"seconds": seconds, "peak_mb": round(peak), "bar": bar}
        spread = f"{seconds[0]:.2f} to {seconds[-1]:.2f}"
        table.add_row(name, f"{seconds[len(seconds) // 2]:.2f}", spread, f"{peak:.0f}", bar)
    Console(width=150).print(table)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
