"""Operators that make each element of their result from one element of each input."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

from aops_indb.scoring.graph import Case, Constant, Node, apply, number
from aops_indb.scoring.read_onnx.values import (
    FALSE,
    FLOATS,
    LARGEST_WHOLE,
    MISSING,
    At,
    OnnxValue,
    Rows,
    dtype_of,
    known,
    shaped,
)
from aops_indb.scoring.read_sklearn.arithmetic import clip as clipped
from aops_indb.scoring.read_sklearn.rounding import double_thresholds

# numbers this large have no fraction
_WHOLE_FROM = 2.0**52


def negative(node: Node) -> Node:
    """-x."""
    return apply("multiply", node, number(-1.0))


# ── arithmetic ─────────────────────────────────────────────────────────────────────────────────────────


def arithmetic(make: Callable[..., Node]) -> Callable[..., Rows]:
    """An operator on numbers of one type, whose result is rounded to it."""

    def translate(at: At, *values: OnnxValue) -> Rows:
        dtype, _ = at.aligned(values)
        return at.each(lambda *nodes: reduce(lambda a, b: at.rounded(make(a, b), dtype), nodes), *values)

    return translate


def function(make: Callable[[Node], Node]) -> Callable[..., Rows]:
    """An operator on one number, whose result is rounded."""

    def translate(at: At, x: OnnxValue) -> Rows:
        rows = at.rows(x)
        return at.each(lambda node: at.rounded(make(node), rows.dtype), rows)

    return translate


def exactly(make: Callable[[Node], Node]) -> Callable[..., Rows]:
    """An operator on one number that needs no rounding."""
    return lambda at, x: at.each(make, x)


def divide(at: At, a: OnnxValue, b: OnnxValue) -> Rows:
    """a / b; of 0, whose sign is not known in SQL, as of +0. Of whole numbers without its fraction."""
    dtype, _ = at.aligned([a, b])
    if dtype in FLOATS:
        return at.each(lambda x, y: at.rounded(quotient(x, y), dtype), a, b)

    def whole(x: Node, y: Node) -> Node:
        at.refuse(known(apply("equal", y, number(0.0))), "a whole number is divided by 0")
        # below 2**53 no quotient is rounded up to a whole number
        return at.rounded(truncated(quotient(x, y)), dtype)

    return at.each(whole, a, b)


def quotient(a: Node, b: Node) -> Node:
    """a / b, by 0 infinite or missing; engines raise on it."""
    if isinstance(b, Constant) and b.value:
        return apply("divide", a, b)
    by_sign = (
        (apply("greater", a, number(0.0)), number(math.inf)),
        (apply("less", a, number(0.0)), number(-math.inf)),
    )
    return Case(((apply("equal", b, number(0.0)), Case(by_sign, MISSING)),), apply("divide", a, b))


def power(at: At, a: OnnxValue, b: OnnxValue) -> Rows:
    """a ** b."""
    dtype = a.dtype if isinstance(a, Rows) else dtype_of(a)
    if dtype not in FLOATS:
        raise at.unsupported(f"{at.op} of {dtype}", "cast to float first")

    def one(x: Node, y: Node) -> Node:
        made = _power(x, y.value, dtype) if isinstance(y, Constant) else _power_of_row(x, y)
        return at.rounded(made, dtype)

    return at.each(one, a, b, dtype=dtype)


def _power_of_row(x: Node, y: Node) -> Node:
    size = apply("absolute", x)
    value = apply("exp", apply("multiply", apply("log", size), y))
    half = apply("multiply", y, number(0.5))
    zero = number(0.0)
    below = (
        (apply("equal", half, apply("floor", half)), value),
        (apply("equal", y, apply("floor", y)), negative(value)),
    )
    branches = (
        (apply("equal", y, zero), number(1.0)),
        (apply("equal", x, number(1.0)), number(1.0)),
        (apply("and", apply("equal", x, zero), apply("greater", y, zero)), zero),
        (apply("and", apply("equal", x, zero), apply("less", y, zero)), number(math.inf)),
        (apply("less", x, zero), Case(below, MISSING)),
    )
    return Case(branches, value)


def _power(x: Node, y: Any, dtype: str) -> Node:
    if y is None:
        # 1 ** NaN is 1
        return Case(((apply("equal", x, number(1.0)), number(1.0)),), MISSING)
    if y == 0:
        return number(1.0)
    if y in (1.0, 2.0, 3.0) and dtype == "float32":
        return reduce(lambda product, _: apply("multiply", product, x), range(int(y) - 1), x)
    size = apply("absolute", x)
    # through exp, which knows its limits; in single precision nothing is lost by it
    by_logarithm = apply("exp", apply("multiply", apply("log", size), number(y)))
    value: Node = by_logarithm if dtype == "float32" else apply("power", size, number(y))
    below = value if y % 2 == 0 else negative(value) if y % 2 == 1 else MISSING
    at_zero = 0.0 if y > 0 else math.inf
    return Case(((apply("equal", x, number(0.0)), number(at_zero)), (apply("less", x, number(0.0)), below)), value)


def ceiling(node: Node) -> Node:
    """The next whole number that is not below."""
    return negative(apply("floor", negative(node)))


def round_half_even(node: Node) -> Node:
    """The nearest whole number, of two the even one."""
    low = apply("floor", node)
    rest = apply("subtract", node, low)
    high = apply("add", low, number(1.0))
    half = apply("multiply", low, number(0.5))
    even = apply("equal", half, apply("floor", half))
    branches = (
        (apply("greater_equal", apply("absolute", node), number(_WHOLE_FROM)), node),
        (apply("less", rest, number(0.5)), low),
        (apply("greater", rest, number(0.5)), high),
        (even, low),
    )
    return Case(branches, high)


def truncated(node: Node) -> Node:
    """The number without its fraction."""
    return Case(((apply("less", node, number(0.0)), ceiling(node)),), apply("floor", node))


def sign(node: Node) -> Node:
    """-1, 0 or 1."""
    signs = (("greater", 1.0), ("less", -1.0), ("equal", 0.0))
    return Case(tuple((apply(op, node, number(0.0)), number(value)) for op, value in signs), MISSING)


def relu(node: Node) -> Node:
    """The number, 0 in place of what is less."""
    return Case(((apply("less", node, number(0.0)), number(0.0)),), node)


def softplus(node: Node) -> Node:
    """log(1 + exp(x)), without overflow."""
    return apply("add", relu(node), apply("log1p", apply("exp", negative(apply("absolute", node)))))


def leaky_relu(at: At, x: OnnxValue, *, alpha: float = 0.01) -> Rows:
    """x, or alpha * x below 0."""
    rows = at.rows(x)

    def bent(node: Node) -> Node:
        scaled = at.rounded(apply("multiply", node, number(alpha)), rows.dtype)
        return Case(((apply("less", node, number(0.0)), scaled),), node)

    return at.each(bent, rows)


def elu(at: At, x: OnnxValue, *, alpha: float = 1.0) -> Rows:
    """x, or alpha * (exp(x) - 1) below 0."""
    rows = at.rows(x)

    def bent(node: Node) -> Node:
        scaled = at.rounded(apply("multiply", apply("expm1", node), number(alpha)), rows.dtype)
        return Case(((apply("less", node, number(0.0)), scaled),), node)

    return at.each(bent, rows)


def hard_sigmoid(at: At, x: OnnxValue, *, alpha: float = 0.2, beta: float = 0.5) -> Rows:
    """alpha * x + beta, kept between 0 and 1."""
    rows = at.rows(x)

    def bent(node: Node) -> Node:
        product = at.rounded(apply("multiply", node, number(alpha)), rows.dtype)
        return clipped(at.rounded(apply("add", product, number(beta)), rows.dtype), 0.0, 1.0)

    return at.each(bent, rows)


def clip(at: At, x: OnnxValue, low: OnnxValue = None, high: OnnxValue = None) -> Rows:
    """x, kept between two constants."""
    limits = [
        default if limit is None else float(at.constant(limit, "a limit"))
        for limit, default in ((low, -math.inf), (high, math.inf))
    ]
    if limits[0] > limits[1]:
        return at.each(lambda node: Case(((apply("is_missing", node), MISSING),), number(limits[1])), x)
    return at.each(lambda node: clipped(node, limits[0], limits[1]), x)


def extreme(op: str) -> Callable[..., Rows]:
    """The largest or smallest of several; missing if one of them is."""

    def one(*nodes: Node) -> Node:
        return Case(((apply("any_missing", *nodes), MISSING),), apply(op, *nodes)) if len(nodes) > 1 else nodes[0]

    return lambda at, *values: at.each(one, *values)


def mean(at: At, *values: OnnxValue) -> Rows:
    """The sum divided by how many they are."""
    total = arithmetic(lambda a, b: apply("add", a, b))(at, *values)
    return at.each(lambda node: at.rounded(apply("divide", node, number(len(values))), total.dtype), total)


# ── conditions ─────────────────────────────────────────────────────────────────────────────────────────

_MIRRORED = {"less": "greater", "less_equal": "greater_equal", "greater": "less", "greater_equal": "less_equal"}


def comparison(op: str) -> Callable[..., Rows]:
    """A comparison of numbers, false where one is missing; with a constant, of what was not rounded yet."""

    def translate(at: At, a: OnnxValue, b: OnnxValue) -> Rows:
        dtype, _ = at.aligned([a, b])

        def compare(x: Node, y: Node) -> Node:
            if dtype == "float32" and isinstance(y, Constant) and y.value is not None:
                return known(_moved(at.unrounded(x), op, y.value))
            if dtype == "float32" and isinstance(x, Constant) and x.value is not None:
                return known(_moved(at.unrounded(y), _MIRRORED[op], x.value))
            return known(apply(op, x, y))

        return at.each(compare, a, b, dtype="bool")

    return translate


def _moved(node: Node, op: str, threshold: Any) -> Node:
    """Whether float32(x) is on that side of the threshold, without rounding x."""
    import numpy as np

    if op in ("less", "greater_equal"):
        threshold = np.nextafter(np.float32(threshold), np.float32(-np.inf))
    at_most = op in ("less", "less_equal")
    return apply("less_equal" if at_most else "greater", node, number(float(double_thresholds(threshold))))


def equal(at: At, a: OnnxValue, b: OnnxValue) -> Rows:
    """Whether both are equal; NaN is not equal to NaN."""
    return at.each(lambda x, y: known(apply("equal", x, y)), a, b, dtype="bool")


def connective(op: str) -> Callable[..., Rows]:
    """A connective of conditions."""
    return lambda at, *values: at.each(lambda *nodes: apply(op, *nodes), *values)


def exclusive_or(at: At, a: OnnxValue, b: OnnxValue) -> Rows:
    """Whether just one of two conditions holds."""
    return at.each(lambda x, y: Case(((x, apply("not", y)),), y), a, b)


def is_nan(at: At, x: OnnxValue) -> Rows:
    """Whether a number is NaN, which is missing here."""
    return at.each(lambda node: apply("is_missing", at.unrounded(node)), x, dtype="bool")


def is_inf(at: At, x: OnnxValue, *, detect_negative: int = 1, detect_positive: int = 1) -> Rows:
    """Whether a number is infinite."""
    wanted = [v for v, asked in ((math.inf, detect_positive), (-math.inf, detect_negative)) if asked]

    def check(node: Node) -> Node:
        return known(apply("or", *(apply("equal", node, number(v)) for v in wanted))) if wanted else FALSE

    return at.each(check, x, dtype="bool")


def where(at: At, condition: OnnxValue, a: OnnxValue, b: OnnxValue) -> Rows:
    """The first where the condition holds, else the second."""
    dtype = next((value.dtype for value in (a, b) if isinstance(value, Rows)), None) or dtype_of(a)
    return at.each(lambda c, x, y: Case(((c, x),), y), condition, a, b, dtype=dtype)


# ── types ──────────────────────────────────────────────────────────────────────────────────────────────

# ONNX's numbers of the element types.
TYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "text", 9: "bool",
    11: "float64", 12: "uint32", 13: "uint64",
}  # fmt: skip


def cast(at: At, x: OnnxValue, *, to: int, **_: Any) -> Rows:
    """The elements as another type."""
    if to not in TYPES:
        raise at.setting("to", to, f"{', '.join(map(str, TYPES))}")
    wanted = TYPES[to]
    if not isinstance(x, Rows):
        x = at.rows(x)
    given = x.dtype
    if given == wanted:
        return x
    if "text" in (given, wanted):
        raise at.unsupported(f"{at.op} of {given} to {wanted}", "known are casts of numbers and booleans")
    made = [_cast(at, node, given, wanted) for node in x.flat()]
    return Rows(wanted, shaped(made, x.shape), x.classes, x.turned)


def _cast(at: At, node: Node, given: str, wanted: str) -> Node:
    if given == "bool":
        return Case(((node, number(1.0)),), number(0.0))
    if wanted == "bool":
        # NaN is not 0
        return apply("not", known(apply("equal", node, number(0.0))))
    if wanted in LARGEST_WHOLE:
        return _whole(at, node, given, wanted)
    narrower = wanted == "float32"
    return at.rounded(node, wanted) if narrower else node


def _whole(at: At, node: Node, given: str, wanted: str) -> Node:
    """A number without its fraction; rows where it does not fit get no score."""
    if (given, wanted) == ("int32", "int64"):
        return node
    if given in FLOATS:
        at.refuse(apply("any_missing", node), f"NaN is cast to {wanted}")
        return at.rounded(truncated(node), wanted)
    return at.rounded(node, wanted)
