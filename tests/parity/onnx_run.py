"""ONNX models scored by their SQL and by ONNX Runtime."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnxruntime
from onnx import ModelProto, helper

from aops_indb.scoring import to_sql

from .warehouses import WAREHOUSES

Table = dict[str, list[Any]]


def columns_of(feed: dict[str, np.ndarray]) -> Table:
    """Arrays as the table's columns: one for each element of a row; NaN as it is."""
    columns: Table = {}
    for name, values in feed.items():
        flat = values.reshape(len(values), -1)
        kind = flat.astype(np.float64) if flat.dtype.kind == "f" else flat
        for k in range(flat.shape[1]):
            columns[name if flat.shape[1] == 1 else f"{name}_{k}"] = kind[:, k].tolist()
    return columns


def by_sql(model: ModelProto, columns: Table, dialect: str = "duckdb") -> Table:
    """The outputs by name, in the order of the rows."""
    query = to_sql(model, source="rows", keys=["position"], dialect=dialect)
    got = WAREHOUSES[dialect].run(columns, query)
    order = np.argsort(got.pop("position"), kind="stable")
    return {name: [values[i] for i in order] for name, values in got.items()}


def by_runtime(model: ModelProto, feed: dict[str, np.ndarray]) -> list[list[Any]]:
    """A list for each column of each output; of ZipMap a list for each class."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return as_columns(session.run(None, feed))


def as_columns(outputs: Any) -> list[list[Any]]:
    """Outputs of rows as lists, one for each column."""
    made: list[list[Any]] = []
    for output in outputs:
        if isinstance(output, list):
            made += [[row[key] for row in output] for key in output[0]]
        else:
            flat = np.asarray(output).reshape(len(output), -1)
            made += [flat[:, k].tolist() for k in range(flat.shape[1])]
    return made


def differences(got: Table, wanted: list[list[Any]], *, relative: float = 1e-6, absolute: Any = 1e-12) -> list[Any]:
    """Where two results differ: column, row, what is wanted, what was given; absolute: for all rows, or for each."""
    assert len(got) == len(wanted), f"{list(got)} for {len(wanted)} columns"
    count = len(wanted[0])
    allowed = np.broadcast_to(absolute, (count,))
    return [
        (name, row, want, value)
        for (name, values), wants in zip(got.items(), wanted, strict=True)
        for row, (value, want) in enumerate(zip(values, wants, strict=True))
        if not same(value, want, relative, float(allowed[row]))
    ]


def same(value: Any, wanted: Any, relative: float, absolute: float) -> bool:
    """Whether two outputs are one; NULL and NaN are."""
    if isinstance(wanted, float):
        if math.isnan(wanted) or value is None or math.isnan(value):
            return math.isnan(wanted) and (value is None or math.isnan(value))
        return math.isclose(value, wanted, rel_tol=relative, abs_tol=absolute)
    if isinstance(wanted, bytes):
        wanted = wanted.decode()
    return bool(value is not None and value == wanted)


def graph_of(
    nodes: list[Any], feed: dict[str, np.ndarray], outputs: list[str], constants: dict[str, np.ndarray] | None = None,
    *, opset: int = 21, ml: int = 3,
) -> ModelProto:  # fmt: skip
    """A model of the nodes, whose inputs have the types and lengths of the arrays."""
    from onnx import TensorProto, numpy_helper

    def kind(values: np.ndarray) -> int:
        return TensorProto.STRING if values.dtype == object else helper.np_dtype_to_tensor_dtype(values.dtype)

    inputs = [helper.make_tensor_value_info(k, kind(v), [None, *v.shape[1:]]) for k, v in feed.items()]
    stored = [numpy_helper.from_array(values, name) for name, values in (constants or {}).items()]
    made = helper.make_graph(nodes, "g", inputs, [helper.make_empty_tensor_value_info(o) for o in outputs], stored)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", ml)]
    return helper.make_model(made, opset_imports=opsets, ir_version=10)
