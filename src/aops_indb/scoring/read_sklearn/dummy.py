"""Predictors that do not look at the features."""

from __future__ import annotations

from typing import Any

from aops_indb.scoring.graph import number, same_value
from aops_indb.scoring.read_sklearn.links import classes_of, classifier_outputs, regressor_outputs
from aops_indb.scoring.read_sklearn.translation import Features, Place


def dummy_classifier(model: Any, _: Features, place: Place) -> Features:
    """One label for all rows, with the probabilities of its strategy; what is drawn at random is refused."""
    import numpy as np

    strategy = model._strategy
    if strategy in ("stratified", "uniform"):
        raise place.unsupported(f"DummyClassifier(strategy={strategy!r}), which draws at random,", "use 'prior'")
    if model.n_outputs_ > 1:
        raise place.unsupported("DummyClassifier with several targets", "fit one classifier per target")
    labels = classes_of(model, place)
    chosen = int(np.argmax(model.class_prior_))
    if strategy == "constant":
        chosen = int(np.flatnonzero(model.classes_ == np.ravel(model.constant)[0])[0])
    shares = model.class_prior_ if strategy == "prior" else np.arange(len(labels)) == chosen
    return classifier_outputs(labels, same_value(labels[chosen]), [number(float(share)) for share in shares])


def dummy_regressor(model: Any, _: Features, __: Place) -> Features:
    """One number for all rows, per target."""
    return regressor_outputs([number(float(value)) for value in model.constant_.ravel()])
