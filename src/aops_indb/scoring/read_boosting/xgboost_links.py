"""XGBoost's objectives: from margins to what is predicted, in single precision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import TypeAlias

from aops_indb.scoring.graph import Case, Node, apply, number
from aops_indb.scoring.read_boosting.shapes import exp_single, negative
from aops_indb.scoring.read_sklearn.rounding import to_single
from aops_indb.scoring.read_sklearn.translation import Place

# exp of more is beyond single precision; the library's own limit
LARGEST_EXPONENT = 88.69999694824219


def _same(margins: Sequence[Node], _: Place) -> list[Node]:
    return list(margins)


def _exponential(margins: Sequence[Node], place: Place) -> list[Node]:
    return [exp_single(margin, place) for margin in margins]


def _logistic(margins: Sequence[Node], place: Place) -> list[Node]:
    return [_sigmoid(margin, place) for margin in margins]


def _hinge(margins: Sequence[Node], _: Place) -> list[Node]:
    return [Case(((apply("greater", margin, number(0.0)), number(1.0)),), number(0.0)) for margin in margins]


def _softmax(margins: Sequence[Node], place: Place) -> list[Node]:
    """The sum is made in double precision, and rounded."""
    top = apply("maximum", *margins)
    powers = [exp_single(apply("single", apply("subtract", margin, top)), place) for margin in margins]
    total = apply("single", reduce(lambda a, b: apply("add", a, b), powers))
    return [to_single(apply("divide", power, total)) for power in powers]


def _largest(margins: Sequence[Node], _: Place) -> list[Node]:
    """The number of the first of the largest margins."""
    top = apply("maximum", *margins)
    branches = [(apply("equal", margin, top), number(float(k))) for k, margin in enumerate(margins)]
    return [Case(tuple(branches[:-1]), branches[-1][1])]


def _sigmoid(margin: Node, place: Place) -> Node:
    power = exp_single(apply("minimum", negative(margin), number(LARGEST_EXPONENT)), place)
    # both are between 1e-39 and 1e39
    return apply("single", apply("divide", number(1.0), apply("single", apply("add", power, number(1.0)))))


Link: TypeAlias = Callable[[Sequence[Node], Place], list[Node]]

LINKS: dict[str, Link] = {
    "binary:hinge": _hinge,
    "binary:logistic": _logistic,
    "binary:logitraw": _same,
    "count:poisson": _exponential,
    "multi:softmax": _largest,
    "multi:softprob": _softmax,
    "rank:map": _same,
    "rank:ndcg": _same,
    "rank:pairwise": _same,
    "reg:absoluteerror": _same,
    "reg:gamma": _exponential,
    "reg:logistic": _logistic,
    "reg:pseudohubererror": _same,
    "reg:quantileerror": _same,
    "reg:squarederror": _same,
    "reg:squaredlogerror": _same,
    "reg:tweedie": _exponential,
    "survival:aft": _exponential,
    "survival:cox": _exponential,
}
