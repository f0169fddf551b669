"""All of a plan or nothing of it: whichever statement fails, and whenever the process is killed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from aops_indb.errors import QueryError
from aops_indb.registry import verify_audit

from .shop import Shop

# Applies, and fails or is killed by the statement of that number. Metadata is written by another way, on `connection`.
APPLY = """
import os, signal, sys
from aops_indb import Project
from aops_indb.engines.duckdb_session import DuckDBSession
from aops_indb.sqlgen.build import anonymous, lit
from aops_indb.sqlgen.statements import select

folder, last, way = sys.argv[1], int(sys.argv[2]), sys.argv[3]
project = Project.load(folder)
plan = project.plan()
execute, count = DuckDBSession.execute, 0

def counted(session, tree):
    global count
    count += 1
    if count == last and way == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if count == last:
        tree = select([anonymous("ERROR", lit("no room"))])
    return execute(session, tree)

DuckDBSession.execute = counted
project.apply(plan)
print(count)
"""


def apply_until(shop: Shop, statement: int, way: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", APPLY, str(shop.folder), str(statement), way]
    return subprocess.run(command, capture_output=True, text=True)


def edited(applied: Shop) -> Shop:
    """With two views to be changed."""
    applied.edit("orders", '["7d", "28d"]', '["7d", "14d", "28d"]')
    applied.edit("customer", 'ttl="60d"', 'ttl="90d"')
    return applied


@pytest.fixture(scope="module")
def statements(applied_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many statements on views the apply of both changes runs."""
    whole = apply_until(edited(applied_shop.copy(tmp_path_factory.mktemp("whole") / "shop")), 0, "fail")
    return int(whole.stdout)


@pytest.mark.parametrize(
    ("place", "way"),
    [
        pytest.param("middle", "fail", marks=pytest.mark.long),
        ("middle", "kill"),
        pytest.param("last", "kill", marks=pytest.mark.long),
    ],
)
def test_a_statement_that_is_the_last_leaves_everything_as_it_was(
    applied: Shop, statements: int, way: str, place: str
) -> None:
    at = {"middle": statements // 2, "last": statements}[place]
    shop = edited(applied)
    before = shop.objects()
    ended = apply_until(shop, at, way)
    assert ended.returncode == (-9 if way == "kill" else 1)
    assert shop.objects() == before
    # and the next goes through
    assert shop.project.plan().counts() == {"change": 2}
    assert len(shop.project.apply().changes) == 2
    assert shop.project.plan().changes == ()


def test_metadata_that_cannot_be_written_undoes_the_views(applied: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = edited(applied)
    before, project = shop.objects(), shop.project
    plan, calls = project.plan(), 0

    def fails(*_: object, **__: object) -> None:
        nonlocal calls
        calls += 1
        raise QueryError("no room")

    with monkeypatch.context() as patched:
        patched.setattr("aops_indb.workflows.apply.record_definition", fails)
        with pytest.raises(QueryError, match="no room"):
            project.apply(plan)
    assert calls == 1
    assert shop.objects() == before
    assert len(project.apply(plan).changes) == 2
    with project.session() as session:
        assert verify_audit(session) is None
