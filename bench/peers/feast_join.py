"""A point-in-time join by Feast's DuckDB store, with the Python of its environment:

    make .peers/feast
    .peers/feast/bin/python bench/peers/feast_join.py FOLDER COLUMNS TTL_DAYS

The folder has events.parquet (key, happened, f0, f1, …) and spine.parquet (key, event_timestamp); a TTL of 0 is none.
Prints seconds of CPU and of the clock, the most MB it had, rows, and a sum over all features.
"""

from __future__ import annotations

import datetime as dt
import json
import resource
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any


def store_of(folder: str, columns: int, ttl_days: int) -> tuple[Any, list[str]]:
    """A store that knows one view, and references to its features."""
    feast, types = import_module("feast"), import_module("feast.types")
    (Path(folder) / "feature_store.yaml").write_text(
        f"project: bench\nprovider: local\nregistry: {folder}/registry.db\noffline_store:\n  type: duckdb\n"
        f"online_store:\n  type: sqlite\n  path: {folder}/online.db\nentity_key_serialization_version: 3\n",
        encoding="utf-8",
    )
    store = feast.FeatureStore(repo_path=folder)
    entity = feast.Entity(name="key", join_keys=["key"], value_type=feast.ValueType.INT64)
    view = feast.FeatureView(
        name="view",
        entities=[entity],
        ttl=dt.timedelta(days=ttl_days),
        schema=[feast.Field(name=f"f{i}", dtype=types.Float64) for i in range(columns)],
        source=feast.FileSource(name="events", path=f"{folder}/events.parquet", timestamp_field="happened"),
    )
    store.apply([entity, view])
    return store, [f"view:f{i}" for i in range(columns)]


def main(folder: str, columns: str, ttl_days: str) -> None:
    """Join once."""
    import pandas as pd

    store, features = store_of(folder, int(columns), int(ttl_days))
    spine = pd.read_parquet(f"{folder}/spine.parquet")
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    joined = store.get_historical_features(entity_df=spine, features=features).to_arrow()
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    total = sum(joined.column(name.partition(":")[2]).to_pandas().sum() for name in features)
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    print(json.dumps({"cpu": cpu, "wall": wall, "peak_mb": peak, "rows": joined.num_rows, "total": float(total)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
