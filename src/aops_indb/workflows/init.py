"""aops init: a new project, with a skeleton to fill in, or a year of real flights loaded and ready to run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aops_indb.errors import SettingsError, UnknownNameError
from aops_indb.shipped import shipped
from aops_indb.sqlgen.build import star
from aops_indb.sqlgen.statements import create_schema, create_table_as, select, table
from aops_indb.workflows.feature_test_files import FOLDER as TESTS
from aops_indb.workflows.flights import read_flights_example
from aops_indb.workflows.settings import FILE_NAME
from aops_indb.workflows.workspace import Report, Workspace, silent

if TYPE_CHECKING:
    import pyarrow as pa

# Examples by name: what reads their tables. Their definitions are the project's own folders.
EXAMPLES: dict[str, Callable[[], dict[str, pa.Table]]] = {"flights": read_flights_example}
SOURCE_SCHEMA = "raw"
SKELETON = "skeleton"
SKELETON_FEATURES = "feature_defs/example.py"
DEFINITION_FOLDERS = ("feature_defs", "model_defs")
DEFINITION_SUFFIXES = (".py", ".sql")


@dataclass(frozen=True, slots=True)
class Initialised:
    """A project's folder, the files that were made, and the rows loaded into each table."""

    folder: Path
    files: tuple[str, ...]
    tables: dict[str, int]


def init_project(folder: Path, *, example: str | None = None, report: Report) -> Initialised:
    """Make a project; files and tables that exist are left as they are, raw tables are loaded anew."""
    if example is not None and example not in EXAMPLES:
        raise UnknownNameError("example", example, EXAMPLES)
    if example is not None:
        _refuse_another_project(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = _copy_example(folder) if example else _write_skeleton(folder)
    except OSError as error:
        raise SettingsError(f"no project can be made in {folder}: {error.strerror} ({error.filename})") from error
    tables = load_tables(Workspace.load(folder / FILE_NAME), EXAMPLES[example](), report) if example else {}
    return Initialised(folder, tuple(files), tables)


def _write_skeleton(folder: Path) -> list[str]:
    settings = folder / FILE_NAME
    if settings.exists():
        raise SettingsError(f"{settings} exists: this folder is a project already; go on with  aops plan")
    made = []
    for name in DEFINITION_FOLDERS:
        (folder / name).mkdir(exist_ok=True)
        # beside definitions that are there already an example would only be in the way
        if not any((folder / name).glob("*.py")):
            made += [_write_new(folder, f"{name}/{file.stem}", file) for file in _templates(name)]
    made += _write_tests(folder)
    # last: what failed before this can be tried again
    return [_write_new(folder, FILE_NAME, shipped(SKELETON) / FILE_NAME), *made]


def _write_tests(folder: Path) -> list[str]:
    """The skeleton's tests, beside the skeleton's features, which a call before may have written."""
    example, template = folder / SKELETON_FEATURES, shipped(SKELETON) / f"{SKELETON_FEATURES}.txt"
    if (folder / TESTS).exists() or not example.exists() or example.read_bytes() != template.read_bytes():
        return []
    (folder / TESTS).mkdir()
    return [
        _write_new(folder, f"{TESTS}/{file.name}", file) for file in sorted((shipped(SKELETON) / TESTS).glob("*.yml"))
    ]


def _templates(name: str) -> list[Path]:
    """Definition files, commented out; not named .py, for they are text until they are copied."""
    return sorted((shipped(SKELETON) / name).glob("*.py.txt"))


def _write_new(folder: Path, name: str, source: Path) -> str:
    """Copy a file to where none is: x refuses what came to be there meanwhile, and a link that leads nowhere."""
    with (folder / name).open("x", encoding="utf-8") as file:
        file.write(source.read_text(encoding="utf-8"))
    return name


def _refuse_another_project(folder: Path) -> None:
    """The example's files must not get among those of a project that is not the example."""
    example_files = [folder / file.parent.name / file.name for file in _definition_files()]
    if (folder / FILE_NAME).exists() and not any(file.exists() for file in example_files):
        raise SettingsError(f"{folder} is a project already: give the example a folder of its own")


def _copy_example(folder: Path) -> list[str]:
    made = []
    for source in (shipped(FILE_NAME), *_definition_files(), *sorted(shipped(TESTS).glob("*.yml"))):
        name = source.name if source.name == FILE_NAME else f"{source.parent.name}/{source.name}"
        target = folder / name
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(source, target)
            made.append(name)
    return made


def _definition_files() -> list[Path]:
    files = [file for name in DEFINITION_FOLDERS for file in sorted(shipped(name).iterdir())]
    return [file for file in files if file.suffix in DEFINITION_SUFFIXES]


def load_tables(project: Workspace, tables: dict[str, pa.Table], report: Report = silent) -> dict[str, int]:
    """Put the tables into the warehouse, all or none."""
    with project.engine.session() as session, session.transaction():
        session.execute(create_schema(SOURCE_SCHEMA))
        present = session.relations(SOURCE_SCHEMA)
        for done, (name, rows) in enumerate(tables.items()):
            report("loading", done / len(tables))
            if name in present and list(session.columns(table(name, SOURCE_SCHEMA))) != rows.column_names:
                raise SettingsError(
                    f"{SOURCE_SCHEMA}.{name} holds other columns than the example's, and would be replaced: rename it, "
                    "or give the example a folder of its own; nothing was changed"
                )
            session.register("loading", rows)
            target = table(name, SOURCE_SCHEMA)
            session.execute(create_table_as(target, select([star()], table("loading")), replace=True))
            session.unregister("loading")
    report("loading", 1.0)
    return {f"{SOURCE_SCHEMA}.{name}": rows.num_rows for name, rows in tables.items()}
