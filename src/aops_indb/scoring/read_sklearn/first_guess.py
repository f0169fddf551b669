"""Gradient boosting that starts from another model's answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from aops_indb.scoring.graph import Case, Node, apply, number
from aops_indb.scoring.read_sklearn.answers import ask
from aops_indb.scoring.read_sklearn.translation import Features, Place

# They compare features rounded to single precision, which is what they get here, and answer in double precision.
TREES = ("DecisionTree", "ExtraTree", "ExtraTrees", "RandomForest", "GradientBoosting")
NEARLY_ZERO = 2.0**-52


def first_guess(model: Any, features: Features, place: Place) -> list[Node]:
    """The raw scores that the `init` model stands for."""
    from sklearn.base import is_classifier

    name = type(model.init_).__name__
    if name.removesuffix("Classifier").removesuffix("Regressor") not in TREES:
        raise place.unsupported(
            f"{type(model).__name__}(init={name}()), which computes in single precision,",
            "leave init=None, or use a tree, a forest or init='zero'",
        )
    answer = ask(model, "init", model.init_, replace(features, single=True), place)
    if not is_classifier(model):
        return [answer.predictions[0]]
    clipped = [place.named(f"init_{k}", _clipped(p)) for k, p in enumerate(answer.probabilities)]
    if len(clipped) > 2:
        return _centred_logarithms(clipped, place)
    odds = apply("log", apply("divide", clipped[1], apply("subtract", number(1.0), clipped[1])))
    return [apply("multiply", number(0.5), odds) if model.loss == "exponential" else odds]


def _clipped(probability: Node) -> Node:
    low, high = number(NEARLY_ZERO), number(1 - NEARLY_ZERO)
    branches = ((apply("less", probability, low), low), (apply("greater", probability, high), high))
    return Case(branches, probability)


def _centred_logarithms(probabilities: Sequence[Node], place: Place) -> list[Node]:
    logarithms = [place.named(f"log_{k}", apply("log", p)) for k, p in enumerate(probabilities)]
    mean = place.named("mean_log", apply("divide", apply("sum", *logarithms), number(float(len(logarithms)))))
    return [apply("subtract", one, mean) for one in logarithms]
