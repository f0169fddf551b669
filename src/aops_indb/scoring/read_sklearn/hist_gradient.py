"""Histogram-based gradient boosting."""

from __future__ import annotations

from typing import Any

from aops_indb.scoring.graph import CategorySplit, Forest, Leaf, Node, Part, Split, Tree, TreeNode, apply
from aops_indb.scoring.read_sklearn.encode import ordinal_encoder
from aops_indb.scoring.read_sklearn.links import (
    by_sign,
    classes_of,
    classifier_outputs,
    expit_pair,
    first_largest,
    regressor_outputs,
    softmax,
)
from aops_indb.scoring.read_sklearn.translation import Features, Place

LINKS = {"IdentityLink": None, "LogLink": "exp"}


def hist_gradient_boosting_classifier(model: Any, features: Features, place: Place) -> Features:
    """Binary: expit of the raw score; more classes: softmax."""
    labels = classes_of(model, place)
    raw = _raw_scores(model, features, place)
    if len(raw) > 1:
        return classifier_outputs(labels, first_largest(labels, raw), softmax(raw), raw)
    label = by_sign(labels, raw[0], zero_is_second=False)
    return classifier_outputs(labels, label, expit_pair(raw[0]), raw)


def hist_gradient_boosting_regressor(model: Any, features: Features, place: Place) -> Features:
    """The raw score, or exp of it where the loss has a log link."""
    (raw,) = _raw_scores(model, features, place)
    link = LINKS[type(model._loss.link).__name__]
    return regressor_outputs([raw if link is None else apply(link, raw)])


def _raw_scores(model: Any, features: Features, place: Place) -> list[Node]:
    inputs = _inputs(model, features, place)
    trees = [Tree(_root(predictor), (k,)) for iteration in model._predictors for k, predictor in enumerate(iteration)]
    start = model._baseline_prediction.ravel().tolist()
    forest = Forest(place.step, inputs, tuple(trees), tuple(start))
    return [Part(forest, k) for k in range(len(start))]


def _inputs(model: Any, features: Features, place: Place) -> tuple[Node, ...]:
    """Categories as codes, then numbers: the order of the model's own preprocessor. Infinity is a number here."""
    if model._preprocessor is None:
        return tuple(place.numbers(model, features, exact=False))
    categorical = model.is_categorical_.nonzero()[0]
    numeric = (~model.is_categorical_).nonzero()[0]
    encoder = model._preprocessor.named_transformers_["encoder"]
    codes = ordinal_encoder(encoder, features.pick(categorical), place)
    return (*codes.nodes, *place.numbers(model, features.pick(numeric), exact=False))


def _root(predictor: Any) -> TreeNode:
    """The root of a TreePredictor."""
    fields = ("is_leaf", "value", "feature_idx", "num_threshold", "missing_go_to_left", "left", "right")
    columns = {name: predictor.nodes[name].tolist() for name in (*fields, "is_categorical", "bitset_idx")}
    nodes: dict[int, TreeNode] = {}
    for i in reversed(range(len(predictor.nodes))):
        row = {name: column[i] for name, column in columns.items()}
        if row["is_leaf"]:
            nodes[i] = Leaf((row["value"],))
            continue
        missing_left = bool(row["missing_go_to_left"])
        left, right = nodes[row["left"]], nodes[row["right"]]
        if row["is_categorical"]:
            codes = _codes(predictor.raw_left_cat_bitsets[row["bitset_idx"]])
            nodes[i] = CategorySplit(row["feature_idx"], codes, missing_left, left, right)
        else:
            nodes[i] = Split(row["feature_idx"], row["num_threshold"], missing_left, left, right)
    return nodes[0]


def _codes(bitset: Any) -> tuple[int, ...]:
    """The codes in a bitset of 8 x 32 bits."""
    return tuple(c for c in range(256) if int(bitset[c // 32]) >> (c % 32) & 1)
