"""The point-in-time join and windows on Spark by one thread and by two: `python -m bench.features_spark`.

The rows of bench.features as Parquet; each number of threads is a process of its own, and these take turns. A first run
of each, while Java compiles, is not counted. Prints seconds on the clock, and how many times as fast two threads are.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import typer
from rich.console import Console
from rich.table import Table

from aops_indb import Aggregation, DataSource, DType, Entity, FeatureView, Field
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.spine import join_features, resolve
from aops_indb.sqlgen.dialects import dialect
from aops_indb.sqlgen.parse import parse_select
from aops_indb.sqlgen.render import render

from .features import COLUMNS, make_rows

KEY = Entity(name="entity", join_keys=["key"])
EVENTS = DataSource(name="events", table="events", timestamp_field="happened")
VIEWS = {
    "join of 5 columns, TTL 30 d": FeatureView(
        name="view",
        entities=[KEY],
        source=EVENTS,
        schema=[Field(name=f"f{k}", dtype=DType.Float64) for k in range(COLUMNS)],
        ttl="30d",
    ),
    "sum and count of BIGINT, 1, 7, 30 d": FeatureView(
        name="view",
        entities=[KEY],
        source=EVENTS,
        aggregations=[
            Aggregation(column="units", function=function, windows=["1d", "7d", "30d"]) for function in ("sum", "count")
        ],
    ),
}
SETTINGS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "6g",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "8",
    "spark.ui.enabled": "false",
}


def compiled(view: FeatureView) -> str:
    """Spark's SQL of a view's features at the points of `spine`."""
    known = DefinitionSet.of([view])
    types = {"key": "BIGINT", "happened": "TIMESTAMPTZ", "units": "BIGINT"}
    types |= {f"f{k}": "DOUBLE" for k in range(COLUMNS)}
    features = resolve(known, [f"view:{feature.name}" for feature in view.features])
    spine = parse_select("SELECT key, event_timestamp FROM spine")
    query = join_features(known, spine, ["key", "event_timestamp"], features, types_of=lambda _: types)
    return render(query, dialect("spark"))


def one(threads: int, folder: Path, runs: int) -> dict[str, list[float]]:
    """Seconds of each run of each task, in this process."""
    from tests.parity.spark import start

    spark = start(f"local[{threads}]", SETTINGS)
    for name in ("events", "spine"):
        spark.read.parquet(str(folder / f"{name}.parquet")).createOrReplaceTempView(name)
    found: dict[str, list[float]] = {}
    for name, view in VIEWS.items():
        for _ in range(runs + 1):
            began = time.perf_counter()
            spark.sql(compiled(view)).write.format("noop").mode("overwrite").save()
            found.setdefault(name, []).append(time.perf_counter() - began)
    return {name: seconds[1:] for name, seconds in found.items()}


def main(rows: int = 10_000_000, points: int = 1_000_000, runs: int = 2, turns: int = 2) -> None:
    """Print a table."""
    found: dict[str, dict[int, list[float]]] = {name: {1: [], 2: []} for name in VIEWS}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_rows(folder / "rows.duckdb", rows, points, max(rows // 100, 1), COLUMNS)
        with duckdb.connect(str(folder / "rows.duckdb")) as connection:
            connection.execute(f"COPY (SELECT * EXCLUDE amount FROM events) TO '{folder}/events.parquet'")
        for _ in range(turns):
            for threads in (1, 2):
                command = [sys.executable, "-m", "bench.features_spark", "--of", str(threads), str(folder), str(runs)]
                ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
                for task, seconds in json.loads(ran.stdout.strip().splitlines()[-1]).items():
                    found[task][threads] += seconds
    shown = Table("task", "1 thread", "2 threads", "times as fast", title=f"Spark, {rows:,} rows x {points:,} points")
    for task, seconds in found.items():
        least = {threads: min(each) for threads, each in seconds.items()}
        shown.add_row(task, f"{least[1]:.1f}", f"{least[2]:.1f}", f"{least[1] / least[2]:.2f}")
    Console(width=120).print(shown)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--of"]:
        _, _, threads, folder, runs = sys.argv
        print(json.dumps(one(int(threads), Path(folder), int(runs))))
    else:
        typer.run(main)
