"""Several classes by models of two: one against the rest, one against one, output codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aops_indb.scoring.graph import Case, Constant, Node, apply, kind_of_value, number, same_value
from aops_indb.scoring.read_sklearn.answers import Answer, ask, same_as, sum_in_order
from aops_indb.scoring.read_sklearn.links import (
    by_sign,
    classes_of,
    classifier_outputs,
    first_largest,
)
from aops_indb.scoring.read_sklearn.translation import Features, Place


def one_vs_rest_classifier(model: Any, features: Features, place: Place) -> Features:
    """The class whose model is surest; probabilities are the models', divided by their sum."""
    if model.multilabel_:
        raise place.unsupported(f"{type(model).__name__} of several labels a row", "fit a MultiOutputClassifier")
    labels, answers = classes_of(model, place), _answers(model, features, place)
    scores = [_score(answer) for answer in answers]
    decisions = [d for answer in answers for d in answer.decisions] if hasattr(model, "decision_function") else []
    seconds = [answer.probabilities[1] for answer in answers] if hasattr(model, "predict_proba") else []
    if len(answers) == 1:
        label = _beyond(labels, scores[0], _threshold(answers[0]))
        pair = [apply("subtract", number(1.0), seconds[0]), seconds[0]] if seconds else []
        return classifier_outputs(labels, label, pair, decisions)
    probabilities: Sequence[Node] = _shares(seconds, place) if seconds else ()
    return classifier_outputs(labels, first_largest(labels, scores), probabilities, decisions)


def one_vs_one_classifier(model: Any, features: Features, place: Place) -> Features:
    """The class with most votes; of equals the one with more confidence: the decision is votes + confidence / 3."""
    labels, answers = classes_of(model, place), _chosen_answers(model, features, place)
    pairs = [(i, j) for i in range(len(labels)) for j in range(i + 1, len(labels))]
    decisions = [_duels(k, pairs, answers, place) for k in range(len(labels))]
    if len(labels) == 2:
        label = _beyond(labels, decisions[1], _threshold(answers[0]))
        return classifier_outputs(labels, label, (), [decisions[1]])
    return classifier_outputs(labels, first_largest(labels, decisions), (), decisions)


LARGEST_SCORE = 1e100


def output_code_classifier(model: Any, features: Features, place: Place) -> Features:
    """The first class whose code is nearest, by |code|^2 - 2 * (score, code), as the library computes it."""
    labels = classes_of(model, place)
    scores = [_score(answer) for answer in _answers(model, features, place)]
    # between the sums of scores that large it is rounding that decides
    names = tuple(f"score_{k}" for k in range(len(scores)))
    place.refuse_infinite(model, Features(names, tuple(scores)), scores, LARGEST_SCORE)
    nearness = []
    for label, code in zip(labels, model.code_book_.tolist(), strict=True):
        terms = [_signed(score, digit) for score, digit in zip(scores, code, strict=True) if digit] or [number(0.0)]
        twice = apply("multiply", number(2.0), sum_in_order(terms, place, f"code_of_{label}"))
        squared = number(float(sum(digit * digit for digit in code)))
        nearness.append(place.named(f"nearness_{label}", apply("subtract", twice, squared)))
    return classifier_outputs(labels, first_largest(labels, nearness), ())


def _answers(model: Any, features: Features, place: Place) -> list[Answer]:
    return [
        _constant(part, place)
        if type(part).__name__ == "_ConstantPredictor"
        else ask(model, f"estimator_{i}", part, features, place)
        for i, part in enumerate(model.estimators_)
    ]


def _constant(part: Any, place: Place) -> Answer:
    """What the library puts in the place of a model that would have seen one class only."""
    value = float(part.y_[0])
    outputs = {"probability_0": 1 - value, "probability_1": value, "decision": value}
    return Answer(part, place, {name: number(score) for name, score in outputs.items()})


def _chosen_answers(model: Any, features: Features, place: Place) -> list[Answer]:
    if model.pairwise_indices_ is not None:
        raise place.unsupported(f"{type(model).__name__} on precomputed kernels", "fit it on features")
    return _answers(model, features, place)


def _score(answer: Answer) -> Node:
    """How sure a model of two classes is of the second."""
    from sklearn.base import is_regressor

    if is_regressor(answer.model):
        return answer.predictions[0]
    return answer.decisions[0] if hasattr(answer.model, "decision_function") else answer.probabilities[1]


def _threshold(answer: Answer) -> float:
    from sklearn.base import is_classifier

    return 0.0 if hasattr(answer.model, "decision_function") and is_classifier(answer.model) else 0.5


def _beyond(labels: Sequence[Any], score: Node, threshold: float) -> Node:
    """The second label where the score is above the threshold; missing if the score is."""
    if threshold == 0:
        return by_sign(labels, score, zero_is_second=False)
    limit = number(threshold)
    branches = (
        (apply("greater", score, limit), same_value(labels[1])),
        (apply("less_equal", score, limit), same_value(labels[0])),
    )
    return Case(branches, Constant(None, kind_of_value(labels[0])))


def _shares(probabilities: Sequence[Node], place: Place) -> list[Node]:
    """Each divided by their sum, unless that is zero."""
    total = place.named("sum", sum_in_order(probabilities, place, "sum"))
    nothing = apply("equal", total, number(0.0))
    return [Case(((nothing, number(0.0)),), apply("divide", p, total)) for p in probabilities]


def _duels(k: int, pairs: Sequence[tuple[int, int]], answers: Sequence[Answer], place: Place) -> Node:
    """What a class wins against each other: votes, and the sum of confidences squeezed between -1/3 and 1/3."""
    own = [(answer, k == j) for (i, j), answer in zip(pairs, answers, strict=True) if k in (i, j)]
    votes: list[Node] = [Case(((_says(answer, second), number(1.0)),), number(0.0)) for answer, second in own]
    terms = [_signed(_score(answer), 1.0 if second else -1.0) for answer, second in own]
    sure = place.named(f"confidence_{k}", sum_in_order(terms, place, f"confidence_{k}"))
    size = apply("add", apply("absolute", sure), number(1.0))
    squeezed = apply("divide", sure, apply("multiply", number(3.0), size))
    return place.named(f"decision_{k}", apply("add", sum_in_order(votes, place, f"votes_{k}"), squeezed))


def _says(answer: Answer, second: bool) -> Node:
    """Whether a model's prediction is the second of its two classes, or the first."""
    if "label" in answer.outputs:
        return same_as(answer.label, int(second))
    return same_as(answer.predictions[0], float(second))


def _signed(score: Node, digit: float) -> Node:
    return score if digit > 0 else apply("subtract", number(0.0), score)
