"""Imputers and indicators of missing values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aops_indb.scoring.graph import Case, Constant, Kind, Lookup, Node, apply, kind_of_value
from aops_indb.scoring.read_sklearn.translation import Features, Place, plain


def simple_imputer(model: Any, features: Features, place: Place) -> Features:
    """Missing values replaced by the feature's statistic, then an indicator per feature if asked.

    NULL is what the model's missing_values is, if that is None or NaN. scikit-learn tells the two apart in columns of
    objects: with missing_values=nan it leaves None as it is. A model is refused that was fitted on so much None that it
    would fill in that.
    """
    for name, value in zip(features.names, model.statistics_, strict=True):
        if value is None:
            raise place.unsupported(
                f"{type(model).__name__}(missing_values={model.missing_values!r}) that fills '{name}' with None, which "
                "it was fitted on",
                "fit it with missing_values=None, or on NaN in the place of None",
            )
    statistics = [plain(value) for value in model.statistics_]
    nodes = _read(model, features, place, [kind_of_value(value) for value in statistics], model._fit_dtype.kind)
    filled: list[Node] = []
    for node, statistic in zip(nodes, _as_fitted(model), strict=True):
        # a feature without any value at fit has no statistic; the imputer leaves it out
        if statistic is not None or model.keep_empty_features:
            kind = place.kind(node)
            fill = Constant(float(statistic) if kind == "number" and statistic is not None else statistic, kind)
            filled.append(_filled(node, model.missing_values, fill))
    indicators: list[Node] = []
    if model.add_indicator:
        indicators = [
            Lookup(_is_marked(nodes[i], model.missing_values), ((True, 1.0),), otherwise=0.0, missing=0.0)
            for i in model.indicator_.features_
        ]
    return place.features(model, features.names, [*filled, *indicators], sparse=features.sparse)


def missing_indicator(model: Any, features: Features, place: Place) -> Features:
    """Whether each feature is missing; one that never was at fit is refused if it is now, unless told otherwise."""
    marker = model.missing_values
    kinds: list[Kind] = [_marker_kind(marker)] * len(features)
    nodes = _read(model, features, place, kinds, "O" if kinds and kinds[0] == "text" else "f")
    marked = [_is_marked(node, marker) for node in nodes]
    kept = [int(i) for i in model.features_]
    if model.features == "missing-only" and model.error_on_new:
        for i in sorted(set(range(len(nodes))) - set(kept)):
            reason = f"'{features.names[i]}' is missing and never was at fit ({place.where(model)})"
            place.refuse(marked[i], reason)
    sparse = model.sparse is True or (model.sparse == "auto" and features.sparse)
    return place.features(model, features.names, [marked[i] for i in kept], sparse=sparse)


def _as_fitted(model: Any) -> list[Any]:
    """The statistics as they are filled in: cast to the type the features had at fit, as the library does."""
    import numpy as np

    statistics = [plain(value) for value in model.statistics_]
    cast = np.dtype(model._fill_dtype)
    return [value if value is None or cast.kind == "O" else cast.type(value).item() for value in statistics]


def _is_null_marker(marker: Any) -> bool:
    return plain(marker) is None


def _marker_kind(marker: Any) -> Kind:
    if _is_null_marker(marker):
        return "any"
    return "text" if isinstance(marker, str) else "number"


def _read(model: Any, features: Features, place: Place, kinds: Sequence[Kind], dtype_kind: str) -> list[Node]:
    """The features, as numbers if the model was fitted on numbers, else each by the kind of its statistic."""
    if dtype_kind != "O":
        nodes = place.numbers(model, features)
        place.refuse_infinite(model, features, nodes)
    else:
        wanted: list[Kind] = ["number" if kind == "integer" else kind for kind in kinds]
        nodes = [
            node if kind == "any" else place.read(model, name, node, kind)
            for (name, node), kind in zip(features, wanted, strict=True)
        ]
    if not _is_null_marker(model.missing_values):
        place.refuse_missing(model, features, nodes)
    return nodes


def _is_marked(node: Node, marker: Any) -> Node:
    if _is_null_marker(marker):
        return apply("is_missing", node)
    return apply("equal", node, _marker(marker))


def _filled(node: Node, marker: Any, fill: Constant) -> Node:
    if _is_null_marker(marker):
        return apply("coalesce", node, fill)
    return Case(((apply("equal", node, _marker(marker)), fill),), node)


def _marker(marker: Any) -> Constant:
    value = plain(marker)
    return Constant(value, "text") if isinstance(value, str) else Constant(float(value or 0), "number")
