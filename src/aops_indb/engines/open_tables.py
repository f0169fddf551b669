"""Warehouses that a table of scores can be kept in. To add one: a file that meets `tables.Tables`, and a line here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any

from aops_indb.engines.tables import Tables
from aops_indb.errors import SettingsError

# What is given, a URL by its scheme and anything else by its package -> the module that opens it, and how.
WAREHOUSES: Mapping[str, tuple[str, str]] = {
    "duckdb://": ("duckdb_tables", "tables_of_url"),
    "postgresql://": ("postgres", "tables_of_url"),
    "postgres://": ("postgres", "tables_of_url"),
    "duckdb": ("duckdb_tables", "tables_of_connection"),
    "_duckdb": ("duckdb_tables", "tables_of_connection"),
    "pyspark": ("spark", "tables_of_session"),
}


def tables_of(warehouse: Any) -> AbstractContextManager[Tables]:
    """The tables of a warehouse, for the length of a block.

    warehouse: a URL, the path of a DuckDB file, a DuckDB connection, or a SparkSession; SettingsError for another
    """
    if isinstance(warehouse, os.PathLike) or (isinstance(warehouse, str) and "://" not in warehouse):
        warehouse = f"duckdb:///{os.fspath(warehouse)}"
    key = type(warehouse).__module__.partition(".")[0]
    if isinstance(warehouse, str):
        key = warehouse[: warehouse.index("://") + 3]
    if key not in WAREHOUSES:
        given = f"a URL that begins with {key!r}" if isinstance(warehouse, str) else f"a {type(warehouse).__name__}"
        raise SettingsError(
            f"warehouse is {given}: give a URL (duckdb:///file.duckdb, postgresql://…), a DuckDB connection or file, "
            "or a SparkSession"
        )
    module, name = WAREHOUSES[key]
    opened: AbstractContextManager[Tables] = getattr(import_module(f"aops_indb.engines.{module}"), name)(warehouse)
    return opened
