"""Products with constant matrices.

ONNX Runtime adds up in single precision, in an order that depends on the processor; here the sum is made in double
precision and rounded once, so that both differ by as much as its rounding errors come to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aops_indb.scoring.graph import Linear, Node, apply, number
from aops_indb.scoring.read_onnx.values import At, OnnxValue, Rows, shaped


def weighted(at: At, nodes: Sequence[Node], coefficients: Sequence[float], intercept: float, dtype: str) -> Node:
    """intercept + sum of coefficient * node, with the terms that are 0, which make NaN of infinity."""
    import numpy as np

    if not np.isfinite([*coefficients, intercept]).all():
        raise at.unsupported(f"{at.op} with a coefficient that is not finite", "fit the model anew")
    return at.rounded(Linear(tuple(nodes), tuple(map(float, coefficients)), float(intercept)), dtype)


def matmul(at: At, a: OnnxValue, b: OnnxValue) -> Rows:
    """Each row, or the vectors it is made of, by a constant matrix."""
    rows, matrix = at.rows(a), at.constant(b, "a second factor")
    if rows.rank == 1 or matrix.ndim not in (1, 2) or rows.shape[-1] != matrix.shape[0]:
        raise at.unsupported(
            f"{at.op} of rows of shape {rows.shape} by {matrix.shape}", "known is (rows, …, n) by (n, m)"
        )
    columns = matrix.reshape(len(matrix), -1).T.tolist()
    vectors = rows.nodes.reshape(-1, rows.shape[-1])
    made = [weighted(at, list(vector), column, 0.0, rows.dtype) for vector in vectors for column in columns]
    return Rows(rows.dtype, shaped(made, (*rows.shape[:-1], *matrix.shape[1:])))


def gemm(
    at: At, a: OnnxValue, b: OnnxValue, c: OnnxValue = None,
    *, alpha: float = 1.0, beta: float = 1.0, transA: int = 0, transB: int = 0,
) -> Rows:  # fmt: skip
    """alpha * a @ b + beta * c."""
    import numpy as np

    if transA:
        raise at.setting("transA", transA, "0")
    rows, matrix = at.rows(a), at.constant(b, "a second factor").astype(np.float64)
    matrix = (matrix.T if transB else matrix) * alpha
    if rows.rank != 2 or rows.shape[0] != matrix.shape[0]:
        raise at.unsupported(f"{at.op} of rows of shape {rows.shape} by {matrix.shape}", "known is (rows, n) by (n, m)")
    count = matrix.shape[1]
    if isinstance(c, Rows):
        products = [weighted(at, rows.flat(), column, 0.0, rows.dtype) for column in matrix.T.tolist()]
        return at.each(
            lambda x, y: at.rounded(apply("add", x, apply("multiply", y, number(beta))), rows.dtype),
            Rows(rows.dtype, shaped(products, (count,))),
            c,
        )
    shift = _shift(at, c, count) * beta
    made = [
        weighted(at, rows.flat(), column, k, rows.dtype) for column, k in zip(matrix.T.tolist(), shift, strict=True)
    ]
    return Rows(rows.dtype, shaped(made, (count,)))


def _shift(at: At, c: OnnxValue, count: int) -> Any:
    """What is added to each column."""
    import numpy as np

    if c is None:
        return np.zeros(count)
    values = at.constant(c, "a third input").astype(np.float64)
    if values.ndim == 2 and values.shape[0] != 1:
        raise at.unsupported(f"{at.op} with a third input of shape {values.shape}", "give one for every row")
    return np.broadcast_to(values.reshape(-1), (count,))
