"""Models of distributions: naive Bayes, discriminant analysis, mixtures; and those that say one thing of all rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.covariance import EllipticEnvelope
from sklearn.cross_decomposition import CCA, PLSSVD, PLSCanonical, PLSRegression
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeRegressor

from ..frames import gaps, mixed, numbers
from .common import Fit, Fitted, on, prepared
from .linear import text, twice


def counts() -> tuple[pd.DataFrame, np.ndarray]:
    """Wines with their measures cut down to small whole numbers and a fraction."""
    frame, y = numbers("wine")
    return (frame - frame.min()) / frame.std() * 1.5, y


def encoded(model: object) -> object:
    """The model on the codes of text, unknown text refused."""
    columns = ColumnTransformer([("codes", OrdinalEncoder(), ["size"]), ("as is", "passthrough", ["grade"])])
    return make_pipeline(columns, model)


NAIVE: dict[str, Fit] = {
    "gaussian bayes": on(numbers("cancer"), GaussianNB()),
    "gaussian bayes, three classes": on(numbers("wine"), GaussianNB(var_smoothing=1e-3), text),
    "gaussian bayes, priors": on(numbers("wine"), GaussianNB(priors=[0.7, 0.3, 0.0])),
    "gaussian bayes, one class": on(numbers("iris"), GaussianNB(), lambda y: y == 9),
    "gaussian bayes, prepared": on(mixed(), prepared(GaussianNB(), sparse_output=False)),
    "multinomial bayes": on(counts(), MultinomialNB()),
    "multinomial bayes, even prior": on(counts(), MultinomialNB(alpha=0.1, fit_prior=False), text),
    "complement bayes": on(counts(), ComplementNB(), text),
    "complement bayes, normalised": on(counts(), ComplementNB(norm=True), lambda y: y == 1),
    "complement bayes, one class": on(counts(), ComplementNB(), lambda y: y == 9),
    "bernoulli bayes": on(counts(), BernoulliNB(binarize=1.5), text),
    "bernoulli bayes, as is": on(counts(), make_pipeline(MinMaxScaler(), BernoulliNB(binarize=None)), lambda y: y == 0),
    "bernoulli bayes, prepared": on(mixed(), prepared(BernoulliNB(alpha=0.5))),
    "categorical bayes": on(counts(), CategoricalNB(), text),
    "categorical bayes, room for more": on(counts(), CategoricalNB(min_categories=12, class_prior=[0.2, 0.3, 0.5])),
    "categorical bayes, never seen": on(counts(), CategoricalNB(alpha=0.0)),
    "categorical bayes, encoded": on(mixed(), encoded(CategoricalNB())),
}

DISCRIMINANTS: dict[str, Fit] = {
    **{
        f"linear discriminants, {solver}{title}": on(numbers(name), LinearDiscriminantAnalysis(solver=solver))
        for solver in ("svd", "lsqr", "eigen")
        for name, title in (("cancer", ""), ("wine", ", three classes"))
    },
    "linear discriminants, shrunk": on(
        numbers("wine"), LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto", priors=[0.2, 0.2, 0.6]), text
    ),
    "linear discriminants, then": on(
        numbers("wine"), make_pipeline(LinearDiscriminantAnalysis(), LogisticRegression())
    ),
    "linear discriminants, one, then": on(
        numbers("wine"), make_pipeline(LinearDiscriminantAnalysis(solver="eigen", n_components=1), GaussianNB())
    ),
    "quadratic discriminants": on(numbers("cancer"), QuadraticDiscriminantAnalysis(tol=1e-12)),
    "quadratic discriminants, three classes": on(numbers("wine"), QuadraticDiscriminantAnalysis(reg_param=0.1), text),
    "quadratic discriminants, eigen": on(
        numbers("wine"), QuadraticDiscriminantAnalysis(solver="eigen", shrinkage=0.2, priors=[0.5, 0.5, 0.0])
    ),
    "quadratic discriminants, prepared": on(
        mixed(), prepared(QuadraticDiscriminantAnalysis(reg_param=0.3), sparse_output=False, drop="first")
    ),
}


def then(decomposition: Any) -> Fit:
    """A regressor on what a decomposition makes of the features; a pipeline cannot fit the two."""

    def fit() -> Fitted:
        frame, y = numbers("diabetes")
        decomposition.fit(frame, y)
        return make_pipeline(decomposition, Ridge().fit(decomposition.transform(frame), y)), frame

    return fit


DECOMPOSITIONS: dict[str, Fit] = {
    "partial least squares": on(numbers("diabetes"), PLSRegression()),
    "partial least squares, two targets": on(numbers("diabetes"), PLSRegression(scale=False), twice),
    "canonical partial least squares": on(numbers("diabetes"), PLSCanonical(n_components=1), twice),
    "canonical correlation": on(numbers("diabetes"), CCA(n_components=1), twice),
    "partial least squares, then": then(PLSRegression(n_components=3)),
    "canonical partial least squares, then": then(PLSCanonical(n_components=1)),
    "canonical correlation, then": then(CCA(n_components=1)),
    "singular vectors of both": on(numbers("diabetes"), PLSSVD(n_components=1), twice),
}

MIXTURES: dict[str, Fit] = {
    f"{title}, {kind}": on(numbers(name), model(n_components=3, covariance_type=kind, random_state=0, max_iter=500))
    for kind in ("full", "tied", "diag", "spherical")
    for name, title, model in (
        ("iris", "mixture", GaussianMixture),
        ("wine", "bayesian mixture", BayesianGaussianMixture),
    )
} | {
    "bayesian mixture, dirichlet": on(
        numbers("iris"),
        BayesianGaussianMixture(
            n_components=3, random_state=0, weight_concentration_prior_type="dirichlet_distribution", max_iter=500
        ),
    ),
    "mixture, scaled": on(numbers("wine"), make_pipeline(StandardScaler(), GaussianMixture(2, random_state=0))),
    "envelope": on(numbers("cancer"), EllipticEnvelope(random_state=0)),
    # the threshold is the distance of a row: there are 178 of them
    "envelope, at a row": on(numbers("wine"), EllipticEnvelope(random_state=0, contamination=59 / 177)),
    "envelope, assumed centre": on(
        numbers("iris"), make_pipeline(StandardScaler(), EllipticEnvelope(assume_centered=True, random_state=0))
    ),
}

DUMMIES: dict[str, Fit] = {
    **{
        f"dummy, {strategy}": on(mixed(), DummyClassifier(strategy=strategy)) for strategy in ("prior", "most_frequent")
    },
    "dummy, constant": on(gaps("wine"), DummyClassifier(strategy="constant", constant=2)),
    "dummy, constant text": on(gaps("wine"), DummyClassifier(strategy="constant", constant=["Z"]), text),
    "dummy, mean": on(gaps("diabetes"), DummyRegressor()),
    "dummy, quantile": on(gaps("diabetes"), DummyRegressor(strategy="quantile", quantile=0.8), twice),
    "dummy, constant number": on(gaps("diabetes"), DummyRegressor(strategy="constant", constant=7)),
}


def isotonic(**options: object) -> Fit:
    """An isotonic regression on one column, and rows with the numbers around each of its points."""

    def fit() -> Fitted:
        frame, y = numbers("diabetes")
        column = frame[["bmi"]]
        model = make_pipeline(FunctionTransformer(), IsotonicRegression(**options)).fit(column[::4], y[::4])
        points = model[-1].X_thresholds_
        near = np.r_[points, np.nextafter(points, -np.inf), np.nextafter(points, np.inf), points + 1e-4]
        return model, pd.DataFrame({"bmi": near})

    return fit


ISOTONIC: dict[str, Fit] = {
    "isotonic": isotonic(),
    "isotonic, clipped": isotonic(out_of_bounds="clip"),
    "isotonic, strict": isotonic(out_of_bounds="raise"),
    "isotonic, falling": isotonic(out_of_bounds="clip", increasing=False),
    "isotonic, automatic": isotonic(increasing="auto", y_min=100, y_max=200),
    "isotonic, flat": isotonic(y_min=150, y_max=150, out_of_bounds="raise"),
}


def of_target(model: object, **options: object) -> TransformedTargetRegressor:
    """A regressor of a transformed target."""
    return TransformedTargetRegressor(model, **options)


TARGETS: dict[str, Fit] = {
    **{
        f"target, {type(scaler).__name__}": on(numbers("diabetes"), of_target(Ridge(), transformer=scaler), twice)
        for scaler in (StandardScaler(), MinMaxScaler((-1, 3)), MaxAbsScaler(), RobustScaler())
    },
    **{
        f"target, {func.__name__}": on(numbers("diabetes"), of_target(Ridge(), func=func, inverse_func=inverse))
        for func, inverse in (
            (np.log1p, np.expm1), (np.log, np.exp), (np.sqrt, np.square), (np.negative, np.negative),
        )
    },
    "target, as it is": on(numbers("diabetes"), of_target(DecisionTreeRegressor(max_depth=3))),
    "target, of a pipeline": on(
        mixed(), of_target(prepared(PoissonRegressor()), transformer=MinMaxScaler()), lambda y: y == "benign"
    ),
}  # fmt: skip

PROBABILISTIC: dict[str, Fit] = {
    **NAIVE,
    **DISCRIMINANTS,
    **DECOMPOSITIONS,
    **MIXTURES,
    **DUMMIES,
    **ISOTONIC,
    **TARGETS,
}
