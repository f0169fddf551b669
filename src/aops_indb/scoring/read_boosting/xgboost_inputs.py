"""What XGBoost makes of a row: numbers in single precision, and categories as codes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from aops_indb.scoring.graph import Case, Constant, Kind, Lookup, Node, Value, apply, number
from aops_indb.scoring.read_sklearn.rounding import double_thresholds, to_single
from aops_indb.scoring.read_sklearn.translation import Features, Place

# A category is a number from 0 to below this; any other is in no set.
CATEGORIES = 2.0**24


def inputs_of(
    model: Any,
    features: Features,
    place: Place,
    *,
    types: Sequence[str],
    encodings: Sequence[dict[str, Any]],
    missing: float | None,
    infinite: bool,
) -> list[Node]:
    """A number per feature: itself, or its category's code.

    types:    'c' for features with categories; empty if there are none
    encodings: per feature the categories by code, as far as the library knows them
    missing:  what counts as missing beside NaN
    infinite: whether infinity is a number; if not, the row is refused
    """
    if missing is not None and ("c" in types or math.isinf(missing)):
        raise place.unsupported(
            f"XGBoost with missing={missing:g} and categories or of infinite size", "use missing=nan and NULL"
        )
    nodes = []
    for index, (name, node) in enumerate(features):
        categorical = bool(types) and types[index] == "c"
        known = _categories(encodings[index], name, place) if categorical and index < len(encodings) else ()
        if known:
            nodes.append(_code(model, name, node, known, place))
            continue
        read = place.read(model, name, node, "number")
        if not infinite:
            place.refuse_too_large(model, features.pick([index]), [read])
        if missing is not None:
            read = place.named(f"{name}_or_missing", _without(read, missing))
        if features.sparse:
            # what a sparse matrix leaves out is missing
            left_out = apply("equal", read, number(0.0))
            read = place.named(f"{name}_or_left_out", Case(((left_out, Constant(None, "number")),), read))
        nodes.append(place.named(f"{name}_code", _given_code(read)) if categorical else read)
    return nodes


def _categories(encoding: dict[str, Any], name: str, place: Place) -> Sequence[Value]:
    """The categories in the order of their codes; nothing where they were given as codes."""
    values = encoding["values"]
    if "offsets" in encoding:
        text = bytes(value % 256 for value in values)
        try:
            return [text[first:end].decode() for first, end in pairwise(encoding["offsets"])]
        except UnicodeDecodeError:
            # the library counts characters where it means bytes
            raise place.unsupported(
                f"XGBoost with categories of '{name}' that it has not kept whole", "use categories of ASCII letters"
            ) from None
    if all(isinstance(value, int) and int(float(value)) == value for value in values):
        return [float(value) for value in values]
    raise place.unsupported(f"XGBoost with categories of '{name}' that are neither text nor whole", "use text")


def _code(model: Any, name: str, node: Node, known: Sequence[Value], place: Place) -> Node:
    kind: Kind = "text" if isinstance(known[0], str) else "number"
    read = place.read(model, name, node, kind)
    # the library means to raise, and does unless the category sorts before one it knows, for which it then takes it
    unknown = Lookup(
        read, tuple((category, False) for category in known), otherwise=True, missing=False, kind="boolean"
    )
    place.refuse(place.named(f"{name}_unknown", unknown), f"'{name}' is an unknown category ({place.where(model)})")
    entries = tuple((category, float(code)) for code, category in enumerate(known))
    return place.named(f"{name}_code", Lookup(read, entries, otherwise=None, missing=None))


def _given_code(node: Node) -> Node:
    """The whole part of what is a category; -1 for what is none."""
    single = to_single(node)
    branches = (
        (apply("less", single, number(0.0)), number(-1.0)),
        (apply("greater_equal", single, number(CATEGORIES)), number(-1.0)),
    )
    return Case(branches, apply("floor", single))


def _without(node: Node, missing: float) -> Node:
    """Missing where the number is, in single precision, the one that stands for it."""
    import numpy as np

    single = np.float32(missing)
    below, at = double_thresholds(np.array([np.nextafter(single, np.float32(-np.inf)), single], dtype=float)).tolist()
    is_it = apply("and", apply("greater", node, number(below)), apply("less_equal", node, number(at)))
    return Case(((is_it, Constant(None, "number")),), node)
