"""Real engines the SQL is run on: WAREHOUSES, by dialect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa

Table = dict[str, list[Any]]


def in_duckdb(columns: Table, query: str) -> Table:
    """The result of the query, with the columns as table `rows`; `position` is the row's number."""
    with duckdb.connect() as connection:
        connection.register("given", _arrow(columns))
        connection.sql("CREATE TABLE rows AS SELECT * FROM given")
        result: Table = connection.sql(query).to_arrow_table().to_pydict()
    return result


def _arrow(columns: Table) -> pa.Table:
    count = len(next(iter(columns.values())))
    return pa.table({"position": range(count)} | {name: pa.array(values) for name, values in columns.items()})


WAREHOUSES: dict[str, Callable[[Table, str], Table]] = {"duckdb": in_duckdb}
