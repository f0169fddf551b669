"""A model of scikit-learn as orbital writes it in SQL, with the environment of orbital (see orbital_coverage.py):

    .peers/orbital/bin/python bench/peers/orbital_sql.py model.pickle model.sql

The model reads columns x0, x1, … of a table `rows`; its id is passed through.
"""

from __future__ import annotations

import pickle
import sys
from importlib import import_module
from pathlib import Path


def main(model_file: str, sql_file: str) -> None:
    """Write the SQL."""
    from sklearn.pipeline import Pipeline

    model = pickle.loads(Path(model_file).read_bytes())  # noqa: S301 (written by the benchmark a moment ago)
    orbital, types = import_module("orbital"), import_module("orbital.types")
    number = types.DoubleColumnType
    kinds = {"id": number(passthrough=True)} | {f"x{i}": number() for i in range(model.n_features_in_)}
    parsed = orbital.parse_pipeline(Pipeline([("model", model)]), features=kinds)
    sql = orbital.export_sql("rows", parsed, dialect="duckdb", projection=orbital.ResultsProjection(["id"]))
    Path(sql_file).write_text(sql, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
