"""Definition files: imported one by one; a file that fails is reported and stops no other."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from aops_indb.errors import AopsError, DefinitionError, UnknownNameError
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.definitions import Definition, Entity, FeatureView
from aops_indb.features.definitions.check import unattached
from aops_indb.features.feature_test import FeatureTest
from aops_indb.features.sql_files import read_sql_file


@dataclass(frozen=True, slots=True)
class Problem:
    """A definition file that could not be read: where, and why."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What definition files hold, and those that could not be read."""

    definitions: DefinitionSet
    problems: tuple[Problem, ...]
    tests: tuple[FeatureTest, ...] = ()

    def require_sound(self) -> DefinitionSet:
        """The definitions; DefinitionError listing every problem if there is one."""
        if self.problems:
            raise DefinitionError("\n".join(str(problem) for problem in self.problems))
        return self.definitions


def load_definitions(root: Path, folders: Sequence[str]) -> Loaded:
    """Import every .py file of the folders below root, then read every .sql file.

    Files may import each other as `folder.file`; .sql files may name the entities of all of them.
    """
    found: dict[int, Definition] = {}
    problems: dict[Problem, None] = {}
    with _importing_from(root, folders):
        for file in _files(root, folders, "*.py"):
            module_name = ".".join(file.relative_to(root).with_suffix("").parts)
            try:
                module = importlib.import_module(module_name)
            except (Exception, SystemExit) as error:  # a definition file may fail in any way; each way is reported
                problems[_problem(error, [root / folder for folder in folders], file)] = None
            else:
                found.update((id(d), d) for d in _definitions_in(module))
    unread = bool(problems)
    for file in _files(root, folders, "*.sql"):
        try:
            view = read_sql_file(file, _entities(found.values()))
        except DefinitionError as error:
            # a name that is missing may be in a file that could not be read
            if not (unread and isinstance(error.__cause__, UnknownNameError)):
                problems[_problem(error, [], file)] = None
        else:
            found[id(view)] = view
    problems |= {_problem(error, [], root): None for error in unattached(found.values())}
    return _checked(list(found.values()), list(problems))


def _checked(found: list[Definition], problems: list[Problem]) -> Loaded:
    try:
        return Loaded(DefinitionSet.of(found), tuple(dict.fromkeys(problems)), tests_of(found))
    except DefinitionError:
        # one by one, which takes long where there are many: which of them is it?
        return _checked_one_by_one(found, problems)


def _checked_one_by_one(found: list[Definition], problems: list[Problem]) -> Loaded:
    kept: list[Definition] = []
    for definition in found:
        try:
            DefinitionSet.of([*kept, definition])
        except DefinitionError as error:
            where = error.where or "definitions"
            problems.append(Problem(where, str(error).removeprefix(f"{where}: ")))
        else:
            kept.append(definition)
    # what refers to a definition that is wrong is wrong for the same reason
    return Loaded(DefinitionSet.of(kept), tuple(dict.fromkeys(problems)), tests_of(kept))


def tests_of(found: Iterable[Definition]) -> tuple[FeatureTest, ...]:
    """The tests among definitions: they are run, and never applied."""
    return tuple(definition for definition in found if isinstance(definition, FeatureTest))


def _entities(definitions: Iterable[Definition]) -> dict[str, Entity]:
    """Entities by name, those that stand in feature views alone too."""
    found: dict[str, Entity] = {}
    for definition in definitions:
        parts = definition.entities if isinstance(definition, FeatureView) else (definition,)
        found |= {part.name: part for part in parts if isinstance(part, Entity)}
    return found


def _files(root: Path, folders: Sequence[str], pattern: str) -> Iterator[Path]:
    for folder in folders:
        if not (root / folder).is_dir():
            raise DefinitionError(f"no folder {folder!r} in {root}: correct [definitions] in aops.toml, or make it")
        yield from sorted(p for p in (root / folder).glob(pattern) if p.name != "__init__.py")


def _definitions_in(module: ModuleType) -> list[Definition]:
    found: list[Definition] = []
    for value in vars(module).values():
        # templates return several
        several = value if isinstance(value, list | tuple) else (value,)
        found += [item for item in several if isinstance(item, Definition)]
    return found


@contextmanager
def _importing_from(root: Path, folders: Sequence[str]) -> Iterator[None]:
    """Make the folders importable, and forget the project's modules afterwards: projects must not share them."""
    tops = {Path(folder).parts[0] for folder in folders}
    hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] in tops}
    others = set(sys.modules)
    writes_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(root))
        sys.dont_write_bytecode = writes_bytecode
        for name in [name for name in sys.modules if name not in others and _is_of_project(name, root, tops)]:
            del sys.modules[name]
        sys.modules.update(hidden)


def _is_of_project(name: str, root: Path, tops: Collection[str]) -> bool:
    """Whether a module is of the folders, or a helper that lies beside them (and not of a .venv in the root)."""
    top = name.split(".")[0]
    file = Path(getattr(sys.modules[name], "__file__", None) or "")
    return top in tops or file == root / f"{top}.py" or file.is_relative_to(root / top)


def _problem(error: BaseException, folders: Sequence[Path], file: Path) -> Problem:
    if isinstance(error, DefinitionError) and error.where:
        return Problem(error.where, str(error).removeprefix(f"{error.where}: "))
    if isinstance(error, SyntaxError) and error.filename:
        return Problem(f"{error.filename}:{error.lineno}", f"SyntaxError: {error.msg}")
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if any(Path(f.filename).is_relative_to(folder) for folder in folders)]
    where = f"{ours[-1].filename}:{ours[-1].lineno}" if ours else str(file)
    name = "" if isinstance(error, AopsError) else f"{type(error).__name__}: "
    return Problem(where, f"{name}{error}")
