from __future__ import annotations

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


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session on a warehouse with metadata tables."""
    with engine.session() as session:
        prepare(session)
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
