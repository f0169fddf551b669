"""Ensembles of any models: voting, bagging, stacking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from aops_indb.scoring.graph import Case, Node, apply, number
from aops_indb.scoring.read_sklearn.answers import Answer, ask, mean_in_order, relabelled, same_as, sum_in_order
from aops_indb.scoring.read_sklearn.arithmetic import missing_number
from aops_indb.scoring.read_sklearn.links import classes_of, classifier_outputs, first_largest, regressor_outputs
from aops_indb.scoring.read_sklearn.translation import Features, Place

# ── voting ─────────────────────────────────────────────────────────────────────────────────────────────


def voting_classifier(model: Any, features: Features, place: Place) -> Features:
    """Soft: the weighted mean of the probabilities; hard: the first class with the largest weight of votes."""
    labels = classes_of(model, place)
    answers = _voters(model, features, place)
    if model.voting == "soft":
        means = [
            _average(model, [_each(answer, len(labels))[k] for answer in answers], place, f"probability_{label}")
            for k, label in enumerate(labels)
        ]
        return classifier_outputs(labels, first_largest(labels, means), means)
    weights = model._weights_not_none or [1.0] * len(answers)
    if min(weights) < 0:
        raise place.unsupported(f"{type(model).__name__} with negative weights", "use weights of 0 and more")
    votes = [
        place.named(
            f"votes_{label}",
            sum_in_order(
                [_vote(answer.label, k, float(w)) for answer, w in zip(answers, weights, strict=True)],
                place,
                f"votes_{label}",
            ),
        )
        for k, label in enumerate(labels)
    ]
    return classifier_outputs(labels, first_largest(labels, votes), ())


def voting_regressor(model: Any, features: Features, place: Place) -> Features:
    """The weighted mean of the predictions."""
    answers = _voters(model, features, place)
    return regressor_outputs([_average(model, [answer.predictions[0] for answer in answers], place, "prediction")])


def voting_features(model: Any, features: Features, place: Place) -> Features:
    """As a step: each model's prediction, label, or probabilities."""
    answers = _voters(model, features, place)
    if getattr(model, "voting", None) == "soft":
        if not model.flatten_transform:
            raise place.unsupported(
                f"{type(model).__name__}(flatten_transform=False) as a step", "use flatten_transform=True"
            )
        nodes = [node for answer in answers for node in answer.probabilities]
    else:
        nodes = [node for answer in answers for node in answer.by("predict")]
    return place.features(model, features.names, nodes)


def _voters(model: Any, features: Features, place: Place) -> list[Answer]:
    names = [name for name, estimator in model.estimators if not _is_dropped(estimator)]
    return [ask(model, name, part, features, place) for name, part in zip(names, model.estimators_, strict=True)]


def _is_dropped(estimator: Any) -> bool:
    return isinstance(estimator, str) and estimator == "drop"


def _each(answer: Answer, count: int) -> Sequence[Node]:
    """The probabilities, which must be as many as there are classes."""
    if len(answer.probabilities) != count:
        raise answer.place.unsupported(
            f"{type(answer.model).__name__} that knows only some of the classes", "fit it on rows of every class"
        )
    return answer.probabilities


def _average(model: Any, nodes: Sequence[Node], place: Place, name: str) -> Node:
    weights = model._weights_not_none
    if weights is None:
        return place.named(name, mean_in_order(nodes, place, name))
    weighted = [apply("multiply", node, number(float(w))) for node, w in zip(nodes, weights, strict=True)]
    total = sum_in_order(weighted, place, name)
    return place.named(name, apply("divide", total, number(float(sum(weights)))))


def _vote(label: Node, value: Any, weight: float) -> Node:
    """The weight if the label is that one, else 0; missing if the label is, which must not count as another's vote."""
    branches = ((same_as(label, value), number(weight)), (apply("is_missing", label), missing_number()))
    return Case(branches, number(0.0))


# ── stacking ───────────────────────────────────────────────────────────────────────────────────────────


def stacking_classifier(model: Any, features: Features, place: Place) -> Features:
    """What the last model says of the others' answers, under the labels the stack was fitted on."""
    labels = classes_of(model, place)
    final = _final(model, features, place)
    if final.classes != list(range(len(labels))):
        raise place.unsupported(
            f"{type(model).__name__} whose last model knows only some of the classes", "fit it on rows of every class"
        )
    return classifier_outputs(labels, relabelled(final.label, labels), *final.scores)


def stacking_regressor(model: Any, features: Features, place: Place) -> Features:
    """What the last model says of the others' answers."""
    return regressor_outputs(_final(model, features, place).predictions)


def stacking_features(model: Any, features: Features, place: Place) -> Features:
    """As a step: the answers the last model gets, and the features themselves if they are passed on."""
    parts = [(name, part) for name, part in model.estimators if not _is_dropped(part)]
    nodes: list[Node] = []
    for (name, _), part, method in zip(parts, model.estimators_, model.stack_method_, strict=True):
        said = ask(model, name, part, features, place).by(method)
        # of two probabilities the first tells nothing more
        nodes += said[1:] if method == "predict_proba" and len(model.classes_) == 2 else said
    if model.passthrough:
        nodes += features.nodes
    made = place.features(model, features.names, nodes)
    return replace(made, sparse=features.sparse, single=features.single) if model.passthrough else made


def _final(model: Any, features: Features, place: Place) -> Answer:
    return ask(model, "final_estimator", model.final_estimator_, stacking_features(model, features, place), place)


# ── bagging ────────────────────────────────────────────────────────────────────────────────────────────


def bagging_classifier(model: Any, features: Features, place: Place) -> Features:
    """The mean of the probabilities, or the share of the votes where the models have none."""
    labels = classes_of(model, place)
    answers = _bagged(model, features, place)
    shares = [[_share(answer, k) for answer in answers] for k in range(len(labels))]
    count = number(float(model.n_estimators))
    means = []
    for label, terms in zip(labels, shares, strict=True):
        name = f"probability_{label}"
        means.append(place.named(name, apply("divide", sum_in_order(terms, place, name), count)))
    decisions = []
    if hasattr(model, "decision_function"):
        each = [answer.decisions for answer in answers]
        if len({len(said) for said in each}) > 1:
            raise place.unsupported(
                f"{type(model).__name__} with models that know only some of the classes",
                "fit it on more rows of the rarest class",
            )
        for k, scores in enumerate(zip(*each, strict=True)):
            name = f"decision_{k}"
            decisions.append(place.named(name, apply("divide", sum_in_order(scores, place, name), count)))
    return classifier_outputs(labels, first_largest(labels, means), means, decisions)


def bagging_regressor(model: Any, features: Features, place: Place) -> Features:
    """The mean of the predictions."""
    answers = _bagged(model, features, place)
    each = zip(*(answer.predictions for answer in answers), strict=True)
    return regressor_outputs(
        [place.named("prediction", mean_in_order(terms, place, f"prediction_{k}")) for k, terms in enumerate(each)]
    )


def _bagged(model: Any, features: Features, place: Place) -> list[Answer]:
    """Each model's answer from its own choice of features."""
    return [
        ask(model, f"estimator_{i}", part, features.pick(chosen), place)
        for i, (part, chosen) in enumerate(zip(model.estimators_, model.estimators_features_, strict=True))
    ]


def _share(answer: Answer, k: int) -> Node:
    """What a model adds to the share of class number k."""
    if not hasattr(answer.model, "predict_proba"):
        return _vote(answer.label, k, 1.0)
    classes = answer.classes
    return answer.probabilities[classes.index(k)] if k in classes else number(0.0)
