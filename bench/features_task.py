"""One task of bench/features.py: prints its CPU and wall seconds, and the most memory it had, as a JSON line."""

from __future__ import annotations

import datetime as dt
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from aops_indb import Aggregation, DataSource, DType, Entity, FeatureView, Field, Materialization
from aops_indb.workflows.project import Project

from .features_page import MORE
from .windows_by_hand import BY_HAND

KEY = Entity(name="entity", join_keys=["key"])
START = dt.datetime(2023, 1, 1, tzinfo=dt.UTC)
LATER, END = START + dt.timedelta(days=365 * 0.99), START + dt.timedelta(days=366)
SPINE = "SELECT key, event_timestamp FROM spine"


def join(task: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    """The join of a spine in memory to five columns."""
    import pandas as pd

    folder = Path(task["file"]).parent
    spine = pd.read_parquet(folder / "spine.parquet")
    if task["way"] == "ASOF by hand":
        return lambda: _asof(task, spine)
    read = {"table": "events"} if task["way"] == "ours" else {"query": f"SELECT * FROM '{folder}/events.parquet'"}
    view = FeatureView(
        name="view",
        entities=[KEY],
        source=DataSource(name="events", timestamp_field="happened", **read),
        schema=[Field(name=f"f{k}", dtype=DType.Float64) for k in range(5)],
        ttl=f"{task['ttl']}d" if task["ttl"] else None,
    )
    project = Project(f"duckdb:///{task['file']}", definitions=[view])

    def joined() -> dict[str, Any]:
        features = [f"view:{feature.name}" for feature in view.features]
        return _told(project.get_historical_features(spine, features).to_arrow())

    return joined


def _asof(task: dict[str, Any], spine: Any) -> dict[str, Any]:
    fresh = f"e.happened >= s.event_timestamp - INTERVAL '{24 * task['ttl']} hours'" if task["ttl"] else "true"
    columns = ", ".join(f"CASE WHEN {fresh} THEN f{k} END AS f{k}" for k in range(5))
    with duckdb.connect(task["file"], config={"threads": task["threads"]}) as connection:
        connection.register("given", spine)
        return _told(
            connection.sql(
                f"SELECT s.*, {columns} FROM given s ASOF LEFT JOIN events e ON s.key = e.key "
                "AND s.event_timestamp >= e.happened"
            ).to_arrow_table()
        )


def _told(joined: Any) -> dict[str, Any]:
    total = sum(float(joined.column(f"f{k}").to_pandas().sum()) for k in range(5))
    return {"rows": joined.num_rows, "total": total}


def windows(task: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    """Windows from tables to a table."""
    connection = duckdb.connect(task["file"], config={"threads": task["threads"]})
    if task["memory"]:
        connection.execute(f"SET memory_limit = '{task['memory']}'")
    connection.execute("SET enable_progress_bar = false")
    if task["way"] != "ours":
        sql = BY_HAND[task["way"]](task["functions"], task["column"], task["days"])
        return lambda: _created(connection, sql)
    connection.close()
    return lambda: _ours(task)


def _ours(task: dict[str, Any]) -> dict[str, Any]:
    days = [f"{d}d" for d in task["days"]]
    view = FeatureView(
        name="view",
        entities=[KEY],
        source=DataSource(name="events", table="events", timestamp_field="happened"),
        aggregations=[Aggregation(column=task["column"], function=f, windows=days) for f in task["functions"]],
    )
    project = Project(f"duckdb:///{task['file']}", definitions=[view])
    began = _cpu()
    asked = project.get_historical_features(SPINE, [f"view:{feature.name}" for feature in view.features])
    sql = asked.to_sql()
    compiled, made = _cpu() - began, asked.explain()
    with duckdb.connect(task["file"], config={"threads": task["threads"]}) as connection:
        if task["memory"]:
            connection.execute(f"SET memory_limit = '{task['memory']}'")
        connection.execute("SET enable_progress_bar = false")
        found = _created(connection, sql)
        named = " and ".join(dict.fromkeys(each.choice.algorithm for each in made))
        return found | {"algorithm": named, "compile": compiled, "cpu": compiled + found["cpu"]}


def materialized(task: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    """A history kept as a table: of all but the last hundredth of the year, or the rest of it, which comes in then."""
    days = [f"{d}d" for d in task["days"]]
    view = FeatureView(
        name="view",
        entities=[KEY],
        source=DataSource(name="events", table="events", timestamp_field="happened"),
        aggregations=[Aggregation(column=task["column"], function=f, windows=days) for f in task["functions"]],
        materialization=Materialization(),
    )
    project = Project(f"duckdb:///{task['file']}", definitions=[view])
    rest = task["way"] == MORE
    with duckdb.connect(task["file"]) as connection:
        if not rest:
            connection.execute(f"CREATE OR REPLACE TABLE later AS FROM events WHERE happened > TIMESTAMPTZ '{LATER}'")
            connection.execute(f"DELETE FROM events WHERE happened > TIMESTAMPTZ '{LATER}'")
        else:
            connection.execute("INSERT INTO events FROM later")
    project.apply()

    def kept() -> dict[str, Any]:
        done = project.materialize("view", until=END if rest else LATER, full=not rest)
        return {"rows": done.rows}

    return kept


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _created(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    began = _cpu()
    connection.execute(f"CREATE OR REPLACE TABLE made AS {sql}")
    cpu = _cpu() - began
    columns = [name for name, *_ in connection.execute("DESCRIBE made").fetchall()]
    summed = ", ".join(f'sum("{name}")' for name in columns if name.startswith(("sum", "count", "min", "max")))
    totals = connection.execute(f"SELECT {summed} FROM (SELECT DISTINCT * FROM made)").fetchone() if summed else ()
    return {"cpu": cpu, "total": [float(value or 0) for value in totals or ()]}


def main(text: str) -> None:
    """Do the task."""
    task = json.loads(text)
    work = {"join": join, "windows": windows, "materialize": materialized}[task["kind"]](task)
    before, began = _cpu(), time.perf_counter()
    found = work()
    taken = {"cpu": _cpu() - before, "wall": time.perf_counter() - began}
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    print(json.dumps({**taken, **found, "peak_mb": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:])
