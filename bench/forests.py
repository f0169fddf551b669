"""Forests as plain SQL against their own libraries, table to table: `python -m bench.forests`, or `make bench-forests`.

Each way scores the same rows of one DuckDB table into a new table, one way after the other, several times over:

- a layout of ours: `CREATE TABLE … AS` from the model's SQL, its constants in tables as those of a deployed version are
- library: the rows fetched as Arrow, scored by the library on all threads, the scores written back
- onnx: the same with ONNX Runtime, where the model exports
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import typer
from rich.console import Console
from rich.table import Table

from aops_indb.errors import AopsError
from aops_indb.scoring import translate
from aops_indb.scoring.layouts import LAYOUTS
from aops_indb.scoring.lower import lower_apart
from aops_indb.scoring.onnx_export import to_onnx
from aops_indb.sqlgen.dialects import dialect
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import create_table_as, create_view, parse_table, table

RESULTS = Path(__file__).parent / "results" / "forests.json"
TRAINED_ON = 50_000
DUCKDB = dialect("duckdb")


def rows(count: int, columns: int, seed: int) -> tuple[pd.DataFrame, Any]:
    """Numbers, and a target that depends on ten of them."""
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(draw.normal(size=(count, columns)), columns=[f"x{i}" for i in range(columns)])
    signal = frame["x0"] * frame["x1"] + np.sin(3 * frame["x2"]) + 0.3 * frame.iloc[:, 3:10].sum(axis=1)
    return frame, (signal + draw.normal(size=count) > 0).astype(int)


def _gradient_boosting(_: int) -> Any:
    from sklearn.ensemble import GradientBoostingClassifier

    return GradientBoostingClassifier(n_estimators=100, max_depth=3, random_state=0)


def _random_forest(threads: int, trees: int = 50, depth: int | None = 8) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=trees, max_depth=depth, random_state=0, n_jobs=threads)


def _histogram(_: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(max_iter=100, max_leaf_nodes=31, early_stopping=False, random_state=0)


def _lightgbm(trees: int, leaves: int) -> Callable[[int], Any]:
    def made(threads: int) -> Any:
        from lightgbm import LGBMClassifier

        return LGBMClassifier(
            n_estimators=trees, num_leaves=leaves, min_child_samples=5, verbose=-1, random_state=0, n_jobs=threads
        )

    return made


def _xgboost(threads: int) -> Any:
    from xgboost import XGBClassifier

    return XGBClassifier(n_estimators=300, max_depth=6, random_state=0, n_jobs=threads)


def _catboost(threads: int) -> Any:
    from catboost import CatBoostClassifier

    return CatBoostClassifier(
        iterations=200, depth=6, verbose=0, random_seed=0, allow_writing_files=False, thread_count=threads
    )


def _isolation(threads: int) -> Any:
    from sklearn.ensemble import IsolationForest

    return IsolationForest(n_estimators=100, random_state=0, n_jobs=threads)


MODELS: dict[str, Callable[[int], Any]] = {
    "GradientBoosting 100 x depth 3": _gradient_boosting,
    "RandomForest 50 x depth 8": _random_forest,
    "HistGradientBoosting 100 x 31 leaves": _histogram,
    "LightGBM 100 x 62 leaves": _lightgbm(100, 62),
    "LightGBM 500 x 31 leaves": _lightgbm(500, 31),
    "XGBoost 300 x depth 6": _xgboost,
    "CatBoost 200 x depth 6": _catboost,
    "IsolationForest 100": _isolation,
    "RandomForest 100, unrestricted": lambda threads: _random_forest(threads, 100, None),
}


@dataclass(slots=True)
class Bench:
    """A model and the table it scores."""

    connection: duckdb.DuckDBPyConnection
    model: Any
    inputs: Sequence[str]
    threads: int

    def deploy(self, layout: str) -> dict[str, float]:
        """Make the view of a layout, with its tables; seconds to compile it, to plan it, and to query one row."""
        began = time.perf_counter()
        lowered = lower_apart(
            translate(self.model, self.inputs),
            parse_table("rows"),
            keys=["id"],
            dialect=DUCKDB,
            layout=layout,
            table_of=lambda name: table(f"{layout}__{name}"),
        )
        for name, parameters in lowered.parameters.items():
            target = table(f"{layout}__{name}")
            self.connection.execute(render(create_table_as(target, parameters.query(), replace=True), DUCKDB))
        self.connection.execute(render(create_view(table(f"by_{layout}"), lowered.query), DUCKDB, consume=True))
        compiled = time.perf_counter() - began
        plan = least(lambda: self.connection.execute(f"EXPLAIN FROM by_{layout}").fetchall(), 3)
        one = least(lambda: self.connection.execute(f"FROM by_{layout} WHERE id = 77").fetchall(), 3)
        return {"compile": compiled, "plan": plan, "one_row": one}

    def by_layout(self, layout: str) -> None:
        """Score by SQL."""
        self.connection.execute(f"CREATE OR REPLACE TABLE by_{layout}_scored AS FROM by_{layout}")

    def by_library(self) -> None:
        """Fetch, predict, write."""
        fetched = self.connection.sql("FROM rows").to_arrow_table()
        frame = fetched.select(list(self.inputs)).to_pandas()
        self._write(fetched, _predicted(self.model, frame, self.threads), "library_scored")

    def by_onnx(self, session: Any) -> None:
        """The same with ONNX Runtime."""
        fetched = self.connection.sql("FROM rows").to_arrow_table()
        feed = {
            name: fetched[name].to_numpy().astype(np.float32).reshape(-1, 1)
            for name in (given.name for given in session.get_inputs())
        }
        self._write(fetched, list(session.run(None, feed)), "onnx_scored")

    def _write(self, fetched: pa.Table, outputs: Sequence[Any], name: str) -> None:
        columns = {"id": fetched["id"]}
        for number, output in enumerate(outputs):
            values = np.asarray(output)
            for k, column in enumerate(values.reshape(len(values), -1).T):
                columns[f"output_{number}_{k}"] = pa.array(np.ascontiguousarray(column))
        scored = pa.table(columns)  # noqa: F841 (the query refers to it)
        self.connection.execute(f"CREATE OR REPLACE TABLE {name} AS FROM scored")


def _predicted(model: Any, frame: pd.DataFrame, threads: int) -> list[Any]:
    """Labels and scores, of one pass over the trees where the library has one for both."""
    if hasattr(model, "predict_proba"):
        options = {"thread_count": threads} if type(model).__module__.startswith("catboost") else {}
        probabilities = model.predict_proba(frame, **options)
        return [model.classes_[probabilities.argmax(axis=1)], probabilities]
    decided = model.decision_function(frame)
    return [np.where(decided < 0, -1, 1), decided]


def least(run: Callable[[], object], times: int) -> float:
    """Seconds of the fastest run."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        found.append(time.perf_counter() - began)
    return min(found)


def measure(name: str, count: int, columns: int, threads: int, runs: int, layouts: Sequence[str]) -> dict[str, Any]:
    """Seconds of each way, run after run, and whether scores are the library's."""
    os.environ["OMP_NUM_THREADS"] = str(threads)
    model = MODELS[name](threads).fit(*rows(TRAINED_ON, columns, seed=0))
    frame, _ = rows(count, columns, seed=1)
    inputs = [str(name) for name in frame]
    connection = duckdb.connect(config={"threads": threads})
    connection.register("given", frame.assign(id=range(count)))
    connection.execute("CREATE TABLE rows AS FROM given")
    bench = Bench(connection, model, inputs, threads)
    ways: dict[str, Callable[[], None]] = {}
    found: dict[str, Any] = {"views": {}}
    for layout in layouts:
        found["views"][layout] = bench.deploy(layout)
        ways[layout] = lambda layout=layout: bench.by_layout(layout)  # type: ignore[misc]
    ways["library"] = bench.by_library
    try:
        ways["onnx"] = _onnx(bench, model, frame, threads)
    except AopsError as error:
        found["no onnx"] = str(error)
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(runs):
        for way, run in ways.items():
            times[way].append(least(run, 1))
    found["seconds"] = times
    found["differing"] = {layout: _differing(connection, layout) for layout in layouts}
    return found


def _onnx(bench: Bench, model: Any, frame: pd.DataFrame, threads: int) -> Callable[[], None]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 4
    session = onnxruntime.InferenceSession(to_onnx(model, frame.head(100)), options)
    return lambda: bench.by_onnx(session)


def _differing(connection: duckdb.DuckDBPyConnection, layout: str) -> int:
    """Rows whose probability, or decision, is not the library's to 1e-9."""
    described = {
        way: connection.execute(f"DESCRIBE {way}").fetchall() for way in (f"by_{layout}_scored", "library_scored")
    }
    ours, theirs = ([column[0] for column in columns] for columns in described.values())
    score = "probability_1" if "probability_1" in ours else "decision"
    [[count]] = connection.execute(
        f'SELECT count(*) FROM by_{layout}_scored a JOIN library_scored b USING (id) WHERE a."{score}" IS NULL'
        f' OR abs(a."{score}" - b."{theirs[-1]}") > 1e-9 * greatest(1e-6, abs(b."{theirs[-1]}"))'
    ).fetchall()
    return int(count)


def main(
    model: Annotated[list[str] | None, typer.Option(help="Those whose name holds this; default all")] = None,
    layout: Annotated[list[str] | None, typer.Option(help="Layouts; default all for DuckDB")] = None,
    count: Annotated[int, typer.Option("--rows")] = 1_000_000,
    features: int = 20,
    threads: int = 2,
    runs: int = 5,
) -> None:
    """Print a table; write bench/results/forests.json when everything is measured."""
    layouts = layout or [name for name in LAYOUTS if name != "shallow_case"]
    names = [name for name in MODELS if not model or any(part in name for part in model)]
    shown = Table("model", *layouts, "library", "onnx", "best of ours / best of theirs", "plan", "one row", "differing")
    results = {}
    for name in names:
        found = results[name] = measure(name, count, features, threads, runs, layouts)
        least_of = {way: min(times) for way, times in found["seconds"].items()}
        best = min(layouts, key=least_of.__getitem__)
        peers = min(seconds for way, seconds in least_of.items() if way not in layouts)
        shown.add_row(
            name,
            *(f"{least_of[way]:.2f}" if way in least_of else "" for way in (*layouts, "library", "onnx")),
            f"{peers / least_of[best]:.2f} ({best})",
            f"{found['views'][best]['plan']:.3f}",
            f"{found['views'][best]['one_row']:.3f}",
            str(found["differing"][best]),
        )
        Console(width=190).print(shown)
    if not model and not layout:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
