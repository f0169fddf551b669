"""Support vector machines of ai.onnx.ml.

Kernels and sums are computed in double precision and rounded once, as the order of ONNX Runtime's sums is not defined.
Rows that are missing or infinite get no score.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aops_indb.scoring.graph import Case, Node, apply, number
from aops_indb.scoring.read_onnx.classify import in_single
from aops_indb.scoring.read_onnx.products import weighted
from aops_indb.scoring.read_onnx.values import At, OnnxValue, Rows, shaped
from aops_indb.scoring.read_sklearn.kernels import Settings, kernel_pairs, total
from aops_indb.scoring.read_sklearn.translation import Features

KERNELS = {"RBF": "rbf", "POLY": "poly", "SIGMOID": "sigmoid"}


def svm_regressor(
    at: At, x: OnnxValue, *, coefficients: Sequence[float], rho: Sequence[float], n_supports: int = 0,
    support_vectors: Sequence[float] = (), kernel_type: bytes = b"LINEAR", kernel_params: Sequence[float] = (),
    one_class: int = 0, post_transform: bytes = b"NONE",
) -> Rows:  # fmt: skip
    """SVMRegressor: the sum of coefficient * kernel over the support vectors, and the intercept."""
    import numpy as np

    if post_transform != b"NONE":
        raise at.setting("post_transform", post_transform.decode(), "'NONE'")
    vectors = np.asarray(support_vectors, dtype=np.float64).reshape(max(n_supports, 1), -1)
    features, nodes = row_of(at, x)
    width = vectors.shape[1] if n_supports else len(coefficients)
    if width != len(nodes) or len(coefficients) != (n_supports or width) or len(rho) != 1:
        raise at.unsupported(f"{at.op} of {width} features and {len(coefficients)} coefficients", "fix the model")
    if n_supports:
        (score,) = sums_over_vectors(at, x, vectors, [coefficients], rho, kernel_type.decode(), kernel_params)
    else:
        at.place.refuse_missing(at, features, nodes)
        at.place.refuse_infinite(at, features, nodes)
        score = weighted(at, nodes, coefficients, rho[0], "float32")
    if one_class:
        score = Case(((apply("greater", score, number(0.0)), number(1.0)),), number(-1.0))
    return Rows("float32", shaped([score], (1,)))


def row_of(at: At, x: OnnxValue) -> tuple[Features, list[Node]]:
    """The row's features in single precision, under names, and alone."""
    nodes = in_single(at, x)
    return Features(tuple(f"feature_{k}" for k in range(len(nodes))), tuple(nodes)), nodes


def sums_over_vectors(
    at: At, x: OnnxValue, vectors: Any, table: Sequence[Sequence[float]], rho: Sequence[float], kernel: str,
    params: Sequence[float],
) -> list[Node]:  # fmt: skip
    """For each row of coefficients, one for each support vector, the sum of coefficient * kernel, plus its rho."""
    import numpy as np

    features, nodes = row_of(at, x)
    if vectors.shape[1] != len(nodes):
        raise at.unsupported(f"{at.op} of {vectors.shape[1]} features, given {len(nodes)}", "fix the model")
    if kernel == "LINEAR":
        at.place.refuse_missing(at, features, nodes)
        at.place.refuse_infinite(at, features, nodes)
        return [
            weighted(at, nodes, (np.asarray(row) @ vectors).tolist(), shift, "float32")
            for row, shift in zip(table, rho, strict=True)
        ]
    if kernel not in KERNELS or len(params) != 3:
        raise at.setting("kernel_type", kernel, f"LINEAR, {', '.join(KERNELS)}, with three kernel_params")
    gamma, coef0, degree = params
    if kernel == "POLY" and degree != int(degree):
        raise at.setting("kernel_params", list(params), "a degree that is a whole number")
    others = {"coefficient" if len(table) == 1 else f"coefficient_{k}": list(row) for k, row in enumerate(table)}
    pairs, values = kernel_pairs(
        at, features, at.place, vectors, others, KERNELS[kernel], Settings(gamma, coef0, degree)
    )
    return [
        at.rounded(apply("add", total(pairs.others[name], values), number(shift)), "float32")
        for name, shift in zip(others, rho, strict=True)
    ]
