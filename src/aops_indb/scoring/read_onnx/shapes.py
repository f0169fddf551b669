"""Operators that move, pick and join elements, and change none."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from aops_indb.scoring.graph import Lookup, Node, Value
from aops_indb.scoring.read_onnx.values import KINDS, At, OnnxValue, Rows, Shape, dtype_of, shaped, text


def identity(_: At, x: OnnxValue) -> OnnxValue:
    """The input."""
    return x


def dropout(at: At, x: OnnxValue, *settings: OnnxValue, **_: Any) -> OnnxValue:
    """The input, as nothing is dropped when a model predicts."""
    if len(settings) > 1 and bool(at.constant(settings[1], "training_mode")):
        raise at.setting("training_mode", True, "False")
    return x


def reshape(at: At, x: OnnxValue, shape: OnnxValue, *, allowzero: int = 0) -> Rows:
    """The elements in another shape; the rows stay what they are."""
    if isinstance(x, Rows) and x.turned:
        return _turned_back(at, x, at.constant(shape, "a shape").tolist())
    rows = at.rows(x)
    first, *others = (int(length) for length in at.constant(shape, "a shape").tolist())
    others = [
        rows.shape[k] if length == 0 and not allowzero and k < len(rows.shape) else length
        for k, length in enumerate(others)
    ]
    count, fixed = rows.nodes.size, math.prod(length for length in others if length != -1)
    keeps = first == -1 or (first == 0 and not allowzero) or (at.batch is not None and first == at.batch)
    fits = count == fixed if -1 not in others else first != -1 and fixed > 0 and count % fixed == 0
    if not (keeps and fits):
        raise at.unsupported(
            f"{at.op} of rows of shape {rows.shape} to {(first, *others)}",
            "known are shapes (-1, …) that leave each row its own elements",
        )
    return replace(rows, nodes=rows.nodes.reshape([count // fixed if length == -1 else length for length in others]))


def _turned_back(at: At, x: Rows, shape: list[int]) -> Rows:
    """(1, rows) as (rows,) or (rows, 1)."""
    if shape not in ([-1], [-1, 1]):
        raise at.unsupported(f"{at.op} of shape (1, rows) to {tuple(shape)}", "known are (-1,) and (-1, 1)")
    return replace(x, nodes=x.nodes.reshape([1] * (len(shape) - 1)), turned=False)


def flatten(at: At, x: OnnxValue, *, axis: int = 1) -> Rows:
    """Each row as a vector."""
    rows = at.rows(x)
    if axis % rows.rank != 1 and not (axis == rows.rank == 1):
        raise at.setting("axis", axis, "axis=1")
    return replace(rows, nodes=rows.nodes.reshape(-1))


def squeeze(at: At, x: OnnxValue, axes: OnnxValue = None) -> Rows:
    """Without axes of length 1."""
    if isinstance(x, Rows) and x.turned:
        if axes is None or at.constant(axes, "axes").tolist() not in ([0], [-2]):
            raise at.unsupported(f"{at.op} of shape (1, rows)", "give axes=[0]")
        return replace(x, turned=False)
    rows = at.rows(x)
    if axes is None:
        if at.batch == 1:
            raise at.unsupported(f"{at.op} without axes of a single row", "give the axes")
        chosen = [k for k, length in enumerate(rows.shape) if length == 1]
    else:
        chosen = [at.axis(int(axis), rows.rank) for axis in at.constant(axes, "axes").tolist()]
    kept = [length for k, length in enumerate(rows.shape) if k not in chosen]
    return replace(rows, nodes=rows.nodes.reshape(kept))


def unsqueeze(at: At, x: OnnxValue, axes: OnnxValue) -> Rows:
    """With further axes of length 1."""
    import numpy as np

    rows = at.rows(x)
    given = [int(axis) for axis in at.constant(axes, "axes").tolist()]
    chosen = [at.axis(axis, rows.rank + len(given)) for axis in given]
    return replace(rows, nodes=np.expand_dims(rows.nodes, tuple(chosen)))


def transpose(at: At, x: OnnxValue, *, perm: tuple[int, ...] = ()) -> Rows:
    """The axes of each row in another order."""
    rows = at.rows(x)
    order = list(perm) or list(reversed(range(rows.rank)))
    if order[0] != 0:
        raise at.unsupported(f"{at.op} that moves the axis of the rows", "keep it first")
    return replace(rows, nodes=rows.nodes.transpose([axis - 1 for axis in order[1:]]))


def concat(at: At, *values: OnnxValue, axis: int) -> Rows:
    """Rows behind each other along an axis of theirs."""
    import numpy as np

    tensors = [value for value in values if isinstance(value, Rows)]
    if not tensors:
        raise at.unsupported(f"{at.op} of the number of rows", "it takes tensors of rows")
    rank = tensors[0].rank
    where, parts = at.axis(axis, rank), []
    for value in values:
        if isinstance(value, np.ndarray):
            if at.batch != 1 or value.ndim != rank:
                raise at.unsupported(f"{at.op} of rows with a constant", "add the constant as a column")
            parts.append(at.constants(value[0]))
        else:
            parts.append(at.rows(value).nodes)
    return Rows(tensors[0].dtype, np.concatenate(parts, axis=where))


def split(
    at: At, x: OnnxValue, sizes: OnnxValue = None, *, axis: int = 0, num_outputs: int | None = None
) -> tuple[Rows, ...]:
    """Rows in pieces along an axis of theirs."""
    import numpy as np

    rows = at.rows(x)
    where = at.axis(axis, rows.rank)
    length = rows.shape[where]
    if sizes is not None:
        lengths = [int(size) for size in at.constant(sizes, "a split").tolist()]
    else:
        count = num_outputs or at.outputs
        size = -(-length // count)
        lengths = [size] * (count - 1) + [length - size * (count - 1)]
    ends = np.cumsum(lengths)[:-1].tolist()
    return tuple(replace(rows, nodes=part) for part in np.split(rows.nodes, ends, axis=where))


def slice_(
    at: At, x: OnnxValue, starts: OnnxValue, ends: OnnxValue, axes: OnnxValue = None, steps: OnnxValue = None
) -> Rows:
    """A part of each row."""
    rows = at.rows(x)
    first, last = (at.constant(value, "a limit").tolist() for value in (starts, ends))
    chosen = list(range(len(first))) if axes is None else at.constant(axes, "axes").tolist()
    strides = [1] * len(first) if steps is None else at.constant(steps, "steps").tolist()
    nodes = rows.nodes
    for start, end, axis, step in zip(first, last, chosen, strides, strict=True):
        if axis % rows.rank == 0 and (start, step) == (0, 1) and end >= 2**31 - 1:
            continue
        where = at.axis(axis, rows.rank)
        # going backwards, an end before the beginning is none
        limit = None if step < 0 and end < -nodes.shape[where] else end
        nodes = nodes[(slice(None),) * where + (slice(start, limit, step),)]
    return replace(rows, nodes=nodes)


def gather(at: At, x: OnnxValue, indices: OnnxValue, *, axis: int = 0) -> Rows:
    """Elements of each row at constant places; or of a constant, at a place that the row says."""
    import numpy as np

    if isinstance(x, np.ndarray):
        return _from_constant(at, x, at.rows(indices), axis)
    rows, places = at.rows(x), at.constant(indices, "an index")
    where = at.axis(axis, rows.rank)
    return replace(rows, nodes=np.take(rows.nodes, places, axis=where))


def _from_constant(at: At, data: Any, places: Rows, axis: int) -> Rows:
    """The constant's rows at the places."""
    import numpy as np

    if axis % data.ndim:
        raise at.setting("axis", axis, "axis=0 of a constant")
    at.constants(data)
    table = data.reshape(len(data), -1)
    made = [looked_up(node, column) for node in places.flat() for column in table.T]
    classes = tuple(text(v) if data.dtype.kind in "OSU" else v for v in data.tolist()) if data.ndim == 1 else ()
    return Rows(dtype_of(data), shaped(made, (*places.shape, *np.shape(data)[1:])), classes)


def looked_up(place: Node, values: Any) -> Node:
    """The value at a place, counted from the end if it is negative."""
    kind = KINDS[dtype_of(values)]
    entries: list[tuple[Value, Value]] = []
    for k, value in enumerate(values.tolist()):
        held: Value = text(value) if kind == "text" else value if kind == "boolean" else float(value)
        missing = None if isinstance(held, float) and math.isnan(held) else held
        entries += [(float(k), missing), (float(k - len(values)), missing)]
    return Lookup(place, tuple(entries), otherwise=None, missing=None, kind=kind)


def array_feature_extractor(at: At, x: OnnxValue, places: OnnxValue) -> Rows:
    """Elements along the last axis; of a constant vector at places that rows say, of shape (1, rows)."""
    import numpy as np

    if isinstance(x, np.ndarray):
        indices = at.rows(places)
        if indices.nodes.size != 1 or x.size != x.shape[-1]:
            raise at.unsupported(f"{at.op} of a constant of shape {x.shape}", "known is a vector and a place per row")
        found = _from_constant(at, x.reshape(-1), replace(indices, nodes=indices.nodes.reshape(())), 0)
        return replace(found, turned=True)
    rows = at.rows(x)
    at.axis(-1, rows.rank)
    return replace(rows, nodes=np.take(rows.nodes, at.constant(places, "an index").ravel(), axis=-1))


def shape_of(at: At, x: OnnxValue, *, start: int = 0, end: int | None = None) -> OnnxValue:
    """The shape of a tensor of rows; constant where the rows' axis is left out."""
    import numpy as np

    rows = at.rows(x)
    lengths = [None, *rows.shape][start:end]
    return Shape(rows.shape) if None in lengths else np.asarray(lengths, dtype=np.int64)


def constant_of_shape(at: At, shape: OnnxValue, *, value: Any = None) -> Rows:
    """One constant everywhere."""
    import numpy as np

    if not isinstance(shape, Shape):
        raise at.unsupported(f"{at.op} of a shape that is computed", "use Shape directly")
    filled = np.full(shape.row, np.zeros(1, dtype=np.float32)[0] if value is None else value[0])
    return Rows(dtype_of(filled), at.constants(filled))
