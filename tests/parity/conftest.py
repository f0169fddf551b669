"""One thread per model: with a test process per core, more of them only wait for each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]


@pytest.fixture(scope="session", autouse=True)
def single_threaded() -> Iterator[None]:
    """Keep OpenMP and BLAS to one thread."""
    with threadpool_limits(1):
        yield
