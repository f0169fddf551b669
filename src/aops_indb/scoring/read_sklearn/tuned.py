"""Models that hand rows on to one they have fitted: searches, frozen and self-trained ones, moved thresholds."""

from __future__ import annotations

from typing import Any

from aops_indb.scoring.graph import Case, Constant, Node, apply, kind_of_value, number, same_value
from aops_indb.scoring.read_sklearn.answers import Answer, ask
from aops_indb.scoring.read_sklearn.links import classes_of, classifier_outputs
from aops_indb.scoring.read_sklearn.translation import Features, Place, plain


def search(model: Any, features: Features, place: Place) -> Features:
    """What the best estimator says."""
    return place.inside(model, "best_estimator_").translate(_best(model, place), features)


def search_features(model: Any, features: Features, place: Place) -> Features:
    """What the best estimator makes of the features."""
    return place.inside(model, "best_estimator_").transform(_best(model, place), features)


def frozen(model: Any, features: Features, place: Place) -> Features:
    """What the frozen estimator says."""
    return place.inside(model, "estimator").translate(model.estimator, features)


def frozen_features(model: Any, features: Features, place: Place) -> Features:
    """What the frozen estimator makes of the features."""
    return place.inside(model, "estimator").transform(model.estimator, features)


def self_training_classifier(model: Any, features: Features, place: Place) -> Features:
    """What the classifier fitted last says."""
    return place.inside(model, "estimator_").translate(model.estimator_, features)


def fixed_threshold_classifier(model: Any, features: Features, place: Place) -> Features:
    """The positive class where its score reaches the threshold."""
    part = getattr(model, "estimator_", model.estimator)
    method = _method(model, part)
    threshold = model.threshold
    if isinstance(threshold, str):
        threshold = 0.5 if method == "predict_proba" else 0.0
    return _thresholded(model, ask(model, "estimator", part, features, place), method, threshold, model.pos_label)


def tuned_threshold_classifier(model: Any, features: Features, place: Place) -> Features:
    """The positive class where its score reaches the best threshold."""
    part = model.estimator_
    answer = ask(model, "estimator", part, features, place)
    positive = model._curve_scorer._get_pos_label()
    return _thresholded(model, answer, _method(model, part), model.best_threshold_, positive)


def _best(model: Any, place: Place) -> Any:
    if not hasattr(model, "best_estimator_"):
        raise place.unsupported(f"{type(model).__name__}(refit=False)", "use refit=True")
    return model.best_estimator_


def _method(model: Any, part: Any) -> str:
    if model.response_method != "auto":
        return str(model.response_method)
    return "predict_proba" if hasattr(part, "predict_proba") else "decision_function"


def _thresholded(model: Any, answer: Answer, method: str, threshold: float, positive: Any) -> Features:
    labels = classes_of(model, answer.place)
    chosen = labels[1] if positive is None else plain(positive)
    # the other class's decision is this one's with its sign turned
    score: Node
    if method == "predict_proba":
        score = answer.probabilities[labels.index(chosen)]
    else:
        score = answer.decisions[0]
        if chosen == labels[0]:
            score = apply("subtract", number(0.0), score)
    limit, other = number(float(threshold)), next(label for label in labels if label != chosen)
    branches = (
        (apply("greater_equal", score, limit), same_value(chosen)),
        (apply("less", score, limit), same_value(other)),
    )
    label = Case(branches, Constant(None, kind_of_value(labels[0])))
    return classifier_outputs(labels, label, *answer.scores)
