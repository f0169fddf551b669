"""Models that are sums of coefficient * kernel over stored rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aops_indb.scoring.graph import Case, Node, Reduce, apply, number, same_value
from aops_indb.scoring.read_sklearn.arithmetic import missing_number
from aops_indb.scoring.read_sklearn.kernels import (
    KERNELS,
    Settings,
    finite_pairs,
    kernel_pairs,
    linear_sums,
    total,
    vanishing_exp,
)
from aops_indb.scoring.read_sklearn.links import classes_of, classifier_outputs, first_largest, regressor_outputs
from aops_indb.scoring.read_sklearn.nearness import NONE, nearest, nearness
from aops_indb.scoring.read_sklearn.neighbors import first_of_about_the_largest
from aops_indb.scoring.read_sklearn.translation import Features, Place

# exp of less is 0 for the library, and exp of more than the second has all its digits
ALL_GONE, ALL_THERE = -745.2, -700.0
# a smaller part of a training row in a class counts as none
NO_SHARE = 1e-30
# of a sum of kernels, which are at most 1: beyond it the library's result depends on how many rows it is asked for
MOST_WEIGHT = 100.0


@dataclass(frozen=True, slots=True)
class _Kernel:
    """A kernel of the library's, as a model has it: its name and parameters, and the stored rows."""

    model: Any
    name: str
    settings: Settings
    table: Any


def _kernel(model: Any, table: Any, place: Place, parameters: Mapping[str, Any]) -> _Kernel:
    import numpy as np

    if hasattr(table, "toarray"):
        table = table.toarray()
    if table.dtype == np.float32:
        raise place.unsupported(f"{type(model).__name__} fitted in single precision", "fit it on float64")
    name = model.kernel
    if name != "linear" and name not in KERNELS:
        told = name if isinstance(name, str) else "a function of Python"
        known = ", ".join(repr(each) for each in ("linear", *KERNELS))
        raise place.unsupported(f"{type(model).__name__} with kernel {told}", f"use {known}")
    given = {key: value for key, value in parameters.items() if value is not None}
    gamma = float(given.get("gamma", 1.0 / table.shape[1]))
    settings = Settings(gamma, float(given.get("coef0", 1.0)), float(given.get("degree", 3.0)))
    if name in ("poly", "polynomial") and settings.degree != int(settings.degree):
        raise place.unsupported(f"{type(model).__name__} with a degree that is not whole", "use a whole one")
    return _Kernel(model, name, settings, np.asarray(table, dtype=np.float64))


def _sums(kernel: _Kernel, features: Features, place: Place, coefficients: Any) -> list[Node]:
    """The sum of coefficient * kernel for each row of coefficients."""
    import numpy as np

    rows = np.atleast_2d(np.asarray(coefficients, dtype=np.float64))
    if kernel.name == "linear":
        return linear_sums(kernel.model, features, place, rows, kernel.table)
    others = {f"coefficient_{k}": row.tolist() for k, row in enumerate(rows)}
    pairs, value = kernel_pairs(kernel.model, features, place, kernel.table, others, kernel.name, kernel.settings)
    return [total(coefficient, value) for coefficient in pairs.others.values()]


def _plain_parameters(model: Any) -> dict[str, Any]:
    return dict(model.kernel_params or {}) | {
        name: getattr(model, name) for name in ("gamma", "coef0", "degree") if getattr(model, name) is not None
    }


def kernel_ridge(model: Any, features: Features, place: Place) -> Features:
    """The sum of dual coefficient * kernel, for each target."""
    parameters = {"gamma": model.gamma, "degree": model.degree, "coef0": model.coef0}
    kernel = _kernel(model, model.X_fit_, place, parameters)
    duals = model.dual_coef_.reshape(len(model.dual_coef_), -1).T
    return regressor_outputs(_sums(kernel, features, place, duals))


def nystroem(model: Any, features: Features, place: Place) -> Features:
    """Kernels with some of the training rows, turned so that their products are those of all."""
    kernel = _kernel(model, model.components_, place, _plain_parameters(model))
    _refuse_cancelling(model, place, model.normalization_)
    return place.features(model, features.names, _sums(kernel, features, place, model.normalization_))


def _refuse_cancelling(model: Any, place: Place, coefficients: Any) -> None:
    """Kernels are sure to some 1e-14; where sums are mostly differences of them, the last of 9 digits are not."""
    import numpy as np

    weight = float(np.abs(coefficients).sum(axis=1).max())
    if weight > MOST_WEIGHT:
        what = f"{type(model).__name__} whose weights add up to {weight:.0f}, so that rounding decides its digits,"
        raise place.unsupported(what, "use a smaller n_components")


def kernel_pca(model: Any, features: Features, place: Place) -> Features:
    """Kernels less their means over the training rows, along the principal components."""
    import numpy as np

    parameters = {"gamma": model.gamma_, "degree": model.degree, "coef0": model.coef0}
    kernel = _kernel(model, model.X_fit_, place, parameters)
    used = model.eigenvalues_ != 0
    directions = np.where(used, model.eigenvectors_ / np.sqrt(np.where(used, model.eigenvalues_, 1.0)), 0.0)
    if kernel.name != "linear":
        _refuse_cancelling(model, place, directions.T)
    centred = (directions - directions.mean(axis=0)).T
    means, overall = model._centerer.K_fit_rows_, float(model._centerer.K_fit_all_)
    # sum of a * (k - mean of k - row mean + overall mean), with the mean of k taken off the coefficients instead
    shifts = ((overall - means) @ directions).tolist()
    nodes = [
        apply("add", node, number(float(shift)))
        for node, shift in zip(_sums(kernel, features, place, centred), shifts, strict=True)
    ]
    return place.features(model, features.names, nodes)


def label_propagation(model: Any, features: Features, place: Place) -> Features:
    """The classes of the training rows, weighted by kernel or taken from the nearest; the first where all vanish."""
    import numpy as np

    labels = classes_of(model, place)
    shares = {f"share_{k}": column.tolist() for k, column in enumerate(np.asarray(model.label_distributions_).T)}
    if model.kernel == "knn":
        near = nearness(model.nn_fit, model, features, place, shares)
        columns = list(near.pairs.others.values())
        found = nearest(near, int(model.n_neighbors), columns)
        probabilities = _parts([found.total(column, "of_class") for column in columns], place)
        return classifier_outputs(
            labels, _label(first_of_about_the_largest(labels, probabilities), labels, probabilities), probabilities
        )
    if model.kernel != "rbf":
        raise place.unsupported(f"{type(model).__name__} with a function of Python as kernel", "use 'rbf' or 'knn'")
    sums = _near_sums(model, features, place, shares)
    probabilities = _parts(sums, place)
    return classifier_outputs(
        labels, _label(first_largest(labels, probabilities), labels, probabilities), probabilities
    )


def _near_sums(model: Any, features: Features, place: Place, shares: Mapping[str, Sequence[float]]) -> list[Node]:
    """Each share times the kernel, summed; kernels are those over the largest of them, so that they do not vanish."""
    pairs = finite_pairs(model, features, place, model.X_, shares)
    gamma = number(-float(model.gamma))
    distance = pairs.named("squared_distance", pairs.squared_distance())
    least = place.named("least_squared_distance", Reduce("minimum", distance))
    largest = place.named("largest_exponent", apply("multiply", gamma, least))
    gone = apply("less", largest, number(ALL_GONE))
    vanishing = apply("and", apply("not", gone), apply("less", largest, number(ALL_THERE)))
    place.refuse(vanishing, f"all kernels are too small to have their digits ({place.where(model)})")
    value = vanishing_exp(pairs, apply("multiply", gamma, apply("subtract", distance, least)))
    some = [Case(((apply("less", share, number(NO_SHARE)), NONE),), share) for share in pairs.others.values()]
    return [place.named("of_class", Case(((gone, NONE),), total(share, value))) for share in some]


def _parts(sums: Sequence[Node], place: Place) -> list[Node]:
    """Each over their sum; missing where that is 0."""
    whole = place.named("of_all_classes", apply("sum", *sums))
    some = apply("greater", whole, number(0.0))
    return [
        place.named("probability", Case(((some, apply("divide", each, whole)),), missing_number())) for each in sums
    ]


def _label(label: Node, labels: Sequence[Any], probabilities: Sequence[Node]) -> Node:
    return Case(((apply("is_missing", probabilities[0]), same_value(labels[0])),), label)
