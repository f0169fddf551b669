"""ONNX models, from whatever library they were exported, as score graphs.

To add an operator: a function beside this, and a line in OPS (ops.py). Numbers are what ONNX Runtime computes on a
processor: 32-bit where the model is, with comparisons moved into thresholds of double precision.
"""

from __future__ import annotations

from aops_indb.scoring.read_boosting import Shape
from aops_indb.scoring.read_onnx.model import load_onnx, names_of, onnx_model, title_of
from aops_indb.scoring.read_onnx.ops import OPS
from aops_indb.scoring.read_sklearn.translation import Translator

ONNX: dict[str, Translator] = {"onnx.onnx_ml_pb2.ModelProto": onnx_model}

ONNX_SHAPES: dict[str, Shape] = {name: Shape(names_of, lambda model: len(names_of(model))) for name in ONNX}

__all__ = ["ONNX", "ONNX_SHAPES", "OPS", "load_onnx", "title_of"]
