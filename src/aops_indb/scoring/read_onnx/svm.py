"""Support vector machines of ai.onnx.ml.

Kernels and sums are computed in double precision and rounded once, as the order of ONNX Runtime's sums is not defined.
Rows that are missing or infinite get no score.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    nodes = in_single(at, x)
    vectors = np.asarray(support_vectors, dtype=np.float64).reshape(max(n_supports, 1), -1)
    width = vectors.shape[1] if n_supports else len(coefficients)
    if width != len(nodes) or len(coefficients) != (n_supports or width) or len(rho) != 1:
        raise at.unsupported(f"{at.op} of {width} features and {len(coefficients)} coefficients", "fix the model")
    features = Features(tuple(f"feature_{k}" for k in range(len(nodes))), tuple(nodes))
    if kernel_type == b"LINEAR" or not n_supports:
        at.place.refuse_missing(at, features, nodes)
        at.place.refuse_infinite(at, features, nodes)
        table = np.asarray(coefficients)
        score = weighted(at, nodes, (table @ vectors if n_supports else table).tolist(), rho[0], "float32")
    else:
        summed = _over_vectors(at, features, vectors, coefficients, kernel_type.decode(), kernel_params)
        score = at.rounded(apply("add", summed, number(rho[0])), "float32")
    if one_class:
        score = Case(((apply("greater", score, number(0.0)), number(1.0)),), number(-1.0))
    return Rows("float32", shaped([score], (1,)))


def _over_vectors(
    at: At, features: Features, vectors: object, coefficients: Sequence[float], kernel: str, params: Sequence[float]
) -> Node:
    if kernel not in KERNELS or len(params) != 3:
        raise at.setting("kernel_type", kernel, f"LINEAR, {', '.join(KERNELS)}, with three kernel_params")
    gamma, coef0, degree = params
    if kernel == "POLY" and degree != int(degree):
        raise at.setting("kernel_params", list(params), "a degree that is a whole number")
    others = {"coefficient": list(coefficients)}
    settings = Settings(gamma, coef0, degree)
    pairs, values = kernel_pairs(at, features, at.place, vectors, others, KERNELS[kernel], settings)
    return total(pairs.others["coefficient"], values)
