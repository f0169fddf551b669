"""From what the library refuses, the few conditions that find such rows.

A feature that cannot be missing or too large needs no check; and where infinity would reach a later check unchanged
(through imputing), the earlier check is left out. The same facts tell whether scores can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

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
    replaced,
    walk,
)
from aops_indb.scoring.ranges import LARGEST_DOUBLE, Bounds, bounds

# The largest double that rounds to a finite float32: the library rejects what is larger, as infinite.
LARGEST_ROUNDING_TO_FLOAT32 = math.nextafter(2.0**128 - 2.0**103, 0.0)

NEVER_MISSING = {"is_missing", "any_missing", "any_beyond"}
# of a number below 0 there is none
BLANK_FOR_SOME = {"log", "log1p", "sqrt"}
CONDITIONS = {"equal", "less", "less_equal", "greater", "greater_equal", "or", "and", "not"}
NEVER_INFINITE = {"expit", "tanh", "sin", "cos"} | CONDITIONS | NEVER_MISSING
ANY_OF_ARGS = {"minimum", "maximum", "coalesce"}


@dataclass(frozen=True, slots=True)
class Limit:
    """How large in size a feature may be, by its name and the step that asks for it."""

    feature: str
    where: str
    largest: float = LARGEST_DOUBLE

    def reason(self, bound: float) -> str:
        """In words, why a row with a larger feature is refused."""
        words = {
            LARGEST_DOUBLE: "is infinite",
            LARGEST_ROUNDING_TO_FLOAT32: "is infinite or too large for single precision",
        }
        said = words.get(bound, f"is beyond {bound:.0e} in size".replace("e+", "e"))
        return f"'{self.feature}' {said} ({self.where})"


@dataclass(frozen=True, slots=True)
class Guarded:
    """The outputs of a graph, and the guards of it."""

    outputs: tuple[tuple[str, Node], ...]
    guards: tuple[Guard, ...]


def guarded(
    outputs: Sequence[tuple[str, Node]],
    missing: Mapping[Node, str],
    limits: Mapping[Node, Limit],
    others: Sequence[Guard],
) -> Guarded:
    """The outputs with guards for nodes that must not be missing, or larger than their limit; then the others.

    Limits are lowered to where no arithmetic leaves the range of a double. Columns are then read within them, so that
    engines that raise where it does are not asked for it.
    """
    roots = [*(node for _, node in outputs), *(guard.condition for guard in others), *missing, *limits]
    found = bounds(roots, {node: limit.largest for node, limit in limits.items()})
    checked = _checked(limits, found)
    refusing = {*missing, *_below(missing, _loses)}
    within = _within(roots, checked, found, refusing)
    now = replaced(roots, {node: by for each in within.values() for node, by in each.items()})
    # what is too large is then missing: where that is refused, it needs no check of its own
    told = [node for node, each in within.items() if each.keys() <= refusing]
    reasons = {node: limits[node].reason(found.of[node]) for node in checked}
    guards = _of_missing(missing, now, [reasons[node] for node in told])
    for bound, nodes in _by_bound(checked, found, told).items():
        # those that are read within their bounds are compared as they are in the source
        values = [node if node in within else now[node] for node in nodes]
        guards.append(Guard(apply("any_beyond", number(bound), *values), tuple(reasons[node] for node in nodes)))
    guards += [Guard(now[guard.condition], guard.reasons) for guard in others]
    return Guarded(tuple((name, now[node]) for name, node in outputs), tuple(guards))


def _checked(limits: Iterable[Node], found: Bounds) -> list[Node]:
    """The limited nodes to compare with their bounds: not those whose infinity is seen at another one."""
    covered = _below(found.exceeded, _passes_on)
    seen = {node for node in covered if found.of.get(node) == LARGEST_DOUBLE}
    return [node for node in limits if node in found.exceeded and node not in seen]


def _within(
    roots: Sequence[Node], checked: Iterable[Node], found: Bounds, refusing: Container[Node]
) -> dict[Node, dict[Node, Node]]:
    """Per column that is to be kept within its bound, the nodes to put in the place of others; beyond they are missing.

    refusing: nodes that are refused where they are missing
    """
    used: dict[Node, list[Node]] = {}
    for node in walk(roots):
        for child in children(node):
            used.setdefault(child, []).append(node)
    kept: dict[Node, dict[Node, Node]] = {}
    for node in checked:
        if not isinstance(node, Input) or not (node in refusing or node in found.lowered):
            continue
        bound = found.of[node]
        kept[node] = {node: replace(node, largest=bound)}
        users = used.get(node, [])
        if users and node not in refusing and all(_fills(user, node) for user in users):
            kept[node] = {user: _filled_within(node, children(user)[1], bound) for user in users}
    return kept


def _fills(user: Node, node: Node) -> bool:
    return isinstance(user, Apply) and user.op == "coalesce" and user.args[0] is node


def _filled_within(node: Node, fill: Node, bound: float) -> Node:
    """Filled where it is missing, and missing beyond the bound: so that it need not be read twice."""
    inside = apply("less_equal", apply("absolute", node), number(bound))
    return Case(((apply("is_missing", node), fill), (inside, node)), Constant(None, "number"))


def _of_missing(missing: Mapping[Node, str], now: Mapping[Node, Node], too_large: Iterable[str]) -> list[Guard]:
    before = _fold(missing, MISSING_RULES)
    after = _fold([now[node] for node in missing], MISSING_RULES)
    absent = [now[node] for node in missing if after[now[node]]]
    reasons = (*(reason for node, reason in missing.items() if before[node]), *too_large)
    return [Guard(apply("any_missing", *absent), reasons)] if absent else []


def _by_bound(nodes: Iterable[Node], found: Bounds, without: Sequence[Node]) -> dict[float, list[Node]]:
    groups: dict[float, list[Node]] = {}
    for node in nodes:
        if node not in without:
            groups.setdefault(found.of[node], []).append(node)
    return groups


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


def _below(nodes: Iterable[Node], shows: Callable[[Node], Sequence[Node]]) -> set[Node]:
    """Nodes below the given ones of which something always shows in one of these."""
    found: set[Node] = set()
    pending = [source for node in nodes for source in shows(node)]
    while pending:
        node = pending.pop()
        if node not in found:
            found.add(node)
            pending.extend(shows(node))
    return found


def _loses(node: Node) -> Sequence[Node]:
    """What a node is missing without."""
    match node:
        case Named() | Linear():
            return children(node)
        case Apply(op=op) if op not in CONDITIONS | NEVER_MISSING | ANY_OF_ARGS:
            return children(node)
    return ()


def _passes_on(node: Node) -> Sequence[Node]:
    """What a node is infinite with."""
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
