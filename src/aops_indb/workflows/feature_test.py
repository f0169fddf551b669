"""aops test: features of given rows, computed by their SQL in a database in memory, beside what they must be."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from aops_indb.engines import Session, engine_for
from aops_indb.errors import (
    AopsError,
    DefinitionError,
    QueryError,
    UnknownNameError,
    WarehouseError,
    WarehouseLockedError,
)
from aops_indb.features.definition_set import DefinitionSet
from aops_indb.features.definitions import EVENT_TIMESTAMP, DataSource, FeatureView, RequestSource
from aops_indb.features.feature_test import FeatureTest
from aops_indb.features.spine import Feature, required_columns, resolve, with_inputs
from aops_indb.sqlgen.parse import parse_select, tables_read
from aops_indb.sqlgen.statements import Query, create_schema, create_table_as, parse_table
from aops_indb.sqlgen.typed_rows import typed_rows
from aops_indb.workflows.dataset import joined_spine
from aops_indb.workflows.desired import view_time_zone
from aops_indb.workflows.feature_test_files import FoundTest, find_tests
from aops_indb.workflows.workspace import Report, Workspace

PASSED, FAILED, ERROR = "passed", "failed", "error"
_ZONED, _NAIVE = "TIMESTAMP WITH TIME ZONE", "TIMESTAMP"


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that is not as expected: of which row (its keys), in which column."""

    row: str
    column: str
    expected: object
    actual: object


@dataclass(frozen=True, slots=True)
class FeatureTestResult:
    """How a test ended: passed, failed with differences, or error with the reason."""

    name: str
    where: str
    status: str
    differences: tuple[Difference, ...]
    message: str = ""


@dataclass(frozen=True, slots=True)
class FeatureTestRun:
    """Every test that was run."""

    results: tuple[FeatureTestResult, ...]

    @property
    def ok(self) -> bool:
        """Whether all passed."""
        return all(result.status == PASSED for result in self.results)


def run_tests(project: Workspace, name: str | None, *, report: Report) -> FeatureTestRun:
    """Run the tests of a name (a test's, a file's, a view's), or all; the warehouse is only asked for types."""
    definitions = project.definitions
    chosen = _chosen(find_tests(project), name)
    known = _types_in_warehouse(project, definitions, [each.test for each in chosen])
    results = []
    for done, found in enumerate(chosen):
        report("testing", done / len(chosen))
        results.append(_result(project, found, known))
    return FeatureTestRun(tuple(results))


def _chosen(found: list[FoundTest], name: str | None) -> list[FoundTest]:
    if name is None:
        return found
    chosen = [each for each in found if name in _names(each)]
    if not chosen:
        raise UnknownNameError("test", name, [known for each in found for known in _names(each)])
    return chosen


def _names(found: FoundTest) -> set[str]:
    """What a test answers to: its name, its file's, and what it asks for."""
    file = found.where.rpartition("/")[2]
    asked = {reference.partition(":")[0] for reference in found.test.features}
    return {found.test.name, found.where, file, file.rpartition(".")[0], *asked}


# ── tables ─────────────────────────────────────────────────────────────────────────────────────────────


def _tables_of(source: DataSource) -> list[str]:
    return [source.table] if source.table is not None else tables_read(parse_select(source.query or ""))


def _types_in_warehouse(
    project: Workspace, definitions: DefinitionSet, tests: Sequence[FeatureTest]
) -> dict[str, dict[str, str]]:
    """Column types of tables that sources read, as far as the warehouse is there and has them."""
    if not tests:
        return {}
    tables = {_spelled(name) for source in definitions.sources.values() for name in _tables_of(source)}
    found: dict[str, dict[str, str]] = {}
    try:
        with project.engine.session(read_only=True) as session:
            for name in sorted(tables):
                try:
                    found[name] = session.columns(parse_table(name))
                except QueryError:
                    continue
    except WarehouseLockedError:
        # with other types the test would be another one
        raise
    except WarehouseError:
        return {}
    return found


def _spelled(name: str) -> str:
    """A table's name in one spelling."""
    return parse_table(name).sql("duckdb").lower()


def _fill(
    session: Session, test: FeatureTest, sources: Sequence[DataSource], known: Mapping[str, dict[str, str]]
) -> None:
    """Make the tables that the sources read, and put the given rows into them."""
    needed = {_spelled(name): name for source in sources for name in _tables_of(source)}
    given = {_spelled(name): rows for name, rows in test.given.items()}
    for name in test.given:
        if _spelled(name) not in needed:
            raise UnknownNameError("table that these features read", name, needed.values())
    times = {
        column for source in sources for column in (source.timestamp_field, source.created_timestamp_column) if column
    }
    told = {_spelled(name): types for name, types in test.types.items()}
    for spelling, name in needed.items():
        if spelling not in given:
            raise DefinitionError(f"given: these features read {name} too: give its rows, or [] for none")
        types = _types(name, given[spelling], {**known.get(spelling, {})}, told.get(spelling, {}), times)
        target = parse_table(name)
        if target.db:
            session.execute(create_schema(target.db))
        session.execute(create_table_as(target, typed_rows(_folded(given[spelling], types), types)))


def _types(
    table: str, rows: Sequence[Mapping[str, Any]], known: dict[str, str], told: Mapping[str, str], times: set[str]
) -> dict[str, str]:
    """Column -> type of a table: as the test says, else as in the warehouse, else as the values are."""
    folded = {column.lower(): column for column in known}
    types = dict(known)
    for column in dict.fromkeys([*(column for row in rows for column in row), *told]):
        own = folded.setdefault(column.lower(), column)
        if known and own not in known and column not in told:
            raise UnknownNameError(f"column of {table}", column, known)
        if column in told:
            types[own] = told[column]
        elif own not in types:
            types[own] = _type_of(table, column, [row[column] for row in rows if row.get(column) is not None], times)
    if not types:
        raise DefinitionError(f"given: {table} has no rows and is not in the warehouse: say its columns in types")
    return types


# what values of Python are to a warehouse, the more general below
_TYPES: dict[type, str] = {
    bool: "BOOLEAN",
    int: "BIGINT",
    float: "DOUBLE",
    str: "VARCHAR",
    dt.datetime: _ZONED,
    dt.date: "DATE",
}


def _type_of(table: str, column: str, values: Sequence[Any], times: set[str]) -> str:
    types = {type(value) for value in values}
    if column in times:
        return _ZONED
    if types == {int, float}:
        return _TYPES[float]
    if len(types) != 1 or not types <= set(_TYPES):
        what = "NULL in every row" if not types else f"{' and '.join(sorted(t.__name__ for t in types))} in its rows"
        raise DefinitionError(
            f"given: {table}.{column} is {what}: say its type in types, e.g. types: {{{table}: {{{column}: DOUBLE}}}}"
        )
    return _TYPES[types.pop()]


def _folded(rows: Sequence[Mapping[str, Any]], types: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows with their columns spelled as in types."""
    own = {column.lower(): column for column in types}
    return [{own[column.lower()]: value for column, value in row.items()} for row in rows]


# ── one test ───────────────────────────────────────────────────────────────────────────────────────────


def _result(project: Workspace, found: FoundTest, known: Mapping[str, dict[str, str]]) -> FeatureTestResult:
    test = found.test
    try:
        differences = _differences_of(project, test, known)
    except AopsError as error:
        return FeatureTestResult(test.name, found.where, ERROR, (), str(error))
    return FeatureTestResult(test.name, found.where, FAILED if differences else PASSED, tuple(differences))


def _differences_of(project: Workspace, test: FeatureTest, known: Mapping[str, dict[str, str]]) -> list[Difference]:
    definitions = project.definitions
    features = _features(definitions, test)
    views = {f.origin.name: f.origin for f in with_inputs(definitions, features) if isinstance(f.origin, FeatureView)}
    with engine_for("duckdb:///:memory:").session() as session:
        _fill(session, test, list({view.source.name: view.source for view in views.values()}.values()), known)
        zoned = all(view_time_zone(view, session) for view in views.values())
        spine = _spine(definitions, test, features, zoned)
        query = joined_spine(project, session, spine, features)
        names = list(session.columns(query.copy()))
        rows = [dict(zip(names, row, strict=True)) for row in session.rows(query)]
    wanted = [feature.name for feature in features]
    keys = [column for column in test.expect[0] if column not in wanted]
    return [
        Difference(", ".join(f"{key} {expected[key]}" for key in keys), column, expected[column], actual[column])
        for expected, actual in zip(test.expect, rows, strict=True)
        for column in wanted
        if not same(expected[column], actual[column], test.tolerance)
    ]


def _features(definitions: DefinitionSet, test: FeatureTest) -> tuple[Feature, ...]:
    """The features whose values are expected; a column of expect is one, or what it takes to ask for them."""
    references: list[str] = []
    for name in test.features:
        known = [*definitions.views, *definitions.aliased_views, *definitions.services, *definitions.on_demand]
        if ":" not in name and name not in known:
            raise UnknownNameError("feature view, service or feature", name, known)
        view = definitions.views.get(name) or definitions.aliased_views.get(name)
        references += [f"{name}:{f.name}" for f in view.features] if view else definitions.references(name)
    every = resolve(definitions, dict.fromkeys(references))
    expected = list(test.expect[0])
    chosen = tuple(f for f in every if f.name in expected and not isinstance(f.origin, RequestSource))
    if not chosen:
        raise UnknownNameError("feature in expect", expected[-1], [feature.name for feature in every])
    needed = required_columns(definitions, chosen)
    for column in expected:
        if column not in needed and column not in [feature.name for feature in chosen]:
            raise UnknownNameError("column in expect", column, [*needed, *(feature.name for feature in every)])
    for column, what in needed.items():
        if column not in expected and column != EVENT_TIMESTAMP:
            raise DefinitionError(f"expect: the rows have no '{column}', which {what} needs")
    return chosen


def _spine(definitions: DefinitionSet, test: FeatureTest, features: Sequence[Feature], zoned: bool) -> Query:
    needed = required_columns(definitions, features)
    requested = {
        field.name: field.dtype.value
        for feature in with_inputs(definitions, features) if isinstance(feature.origin, RequestSource)
        for field in feature.origin.schema_
    }  # fmt: skip
    types = {}
    for column in needed:
        values = [row[column] for row in test.expect if row.get(column) is not None]
        types[column] = requested.get(column) or (
            "" if column == EVENT_TIMESTAMP else _type_of("expect", column, values, set())
        )
    types[EVENT_TIMESTAMP] = _ZONED if zoned else _NAIVE
    return typed_rows([{EVENT_TIMESTAMP: test.at, **row} for row in test.expect], types)


def same(expected: object, actual: object, tolerance: float) -> bool:
    """Whether a value is as expected: exactly, but for floats if there is a tolerance, and for how a time is written.

    >>> same(0.1, 0.1, 0.0), same(1, True, 0.0), same(float("nan"), float("nan"), 0.0), same(0.1, 0.2, 0.1)
    (True, False, True, True)
    """
    if expected is None or actual is None:
        return expected is actual
    if isinstance(actual, dt.date):
        return _moment(expected) == _moment(actual)
    if isinstance(expected, bool) != isinstance(actual, bool):
        return False
    if isinstance(actual, Decimal) and isinstance(expected, float):
        expected = Decimal(str(expected))
    if isinstance(actual, float) and isinstance(expected, int | float):
        if math.isnan(actual) or math.isnan(expected):
            return math.isnan(actual) and math.isnan(expected)
        return actual == expected or abs(actual - expected) <= tolerance
    return bool(expected == actual)


def _moment(value: object) -> object:
    """A time in UTC, which is the zone of those that name none; what is no time stays as it is."""
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            return value
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, dt.time())
    if not isinstance(value, dt.datetime):
        return value
    return value if value.tzinfo else value.replace(tzinfo=dt.UTC)
