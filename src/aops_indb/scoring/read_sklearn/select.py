"""Selectors: some of the features, as they are."""

from __future__ import annotations

from typing import Any

from aops_indb.scoring.graph import Input, Node
from aops_indb.scoring.read_sklearn.translation import Features, Place


def selector(model: Any, features: Features, place: Place) -> Features:
    """The features it supports; gaps are refused in all features, unless its estimator takes them."""
    nodes = _checked(model, features, place)
    kept = [nodes[i] for i in model.get_support(indices=True)]
    return place.features(model, features.names, kept, sparse=features.sparse, single=features.single)


def eliminated(model: Any, features: Features, place: Place) -> Features:
    """What the estimator that was fitted last says of the features that are left."""
    return place.inside(model, "estimator").translate(model.estimator_, selector(model, features, place))


def _checked(model: Any, features: Features, place: Place) -> list[Node]:
    from sklearn.utils import get_tags
    from sklearn.utils._set_output import _get_output_config

    nodes = place.numbers(model, features, exact=False)
    if get_tags(model).input_tags.allow_nan:
        return nodes
    if _get_output_config("transform", estimator=model)["dense"] == "default":
        place.refuse_missing(model, features, nodes)
        place.refuse_infinite(model, features, nodes)
    elif not all(isinstance(node, Input) for node in features.nodes):
        # the library then looks for gaps in arrays, but not in data frames, and what the step before made may be either
        raise place.unsupported(
            f"{type(model).__name__} with set_output after another step", "leave set_output away, or at 'default'"
        )
    return nodes
