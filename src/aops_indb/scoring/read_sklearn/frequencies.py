"""Counts of words, weighted by how rare they are."""

from __future__ import annotations

from typing import Any

from aops_indb.scoring.graph import Case, Node, apply, number
from aops_indb.scoring.read_sklearn.arithmetic import unless
from aops_indb.scoring.read_sklearn.scale import over_their_norm
from aops_indb.scoring.read_sklearn.translation import Features, Place


def tfidf_transformer(model: Any, features: Features, place: Place) -> Features:
    """Counts, or 1 + their logarithms, times weights, over the norm of the row."""
    nodes = place.numbers(model, features)
    place.refuse_missing(model, features, nodes)
    place.refuse_infinite(model, features, nodes)
    if model.sublinear_tf:
        if features.sparse:
            # a sparse matrix may hold zeros, whose logarithm the library takes
            raise place.unsupported(
                "TfidfTransformer(sublinear_tf=True) on sparse features", "make the step before it dense"
            )
        nodes = [_log_of_count(node) for node in nodes]
    if hasattr(model, "idf_"):
        nodes = [unless(node, "multiply", float(idf), 1.0) for node, idf in zip(nodes, model.idf_, strict=True)]
    if model.norm is not None:
        nodes = [place.named(f"{name}_weighted", node) for name, node in zip(features.names, nodes, strict=True)]
        place.refuse_missing(model, features, nodes)
        place.refuse_infinite(model, features, nodes)
        nodes = over_their_norm(nodes, model.norm, place, sparse=True)
    return place.features(model, features.names, nodes, sparse=True)


def _log_of_count(node: Node) -> Node:
    branches = ((apply("equal", node, number(0.0)), number(0.0)),)
    return Case(branches, apply("add", apply("log", node), number(1.0)))
