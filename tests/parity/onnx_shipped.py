"""The conformance tests that the onnx package ships for the operators that have a SQL form, each through DuckDB."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, numpy_helper
from onnx.backend.test.loader import load_model_tests

from aops_indb.errors import UnsupportedModelError
from aops_indb.scoring import to_sql
from aops_indb.scoring.read_onnx import OPS

from .onnx_run import as_columns, by_sql, columns_of, differences

# Inputs that the shipped tests feed, and that models have as constants.
SETTINGS: dict[str, tuple[int, ...]] = {
    "ArrayFeatureExtractor": (1,), "Clip": (1, 2), "Dropout": (1, 2), "Gather": (1,), "Gemm": (1, 2), "MatMul": (1,),
    "Reshape": (1,), "Slice": (1, 2, 3, 4), "Split": (1,), "Squeeze": (1,), "Unsqueeze": (1,),
    **{op: (1,) for _, op in OPS if op.startswith("Reduce")},
}  # fmt: skip

# What a test is refused for -> in which words. None of it is in models of features, or a function of one row.
REASONS: dict[str, str] = {
    "element types that columns do not have": r"element type \d+ has|Cast\(to=\d+\)|a (sequence|optional)_type",
    "what mixes rows": r"axis of the rows|over all rows|keep it first|leave each row its own elements|transA=1|"
    r"MatMul of rows of shape|third input of shape|Flatten\(axis|a constant of shape .* for rows of rank",
    "the number of rows, or nothing of a row": r"the number of rows|does not depend on the row|shape that is computed|"
    r"without inputs|a shape that depends on the row",
    "rows without elements": r"shape \(.*\) has no SQL form; export|makes no columns",
    "training: Dropout and its mask": r"training_mode=True|output 'z' of Dropout|Dropout of opset",
    "powers of whole numbers, maxima of truth values": r"Pow of int\d+ has|Reduce(Max|Min) of bool has",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a shipped test; refused: one of REASONS, or the words of a refusal that is none of them."""

    name: str
    refused: str = ""
    differing: tuple[Any, ...] = ()


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


def outcome(test: Any) -> Outcome:
    """The test, with its first input's first axis as the rows."""
    given, outputs = test.data_sets[0]
    model, feed = with_constants(test, [_array(value) for value in given])
    try:
        to_sql(model, source="rows", keys=["position"])
    except UnsupportedModelError as error:
        told = str(error)
        return Outcome(test.name, next((why for why, words in REASONS.items() if re.search(words, told)), told))
    got = by_sql(model, columns_of(feed))
    wanted = as_columns([_array(output) for output in outputs])
    return Outcome(test.name, "", tuple(differences(got, wanted, absolute=1e-7)))


def _array(value: Any) -> Any:
    if isinstance(value, TensorProto):
        return numpy_helper.to_array(value)
    return None if value is None or isinstance(value, list) else np.asarray(value)


def with_constants(test: Any, given: list[Any]) -> tuple[ModelProto, dict[str, Any]]:
    """The model with its settings, and whatever has not as many rows, as constants, and what is left to feed."""
    model = ModelProto.FromString(test.model.SerializeToString())
    feed = dict(zip([value.name for value in model.graph.input], given, strict=True))
    constants = {
        name for node in model.graph.node for p in SETTINGS.get(node.op_type, ()) for name in node.input[p : p + 1]
    }
    first, *others = feed or [""]
    constants |= {name for name in others if feed[name].shape[:1] != feed[first].shape[:1]}
    for name in constants & set(feed):
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(feed.pop(name)), name))
    return model, feed
