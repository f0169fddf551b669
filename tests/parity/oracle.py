"""What the library says: its own predictions, by the names of the SQL's output columns; None where it raises."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier, is_clusterer, is_outlier_detector, is_regressor

Columns = dict[str, list[Any]]


def expected(model: Any, frame: pd.DataFrame) -> Columns:
    """The outputs for every row; rows the library refuses are None throughout."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kinds = _outputs(model)
        parts = list(_by_parts(frame, lambda part: {k: v for f in kinds for k, v in f(model, part).items()}))
    names = next(list(part) for part, _ in parts if part)
    return {name: [v for part, n in parts for v in (part[name] if part else [None] * n)] for name in names}


def _by_parts(frame: pd.DataFrame, score: Callable[[pd.DataFrame], Columns]) -> Iterator[tuple[Columns, int]]:
    """Scores of the whole frame, or if the library raises of its halves, down to single rows."""
    if not len(frame):
        return
    try:
        yield score(frame), len(frame)
    except (ValueError, TypeError):
        if len(frame) == 1:
            yield {}, 1
        else:
            half = len(frame) // 2
            yield from _by_parts(frame.iloc[:half], score)
            yield from _by_parts(frame.iloc[half:], score)


def _outputs(model: Any) -> list[Callable[[Any, pd.DataFrame], Columns]]:
    if is_classifier(model):
        return [_label, *(output for method, output in CLASSIFIED.items() if hasattr(model, method))]
    if is_outlier_detector(model):
        return [_label, _decisions]
    if is_regressor(model) or is_clusterer(model) or not hasattr(model, "transform"):
        return [_predictions if is_regressor(model) else _label]
    return [_features]


def _label(model: Any, frame: pd.DataFrame) -> Columns:
    return {"label": model.predict(frame).tolist()}


def _probabilities(model: Any, frame: pd.DataFrame) -> Columns:
    return _columns([f"probability_{c}" for c in model.classes_], model.predict_proba(frame))


def _decisions(model: Any, frame: pd.DataFrame) -> Columns:
    values = model.decision_function(frame)
    return _columns(["decision"] if values.ndim == 1 else [f"decision_{c}" for c in model.classes_], values)


# What a classifier may have beside its label.
CLASSIFIED = {"predict_proba": _probabilities, "decision_function": _decisions}


def _predictions(model: Any, frame: pd.DataFrame) -> Columns:
    values = np.asarray(model.predict(frame))
    several = values.ndim == 2 and values.shape[1] > 1
    return _columns([f"prediction_{i}" for i in range(values.shape[1])] if several else ["prediction"], values)


def _features(model: Any, frame: pd.DataFrame) -> Columns:
    values = model.transform(frame)
    return _columns(list(model.get_feature_names_out()), values.toarray() if hasattr(values, "toarray") else values)


def _columns(names: list[str], values: Any) -> Columns:
    table = np.asarray(values).reshape(len(values), -1)
    return {name: table[:, i].tolist() for i, name in enumerate(names)}
