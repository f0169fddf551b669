"""SVMClassifier of ai.onnx.ml: a decision per pair of classes, and probabilities coupled of them.

Rows on which single precision leaves open when the coupling stops get no score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from aops_indb.scoring.graph import Case, Node, Value, apply, number
from aops_indb.scoring.read_onnx.classify import (
    OF_LINEAR,
    OF_TREES,
    class_labels,
    label_node,
    label_rows,
    post_of,
    scores_of,
    two_from_one,
)
from aops_indb.scoring.read_onnx.products import weighted
from aops_indb.scoring.read_onnx.reductions import first_best
from aops_indb.scoring.read_onnx.svm import row_of, sums_over_vectors
from aops_indb.scoring.read_onnx.values import At, OnnxValue, Rows
from aops_indb.scoring.read_sklearn.arithmetic import clip
from aops_indb.scoring.read_sklearn.coupling import coupled

# Of sums and products of a coupling in single precision the rounding errors come to less.
BLUR = 1e-6


@dataclass(frozen=True, slots=True)
class _Machine:
    """The attributes of the operator."""

    labels: list[Value]
    coefficients: Sequence[float]
    rho: Sequence[float]
    vectors_per_class: Sequence[int]
    support_vectors: Sequence[float]
    kernel: str
    params: Sequence[float]
    sigmoids: list[tuple[float, float]]

    @property
    def duels(self) -> list[tuple[int, int]]:
        """The pairs of classes."""
        return list(combinations(range(len(self.labels)), 2))


def svm_classifier(
    at: At, x: OnnxValue, *, coefficients: Sequence[float], rho: Sequence[float],
    classlabels_ints: Sequence[int] = (), classlabels_strings: Sequence[bytes] = (),
    vectors_per_class: Sequence[int] = (), support_vectors: Sequence[float] = (), kernel_type: bytes = b"LINEAR",
    kernel_params: Sequence[float] = (), prob_a: Sequence[float] = (), prob_b: Sequence[float] = (),
    post_transform: bytes = b"NONE",
) -> tuple[Rows, Rows]:  # fmt: skip
    """SVMClassifier; without support vectors a weighted sum per class."""
    labels, post = class_labels(at, classlabels_ints, classlabels_strings), post_of(at, post_transform)
    if len(labels) < 2 or len(prob_a) != len(prob_b):
        raise at.unsupported(
            f"{at.op} with {len(labels)} labels, {len(prob_a)} prob_a and {len(prob_b)} prob_b",
            "give two labels or more, and as many prob_a as prob_b",
        )
    machine = _Machine(
        labels, coefficients, rho, vectors_per_class, support_vectors, kernel_type.decode(), kernel_params,
        list(zip(prob_a, prob_b, strict=True)),
    )  # fmt: skip
    label, scores = (_of_pairs if sum(vectors_per_class) else _of_classes)(at, x, machine)
    if len(scores) > 1:
        scores = OF_LINEAR.apply(at, scores, post, "float32")
    else:
        scores = two_from_one(at, scores[0], post, "float32", OF_TREES, as_probability=post != "NONE")
    return label_rows(labels, label), scores_of(at, scores, "float32")


def _of_classes(at: At, x: OnnxValue, machine: _Machine) -> tuple[Node, list[Node]]:
    """A weighted sum per class, all with the first of rho; of two labels the second also where a sum is above 0."""
    import numpy as np

    features, nodes = row_of(at, x)
    labels = machine.labels
    if len(machine.coefficients) != len(labels) * len(nodes) or not machine.rho:
        raise at.unsupported(
            f"{at.op} of {len(nodes)} features, {len(labels)} labels and {len(machine.coefficients)} coefficients",
            "fix the model",
        )
    at.place.refuse_missing(at, features, nodes)
    at.place.refuse_infinite(at, features, nodes)
    table = np.asarray(machine.coefficients).reshape(len(labels), -1).tolist()
    scores = [weighted(at, nodes, row, machine.rho[0], "float32") for row in table]
    label = first_best("maximum", scores, [label_node(label) for label in labels])
    if len(labels) == 2 and not machine.sigmoids:
        positive = all(weight >= 0 for weight in machine.coefficients)
        compare, threshold = ("greater_equal", 0.5) if positive else ("greater", 0.0)
        above = apply(compare, apply("maximum", *scores), number(threshold))
        label = Case(((above, label_node(labels[1])),), label)
    return label, scores


def _of_pairs(at: At, x: OnnxValue, machine: _Machine) -> tuple[Node, list[Node]]:
    """The label has most votes, the first of several that have; a score per pair, or a probability per class."""
    vectors = _require_sizes(at, machine)
    table = [_coefficients(machine, vectors, i, j) for i, j in machine.duels]
    sums = sums_over_vectors(at, x, vectors, table, machine.rho, machine.kernel, machine.params)
    decisions = [at.title(f"class_{i}_against_{j}", node) for (i, j), node in zip(machine.duels, sums, strict=True)]
    label = _by_votes(machine, decisions)
    if not machine.sigmoids:
        return label, decisions
    beats = _shares(at, machine, decisions)
    what = f"{at.op} with prob_a"
    return label, [
        at.rounded(share, "float32") for share in coupled(at, at.place, len(machine.labels), beats, what, blur=BLUR)
    ]


def _require_sizes(at: At, machine: _Machine) -> Any:
    """The support vectors as a table; UnsupportedModelError if the attributes do not fit each other."""
    import numpy as np

    classes, count, duels = len(machine.labels), sum(machine.vectors_per_class), len(machine.duels)
    fits = (
        len(machine.vectors_per_class) == classes
        and len(machine.coefficients) == (classes - 1) * count
        and len(machine.rho) == duels
        and len(machine.sigmoids) in (0, duels)
        and len(machine.support_vectors) % count == 0
    )
    if not fits:
        raise at.unsupported(
            f"{at.op} of {classes} classes with {count} support vectors, {len(machine.coefficients)} coefficients, "
            f"{len(machine.rho)} rho and {len(machine.sigmoids)} prob_a",
            "fix the model",
        )
    return np.asarray(machine.support_vectors, dtype=np.float64).reshape(count, -1)


def _coefficients(machine: _Machine, vectors: Any, i: int, j: int) -> list[float]:
    """Of each support vector in the decision between two classes; 0 for those of others."""
    import numpy as np

    table = np.asarray(machine.coefficients, dtype=np.float64).reshape(-1, len(vectors))
    of = np.repeat(np.arange(len(machine.labels)), machine.vectors_per_class)
    chosen: list[float] = np.where(of == i, table[j - 1], np.where(of == j, table[i], 0.0)).tolist()
    return chosen


def _by_votes(machine: _Machine, decisions: Sequence[Node]) -> Node:
    won = [apply("greater", decision, number(0.0)) for decision in decisions]
    one, none = number(1.0), number(0.0)
    votes: list[list[Node]] = [[] for _ in machine.labels]
    for (i, j), first in zip(machine.duels, won, strict=True):
        votes[i].append(Case(((first, one),), none))
        votes[j].append(Case(((first, none),), one))
    counted = [apply("sum", *each) for each in votes]
    return first_best("maximum", counted, [label_node(label) for label in machine.labels])


def _shares(at: At, machine: _Machine, decisions: Sequence[Node]) -> dict[tuple[int, int], Node]:
    """How likely each class is against each other, by a logistic function, each step in single precision."""
    import numpy as np

    least, one = float(np.float32(1e-7)), number(1.0)
    most = float(np.float32(1.0) - np.float32(1e-7))
    beats: dict[tuple[int, int], Node] = {}
    for (i, j), decision, (a, b) in zip(machine.duels, decisions, machine.sigmoids, strict=True):
        scaled = at.rounded(apply("multiply", decision, number(a)), "float32")
        value = at.title(f"scaled_{i}_{j}", at.rounded(apply("add", scaled, number(b)), "float32"))
        raw = at.rounded(apply("subtract", one, OF_TREES.logistic(at, value, "float32")), "float32")
        beats[i, j] = at.title(f"share_{i}_of_{j}", clip(raw, least, most))
        beats[j, i] = at.title(f"share_{j}_of_{i}", at.rounded(apply("subtract", one, beats[i, j]), "float32"))
    return beats
