from __future__ import annotations

from collections.abc import Iterator

import pytest

from aops_indb.engines import Session

from .warehouse import open_warehouse


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """One session for a module; a test writes over the tables of the one before."""
    with open_warehouse() as session:
        yield session


@pytest.fixture
def empty_session() -> Iterator[Session]:
    """A session on an empty database."""
    with open_warehouse() as session:
        yield session
