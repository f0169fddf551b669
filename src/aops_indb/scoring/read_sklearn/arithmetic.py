"""Arithmetic that several translators compose out of the graph's operations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from aops_indb.scoring.graph import (
    Case,
    Constant,
    Forest,
    Leaf,
    Linear,
    Node,
    Part,
    Split,
    Tree,
    TreeNode,
    apply,
    number,
)
from aops_indb.scoring.ranges import LARGEST_DOUBLE
from aops_indb.scoring.read_sklearn.merged_lookups import merged

# The square of less is 0 and of more infinite; engines that raise on both must not be asked for it.
SMALLEST_TO_SQUARE = 1.5717277847026285e-162
LARGEST_TO_SQUARE = 1.3407807929942596e154


def square(node: Node) -> Node:
    """x * x, without an error where it leaves the range of a double."""
    size = apply("absolute", node)
    branches = (
        (apply("less", size, number(SMALLEST_TO_SQUARE)), number(0.0)),
        (apply("greater", size, number(LARGEST_TO_SQUARE)), number(math.inf)),
    )
    return Case(branches, apply("multiply", node, node))


def times(node: Node, factor: float) -> Node:
    """x * factor, and infinity without an error where it leaves the range of a double."""
    whole = apply("multiply", node, number(factor))
    if abs(factor) <= 1.0:
        return whole
    largest, endless = LARGEST_DOUBLE / abs(factor), math.copysign(math.inf, factor)
    branches = (
        (apply("greater", node, number(largest)), number(endless)),
        (apply("less", node, number(-largest)), number(-endless)),
    )
    return Case(branches, whole)


def product(first: Node, second: Node) -> Node:
    """x * y, without an error where both are so small that it is 0."""
    sizes = apply("maximum", apply("absolute", first), apply("absolute", second))
    return Case(((apply("less", sizes, number(SMALLEST_TO_SQUARE)), number(0.0)),), apply("multiply", first, second))


def clip(node: Node, low: float, high: float) -> Node:
    """The node kept between two limits; missing stays missing."""
    branches = []
    if low > -math.inf:
        branches.append((apply("less", node, number(low)), number(low)))
    if high < math.inf:
        branches.append((apply("greater", node, number(high)), number(high)))
    return Case(tuple(branches), node) if branches else node


def unless(node: Node, op: str, value: float, neutral: float) -> Node:
    """The operation with a constant, or the node itself where that changes nothing."""
    return node if value == neutral else apply(op, node, number(value))


def weighted_sum(nodes: Sequence[Node], coefficients: Sequence[float], constant: float = 0.0) -> Node:
    """constant + sum of coefficient * node, without the terms that are 0."""
    used = merged([(node, float(c)) for node, c in zip(nodes, coefficients, strict=True) if c != 0])
    if not used:
        return number(constant)
    return Linear(tuple(node for node, _ in used), tuple(c for _, c in used), float(constant))


def products(nodes: Sequence[Node], matrix: Any, constants: Sequence[float] | None = None) -> list[Node]:
    """A weighted sum per row of the matrix."""
    rows = matrix.toarray() if hasattr(matrix, "toarray") else matrix
    shifts = [0.0] * len(rows) if constants is None else list(constants)
    return [weighted_sum(nodes, row.tolist(), float(shift)) for row, shift in zip(rows, shifts, strict=True)]


def pieces(step: str, node: Node, edges: Sequence[float], values: Sequence[Sequence[float]]) -> list[Node]:
    """Constants by interval: values[k] where edges[k - 1] <= x < edges[k], a node per entry of a value.

    edges: increasing, one fewer than values. Missing gets those of the last interval.
    """
    outputs = tuple(range(len(values[0])))
    below = [math.nextafter(edge, -math.inf) for edge in edges]
    tree = Tree(_halves(below, values, 0, len(edges)), outputs)
    forest = Forest(step, (node,), (tree,), (0.0,) * len(outputs))
    return [Part(forest, k) for k in outputs]


def _halves(below: Sequence[float], values: Sequence[Sequence[float]], first: int, last: int) -> TreeNode:
    if first == last:
        return Leaf(tuple(float(value) for value in values[first]))
    middle = (first + last) // 2
    left, right = _halves(below, values, first, middle), _halves(below, values, middle + 1, last)
    return Split(0, below[middle], False, left, right)


def missing_number() -> Constant:
    """A number that is not there."""
    return Constant(None, "number")
