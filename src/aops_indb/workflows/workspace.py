"""What every workflow is given: a project's settings, definitions and warehouse."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from functools import cached_property
from pathlib import Path
from typing import Self, TypeAlias

from aops_indb.engines import Engine, Session, engine_for
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.definitions import Definition
from aops_indb.features.loader import Loaded, load_definitions, tests_of
from aops_indb.workflows.settings import FILE_NAME, Settings, Time, Warehouse, find_project, read_settings

# Told what is being done, and the fraction of it that is.
Report: TypeAlias = Callable[[str, float], None]


def silent(task: str, fraction: float) -> None:
    """A report that goes nowhere."""


class Workspace:
    """Settings, definitions and warehouse of one project: what every workflow is given.

    >>> Workspace(url="duckdb:///:memory:").definitions.views
    {}
    """

    def __init__(
        self,
        url: str,
        definitions: Iterable[Definition] = (),
        *,
        root: Path | None = None,
        settings: Settings | None = None,
    ) -> None:
        """A project of definitions given here; `load` reads one from files."""
        self.root = root or Path.cwd()
        self.settings = settings or Settings(warehouse=Warehouse(url=url), time=Time())
        self.engine: Engine = engine_for(url, base=self.root, wait=self.settings.warehouse.wait)
        self._given = list(definitions)

    @classmethod
    def load(cls, path: str | Path = FILE_NAME) -> Self:
        """The project of an aops.toml, or of the nearest one from a folder upward."""
        path = Path(path)
        file = path.resolve() if path.suffix == ".toml" else find_project(path) / FILE_NAME
        settings = read_settings(file)
        project = cls(settings.warehouse.url, root=file.parent, settings=settings)
        project._from_files = True
        return project

    _from_files = False

    @cached_property
    def loaded(self) -> Loaded:
        """The definitions, and the files that could not be read."""
        if not self._from_files:
            return Loaded(DefinitionSet.of(self._given), (), tests_of(self._given))
        folders = self.settings.definitions
        # what a definition file prints must not get among results
        with redirect_stdout(sys.stderr):
            return load_definitions(self.root, [*folders.features, *folders.models])

    @property
    def definitions(self) -> DefinitionSet:
        """The definitions; DefinitionError if a file could not be read."""
        return self.loaded.require_sound()

    @property
    def now(self) -> dt.datetime | None:
        """The fixed moment that features.<view> shows, None for the clock."""
        return self.settings.time.now

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session on the warehouse whose metadata tables are there and of this release."""
        from aops_indb.registry import prepare

        with self.engine.session() as session:
            prepare(session)
            yield session
