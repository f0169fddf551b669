"""ONNX models scored by their SQL in real engines and by ONNX Runtime, at and next to every threshold."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, helper, numpy_helper
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, RuntimeException

from .onnx_machines import MACHINES
from .onnx_models import ONNX_CASES, Feed, OnnxCase, one
from .onnx_run import Table, by_runtime, by_sql, columns_of, differences
from .rows import NUMBERS, TEXTS, neighbours

ROWS_OF_ITS_OWN = 30
THRESHOLDS = 6
CASES = ONNX_CASES | MACHINES
ENGINES = ("duckdb", "postgres", "sqlite")


@pytest.mark.parametrize(
    ("name", "dialect"),
    [
        pytest.param(name, dialect, marks=pytest.mark.xdist_group(f"onnx {name}"), id=f"{name}-{dialect}")
        for name in CASES
        for dialect in ENGINES
    ],
)
def test_the_warehouse_says_what_onnx_runtime_says(name: str, dialect: str) -> None:
    case = CASES[name]
    model, columns, feed, wanted = scored(name)
    got = by_sql(model, columns, dialect)
    kept = [row for row in range(len(wanted[0])) if not _is_excused(case, feed, wanted, got, row)]
    got = {column: [values[row] for row in kept] for column, values in got.items()}
    chosen = [[values[row] for row in kept] for values in wanted]
    scale = np.asarray([max(1.0, _largest(feed, row)) for row in kept])
    absolute = np.maximum(case.absolute, 1e-6 * case.gain * scale)
    differing = differences(got, chosen, relative=case.relative, absolute=absolute)
    assert len(kept) > len(wanted[0]) / 3
    assert not differing, f"{len(differing)} of {len(kept)}: {[(d, _row(columns, kept[d[1]])) for d in differing[:3]]}"


def _row(columns: Table, row: int) -> list[Any]:
    return [values[row] for values in columns.values()]


def _is_excused(case: OnnxCase, feed: Feed, wanted: list[list[Any]], got: Table, row: int) -> bool:
    """Rows that are refused on purpose, by ONNX Runtime or for NaN or infinity; these must have no score at all."""
    absent = all(values[row] is None for values in got.values())
    if wanted[0][row] is REFUSED:
        assert absent, f"ONNX Runtime refuses row {row}, the SQL gives {[values[row] for values in got.values()]}"
        return True
    odd = any(not np.isfinite(v[row]).all() for v in feed.values() if v.dtype.kind == "f")
    return absent and odd and case.refuses


def _largest(feed: Feed, row: int) -> float:
    finite = [np.abs(v[row][np.isfinite(v[row])]).max(initial=0.0) for v in feed.values() if v.dtype.kind == "f"]
    return float(max(finite, default=0.0))


REFUSED = object()


@cache
def scored(name: str) -> tuple[ModelProto, Table, Feed, list[list[Any]]]:
    """A model, the rows to score, the same as it gets them, and what ONNX Runtime says of them."""
    case = CASES[name]
    model, given = case.make()
    columns = columns_of({k: values[:ROWS_OF_ITS_OWN] for k, values in given.items()})
    with_edges(columns, given, thresholds(model), case.largest)
    feed = {k: _fed(columns, k, values) for k, values in given.items()}
    parts = list(_by_parts(model, feed, len(next(iter(columns.values())))))
    width = next(len(part) for part, _ in parts if part)
    wanted = [
        [value for part, count in parts for value in (part[k] if part else [REFUSED] * count)] for k in range(width)
    ]
    return model, columns, feed, wanted


def with_edges(columns: Table, given: Feed, edges: list[float], largest: float) -> None:
    """Append a row for each column and edge value, otherwise as one of the rows there are."""
    rng = np.random.default_rng(3)
    own = len(next(iter(columns.values())))
    for name in list(columns):
        kind = next(values.dtype for k, values in given.items() if name == k or name.startswith(f"{k}_"))
        for value in _edges_of(kind, edges, largest):
            base = int(rng.integers(own))
            for other, values in columns.items():
                values.append(value if other == name else values[base])


def _edges_of(kind: Any, edges: list[float], largest: float) -> list[Any]:
    if kind.kind == "O":
        return [text for text in TEXTS if text is not None]
    if kind.kind != "f":
        return [0, 1, -1, 2**24 + 1, 2**52]
    near = [point for edge in edges for point in neighbours(edge)]
    numbers = [math.nan if number is None else number for number in [*NUMBERS[1:], *near]]
    return [number for number in numbers if not largest < abs(number) < math.inf]


def thresholds(model: ModelProto) -> list[float]:
    """Some thresholds of the model's trees, and the constant beside a single operator."""
    found = [
        value
        for node in model.graph.node
        for attribute in node.attribute
        if attribute.name == "nodes_values"
        for value in helper.get_attribute_value(attribute)
    ]
    if len(model.graph.node) == 1:
        found += [value for tensor in model.graph.initializer for value in numpy_helper.to_array(tensor).tolist()]
    return sorted(set(found))[:: max(1, len(set(found)) // THRESHOLDS)]


def _fed(columns: Table, name: str, like: np.ndarray) -> np.ndarray:
    own = [values for column, values in columns.items() if column == name or column.startswith(f"{name}_")]
    with np.errstate(over="ignore"):
        return np.array(own, dtype=np.float64 if like.dtype.kind == "f" else like.dtype).T.astype(like.dtype)


def _by_parts(model: ModelProto, feed: Feed, count: int) -> Iterator[tuple[list[list[Any]], int]]:
    """The outputs for all rows, or if they are refused for their halves, down to single rows."""
    try:
        yield by_runtime(model, feed), count
    except (Fail, InvalidArgument, RuntimeException):
        if count == 1:
            yield [], 1
            return
        half = count // 2
        yield from _by_parts(model, {k: v[:half] for k, v in feed.items()}, half)
        yield from _by_parts(model, {k: v[half:] for k, v in feed.items()}, count - half)


def test_rows_on_which_it_is_open_whether_coupling_goes_on_get_no_score() -> None:
    # of two classes it stops if the first beats the second with a share between 0.495 and 0.505
    edge = math.log(0.495 / 0.505)
    feed = {"x": np.array([[edge - 1e-3], [edge - 1e-7], [edge], [edge + 1e-3], [3.0]], dtype=np.float32)}
    given: dict[str, Any] = {"vectors_per_class": [1, 1], "support_vectors": [1.0, 0.0], "coefficients": [1.0, 0.0]}
    sigmoid: dict[str, Any] = {"prob_a": [1.0], "prob_b": [0.0], "rho": [0.0], "kernel_params": [1.0, 0.0, 3.0]}
    machine = one("SVMClassifier", feed, 2, classlabels_ints=[0, 1], **given, **sigmoid)
    model, _ = machine()
    wanted, got = by_runtime(model, feed), by_sql(model, columns_of(feed))
    assert [value is None for value in got["label"]] == [False, True, True, False, False]
    for values, exact in zip(got.values(), wanted, strict=True):
        assert [values[row] for row in (0, 3, 4)] == pytest.approx([exact[row] for row in (0, 3, 4)], abs=1e-6)
    assert abs(wanted[1][0] - wanted[1][3]) > 0.004
