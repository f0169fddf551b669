"""Between which numbers each node of a graph lies, and how large features may be for all arithmetic to stay doubles.

Where a sum or a product leaves the range of a double, the result depends on the order of the operations: one order
ends in infinity, another in NaN or in a number, and PostgreSQL in an error. Libraries sum in an order of their own.
So features are kept within bounds in which no order leaves it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from aops_indb.scoring.graph import (
    Apply,
    Case,
    Constant,
    Forest,
    Input,
    Leaf,
    Linear,
    Lookup,
    Named,
    Node,
    Part,
    Reduce,
    Stored,
    Value,
    children,
    tree_nodes,
    walk,
)

Range: TypeAlias = tuple[float, float]
UNKNOWN: Range = (-math.inf, math.inf)
LARGEST_DOUBLE = 1.7976931348623157e308

# A result of more is taken to leave the range of a double: the library's own steps may be somewhat larger than ours.
LARGEST_RESULT = 1e304
# Bounds that are tried one after the other. Products of more than three features have none that is large enough to be
# of no concern: they are left as they are.
BOUNDS = (LARGEST_DOUBLE, 1e300, 1e290, 1e270, 1e250, 1e200, 1e150, 1e140, 1e120, 1e100)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large each of the limited nodes may be.

    exceeded: those that could be larger, and so have to be checked
    lowered:  those that arithmetic sets a bound to
    """

    of: Mapping[Node, float]
    exceeded: frozenset[Node]
    lowered: frozenset[Node]


def bounds(roots: Iterable[Node], limits: Mapping[Node, float]) -> Bounds:
    """Bounds of the limited nodes, none above its limit, within which no arithmetic on them leaves the doubles.

    >>> x = Input("x", "number")
    >>> bounds([Linear((x,), (1e9,))], {x: LARGEST_DOUBLE}).of[x]
    1e+290
    """
    if not limits:
        return Bounds({}, frozenset(), frozenset())
    order = list(walk([*roots, *limits]))
    tried = dict.fromkeys(limits, 0)
    known: dict[Node, Range] = {}
    while True:
        found = _ranges(order, {node: BOUNDS[step] for node, step in tried.items()}, known)
        lower = {node for node in _limited_below(found) if tried[node] + 1 < len(BOUNDS)}
        # what comes of overflow may be small once that is gone
        lower = lower - found.tainted or lower
        if not lower:
            break
        tried.update({node: tried[node] + 1 for node in lower})
    final = {node: min(BOUNDS[step], limits[node]) for node, step in tried.items()}
    exceeded = frozenset(_ranges(order, final, known).exceeded)
    return Bounds(final, exceeded, frozenset(node for node, step in tried.items() if step))


@dataclass(frozen=True, slots=True)
class _Ranges:
    """What limits are good for.

    exceeded: the limited nodes that could be above their bound
    leaving:  the arithmetic that could overflow
    tainted:  that, and what is computed from it
    """

    exceeded: set[Node]
    leaving: list[Node]
    tainted: set[Node]


def _ranges(order: Sequence[Node], limits: Mapping[Node, float], known: dict[Node, Range]) -> _Ranges:
    """One walk over the nodes; `known` are ranges that limits make no difference to, which it adds to."""
    of, found = dict(known), _Ranges(set(), [], set())
    for node in order:
        if node in known:
            continue
        args = [of[child] for child in children(node)]
        own = _case(node, of) if isinstance(node, Case) else RANGES[type(node)](node, args)
        if _is_arithmetic(node) and _size(own) > LARGEST_RESULT:
            if all(_size(arg) < math.inf for arg in args) and own is not UNKNOWN:
                found.leaving.append(node)
                found.tainted.add(node)
            own = UNKNOWN
        if node in limits and _size(own) > limits[node]:
            found.exceeded.add(node)
            own = _both(own, (-limits[node], limits[node]))
        if any(child in found.tainted for child in children(node)):
            found.tainted.add(node)
        of[node] = own
        if isinstance(node, FIXED):
            known[node] = own
    return found


def _limited_below(found: _Ranges) -> set[Node]:
    """The nodes that have to be smaller for arithmetic not to overflow."""
    limited: set[Node] = set()
    pending, seen = list(found.leaving), set(found.leaving)
    while pending:
        for child in children(pending.pop()):
            if child in found.exceeded:
                limited.add(child)
            elif child not in seen:
                seen.add(child)
                pending.append(child)
    return limited


def _is_arithmetic(node: Node) -> bool:
    return isinstance(node, Linear | Reduce) or (isinstance(node, Apply) and node.op in ARITHMETIC)


def _size(of: Range) -> float:
    return max(-of[0], of[1])


def _both(one: Range, other: Range) -> Range:
    low, high = max(one[0], other[0]), min(one[1], other[1])
    return (low, high) if low <= high else other


def _hull(of: Iterable[Range]) -> Range:
    found = list(of)
    return min(low for low, _ in found), max(high for _, high in found)


# ── operations ─────────────────────────────────────────────────────────────────────────────────────────


def _total(*of: Range) -> Range:
    return sum(low for low, _ in of), sum(high for _, high in of)


def _multiply(one: Range, other: Range) -> Range:
    found = [a * b for a in one for b in other]
    return min(found), max(found)


def _divide(one: Range, other: Range) -> Range:
    if other[0] <= 0 <= other[1]:
        return UNKNOWN
    found = [a / b for a in one for b in other]
    return min(found), max(found)


def _exp(of: Range) -> Range:
    return 0.0, math.exp(of[1]) if of[1] < 709.0 else math.inf


def _log(of: Range) -> Range:
    low, high = of
    return (math.log(low) if low > 0 else -math.inf), (math.log(high) if high > 0 else 0.0)


def _absolute(of: Range) -> Range:
    return (0.0 if of[0] <= 0 <= of[1] else min(map(abs, of))), _size(of)


def _up_to_one(_: Range) -> Range:
    return -1.0, 1.0


# What is not here, such as a power, may be any number.
OPERATIONS: dict[str, Callable[..., Range]] = {
    "add": _total,
    "subtract": lambda a, b: (a[0] - b[1], a[1] - b[0]),
    "multiply": _multiply,
    "divide": _divide,
    "sum": _total,
    "exp": _exp,
    "expit": lambda _: (0.0, 1.0),
    "log": _log,
    "log1p": lambda of: _log((of[0] + 1.0, of[1] + 1.0)),
    "expm1": lambda of: (-1.0, _exp(of)[1]),
    "sqrt": lambda of: (0.0, math.sqrt(max(of[1], 0.0))),
    "absolute": _absolute,
    "floor": lambda of: (of[0] - 1.0, of[1]),
    "tanh": _up_to_one,
    "sin": _up_to_one,
    "cos": _up_to_one,
    # of missing ones another is taken, so that each may come out
    "minimum": lambda *of: _hull(of),
    "maximum": lambda *of: _hull(of),
    "coalesce": lambda *of: _hull(of),
}
ARITHMETIC = {"add", "subtract", "multiply", "divide", "sum"}


# ── nodes ──────────────────────────────────────────────────────────────────────────────────────────────


def _apply(node: Apply, of: Sequence[Range]) -> Range:
    if node.op not in OPERATIONS or (node.op in ARITHMETIC and any(_size(one) == math.inf for one in of)):
        return UNKNOWN
    return OPERATIONS[node.op](*of)


def _linear(node: Linear, of: Sequence[Range]) -> Range:
    """By sizes: no part of the sum is larger than all of them together."""
    size = sum((abs(c) * _size(one) for c, one in zip(node.coefficients, of, strict=True) if c), abs(node.intercept))
    return -size, size


def _of_values(values: Iterable[Value]) -> Range:
    numbers = [float(value) for value in values if isinstance(value, int | float)]
    return (min(numbers), max(numbers)) if numbers else (0.0, 0.0)


def _forest(node: Forest, _: Sequence[Range]) -> Range:
    """Of all outputs together."""
    largest = (
        max(max(map(abs, part.values)) for part in tree_nodes(tree.root) if isinstance(part, Leaf))
        for tree in node.trees
    )
    size = sum(largest, max(map(abs, node.start), default=0.0))
    return -size, size


def _reduce(node: Reduce, of: Sequence[Range]) -> Range:
    low, high = of[0]
    if node.op != "sum" or _size(of[0]) == math.inf:
        return low, high
    rows = next(len(part.of.rows) for part in walk([node]) if isinstance(part, Stored))
    return min(0.0, low * rows), max(0.0, high * rows)


RANGES: dict[type, Callable[..., Range]] = {
    # whole numbers are of 64 bits
    Input: lambda node, _: UNKNOWN if node.kind == "number" else (-(2.0**63), 2.0**63),
    Constant: lambda node, _: _of_values([node.value]),
    Apply: _apply,
    Linear: _linear,
    Lookup: lambda node, _: _of_values([node.otherwise, node.missing, *(value for _, value in node.entries)]),
    Forest: _forest,
    Part: lambda _, of: of[0],
    Named: lambda _, of: of[0],
    Stored: lambda node, _: _of_values(row[node.column] for row in node.of.rows),
    Reduce: _reduce,
}
# Those whose range no limit makes a difference to.
FIXED = (Constant, Lookup, Forest, Part, Stored)


# ── cases ──────────────────────────────────────────────────────────────────────────────────────────────


def _case(node: Case, of: Mapping[Node, Range]) -> Range:
    """The values of the branches that can be reached, each within what the conditions before it leave."""
    found: list[Range] = []
    left: dict[Node, Range] = {}
    for condition, value in node.branches:
        if _never(condition, of):
            continue
        found.append(of[value] if value not in left else _both(of[value], left[value]))
        for limited, within in _where_not(condition):
            left[limited] = _both(left.get(limited, UNKNOWN), within)
    last = node.otherwise
    found.append(of[last] if last not in left else _both(of[last], left[last]))
    return _hull(found)


def _compared(condition: Node) -> tuple[str, Node, float] | None:
    match condition:
        case Apply(
            op="less" | "less_equal" | "greater" | "greater_equal", args=(node, Constant(value=float() as limit))
        ):
            return condition.op, node, limit
        case Apply(op="any_beyond", args=(Constant(value=float() as limit), node)):
            return "beyond", node, limit
    return None


def _never(condition: Node, of: Mapping[Node, Range]) -> bool:
    compared = _compared(condition)
    if compared is None:
        return False
    op, node, limit = compared
    low, high = of[node]
    if op == "beyond":
        return max(-low, high) <= limit
    return high <= limit if op == "greater" else low >= limit if op == "less" else False


def _where_not(condition: Node) -> list[tuple[Node, Range]]:
    """What a node lies between where the condition does not hold."""
    compared = _compared(condition)
    if compared is None:
        return []
    op, node, limit = compared
    if op == "beyond":
        return [(node, (-limit, limit))]
    if op.startswith("less"):
        return [(node, (limit, math.inf))]
    own = [(node, (-math.inf, limit))]
    return own + [(arg, (-limit, limit)) for arg in children(node) if getattr(node, "op", "") == "absolute"]
