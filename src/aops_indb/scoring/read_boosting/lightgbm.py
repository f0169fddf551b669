"""LightGBM, from the model text its library writes.

LightGBM computes in double precision: left if x <= threshold, leaves added tree after tree. Three things happen to a
row before that: a value no larger in size than float32(1e-35) is 0; missing is 0 too, unless training saw missing
values of that feature; and with zero_as_missing, 0 and missing go the way training found better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from aops_indb.scoring.graph import Case, Forest, Node, Part, Tree, apply, number, same_value
from aops_indb.scoring.read_boosting.lightgbm_inputs import Inputs, inputs_of
from aops_indb.scoring.read_boosting.lightgbm_text import ModelText, TreeText, read_text
from aops_indb.scoring.read_boosting.shapes import negative
from aops_indb.scoring.read_sklearn.answers import sum_in_order
from aops_indb.scoring.read_sklearn.links import (
    classes_of,
    classifier_outputs,
    first_largest,
    regressor_outputs,
    softmax,
)
from aops_indb.scoring.read_sklearn.translation import Features, Place


def lightgbm_booster(model: Any, features: Features, place: Place) -> Features:
    """What Booster.predict gives: the trees up to the best iteration."""
    scores = _scores(model, features, place)
    return regressor_outputs(scores.values)


def lightgbm_regressor(model: Any, features: Features, place: Place) -> Features:
    """The wrappers whose prediction is the booster's."""
    return regressor_outputs(_scores(model.booster_, features, place).values)


def lightgbm_classifier(model: Any, features: Features, place: Place) -> Features:
    """One value: the probability of the second class. The largest probability is the label."""
    if callable(model.objective_):
        raise place.unsupported(
            "LGBMClassifier with an objective of one's own, which has no probabilities,", "use a built-in objective"
        )
    labels = classes_of(model, place)
    if len(labels) < 2:
        raise place.unsupported("LGBMClassifier with one class", "fit it on two or more")
    scores = _scores(model.booster_, features, place)
    values = scores.values
    if len(values) == 1:
        values = [apply("subtract", number(1.0), values[0]), values[0]]
    # linear leaves of infinity can make all of them NaN, of which the first is the largest
    label = apply("coalesce", first_largest(labels, values), same_value(labels[0]))
    return classifier_outputs(labels, label, values, scores.raw)


# ── scores ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Scores:
    """The sums of the trees, and what the objective makes of them."""

    raw: list[Node]
    values: list[Node]


def _scores(booster: Any, features: Features, place: Place) -> _Scores:
    if booster.params.get("pred_early_stop") in (True, "true", "1", 1):
        raise place.unsupported("LightGBM with pred_early_stop", "leave it out: it skips trees by the sums so far")
    text = read_text(booster.model_to_string(num_iteration=-1))
    name, *options = text.header.get("objective", "custom").split()
    if name not in LINKS:
        raise place.unsupported(f"LightGBM with objective '{name}'", f"known are {', '.join(LINKS)}")
    per_iteration = int(text.header["num_tree_per_iteration"])
    trees = text.trees
    if booster.best_iteration > 0:
        trees = trees[: booster.best_iteration * per_iteration]
    if not trees:
        raise place.unsupported("LightGBM without trees", "fit it for an iteration at least")
    raw = _sums(booster, text, trees, per_iteration, features, place)
    values = raw
    if "average_output" in text.header:
        values = [apply("divide", total, number(float(len(trees) // per_iteration))) for total in raw]
    return _Scores(raw, LINKS[name](values, dict(option.partition(":")[::2] for option in options)))


def _sums(
    model: object, text: ModelText, trees: Sequence[TreeText], per_iteration: int, features: Features, place: Place
) -> list[Node]:
    inputs = inputs_of(model, text, trees, features, place)
    if any(tree.linear for tree in trees):
        terms = [_linear_leaf(tree, inputs, place) for tree in trees]
        return [sum_in_order(terms[k::per_iteration], place, "sum") for k in range(per_iteration)]
    made = [
        Tree(inputs.root(tree, tree.values.__getitem__), (index % per_iteration,)) for index, tree in enumerate(trees)
    ]
    forest = Forest(place.step, inputs.nodes, tuple(made), (0.0,) * per_iteration)
    return [Part(forest, k) for k in range(per_iteration)]


def _linear_leaf(tree: TreeText, inputs: Inputs, place: Place) -> Node:
    """What a tree with linear leaves adds; where a feature of the leaf is missing, its constant value."""
    if not tree.linear:
        tree_of_values = Tree(inputs.root(tree, tree.values.__getitem__), (0,))
        return Part(Forest(place.step, inputs.nodes, (tree_of_values,), (0.0,)), 0)
    numbered = Tree(inputs.root(tree, float), (0,))
    leaf = Part(Forest(place.step, inputs.nodes, (numbered,), (0.0,)), 0)
    values = []
    for constant, terms, instead in zip(tree.constants, tree.terms, tree.values, strict=True):
        total: Node = number(constant)
        for feature, factor in terms:
            total = apply("add", total, apply("multiply", inputs.measures[feature], number(factor)))
        absent = apply("any_missing", *(inputs.measures[feature] for feature, _ in terms)) if terms else None
        values.append(Case(((absent, number(instead)),), total) if absent else total)
    branches = [(apply("equal", leaf, number(float(k))), value) for k, value in enumerate(values[:-1])]
    return Case(tuple(branches), values[-1]) if branches else values[-1]


# ── objectives ─────────────────────────────────────────────────────────────────────────────────────────


def _same(scores: list[Node], _: dict[str, str]) -> list[Node]:
    return scores


def _exponential(scores: list[Node], _: dict[str, str]) -> list[Node]:
    return [apply("exp", score) for score in scores]


def _logistic(scores: list[Node], options: dict[str, str]) -> list[Node]:
    factor = float(options.get("sigmoid", 1.0))
    return [apply("expit", score if factor == 1.0 else apply("multiply", score, number(factor))) for score in scores]


def _squared(scores: list[Node], options: dict[str, str]) -> list[Node]:
    """With reg_sqrt the square, with the sign the score has."""
    if "sqrt" not in options:
        return scores
    squares = [apply("multiply", score, score) for score in scores]
    return [
        Case(((apply("less", score, number(0.0)), negative(square)),), square)
        for score, square in zip(scores, squares, strict=True)
    ]


Link: TypeAlias = Callable[[list[Node], dict[str, str]], list[Node]]

LINKS: dict[str, Link] = {
    "binary": _logistic,
    "cross_entropy": _logistic,
    "cross_entropy_lambda": lambda scores, _: [apply("log1p", apply("exp", score)) for score in scores],
    "custom": _same,
    "fair": _squared,
    "gamma": _exponential,
    "huber": _squared,
    "lambdarank": _same,
    "mape": _squared,
    "multiclass": lambda scores, _: softmax(scores),
    "multiclassova": _logistic,
    "poisson": _exponential,
    "quantile": _squared,
    "rank_xendcg": _same,
    "regression": _squared,
    "regression_l1": _squared,
    "tweedie": _exponential,
}
