"""Forests as plain SQL against their own libraries, table to table: `python -m bench.forests`, or `make bench-forests`.

Each way scores the same rows of one DuckDB file into a new table, one way after the other, several times over:

- a layout of ours: `CREATE TABLE … AS` from the model's SQL, its constants in tables as those of a deployed version are
- library: a million rows after the other fetched as Arrow, scored by the library, the scores written back
- onnx: the same with ONNX Runtime, where the model exports
- orbital: `CREATE TABLE … AS` from orbital's SQL, once, where it has one; for --orbital, the Python of its environment

What is measured goes into bench/results/forests.json, and from there into docs/performance.md (bench/forest_page.py).
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
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
from aops_indb.scoring.graph import Forest, walk
from aops_indb.scoring.layouts.choice import choose_layout
from aops_indb.scoring.lower import lower_apart
from aops_indb.scoring.onnx_export import to_onnx
from aops_indb.sqlgen.dialects import dialect
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import create_table_as, create_view, parse_table, table

from .forest_page import RESULTS, write_page

ORBITAL = Path(__file__).parent / "peers" / "orbital_sql.py"
TRAINED_ON, AT_ONCE = 50_000, 1_000_000
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


# of models whose SQL takes long, which part of the rows is scored
PARTS = {"RandomForest 100, unrestricted": 0.02}


@dataclass(frozen=True, slots=True)
class Setting:
    """How much is scored, by how many threads."""

    rows: int
    features: int
    threads: int

    def __str__(self) -> str:
        return f"{self.rows:,} rows x {self.features}, {self.threads} thread{'s' * (self.threads > 1)}"


@dataclass(slots=True)
class Bench:
    """A model and the table it scores."""

    connection: duckdb.DuckDBPyConnection
    model: Any
    inputs: Sequence[str]
    setting: Setting

    @property
    def chosen(self) -> str:
        """The layout that a deployed version has."""
        graph = translate(self.model, self.inputs)
        [forest] = [node for node in walk(graph.roots) if isinstance(node, Forest)]
        return choose_layout(forest, DUCKDB, in_tables=True).layout

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
        plan = least(lambda: self.connection.execute(f"PREPARE planned AS FROM by_{layout}"), 3)
        one = least(lambda: self.connection.execute(f"FROM by_{layout} WHERE id = 77").fetchall(), 3)
        return {"compile": compiled, "plan": plan, "one_row": one}

    def by_sql(self, way: str) -> None:
        """Score by the view of a way."""
        self.connection.execute(f"CREATE OR REPLACE TABLE {way}_scored AS FROM by_{way}")

    def by_library(self) -> None:
        """Fetch, predict, write."""
        for fetched in self._fetched():
            frame = fetched.select(list(self.inputs)).to_pandas()
            self._write(fetched, _predicted(self.model, frame, self.setting.threads), "library_scored")

    def by_onnx(self, session: Any) -> None:
        """The same with ONNX Runtime."""
        for fetched in self._fetched():
            feed = {
                name: fetched[name].to_numpy().astype(np.float32).reshape(-1, 1)
                for name in (given.name for given in session.get_inputs())
            }
            self._write(fetched, list(session.run(None, feed)), "onnx_scored")

    def _fetched(self) -> Iterator[pa.Table]:
        for first in range(0, self.setting.rows, AT_ONCE):
            yield self.connection.sql(f"FROM rows WHERE id BETWEEN {first} AND {first + AT_ONCE - 1}").to_arrow_table()

    def _write(self, fetched: pa.Table, outputs: Sequence[Any], name: str) -> None:
        columns = {"id": fetched["id"]}
        for number, output in enumerate(outputs):
            values = np.asarray(output)
            for k, column in enumerate(values.reshape(len(values), -1).T):
                columns[f"output_{number}_{k}"] = pa.array(np.ascontiguousarray(column))
        scored = pa.table(columns)  # noqa: F841 (the query refers to it)
        first = fetched["id"][0].as_py() == 0
        self.connection.execute(
            f"CREATE OR REPLACE TABLE {name} AS FROM scored" if first else f"INSERT INTO {name} FROM scored"
        )


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


def measure(name: str, setting: Setting, runs: int, layouts: Sequence[str], orbital: str | None) -> dict[str, Any]:
    """Seconds of each way, run after run, and whether scores are the library's."""
    os.environ["OMP_NUM_THREADS"] = str(setting.threads)
    model = MODELS[name](setting.threads).fit(*rows(TRAINED_ON, setting.features, seed=0))
    inputs = [f"x{i}" for i in range(setting.features)]
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/bench.duckdb"
        connection = duckdb.connect(file, config={"threads": setting.threads})
        connection.execute("SET enable_progress_bar = false")
        _fill(connection, setting)
        bench = Bench(connection, model, inputs, setting)
        chosen = bench.chosen
        # beside the chosen one a CASE, unless it takes minutes
        beside = [] if chosen == "node_lists" or setting.rows > AT_ONCE else ["nested_case"]
        layouts = layouts or list(dict.fromkeys([chosen, *beside]))
        found: dict[str, Any] = {"chosen": chosen, "rows": setting.rows, "views": {}}
        ways: dict[str, Callable[[], None]] = {}
        for layout in layouts:
            found["views"][layout] = bench.deploy(layout)
            ways[layout] = lambda layout=layout: bench.by_sql(layout)  # type: ignore[misc]
        ways["library"] = bench.by_library
        try:
            ways["onnx"] = _onnx(bench, setting)
        except AopsError as error:
            found["no onnx"] = str(error)
        times: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(runs):
            for way, run in ways.items():
                times[way].append(least(run, 1))
        found["seconds"] = times
        # which does not end for forests so large that only a part of the rows is scored
        if orbital and name not in PARTS and type(model).__module__.startswith("sklearn"):
            found |= _orbital(bench, orbital, Path(folder))
        found["differing"] = {layout: _differing(connection, layout) for layout in layouts}
        connection.close()
        found["peak_mb"] = {layout: _peak(file, layout, setting.threads) for layout in layouts}
    return found


def _fill(connection: duckdb.DuckDBPyConnection, setting: Setting) -> None:
    """Make the table of rows."""
    for first in range(0, setting.rows, AT_ONCE):
        count = min(AT_ONCE, setting.rows - first)
        frame, _ = rows(count, setting.features, seed=first + 1)
        connection.register("given", frame.assign(id=range(first, first + count)))
        connection.execute("CREATE TABLE rows AS FROM given" if not first else "INSERT INTO rows FROM given")
        connection.unregister("given")


def _onnx(bench: Bench, setting: Setting) -> Callable[[], None]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = setting.threads, 4
    sample, _ = rows(100, setting.features, seed=2)
    session = onnxruntime.InferenceSession(to_onnx(bench.model, sample), options)
    return lambda: bench.by_onnx(session)


def _orbital(bench: Bench, python: str, folder: Path) -> dict[str, Any]:
    """Seconds that orbital's SQL takes; or why it takes none."""
    model, sql = folder / "model.pickle", folder / "orbital.sql"
    model.write_bytes(pickle.dumps(bench.model))
    ran = subprocess.run([python, ORBITAL, model, sql], capture_output=True, text=True, check=False)
    if ran.returncode:
        return {"no orbital": ran.stderr.strip().splitlines()[-1]}
    bench.connection.execute("SET max_expression_depth = 100000")
    bench.connection.execute(f"CREATE OR REPLACE VIEW by_orbital AS {sql.read_text(encoding='utf-8')}")
    plan = least(lambda: bench.connection.execute("PREPARE planned AS FROM by_orbital"), 1)
    return {"orbital": {"plan": plan, "seconds": least(lambda: bench.by_sql("orbital"), 1)}}


def _peak(file: str, way: str, threads: int) -> float:
    """MB of memory that a process has had at most that scores by a view and does nothing else; of Linux."""
    code = (
        f"import duckdb; c = duckdb.connect({file!r}, config={{'threads': {threads}}});"
        f"c.execute('CREATE OR REPLACE TABLE {way}_scored AS FROM by_{way}');"
        "print(*(line for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(ran.stdout.split()[-2]) / 1024


def _differing(connection: duckdb.DuckDBPyConnection, layout: str) -> int:
    """Rows whose probability, or decision, is not the library's to 1e-9."""
    described = {
        way: connection.execute(f"DESCRIBE {way}").fetchall() for way in (f"{layout}_scored", "library_scored")
    }
    ours, theirs = ([column[0] for column in columns] for columns in described.values())
    score = "probability_1" if "probability_1" in ours else "decision"
    [[count]] = connection.execute(
        f'SELECT count(*) FROM {layout}_scored a JOIN library_scored b USING (id) WHERE a."{score}" IS NULL'
        f' OR abs(a."{score}" - b."{theirs[-1]}") > 1e-9 * greatest(1e-6, abs(b."{theirs[-1]}"))'
    ).fetchall()
    return int(count)


def main(
    model: Annotated[list[str] | None, typer.Option(help="Those whose name holds this; default all")] = None,
    layout: Annotated[list[str] | None, typer.Option(help="Layouts; default the chosen one and nested_case")] = None,
    count: Annotated[int, typer.Option("--rows")] = 1_000_000,
    features: int = 20,
    threads: int = 2,
    runs: int = 5,
    orbital: Annotated[str | None, typer.Option(help="Python of an environment that has orbital")] = None,
) -> None:
    """Print a table; unless layouts are named, keep the figures and write them into docs/performance.md."""
    names = [name for name in MODELS if not model or any(part in name for part in model)]
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    setting = Setting(count, features, threads)
    kept = results.setdefault(str(setting), {})
    for name in names:
        part = Setting(int(count * PARTS.get(name, 1)), features, threads)
        found = measure(name, part, runs, layout or (), orbital)
        shown = Table(name, "seconds: least", "most", "plan", "one row", "peak MB", "differing", title=str(part))
        for way, seconds in found["seconds"].items():
            view = found["views"].get(way, {})
            told = [f"{view[key]:.3f}" if key in view else "" for key in ("plan", "one_row")]
            counted = [f"{found[key][way]:,.0f}" if way in found[key] else "" for key in ("peak_mb", "differing")]
            shown.add_row(way, f"{min(seconds):.2f}", f"{max(seconds):.2f}", *told, *counted)
        if "orbital" in found:
            shown.add_row("orbital", *(f"{found['orbital'][key]:.2f}" for key in ("seconds", "plan")))
        Console(width=120).print(shown)
        kept[name] = found
        if not layout:
            RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
            write_page(results)


if __name__ == "__main__":
    typer.run(main)
