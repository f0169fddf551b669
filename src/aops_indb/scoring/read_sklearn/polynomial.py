"""Features multiplied with each other, and spline bases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from aops_indb.scoring.graph import Case, Lookup, Node, apply, number
from aops_indb.scoring.ranges import LARGEST_DOUBLE
from aops_indb.scoring.read_sklearn.arithmetic import clip, missing_number, pieces, product, square
from aops_indb.scoring.read_sklearn.translation import Features, Place

# A periodic spline's argument is exact up to as many periods; beyond, doubles lie further apart than a period is long.
_PERIODS_AT_ONCE = 2.0**26
MOST_PERIODS = 2.0**51
# Powers of what is farther away leave the range of a double.
FARTHEST = 1e100


def polynomial_features(model: Any, features: Features, place: Place) -> Features:
    """Products of up to `degree` features, and 1 if asked."""
    nodes = place.numbers(model, features)
    place.refuse_missing(model, features, nodes)
    place.refuse_infinite(model, features, nodes)
    combinations = [
        tuple(combination)
        for combination in model._combinations(
            n_features=len(nodes),
            min_degree=model._min_degree,
            max_degree=model._max_degree,
            interaction_only=model.interaction_only,
            include_bias=model.include_bias,
        )
    ]
    if not combinations:
        raise place.unsupported("PolynomialFeatures without output features", "raise degree, or set include_bias=True")
    known: dict[tuple[int, ...], Node] = {(): number(1.0)} | {(i,): node for i, node in enumerate(nodes)}
    made = [_product(combination, known) for combination in combinations]
    return place.features(model, features.names, made, sparse=features.sparse)


def _product(features: tuple[int, ...], known: dict[tuple[int, ...], Node]) -> Node:
    """The product, from that of all but the first, as the library makes it."""
    if features not in known:
        first, rest = known[features[:1]], _product(features[1:], known)
        known[features] = square(first) if first is rest else product(rest, first)
    return known[features]


# ── splines ────────────────────────────────────────────────────────────────────────────────────────────


def spline_transformer(model: Any, features: Features, place: Place) -> Features:
    """The values of B-spline basis functions, beyond the knots by the fitted extrapolation."""
    nodes = place.numbers(model, features)
    zeros = model.handle_missing == "zeros"
    if not zeros:
        place.refuse_missing(model, features, nodes)
        place.refuse_infinite(model, features, nodes)
    elif model.sparse_output and model.extrapolation in ("continue", "periodic"):
        # infinity, which is let through here, then depends on the other rows
        raise place.unsupported("SplineTransformer(handle_missing='zeros', sparse_output=True)", "make it dense")
    if model.sparse_output and model.extrapolation == "constant" and model.degree == 0:
        raise place.unsupported("SplineTransformer(degree=0, sparse_output=True)", "make it dense")
    columns: list[Node] = []
    for index, (name, node, spline) in enumerate(zip(features.names, nodes, model.bsplines_, strict=True)):
        if model.extrapolation == "linear":
            basis = _linear(node, spline, name, place, _end(spline, index, place))
        else:
            basis = EXTRAPOLATIONS[model.extrapolation](node, spline, name, place)
        gap = number(0.0) if zeros else missing_number()
        basis = [Case(((apply("is_missing", node), gap),), value) for value in basis]
        columns += basis if model.include_bias else basis[:-1]
    return place.features(model, features.names, columns, sparse=model.sparse_output)


def _continued(node: Node, spline: Any, name: str, place: Place) -> list[Node]:
    """The polynomials of the first and last interval hold beyond them too; of infinity there is none."""
    far = apply("any_beyond", number(FARTHEST), node)
    place.refuse(apply("and", far, _is_finite(node)), f"'{name}' is beyond 1e100 in size (SplineTransformer)")
    near = place.named(f"{name}_near", Case(((far, missing_number()),), node))
    return [_of_finite(node, value) for value in _basis(near, spline, name, place)]


def _refused(node: Node, spline: Any, name: str, place: Place) -> list[Node]:
    low, high = _ends(spline)
    for op, limit in (("less", low), ("greater", high)):
        place.refuse(apply(op, node, number(limit)), f"'{name}' is beyond the knots (SplineTransformer)")
    return _basis(clip(node, low, high), spline, name, place)


def _constant(node: Node, spline: Any, name: str, place: Place) -> list[Node]:
    """The values at the ends; those of degree 0 are 0 below, and above the library raises."""
    low, high = _ends(spline)
    basis = _basis(clip(node, low, high), spline, name, place)
    if spline.k:
        return basis
    place.refuse(apply("greater", node, number(high)), f"'{name}' is beyond the knots (SplineTransformer)")
    return [Case(((apply("less", node, number(low)), number(0.0)),), value) for value in basis]


def _end(spline: Any, index: int, place: Place) -> int:
    """The number of the knot where feature `index` is continued by a line.

    For degree 0 and 1 the library counts one on after each feature, up to 2, so that later features have less
    between the two ends.
    """
    end = int(spline.k) if spline.k > 1 else min(2, int(spline.k) + index)
    if spline.t[end] >= spline.t[-end - 1]:
        raise place.unsupported(
            f"SplineTransformer(degree={spline.k}, extrapolation='linear') with so few knots", "use more knots"
        )
    return end


def _linear(node: Node, spline: Any, name: str, place: Place, end: int) -> list[Node]:
    """The tangents at the ends, of the basis functions that end there."""
    low, high = float(spline.t[end]), float(spline.t[-end - 1])
    basis = _basis(clip(node, low, high), spline, name, place)
    ending = end + 1 if end <= 1 else end
    columns: list[Node] = []
    for index, value in enumerate(basis):
        below = _tangent(node, spline, low, index) if index < ending else number(0.0)
        above = _tangent(node, spline, high, index) if index >= len(basis) - ending else number(0.0)
        branches = (
            (apply("less", node, number(low)), below),
            (apply("greater", node, number(high)), above),
        )
        columns.append(Case(branches, value))
    return columns


def _tangent(node: Node, spline: Any, end: float, index: int) -> Node:
    value, slope = float(spline(end)[index]), float(spline(end, nu=1)[index])
    return apply("add", number(value), apply("multiply", apply("subtract", node, number(end)), number(slope)))


def _periodic(node: Node, spline: Any, name: str, place: Place) -> list[Node]:
    """The place within the period, by what a division by it leaves."""
    low, high = _ends(spline)
    period = high - low
    if period <= 0:
        return _basis(number(0.0), spline, name, place)
    offset = apply("subtract", node, number(low))
    size: Node = apply("absolute", offset)
    beyond = apply("greater", size, number(MOST_PERIODS * period))
    place.refuse(apply("and", beyond, _is_finite(node)), f"'{name}' is too many periods away (SplineTransformer)")
    size = Case(((beyond, missing_number()),), size)
    rest = _remainder(_remainder(size, period * _PERIODS_AT_ONCE), period)
    backwards = apply("and", apply("less", offset, number(0.0)), apply("greater", rest, number(0.0)))
    rest = Case(((backwards, apply("subtract", number(period), rest)),), rest)
    inside = place.named(f"{name}_in_period", apply("add", number(low), rest))
    return [_of_finite(node, value) for value in _basis(inside, spline, name, place)]


def _remainder(node: Node, divisor: float) -> Node:
    """What dividing a number not below 0 leaves, exactly for quotients up to 2**26."""
    count = apply("floor", apply("divide", node, number(divisor)))
    # the divisor in two parts of half its digits: their products with the count are exact
    mantissa, exponent = math.frexp(divisor)
    coarse = math.ldexp(math.floor(math.ldexp(mantissa, 26)), exponent - 26)
    rest = apply("subtract", node, apply("multiply", count, number(coarse)))
    if divisor != coarse:
        rest = apply("subtract", rest, apply("multiply", count, number(divisor - coarse)))
    # a quotient just below a whole number may have been rounded up to it
    return Case(((apply("less", rest, number(0.0)), apply("add", rest, number(divisor))),), rest)


def _is_finite(node: Node) -> Node:
    return apply("less_equal", apply("absolute", node), number(LARGEST_DOUBLE))


def _of_finite(node: Node, value: Node) -> Node:
    return Case(((_is_finite(node), value),), missing_number())


EXTRAPOLATIONS = {
    "continue": _continued,
    "error": _refused,
    "constant": _constant,
    "periodic": _periodic,
}


def _ends(spline: Any) -> tuple[float, float]:
    return float(spline.t[spline.k]), float(spline.t[-spline.k - 1])


def _basis(node: Node, spline: Any, name: str, place: Place) -> list[Node]:
    """All basis functions: those that are not 0 in the value's interval, by de Boor's recursion, put in their place.

    Periodic splines' first functions are their last ones, too.
    """
    k, knots = int(spline.k), [float(knot) for knot in spline.t]
    last = len(knots) - k - 2
    # of knots that are one number the last one starts the interval
    starts = [j for j in range(k, last + 1) if j == last or knots[j] != knots[j + 1]]
    around = [[float(j), *(knots[j - k + 1 : j + k + 1])] for j in starts]
    interval, *near = pieces(place.step, node, [knots[j] for j in starts[1:]], around)
    interval = place.named(f"{name}_interval", interval)
    values = [place.named(f"{name}_basis_{i}", value) for i, value in enumerate(_recursion(node, near, around, k))]
    count = spline.c.shape[1]
    columns: list[Node] = []
    for index in range(count):
        # function number `index`, or a period later, is number i of those around an interval; short periods hold both
        found = {j: [values[i] for i in range(k + 1) if j - k + i in (index, index + count)] for j in starts}
        branches = tuple(
            (apply("equal", interval, number(float(j))), those[0] if len(those) == 1 else apply("sum", *those))
            for j, those in found.items()
            if those
        )
        absent = Lookup(interval, (), otherwise=0.0, missing=None)
        columns.append(Case(branches, absent) if branches else absent)
    return columns


def _recursion(node: Node, near: Sequence[Node], around: Sequence[Sequence[float]], k: int) -> list[Node]:
    """The k + 1 functions that are not 0 in an interval.

    near: the k knots up to the interval's start and the k after it; around: their possible values, after a number
    """
    values: list[Node] = [number(1.0)]
    for degree in range(1, k + 1):
        made: list[Node] = [number(0.0)]
        for n in range(1, degree + 1):
            right, left = k - 1 + n, k - 1 + n - degree
            width = apply("subtract", near[right], near[left])
            weight: Node = apply("divide", values[n - 1], width)
            if any(row[1 + right] == row[1 + left] for row in around):
                empty = apply("equal", width, number(0.0))
                weight = Case(((empty, number(0.0)),), weight)
            made[-1] = apply("add", made[-1], apply("multiply", weight, apply("subtract", near[right], node)))
            made.append(apply("multiply", weight, apply("subtract", node, near[left])))
        values = made
    return values
