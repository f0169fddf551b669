"""Kernels and distances between a row and the rows a model has stored."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aops_indb.scoring.graph import Case, Constant, Named, Node, Reduce, Relation, Stored, apply, number
from aops_indb.scoring.names import Names
from aops_indb.scoring.ranges import BOUNDS, LARGEST_RESULT
from aops_indb.scoring.read_sklearn.arithmetic import products
from aops_indb.scoring.read_sklearn.translation import Features, Place

# Values of less size count as 0, where engines would raise on the square of a difference: differences of doubles above
# it are at least 1e-146.
SMALLEST = 1e-130
# products of larger values leave the range of a double
LARGEST = 1e140

# exp of less counts as 0: times a coefficient it could become too small for a double, where engines raise
SMALLEST_EXPONENT = -460.0

# a sum of more terms is written in several parts: engines limit how deep an expression may nest
TERMS_PER_PART = 16


@dataclass(frozen=True, slots=True)
class Pairs:
    """A row's features beside the same of each stored row, and what else is stored with these."""

    place: Place
    row: tuple[Node, ...]
    stored: tuple[Node, ...]
    others: Mapping[str, Node]

    def sum(self, terms: Iterable[Node], name: str) -> Node:
        """Term after term, from the first to the last."""
        total: Node | None = None
        for count, term in enumerate(terms):
            if count and count % TERMS_PER_PART == 0 and total is not None:
                total = self.named(f"{name}_of_{count}", total)
            total = term if total is None else apply("add", total, term)
        return number(0.0) if total is None else total

    def named(self, name: str, node: Node) -> Node:
        """A value per stored row under a name, computed once."""
        return Named(self.place.step, name, node)

    def differences(self) -> list[Node]:
        """Row less stored row, per feature."""
        return [apply("subtract", x, y) for x, y in zip(self.row, self.stored, strict=True)]

    def squared_distance(self) -> Node:
        """Sum of squared differences."""
        return self.sum([apply("multiply", d, d) for d in self.differences()], "squared_distance")

    def dot(self) -> Node:
        """Sum of products."""
        return self.sum([apply("multiply", x, y) for x, y in zip(self.row, self.stored, strict=True)], "dot")


def stored_pairs(
    place: Place,
    features: Features,
    row: Sequence[Node],
    table: Any,
    others: Mapping[str, Sequence[float]],
    *,
    smallest: float = SMALLEST,
    name: str = "stored",
) -> Pairs:
    """The row beside a table of stored rows, with other columns of the same length by name.

    smallest: values of less size are 0
    """
    import numpy as np

    values = np.asarray(table, dtype=np.float64)
    values = np.where(np.abs(values) < smallest, 0.0, values)
    names = Names()
    titles = [names.claim(f"stored_{title}") for title in (*features.names, *others)]
    columns = [*values.T.tolist(), *([float(value) for value in column] for column in others.values())]
    blank = [[None if math.isnan(value) else value for value in column] for column in columns]
    relation = Relation(f"{place.step}__{name}", tuple(titles), tuple(zip(*blank, strict=True)))
    nodes = [Stored(relation, k) for k in range(len(titles))]
    count = len(features)
    return Pairs(place, tuple(row), tuple(nodes[:count]), dict(zip(others, nodes[count:], strict=True)))


def tame(node: Node, smallest: float = SMALLEST) -> Node:
    """The node, 0 where it is too small to be squared."""
    small = apply("less", apply("absolute", node), number(smallest))
    return Case(((small, number(0.0)),), node)


def within(place: Place, model: Any, features: Features, nodes: Sequence[Node], largest: float) -> list[Node]:
    """The nodes, missing beyond `largest`, where products leave the range of a double; such rows are refused."""
    for name, node in zip(features.names, nodes, strict=True):
        reason = f"'{name}' is larger in size than {largest:.1e} ({place.where(model)})"
        place.refuse(apply("any_beyond", number(largest), node), reason)
    missing = Constant(None, "number")
    return [Case(((apply("any_beyond", number(largest), node), missing),), node) for node in nodes]


def total(coefficients: Node, kernel: Node) -> Node:
    """Sum over the stored rows of coefficient * kernel."""
    return Reduce("sum", apply("multiply", coefficients, kernel))


def linear_sums(
    model: Any, features: Features, place: Place, coefficients: Any, table: Any, shifts: Sequence[float] | None = None
) -> list[Node]:
    """Per row of coefficients the sum of coefficient * product with a stored row, as one weighted sum of the features.

    The library adds up the products themselves, which leave the range of a double before their sum does.
    """
    import numpy as np

    nodes = place.numbers(model, features)
    place.refuse_missing(model, features, nodes)
    steepest = float(np.max(np.abs(coefficients) @ np.abs(table).sum(axis=1), initial=1.0))
    largest = max((bound for bound in BOUNDS if bound * steepest <= LARGEST_RESULT), default=BOUNDS[-1])
    place.refuse_infinite(model, features, nodes, largest)
    return products(nodes, coefficients @ table, shifts)


def whole_power(base: Node, exponent: int) -> Node:
    """A number to a whole power, by squaring, as libsvm multiplies."""
    result: Node | None = None
    while exponent > 0:
        if exponent % 2 == 1:
            result = base if result is None else apply("multiply", result, base)
        exponent //= 2
        if exponent:
            base = apply("multiply", base, base)
    return number(1.0) if result is None else result


# ── kernels by scikit-learn's names ────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Settings:
    """The parameters of a kernel."""

    gamma: float
    coef0: float
    degree: float


def vanishing_exp(pairs: Pairs, exponent: Node) -> Node:
    """exp of a negative number, 0 where it is next to nothing."""
    exponent = pairs.named("exponent", exponent)
    return Case(((apply("less", exponent, number(SMALLEST_EXPONENT)), number(0.0)),), apply("exp", exponent))


def rbf(pairs: Pairs, settings: Settings) -> Node:
    """exp(-gamma * squared distance)."""
    return vanishing_exp(pairs, apply("multiply", number(-settings.gamma), pairs.squared_distance()))


def polynomial(pairs: Pairs, settings: Settings) -> Node:
    """(gamma * dot + coef0) ** degree."""
    return whole_power(_scaled_dot(pairs, settings), int(settings.degree))


def sigmoid(pairs: Pairs, settings: Settings) -> Node:
    """tanh(gamma * dot + coef0)."""
    return apply("tanh", _scaled_dot(pairs, settings))


def laplacian(pairs: Pairs, settings: Settings) -> Node:
    """exp(-gamma * sum of absolute differences)."""
    sizes = [apply("absolute", difference) for difference in pairs.differences()]
    return vanishing_exp(pairs, apply("multiply", number(-settings.gamma), pairs.sum(sizes, "distance")))


def cosine(pairs: Pairs, _: Settings) -> Node:
    """The product over both lengths; 0 where one of them is 0."""
    lengths = [
        apply("sqrt", pairs.sum([apply("multiply", x, x) for x in side], name))
        for side, name in ((pairs.row, "length"), (pairs.stored, "stored_length"))
    ]
    both = apply("multiply", pairs.place.named("length", lengths[0]), pairs.named("stored_length", lengths[1]))
    return Case(((apply("greater", both, number(0.0)), apply("divide", pairs.dot(), both)),), number(0.0))


def _scaled_dot(pairs: Pairs, settings: Settings) -> Node:
    return apply("add", apply("multiply", number(settings.gamma), pairs.dot()), number(settings.coef0))


Kernel = Callable[[Pairs, Settings], Node]
KERNELS: dict[str, Kernel] = {
    "rbf": rbf,
    "poly": polynomial,
    "polynomial": polynomial,
    "sigmoid": sigmoid,
    "laplacian": laplacian,
    "cosine": cosine,
}


def kernel_pairs(
    model: Any,
    features: Features,
    place: Place,
    table: Any,
    others: Mapping[str, Sequence[float]],
    kernel: str,
    settings: Settings,
) -> tuple[Pairs, Node]:
    """The row beside stored rows, and its kernel with each of them; `others` are coefficients it is multiplied by."""
    nodes = place.numbers(model, features)
    place.refuse_missing(model, features, nodes)
    place.refuse_infinite(model, features, nodes)
    smallest = SMALLEST
    if kernel in ("poly", "polynomial"):
        smallest = 10.0 ** (-130.0 / max(settings.degree, 1.0))
        nodes = within(place, model, features, nodes, _reach(table, others.values(), settings))
    row = [
        place.named(f"{name}_kept_in_range", tame(n, smallest)) for n, name in zip(nodes, features.names, strict=True)
    ]
    pairs = stored_pairs(place, features, row, table, others, smallest=smallest)
    return pairs, pairs.named("kernel", KERNELS[kernel](pairs, settings))


def finite_pairs(
    model: Any,
    features: Features,
    place: Place,
    table: Any,
    others: Mapping[str, Sequence[float]],
    largest: float = math.inf,
) -> Pairs:
    """The row beside stored rows; rows with a missing, infinite or larger value are refused."""
    nodes = place.numbers(model, features)
    place.refuse_missing(model, features, nodes)
    place.refuse_infinite(model, features, nodes)
    if largest < LARGEST:
        nodes = within(place, model, features, nodes, largest)
    row = [place.named(f"{name}_kept_in_range", tame(n)) for n, name in zip(nodes, features.names, strict=True)]
    return stored_pairs(place, features, row, table, others)


def _reach(table: Any, coefficients: Iterable[Sequence[float]], settings: Settings) -> float:
    """How large features may be for sums of polynomial kernels to stay doubles."""
    import numpy as np

    steepest = max(float(np.abs(table).sum(axis=1).max()) * abs(settings.gamma), 1e-100)
    weight = max([1.0, *(float(np.abs(np.asarray(each)).sum()) for each in coefficients)])
    power = (290.0 - math.log10(weight)) / max(settings.degree, 1.0)
    return min(float(10.0**power) / 2.0 / steepest, LARGEST)
