"""The nearest of some centres: clusterers that label new rows, and NearestCentroid.

The library does not subtract centres from rows: it finds the least of |x|^2 - 2 (x, c) + |c|^2, or without |x|^2, and
takes the first of equals. So is it done here, in its order: far from the centres the last digits decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aops_indb.scoring.graph import Case, Constant, Node, apply, number, same_value
from aops_indb.scoring.read_sklearn.answers import sum_in_order
from aops_indb.scoring.read_sklearn.arithmetic import square, weighted_sum
from aops_indb.scoring.read_sklearn.links import classes_of, classifier_outputs, first_largest
from aops_indb.scoring.read_sklearn.translation import Features, Place, plain

# ── clusterers ─────────────────────────────────────────────────────────────────────────────────────────


def k_means(model: Any, features: Features, place: Place) -> Features:
    """The number of the nearest centre."""
    nodes = _numbers(model, features, place, model.cluster_centers_)
    offsets = _offsets(nodes, model.cluster_centers_, place)
    return _labelled(first_least(list(range(len(offsets))), offsets))


def bisecting_k_means(model: Any, features: Features, place: Place) -> Features:
    """Down the tree of clusters, to the nearer of two centres each time."""
    nodes = _numbers(model, features, place, model.cluster_centers_)
    return _labelled(_walk(model, model._bisecting_tree, nodes, place))


def nearest_centre(model: Any, features: Features, place: Place) -> Features:
    """The number of the nearest centre, by whole distances."""
    centres = getattr(model, "cluster_centers_", None)
    if centres is None or not len(centres):
        raise place.unsupported(f"{type(model).__name__} without cluster centres", "fit it on features, to convergence")
    squares = _squares(_numbers(model, features, place, centres), centres, place)
    return _labelled(first_least(list(range(len(squares))), squares))


def birch(model: Any, features: Features, place: Place) -> Features:
    """The cluster of the nearest subcluster."""
    centres = model.subcluster_centers_
    squares = _squares(_numbers(model, features, place, centres), centres, place, model._subcluster_norms)
    return _labelled(first_least([plain(label) for label in model.subcluster_labels_], squares))


def centre_distances(model: Any, features: Features, place: Place) -> Features:
    """As a step: the distance to each centre."""
    centres = getattr(model, "subcluster_centers_", None)
    if centres is None:
        centres = model.cluster_centers_
    distances = [apply("sqrt", d) for d in _squares(_numbers(model, features, place, centres), centres, place)]
    return place.features(model, features.names, distances)


def first_least(labels: Sequence[Any], distances: Sequence[Node]) -> Node:
    """The label of the first of the smallest distances; missing if they are."""
    least = apply("minimum", *distances)
    branches = [(apply("equal", d, least), same_value(label)) for label, d in zip(labels, distances, strict=True)]
    return Case(tuple(branches), Constant(None, "integer")) if len(branches) > 1 else branches[0][1]


def _labelled(label: Node) -> Features:
    return Features(("label",), (label,))


def _numbers(model: Any, features: Features, place: Place, centres: Any) -> list[Node]:
    import numpy as np

    if centres.dtype != np.float64:
        raise place.unsupported(f"{type(model).__name__} fitted in single precision", "fit it on float64")
    if features.sparse:
        raise place.unsupported(f"{type(model).__name__} on sparse features", "give the encoder sparse_output=False")
    nodes = place.numbers(model, features)
    place.refuse_missing(model, features, nodes)
    place.refuse_infinite(model, features, nodes)
    return nodes


def _offsets(nodes: Sequence[Node], centres: Any, place: Place) -> list[Node]:
    """|c|^2 - 2 (x, c) per centre."""
    from sklearn.utils.extmath import row_norms

    return [
        place.named(f"offset_{k}", apply("add", number(norm), _twice(nodes, centre)))
        for k, (centre, norm) in enumerate(zip(centres, row_norms(centres, squared=True).tolist(), strict=True))
    ]


def _squares(nodes: Sequence[Node], centres: Any, place: Place, norms: Any = None) -> list[Node]:
    """|x|^2 - 2 (x, c) + |c|^2 per centre, and 0 where that is less."""
    from sklearn.utils.extmath import row_norms

    own = place.named("squared_norm", sum_in_order([square(node) for node in nodes], place, "squared_norm"))
    norms = row_norms(centres, squared=True) if norms is None else norms
    squares = []
    for k, (centre, norm) in enumerate(zip(centres, norms.tolist(), strict=True)):
        total = place.named(f"sum_{k}", apply("add", apply("add", own, _twice(nodes, centre)), number(norm)))
        below = apply("less", total, number(0.0))
        squares.append(place.named(f"square_{k}", Case(((below, number(0.0)),), total)))
    return squares


def _twice(nodes: Sequence[Node], centre: Any) -> Node:
    return apply("multiply", number(-2.0), weighted_sum(nodes, centre.tolist()))


def _walk(model: Any, branch: Any, nodes: Sequence[Node], place: Place) -> Node:
    import numpy as np

    if branch.left is None:
        return Constant(int(branch.label), "integer")
    centres = np.vstack((branch.left.center, branch.right.center))
    if hasattr(model, "_X_mean"):
        centres = centres + model._X_mean
    left, right = _offsets(nodes, centres, place)
    branches = (
        (apply("less_equal", left, right), _walk(model, branch.left, nodes, place)),
        (apply("greater", left, right), _walk(model, branch.right, nodes, place)),
    )
    return Case(branches, Constant(None, "integer"))


# ── NearestCentroid ────────────────────────────────────────────────────────────────────────────────────


def nearest_centroid(model: Any, features: Features, place: Place) -> Features:
    """The class of the nearest centroid, or with class weights that of the largest discriminant score."""
    import numpy as np

    if model.metric not in ("euclidean", "manhattan"):
        raise place.unsupported(f"{type(model).__name__}(metric={model.metric!r})", "use 'euclidean' or 'manhattan'")
    labels = classes_of(model, place)
    nodes = _numbers(model, features, place, model.centroids_)
    euclidean = model.metric == "euclidean"
    if np.isclose(model.class_prior_, 1 / len(labels)).all():
        distances = _squares(nodes, model.centroids_, place) if euclidean else _city_blocks(nodes, model, place)
        scores = [apply("subtract", number(0.0), d) for d in distances]
        label = first_largest(labels, scores)
        discriminants = _discriminants(model, nodes, place) if euclidean else []
    else:
        discriminants = _discriminants(model, nodes, place)
        label = first_largest(labels, discriminants)
    if not euclidean:
        return classifier_outputs(labels, label, ())
    two = len(labels) == 2
    decisions = [apply("subtract", discriminants[1], discriminants[0])] if two else discriminants
    return classifier_outputs(labels, label, _shares(discriminants), decisions)


def _city_blocks(nodes: Sequence[Node], model: Any, place: Place) -> list[Node]:
    """The sum of |x - c| per centroid."""
    return [
        place.named(
            f"distance_{k}",
            sum_in_order(
                [apply("absolute", apply("subtract", node, number(c))) for node, c in zip(nodes, centre, strict=True)],
                place,
                f"distance_{k}",
            ),
        )
        for k, centre in enumerate(model.centroids_.tolist())
    ]


def _discriminants(model: Any, nodes: Sequence[Node], place: Place) -> list[Node]:
    """2 log(prior) - squared distance per class, of features over their spread within the classes."""
    import numpy as np

    spread = np.where(model.within_class_std_dev_ != 0, model.within_class_std_dev_, 1.0)
    scaled = [
        place.named(f"scaled_{i}", apply("divide", node, number(float(s))))
        for i, (node, s) in enumerate(zip(nodes, spread, strict=True))
    ]
    place.refuse_infinite(model, Features(tuple(f"scaled_{i}" for i in range(len(scaled))), tuple(scaled)), scaled)
    centroids = model.centroids_ / spread
    if model.metric == "euclidean":
        squares = _squares(scaled, centroids, place)
    else:
        raise place.unsupported(f"{type(model).__name__}(metric='manhattan') with priors", "use metric='euclidean'")
    priors = (2.0 * np.log(model.class_prior_)).tolist()
    return [
        place.named(f"discriminant_{k}", apply("subtract", number(prior), squared))
        for k, (squared, prior) in enumerate(zip(squares, priors, strict=True))
    ]


def _shares(scores: Sequence[Node]) -> list[Node]:
    """exp(s - max - log(sum of exp(s - max))), as the library does it."""
    top = apply("maximum", *scores)
    likelihoods = [apply("subtract", score, top) for score in scores]
    total = apply("log", apply("sum", *(apply("exp", one) for one in likelihoods)))
    return [apply("exp", apply("subtract", one, total)) for one in likelihoods]
