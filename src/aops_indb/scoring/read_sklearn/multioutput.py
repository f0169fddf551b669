"""Several targets, a model for each; chains, in which a model also gets what those before it say.

Outputs carry the number of their target: `label_0`, `probability_0_<class>`, `decision_0`; of regressors
`prediction_0`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aops_indb.scoring.graph import Node
from aops_indb.scoring.read_sklearn.answers import Answer, ask
from aops_indb.scoring.read_sklearn.links import regressor_outputs
from aops_indb.scoring.read_sklearn.translation import Features, Place


def multi_output_classifier(model: Any, features: Features, place: Place) -> Features:
    """Label and probabilities of each target's model."""
    answers = [ask(model, f"estimator_{i}", part, features, place) for i, part in enumerate(model.estimators_)]
    if len({type(answer.classes[0]) for answer in answers}) > 1:
        raise place.unsupported(f"{type(model).__name__} whose targets have labels of several types", "use one type")
    outputs = [(f"label_{i}", answer.label) for i, answer in enumerate(answers)]
    if hasattr(model, "predict_proba"):
        for i, answer in enumerate(answers):
            outputs += _probabilities(i, answer.classes, answer.probabilities)
    return Features(tuple(name for name, _ in outputs), tuple(node for _, node in outputs))


def multi_output_regressor(model: Any, features: Features, place: Place) -> Features:
    """The prediction of each target's model."""
    answers = [ask(model, f"estimator_{i}", part, features, place) for i, part in enumerate(model.estimators_)]
    return regressor_outputs([answer.predictions[0] for answer in answers])


def classifier_chain(model: Any, features: Features, place: Place) -> Features:
    """Labels, which the library gives as floating-point numbers; the probability and decision of the second class."""
    answers = _chain(model, features, place)
    outputs: list[tuple[str, Node]] = [(f"label_{i}", answer.label_number()) for i, answer in enumerate(answers)]
    # of more classes the library has labels alone
    binary = all(len(answer.classes) == 2 for answer in answers)
    if binary and hasattr(model, "predict_proba"):
        for i, answer in enumerate(answers):
            outputs += _probabilities(i, answer.classes[1:], answer.probabilities[1:])
    if binary and hasattr(model, "decision_function"):
        outputs += [(f"decision_{i}", answer.decisions[0]) for i, answer in enumerate(answers)]
    return Features(tuple(name for name, _ in outputs), tuple(node for _, node in outputs))


def regressor_chain(model: Any, features: Features, place: Place) -> Features:
    """The prediction of each link of the chain, in the order of the targets."""
    return regressor_outputs([answer.predictions[0] for answer in _chain(model, features, place)])


def _probabilities(target: int, classes: Sequence[Any], nodes: Sequence[Node]) -> list[tuple[str, Node]]:
    return [(f"probability_{target}_{label}", node) for label, node in zip(classes, nodes, strict=True)]


def _chain(model: Any, features: Features, place: Place) -> list[Answer]:
    """The links' answers in the order of the targets."""
    nodes = place.numbers(model, features)
    place.refuse_missing(model, features, nodes)
    place.refuse_infinite(model, features, nodes)
    method = getattr(model, "chain_method_", "predict")
    given, answers = features, {}
    for link, part in zip(model.order_, model.estimators_, strict=True):
        answer = ask(model, f"target_{link}", part, given, place)
        answers[int(link)] = answer
        # of two probabilities the second is handed on
        said = answer.by(method)[-1]
        given = Features((*given.names, f"said_of_{link}"), (*given.nodes, said))
    if any(len(answer.by(method)) > 2 for answer in answers.values()):
        raise place.unsupported(f"{type(model).__name__} of more than two classes by {method}", "chain 'predict'")
    return [answers[i] for i in range(len(answers))]
