"""Weighted sums over the columns that a category was encoded as: one look-up of the category's own sum.

So a linear model of a one-hot encoder asks once for a category, where each of its columns would ask again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from aops_indb.scoring.graph import Input, Lookup, Named, Node, Value

Term: TypeAlias = tuple[Node, float]


def merged(terms: Sequence[Term]) -> list[Term]:
    """The terms, with those that look one node up in one term, where the first of them is."""
    of_node: dict[Node, list[tuple[int, Lookup, float]]] = {}
    for position, (node, factor) in enumerate(terms):
        lookup = _lookup(node)
        if lookup is not None and lookup.kind == "number":
            of_node.setdefault(lookup.of, []).append((position, lookup, factor))
    result: list[Term | None] = list(terms)
    for of, found in of_node.items():
        if len(found) > 1:
            first = found[0][0]
            for position, _, _ in found:
                result[position] = None
            result[first] = (
                _named_as(terms[first][0], of, _sum([(lookup, factor) for _, lookup, factor in found])),
                1.0,
            )
    return [term for term in result if term is not None]


def _lookup(node: Node) -> Lookup | None:
    while isinstance(node, Named):
        node = node.of
    return node if isinstance(node, Lookup) else None


def _named_as(node: Node, of: Node, lookup: Lookup) -> Node:
    """In the step of one of the columns, by the name of what they encode."""
    name = of.name if isinstance(of, Input | Named) else None
    return Named(node.step, name, lookup) if isinstance(node, Named) and name else lookup


def _sum(lookups: Sequence[tuple[Lookup, float]]) -> Lookup:
    tables = [(lookup.otherwise, _entries(lookup), factor) for lookup, factor in lookups]
    categories = dict.fromkeys(category for _, entries, _ in tables for category in entries)

    def of(category: Value) -> float | None:
        return _total((entries.get(category, otherwise), factor) for otherwise, entries, factor in tables)

    return Lookup(
        lookups[0][0].of,
        tuple((category, of(category)) for category in categories),
        otherwise=_total((otherwise, factor) for otherwise, _, factor in tables),
        missing=_total((lookup.missing, factor) for lookup, factor in lookups),
    )


def _entries(lookup: Lookup) -> dict[Value, Value]:
    """The first entry of each category, which is the one that counts."""
    return dict(reversed(lookup.entries))


def _total(parts: Iterable[tuple[Value, float]]) -> float | None:
    """Missing if one of them is."""
    total = 0.0
    for value, factor in parts:
        if value is None:
            return None
        total += float(value) * factor
    return total
