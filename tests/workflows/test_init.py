"""A new project, and places where none can be made. The example itself: test_flights.py."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from aops_indb import Project
from aops_indb.errors import SettingsError, UnknownNameError
from aops_indb.workflows.init import EXAMPLES, init_project
from aops_indb.workflows.workspace import silent

from .shop import Shop


def test_a_new_project_works(tmp_path: Path) -> None:
    made = init_project(tmp_path / "new" / "shop", report=silent)
    assert made.files == ("aops.toml", "feature_defs/", "model_defs/")
    assert made.tables == {}
    project = Project.load(made.folder)
    assert project.plan().changes == ()
    assert (made.folder / "warehouse.duckdb").is_file()


def test_into_a_folder_that_has_something(tmp_path: Path) -> None:
    (tmp_path / "feature_defs").mkdir()
    (tmp_path / "feature_defs" / "mine.py").write_text("x = 1\n", encoding="utf-8")
    init_project(tmp_path, report=silent)
    assert (tmp_path / "feature_defs" / "mine.py").read_text(encoding="utf-8") == "x = 1\n"


def test_into_an_existing_project(applied: Shop) -> None:
    before = {path: path.read_bytes() for path in applied.folder.rglob("*.*") if path.is_file()}
    with pytest.raises(SettingsError, match=r"aops.toml exists: this folder is a project already"):
        init_project(applied.folder, report=silent)
    assert {path: path.read_bytes() for path in applied.folder.rglob("*.*") if path.is_file()} == before


@pytest.mark.parametrize(("example", "told"), [("nope", "known are 'flights'"), ("fligts", "did you mean 'flights'?")])
def test_an_unknown_example(tmp_path: Path, example: str, told: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        init_project(tmp_path / "new", example=example, report=silent)
    assert told in str(caught.value)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("folder", ["file", "file/below", "/proc/new"])
def test_a_place_where_none_can_be_made(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"no project can be made in .*(file|new).*: \w+"):
        init_project(tmp_path / folder, report=silent)


def test_an_example_is_loaded_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An example of one's own, to see how it is loaded: the second time one of its tables cannot be."""
    tables = {"orders": pa.table({"a": [1, 2]}), "profiles": pa.table({"b": ["x"]})}
    monkeypatch.setitem(EXAMPLES, "small", lambda: tables)
    made = init_project(tmp_path, example="small", report=silent)
    assert made.tables == {"raw.orders": 2, "raw.profiles": 1}
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        connection.execute("DROP TABLE raw.profiles; CREATE VIEW raw.profiles AS SELECT 1 AS c")
        connection.execute("INSERT INTO raw.orders VALUES (3)")
    with pytest.raises(Exception, match="profiles"):
        init_project(tmp_path, example="small", report=silent)
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        assert connection.execute("FROM raw.orders").fetchall() == [(1,), (2,), (3,)]
