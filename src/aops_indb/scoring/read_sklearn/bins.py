"""Features cut into intervals."""

from __future__ import annotations

import math
from typing import Any

from aops_indb.scoring.graph import Lookup, Node
from aops_indb.scoring.read_sklearn.arithmetic import pieces
from aops_indb.scoring.read_sklearn.rounding import double_thresholds
from aops_indb.scoring.read_sklearn.translation import Features, Place


def k_bins_discretizer(model: Any, features: Features, place: Place) -> Features:
    """The number of the interval, or a 0/1 column per interval; beyond the edges the first and the last."""
    import numpy as np

    single = model.dtype is not None and np.dtype(model.dtype) == np.float32
    nodes = place.numbers(model, features, exact=not single)
    place.refuse_missing(model, features, nodes)
    if single:
        place.refuse_too_large(model, features, nodes)
    else:
        place.refuse_infinite(model, features, nodes)
    columns: list[Node] = []
    for (name, _), node, edges, count in zip(features, nodes, model.bin_edges_, model.n_bins_, strict=True):
        number = place.named(f"{name}_bin", _bin(node, edges, place, single=single))
        if model.encode == "ordinal":
            columns.append(number)
        else:
            columns += [Lookup(number, ((float(k), 1.0),), otherwise=0.0, missing=None) for k in range(count)]
    return place.features(model, features.names, columns, sparse=model.encode == "onehot", single=single)


def _bin(node: Node, edges: Any, place: Place, *, single: bool) -> Node:
    """How many inner edges are not above the value, which the library may round to single precision first."""
    import numpy as np

    inner = np.unique(np.asarray(edges[1:-1], dtype=np.float64))
    values = [[float(np.searchsorted(edges[1:-1], edge, side="right"))] for edge in [-math.inf, *inner]]
    starts = inner
    if single:
        starts = np.nextafter(double_thresholds(np.nextafter(inner, -np.inf)), np.inf)
    return pieces(place.step, node, starts.tolist(), values)[0]
