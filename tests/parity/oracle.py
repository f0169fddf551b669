"""What the library says: its own predictions, by the names of the SQL's output columns; None where it raises."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from catboost import CatBoostError
from sklearn.base import is_classifier, is_clusterer, is_outlier_detector, is_regressor
from sklearn.multioutput import ClassifierChain

from .boosters import PREDICTIONS, known_categories

Columns = dict[str, list[Any]]


def expected(model: Any, frame: pd.DataFrame) -> Columns:
    """The outputs for every row; rows the library refuses are None throughout."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame, refused = known_categories(model, frame)
        kinds = _outputs(model)
        parts = list(_by_parts(frame, lambda part: {k: v for f in kinds for k, v in f(model, part).items()}))
    names = next(list(part) for part, _ in parts if part)
    values = {name: [v for part, n in parts for v in (part[name] if part else [None] * n)] for name in names}
    return {name: [None if no else v for v, no in zip(column, refused, strict=True)] for name, column in values.items()}


def _by_parts(frame: pd.DataFrame, score: Callable[[pd.DataFrame], Columns]) -> Iterator[tuple[Columns, int]]:
    """Scores of the whole frame, or if the library raises of its halves, down to single rows."""
    if not len(frame):
        return
    try:
        # a single row twice: of one, some transformers make a vector that the step after them does not take
        scores = score(frame if len(frame) > 1 else pd.concat([frame, frame]))
        yield {name: column[: len(frame)] for name, column in scores.items()}, len(frame)
    except (ValueError, TypeError, IndexError, CatBoostError):
        if len(frame) == 1:
            yield {}, 1
        else:
            half = len(frame) // 2
            yield from _by_parts(frame.iloc[:half], score)
            yield from _by_parts(frame.iloc[half:], score)


def _outputs(model: Any) -> list[Callable[[Any, pd.DataFrame], Columns]]:
    if type(model) in PREDICTIONS:
        return [_predictions]
    if is_classifier(model):
        if isinstance(model, ClassifierChain) and any(len(classes) > 2 for classes in model.classes_):
            return [_label]  # the library raises where it is asked for more
        return [_label, *(output for method, output in CLASSIFIED.items() if hasattr(model, method))]
    if is_outlier_detector(model):
        return [_label, _decisions]
    if is_regressor(model):
        return [_predictions]
    if not hasattr(model, "transform") or (is_clusterer(model) and hasattr(model, "predict")):
        return [_label, _memberships] if hasattr(model, "predict_proba") else [_label]
    return [_features]


def _label(model: Any, frame: pd.DataFrame) -> Columns:
    values = np.asarray(model.predict(frame))
    several = values.ndim == 2 and values.shape[1] > 1
    return _columns([f"label_{i}" for i in range(values.shape[1])] if several else ["label"], values)


def _probabilities(model: Any, frame: pd.DataFrame) -> Columns:
    values = model.predict_proba(frame)
    if not isinstance(model.classes_, list):
        return _columns([f"probability_{c}" for c in model.classes_], values)
    if isinstance(values, list):
        names = [f"probability_{i}_{c}" for i, classes in enumerate(model.classes_) for c in classes]
        return _columns(names, np.hstack(values))
    return _columns([f"probability_{i}_{classes[1]}" for i, classes in enumerate(model.classes_)], values)


def _decisions(model: Any, frame: pd.DataFrame) -> Columns:
    values = model.decision_function(frame)
    if values.ndim == 1:
        return _columns(["decision"], values)
    names = range(len(model.classes_)) if isinstance(model.classes_, list) else model.classes_
    if getattr(model[-1] if hasattr(model, "steps") else model, "decision_function_shape", "ovr") == "ovo":
        names = [f"{first}_against_{second}" for first, second in combinations(names, 2)]
    return _columns([f"decision_{c}" for c in names], values)


def _memberships(model: Any, frame: pd.DataFrame) -> Columns:
    values = model.predict_proba(frame)
    return _columns([f"probability_{k}" for k in range(values.shape[1])], values)


# What a classifier may have beside its label.
CLASSIFIED = {"predict_proba": _probabilities, "decision_function": _decisions}


def _predictions(model: Any, frame: pd.DataFrame) -> Columns:
    predict = PREDICTIONS.get(type(model))
    values = np.asarray(predict(model, frame) if predict else model.predict(frame))
    several = values.ndim == 2 and values.shape[1] > 1
    return _columns([f"prediction_{i}" for i in range(values.shape[1])] if several else ["prediction"], values)


def _features(model: Any, frame: pd.DataFrame) -> Columns:
    values = model.transform(frame)
    if hasattr(model, "get_feature_names_out"):
        names = list(model.get_feature_names_out())
    else:
        names = list(getattr(values, "columns", frame.columns))
    dense = values.toarray() if hasattr(values, "toarray") else values
    return _columns(names, dense)


def _columns(names: list[str], values: Any) -> Columns:
    table = np.asarray(values).reshape(len(values), -1)
    return {name: table[:, i].tolist() for i, name in enumerate(names)}
