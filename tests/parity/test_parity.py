"""Every model of the table, scored by its library and by its SQL in a real engine."""

from __future__ import annotations

import math
from functools import cache
from importlib import import_module
from typing import Any

import psycopg
import pytest

from aops_indb.scoring import to_sql

from .models import BOOSTED, LARGEST, MODELS, TREES
from .oracle import expected
from .rows import as_frame, rows, within
from .warehouses import WAREHOUSES

RELATIVE = 1e-9
# 1 - p for p near 1 has no more digits than this
ABSOLUTE = 1e-15


@cache
def scored(name: str) -> tuple[Any, dict[str, list[Any]], dict[str, list[Any]]]:
    """A fitted model, the rows to score, and what the library says of them."""
    model, frame = MODELS[name]()
    given = rows(model, frame)
    return model, given, expected(model, as_frame(given, frame))


def case(name: str, dialect: str) -> Any:
    """A model in an engine; those of one model run in one process, which fits it once."""
    return pytest.param(name, dialect, marks=pytest.mark.xdist_group(name), id=f"{name}-{dialect}")


@pytest.mark.parametrize(("name", "dialect"), [case(name, dialect) for name in MODELS for dialect in WAREHOUSES])
def test_the_warehouse_says_what_the_library_says(name: str, dialect: str) -> None:
    compare(name, dialect)


@pytest.mark.parametrize(
    ("name", "dialect"), [case(name, "duckdb") for name in TREES | BOOSTED if "gaps" in name or "categories" in name]
)
def test_trees_written_as_deep_ones_are(name: str, dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("aops_indb.scoring.layouts.nested_case"), "DEEPEST", 0)
    compare(name, dialect)


def compare(name: str, dialect: str) -> None:
    """Assert that every output of every row is the library's."""
    model, all_rows, all_wanted = scored(name)
    warehouse = WAREHOUSES[dialect]
    kept = within(all_rows, min(warehouse.largest, LARGEST.get(name, math.inf)))
    given, wanted = ({k: [v[i] for i in kept] for k, v in table.items()} for table in (all_rows, all_wanted))
    got = warehouse.run(given, to_sql(model, source="rows", keys=["position"], dialect=dialect))
    assert list(got) == ["position", *wanted]
    position = got.pop("position")
    differing = [
        (column, {name: values[row] for name, values in given.items()}, wanted[column][row], value)
        for column, values in got.items()
        for row, value in zip(position, values, strict=True)
        if not same(value, wanted[column][row])
    ]
    assert not differing, f"{len(differing)} of {len(position)} rows, first: {differing[:3]}"
    assert sorted(position) == list(range(len(kept)))


def test_overflow_is_loud() -> None:
    model, frame = MODELS["standard"]()
    with pytest.raises(psycopg.errors.NumericValueOutOfRange):
        WAREHOUSES["postgres"].run(rows(model, frame), to_sql(model, source="rows", dialect="postgres"))


def same(value: Any, wanted: Any) -> bool:
    """Whether two outputs are one; NULL, NaN and None are."""
    if _is_missing(value) or _is_missing(wanted):
        return _is_missing(value) and _is_missing(wanted)
    if isinstance(wanted, float):
        return math.isclose(value, wanted, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    return bool(value == wanted)


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
