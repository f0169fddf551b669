"""Operators that prepare features: scaling, filling in, encoding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from aops_indb.scoring.graph import Case, Lookup, Node, Value, apply, number
from aops_indb.scoring.read_onnx.elementwise import quotient, truncated
from aops_indb.scoring.read_onnx.reductions import total
from aops_indb.scoring.read_onnx.values import FLOATS, KINDS, At, OnnxValue, Rows, dtype_of, shaped, text


def _vector(at: At, rows: Rows) -> list[Node]:
    if rows.rank != 2:
        raise at.unsupported(f"{at.op} on rows of shape {rows.shape}", "give it (rows, features)")
    return rows.flat()


def _spread(at: At, values: Sequence[Any], count: int, name: str) -> list[Any]:
    if len(values) not in (1, count):
        raise at.unsupported(f"{at.op} with {len(values)} of {name} for {count} features", "give one for each")
    return list(values) * (count if len(values) == 1 else 1)


def scaler(at: At, x: OnnxValue, *, offset: Sequence[float], scale: Sequence[float]) -> Rows:
    """(x - offset) * scale, in single precision where x is."""
    rows = at.rows(x)
    nodes = _vector(at, rows)
    inner = "float32" if rows.dtype == "float32" else "float64"
    factors = zip(_spread(at, offset, len(nodes), "offset"), _spread(at, scale, len(nodes), "scale"), strict=True)
    made = []
    for node, (shift, factor) in zip(nodes, factors, strict=True):
        moved = at.rounded(apply("subtract", node, number(shift)), inner)
        made.append(at.rounded(apply("multiply", moved, number(factor)), "float32"))
    return Rows("float32", shaped(made, rows.shape))


def normalizer(at: At, x: OnnxValue, *, norm: bytes = b"MAX") -> Rows:
    """x / norm of the row; a row whose norm is 0 is left as it is. The norm MAX is the largest value, not of sizes."""
    rows = at.rows(x)
    nodes = _vector(at, rows)
    if rows.dtype != "float32":
        raise at.unsupported(f"{at.op} of {rows.dtype}", "cast to float first")
    if norm == b"MAX":
        at.refuse(apply("any_missing", *nodes), "NaN is among the numbers to choose from")
        length: Node = apply("maximum", *nodes)
    elif norm == b"L1":
        length = total(at, [apply("absolute", node) for node in nodes], "float32")
    elif norm == b"L2":
        return _by_euclid(at, rows, nodes)
    else:
        raise at.setting("norm", norm.decode(), "MAX, L1, L2")
    is_zero = apply("equal", length, number(0.0))
    made = [Case(((is_zero, node),), at.rounded(quotient(node, length), "float32")) for node in nodes]
    return Rows("float32", shaped(made, rows.shape))


def _by_euclid(at: At, rows: Rows, nodes: Sequence[Node]) -> Rows:
    """x / sqrt(sum of squares), as the root of a quotient of squares."""
    squares = [at.rounded(apply("multiply", node, node), "float32") for node in nodes]
    summed = total(at, squares, "float32")
    made = []
    for node, square in zip(nodes, squares, strict=True):
        size = at.rounded(apply("sqrt", at.rounded(quotient(square, summed), "float32")), "float32")
        below = apply("multiply", size, number(-1.0))
        signed = Case(((apply("less", node, number(0.0)), below),), size)
        made.append(Case(((apply("equal", summed, number(0.0)), node),), signed))
    return Rows("float32", shaped(made, rows.shape))


def binarizer(at: At, x: OnnxValue, *, threshold: float = 0.0) -> Rows:
    """1 above the threshold, else 0; NaN is refused, as ONNX Runtime does."""
    rows = at.rows(x)
    at.refuse(apply("any_missing", *rows.flat()), "NaN is binarized")
    return at.each(lambda node: Case(((apply("greater", node, number(threshold)), number(1.0)),), number(0.0)), rows)


def imputer(
    at: At, x: OnnxValue, *, imputed_value_floats: Sequence[float] = (), replaced_value_float: float = 0.0,
    imputed_value_int64s: Sequence[int] = (), replaced_value_int64: int = 0,
) -> Rows:  # fmt: skip
    """What is missing, or has the value that stands for it, replaced."""
    rows = at.rows(x)
    nodes = _vector(at, rows)
    real = rows.dtype in FLOATS
    values = imputed_value_floats if real else imputed_value_int64s
    replaced = float(replaced_value_float if real else replaced_value_int64)
    made = [
        _imputed(node, number(float(value)), replaced)
        for node, value in zip(nodes, _spread(at, values, len(nodes), "imputed values"), strict=True)
    ]
    return Rows(rows.dtype, shaped(made, rows.shape))


def _imputed(node: Node, value: Node, replaced: float) -> Node:
    if math.isnan(replaced):
        return apply("coalesce", node, value)
    return Case(((apply("equal", node, number(replaced)), value),), node)


def one_hot_encoder(
    at: At, x: OnnxValue, *, cats_int64s: Sequence[int] = (), cats_strings: Sequence[bytes] = (), zeros: int = 1
) -> Rows:
    """1 in the place of the category, else 0; without `zeros`, rows with another category get no score."""
    rows = at.rows(x)
    categories: list[Value] = [text(value) for value in cats_strings] or [float(value) for value in cats_int64s]
    numeric = bool(cats_int64s)
    if numeric == (rows.dtype == "text") or not categories:
        raise at.unsupported(f"{at.op} of {rows.dtype} with {'numbers' if numeric else 'text'}", "give it its own type")
    if len(set(categories)) < len(categories):
        raise at.unsupported(f"{at.op} with a category twice", "name each once")
    made = []
    for node in rows.flat():
        # numbers are cut to whole ones first
        value = truncated(node) if rows.dtype in FLOATS else node
        if not zeros:
            entries = tuple((category, True) for category in categories)
            unknown = apply("not", Lookup(value, entries, otherwise=False, missing=False, kind="boolean"))
            at.refuse(unknown, "the category is not known")
        made += [Lookup(value, ((category, 1.0),), otherwise=0.0, missing=0.0) for category in categories]
    return Rows("float32", shaped(made, (*rows.shape, len(categories))))


def label_encoder(at: At, x: OnnxValue, **given: Any) -> Rows:
    """A value for each key, and a default for the rest."""
    rows = at.rows(x)
    keys, values = (_typed(at, given, name) for name in ("keys", "values"))
    (key_type, listed), (value_type, made) = keys, values
    if value_type not in KINDS:
        raise at.unsupported(f"{at.op} to {value_type}", f"known are {', '.join(KINDS)}")
    defaults = {"float32": -0.0, "float64": -0.0, "int64": -1, "text": "_Unused"}
    default: Any = given.get(f"default_{_SUFFIXES.get(value_type)}", defaults.get(value_type))
    if "default_tensor" in given:
        default = given["default_tensor"].reshape(-1)[0]
    if len(listed) != len(made) or (key_type == "text") != (rows.dtype == "text"):
        raise at.unsupported(f"{at.op} of {rows.dtype} with {len(listed)} keys of {key_type}", "give a value for each")
    held = {_plain(key): _plain(value) for key, value in reversed(list(zip(listed, made, strict=True)))}
    otherwise = _plain(default)
    # NaN as a key is found from ai.onnx.ml 4 on
    missing = held.pop(None, otherwise) if at.version >= 4 else otherwise
    held.pop(None, None)
    kind = KINDS[value_type]
    nodes = [Lookup(node, tuple(held.items()), otherwise=otherwise, missing=missing, kind=kind) for node in rows.flat()]
    return Rows(value_type, shaped(nodes, rows.shape))


_SUFFIXES = {"float32": "float", "float64": "float", "int64": "int64", "text": "string"}
_TYPES = {"floats": "float32", "int64s": "int64", "strings": "text"}
LABEL_ENCODER = (
    *(f"{what}_{suffix}" for what in ("keys", "values") for suffix in (*_TYPES, "tensor")),
    *(f"default_{suffix}" for suffix in ("float", "int64", "string", "tensor")),
)


def _typed(at: At, given: dict[str, Any], what: str) -> tuple[str, list[Any]]:
    """The keys or values, and their element type."""
    if f"{what}_tensor" in given:
        tensor = given[f"{what}_tensor"]
        return dtype_of(tensor), tensor.ravel().tolist()
    for suffix, dtype in _TYPES.items():
        if f"{what}_{suffix}" in given:
            return dtype, list(given[f"{what}_{suffix}"])
    raise at.unsupported(f"{at.op} without {what}", f"give {what}_strings, {what}_int64s or {what}_floats")


def _plain(value: Any) -> Value:
    """A key or value as the graph has it; NaN as None."""
    if isinstance(value, bytes | str):
        return text(value)
    return None if math.isnan(value) else float(value)


def feature_vectorizer(at: At, *values: OnnxValue, inputdimensions: Sequence[int] = ()) -> Rows:
    """The features of all inputs behind each other, in single precision."""
    nodes: list[Node] = []
    for value, width in zip(values, inputdimensions or [0] * len(values), strict=True):
        rows = at.rows(value)
        if rows.rank != 2 or width not in (0, rows.shape[0]):
            raise at.unsupported(f"{at.op} of rows of shape {rows.shape} for {width} features", "give it all of them")
        nodes += rows.flat() if rows.dtype == "float32" else [at.rounded(node, "float32") for node in rows.flat()]
    return Rows("float32", shaped(nodes, (len(nodes),)))
