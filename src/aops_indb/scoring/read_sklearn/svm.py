"""Support vector machines, as libsvm computes them; those with a linear kernel as one weighted sum per decision."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from aops_indb.scoring.graph import Case, Node, apply, number, same_value
from aops_indb.scoring.read_sklearn.coupling import coupled_probabilities
from aops_indb.scoring.read_sklearn.kernels import KERNELS, Settings, kernel_pairs, linear_sums, total
from aops_indb.scoring.read_sklearn.links import classes_of, classifier_outputs, first_largest, regressor_outputs
from aops_indb.scoring.read_sklearn.translation import Features, Place


def support_vector_classifier(model: Any, features: Features, place: Place) -> Features:
    """A decision per pair of classes; the label has most of their votes, the first of several that have."""
    labels = classes_of(model, place)
    duels = list(combinations(range(len(labels)), 2))
    decisions = [
        place.named(f"{labels[i]}_against_{labels[j]}", node)
        for (i, j), node in zip(duels, _decisions(model, features, place, _coefficients(model, duels)), strict=True)
    ]
    scores = _one_score_per_class(len(labels), duels, decisions) if len(labels) > 2 else []
    by_score = model.break_ties and scores
    label = first_largest(labels, scores) if by_score else _label_by_votes(labels, duels, decisions)
    probabilities = (
        coupled_probabilities(model, place, len(labels), decisions) if hasattr(model, "predict_proba") else []
    )
    if len(labels) == 2:
        return classifier_outputs(labels, label, probabilities, [apply("multiply", number(-1.0), decisions[0])])
    if model.decision_function_shape == "ovr":
        return classifier_outputs(labels, label, probabilities, scores)
    found = classifier_outputs(labels, label, probabilities)
    names = tuple(f"decision_{labels[i]}_against_{labels[j]}" for i, j in duels)
    return Features((*found.names, *names), (*found.nodes, *decisions))


def support_vector_regressor(model: Any, features: Features, place: Place) -> Features:
    """The sum of coefficient * kernel over the support vectors, and the intercept."""
    return regressor_outputs(_decisions(model, features, place, [_row(model, 0)]))


def one_class_svm(model: Any, features: Features, place: Place) -> Features:
    """1 where the decision is above 0, else -1."""
    (decision,) = _decisions(model, features, place, [_row(model, 0)])
    positive = apply("greater", decision, number(0.0))
    others = apply("less_equal", decision, number(0.0))
    label = Case(((positive, same_value(1)), (others, same_value(-1))), same_value(None))
    return Features(("label", "decision"), (label, decision))


def _row(model: Any, index: int) -> Any:
    import numpy as np

    table = model._dual_coef_
    return np.asarray((table.toarray() if hasattr(table, "toarray") else table)[index], dtype=np.float64)


def _coefficients(model: Any, duels: Sequence[tuple[int, int]]) -> list[Any]:
    """Per pair of classes the coefficient of each support vector; 0 for those of other classes."""
    import numpy as np

    of = np.repeat(np.arange(len(model.n_support_)), model.n_support_)
    return [np.where(of == i, _row(model, j - 1), np.where(of == j, _row(model, i), 0.0)) for i, j in duels]


def _decisions(model: Any, features: Features, place: Place, coefficients: Sequence[Any]) -> list[Node]:
    import numpy as np

    vectors = model.support_vectors_
    vectors = np.asarray(vectors.toarray() if hasattr(vectors, "toarray") else vectors, dtype=np.float64)
    intercepts = [float(value) for value in model._intercept_]
    if model.kernel == "linear" or not len(vectors):
        return linear_sums(model, features, place, np.array(coefficients), vectors, intercepts)
    if model.kernel not in KERNELS:
        what = "precomputed" if model.kernel == "precomputed" else "a function of Python"
        raise place.unsupported(
            f"{type(model).__name__} with kernel {what}", "use kernel='linear', 'poly', 'rbf' or 'sigmoid'"
        )
    others = {f"coefficient_{k}": each.tolist() for k, each in enumerate(coefficients)}
    settings = Settings(float(model._gamma), float(model.coef0), float(model.degree))
    pairs, kernel = kernel_pairs(model, features, place, vectors, others, model.kernel, settings)
    return [
        apply("add", total(coefficient, kernel), number(intercept))
        for coefficient, intercept in zip(pairs.others.values(), intercepts, strict=True)
    ]


def _votes(classes: int, duels: Sequence[tuple[int, int]], won: Sequence[Node], lost: Sequence[Node]) -> list[Node]:
    """Per class, how many of its duels it won."""
    one, none = number(1.0), number(0.0)
    points: list[list[Node]] = [[] for _ in range(classes)]
    for (i, j), first, second in zip(duels, won, lost, strict=True):
        points[i].append(Case(((first, one),), none))
        points[j].append(Case(((second, one),), none))
    return [apply("sum", *each) for each in points]


def _label_by_votes(labels: Sequence[Any], duels: Sequence[tuple[int, int]], decisions: Sequence[Node]) -> Node:
    zero = number(0.0)
    won = [apply("greater", decision, zero) for decision in decisions]
    lost = [apply("less_equal", decision, zero) for decision in decisions]
    votes = _votes(len(labels), duels, won, lost)
    unknown = apply("any_missing", *decisions)
    return Case(((apply("not", unknown), first_largest(labels, votes)),), same_value(None))


def _one_score_per_class(classes: int, duels: Sequence[tuple[int, int]], decisions: Sequence[Node]) -> list[Node]:
    """Votes, and between them the sum of decisions brought into a third."""
    zero = number(0.0)
    lost = [apply("less", decision, zero) for decision in decisions]
    won = [apply("greater_equal", decision, zero) for decision in decisions]
    votes = _votes(classes, duels, won, lost)
    scores: list[Node] = []
    for k in range(classes):
        own = [
            decision if k == i else apply("multiply", number(-1.0), decision)
            for (i, j), decision in zip(duels, decisions, strict=True)
            if k in (i, j)
        ]
        sure = apply("sum", *own)
        size = apply("add", apply("absolute", sure), number(1.0))
        scores.append(apply("add", votes[k], apply("divide", sure, apply("multiply", number(3.0), size))))
    return scores
