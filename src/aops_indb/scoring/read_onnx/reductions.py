"""Operators that make one element of several of a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

from aops_indb.scoring.graph import Case, Constant, Node, apply, number
from aops_indb.scoring.read_onnx.elementwise import quotient
from aops_indb.scoring.read_onnx.values import At, OnnxValue, Rows, shaped

Reduction = Callable[[At, Sequence[Node], str], Node]


def reduction(make: Reduction) -> Callable[..., Rows]:
    """An operator that reduces axes of each row."""

    def translate(
        at: At, x: OnnxValue, axes: OnnxValue = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0
    ) -> Rows:
        given = [] if axes is None else at.constant(axes, "axes").tolist()
        rows = at.rows(x)
        if not given:
            if noop_with_empty_axes:
                return rows
            raise at.unsupported(f"{at.op} over all rows", "give the axes")
        chosen = sorted(at.axis(int(axis), rows.rank) for axis in given)
        return _along(rows, chosen, bool(keepdims), lambda nodes: make(at, nodes, rows.dtype), rows.dtype)

    return translate


def _along(rows: Rows, axes: Sequence[int], keepdims: bool, make: Callable[[Sequence[Node]], Node], dtype: str) -> Rows:
    import numpy as np

    kept = [axis for axis in range(len(rows.shape)) if axis not in axes]
    moved = np.transpose(rows.nodes, [*kept, *axes])
    outer = [rows.shape[axis] for axis in kept]
    groups = moved.reshape(int(np.prod(outer)), -1)
    shape = [1 if axis in axes else length for axis, length in enumerate(rows.shape)] if keepdims else outer
    return Rows(dtype, shaped((make(list(group)) for group in groups), shape))


def total(at: At, nodes: Sequence[Node], dtype: str) -> Node:
    """The sum, rounded once; ONNX Runtime's order of sums is not defined."""
    return nodes[0] if len(nodes) == 1 else at.rounded(apply("sum", *nodes), dtype)


def average(at: At, nodes: Sequence[Node], dtype: str) -> Node:
    """The sum divided by how many they are."""
    return at.rounded(apply("divide", total(at, nodes, dtype), number(len(nodes))), dtype)


def product(at: At, nodes: Sequence[Node], dtype: str) -> Node:
    """The product."""
    return reduce(lambda a, b: at.rounded(apply("multiply", a, b), dtype), nodes)


def extreme(op: str) -> Reduction:
    """The largest or smallest; rows with NaN, of which ONNX Runtime says this or that, get no score."""

    def make(at: At, nodes: Sequence[Node], _: str) -> Node:
        if len(nodes) == 1:
            return nodes[0]
        at.refuse(apply("any_missing", *nodes), "NaN is among the numbers to choose from")
        return apply(op, *nodes)

    return make


def sum_of(change: Callable[[At, Node, str], Node], then: Callable[[Node], Node] | None = None) -> Reduction:
    """A sum of changed elements, changed itself."""

    def make(at: At, nodes: Sequence[Node], dtype: str) -> Node:
        summed = total(at, [change(at, node, dtype) for node in nodes], dtype)
        return summed if then is None else at.rounded(then(summed), dtype)

    return make


def squared(at: At, node: Node, dtype: str) -> Node:
    """x * x."""
    return at.rounded(apply("multiply", node, node), dtype)


def absolute(_: At, node: Node, __: str) -> Node:
    """|x|."""
    return apply("absolute", node)


def log_sum_exp(at: At, nodes: Sequence[Node], dtype: str) -> Node:
    """log of the sum of exp, without overflow."""
    top = apply("maximum", *nodes)
    shift = Case(((apply("any_beyond", number(1.7976931348623157e308), top), number(0.0)),), top)
    powers = [at.rounded(apply("exp", at.rounded(apply("subtract", node, shift), dtype)), dtype) for node in nodes]
    logarithm = at.rounded(apply("log", total(at, powers, dtype)), dtype)
    return at.rounded(apply("add", logarithm, shift), dtype)


def softmax_of(at: At, nodes: Sequence[Node], dtype: str) -> list[Node]:
    """exp(x - max) / sum, each step rounded."""
    top = apply("maximum", *nodes)
    powers = [at.rounded(apply("exp", at.rounded(apply("subtract", node, top), dtype)), dtype) for node in nodes]
    summed = total(at, powers, dtype)
    return [at.rounded(quotient(power, summed), dtype) for power in powers]


def softmax(at: At, x: OnnxValue, *, axis: int = -1) -> Rows:
    """Softmax along an axis of each row."""
    return _each_vector(at, x, axis, softmax_of)


def _log_softmax_of(at: At, nodes: Sequence[Node], dtype: str) -> list[Node]:
    top = apply("maximum", *nodes)
    shifted = [at.rounded(apply("subtract", node, top), dtype) for node in nodes]
    powers = [at.rounded(apply("exp", node), dtype) for node in shifted]
    logarithm = at.rounded(apply("log", total(at, powers, dtype)), dtype)
    return [at.rounded(apply("subtract", node, logarithm), dtype) for node in shifted]


def log_softmax(at: At, x: OnnxValue, *, axis: int = -1) -> Rows:
    """The logarithm of softmax along an axis of each row."""
    return _each_vector(at, x, axis, _log_softmax_of)


def _each_vector(at: At, x: OnnxValue, axis: int, make: Callable[[At, Sequence[Node], str], list[Node]]) -> Rows:
    import numpy as np

    rows = at.rows(x)
    where = at.axis(axis, rows.rank)
    moved = np.moveaxis(rows.nodes, where, -1)
    made = [node for vector in moved.reshape(-1, rows.shape[where]) for node in make(at, list(vector), rows.dtype)]
    return Rows(rows.dtype, np.moveaxis(shaped(made, moved.shape), -1, where))


def first_best(op: str, nodes: Sequence[Node], values: Sequence[Constant]) -> Node:
    """The value of the first of the best; NaN is best if it is the first of all, else it is passed over."""
    best = apply(op, *nodes)
    missing = (apply("is_missing", nodes[0]), values[0])
    found = [(apply("equal", node, best), value) for node, value in zip(nodes, values, strict=True)]
    return Case((missing, *found), Constant(None, values[0].kind))


def last_best(op: str, nodes: Sequence[Node], values: Sequence[Constant]) -> Node:
    """The value of the last of the best; NaN is best if it is the first of all, else it is passed over."""
    best = apply(op, *nodes)
    found = [(apply("equal", node, best), value) for node, value in zip(nodes, values, strict=True)]
    return Case(((apply("is_missing", nodes[0]), values[0]), *reversed(found)), Constant(None, values[0].kind))


def arg(op: str) -> Callable[..., Rows]:
    """The place of the largest or smallest along an axis."""

    def translate(at: At, x: OnnxValue, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Rows:
        rows = at.rows(x)
        where = at.axis(axis, rows.rank)
        places = [number(k) for k in range(rows.shape[where])]
        pick = last_best if select_last_index else first_best
        return _along(rows, [where], bool(keepdims), lambda nodes: pick(op, nodes, places), "int64")

    return translate
