"""What steps before others make of the nearest stored rows: fillings, graphs of neighbours, embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from aops_indb.scoring.graph import Case, Lookup, Node, Reduce, apply, number
from aops_indb.scoring.read_sklearn.arithmetic import missing_number, weighted_sum
from aops_indb.scoring.read_sklearn.kernels import Pairs, stored_pairs, tame
from aops_indb.scoring.read_sklearn.nearness import (
    EUCLIDEAN,
    NONE,
    ONE,
    ROUNDING,
    Nearness,
    nearest,
    nearness,
    weighted,
    within_radius,
)
from aops_indb.scoring.read_sklearn.translation import Features, Place, plain

# A column per stored row: engines limit how many a query may have.
MOST_COLUMNS = 1000
# Ways between all pairs of stored rows are stored.
MOST_WAYS = 500
# Equations solved for each row.
MOST_UNKNOWNS = 12


# ── KNNImputer ─────────────────────────────────────────────────────────────────────────────────────────


def knn_imputer(model: Any, features: Features, place: Place) -> Features:
    """A missing value is the mean of those of the nearest stored rows that have it, by what both rows have."""
    if plain(model.missing_values) is not None or model.metric != "nan_euclidean":
        raise place.unsupported(f"{type(model).__name__} with other missing values or metrics", "use those it has")
    nodes = place.numbers(model, features)
    place.refuse_infinite(model, features, nodes)
    near = _nan_nearness(model, features, place, nodes)
    made: list[Node] = []
    for j, node in enumerate(nodes):
        if model._valid_mask[j]:
            made.append(apply("coalesce", node, _filling(model, j, node, near)))
        elif model.keep_empty_features:
            made.append(NONE)
    marked = model.indicator_.features_ if model.add_indicator else ()
    for j in marked:
        made.append(Lookup(apply("is_missing", nodes[j]), ((True, 1.0),), otherwise=0.0, missing=0.0))
    return place.features(model, features.names, made)


def _nan_nearness(model: Any, features: Features, place: Place, nodes: Sequence[Node]) -> Nearness:
    """Squared distances by the features that neither lacks, as if the others were as far apart on average."""
    import numpy as np

    count, table = len(nodes), np.asarray(model._fit_X, dtype=np.float64)
    absent = [apply("is_missing", node) for node in nodes]
    incomplete = place.named("is_incomplete", apply("or", *absent))
    row = [place.named(f"{name}_kept_in_range", tame(n)) for n, name in zip(nodes, features.names, strict=True)]
    pairs = stored_pairs(place, features, row, table, {})
    gaps = [pairs.named("difference", difference) for difference in pairs.differences()]
    squares = [apply("coalesce", apply("multiply", gap, gap), NONE) for gap in gaps]
    shared = [Case(((apply("is_missing", gap), NONE),), ONE) for gap in gaps]
    known = pairs.named("shared", pairs.sum(shared, "shared"))
    per_feature = apply("divide", pairs.sum(squares, "squared_distance"), known)
    whole = apply("multiply", per_feature, number(float(count)))
    distance = Case(((apply("greater", known, NONE), whole),), missing_number())
    longest = float(np.nansum(table**2, axis=1).max())
    own = apply("sum", *(apply("coalesce", apply("multiply", x, x), NONE) for x in row))
    scale = place.named("squared_lengths", apply("multiply", apply("add", own, number(longest)), number(float(count))))
    slack = place.named("slack", apply("multiply", scale, number(ROUNDING * (count + 4))))
    named = pairs.named("distance", distance)
    return Nearness(EUCLIDEAN, pairs, named, slack, scale, place.where(model), incomplete)


def _filling(model: Any, j: int, node: Node, near: Nearness) -> Node:
    import numpy as np

    values = model._fit_X[:, j]
    donors = int((~np.isnan(values)).sum())
    own = near.pairs.stored[j]
    distance = Case(((apply("is_missing", own), missing_number()),), near.distance)
    near = replace(near, distance=near.pairs.named("distance", distance), needed=apply("is_missing", node))
    found = weighted(nearest(near, min(model.n_neighbors, donors), [own]), model.weights)
    total = found.total(name="donors")
    value = found.total(apply("coalesce", own, NONE), "donated")
    mean = apply("divide", value, total)
    return Case(((apply("greater", total, NONE), mean),), number(float(np.nanmean(values))))


# ── graphs of neighbours ───────────────────────────────────────────────────────────────────────────────


def k_neighbors_graph(model: Any, features: Features, place: Place) -> Features:
    """A feature per stored row: its distance, or 1, if it is among the nearest, else 0."""
    near = _graph(model, features, place)
    count = model.n_neighbors + (model.mode == "distance")
    last = place.named("distance_of_the_last", Reduce("smallest", near.distance, count))
    tied = Reduce("sum", Case(((apply("less_equal", near.distance, last), ONE),), NONE))
    near.refuse(apply("greater", tied, number(float(count))), "stored rows are equally near")
    return _graph_features(model, features, place, near, last)


def radius_neighbors_graph(model: Any, features: Features, place: Place) -> Features:
    """A feature per stored row: its distance, or 1, if it is within the radius, else 0."""
    near = _graph(model, features, place)
    return _graph_features(model, features, place, near, number(near.metric.of_length(float(model.radius))))


def _graph(model: Any, features: Features, place: Place) -> Nearness:
    count = int(model.n_samples_fit_)
    if count > MOST_COLUMNS:
        what = f"{type(model).__name__} of {count} rows, which makes a column of each,"
        raise place.unsupported(what, f"fit it on {MOST_COLUMNS} at most")
    near = nearness(model, model, features, place, {})
    if near.slack is not None:
        what = f"{type(model).__name__} whose distances are rounded differences"
        raise place.unsupported(what, "use algorithm='kd_tree' and a metric without powers")
    return near


def _graph_features(model: Any, features: Features, place: Place, near: Nearness, limit: Node) -> Features:
    import numpy as np

    made: list[Node] = []
    for stored in np.asarray(model._fit_X, dtype=np.float64).tolist():
        alone = Pairs(place, near.pairs.row, tuple(tame_number(value) for value in stored), {})
        distance = place.named("distance", near.metric.ranked(alone))
        value = near.metric.length(distance) if model.mode == "distance" else ONE
        made.append(Case(((apply("less_equal", distance, limit), value),), NONE))
    return place.features(model, features.names, made, sparse=True)


def tame_number(value: float) -> Node:
    """A stored value as `tame` leaves it."""
    return number(0.0 if abs(value) < 1e-130 else value)


# ── Isomap ─────────────────────────────────────────────────────────────────────────────────────────────


def isomap(model: Any, features: Features, place: Place) -> Features:
    """The shortest ways to all stored rows, through the nearest of them, along their principal components."""
    import numpy as np

    count, pca = len(model.dist_matrix_), model.kernel_pca_
    if count > MOST_WAYS:
        what = f"{type(model).__name__} of {count} rows, whose ways to each other take the square of that,"
        raise place.unsupported(what, f"fit it on {MOST_WAYS} at most")
    others = {f"way_{k}": column.tolist() for k, column in enumerate(np.asarray(model.dist_matrix_).T)}
    near = nearness(model.nbrs_, model, features, place, others)
    if model.n_neighbors is not None:
        found = nearest(near, int(model.n_neighbors), None)
    else:
        found = within_radius(near, float(model.radius))
        place.refuse(
            apply("less_equal", found.count, NONE), f"no stored row is within the radius ({place.where(model)})"
        )
    near.refuse_unknown(place.named("least_distance", Reduce("minimum", near.distance)))
    taken = apply("greater", found.share, NONE)
    length = near.pairs.named("length", near.length())
    squares: list[Node] = []
    for way in near.pairs.others.values():
        through = Case(((taken, apply("add", length, way)),), missing_number())
        shortest = place.named("shortest_way", Reduce("minimum", through))
        squares.append(apply("multiply", shortest, shortest))
    used = pca.eigenvalues_ != 0
    directions = np.where(used, pca.eigenvectors_ / np.sqrt(np.where(used, pca.eigenvalues_, 1.0)), 0.0)
    means, overall = pca._centerer.K_fit_rows_, float(pca._centerer.K_fit_all_)
    shifts = ((overall - means) @ directions).tolist()
    weights = (-0.5 * (directions - directions.mean(axis=0))).T.tolist()
    made = [weighted_sum(squares, row, float(shift)) for row, shift in zip(weights, shifts, strict=True)]
    return place.features(model, features.names, made)


# ── LocallyLinearEmbedding ─────────────────────────────────────────────────────────────────────────────


def locally_linear_embedding(model: Any, features: Features, place: Place) -> Features:
    """The nearest rows' places in the embedding, by the weights that put the row together from them best."""
    import numpy as np

    count = int(model.n_neighbors)
    if count > MOST_UNKNOWNS:
        what = f"{type(model).__name__} with {count} neighbours, which solves as many equations for each row,"
        raise place.unsupported(what, f"use {MOST_UNKNOWNS} at most")
    others = {f"place_{k}": column.tolist() for k, column in enumerate(np.asarray(model.embedding_).T)}
    near = nearness(model.nbrs_, model, features, place, others)
    ranks = [place.named(f"distance_{r}", Reduce("smallest", near.distance, r)) for r in range(1, count + 2)]
    for first, second in pairwise(ranks):
        gap = apply("subtract", second, first)
        near.refuse(apply("less_equal", gap, near.slack or NONE), "stored rows are equally near")
    towards = [[_of_rank(near, rank, gap) for gap in _steps(near)] for rank in ranks[:count]]
    weights = _solved(_gram(towards, float(model.reg), place), place)
    whole = place.named("all_weights", apply("sum", *weights))
    shares = [place.named("weight", apply("divide", weight, whole)) for weight in weights]
    places = [[_of_rank(near, rank, own) for own in near.pairs.others.values()] for rank in ranks[:count]]
    made = [
        apply("sum", *(apply("multiply", share, where) for share, where in zip(shares, column, strict=True)))
        for column in zip(*places, strict=True)
    ]
    return place.features(model, features.names, made)


def _steps(near: Nearness) -> list[Node]:
    return [apply("subtract", NONE, difference) for difference in near.pairs.differences()]


def _of_rank(near: Nearness, rank: Node, value: Node) -> Node:
    """The value of the stored row that is that far away."""
    own = Case(((apply("equal", near.distance, rank), value),), missing_number())
    return near.pairs.place.named("of_neighbor", Reduce("maximum", own))


def _gram(rows: Sequence[Sequence[Node]], ridge: float, place: Place) -> list[list[Node]]:
    """Products of the rows with each other; those with themselves a little more."""
    gram = [
        [
            place.named("product", apply("sum", *(apply("multiply", a, b) for a, b in zip(first, second, strict=True))))
            for second in rows[: i + 1]
        ]
        for i, first in enumerate(rows)
    ]
    trace = place.named("trace", apply("sum", *(row[-1] for row in gram)))
    some = apply("greater", trace, NONE)
    more = place.named("ridge", Case(((some, apply("multiply", trace, number(ridge))),), number(ridge)))
    return [[*row[:-1], place.named("product", apply("add", row[-1], more))] for row in gram]


def _solved(gram: Sequence[Sequence[Node]], place: Place) -> list[Node]:
    """The solution for a right side of ones, by Cholesky's decomposition without roots."""
    count = len(gram)
    lower: list[list[Node]] = [[ONE] * count for _ in range(count)]
    pivots: list[Node] = []
    forward: list[Node] = []
    for i in range(count):
        beside: list[Node] = []
        for j in range(i):
            done = [apply("multiply", beside[k], lower[j][k]) for k in range(j)]
            beside.append(place.named("eliminated", _less(gram[i][j], done)))
        lower[i][:i] = [
            place.named("factor", apply("divide", each, pivot)) for each, pivot in zip(beside, pivots, strict=True)
        ]
        done = [apply("multiply", each, lower[i][k]) for k, each in enumerate(beside)]
        pivots.append(place.named("pivot", _less(gram[i][i], done)))
        forward.append(
            place.named("forward", _less(ONE, [apply("multiply", lower[i][k], forward[k]) for k in range(i)]))
        )
    solution: list[Node] = [NONE] * count
    for i in reversed(range(count)):
        done = [apply("multiply", lower[k][i], solution[k]) for k in range(i + 1, count)]
        solution[i] = place.named("solution", _less(apply("divide", forward[i], pivots[i]), done))
    return solution


def _less(node: Node, terms: Sequence[Node]) -> Node:
    return apply("subtract", node, apply("sum", *terms)) if terms else node
