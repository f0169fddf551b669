"""The error function, which few engines have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from aops_indb.scoring.graph import Case, Node, apply, number

# Below the first a series, between two of them exp(-x * x) times a polynomial, and 1 from the last on.
EDGES = (1.0, 1.75, 2.75, 4.25, 6.0)
SERIES, DEGREE = 20, 18


def error_function(node: Node) -> Node:
    """erf(x) to the last digits of 1; `node` is written several times."""
    size = apply("absolute", node)
    square = apply("multiply", node, node)
    tiny, small = (apply("less", size, number(edge)) for edge in (1e-150, EDGES[0]))
    series = apply("multiply", node, _horner(square, _series()))
    rest: list[tuple[Node, Node]] = []
    for low, high in pairwise(EDGES):
        centre, reach = (low + high) / 2, (high - low) / 2
        place = apply("divide", apply("subtract", size, number(centre)), number(reach))
        tail = apply(
            "multiply", apply("exp", apply("multiply", number(-1.0), square)), _horner(place, _tail(low, high))
        )
        rest.append((apply("less", size, number(high)), apply("subtract", number(1.0), tail)))
    above = Case(tuple(rest), number(1.0))
    negative = apply("less", node, number(0.0))
    signed = Case(((negative, apply("multiply", number(-1.0), above)),), above)
    missing = (apply("is_missing", node), node)
    return Case((missing, (tiny, apply("multiply", node, number(2.0 / math.sqrt(math.pi)))), (small, series)), signed)


def _series() -> list[float]:
    """erf(x) / x by powers of x * x."""
    return [2.0 / math.sqrt(math.pi) * (-1.0) ** n / (math.factorial(n) * (2 * n + 1)) for n in range(SERIES)]


@cache
def _tail(low: float, high: float) -> list[float]:
    """(1 - erf(x)) * exp(x * x) between two limits, by powers of where x is between them, from -1 to 1."""
    from numpy.polynomial.chebyshev import cheb2poly, chebinterpolate
    from scipy.special import erfcx

    found = chebinterpolate(lambda x: erfcx((low + high) / 2 + x * (high - low) / 2), DEGREE)
    return [float(each) for each in cheb2poly(found)]


def _horner(node: Node, coefficients: Sequence[float]) -> Node:
    total: Node = number(coefficients[-1])
    for each in reversed(coefficients[:-1]):
        total = apply("add", apply("multiply", total, node), number(each))
    return total
