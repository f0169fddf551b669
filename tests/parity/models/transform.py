"""Transformers of numbers: scaled, binned, multiplied, bent."""

from __future__ import annotations

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    Normalizer,
    OneHotEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)

from ..frames import gaps, mixed, numbers
from .common import TEXT, Fit, columns, on

IRIS, WINE = numbers("iris", 3), numbers("wine", 3)


def function(of: object, **options: object) -> FunctionTransformer:
    """A FunctionTransformer that says how its output is called."""
    return FunctionTransformer(of, feature_names_out="one-to-one", **options)


FUNCTIONS: dict[str, Fit] = {
    f"function {of.__name__}": on(gaps("iris", 2), function(of))
    for of in (
        np.abs, np.fabs, np.sign, np.negative, np.positive, np.square, np.sqrt, np.exp, np.expm1, np.log, np.log1p,
        np.log2, np.log10, np.floor, np.ceil, np.trunc, np.sin, np.cos, np.tanh, np.radians, np.degrees,
    )
}  # fmt: skip

SPLINES: dict[str, Fit] = {
    f"spline, {extrapolation}, degree {degree}": on(
        IRIS, SplineTransformer(n_knots=7 - degree, degree=degree, extrapolation=extrapolation)
    )
    for extrapolation in ("constant", "linear", "continue", "periodic", "error")
    for degree in (0, 1, 2, 3)
}

TRANSFORMS: dict[str, Fit] = {
    **FUNCTIONS,
    "function, validated": on(IRIS, function(np.log1p, validate=True)),
    "function, named": on(
        IRIS, FunctionTransformer(np.sqrt, feature_names_out=lambda _, names: [f"r {n}" for n in names])
    ),
    "identity, validated": on(IRIS, make_pipeline(function(None, validate=True), MaxAbsScaler())),
    "max abs": on(gaps("wine", 3), MaxAbsScaler()),
    "max abs, clipped": on(gaps("wine", 3), MaxAbsScaler(clip=True)),
    "robust": on(gaps("wine", 3), RobustScaler()),
    "robust, scale only": on(gaps("wine", 3), RobustScaler(with_centering=False, quantile_range=(10, 70))),
    "robust, centre only": on(gaps("wine", 3), RobustScaler(with_scaling=False)),
    "robust, unit variance": on(gaps("wine", 3), RobustScaler(unit_variance=True)),
    "normalizer, l2": on(IRIS, Normalizer()),
    "normalizer, l1": on(IRIS, Normalizer(norm="l1")),
    "normalizer, max": on(IRIS, Normalizer(norm="max")),
    "normalizer, small": on((IRIS[0] * 0, IRIS[1]), Normalizer()),
    "normalizer, sparse": columns(make_pipeline(OneHotEncoder(handle_unknown="ignore"), Normalizer()), *TEXT),
    "binarizer": on(IRIS, Binarizer(threshold=3.5)),
    "binarizer, default": on(IRIS, Binarizer()),
    "bins": on(IRIS, KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf")),
    "bins, dense": on(
        IRIS, KBinsDiscretizer(4, encode="onehot-dense", strategy="uniform", quantile_method="averaged_inverted_cdf")
    ),
    "bins, ordinal": on(IRIS, KBinsDiscretizer([3, 5, 2], encode="ordinal", strategy="kmeans")),
    "bins, few values": on(
        (mixed()[0][["grade"]], mixed()[1]),
        KBinsDiscretizer(8, encode="ordinal", quantile_method="averaged_inverted_cdf"),
    ),
    "bins, single": on(IRIS, KBinsDiscretizer(4, encode="ordinal", dtype=np.float32, strategy="uniform")),
    "polynomial": on(IRIS, PolynomialFeatures()),
    "polynomial, degree 3": on(IRIS, PolynomialFeatures(3, include_bias=False)),
    "polynomial, interactions": on(IRIS, PolynomialFeatures(3, interaction_only=True)),
    "polynomial, degrees": on(IRIS, PolynomialFeatures((2, 3), include_bias=False, order="F")),
    "polynomial, sparse": columns(
        make_pipeline(OneHotEncoder(handle_unknown="ignore"), PolynomialFeatures(interaction_only=True)), *TEXT
    ),
    **SPLINES,
    "spline, quantiles": on(WINE, SplineTransformer(n_knots=6, knots="quantile", include_bias=False)),
    "spline, repeated quantiles": columns(SplineTransformer(n_knots=8, knots="quantile"), "grade"),
    "spline, gaps": on(gaps("iris", 3), SplineTransformer(n_knots=3, handle_missing="zeros")),
    "spline, gaps, linear": on(
        gaps("iris", 3), SplineTransformer(n_knots=3, extrapolation="linear", handle_missing="zeros")
    ),
    "spline, gaps, continued": on(
        gaps("iris", 3), SplineTransformer(n_knots=3, extrapolation="continue", handle_missing="zeros")
    ),
    "spline, gaps, periodic": on(
        gaps("iris", 3), SplineTransformer(n_knots=5, extrapolation="periodic", handle_missing="zeros")
    ),
    "spline, gaps, refusing": on(
        gaps("iris", 3), SplineTransformer(n_knots=3, extrapolation="error", handle_missing="zeros")
    ),
    "spline, sparse": on(WINE, SplineTransformer(n_knots=4, sparse_output=True)),
    "spline, sparse, periodic": on(WINE, SplineTransformer(n_knots=5, sparse_output=True, extrapolation="periodic")),
    "spline, knots": on(
        WINE, SplineTransformer(knots=np.array([[11, 1, 1], [12, 1.5, 2], [14.5, 5, 3]]), extrapolation="linear")
    ),
    "yeo-johnson": on(gaps("wine", 3), PowerTransformer()),
    "yeo-johnson, around zero": on(gaps("diabetes", 3), PowerTransformer()),
    "yeo-johnson, not scaled": on(gaps("wine", 3), PowerTransformer(standardize=False)),
    "yeo-johnson, constant": on((WINE[0] * 0 + 4, WINE[1]), PowerTransformer(standardize=False)),
    "box-cox": on(gaps("wine", 3), PowerTransformer("box-cox")),
    "box-cox, not scaled": on(gaps("wine", 3), PowerTransformer("box-cox", standardize=False)),
    "quantiles": on(gaps("wine", 3), QuantileTransformer(n_quantiles=40)),
    "quantiles, all rows": on(gaps("iris", 3), QuantileTransformer(n_quantiles=150)),
    "quantiles, normal": on(gaps("wine", 3), QuantileTransformer(n_quantiles=40, output_distribution="normal")),
    "quantiles, normal, all rows": on(
        gaps("cancer", 3), QuantileTransformer(n_quantiles=560, output_distribution="normal")
    ),
    "quantiles, repeated": columns(QuantileTransformer(n_quantiles=60), "grade"),
    "quantiles, constant": on((WINE[0] * 0 + 4, WINE[1]), QuantileTransformer(n_quantiles=9)),
    "target": on((mixed()[0][TEXT], mixed()[1]), TargetEncoder(cv=3, random_state=0)),
    "target, not shrunk": on((mixed()[0][TEXT], mixed()[1]), TargetEncoder(cv=3, smooth=0.0, random_state=0)),
    "target, numbers": on((mixed()[0][["grade", "radius"]], mixed()[1]), TargetEncoder(cv=3, random_state=0)),
    "target, regression": on(
        (mixed()[0][[*TEXT, "dense"]], mixed()[0]["smooth"].to_numpy()), TargetEncoder(cv=3, random_state=0)
    ),
    "target, three classes": on(
        (mixed()[0][[*TEXT, "grade"]], mixed()[0]["grade"].to_numpy() % 3), TargetEncoder(cv=3, random_state=0)
    ),
    "scaled, polynomial": on(WINE, make_pipeline(StandardScaler(), PolynomialFeatures())),
}

# Cubes leave the range of a double, where PostgreSQL raises and the library's splines are NaN throughout; and in the
# last digits of a number as large as that no place within a period is left.
LARGEST_TRANSFORMED: dict[str, float] = {
    **{name: 1e90 for name in TRANSFORMS if name.startswith("spline") and "continue" in name},
    **{name: 1e15 for name in TRANSFORMS if name.startswith("spline") and "periodic" in name},
}
