"""feature_tests/*.yml: tests of features as YAML, one list of tests a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aops_indb.errors import DefinitionError, UnknownNameError
from aops_indb.features.feature_test import FeatureTest
from aops_indb.workflows.workspace import Workspace

FOLDER = "feature_tests"
_SUFFIXES = (".yml", ".yaml")

# YAML 1.2's plain words: in 1.1, which PyYAML reads, NO, on and 12:30 are a truth value, another, and a number
_WORDS = {
    "tag:yaml.org,2002:null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "tag:yaml.org,2002:bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "tag:yaml.org,2002:int": (r"[-+]?[0-9]+", list("-+0123456789")),
    "tag:yaml.org,2002:float": (
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+0123456789."),
    ),
    "tag:yaml.org,2002:timestamp": (
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
        r"(?:(?:[Tt]|[ ]+)[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ ]*(?:Z|[-+][0-9]{2}(?::?[0-9]{2})?))?)?",
        list("0123456789"),
    ),
}


@dataclass(frozen=True, slots=True)
class FoundTest:
    """A test and the file, or place in one, that it is written in."""

    test: FeatureTest
    where: str


def find_tests(project: Workspace) -> list[FoundTest]:
    """Every test: those of files, then those of definitions; DefinitionError for a file that cannot be read."""
    found = [each for file in _files(project.root) for each in _tests_in(file, project.root)]
    found += [FoundTest(test, test.defined_at or "") for test in project.loaded.tests]
    seen: dict[str, str] = {}
    for each in found:
        if each.test.name in seen:
            raise DefinitionError(
                f"two tests are named {each.test.name!r}: the other is in {seen[each.test.name]}", where=each.where
            )
        seen[each.test.name] = each.where
    return found


def _files(root: Path) -> list[Path]:
    folder = root / FOLDER
    return sorted(file for file in folder.glob("*") if file.suffix in _SUFFIXES) if folder.is_dir() else []


def _tests_in(file: Path, root: Path) -> Iterator[FoundTest]:
    where = str(file.relative_to(root))
    content = _read(file, where)
    if content is None:
        return
    if not isinstance(content, list):
        raise DefinitionError("a file of tests is a list: begin each with  - name: …", where=where)
    for position, settings in enumerate(content, start=1):
        if not isinstance(settings, dict) or not all(isinstance(key, str) for key in settings):
            raise DefinitionError(f"test {position} is no mapping of settings: write  - name: …", where=where)
        try:
            yield FoundTest(FeatureTest(**settings), where)
        except (DefinitionError, UnknownNameError) as error:
            told = str(error).removeprefix(f"{getattr(error, 'where', '')}: ")
            raise DefinitionError(told, where=where) from error


def _read(file: Path, where: str) -> Any:
    import yaml

    try:
        return yaml.load(file.read_text(encoding="utf-8"), Loader=_loader())
    except OSError as error:
        raise DefinitionError(f"cannot be read: {error.strerror}", where=where) from error
    except (yaml.YAMLError, ValueError) as error:
        raise DefinitionError(f"is not valid YAML: {' '.join(str(error).split())}", where=where) from error


def _loader() -> Any:
    """SafeLoader with the words of YAML 1.2, that refuses a key given twice."""
    import yaml

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            keys = [key.value for key, _ in node.value]
            twice = next((key for key in keys if keys.count(key) > 1), None)
            if twice is not None:
                raise yaml.constructor.ConstructorError(None, None, f"{twice!r} is given twice", node.start_mark)
            return super().construct_mapping(node, deep=deep)

        def construct_yaml_int(self, node: Any) -> int:
            return int(self.construct_scalar(node))

    Loader.add_constructor("tag:yaml.org,2002:int", Loader.construct_yaml_int)
    for tag, (pattern, first) in _WORDS.items():
        Loader.add_implicit_resolver(tag, re.compile(rf"^(?:{pattern})$"), first)
    return Loader
