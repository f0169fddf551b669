"""Models of neighbours: what the nearest of the stored rows say."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from aops_indb.scoring.graph import Case, Constant, Node, apply, kind_of_value, number, same_value
from aops_indb.scoring.read_sklearn.links import by_sign, classes_of, classifier_outputs, regressor_outputs
from aops_indb.scoring.read_sklearn.nearness import (
    NONE,
    ONE,
    Neighbours,
    nearest,
    nearness,
    weighted,
    within_radius,
)
from aops_indb.scoring.read_sklearn.translation import Features, Place, plain

# Sums of equal weights are equal for the library, which adds them by distance; here the engine chooses the order.
EQUAL = 1.0 - 1e-13


def k_neighbors_classifier(model: Any, features: Features, place: Place) -> Features:
    """The class of most of the nearest rows, the first of several that have as many."""
    columns = _columns(model)
    near = nearness(model, model, features, place, columns)
    targets = list(near.pairs.others.values())
    found = weighted(nearest(near, model.n_neighbors, targets), model.weights)
    return _classified(model, place, [_probabilities(found, t, c, found.total()) for t, c in _classes(model, targets)])


def k_neighbors_regressor(model: Any, features: Features, place: Place) -> Features:
    """The mean of the nearest rows' targets."""
    near = nearness(model, model, features, place, _columns(model))
    targets = list(near.pairs.others.values())
    found = weighted(nearest(near, model.n_neighbors, targets), model.weights)
    return regressor_outputs(_means(found, targets))


def radius_neighbors_classifier(model: Any, features: Features, place: Place) -> Features:
    """The class of most of the rows within the radius; without any, the label of outliers, or no score."""
    _refuse_confused_outliers(model, place)
    near = nearness(model, model, features, place, _columns(model))
    targets = list(near.pairs.others.values())
    found = weighted(within_radius(near, float(model.radius)), model.weights)
    alone = apply("less_equal", found.count, NONE)
    if model.outlier_label_ is None:
        place.refuse(alone, f"no stored row is within the radius ({place.where(model)})")
    probabilities = [_probabilities(found, t, c, found.total()) for t, c in _classes(model, targets)]
    if model.outlier_label_ is None:
        return _classified(model, place, probabilities)
    return _with_outliers(model, place, probabilities, alone)


def _refuse_confused_outliers(model: Any, place: Place) -> None:
    """Without a tree the library looks for the label of outliers among the numbers of classes, if not in a frame."""
    stranger = model.outlier_label
    if model._fit_method != "brute" or model.weights != "uniform" or isinstance(model.classes_, list):
        return
    numbered = [plain(label) for label in model.classes_] == list(range(len(model.classes_)))
    if stranger is not None and not (numbered and isinstance(plain(stranger), int)):
        what = f"{type(model).__name__}(algorithm='brute', outlier_label={stranger!r})"
        raise place.unsupported(what, "use algorithm='kd_tree', or a label that is the number of a class")


def radius_neighbors_regressor(model: Any, features: Features, place: Place) -> Features:
    """The mean of the targets of the rows within the radius; missing without any."""
    near = nearness(model, model, features, place, _columns(model))
    found = weighted(within_radius(near, float(model.radius)), model.weights)
    if model._y.dtype.kind in "iub":
        # the library writes NaN into whole numbers, which makes it the smallest of them
        alone = apply("less_equal", found.count, NONE)
        place.refuse(alone, f"no stored row is within the radius ({place.where(model)})")
    return regressor_outputs(_means(found, list(near.pairs.others.values())))


def local_outlier_factor(model: Any, features: Features, place: Place) -> Features:
    """How dense it is around the neighbours beside how dense around the row; 1, an inlier, from the offset on."""
    if not model.novelty:
        raise place.unsupported(
            f"{type(model).__name__}(novelty=False), which scores only what it was fitted on,", "use novelty=True"
        )
    count = int(model.n_neighbors_)
    others = {"reach": model._distances_fit_X_[:, count - 1].tolist(), "density": model._lrd.tolist()}
    near = nearness(model, model, features, place, others)
    reach, density = near.pairs.others.values()
    found = nearest(near, count, [reach, density])
    reached = found.total(apply("maximum", near.length(), reach), "reached")
    mean = apply("add", apply("divide", reached, number(float(count))), number(1e-10))
    own = place.named("density", apply("divide", ONE, mean))
    ratio = apply("divide", apply("divide", found.total(density, "densities"), own), number(float(count)))
    score = apply("subtract", NONE, ratio)
    decision = place.named("decision", apply("subtract", score, number(float(model.offset_))))
    return classifier_outputs([-1, 1], by_sign([-1, 1], decision, zero_is_second=True), [], [decision])


# ── what neighbours say ────────────────────────────────────────────────────────────────────────────────


def _columns(model: Any) -> dict[str, Sequence[float]]:
    import numpy as np

    table = np.asarray(model._y, dtype=np.float64).reshape(len(model._y), -1)
    return {f"target_{i}" if table.shape[1] > 1 else "target": column.tolist() for i, column in enumerate(table.T)}


def _classes(model: Any, targets: Sequence[Node]) -> list[tuple[Node, int]]:
    classes = model.classes_ if isinstance(model.classes_, list) else [model.classes_]
    return [(target, len(each)) for target, each in zip(targets, classes, strict=True)]


def _probabilities(found: Neighbours, target: Node, count: int, total: Node) -> list[Node]:
    """The share of each class in the neighbours' weights."""
    place = found.near.pairs.place
    sums = [
        found.total(Case(((apply("equal", target, number(float(k))), ONE),), NONE), f"of_class_{k}")
        for k in range(count)
    ]
    some = apply("greater", total, NONE)
    return [place.named("probability", Case(((some, apply("divide", each, total)),), NONE)) for each in sums]


def _means(found: Neighbours, targets: Sequence[Node]) -> list[Node]:
    total = found.total()
    some = apply("greater", total, NONE)
    missing = Constant(None, "number")
    return [Case(((some, apply("divide", found.total(target, "sum"), total)),), missing) for target in targets]


def first_of_about_the_largest(labels: Sequence[Any], scores: Sequence[Node]) -> Node:
    """The first label of those whose scores are the largest, but for rounding."""
    top = apply("multiply", apply("maximum", *scores), number(EQUAL))
    branches = [
        (apply("greater_equal", score, top), same_value(label)) for label, score in zip(labels, scores, strict=True)
    ]
    return Case(tuple(branches), Constant(None, kind_of_value(labels[0])))


def _classified(model: Any, place: Place, groups: Sequence[Sequence[Node]]) -> Features:
    if not isinstance(model.classes_, list):
        labels = classes_of(model, place)
        return classifier_outputs(labels, first_of_about_the_largest(labels, groups[0]), groups[0])
    classes = [classes_of(SimpleNamespace(classes_=target), place) for target in model.classes_]
    if len({type(label) for labels in classes for label in labels}) > 1:
        raise place.unsupported(f"{type(model).__name__} whose targets have labels of several types", "use one type")
    both = list(zip(classes, groups, strict=True))
    outputs = {f"label_{t}": first_of_about_the_largest(labels, group) for t, (labels, group) in enumerate(both)}
    for t, (labels, group) in enumerate(both):
        outputs |= {f"probability_{t}_{label}": node for label, node in zip(labels, group, strict=True)}
    return Features(tuple(outputs), tuple(outputs.values()))


def _with_outliers(model: Any, place: Place, groups: Sequence[Sequence[Node]], alone: Node) -> Features:
    """Rows without neighbours get the label of outliers, and its probability if it is a class."""
    several = isinstance(model.classes_, list)
    classes = model.classes_ if several else [model.classes_]
    strangers = [plain(label) for label in model.outlier_label_]
    kept = [
        [
            Case(((alone, ONE if plain(label) == stranger else NONE),), node)
            for label, node in zip(labels, group, strict=True)
        ]
        for labels, group, stranger in zip(classes, groups, strangers, strict=True)
    ]
    found = _classified(model, place, kept)
    marked = {f"label_{t}" if several else "label": same_value(stranger) for t, stranger in enumerate(strangers)}
    nodes = [Case(((alone, marked[name]),), node) if name in marked else node for name, node in found]
    return Features(found.names, tuple(nodes))
