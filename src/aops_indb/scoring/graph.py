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
    Stored     a column of a `Relation`, constants in rows that a model has stored
    Reduce     of a value per stored row, such as a distance from the row to it, the sum or another of REDUCTIONS

**Pairs.** Stored, and what is computed from it, has a value for each pair of a row and a stored row, until a Reduce
makes one value per row of it.

**Missing.** NULL and NaN in the warehouse are one and the same: missing, as a library sees NaN. Inside a graph missing
is NULL, and an operation on missing gives missing. A comparison with missing is not true, so it falls to the else
branch of a Case; every node that could meet missing says what becomes of it.

**Guards.** Where the library would raise on a row (missing or infinite where it takes none, an unknown category it
refuses), a guard's condition is true, and all outputs of that row are NULL: never a silently wrong score.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["number", "integer", "text", "boolean", "any"]
Value: TypeAlias = bool | int | float | str | None


# ── nodes ──────────────────────────────────────────────────────────────────────────────────────────────
# eq=False: two nodes are the same only if they are one object; that is what "computed once" goes by.


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """A column of the source. Read as "number" it is cast to double and NaN becomes missing; "any" is left as is.

    largest: a number larger in size becomes missing, too
    """

    name: str
    kind: Kind
    largest: float = math.inf


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
    """`start` plus what each tree adds, tree after tree: the order decides the last bit, and with it ties.

    single: the sum is in single precision, and rounded to it after each tree
    """

    step: str
    inputs: tuple[Node, ...]
    trees: tuple[Tree, ...]
    start: tuple[float, ...]
    single: bool = False


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


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """Constants a model has stored, such as its support vectors, in rows and in their order; None is missing."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """A column of a relation, by its number."""

    of: Relation
    column: int


@dataclass(frozen=True, slots=True, eq=False)
class Reduce:
    """A reduction out of REDUCTIONS of a value per stored row; missing values are left out.

    rank: of "smallest", which: 1 for the smallest; the largest if there are not as many
    """

    op: str
    of: Node
    rank: int = 1


REDUCTIONS = ("sum", "minimum", "maximum", "smallest")

Node: TypeAlias = Input | Constant | Apply | Linear | Case | Lookup | Forest | Part | Named | Stored | Reduce


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
    "log": Signature("number", 1, "number"),  # of 0 -infinity, of less missing
    "log1p": Signature("number", 1, "number"),  # log(1 + x), also where x is tiny
    "expm1": Signature("number", 1, "number"),  # exp(x) - 1, also where x is tiny
    "sqrt": Signature("number", 1, "number"),  # of less than 0 missing
    "power": Signature("number", 2, "number"),  # of a number above 0
    "absolute": Signature("number", 1, "number"),
    "floor": Signature("number", 1, "number"),
    "single": Signature("number", 1, "number"),  # rounded to single precision, in whose range it has to be
    "tanh": Signature("number", 1, "number"),
    "sin": Signature("number", 1, "number"),
    "cos": Signature("number", 1, "number"),
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
    "and": Signature("boolean", None, "boolean"),
    "not": Signature("boolean", 1, "boolean"),
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
    Input: lambda _: (),
    Constant: lambda _: (),
    Apply: lambda node: node.args,
    Linear: lambda node: node.terms,
    Case: lambda node: (*(part for branch in node.branches for part in branch), node.otherwise),
    Lookup: lambda node: (node.of,),
    Forest: lambda node: node.inputs,
    Part: lambda node: (node.of,),
    Named: lambda node: (node.of,),
    Stored: lambda _: (),
    Reduce: lambda node: (node.of,),
}


def children(node: Node) -> Sequence[Node]:
    """The nodes a node is computed from."""
    return CHILDREN[type(node)](node)


# Of a node, the same on other children, in their order.
REBUILD: dict[type, Callable[..., Node]] = {
    Apply: lambda node, *args: replace(node, args=args),
    Linear: lambda node, *terms: replace(node, terms=terms),
    Case: lambda _, *parts: Case(tuple(zip(parts[:-1:2], parts[1::2], strict=True)), parts[-1]),
    Lookup: lambda node, of: replace(node, of=of),
    Forest: lambda node, *inputs: replace(node, inputs=inputs),
    Part: lambda node, of: replace(node, of=of),
    Named: lambda node, of: replace(node, of=of),
    Reduce: lambda node, of: replace(node, of=of),
}


def replaced(roots: Iterable[Node], by: Mapping[Node, Node]) -> dict[Node, Node]:
    """What becomes of every node when some are replaced by others; a node above none of them stays itself."""
    found: dict[Node, Node] = dict(by)
    for node in walk(roots, by):
        before = children(node)
        after = [found[child] for child in before]
        same = all(a is b for a, b in zip(before, after, strict=True))
        found[node] = node if same else REBUILD[type(node)](node, *after)
    return found


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


def relations_of(roots: Iterable[Node]) -> dict[Node, frozenset[Relation]]:
    """Of every node the relations it has a value per stored row of; none if it has one value per row."""
    found: dict[Node, frozenset[Relation]] = {}
    for node in walk(roots):
        if isinstance(node, Stored):
            found[node] = frozenset((node.of,))
        elif isinstance(node, Reduce):
            found[node] = frozenset()
        else:
            found[node] = frozenset().union(*(found[child] for child in children(node)))
    return found


def tree_nodes(root: TreeNode) -> Iterator[TreeNode]:
    """Every node of a tree."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, Leaf):
            pending.extend((node.right, node.left))
