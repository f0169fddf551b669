"""Transformers that bring a feature nearer to a normal or a uniform distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from aops_indb.scoring.graph import Case, Node, apply, number
from aops_indb.scoring.read_sklearn.arithmetic import clip, missing_number, pieces, unless
from aops_indb.scoring.read_sklearn.translation import Features, Place

# scipy.special.boxcox: a smaller exponent counts as 0, and a larger power is computed without its overflow
_ZERO_BOX_COX = 1e-19
_LARGEST_POWER = 709.78
# QuantileTransformer: values nearer to an end of the quantiles are on it
BOUNDS_THRESHOLD = 1e-7


def power_transformer(model: Any, features: Features, place: Place) -> Features:
    """Box-Cox or Yeo-Johnson with the fitted exponents, then standardised if asked; missing stays missing."""
    nodes = place.numbers(model, features)
    place.refuse_infinite(model, features, nodes)
    transform = _yeo_johnson
    if model.method == "box-cox":
        transform = _box_cox
        for name, node in zip(features.names, nodes, strict=True):
            reason = f"'{name}' is not above 0 ({place.where(model)})"
            place.refuse(apply("less_equal", node, number(0.0)), reason)
    made = [
        place.named(f"{name}_power", transform(node, float(exponent)))
        for name, node, exponent in zip(features.names, nodes, model.lambdas_, strict=True)
    ]
    if not model.standardize:
        return place.features(model, features.names, made)
    place.refuse_infinite(model, features, made)
    scaler = model._scaler
    scaled = [
        unless(unless(node, "subtract", mean, 0.0), "divide", scale, 1.0)
        for node, mean, scale in zip(made, scaler.mean_, scaler.scale_, strict=True)
    ]
    return place.features(model, features.names, scaled)


def _box_cox(node: Node, exponent: float) -> Node:
    """(x ** exponent - 1) / exponent, and its limit log(x) for 0."""
    if math.isnan(exponent):
        return missing_number()
    log = apply("log", node)
    if abs(exponent) < _ZERO_BOX_COX:
        return log
    power = apply("multiply", log, number(exponent))
    shifted = apply("exp", apply("subtract", power, number(math.log(abs(exponent)))))
    signed = shifted if exponent > 0 else apply("subtract", number(0.0), shifted)
    return Case(
        ((apply("less", power, number(_LARGEST_POWER)), apply("divide", apply("expm1", power), number(exponent))),),
        apply("subtract", signed, number(1.0 / exponent)),
    )


def _yeo_johnson(node: Node, exponent: float) -> Node:
    """Box-Cox of x + 1 above 0, and of 1 - x with exponent 2 - exponent, negated, below."""
    if math.isnan(exponent):
        return missing_number()
    zero = number(0.0)
    eps = math.ulp(1.0)
    above = _power_of_one_more(node, 0.0 if abs(exponent) < eps else exponent)
    mirrored = _power_of_one_more(apply("subtract", zero, node), 0.0 if abs(exponent - 2) <= eps else 2 - exponent)
    branches = (
        (apply("greater_equal", node, zero), above),
        (apply("less", node, zero), apply("subtract", zero, mirrored)),
    )
    return Case(branches, missing_number())


def _power_of_one_more(node: Node, exponent: float) -> Node:
    log = apply("log1p", node)
    if exponent == 0:
        return log
    return apply("divide", apply("expm1", apply("multiply", number(exponent), log)), number(exponent))


# ── quantiles ──────────────────────────────────────────────────────────────────────────────────────────


def quantile_transformer(model: Any, features: Features, place: Place) -> Features:
    """The fitted quantile of each value, as it is or as the normal distribution's value there; missing stays so."""
    if features.sparse:
        # the library then leaves zeros as they are, unless the matrix happens to store them
        raise place.unsupported("QuantileTransformer on sparse features", "make the step before it dense")
    nodes = place.numbers(model, features)
    place.refuse_infinite(model, features, nodes)
    distribute = _normal if model.output_distribution == "normal" else _uniform
    columns = []
    for name, node, quantiles in zip(features.names, nodes, model.quantiles_.T.tolist(), strict=True):
        if any(map(math.isnan, quantiles)):
            raise place.unsupported(f"QuantileTransformer on '{name}', empty at fit,", "leave the feature out")
        level = place.named(f"{name}_quantile", _level(node, quantiles, model.references_.tolist(), place))
        columns.append(distribute(node, level, quantiles[0], quantiles[-1]))
    return place.features(model, features.names, columns)


def _level(node: Node, quantiles: Sequence[float], references: Sequence[float], place: Place) -> Node:
    """Between two quantiles by a line; at one that is there several times the middle of its references."""
    values = sorted(set(quantiles))
    first = {value: references[quantiles.index(value)] for value in values}
    last = {value: references[len(quantiles) - 1 - quantiles[::-1].index(value)] for value in values}
    edges: list[float] = []
    lines: list[tuple[float, float, float]] = [(values[0], references[0], 0.0)]
    for value, following in zip(values, [*values[1:], None], strict=True):
        if first[value] != last[value]:
            edges.append(value)
            lines.append((value, 0.5 * (first[value] + last[value]), 0.0))
            edges.append(math.nextafter(value, math.inf))
        else:
            edges.append(value)
        if following is None:
            lines.append((value, references[-1], 0.0))
        else:
            lines.append((value, last[value], (first[following] - last[value]) / (following - value)))
    x0, y0, slope = _without_repeats(node, edges, lines, place)
    return apply("add", apply("multiply", slope, apply("subtract", node, x0)), y0)


def _without_repeats(
    node: Node, edges: list[float], lines: list[tuple[float, float, float]], place: Place
) -> list[Node]:
    """The pieces; where two edges are one number, as after a repeated quantile's neighbour, the later piece holds."""
    kept = [k for k in range(len(edges)) if k + 1 == len(edges) or edges[k] != edges[k + 1]]
    return pieces(place.step, node, [edges[k] for k in kept], [lines[0], *(lines[k + 1] for k in kept)])


def _uniform(node: Node, level: Node, low: float, high: float) -> Node:
    branches = (
        (apply("equal", node, number(low)), number(0.0)),
        (apply("equal", node, number(high)), number(1.0)),
    )
    return Case(branches, level)


def _normal(node: Node, level: Node, low: float, high: float) -> Node:
    from scipy import stats

    nearly_zero = BOUNDS_THRESHOLD - math.ulp(1.0)
    lowest, highest = float(stats.norm.ppf(nearly_zero)), float(stats.norm.ppf(1 - nearly_zero))
    branches = (
        (apply("less", apply("subtract", node, number(BOUNDS_THRESHOLD)), number(low)), number(lowest)),
        (apply("greater", apply("add", node, number(BOUNDS_THRESHOLD)), number(high)), number(highest)),
        (apply("less_equal", level, number(nearly_zero)), number(lowest)),
        (apply("greater_equal", level, number(1 - nearly_zero)), number(highest)),
    )
    return Case(branches, clip(_normal_quantile(level), lowest, highest))


# M. J. Wichura, Algorithm AS 241 (1988), PPND16: numerator and denominator, constant term last, for levels within
# 0.425 of a half, and beyond for r = sqrt(-log(level or 1 - level)) up to 5. (The clipping above keeps r below 5.)
_CENTRE = (
    (2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
     1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0),
    (5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
     5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0),
)  # fmt: skip
_TAIL = (
    (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
     3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
     6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0),
)  # fmt: skip


def _normal_quantile(level: Node) -> Node:
    """The standard normal distribution's value at a level between 1e-11 and 1 - 1e-11."""
    centred = apply("subtract", level, number(0.5))
    inside = apply("subtract", number(0.180625), apply("multiply", centred, centred))
    near = apply("multiply", centred, _ratio(inside, *_CENTRE))
    outer = apply("minimum", level, apply("subtract", number(1.0), level))
    root = apply("subtract", apply("sqrt", apply("subtract", number(0.0), apply("log", outer))), number(1.6))
    far = _ratio(root, *_TAIL)
    branches = (
        (apply("less_equal", apply("absolute", centred), number(0.425)), near),
        (apply("less", centred, number(0.0)), apply("subtract", number(0.0), far)),
    )
    return Case(branches, far)


def _ratio(node: Node, above: Sequence[float], below: Sequence[float]) -> Node:
    return apply("divide", _polynomial(node, above), _polynomial(node, below))


def _polynomial(node: Node, coefficients: Sequence[float]) -> Node:
    """Horner's scheme, the highest power first."""
    result: Node = number(coefficients[0])
    for coefficient in coefficients[1:]:
        result = apply("add", apply("multiply", result, node), number(coefficient))
    return result
