"""What the boosting libraries share: trees put together from arrays, and arithmetic in single precision."""

from __future__ import annotations

import math
from collections.abc import Callable

from aops_indb.scoring.graph import Case, Constant, Node, TreeNode, apply, number
from aops_indb.scoring.read_sklearn.translation import Place


def assemble(
    root: int, children: Callable[[int], tuple[int, int] | None], make: Callable[[int, TreeNode, TreeNode], TreeNode],
    leaf: Callable[[int], TreeNode],
) -> TreeNode:  # fmt: skip
    """The tree below node number `root`; children: the numbers of a node's sides, None for a leaf."""
    made: dict[int, TreeNode] = {}
    pending = [root]
    while pending:
        here = pending[-1]
        sides = children(here)
        if sides is None:
            made[here] = leaf(here)
        elif all(side in made for side in sides):
            made[here] = make(here, made[sides[0]], made[sides[1]])
        else:
            pending.extend(side for side in sides if side not in made)
            continue
        pending.pop()
    return made[root]


def negative(node: Node) -> Node:
    """-x."""
    return apply("multiply", node, number(-1.0))


# expf of glibc and musl: 2**(k / 32) times a polynomial in what is left of x * 32 / ln 2 after the nearest whole k.
# Rounding the exact exp would differ from it in one of two thousand cases.
_STEPS = 32
_PER_STEP = float.fromhex("0x1.71547652b82fep+0") * _STEPS
_POLYNOMIAL = (
    float.fromhex("0x1.c6af84b912394p-5") / _STEPS**3,
    float.fromhex("0x1.ebfce50fac4f3p-3") / _STEPS**2,
    float.fromhex("0x1.62e42ff0c52d6p-1") / _STEPS,
)
_LARGEST_EXPONENT = float.fromhex("0x1.62e42ep6")
_SMALLEST_EXPONENT = float.fromhex("-0x1.9fe368p6")


def exp_single(node: Node, place: Place) -> Node:
    """exp of a single, in single precision, to the last bit as the C libraries of Linux compute it."""
    cubic, square, linear = map(number, _POLYNOMIAL)
    # beyond, where it is 0 or infinite, the steps between must not overflow either
    near = apply("maximum", apply("minimum", node, number(89.0)), number(-104.0))
    position = place.named("exponent", apply("multiply", near, number(_PER_STEP)))
    whole = place.named("exponent_whole", apply("floor", apply("add", position, number(0.5))))
    rest = place.named("exponent_rest", apply("subtract", position, whole))
    outer = apply("multiply", apply("add", apply("multiply", cubic, rest), square), apply("multiply", rest, rest))
    factor = apply("add", outer, apply("add", apply("multiply", linear, rest), number(1.0)))
    power = apply("power", number(2.0), apply("divide", whole, number(float(_STEPS))))
    branches = (
        (apply("less", node, number(_SMALLEST_EXPONENT)), number(0.0)),
        (apply("less_equal", node, number(_LARGEST_EXPONENT)), apply("single", apply("multiply", factor, power))),
        (apply("greater", node, number(_LARGEST_EXPONENT)), number(math.inf)),
    )
    return Case(branches, Constant(None, "number"))
