"""How near to 0 the values of a graph's nodes come without being 0."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

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

SMALLEST_DOUBLE = 2.0**-1074
_SMALLEST_NORMAL = 2.0**-1022
# Both numbers of a sum are multiples of this part of the smaller one, and so is the sum, if it is rounded as well.
_LAST_DIGIT = 2.0**-53
# Between a number and its neighbours there is more than this part of it.
_NEXT = 2.0**-54


def smallest_sizes(roots: Iterable[Node]) -> dict[Node, float]:
    """Of every node a size that none of its values but 0 is below; infinite where all are 0 or missing.

    >>> x = Input("x", "number")
    >>> centred = Apply("subtract", (x, Constant(4.0, "number")))
    >>> found = smallest_sizes([centred])
    >>> found[x], found[centred] == 4.0 * 2.0**-54
    (5e-324, True)
    """
    found: dict[Node, float] = {}
    for node in walk(roots):
        size = RULES[type(node)](node, [found[child] for child in children(node)])
        found[node] = max(size, SMALLEST_DOUBLE)
    return found


def _of_values(values: Iterable[Value]) -> float:
    return min((abs(float(v)) for v in values if isinstance(v, int | float) and v), default=math.inf)


def _total(_: Node, sizes: Sequence[float]) -> float:
    known = [size for size in sizes if size < math.inf]
    return min(known, default=math.inf) if len(known) < 2 else min(known) * _LAST_DIGIT


def _pair(node: Apply, sizes: Sequence[float]) -> float:
    """Of a sum or a difference: what a constant is taken from is it, or at least as far from it as its neighbour."""
    fixed = [size for arg, size in zip(node.args, sizes, strict=True) if _is_never_zero(arg)]
    return max([_total(node, sizes), *(size * _NEXT for size in fixed)])


def _is_never_zero(node: Node) -> bool:
    match node:
        case Constant(value=bool() | int() | float() as value):
            return bool(value)
        case Stored(of=relation, column=column):
            return all(row[column] for row in relation.rows)
    return False


def _quotient(node: Apply, sizes: Sequence[float]) -> float:
    divisor = node.args[1]
    if isinstance(divisor, Constant) and isinstance(divisor.value, int | float) and divisor.value:
        return sizes[0] / abs(divisor.value)
    return SMALLEST_DOUBLE


def _half_up_to_one(_: Node, sizes: Sequence[float]) -> float:
    return min(sizes[0], 1.0) / 2


def _smallest(_: Node, sizes: Sequence[float]) -> float:
    return min(sizes)


# What is not here, such as a power, may be as small as a double is.
OPERATIONS: dict[str, Callable[[Apply, Sequence[float]], float]] = {
    "add": _pair,
    "subtract": _pair,
    "sum": _total,
    "multiply": lambda _, sizes: sizes[0] * sizes[1] if math.inf not in sizes else math.inf,
    "divide": _quotient,
    # those of less than -708 are 0
    "exp": lambda *_: _SMALLEST_NORMAL,
    "expit": lambda *_: _SMALLEST_NORMAL,
    "log": lambda *_: _NEXT,
    "log1p": _half_up_to_one,
    "expm1": _half_up_to_one,
    "tanh": _half_up_to_one,
    "sqrt": lambda _, sizes: math.sqrt(sizes[0]) / 2,
    "absolute": _smallest,
    "floor": lambda *_: 1.0,
    "minimum": _smallest,
    "maximum": _smallest,
    "coalesce": _smallest,
}


def _apply(node: Apply, sizes: Sequence[float]) -> float:
    return OPERATIONS[node.op](node, sizes) if node.op in OPERATIONS else SMALLEST_DOUBLE


def _linear(node: Linear, sizes: Sequence[float]) -> float:
    terms = [abs(c) * size for c, size in zip(node.coefficients, sizes, strict=True) if c and size < math.inf]
    return _total(node, [*terms, _of_values([node.intercept])])


def _case(_: Case, sizes: Sequence[float]) -> float:
    return min(*sizes[1::2], sizes[-1])


def _forest(node: Forest, _: Sequence[float]) -> float:
    leaves = (part.values for tree in node.trees for part in tree_nodes(tree.root) if isinstance(part, Leaf))
    return min(_of_values(value for values in leaves for value in values), _of_values(node.start)) * _LAST_DIGIT


def _reduce(node: Reduce, sizes: Sequence[float]) -> float:
    return sizes[0] * _LAST_DIGIT if node.op == "sum" else sizes[0]


RULES: dict[type, Callable[..., float]] = {
    Input: lambda node, _: SMALLEST_DOUBLE if node.kind in ("number", "any") else 1.0,
    Constant: lambda node, _: _of_values([node.value]),
    Apply: _apply,
    Linear: _linear,
    Case: _case,
    Lookup: lambda node, _: _of_values([node.otherwise, node.missing, *(value for _, value in node.entries)]),
    Forest: _forest,
    Part: lambda _, sizes: sizes[0],
    Named: lambda _, sizes: sizes[0],
    Stored: lambda node, _: _of_values(row[node.column] for row in node.of.rows),
    Reduce: _reduce,
}
