"""Models made of models: pipelines, column transformers, feature unions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from aops_indb.scoring.read_sklearn.arithmetic import times
from aops_indb.scoring.read_sklearn.translation import Features, Place, names_out


def pipeline(model: Any, features: Features, place: Place) -> Features:
    """Each step on what the one before made."""
    *before, (last, end) = model.steps
    for name, step in before:
        if step not in (None, "passthrough"):
            features = place.inside(model, name).transform(step, features)
    return features if end in (None, "passthrough") else place.inside(model, last).translate(end, features)


def column_transformer(model: Any, features: Features, place: Place) -> Features:
    """Each transformer on its own columns, their outputs side by side."""
    parts = []
    for name, transformer, _ in model.transformers_:
        chosen = features.pick(model._transformer_to_input_indices[name])
        if (isinstance(transformer, str) and transformer == "drop") or not chosen.names:
            continue
        parts.append(_weighted(model, name, transformer, chosen, place))
    return _side_by_side(model, features, parts, sparse=model.sparse_output_)


def feature_union(model: Any, features: Features, place: Place) -> Features:
    """Each transformer on all columns, their outputs side by side."""
    parts = [
        _weighted(model, name, transformer, features, place)
        for name, transformer in model.transformer_list
        if not (isinstance(transformer, str) and transformer == "drop")
    ]
    return _side_by_side(model, features, parts, sparse=any(part.sparse for part in parts))


def _weighted(model: Any, name: str, transformer: Any, features: Features, place: Place) -> Features:
    here = place.inside(model, name)
    passed = isinstance(transformer, str) and transformer == "passthrough"
    made = features if passed else here.transform(transformer, features)
    weight = (model.transformer_weights or {}).get(name)
    if weight is None:
        return made
    weighted = [times(node, weight) for node in here.numbers(model, made)]
    return replace(made, nodes=tuple(map(here.named, made.names, weighted)))


def _side_by_side(model: Any, before: Features, parts: Iterable[Features], *, sparse: bool) -> Features:
    parts = list(parts)
    nodes = tuple(node for part in parts for node in part.nodes)
    single = bool(parts) and all(part.single for part in parts)
    return Features(names_out(model, before.names, len(nodes)), nodes, sparse=sparse, single=single)
