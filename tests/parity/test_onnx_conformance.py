"""The conformance data that the onnx package ships for the operators that have a SQL form, each through DuckDB."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, numpy_helper
from onnx.backend.test.loader import load_model_tests

from aops_indb.errors import UnsupportedModelError
from aops_indb.scoring.read_onnx import OPS

from .onnx_run import as_columns, by_sql, columns_of, differences

# Inputs that the shipped tests feed, and that models have as constants.
SETTINGS: dict[str, tuple[int, ...]] = {
    "ArrayFeatureExtractor": (1,), "Clip": (1, 2), "Dropout": (1, 2), "Gather": (1,), "Gemm": (1, 2), "MatMul": (1,),
    "Reshape": (1,), "Slice": (1, 2, 3, 4), "Split": (1,), "Squeeze": (1,), "Unsqueeze": (1,),
    **{op: (1,) for _, op in OPS if op.startswith("Reduce")},
}  # fmt: skip

# What is refused because it mixes rows, or is of types that models of features do not have.
REFUSED = re.compile(
    r"axis of the rows|of opset \d+ has|"
    r"over all rows|element type \d+ has|known is \(rows, |for rows of rank|of several ranks|"
    r"does not depend on the row|leave each row its own elements|keep it first|makes no columns|without inputs|"
    r"the number of rows|shape that is computed|A model of none|\(to=\d+\)|to text|of text to|of (bool|int\d+) has no|"
    r"output '\w+' of Dropout|training_mode|transA|axis=1|that depends on the row|cast to float first|"
    r"sequence_type|optional_type|shape \(.*\) has no SQL form"
)

# Operators nothing is shipped for; tests/parity/test_onnx.py compares them with ONNX Runtime.
NOT_SHIPPED = {
    "FeatureVectorizer", "Imputer", "LinearClassifier", "LinearRegressor", "Normalizer", "OneHotEncoder",
    "SVMClassifier", "SVMRegressor", "Scaler", "TreeEnsembleClassifier", "TreeEnsembleRegressor", "ZipMap",
}  # fmt: skip
# Operators whose shipped tests are all refused: shapes, which are no output of rows.
ONLY_REFUSED = {"ConstantOfShape", "Shape"}


@cache
def shipped() -> dict[str, list[Any]]:
    """The shipped tests by operator; under "" those of several, into which one is expanded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tests = load_model_tests(kind="node")
    found: dict[str, list[Any]] = {}
    for test in tests:
        assert test.model is not None
        ops = [("" if node.domain == "ai.onnx" else node.domain, node.op_type) for node in test.model.graph.node]
        if set(ops) <= set(OPS) | {("", "Constant")}:
            found.setdefault(ops[0][1] if len(ops) == 1 else "", []).append(test)
    return found


@pytest.mark.parametrize("op", sorted({op for _, op in OPS} - NOT_SHIPPED))
def test_an_operator_does_what_its_shipped_tests_ask_for(op: str) -> None:
    passed = [name for name, refused in outcomes(op) if not refused]
    assert bool(passed) != (op in ONLY_REFUSED), f"{op}: {passed}"


def test_operators_made_of_others_do_too() -> None:
    assert sum(not refused for _, refused in outcomes("")) > 40


def test_the_lists_of_this_file_are_up_to_date() -> None:
    known = {op for _, op in OPS}
    assert known >= NOT_SHIPPED
    assert not NOT_SHIPPED & set(shipped())


def outcomes(op: str) -> Iterator[tuple[str, bool]]:
    """The tests of an operator that hold, and whether each is refused; an assertion fails for any other."""
    for test in shipped()[op]:
        given, outputs = test.data_sets[0]
        model, feed = with_constants(test, [_array(value) for value in given])
        if any(value is None or value.ndim == 0 or value.size == 0 for value in feed.values()):
            continue
        rows = {len(value) for value in feed.values()}
        if len(rows) > 1:
            continue
        got, refused = _scored(model, feed)
        assert not refused or REFUSED.search(refused), f"{test.name}: {refused}"
        if refused:
            yield test.name, True
            continue
        wanted = as_columns([_array(output) for output in outputs])
        differing = differences(got, wanted, absolute=1e-7)
        assert not differing, f"{test.name}: {differing[:3]}"
        yield test.name, False


def _scored(model: ModelProto, feed: dict[str, Any]) -> tuple[Any, str]:
    """The outputs, or in which words the model is refused."""
    try:
        return by_sql(model, columns_of(feed)), ""
    except UnsupportedModelError as error:
        return {}, str(error)


def _array(value: Any) -> np.ndarray | None:
    if isinstance(value, TensorProto):
        return numpy_helper.to_array(value)
    return None if value is None or isinstance(value, list) else np.asarray(value)


def with_constants(test: Any, given: list[Any]) -> tuple[ModelProto, dict[str, Any]]:
    """The model with its settings as constants, and what is left to feed."""
    model = ModelProto.FromString(test.model.SerializeToString())
    feed = dict(zip([value.name for value in model.graph.input], given, strict=True))
    settings = {
        name for node in model.graph.node for p in SETTINGS.get(node.op_type, ()) for name in node.input[p : p + 1]
    }
    if "_bcast" in test.name and len(feed) > 1:
        settings.add(list(feed)[1])
    for name in settings & set(feed):
        model.graph.initializer.append(numpy_helper.from_array(feed.pop(name), name))
    return model, feed
