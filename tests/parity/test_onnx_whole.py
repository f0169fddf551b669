"""ONNX on whole numbers: where ONNX Runtime's wrap around there is no score, elsewhere its own."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from onnx import helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, UInt8TensorType
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .onnx_run import by_runtime, by_sql, columns_of, differences, graph_of

ENGINES = ("duckdb", "postgres", "sqlite")
UNSIGNED = ("uint8", "uint16", "uint32")
EXACT: dict[str, Callable[[int, int], int]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mul": operator.mul,
    "Div": lambda a, b: math.trunc(abs(a) // abs(b)) * (1 if (a < 0) == (b < 0) else -1),
}


def pairs(dtype: str) -> tuple[Any, Any]:
    """Every pair of some numbers, the ends of the type among them; the second is never 0."""
    least, largest = np.iinfo(dtype).min, np.iinfo(dtype).max
    # of what is signed the least has no positive counterpart, and is refused as an input
    some = sorted({max(least, -largest), -7, -1, 0, 1, 2, 7, 100, largest // 2, largest - 1, largest})
    firsts = [value for value in some if least <= value]
    both = [(a, b) for a in firsts for b in firsts if b]
    first, second = np.array(both, dtype=dtype).T
    return first.reshape(-1, 1), second.reshape(-1, 1)


@pytest.mark.parametrize("dialect", ENGINES)
@pytest.mark.parametrize("dtype", [*UNSIGNED, "int8", "int32"])
@pytest.mark.parametrize("op", EXACT)
def test_arithmetic_is_exact_or_there_is_none(op: str, dtype: str, dialect: str) -> None:
    a, b = pairs(dtype)
    feed = {"a": a, "b": b}
    model = graph_of([helper.make_node(op, ["a", "b"], ["y"])], feed, ["y"])
    [wanted], [got] = by_runtime(model, feed), by_sql(model, columns_of(feed), dialect).values()
    limits = np.iinfo(dtype)
    scored = 0
    for x, y, runtime, value in zip(a[:, 0].tolist(), b[:, 0].tolist(), wanted, got, strict=True):
        exact = EXACT[op](x, y)
        fits = max(limits.min, -limits.max) <= exact <= limits.max
        assert (runtime == exact) or not fits
        assert value == (exact if fits else None), (x, y)
        scored += fits
    assert len(got) / 4 < scored
    assert (scored < len(got)) == (op != "Div")


@pytest.mark.parametrize("dialect", ENGINES)
@pytest.mark.parametrize("dtype", UNSIGNED)
def test_casts_to_unsigned_numbers(dtype: str, dialect: str) -> None:
    largest = np.iinfo(dtype).max
    values = [0.0, -0.0, 0.9, 1.0, 254.5, 100.99, float(largest), largest + 1.0, 2.0 * largest, -0.5, -1.0, -300.0]
    feed = {"x": np.array(values).reshape(-1, 1)}
    to = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    model = graph_of([helper.make_node("Cast", ["x"], ["y"], to=to)], feed, ["y"])
    [wanted], [got] = by_runtime(model, feed), by_sql(model, columns_of(feed), dialect).values()
    fits = [-1.0 < value < largest + 1.0 for value in values]
    assert got == [value if fit else None for value, fit in zip(wanted, fits, strict=True)]


@pytest.mark.parametrize("dialect", ENGINES)
def test_columns_of_bytes_and_a_column_of_numbers(dialect: str) -> None:
    """As dummies of older pandas are: 0 and 1 in bytes."""
    rng = np.random.default_rng(0)
    flags, size = rng.integers(0, 2, (60, 2)).astype(np.uint8), rng.normal(size=(60, 1)).astype(np.float32)
    columns = ColumnTransformer([("flags", "passthrough", [0, 1]), ("size", StandardScaler(), [2])])
    fitted = make_pipeline(columns, LogisticRegression()).fit(np.hstack([flags, size]), flags[:, 0] ^ (size[:, 0] > 0))
    types = [("flags", UInt8TensorType([None, 2])), ("size", FloatTensorType([None, 1]))]
    feed: dict[str, Any] = {"flags": flags, "size": size}
    model = convert_sklearn(fitted, initial_types=types)
    assert not differences(by_sql(model, columns_of(feed), dialect), by_runtime(model, feed), absolute=1e-6)


def test_what_is_no_number_of_the_type_gets_no_score() -> None:
    feed = {"x": np.array([[1], [2]], dtype=np.uint8)}
    model = graph_of([helper.make_node("Identity", ["x"], ["y"])], feed, ["y"])
    given: dict[str, list[Any]] = {"x": [0, 255, 256, -1, 1.5, None]}
    assert by_sql(model, given) == {"y": [0, 255, None, None, None, None]}


@pytest.mark.parametrize("dialect", ENGINES)
def test_division_by_zero_gets_no_score(dialect: str) -> None:
    feed = {"a": np.array([[7], [-7], [0]]), "b": np.array([[0], [2], [0]])}
    nodes = [helper.make_node("Div", ["a", "b"], ["y"]), helper.make_node("Less", ["y", "b"], ["below"])]
    model = graph_of(nodes, feed, ["y", "below"])
    assert by_sql(model, columns_of(feed), dialect) == {"y": [None, -3, None], "below": [None, True, None]}


def test_quotients_just_below_a_whole_number_are_not_rounded_up() -> None:
    rng = np.random.default_rng(1)
    divisors = [int(value) for value in 2 ** rng.uniform(0, 52, 300)]
    factors = [int(rng.uniform(0.5, 1.0) * (2**53 - 1) / divisor) or 1 for divisor in divisors]
    a = [factor * divisor - 1 for factor, divisor in zip(factors, divisors, strict=True)]
    feed = {"a": np.array(a).reshape(-1, 1), "b": np.array(divisors).reshape(-1, 1)}
    model = graph_of([helper.make_node("Div", ["a", "b"], ["y"])], feed, ["y"])
    assert by_sql(model, columns_of(feed)) == {"y": [x // y for x, y in zip(a, divisors, strict=True)]}
