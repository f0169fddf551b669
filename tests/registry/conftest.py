from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aops_indb.engines import Engine, Session, engine_for
from aops_indb.registry import prepare


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """A DuckDB file that waits its turn as long as it takes."""
    return engine_for("duckdb:///warehouse.duckdb", base=tmp_path, wait=600)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse file with nothing but metadata tables."""
    folder = tmp_path_factory.mktemp("prepared")
    with engine_for("duckdb:///warehouse.duckdb", base=folder).session() as session:
        prepare(session)
    return folder / "warehouse.duckdb"


@pytest.fixture
def session(prepared: Path, engine: Engine, tmp_path: Path) -> Iterator[Session]:
    """A session on a warehouse with metadata tables."""
    shutil.copy(prepared, tmp_path)
    with engine.session() as session:
        yield session


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts Python on a script in tmp_path; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(script: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
