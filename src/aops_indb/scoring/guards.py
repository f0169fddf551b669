"""From what the library refuses, the few conditions that find such rows.

A feature that cannot be missing or infinite needs no check; and where infinity would reach a later check unchanged
(through imputing or scaling), the earlier check is left out. The same facts tell whether scores can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from aops_indb.scoring.graph import (
    Apply,
    Case,
    Constant,
    Forest,
    Guard,
    Input,
    Linear,
    Lookup,
    Named,
    Node,
    Part,
    Reduce,
    Stored,
    apply,
    children,
    number,
    walk,
)

LARGEST_DOUBLE = 1.7976931348623157e308

# The largest double that rounds to a finite float32: the library rejects what is larger, as infinite.
LARGEST_ROUNDING_TO_FLOAT32 = math.nextafter(2.0**128 - 2.0**103, 0.0)

NEVER_MISSING = {"is_missing", "any_missing", "any_beyond"}
# of a number below 0 there is none
BLANK_FOR_SOME = {"log", "log1p", "sqrt"}
CONDITIONS = {"equal", "less", "less_equal", "greater", "greater_equal", "or", "and", "not"}
NEVER_INFINITE = {"expit", "tanh", "sin", "cos"} | CONDITIONS | NEVER_MISSING
ANY_OF_ARGS = {"minimum", "maximum", "coalesce"}


def guards(
    missing: Mapping[Node, str],
    infinite: Mapping[Node, str],
    too_large: Mapping[Node, str],
    others: Sequence[Guard],
) -> tuple[Guard, ...]:
    """The guards for nodes that must not be missing, infinite, or beyond single precision; then the others."""
    roots = [*missing, *infinite, *too_large]
    can_be_missing = _fold(roots, MISSING_RULES)
    can_be_infinite = _fold(roots, INFINITE_RULES)
    absent = {node: reason for node, reason in missing.items() if can_be_missing[node]}
    large = {node: reason for node, reason in too_large.items() if can_be_infinite[node]}
    covered = _sources_of_infinity([*infinite, *large])
    endless = {n: r for n, r in infinite.items() if can_be_infinite[n] and n not in covered and n not in large}
    found = []
    if absent:
        found.append(Guard(apply("any_missing", *absent), tuple(absent.values())))
    for nodes, limit in ((endless, LARGEST_DOUBLE), (large, LARGEST_ROUNDING_TO_FLOAT32)):
        if nodes:
            found.append(Guard(apply("any_beyond", number(limit), *nodes), tuple(nodes.values())))
    return (*found, *others)


def _fold(roots: Iterable[Node], rules: Mapping[type, Callable[..., bool]]) -> dict[Node, bool]:
    facts: dict[Node, bool] = {}
    for node in walk(roots):
        facts[node] = rules[type(node)](node, [facts[child] for child in children(node)])
    return facts


def can_lack_a_value(roots: Sequence[Node]) -> bool:
    """Whether one of the nodes can be missing, or NaN because infinities meet, of which some engines make NULL."""
    infinite = _fold(roots, INFINITE_RULES)
    facts: dict[Node, bool] = {}
    for node in walk(roots):
        missing = MISSING_RULES[type(node)](node, [facts[child] for child in children(node)])
        facts[node] = missing or _can_be_undefined(node, [infinite[child] for child in children(node)])
    return any(facts[node] for node in roots)


def _can_be_undefined(node: Node, infinite: Sequence[bool]) -> bool:
    """Whether infinity less infinity, infinity times 0, or 0 over 0 can come of the node's arguments."""
    match node:
        case Apply(op="multiply" | "divide", args=(_, Constant(value=float() as factor))):
            return factor == 0 or math.isinf(factor)
        case Apply(op="divide"):
            return True
        case Apply(op="multiply" | "power" | "sin" | "cos") | Reduce():
            return any(infinite)
        case Apply(op="add" | "subtract" | "sum"):
            return sum(infinite) > 1
        case Linear(coefficients=coefficients):
            return sum(infinite) > 1 or (any(infinite) and 0.0 in coefficients)
    return False


def _values(_: Case, facts: Sequence[bool]) -> bool:
    return any(facts[1::2]) or facts[-1]


def _apply_missing(node: Apply, facts: Sequence[bool]) -> bool:
    if node.op in NEVER_MISSING:
        return False
    if node.op in BLANK_FOR_SOME:
        return True
    return all(facts) if node.op in ANY_OF_ARGS else any(facts)


def _apply_infinite(node: Apply, facts: Sequence[bool]) -> bool:
    if node.op in NEVER_INFINITE:
        return False
    return any(facts) if node.op in ANY_OF_ARGS else True


def _lookup_missing(node: Lookup, facts: Sequence[bool]) -> bool:
    return None in (node.otherwise, *(value for _, value in node.entries)) or (node.missing is None and facts[0])


def _stored_missing(node: Stored, _: Sequence[bool]) -> bool:
    return any(row[node.column] is None for row in node.of.rows)


MISSING_RULES: dict[type, Callable[..., bool]] = {
    Input: lambda *_: True,
    Constant: lambda node, _: node.value is None,
    Apply: _apply_missing,
    Linear: lambda _, facts: any(facts),
    Case: _values,
    Lookup: _lookup_missing,
    Forest: lambda *_: False,
    Part: lambda *_: False,
    Named: lambda _, facts: facts[0],
    Stored: _stored_missing,
    Reduce: lambda _, facts: facts[0],
}

INFINITE_RULES: dict[type, Callable[..., bool]] = {
    Input: lambda node, _: node.kind == "number",
    Constant: lambda node, _: isinstance(node.value, float) and math.isinf(node.value),
    Apply: _apply_infinite,
    Linear: lambda node, _: bool(node.terms),
    Case: _values,
    Lookup: lambda *_: False,
    Forest: lambda *_: False,
    Part: lambda *_: False,
    Named: lambda _, facts: facts[0],
    Stored: lambda *_: False,
    Reduce: lambda *_: True,
}


def _sources_of_infinity(checked: Iterable[Node]) -> set[Node]:
    """Nodes below the checked ones whose infinity always shows in a checked one."""
    found: set[Node] = set()
    pending = [source for node in checked for source in _passes_on(node)]
    while pending:
        node = pending.pop()
        if node not in found:
            found.add(node)
            pending.extend(_passes_on(node))
    return found


def _passes_on(node: Node) -> Sequence[Node]:
    match node:
        case Named(of=of):
            return (of,)
        case Apply(op="coalesce" | "add" | "subtract", args=(first, Constant())):
            return (first,)
        case Apply(op="multiply" | "divide", args=(first, Constant(value=float() as factor))) if factor != 0:
            return (first,)
        case Linear(terms=(term,), coefficients=(factor,)) if factor != 0:
            return (term,)
    return ()
