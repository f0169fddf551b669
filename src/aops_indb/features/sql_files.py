"""Feature views as .sql files: a comment in TOML with the settings, then the SELECT that the features come from.

/*
entities = ["carrier"]
timestamp_field = "known_at"
schema = { delay = "Float64" }
parameters = { least = 15 }
*/
SELECT carrier, actual_arrival AS known_at, arr_delay AS delay FROM raw.flights WHERE arr_delay >= :least
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from aops_indb.errors import DefinitionError, UnknownNameError, shown
from aops_indb.features.definitions import Aggregation, DataSource, Definition, Entity, FeatureView, Field
from aops_indb.features.types import DType
from aops_indb.sqlgen.parameters import bind_parameters, parameters_of
from aops_indb.sqlgen.parse import parse_select

D = TypeVar("D", bound=Definition)

_EXAMPLE = '/*\nentities = ["carrier"]\nschema = { delay = "Float64" }\n*/\nSELECT carrier, delay FROM …'
_BLOCK = re.compile(r"\s*/\*(?P<header>.*?)\*/(?P<query>.*)", re.DOTALL)
_LINES = re.compile(r"\s*(?P<header>(?:[ \t]*--[^\n]*(?:\n|\Z))+)(?P<query>.*)", re.DOTALL)
# Settings of the header that the source takes; the view has the others.
_OF_SOURCE = ("timestamp_field", "created_timestamp_column", "valid_from", "valid_to", "freshness")
_OF_VIEW = ("description", "tags", "owner", "ttl", "filter", "version")
_OWN = ("name", "entities", "schema", "aggregations", "parameters")


@dataclass(frozen=True, slots=True)
class _SqlFile:
    """The parts of a file, and where they begin."""

    path: Path
    header: str
    query: str
    header_line: int
    query_line: int

    def has(self, setting: str) -> bool:
        """Whether the header says it."""
        return bool(self._lines_of(setting))

    def at(self, setting: str, nth: int = 0) -> str:
        """file:line of a setting, or of the nth table of that name; of the header, if it does not say it."""
        found = self._lines_of(setting) or [0]
        return f"{self.path}:{self.header_line + found[min(nth, len(found) - 1)]}"

    def _lines_of(self, setting: str) -> list[int]:
        # at the beginning of a line, or inside { … }
        written = re.compile(rf"(?:^[ \t]*(?:\[+[ \t]*)?|[{{,][ \t]*)\"?{re.escape(setting)}\b", re.MULTILINE)
        return [self.header[: match.end()].count("\n") for match in written.finditer(self.header)]

    def in_query(self, place: int = 0) -> str:
        """file:line of a place in the query."""
        return f"{self.path}:{self.query_line + self.query[:place].count(chr(10))}"


def read_sql_file(path: Path, entities: Mapping[str, Entity]) -> FeatureView:
    """The feature view of a file; entities: those that it may name. DefinitionError with the file and the line."""
    file = _parts(path)
    settings = _header(file)
    known = (*_OWN, *_OF_SOURCE, *_OF_VIEW)
    for name in settings:
        if name not in known:
            raise DefinitionError(str(UnknownNameError("setting", name, known)), where=file.at(name))
    query = _bound_query(file, settings.pop("parameters", {}))
    name = settings.pop("name", path.stem)
    of_source = {setting: settings.pop(setting) for setting in _OF_SOURCE if setting in settings}
    source = _made(file, DataSource, {"name": name, "query": query, **of_source}, "name")
    chosen = {
        "entities": _entities(file, settings.pop("entities", ()), entities),
        "schema": _fields(file, settings.pop("schema", {})),
        "aggregations": _aggregations(file, settings.pop("aggregations", [])),
    }
    return _made(file, FeatureView, {"name": name, "source": source, **settings, **chosen}, "name")


def _parts(path: Path) -> _SqlFile:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DefinitionError("is not UTF-8: write it so", where=f"{path}:1") from error
    match = _BLOCK.match(text) or _LINES.match(text)
    if match is None:
        raise DefinitionError(
            f"begins without a header: write its settings in a comment, e.g.\n{_EXAMPLE}", where=f"{path}:1"
        )
    header = (
        re.sub(r"^[ \t]*--[ \t]?", "", match["header"], flags=re.MULTILINE) if _LINES.match(text) else match["header"]
    )
    query, start = match["query"].strip(), match.start("query")
    start += len(match["query"]) - len(match["query"].lstrip())
    lines = (text[:place].count("\n") + 1 for place in (match.start("header"), start))
    return _SqlFile(path, header, query.removesuffix(";").rstrip(), *lines)


def _header(file: _SqlFile) -> dict[str, Any]:
    try:
        return tomllib.loads(file.header)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column \d+\)", str(error))
        line = file.header_line + int(found[1]) - 1 if found else file.header_line
        told = str(error).partition(" (at ")[0]
        raise DefinitionError(f"the header is no TOML: {told}", where=f"{file.path}:{line}") from error


def _bound_query(file: _SqlFile, values: object) -> str:
    """The SELECT, its parameters replaced by what the header gives them."""
    if not isinstance(values, dict):
        raise DefinitionError(
            "parameters: write a table, e.g. parameters = { least = 15 }", where=file.at("parameters")
        )
    # lines that are told are those of the file
    tree = parse_select("\n" * (file.query_line - 1) + file.query, where=file.in_query()) if file.query else None
    if tree is None:
        raise DefinitionError("has no SELECT below its header: write one", where=file.in_query())
    used = parameters_of(tree)
    for name in used:
        place = re.search(rf"[:$]{re.escape(name)}\b" if name else r"\?", file.query)
        where = file.in_query(place.start() if place else 0)
        if not name:
            raise DefinitionError("'?' has no name: write :name, and its value in the header's parameters", where=where)
        if name not in values:
            raise DefinitionError(str(UnknownNameError("parameter", name, values)), where=where)
    for name, value in values.items():
        if name not in used:
            raise DefinitionError(
                f"the SELECT has no parameter :{name}: leave it out of the header", where=file.at(name)
            )
        if not isinstance(value, bool | int | float | str | dt.date):
            raise DefinitionError(
                f"parameter {name} is {shown(value)}: give a number, text, true or false, a day or a time",
                where=file.at(name),
            )
    return bind_parameters(tree, values).sql("duckdb", comments=False) if used else file.query


def _entities(file: _SqlFile, given: object, known: Mapping[str, Entity]) -> list[Entity]:
    """Entities by name; or with their join keys, if the header says them."""
    if isinstance(given, dict):
        return [_made(file, Entity, {"name": name, "join_keys": keys}, name) for name, keys in given.items()]
    if not isinstance(given, list | tuple):
        raise DefinitionError('entities: write a list of names, e.g. entities = ["carrier"]', where=file.at("entities"))
    for name in given:
        if not isinstance(name, str) or name not in known:
            cause = UnknownNameError("entity", str(name), known)
            raise DefinitionError(
                f'{cause}; or say its keys here: entities = {{ {name} = ["…"] }}', where=file.at("entities")
            ) from cause
    return [known[name] for name in given]


def _fields(file: _SqlFile, given: object) -> list[Field]:
    if not isinstance(given, dict):
        raise DefinitionError('schema: write a table, e.g. schema = { delay = "Float64" }', where=file.at("schema"))
    fields = []
    for name, said in given.items():
        settings = dict(said) if isinstance(said, dict) else {"dtype": said}
        if isinstance(dtype := settings.get("dtype"), str) and dtype in DType.__members__:
            settings["dtype"] = DType[dtype]
        fields.append(_made(file, Field, {"name": name, **settings}, name))
    return fields


def _aggregations(file: _SqlFile, given: object) -> list[Aggregation]:
    if not isinstance(given, list) or not all(isinstance(settings, dict) for settings in given):
        raise DefinitionError(
            'aggregations: write each as a table: [[aggregations]], then function = "mean"',
            where=file.at("aggregations"),
        )
    return [_made(file, Aggregation, settings, "aggregations", nth) for nth, settings in enumerate(given)]


def _made(file: _SqlFile, kind: Callable[..., D], settings: Mapping[str, Any], setting: str, nth: int = 0) -> D:
    """A definition, written at the place of a setting."""
    where = file.at(setting, nth)
    try:
        made = kind(**settings)
    except DefinitionError as error:
        raise DefinitionError(str(error).removeprefix(f"{error.where}: "), where=_place(file, error, where)) from error
    made._defined_at = where
    return made


def _place(file: _SqlFile, error: DefinitionError, where: str) -> str:
    """The line of the setting that a message begins with, if it has one; else that of the whole."""
    said = str(error).removeprefix(f"{error.where}: ").partition(": ")[2]
    if said.startswith("query"):
        return file.in_query()
    settings = (name for name in (*_OF_SOURCE, *_OF_VIEW) if re.match(rf"{name}\b", said))
    return next((file.at(name) for name in settings if file.has(name)), where)
