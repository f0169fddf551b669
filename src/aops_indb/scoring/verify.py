"""The rules a score graph obeys: one per node type, checked like types."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from aops_indb.errors import ModelError
from aops_indb.scoring.graph import (
    OPS,
    REDUCTIONS,
    Apply,
    Case,
    Constant,
    Forest,
    Graph,
    Input,
    Kind,
    Leaf,
    Linear,
    Lookup,
    Named,
    Node,
    Part,
    Reduce,
    Stored,
    children,
    kind_of_value,
    relations_of,
    tree_nodes,
    walk,
)  # fmt: skip


def kinds_of(roots: Iterable[Node], known: Mapping[Node, Kind] = MappingProxyType({})) -> dict[Node, Kind]:
    """The kind of every node; raises ModelError where a node's rule is broken. What is known is taken as it is."""
    kinds = dict(known)
    for node in walk(roots, known):
        kinds[node] = RULES[type(node)](node, [kinds[child] for child in children(node)])
    return kinds


def verify(graph: Graph) -> None:
    """Check every node of a graph against the rule of its type; raises ModelError naming node and rule.

    >>> from aops_indb.scoring.graph import number
    >>> verify(Graph(("x",), (("y", Apply("add", (Input("x", "text"), number(1.0)))),)))
    Traceback (most recent call last):
    aops_indb.errors.ModelError: score graph: 'add' takes 2 x number, got text, number
    """
    kinds = kinds_of(graph.roots)
    names = [name.lower() for name in graph.output_names]
    _require(bool(names), "a graph needs at least one output")
    _require(len(names) == len(set(names)), f"output names must differ: {', '.join(graph.output_names)}")
    _verify_pairs(graph)
    for guard in graph.guards:
        _require(kinds[guard.condition] == "boolean", f"guard {guard.reasons} must be a condition")


def _verify_pairs(graph: Graph) -> None:
    """A value per stored row is of one relation, and only a Reduce makes one per row of it."""
    relations = relations_of(graph.roots)
    for node, found in relations.items():
        _require(len(found) <= 1, f"stored rows of {', '.join(sorted(each.name for each in found))} meet in one value")
        if isinstance(node, Reduce):
            _require(bool(relations[node.of]), "a reduction needs a value per stored row")
        if isinstance(node, Forest):
            _require(not found, "a forest takes one value per row")
    _require(not any(relations[root] for root in graph.roots), "an output needs one value per row")


def _require(holds: bool, rule: str) -> None:
    if not holds:
        raise ModelError(f"score graph: {rule}")


def _one_kind(kinds: Sequence[Kind], where: str) -> Kind:
    known = {kind for kind in kinds if kind != "any"}
    _require(len(known) <= 1, f"{where} mixes {', '.join(sorted(known))}")
    return known.pop() if known else "any"


def _input_rule(node: Input, _: Sequence[Kind]) -> Kind:
    _require(bool(node.name), "an input needs a column name")
    _require(node.largest > 0, "an input's largest number is above 0")
    return node.kind


def _constant_rule(node: Constant, _: Sequence[Kind]) -> Kind:
    if node.value is not None:
        _require(kind_of_value(node.value) == node.kind, f"constant {node.value!r} is not of kind {node.kind}")
    if isinstance(node.value, float):
        _require(not math.isnan(node.value), "missing is None, not NaN")
    return node.kind


def _apply_rule(node: Apply, kinds: Sequence[Kind]) -> Kind:
    _require(node.op in OPS, f"unknown operation {node.op!r}")
    op = OPS[node.op]
    arity = "1 or more" if op.arity is None else str(op.arity)
    fits = len(kinds) == op.arity if op.arity is not None else len(kinds) > 0
    if op.takes not in ("same", "any"):
        fits = fits and all(kind == op.takes for kind in kinds)
    _require(fits, f"'{node.op}' takes {arity} x {op.takes}, got {', '.join(kinds)}")
    shared = _one_kind(kinds, f"'{node.op}'") if op.takes == "same" else op.gives
    return shared if op.gives == "same" else op.gives  # type: ignore[return-value]


def _linear_rule(node: Linear, kinds: Sequence[Kind]) -> Kind:
    _require(len(node.terms) == len(node.coefficients), "a linear node needs a coefficient per term")
    _require(all(kind == "number" for kind in kinds), f"a linear node takes numbers, got {', '.join(kinds)}")
    return "number"


def _case_rule(node: Case, kinds: Sequence[Kind]) -> Kind:
    conditions, values = kinds[:-1:2], [*kinds[1::2], kinds[-1]]
    _require(bool(node.branches), "a case needs a branch")
    _require(all(kind == "boolean" for kind in conditions), "a case's conditions must be boolean")
    return _one_kind(values, "a case")


def _lookup_rule(node: Lookup, kinds: Sequence[Kind]) -> Kind:
    keys = [kind_of_value(key) for key, _ in node.entries]
    values = [kind_of_value(value) for _, value in node.entries]
    _require("any" not in keys, "a lookup says what missing gives in `missing`, not in an entry")
    _require(
        _one_kind(keys, "a lookup's categories") in (kinds[0], "any"),
        f"a lookup's categories are not {kinds[0]}",
    )
    values += [kind_of_value(node.otherwise), kind_of_value(node.missing)]
    _require(_one_kind(values, "a lookup") in (node.kind, "any"), f"a lookup's values are not {node.kind}")
    _require(len({key for key, _ in node.entries}) == len(node.entries), "a lookup's categories must differ")
    return node.kind


def _forest_rule(node: Forest, kinds: Sequence[Kind]) -> Kind:
    _require(all(kind == "number" for kind in kinds), f"a forest takes numbers, got {', '.join(kinds)}")
    for tree in node.trees:
        for part in tree_nodes(tree.root):
            if isinstance(part, Leaf):
                _require(len(part.values) == len(tree.outputs), "a leaf needs a value per output of its tree")
                _require(all(map(math.isfinite, part.values)), "a leaf's values must be finite")
            else:
                _require(0 <= part.input < len(node.inputs), f"a split asks for input {part.input}")
        _require(all(0 <= k < len(node.start) for k in tree.outputs), "a tree feeds an output its forest lacks")
    return "any"


def _part_rule(node: Part, _: Sequence[Kind]) -> Kind:
    _require(0 <= node.index < len(node.of.start), f"a forest has no output {node.index}")
    return "number"


def _named_rule(node: Named, kinds: Sequence[Kind]) -> Kind:
    _require(bool(node.name), "a named node needs a name")
    return kinds[0]


def _stored_rule(node: Stored, _: Sequence[Kind]) -> Kind:
    relation = node.of
    _require(0 <= node.column < len(relation.columns), f"relation {relation.name} has no column {node.column}")
    _require(bool(relation.rows), f"relation {relation.name} has no rows")
    _require(
        len(set(relation.columns)) == len(relation.columns) == len(relation.rows[0]),
        f"relation {relation.name} needs a name for each of its columns",
    )
    return "number"


def _reduce_rule(node: Reduce, kinds: Sequence[Kind]) -> Kind:
    _require(node.op in REDUCTIONS, f"unknown reduction {node.op!r}")
    _require(kinds[0] == "number", f"a reduction takes numbers, got {kinds[0]}")
    _require(node.rank >= 1 and (node.rank == 1 or node.op == "smallest"), "only 'smallest' has a rank, from 1")
    return "number"


RULES: dict[type, Callable[..., Kind]] = {
    Input: _input_rule,
    Constant: _constant_rule,
    Apply: _apply_rule,
    Linear: _linear_rule,
    Case: _case_rule,
    Lookup: _lookup_rule,
    Forest: _forest_rule,
    Part: _part_rule,
    Named: _named_rule,
    Stored: _stored_rule,
    Reduce: _reduce_rule,
}
