"""What a feature view was compiled from. While that is the same, what was applied needs no compiling again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aops_indb
from aops_indb.engines import Session
from aops_indb.features.definitions import FeatureView
from aops_indb.registry import DefinitionRecord
from aops_indb.sqlgen.build import anonymous
from aops_indb.sqlgen.statements import select
from aops_indb.workflows.present import Present
from aops_indb.workflows.workspace import Workspace

# The code that says what a view becomes, in the package's folder.
_COMPILER = (
    "features/**/*.py",
    "sqlgen/**/*.py",
    "workflows/desired.py",
    "workflows/compiled_sql.py",
    "workflows/view_types.py",
    "workflows/reader_zone.py",
)


def surroundings(project: Workspace, session: Session) -> str:
    """A digest of what all views are compiled under: the fixed moment, the macros not to be called, and releases."""
    macros = sorted(session.relations("main").items())
    engine = [project.engine.dialect.name, session.scalar(select([anonymous("VERSION")]))]
    return _digest([str(project.now), macros, engine, _compiler()])


def compiled_from(view: FeatureView, types: Iterable[Mapping[str, str]], under: str) -> str:
    """A digest of all that a view's SQL, its columns and its comments depend on: no expression reads other tables.

    types: of the columns of each source it is made from; under: the `surroundings`
    """
    # as it is written: to bring its SQL to one spelling takes longer than to compile it once more
    return _digest(
        [view.model_dump_json(by_alias=True, serialize_as_any=True), *(list(each.items()) for each in types), under]
    )


def is_current(record: DefinitionRecord, digest: str, present: Present) -> bool:
    """Whether a view was compiled from that, and all it was made as is there as it was made."""
    if not digest or record.compiled_from != digest:
        return False
    made = [*record.sql, *([record.kept_in] if record.kept_in else [])]
    return all(name in present for name in made) and not present.foreign(record.sql, record.made_as)


def _digest(content: list[Any]) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


@cache
def _compiler() -> str:
    """A digest of the code that compiles."""
    package, content = Path(aops_indb.__file__).parent, hashlib.sha256()
    content.update(f"{aops_indb.__version__} {version('sqlglot')}".encode())
    for file in sorted(file for pattern in _COMPILER for file in package.glob(pattern)):
        content.update(file.read_bytes())
    return content.hexdigest()
