"""How near the stored rows are to a row, and which of them are the nearest: what all models of neighbours need.

Trees of the library compare sums of |difference|^p in the order of the features, which is done here in the same way.
Without a tree it finds Euclidean distances as |x|^2 - 2 (x, y) + |y|^2, in the order of a BLAS: what lies closer
together than the rounding of that counts here as equally near. Among stored rows that are equally near, the library
takes those it came to first in its tree, or in one of its threads. That order cannot be told from outside; so a row
gets no score where the last of its neighbours is one of several, and it would matter which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aops_indb.scoring.graph import Case, Node, Reduce, apply, number
from aops_indb.scoring.read_sklearn.arithmetic import missing_number
from aops_indb.scoring.read_sklearn.kernels import Pairs, stored_pairs, tame, within
from aops_indb.scoring.read_sklearn.linear import finite_numbers
from aops_indb.scoring.read_sklearn.translation import Features, Place

ONE, NONE = number(1.0), number(0.0)

# Of a distance found by cancellation: beside what it is told apart from, in units of the squared lengths.
ROUNDING = 4 * 2.220446049250313e-16
# Where a distance is needed itself, it has to be larger than this, in the same units, to be known to 1e-9.
KNOWN = 1e-6


@dataclass(frozen=True, slots=True)
class Metric:
    """A distance as the library ranks by it: of the pairs, of a length, and the length of it."""

    ranked: Callable[[Pairs], Node]
    of_length: Callable[[float], float]
    length: Callable[[Node], Node]


def _differences(pairs: Pairs) -> list[Node]:
    return [apply("absolute", difference) for difference in pairs.differences()]


MANHATTAN = Metric(lambda pairs: pairs.sum(_differences(pairs), "distance"), lambda r: r, lambda d: d)
CHEBYSHEV = Metric(lambda pairs: apply("maximum", NONE, *_differences(pairs)), lambda r: r, lambda d: d)
EUCLIDEAN = Metric(lambda pairs: pairs.squared_distance(), lambda r: r * r, lambda d: apply("sqrt", d))

METRICS: dict[str, Metric] = {
    "euclidean": EUCLIDEAN,
    "l2": EUCLIDEAN,
    "manhattan": MANHATTAN,
    "cityblock": MANHATTAN,
    "l1": MANHATTAN,
    "chebyshev": CHEBYSHEV,
    "infinity": CHEBYSHEV,
}


def _minkowski(p: float) -> Metric:
    def power(size: Node) -> Node:
        return Case(((apply("greater", size, number(1e-60)), apply("power", size, number(p))),), NONE)

    return Metric(
        lambda pairs: pairs.sum([power(size) for size in _differences(pairs)], "distance"),
        lambda r: r**p,
        lambda d: Case(((apply("greater", d, NONE), apply("power", d, number(1.0 / p))),), NONE),
    )


@dataclass(frozen=True, slots=True)
class Nearness:
    """A row beside stored rows: how far each is, as ranked; how near counts as equally near, None for exactly.

    scale:  of distances found by cancellation, the squared lengths they are found from
    needed: a condition on the row under which its neighbours matter
    """

    metric: Metric
    pairs: Pairs
    distance: Node
    slack: Node | None
    scale: Node | None
    where: str
    needed: Node | None = None

    def refuse(self, condition: Node, reason: str) -> None:
        """Rows that meet the condition get no score, if their neighbours matter."""
        both = condition if self.needed is None else apply("and", self.needed, condition)
        self.pairs.place.refuse(both, f"{reason} ({self.where})")

    def refuse_unknown(self, least: Node) -> None:
        """Rows whose smallest distance is lost in cancellation get no score."""
        if self.scale is not None:
            unknown = apply("less", least, apply("multiply", self.scale, number(KNOWN)))
            self.refuse(unknown, "a stored row is so near that its distance is rounding error")

    def length(self) -> Node:
        """The distance itself."""
        return self.metric.length(self.distance)


def nearness(
    searcher: Any, model: Any, features: Features, place: Place, others: Mapping[str, Sequence[float]]
) -> Nearness:
    """The row beside the rows that `searcher`, an estimator of neighbours, has stored."""
    import numpy as np

    metric, p = _metric(searcher, place)
    table = searcher._fit_X
    if hasattr(table, "toarray") or features.sparse:
        raise place.unsupported(f"{type(model).__name__} on sparse features", "give the encoder sparse_output=False")
    if table.dtype == np.float32:
        raise place.unsupported(f"{type(model).__name__} fitted in single precision", "fit it on float64")
    nodes = finite_numbers(model, features, place)
    if p is not None:
        nodes = within(place, model, features, nodes, 1e60)
    row = [place.named(f"{name}_kept_in_range", tame(n)) for n, name in zip(nodes, features.names, strict=True)]
    pairs = stored_pairs(place, features, row, table, others)
    distance = pairs.named("distance", metric.ranked(pairs))
    if searcher._fit_method != "brute" or metric is not EUCLIDEAN:
        slack = None if p is None else _part_of(pairs, table, p)
        return Nearness(metric, pairs, distance, slack, None, place.where(model))
    lengths = apply("sum", *(apply("multiply", x, x) for x in row))
    longest = float((np.asarray(table, dtype=np.float64) ** 2).sum(axis=1).max())
    scale = place.named("squared_lengths", apply("add", lengths, number(longest)))
    slack = place.named("slack", apply("multiply", scale, number(ROUNDING * (len(row) + 2))))
    return Nearness(metric, pairs, distance, slack, scale, place.where(model))


def _metric(searcher: Any, place: Place) -> tuple[Metric, float | None]:
    """The metric, and of one with powers that engines round differently its exponent."""
    name, given = searcher.effective_metric_, searcher.effective_metric_params_ or {}
    parameters = {key: value for key, value in given.items() if value is not None}
    p = parameters.pop("p", None)
    if not parameters and name in METRICS:
        return METRICS[name], None
    if not parameters and name == "minkowski" and p is not None and 1 <= p <= 4:
        return _minkowski(float(p)), float(p)
    told = name if isinstance(name, str) else "a function of Python"
    known = "'euclidean', 'manhattan', 'chebyshev' or 'minkowski' with p up to 4, without weights"
    raise place.unsupported(f"{type(searcher).__name__} with metric {told}", f"use {known}")


def _part_of(pairs: Pairs, table: Any, p: float) -> Node:
    """What powers may be off by: engines and NumPy round them differently."""
    import numpy as np

    longest = float((np.abs(np.asarray(table, dtype=np.float64)) ** p).sum(axis=1).max())
    sizes = [apply("absolute", x) for x in pairs.row]
    above = [Case(((apply("greater", s, ONE), apply("power", s, number(p))),), ONE) for s in sizes]
    total = apply("add", apply("sum", *above), number(longest))
    return pairs.place.named("slack", apply("multiply", total, number(1e-14)))


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest of the stored rows: how much of each is taken, 1 or 0, and of equally near ones a share."""

    near: Nearness
    share: Node
    count: Node

    def total(self, value: Node | None = None, name: str = "neighbours") -> Node:
        """The sum of a value per stored row over the neighbours."""
        taken = self.share if value is None else apply("multiply", self.share, value)
        return self.near.pairs.place.named(name, Reduce("sum", taken))


def nearest(near: Nearness, count: int, values: Sequence[Node] | None) -> Neighbours:
    """The `count` nearest; values: those that may not differ among equally near ones, or the row gets no score.

    None stands for all: no two stored rows are alike.
    """
    place, pairs, distance = near.pairs.place, near.pairs, near.distance
    last = place.named("distance_of_the_last", Reduce("smallest", distance, count))
    low = last if near.slack is None else place.named("surely_near", apply("subtract", last, near.slack))
    high = last if near.slack is None else place.named("surely_far", apply("add", last, near.slack))
    nearer, level = apply("less", distance, low), apply("less_equal", distance, high)
    sure = place.named("nearer", Reduce("sum", Case(((nearer, ONE),), NONE)))
    tied = place.named("as_near", Reduce("sum", Case(((nearer, NONE), (level, ONE)), NONE)))
    wanted = apply("subtract", number(float(count)), sure)
    few = apply("less_equal", tied, wanted)
    part = place.named("share", Case(((few, ONE), (apply("greater", tied, NONE), apply("divide", wanted, tied))), NONE))
    share = pairs.named("share_of_row", Case(((nearer, ONE), (level, part)), NONE))
    if values is None:
        near.refuse(apply("not", few), "stored rows are equally near")
    elif values:
        differ = [apply("greater", *_range(value, nearer, level)) for value in values]
        undecided = apply("and", apply("not", few), apply("or", *differ))
        near.refuse(undecided, "stored rows of different targets are equally near")
    return Neighbours(near, share, number(float(count)))


def _range(value: Node, nearer: Node, level: Node) -> tuple[Node, Node]:
    """The largest and the smallest value among the equally near."""
    own = Case(((nearer, missing_number()), (level, value)), missing_number())
    return Reduce("maximum", own), Reduce("minimum", own)


def within_radius(near: Nearness, radius: float) -> Neighbours:
    """The stored rows not farther than the radius."""
    place, limit = near.pairs.place, near.metric.of_length(radius)
    inside = apply("less_equal", near.distance, number(limit))
    if near.slack is not None:
        apart = apply("absolute", apply("subtract", near.distance, number(limit)))
        unsure = Reduce("sum", Case(((apply("less_equal", apart, near.slack), ONE),), NONE))
        near.refuse(apply("greater", unsure, NONE), "whether a stored row is within the radius is a matter of rounding")
    share = near.pairs.named("share_of_row", Case(((inside, ONE),), NONE))
    return Neighbours(near, share, place.named("neighbours", Reduce("sum", share)))


def weighted(found: Neighbours, weights: Any) -> Neighbours:
    """The neighbours by their weights: 1, or 1 / distance; if some are at no distance, only these."""
    near, place = found.near, found.near.pairs.place
    if weights in (None, "uniform"):
        return found
    if weights != "distance":
        raise place.unsupported("weights that are a function of Python", "use 'uniform' or 'distance'")
    least = place.named("least_distance", Reduce("minimum", near.distance))
    near.refuse_unknown(least)
    apart = apply("and", apply("greater", least, NONE), apply("greater", near.distance, NONE))
    at_it = apply("and", apply("less_equal", least, NONE), apply("less_equal", near.distance, NONE))
    weight = Case(((apart, apply("divide", ONE, near.length())), (at_it, ONE)), NONE)
    share = near.pairs.named("weight", apply("multiply", found.share, weight))
    return Neighbours(near, share, found.count)
