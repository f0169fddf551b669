"""Gaussian processes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from aops_indb.scoring.graph import Case, Node, apply, number, same_value
from aops_indb.scoring.read_sklearn.arithmetic import missing_number
from aops_indb.scoring.read_sklearn.error_function import error_function
from aops_indb.scoring.read_sklearn.kernels import Pairs, finite_pairs, total, vanishing_exp, whole_power
from aops_indb.scoring.read_sklearn.links import classes_of, classifier_outputs, first_largest, regressor_outputs
from aops_indb.scoring.read_sklearn.nearness import NONE, ONE
from aops_indb.scoring.read_sklearn.translation import Features, Place, class_key

# Features beyond it are refused: products of kernels would leave the range of a double.
LARGEST = 1e30
# A sum of kernels with weights of both signs that are this much larger than what it comes to is rounding error.
MOST_WEIGHT = 1e5
# The variance of a class's score takes as many sums as there are training rows.
MOST_ROWS = 500


def gaussian_process_regressor(model: Any, features: Features, place: Place) -> Features:
    """The mean of the posterior: a sum of kernels with the training rows."""
    import numpy as np

    if not hasattr(model, "X_train_"):
        raise place.unsupported(f"{type(model).__name__} that is not fitted", "call fit first")
    weights = model.alpha_.reshape(len(model.alpha_), -1)
    own = model.kernel_(model.X_train_)
    cancelling = (
        np.abs(own).max() * np.abs(weights).sum(axis=0) / np.maximum(np.abs(own @ weights).max(axis=0), 1e-300)
    ).max()
    if cancelling > MOST_WEIGHT:
        what = f"{type(model).__name__} whose weights are {cancelling:.0e} times what they sum up to, rounding error,"
        raise place.unsupported(what, "add a WhiteKernel or raise alpha")
    others = {f"weight_{k}": column.tolist() for k, column in enumerate(weights.T)}
    pairs = finite_pairs(model, features, place, model.X_train_, others, LARGEST)
    kernel = pairs.named("kernel", _kernel(model.kernel_, pairs))
    spreads, means = (np.broadcast_to(part, weights.shape[1:]) for part in (model._y_train_std, model._y_train_mean))
    return regressor_outputs(
        [
            apply("add", apply("multiply", total(weight, kernel), number(float(spread))), number(float(mean)))
            for weight, spread, mean in zip(pairs.others.values(), spreads, means, strict=True)
        ]
    )


def gaussian_process_classifier(model: Any, features: Features, place: Place) -> Features:
    """Two classes by the sign of the latent mean; of more, the largest of each class's probability."""
    labels = classes_of(model, place)
    if len(labels) == 2:
        mean, positive = _laplace(model.base_estimator_, model, features, place, "")
        sign = apply("greater", mean, NONE)
        label = Case(((sign, same_value(labels[1])),), same_value(labels[0]))
        return classifier_outputs(labels, label, [apply("subtract", ONE, positive), positive])
    if model.multi_class != "one_vs_rest":
        raise place.unsupported(f"{type(model).__name__}(multi_class='one_vs_one')", "use 'one_vs_rest'")
    scores = [
        _laplace(each, model, features, place, f"_{label}")[1]
        for each, label in zip(model.base_estimator_.estimators_, labels, strict=True)
    ]
    whole = place.named("of_all_classes", apply("sum", *scores))
    return classifier_outputs(labels, first_largest(labels, scores), [apply("divide", each, whole) for each in scores])


def _laplace(part: Any, model: Any, features: Features, place: Place, end: str) -> tuple[Node, Node]:
    """The latent mean of a row, and the probability of the second of two classes."""
    import numpy as np
    from scipy.linalg import solve_triangular

    count = len(part.X_train_)
    if count > MOST_ROWS:
        what = f"{type(model).__name__} of {count} rows, whose variances take the square of that,"
        raise place.unsupported(what, f"fit it on {MOST_ROWS} at most")
    table = solve_triangular(part.L_, np.diag(part.W_sr_), lower=True)
    others = {"slope": (part.y_train_ - part.pi_).tolist()}
    others |= {f"weight_{k}": row.tolist() for k, row in enumerate(table)}
    pairs = finite_pairs(model, features, place, part.X_train_, others, LARGEST)
    kernel = pairs.named("kernel", _kernel(part.kernel_, pairs))
    slope, *weights = pairs.others.values()
    mean = place.named(f"latent_mean{end}", total(slope, kernel))
    parts = [place.named(f"part{end}", total(weight, kernel)) for weight in weights]
    explained = apply("sum", *(_small_square(each) for each in parts))
    variance = apply("subtract", _own_kernel(part.kernel_, pairs), place.named(f"explained{end}", explained))
    return mean, _probability(mean, place.named(f"latent_variance{end}", variance), place, end)


def _small_square(node: Node) -> Node:
    return Case(((apply("less", apply("absolute", node), number(1e-150)), NONE),), apply("multiply", node, node))


def _probability(mean: Node, variance: Node, place: Place, end: str) -> Node:
    """The logistic function's mean over a normal distribution, as a sum of error functions (Williams and Barber)."""
    from sklearn.gaussian_process._gpc import COEFS, LAMBDAS

    terms: list[Node] = []
    for scale, weight in zip(LAMBDAS.ravel().tolist(), COEFS.ravel().tolist(), strict=True):
        spread = apply("add", ONE, apply("multiply", variance, number(2.0 * scale * scale)))
        value = apply("divide", apply("multiply", mean, number(scale)), apply("sqrt", spread))
        erf = error_function(place.named(f"margin{end}", value))
        terms.append(apply("multiply", erf, number(0.5 * weight)))
    found = apply("add", apply("sum", *terms), number(0.5 * float(COEFS.sum())))
    return place.named(f"second{end}", Case(((apply("greater", variance, NONE), found),), missing_number()))


# ── kernels ────────────────────────────────────────────────────────────────────────────────────────────


def _kernel(kernel: Any, pairs: Pairs) -> Node:
    """A kernel between the row and each stored row."""
    writer = GP_KERNELS.get(class_key(type(kernel)).rsplit(".", 1)[-1])
    if writer is None:
        known = ", ".join(GP_KERNELS)
        raise pairs.place.unsupported(f"a Gaussian process with kernel {type(kernel).__name__}", f"known are {known}")
    return writer(kernel, pairs)


def _own_kernel(kernel: Any, pairs: Pairs) -> Node:
    """The kernel of the row with itself."""
    noise = pairs_with_itself(pairs)
    return _kernel_of_itself(kernel, noise)


def pairs_with_itself(pairs: Pairs) -> Pairs:
    """The row in the place of stored rows."""
    return Pairs(pairs.place, pairs.row, pairs.row, {})


def _kernel_of_itself(kernel: Any, pairs: Pairs) -> Node:
    import numpy as np

    match type(kernel).__name__:
        case "Sum" | "Product" as name:
            both = (_kernel_of_itself(part, pairs) for part in (kernel.k1, kernel.k2))
            return apply("add" if name == "Sum" else "multiply", *both)
        case "Exponentiation":
            return _raised(_kernel_of_itself(kernel.kernel, pairs), kernel.exponent, pairs)
        case "DotProduct":
            return _dot_product(kernel, pairs)
        case _:
            return number(float(kernel.diag(np.zeros((1, len(pairs.row))))[0]))


def _scaled_square(kernel: Any, pairs: Pairs) -> Node:
    """Squared distance of features over their length scales."""
    import numpy as np

    scales = np.broadcast_to(np.asarray(kernel.length_scale, dtype=np.float64), (len(pairs.row),)).tolist()
    scaled = [apply("divide", d, number(s)) for d, s in zip(pairs.differences(), scales, strict=True)]
    parts = [pairs.named("scaled_difference", each) for each in scaled]
    return pairs.sum([_small_square(part) for part in parts], "squared_distance")


def _rbf(kernel: Any, pairs: Pairs) -> Node:
    return vanishing_exp(pairs, apply("multiply", number(-0.5), _scaled_square(kernel, pairs)))


def _matern(kernel: Any, pairs: Pairs) -> Node:
    if kernel.nu == math.inf:
        return _rbf(kernel, pairs)
    if kernel.nu not in (0.5, 1.5, 2.5):
        raise pairs.place.unsupported(f"a Matern kernel with nu={kernel.nu}, a Bessel function,", "use 0.5, 1.5 or 2.5")
    root = apply("sqrt", _scaled_square(kernel, pairs))
    distance = pairs.named("scaled_distance", apply("multiply", root, number(math.sqrt(2 * kernel.nu))))
    power = vanishing_exp(pairs, apply("multiply", number(-1.0), distance))
    if kernel.nu == 0.5:
        return power
    factor = apply("add", ONE, distance)
    if kernel.nu == 2.5:
        factor = apply("add", factor, apply("divide", _small_square(distance), number(3.0)))
    return apply("multiply", factor, power)


def _rational_quadratic(kernel: Any, pairs: Pairs) -> Node:
    alpha, scale = float(kernel.alpha), float(kernel.length_scale)
    base = apply("add", ONE, apply("divide", pairs.squared_distance(), number(2.0 * alpha * scale**2)))
    log = pairs.named("log_of_base", apply("log", base))
    return vanishing_exp(pairs, apply("multiply", number(-alpha), log))


def _exp_sine_squared(kernel: Any, pairs: Pairs) -> Node:
    angle = apply("multiply", apply("sqrt", pairs.squared_distance()), number(math.pi / float(kernel.periodicity)))
    sine = pairs.named("sine", apply("divide", apply("sin", angle), number(float(kernel.length_scale))))
    return vanishing_exp(pairs, apply("multiply", number(-2.0), _small_square(sine)))


def _dot_product(kernel: Any, pairs: Pairs) -> Node:
    return apply("add", pairs.dot(), number(float(kernel.sigma_0) ** 2))


def _raised(base: Node, exponent: float, pairs: Pairs) -> Node:
    if float(exponent) != int(exponent) or not 1 <= exponent <= 4:
        raise pairs.place.unsupported(f"a kernel to the power of {exponent}", "use a whole number up to 4")
    return whole_power(base, int(exponent))


GP_KERNELS: dict[str, Callable[[Any, Pairs], Node]] = {
    "RBF": _rbf,
    "Matern": _matern,
    "RationalQuadratic": _rational_quadratic,
    "ExpSineSquared": _exp_sine_squared,
    "DotProduct": _dot_product,
    "ConstantKernel": lambda kernel, _: number(float(kernel.constant_value)),
    "WhiteKernel": lambda *_: NONE,
    "Sum": lambda kernel, pairs: apply("add", _kernel(kernel.k1, pairs), _kernel(kernel.k2, pairs)),
    "Product": lambda kernel, pairs: apply("multiply", _kernel(kernel.k1, pairs), _kernel(kernel.k2, pairs)),
    "Exponentiation": lambda kernel, pairs: _raised(
        pairs.named("base", _kernel(kernel.kernel, pairs)), kernel.exponent, pairs
    ),
}
