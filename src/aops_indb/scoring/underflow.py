"""Products and quotients that are rounded to 0, where an engine raises an error for them.

A library has 0 there, with the sign of the product; PostgreSQL ends the whole query. So operations of which that can
come are told beforehand: `x * CASE WHEN ABS(x) < t THEN 0 ELSE c END`. Of most it cannot: `smallest_sizes` knows.
A sum of products is computed larger by a power of 2, where that suffices: a question for each product would take a
quarter more time, and twice as much where there are several sums.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from aops_indb.scoring.graph import (
    REBUILD,
    Apply,
    Case,
    Constant,
    Forest,
    Graph,
    Guard,
    Input,
    Linear,
    Named,
    Node,
    apply,
    children,
    number,
    walk,
)
from aops_indb.scoring.ranges import LARGEST_DOUBLE, LARGEST_RESULT, RANGES, Range
from aops_indb.scoring.smallest_sizes import smallest_sizes

# Two numbers of at least this size have a product that is not 0; so has a quotient of one, and one up to its inverse.
_ENOUGH = 2.0**-511
# Multiplied by it, two numbers below 1 have a product that is not 0, nor infinite if one of them is below _ENOUGH.
_RAISED = 2.0**537
# What half of the smallest double is in such a product: that and less is rounded to 0.
_ROUNDED_TO_ZERO = 0.5
# How many times larger sums may be that are within LARGEST_RESULT.
_SCALES = tuple(2.0**k for k in range(1, 14))
# Added to a smaller number and taken off again, it leaves multiples of the smallest double.
_SMALLEST_LEVEL = 1.5 * 2.0**-1022


def without_underflow(graph: Graph) -> Graph:
    """The graph with the same values, in which no product or quotient of numbers other than 0 is 0.

    >>> from aops_indb.scoring.graph import Input
    >>> halved = Apply("multiply", (Input("x", "number"), number(0.5)))
    >>> made = without_underflow(Graph(("x",), (("y", halved),)))
    >>> ((condition, factor),) = made.outputs[0][1].args[1].branches
    >>> condition.args[1].value, factor.value
    (1e-323, 0.0)
    """
    roots = graph.roots
    sizes, largest, asked = smallest_sizes(roots), _largest_sizes(roots), _asked_by_conditions(graph)
    uses = _uses(roots)
    made: dict[Node, Node] = {}
    apart: set[Node] = set()
    for node in walk(roots):
        before = children(node)
        after = [made[child] for child in before]
        same = all(a is b for a, b in zip(before, after, strict=True))
        rebuilt = node if same else REBUILD[type(node)](node, *after)
        bounded = node not in asked and largest[node] <= LARGEST_RESULT
        shifted = _shifted(node, uses) if bounded else None
        if isinstance(rebuilt, Linear):
            of_terms = [sizes[child] for child in before]
            made[node] = _linear(rebuilt, of_terms, _scale(rebuilt, of_terms) if bounded else 1.0, _Uses(apart))
        elif shifted and (scale := _scale(shifted, of_terms := [sizes[term] for term in shifted.terms])) > 1.0:
            terms = tuple(made[term] for term in shifted.terms)
            made[node] = _linear(replace(shifted, terms=terms), of_terms, scale, _Uses(apart))
        else:
            made[node] = _operation(rebuilt, [sizes[child] for child in before], _Uses(apart))
        if node in asked:
            apart.add(made[node])
    outputs = tuple((name, made[node]) for name, node in graph.outputs)
    guards = tuple(Guard(made[guard.condition], guard.reasons) for guard in graph.guards)
    return replace(graph, outputs=outputs, guards=guards)


def _largest_sizes(roots: Iterable[Node]) -> dict[Node, float]:
    """Of every node a size that none of its values is above."""
    of: dict[Node, Range] = {}
    for node in walk(roots):
        args = [of[child] for child in children(node)]
        if isinstance(node, Case):
            values = [*args[1::2], args[-1]]
            of[node] = min(low for low, _ in values), max(high for _, high in values)
        else:
            of[node] = RANGES[type(node)](node, args)
        if isinstance(node, Input) and node.largest < math.inf:
            of[node] = -node.largest, node.largest
    return {node: max(-low, high) for node, (low, high) in of.items()}


# ── what is computed only where a condition holds ──────────────────────────────────────────────────────


def _uses(roots: Sequence[Node]) -> Counter[Node]:
    uses = Counter(roots)
    for node in walk(roots):
        uses.update(children(node))
    return uses


def _asked_by_conditions(graph: Graph) -> set[Node]:
    """Operations that are computed only where a condition holds, and may raise where it does not."""
    columns = set(graph.roots)
    for node in walk(graph.roots):
        if isinstance(node, Named | Forest):
            columns.update(children(node))
    columns |= {node for node, count in _uses(graph.roots).items() if count > 1}
    always, pending = set(columns), list(columns)
    while pending:
        for child in _first_asked(pending.pop()):
            if child not in always:
                always.add(child)
                pending.append(child)
    asked: set[Node] = set()
    for node in walk(graph.roots):
        raises = isinstance(node, Linear | Apply) and getattr(node, "op", "multiply") in _RAISING
        if node not in always and (raises or any(child in asked for child in children(node))):
            asked.add(node)
    return asked


# by overflow, of a divisor that is 0, or of infinity
_RAISING = {"multiply", "divide", "power", "single", "add", "subtract", "sum", "sin", "cos"}


def _first_asked(node: Node) -> Sequence[Node]:
    """Children that are computed whenever the node is."""
    match node:
        case Case():
            return children(node)[:1]
        case Apply(op="coalesce" | "and" | "or"):
            return node.args[:1]
    return children(node)


class _Uses:
    """Nodes as they are used several times: a copy for each use of those that must not be columns."""

    def __init__(self, apart: set[Node]) -> None:
        self._apart = apart

    def __call__(self, node: Node) -> Node:
        """The node, or a copy."""
        if node not in self._apart:
            return node
        return REBUILD[type(node)](node, *(self(child) for child in children(node)))


# ── operations ─────────────────────────────────────────────────────────────────────────────────────────


def _shifted(node: Node, uses: Mapping[Node, int]) -> Linear | None:
    """A product and a constant that is added to it, as scalers have them, as a sum."""
    match node:
        case Apply(
            op="add",
            args=(
                Apply(op="multiply", args=(term, Constant(value=float() as factor))) as product,
                Constant(value=float() as constant),
            ),
        ) if constant and uses[product] == 1:
            return Linear((term,), (factor,), constant)
    return None


def _scale(node: Linear, sizes: Sequence[float]) -> float:
    """The power of 2 that coefficients are to be multiplied by; 1 if that is of no use, or there is no sum."""
    vanishing = [(c, size) for c, size in zip(node.coefficients, sizes, strict=True) if _vanishes(c, size)]
    powers = [next((scale for scale in _SCALES if not _vanishes(c * scale, size)), None) for c, size in vanishing]
    saved = [scale for scale in powers if scale]
    return max(saved) if saved and (len(node.terms) > 1 or node.intercept) else 1.0


def _linear(node: Linear, sizes: Sequence[float], scale: float, use: _Uses) -> Node:
    terms, coefficients = [], []
    for term, c, size in zip(node.terms, node.coefficients, sizes, strict=True):
        told = _vanishes(c * scale, size)
        terms.append(apply("multiply", term, _factor(term, c * scale, use)) if told else term)
        coefficients.append(1.0 if told else c * scale)
    if terms == list(node.terms) and scale == 1.0:
        return node
    total: Node = Linear(tuple(terms), tuple(coefficients), node.intercept * scale)
    if scale == 1.0:
        return total
    if len(terms) > 1 or not node.intercept:
        # so that what is left are whole multiples of the smallest double times the scale
        level = number(_SMALLEST_LEVEL * scale)
        total = apply("subtract", apply("add", total, level), level)
    return apply("multiply", total, number(1.0 / scale))


def _operation(node: Node, sizes: Sequence[float], use: _Uses) -> Node:
    match node:
        case Apply(op="multiply", args=(a, b)) if sizes[0] * sizes[1] == 0.0:
            return _multiply(a, b, use)
        case Apply(op="divide", args=(a, b)):
            return _divide(node, a, b, sizes[0], use)
        case Apply(op="power", args=(a, Constant(value=float() as exponent))):
            return _power(node, a, exponent, sizes[0], use)
    return node


def _vanishes(factor: float, size: float) -> bool:
    return factor != 0.0 and size < math.inf and abs(factor) * size == 0.0


def _multiply(a: Node, b: Node, use: _Uses) -> Node:
    match (a, b):
        case (_, Constant(value=float() as factor)):
            return apply("multiply", a, _factor(a, factor, use))
        case (Constant(value=float() as factor), _):
            return apply("multiply", b, _factor(b, factor, use))
    if a is b:
        limit = smallest_with(lambda size: size * size != 0.0)
        return apply("multiply", a, Case(((_below(use(a), limit), apply("multiply", use(a), number(0.0))),), use(a)))
    raised = apply("multiply", apply("multiply", use(a), number(_RAISED)), apply("multiply", use(b), number(_RAISED)))
    some_small = apply("or", _below(use(a), _ENOUGH), _below(use(b), _ENOUGH))
    both_below_one = apply("and", _below(use(a), 1.0), _below(use(b), 1.0))
    zero = apply("multiply", use(b), number(0.0))
    return apply("multiply", a, _nested(some_small, both_below_one, raised, zero, b, use))


def _factor(a: Node, factor: float, use: _Uses) -> Node:
    limit = smallest_with(lambda size: size * abs(factor) != 0.0)
    return Case(((_below(use(a), limit), number(math.copysign(0.0, factor))),), number(factor))


def _divide(node: Apply, a: Node, b: Node, size: float, use: _Uses) -> Node:
    if isinstance(b, Constant) and isinstance(b.value, float):
        divisor = abs(b.value)
        if divisor in (0.0, math.inf) or size / divisor != 0.0:
            return node
        limit = smallest_with(lambda size: size / divisor != 0.0)
        zero = apply("multiply", use(a), number(math.copysign(0.0, b.value)))
        return Case(((_below(use(a), limit), zero),), node)
    if size / LARGEST_DOUBLE != 0.0:
        return node
    raised = apply(
        "divide", apply("multiply", use(a), number(_RAISED)), apply("multiply", use(b), number(1.0 / _RAISED))
    )
    some_far = apply("or", _below(use(a), _ENOUGH), _above(use(b), 1.0 / _ENOUGH))
    on_both_sides = apply("and", _below(use(a), 1.0), _above(use(b), 1.0))
    endless = apply("multiply", use(b), number(math.inf))
    return apply("divide", a, _nested(some_far, on_both_sides, raised, endless, b, use))


def _nested(maybe: Node, inside: Node, raised: Node, instead: Node, otherwise: Node, use: _Uses) -> Node:
    """One within the other: what is raised is infinite for numbers that are not inside."""
    rounded_to_zero = apply("less_equal", apply("absolute", raised), number(_ROUNDED_TO_ZERO))
    last = Case(((rounded_to_zero, instead),), use(otherwise))
    return Case(((maybe, Case(((inside, last),), use(otherwise))),), otherwise)


def _power(node: Apply, a: Node, exponent: float, size: float, use: _Uses) -> Node:
    """Of a number above 0."""
    if exponent > 0 and min(size, 1.0) ** exponent == 0.0:
        limit = smallest_with(lambda each: each**exponent != 0.0)
        return Case(((apply("less", use(a), number(limit)), apply("multiply", use(a), number(0.0))),), node)
    if exponent < 0 and LARGEST_DOUBLE**exponent == 0.0:
        limit = smallest_with(lambda each: each**exponent == 0.0, 1.0, LARGEST_DOUBLE)
        return Case(((apply("greater_equal", use(a), number(limit)), number(0.0)),), node)
    return node


def _below(node: Node, limit: float) -> Node:
    return apply("less", apply("absolute", node), number(limit))


def _above(node: Node, limit: float) -> Node:
    return apply("greater", apply("absolute", node), number(limit))


def smallest_with(holds: Callable[[float], bool], low: float = 0.0, high: float = 1.0) -> float:
    """The first double above `low` for which something holds that holds from there on, and for `high`.

    >>> smallest_with(lambda size: size * 0.25 != 0.0)
    1.5e-323
    """
    without, first = _bits(low), _bits(high)
    while first - without > 1:
        middle = (without + first) // 2
        without, first = (without, middle) if holds(_double(middle)) else (middle, first)
    return _double(first)


def _bits(value: float) -> int:
    return int.from_bytes(struct.pack(">d", value), "big")


def _double(bits: int) -> float:
    return float(struct.unpack(">d", bits.to_bytes(8, "big"))[0])
