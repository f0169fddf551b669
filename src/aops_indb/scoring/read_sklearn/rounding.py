"""Single precision: numbers rounded to it, and thresholds for inputs that a library rounds before it compares them."""

from __future__ import annotations

import math
from typing import Any

from aops_indb.scoring.graph import Case, Constant, Node, apply, number
from aops_indb.scoring.guards import LARGEST_ROUNDING_TO_FLOAT32

# What is not larger becomes 0. Engines raise on that, and on what becomes infinite.
_LARGEST_ROUNDING_TO_ZERO = 2.0**-150


def to_single(node: Node) -> Node:
    """The node rounded to single precision, also where that is 0 or infinite; NaN, which is above all, is missing."""
    size = apply("absolute", node)
    branches = (
        (apply("less_equal", size, number(_LARGEST_ROUNDING_TO_ZERO)), number(0.0)),
        (apply("less_equal", size, number(LARGEST_ROUNDING_TO_FLOAT32)), apply("single", node)),
        (apply("less", node, number(0.0)), number(-math.inf)),
        (apply("less_equal", size, number(math.inf)), number(math.inf)),
    )
    return Case(branches, Constant(None, "number"))


def double_thresholds(thresholds: Any) -> Any:
    """For each threshold t, the double T with  float32(x) <= t  exactly when  x <= T.

    Casting each row's inputs to float32 would cost time in the query; moving the thresholds costs none. T is the
    midpoint between the largest float32 not above t and its successor; the midpoint itself rounds to whichever of
    the two is even, so T is the midpoint or the double just below it.

    >>> import numpy as np
    >>> t = np.array([0.5, 0.1])
    >>> T = double_thresholds(t)
    >>> bool(np.all(np.float32(T) <= t)), bool(np.all(np.float32(np.nextafter(T, np.inf)) > t))
    (True, True)
    """
    import numpy as np

    t = np.asarray(thresholds, dtype=np.float64)
    with np.errstate(over="ignore"):
        below = t.astype(np.float32)
        below = np.where(below.astype(np.float64) > t, np.nextafter(below, np.float32(-np.inf)), below)
        above = np.nextafter(below, np.float32(np.inf))
    low, high = below.astype(np.float64), above.astype(np.float64)
    # beyond the largest float32 the next step would be 2**128
    low, high = np.clip(low, -(2.0**128), 2.0**128), np.clip(high, -(2.0**128), 2.0**128)
    middle = low + (high - low) / 2
    even = below.view(np.uint32) % 2 == 0
    moved = np.where(even, middle, np.nextafter(middle, -np.inf))
    return np.where(np.isposinf(t), np.inf, moved)
