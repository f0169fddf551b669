"""The score graph: what a fitted model computes for one row, free of any library and of any SQL dialect.

A graph is a set of frozen nodes that refer to each other; a node used in two places is computed once. Every node
gives one value per row, except `Forest`, which gives several that `Part` picks from.

    Input      a column of the source, read as one kind
    Constant   a value
    Apply      an operation out of OPS on other nodes
    Linear     intercept + sum of coefficient * term
    Case       the value of the first branch whose condition is true
    Lookup     a value per category, one for others, one for missing
    Forest     decision trees, summed per output; Part is one of its outputs
    Named      another node under the name of the step and feature it stands for: a column of its own in the SQL

**Missing.** NULL and NaN in the warehouse are one and the same: missing, as a library sees NaN. Inside a graph missing
is NULL, and an operation on missing gives missing. A comparison with missing is not true, so it falls to the else
branch of a Case; every node that could meet missing says what becomes of it.

**Guards.** Where the library would raise on a row (missing or infinite where it takes none, an unknown category it
refuses), a guard's condition is true, and all outputs of that row are NULL: never a silently wrong score.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from aops_indb.errors import ModelError

Kind: TypeAlias = Literal["number", "integer", "text", "boolean", "any"]
Value: TypeAlias = bool | int | float | str | None


# ── nodes ──────────────────────────────────────────────────────────────────────────────────────────────
# eq=False: two nodes are the same only if they are one object; that is what "computed once" goes by.


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """A column of the source. Read as "number" it is cast to double and NaN becomes missing; "any" is left as is."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A value; None is missing."""

    value: Value
    kind: Kind


@dataclass(frozen=True, slots=True, eq=False)
class Apply:
    """An operation out of OPS."""

    op: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """intercept + sum of coefficient * term."""

    terms: tuple[Node, ...]
    coefficients: tuple[float, ...]
    intercept: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """The value of the first branch (condition, value) whose condition is true; `otherwise` if none is."""

    branches: tuple[tuple[Node, Node], ...]
    otherwise: Node


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """The value of the entry (category, value) equal to `of`; `otherwise` for other categories, `missing` for NULL."""

    of: Node
    entries: tuple[tuple[Value, Value], ...]
    otherwise: Value
    missing: Value
    kind: Kind = "number"


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """What a tree adds to the outputs it feeds, in their order."""

    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Left if input <= threshold, in double precision; missing goes left if `missing_left`."""

    input: int
    threshold: float
    missing_left: bool
    left: TreeNode
    right: TreeNode


@dataclass(frozen=True, slots=True, eq=False)
class CategorySplit:
    """Left if the input, a category's code, is one of `codes`; missing goes left if `missing_left`."""

    input: int
    codes: tuple[int, ...]
    missing_left: bool
    left: TreeNode
    right: TreeNode


TreeNode: TypeAlias = Leaf | Split | CategorySplit


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """A decision tree whose leaves add to the given outputs of its forest."""

    root: TreeNode
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """`start` plus what each tree adds, tree after tree: the order decides the last bit, and with it ties."""

    step: str
    inputs: tuple[Node, ...]
    trees: tuple[Tree, ...]
    start: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One output of a forest."""

    of: Forest
    index: int


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """`of`, as feature `name` of step `step`."""

    step: str
    name: str
    of: Node


Node: TypeAlias = Input | Constant | Apply | Linear | Case | Lookup | Forest | Part | Named


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition under which the library refuses the row, and in words why."""

    condition: Node
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """A whole model: named outputs in order, guards, and what a reader of the SQL should know.

    inputs: the columns of the source the model was made for, in its order
    """

    inputs: tuple[str, ...]
    outputs: tuple[tuple[str, Node], ...]
    guards: tuple[Guard, ...] = ()
    description: tuple[str, ...] = ()

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs, in order."""
        return tuple(name for name, _ in self.outputs)

    @property
    def roots(self) -> tuple[Node, ...]:
        """The nodes everything else is reached from."""
        return tuple(node for _, node in self.outputs) + tuple(guard.condition for guard in self.guards)


# ── operations ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Signature:
    """takes: kind of every argument, or "same" for any one kind; arity: how many, None for one or more; gives: kind."""

    takes: Kind | Literal["same"]
    arity: int | None
    gives: Kind | Literal["same"]


OPS: dict[str, Signature] = {
    "add": Signature("number", 2, "number"),
    "subtract": Signature("number", 2, "number"),
    "multiply": Signature("number", 2, "number"),
    "divide": Signature("number", 2, "number"),
    "sum": Signature("number", None, "number"),
    "exp": Signature("number", 1, "number"),
    "expit": Signature("number", 1, "number"),
    "minimum": Signature("number", None, "number"),  # of those that are not missing
    "maximum": Signature("number", None, "number"),
    "coalesce": Signature("same", None, "same"),
    "equal": Signature("same", 2, "boolean"),
    "less": Signature("number", 2, "boolean"),
    "less_equal": Signature("number", 2, "boolean"),
    "greater": Signature("number", 2, "boolean"),
    "greater_equal": Signature("number", 2, "boolean"),
    "is_missing": Signature("any", 1, "boolean"),
    "any_missing": Signature("any", None, "boolean"),
    "any_beyond": Signature("number", None, "boolean"),  # any of args[1:] larger in size than args[0]
    "or": Signature("boolean", None, "boolean"),
}


# ── shorthands translators use ─────────────────────────────────────────────────────────────────────────


def apply(op: str, *args: Node) -> Apply:
    """An operation on nodes."""
    return Apply(op, args)


def number(value: float) -> Constant:
    """A constant number; NaN is missing."""
    return Constant(None if math.isnan(value) else float(value), "number")


def same_value(value: Value) -> Constant:
    """A constant of the kind its Python type has."""
    return Constant(value, kind_of_value(value))


def kind_of_value(value: Value) -> Kind:
    """The kind of a Python value."""
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "text"
        case None:
            return "any"


# ── walking ────────────────────────────────────────────────────────────────────────────────────────────

CHILDREN: dict[type, Callable[..., Sequence[Node]]] = {
    Input: lambda node: (),
    Constant: lambda node: (),
    Apply: lambda node: node.args,
    Linear: lambda node: node.terms,
    Case: lambda node: (*(part for branch in node.branches for part in branch), node.otherwise),
    Lookup: lambda node: (node.of,),
    Forest: lambda node: node.inputs,
    Part: lambda node: (node.of,),
    Named: lambda node: (node.of,),
}


def children(node: Node) -> Sequence[Node]:
    """The nodes a node is computed from."""
    return CHILDREN[type(node)](node)


def walk(roots: Iterable[Node], known: Iterable[Node] = ()) -> Iterator[Node]:
    """Every node once, each after those it is computed from; not those known, nor what only they need."""
    seen: set[Node] = set(known)
    pending: list[tuple[Node, bool]] = [(root, False) for root in reversed(list(roots))]
    while pending:
        node, expanded = pending.pop()
        if expanded:
            yield node
        elif node not in seen:
            seen.add(node)
            pending.append((node, True))
            pending.extend((child, False) for child in reversed(children(node)))


# ── kinds, and the rules a graph obeys ─────────────────────────────────────────────────────────────────


def kinds_of(roots: Iterable[Node], known: Mapping[Node, Kind] = MappingProxyType({})) -> dict[Node, Kind]:
    """The kind of every node; raises ModelError where a node's rule is broken. What is known is taken as it is."""
    kinds = dict(known)
    for node in walk(roots, known):
        kinds[node] = RULES[type(node)](node, [kinds[child] for child in children(node)])
    return kinds


def verify(graph: Graph) -> None:
    """Check every node of a graph against the rule of its type; raises ModelError naming node and rule.

    >>> verify(Graph(("x",), (("y", Apply("add", (Input("x", "text"), number(1.0)))),)))
    Traceback (most recent call last):
    aops_indb.errors.ModelError: score graph: 'add' takes 2 x number, got text, number
    """
    kinds = kinds_of(graph.roots)
    names = [name.lower() for name in graph.output_names]
    _require(bool(names), "a graph needs at least one output")
    _require(len(names) == len(set(names)), f"output names must differ: {', '.join(graph.output_names)}")
    for guard in graph.guards:
        _require(kinds[guard.condition] == "boolean", f"guard {guard.reasons} must be a condition")


def _require(holds: bool, rule: str) -> None:
    if not holds:
        raise ModelError(f"score graph: {rule}")


def _one_kind(kinds: Sequence[Kind], where: str) -> Kind:
    known = {kind for kind in kinds if kind != "any"}
    _require(len(known) <= 1, f"{where} mixes {', '.join(sorted(known))}")
    return known.pop() if known else "any"


def _input_rule(node: Input, _: Sequence[Kind]) -> Kind:
    _require(bool(node.name), "an input needs a column name")
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
}


def tree_nodes(root: TreeNode) -> Iterator[TreeNode]:
    """Every node of a tree."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, Leaf):
            pending.extend((node.right, node.left))
