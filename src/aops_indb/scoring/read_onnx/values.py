"""What flows along the edges of an ONNX graph, and the arithmetic of its number types.

A tensor's first axis is the row; the others have fixed lengths, so that a row is an array of score graph nodes. Numbers
are doubles inside: a float32 is one that was rounded, an int64 one that is whole and below 2**53. NaN is missing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from aops_indb.errors import UnsupportedModelError
from aops_indb.scoring.graph import Case, Constant, Guard, Kind, Lookup, Named, Node, Value, apply, number
from aops_indb.scoring.read_sklearn.rounding import to_single
from aops_indb.scoring.read_sklearn.translation import Place

# Element type -> the kind of its nodes.
KINDS: dict[str, Kind] = {
    "float32": "number",
    "float64": "number",
    "int64": "number",
    "int32": "number",
    "int16": "number",
    "int8": "number",
    "uint64": "number",
    "uint32": "number",
    "uint16": "number",
    "uint8": "number",
    "bool": "boolean",
    "text": "text",
}
# Whole numbers beyond are not exact in a double, or not in the type.
LARGEST_WHOLE = {
    "int64": 2.0**53 - 1, "int32": 2.0**31 - 1, "int16": 2.0**15 - 1, "int8": 2.0**7 - 1,
    "uint64": 2.0**53 - 1, "uint32": 2.0**32 - 1, "uint16": 2.0**16 - 1, "uint8": 2.0**8 - 1,
}  # fmt: skip
UNSIGNED = ("uint64", "uint32", "uint16", "uint8")
FLOATS = ("float32", "float64")

MISSING = Constant(None, "number")
TRUE, FALSE = Constant(True, "boolean"), Constant(False, "boolean")


@dataclass(frozen=True, slots=True)
class Rows:
    """A tensor with a row per row: its element type, and an array of nodes that has the shape of one row.

    classes: the labels it holds one of, if it is a label
    turned:  the tensor's shape is (1, rows), as ArrayFeatureExtractor gives it
    """

    dtype: str
    nodes: Any
    classes: tuple[Value, ...] = ()
    turned: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one row."""
        return tuple(self.nodes.shape)

    @property
    def rank(self) -> int:
        """The rank of the tensor, rows included."""
        return len(self.shape) + 1

    def flat(self) -> list[Node]:
        """The nodes of one row."""
        return list(self.nodes.ravel())


@dataclass(frozen=True, slots=True)
class Zip:
    """What ZipMap makes: a score per class."""

    classes: tuple[Value, ...]
    scores: Rows


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of a tensor of rows, whose first length is not known before it runs."""

    row: tuple[int, ...]


OnnxValue: TypeAlias = "Rows | Zip | Shape | Any"  # Any: a NumPy array, a constant


@dataclass(frozen=True, slots=True)
class At:
    """A node of the ONNX graph as its translator sees it.

    raw:    of a rounded node the one that was rounded
    batch:  the number of rows, if the model fixes it
    outputs: how many outputs the node has
    version: of the operator set it is from
    """

    place: Place
    op: str
    batch: int | None
    outputs: int
    version: int
    raw: dict[Node, Node] = field(default_factory=dict)

    def unsupported(self, what: str, instead: str) -> UnsupportedModelError:
        """The error for something of this node that has no SQL form."""
        return self.place.unsupported(what, instead)

    def setting(self, name: str, value: Any, known: str) -> UnsupportedModelError:
        """The error for an attribute with a value that has no SQL form."""
        return self.unsupported(f"{self.op}({name}={value!r})", f"known is {known}")

    def refuse(self, condition: Node, reason: str) -> None:
        """Rows that meet the condition get no score."""
        self.place.ledger.guards.append(Guard(condition, (f"{reason} ({self.place.where(self)})",)))

    # ── numbers ────────────────────────────────────────────────────────────────────────────────────────

    def rounded(self, node: Node, dtype: str) -> Node:
        """The result of arithmetic as a number of that type; what is NaN becomes missing."""
        if isinstance(node, Constant) and node.value is None:
            return node
        if dtype == "float32":
            made = self.title("single", to_single(node))
            self.raw[made] = node
            return made
        if dtype == "float64":
            return Case(((apply("less_equal", apply("absolute", node), number(math.inf)), node),), MISSING)
        limit = LARGEST_WHOLE[dtype]
        self.refuse(apply("any_beyond", number(limit), node), f"a number is beyond {limit:.0f}, too large for {dtype}")
        if dtype in UNSIGNED:
            self.refuse(known(apply("less", node, number(0.0))), f"a number is below 0, which {dtype} has not")
        return node

    def title(self, name: str, node: Node) -> Node:
        """The node under a name of this step."""
        return self.place.named(name, node)

    def unrounded(self, node: Node) -> Node:
        """The node before it was rounded to single precision, for comparisons whose thresholds are moved."""
        return self.raw.get(node, node)

    # ── tensors ────────────────────────────────────────────────────────────────────────────────────────

    def rows(self, value: OnnxValue, what: str = "an input") -> Rows:
        """A tensor of rows, or the error for anything else."""
        if isinstance(value, Rows) and not value.turned:
            return value
        raise self.unsupported(f"{self.op} with {what} that is {_described(value)}", "it takes a tensor of rows there")

    def constant(self, value: OnnxValue, what: str) -> Any:
        """A constant, or the error for what depends on the row."""
        import numpy as np

        if isinstance(value, np.ndarray):
            return value
        raise self.unsupported(f"{self.op} with {what} that depends on the row", "give it as a constant")

    def axis(self, axis: int, rank: int) -> int:
        """An axis of a row, from one of the tensor; the first, the rows', is refused."""
        if not -rank <= axis < rank:
            raise self.unsupported(f"{self.op} on axis {axis} of a tensor of rank {rank}", "give one of its axes")
        if axis % rank == 0:
            raise self.unsupported(f"{self.op} on the axis of the rows", "it has one on every other axis")
        return axis % rank - 1

    def aligned(self, values: Sequence[OnnxValue]) -> tuple[str, list[Any]]:
        """The element type, and the tensors' rows broadcast to one shape."""
        import numpy as np

        tensors = [self.rows(value) for value in values if not isinstance(value, np.ndarray)]
        dtype, rank = tensors[0].dtype, max(tensor.rank for tensor in tensors)
        if any(tensor.rank != rank for tensor in tensors):
            raise self.unsupported(f"{self.op} of tensors of several ranks", "give them the same rank by Reshape")
        arrays = [
            self._row_of(value, rank) if isinstance(value, np.ndarray) else self.rows(value).nodes for value in values
        ]
        try:
            return dtype, list(np.broadcast_arrays(*arrays))
        except ValueError:
            shapes = ", ".join(str(array.shape) for array in arrays)
            raise self.unsupported(f"{self.op} of rows of shapes {shapes}", "give them shapes that fit") from None

    def _row_of(self, value: Any, rank: int) -> Any:
        """A constant as the row it is broadcast to."""
        if value.ndim > rank or (value.ndim == rank and value.shape[0] != 1):
            raise self.unsupported(
                f"{self.op} with a constant of shape {value.shape} for rows of rank {rank}", "give one for every row"
            )
        return self.constants(value.reshape(value.shape[1:]) if value.ndim == rank else value)

    def constants(self, values: Any) -> Any:
        """An array of constants as one of nodes; whole numbers that a double cannot hold are refused."""
        import numpy as np

        if values.dtype.kind in "iu" and (np.abs(values.astype(np.float64)) > LARGEST_WHOLE["int64"]).any():
            raise self.unsupported(f"{self.op} with a whole number beyond 2**53", "use smaller numbers, or text")
        dtype = dtype_of(values)
        return shaped((constant(value, dtype) for value in values.ravel().tolist()), values.shape)

    def each(self, make: Callable[..., Node], *values: OnnxValue, dtype: str | None = None) -> Rows:
        """An element of the result from those of the values, broadcast."""
        known, arrays = self.aligned(values)
        made = [make(*nodes) for nodes in zip(*(array.ravel() for array in arrays), strict=True)]
        return Rows(dtype or known, shaped(made, arrays[0].shape))


def _described(value: OnnxValue) -> str:
    if isinstance(value, Rows):
        return "of shape (1, rows)"
    names = {Zip: "a map", Shape: "the number of rows", type(None): "missing"}
    return names.get(type(value), "a constant")


def shaped(nodes: Iterable[Node], shape: Sequence[int]) -> Any:
    """Nodes as an array."""
    import numpy as np

    listed = list(nodes)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array.reshape(tuple(shape))


def constant(value: Any, dtype: str) -> Constant:
    """A constant element of a tensor."""
    if dtype == "text":
        return Constant(text(value), "text")
    return Constant(bool(value), "boolean") if dtype == "bool" else number(float(value))


def text(value: Any) -> str:
    """A string, which ONNX has as bytes."""
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def dtype_of(array: Any) -> str:
    """The element type of a constant, by its name here."""
    return "text" if array.dtype.kind in "OSU" else str(array.dtype)


def known(condition: Node) -> Node:
    """A condition that is false where it is not known, as every comparison with NaN is."""
    return apply("coalesce", condition, FALSE)


def as_label(node: Node, classes: Sequence[Value]) -> Node:
    """A label whose whole numbers are integers to the engine, too."""
    if not classes or isinstance(classes[0], str):
        return node
    return _integers(node) or node


def _integers(node: Node) -> Node | None:
    """A choice among constants that are whole numbers as one among integers; None for anything else."""
    match node:
        case Constant(value=float() | None as value, kind="number"):
            return Constant(None if value is None else int(value), "integer")
        case Case(branches=branches, otherwise=otherwise):
            made = [_integers(part) for part in (*(then for _, then in branches), otherwise)]
            if None in made:
                return None
            *values, last = [part for part in made if part is not None]
            return Case(tuple((when, value) for (when, _), value in zip(branches, values, strict=True)), last)
        case Lookup(of=of, entries=entries, otherwise=None, missing=None, kind="number"):
            whole = tuple((key, None if value is None else int(value)) for key, value in entries)
            return Lookup(of, whole, otherwise=None, missing=None, kind="integer")
        case Named(step=step, name=name, of=of):
            inner = _integers(of)
            return None if inner is None else Named(step, name, inner)
    return None


def named_rows(at: At, rows: Rows, name: str) -> Rows:
    """The rows' nodes under names of their step, for columns that are told apart."""
    flat = rows.flat()
    titles = [name] if len(flat) == 1 else [f"{name}_{i}" for i in range(len(flat))]
    made = []
    for title, node in zip(titles, flat, strict=True):
        here = node if isinstance(node, Named) else at.title(title, node)
        if node in at.raw and here is not node:
            at.raw[here] = at.raw[node]
        made.append(here)
    return replace(rows, nodes=shaped(made, rows.shape))
