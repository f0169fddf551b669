"""Probabilities out of decisions between pairs of classes, as libsvm couples them.

T.-F. Wu, C.-J. Lin and R. C. Weng, Probability estimates for multi-class classification by pairwise coupling (2004),
second method. The library stops its iteration early, so the iteration is written out and not its limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from aops_indb.scoring.graph import Case, Node, apply, number
from aops_indb.scoring.read_sklearn.arithmetic import clip
from aops_indb.scoring.read_sklearn.translation import Place

LEAST = 1e-7
# how often the iteration runs at most in SQL; of 20,000 random rows of 2 to 8 classes none took more than 4
STEPS = {2: 3}
MOST_STEPS = 5
MOST_CLASSES = 6


def coupled_probabilities(model: Any, place: Place, classes: int, decisions: Sequence[Node]) -> list[Node]:
    """Probability per class; rows on which the iteration takes longer than any seen are refused."""
    return coupled(
        model, place, classes, _pairwise(model, place, classes, decisions), f"{type(model).__name__}(probability=True)"
    )


def coupled(
    model: Any, place: Place, classes: int, beats: dict[tuple[int, int], Node], what: str, *, blur: float = 0.0
) -> list[Node]:
    """Probability per class of how likely each is against each other.

    what: the model has that makes it need them; blur: rows that come so near to the end of a step's test are refused
    """
    if classes > MOST_CLASSES:
        raise place.unsupported(
            f"{what} of {classes} classes",
            f"it can be had for up to {MOST_CLASSES}; or wrap it in CalibratedClassifierCV",
        )
    matrix = _quadratic_form(place, classes, beats)
    shares: list[Node] = [number(1.0 / classes)] * classes
    for step in range(STEPS.get(classes, MOST_STEPS)):
        if blur:
            _, _, off = _errors(place, matrix, shares, f"coupling_{step + 1}")
            near = apply("less_equal", apply("absolute", apply("subtract", off, number(0.005 / classes))), number(blur))
            place.refuse(near, f"it is open whether coupling goes on ({place.where(model)})")
        shares = _improved(place, matrix, shares, f"coupling_{step + 1}")
    _, _, off = _errors(place, matrix, shares, "coupling_end")
    place.refuse(apply("greater_equal", off, number(0.005 / classes)), f"coupling is slow ({place.where(model)})")
    return shares


def _pairwise(model: Any, place: Place, classes: int, decisions: Sequence[Node]) -> dict[tuple[int, int], Node]:
    """How likely each class is against each other, by Platt's sigmoid."""
    beats: dict[tuple[int, int], Node] = {}
    for (i, j), decision, a, b in zip(
        combinations(range(classes), 2), decisions, model._probA.tolist(), model._probB.tolist(), strict=True
    ):
        scaled = apply("add", apply("multiply", decision, number(a)), number(b))
        raw = apply("expit", apply("multiply", number(-1.0), scaled))
        beats[i, j] = place.named(f"share_{i}_of_{j}", clip(raw, LEAST, 1.0 - LEAST))
        beats[j, i] = place.named(f"share_{j}_of_{i}", apply("subtract", number(1.0), beats[i, j]))
    return beats


def _quadratic_form(place: Place, classes: int, beats: dict[tuple[int, int], Node]) -> list[list[Node]]:
    matrix: list[list[Node]] = []
    for t in range(classes):
        squares = [apply("multiply", beats[j, t], beats[j, t]) for j in range(classes) if j != t]
        row: list[Node] = []
        for j in range(classes):
            if j == t:
                row.append(place.named(f"form_{t}_{t}", apply("sum", *squares)))
            elif j < t:
                row.append(matrix[j][t])
            else:
                both = apply("multiply", beats[j, t], beats[t, j])
                row.append(place.named(f"form_{t}_{j}", apply("multiply", number(-1.0), both)))
        matrix.append(row)
    return matrix


def _errors(
    place: Place, matrix: Sequence[Sequence[Node]], shares: Sequence[Node], name: str
) -> tuple[list[Node], Node, Node]:
    """Matrix times shares, shares times that, and how far these are apart at most."""
    towards: list[Node] = [
        place.named(
            f"{name}_gradient_{t}", apply("sum", *(apply("multiply", q, p) for q, p in zip(row, shares, strict=True)))
        )
        for t, row in enumerate(matrix)
    ]
    value = place.named(
        f"{name}_value", apply("sum", *(apply("multiply", p, g) for p, g in zip(shares, towards, strict=True)))
    )
    apart = [apply("absolute", apply("subtract", g, value)) for g in towards]
    return towards, value, place.named(f"{name}_error", apply("maximum", *apart))


def _improved(place: Place, matrix: Sequence[Sequence[Node]], shares: list[Node], name: str) -> list[Node]:
    """The shares after one more step, or as they were if they are near enough."""
    count = len(shares)
    towards, value, error = _errors(place, matrix, shares, name)
    done = place.named(f"{name}_done", apply("less", error, number(0.005 / count)))
    new = list(shares)
    for t in range(count):
        change = place.named(f"{name}_change_{t}", apply("divide", apply("subtract", value, towards[t]), matrix[t][t]))
        scale = place.named(f"{name}_scale_{t}", apply("add", number(1.0), change))
        new[t] = apply("add", new[t], change)
        bend = apply("add", apply("multiply", change, matrix[t][t]), apply("multiply", number(2.0), towards[t]))
        moved = apply("add", value, apply("multiply", change, bend))
        value = place.named(f"{name}_value_{t}", apply("divide", apply("divide", moved, scale), scale))
        towards = [
            place.named(
                f"{name}_gradient_{j}_{t}",
                apply("divide", apply("add", g, apply("multiply", change, matrix[t][j])), scale),
            )
            for j, g in enumerate(towards)
        ]
        new = [place.named(f"{name}_share_{j}_{t}", apply("divide", p, scale)) for j, p in enumerate(new)]
    return [
        place.named(f"{name}_share_{j}", Case(((done, old),), later))
        for j, (old, later) in enumerate(zip(shares, new, strict=True))
    ]
