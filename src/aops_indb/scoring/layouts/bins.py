"""Which bin of a feature a value is in: the number of thresholds below it, or a category's code.

A uniform grid over the thresholds says in which of its cells a value is; the cell, how many thresholds are below it and
which are inside. Their comparison with the value makes the bin exact: (x - low) * scale never falls as x rises, rounded
or not, so that a threshold of a lower cell is below each value of a higher one.

Bins and cells are numbered from 0. The last bin is for missing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from aops_indb.scoring.parameters import Parameters
from aops_indb.sqlgen.build import Expr, add, case, cast, coalesce, func, ge, gt, is_null, le, lit, lt, mul

CELLS = (64, 128, 256, 512, 1024, 2048, 4096, 8192)
# that a cell may have inside; a binary search is faster than more comparisons
MOST_INSIDE = 4


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells over thresholds: of each, how many thresholds are below it, and those inside."""

    low: float
    scale: float
    below: Sequence[int]
    inside: Sequence[Sequence[float]]

    @property
    def edges(self) -> Sequence[str]:
        """Names of as many thresholds as are in the fullest cell."""
        return [f"edge_{k}" for k in range(max(map(len, self.inside)))]

    def cell(self, x: Expr, low: Expr) -> Expr:
        """The number of a value's cell; low: the lowest threshold with the other sign."""
        scaled = mul(add(low, x), lit(self.scale))
        within = func("LEAST", func("GREATEST", scaled, lit(0.0)), lit(float(len(self.below) - 1)))
        return cast(within, "INT")

    def cells(self) -> Parameters:
        """A row per cell: its number, how many thresholds are below, and those inside."""
        columns: dict[str, Sequence[float]] = {"cell": range(len(self.below)), "below": self.below}
        for k, name in enumerate(self.edges):
            columns[name] = [edges[k] if k < len(edges) else math.inf for edges in self.inside]
        return Parameters({"cell": "INT", "below": "INT"} | dict.fromkeys(self.edges, "DOUBLE"), columns, many=True)

    def bin(self, x: Expr, row: Mapping[str, Expr], missing: int) -> Expr:
        """The number of a value's bin, by the row of its cell."""
        found = row["below"]
        for name in self.edges:
            found = add(found, cast(gt(x.copy(), row[name]), "INT"))
        # of a value that is missing no comparison has a result
        return coalesce(found, lit(missing))


def grid(edges: Sequence[float]) -> Grid | None:
    """The smallest grid with the fewest thresholds in its fullest cell; none if they crowd too much."""
    low, span = edges[0], edges[-1] - edges[0]
    best, fewest = None, MOST_INSIDE + 1
    for count in CELLS:
        scale = (count - 1) / span if span > 0 else 1.0
        if not (math.isfinite(low) and math.isfinite(span) and 0 < scale < math.inf):
            continue
        fullest = max(Counter(_cells(edges, low, scale, count)).values())
        if fullest < fewest:
            best, fewest = (scale, count), fullest
    if best is None:
        return None
    scale, count = best
    inside: list[list[float]] = [[] for _ in range(count)]
    for edge, cell in zip(edges, _cells(edges, low, scale, count), strict=True):
        inside[cell].append(edge)
    below = [0, *accumulate(map(len, inside[:-1]))]
    return Grid(low, scale, below, inside)


def _cells(edges: Sequence[float], low: float, scale: float, count: int) -> list[int]:
    # a cast to INT rounds as Python does
    return [min(round((edge - low) * scale), count - 1) for edge in edges]


def searched(x: Expr, edges: Sequence[float]) -> Expr:
    """The number of a value's bin, by binary search."""
    return case([(is_null(x), lit(len(edges) + 1))], _search(x, edges, 0, len(edges)))


def _search(x: Expr, edges: Sequence[float], first: int, last: int) -> Expr:
    if first == last:
        return lit(first)
    middle = (first + last) // 2
    lower, upper = _search(x, edges, first, middle), _search(x, edges, middle + 1, last)
    return case([(le(x.copy(), lit(edges[middle])), lower)], upper)


def of_code(code: Expr, codes: int) -> Expr:
    """The bin of a category's code: its number, one more for codes of no split."""
    whens = [
        (is_null(code), lit(codes + 1)),
        (lt(code.copy(), lit(0.0)), lit(codes)),
        (ge(code.copy(), lit(float(codes))), lit(codes)),
    ]
    return case(whens, cast(code.copy(), "INT"))
