from __future__ import annotations

from pathlib import Path

import pytest

from aops_indb.engines import Engine, engine_for


@pytest.fixture(params=["duckdb:///warehouse.duckdb", "duckdb:///:memory:"], ids=["file", "memory"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """Each engine a test of sessions runs on."""
    return engine_for(request.param, base=tmp_path, wait=0)


@pytest.fixture
def warehouse(tmp_path: Path) -> Engine:
    """A DuckDB file."""
    return engine_for("duckdb:///warehouse.duckdb", base=tmp_path, wait=0)
