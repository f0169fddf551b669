"""Models that are sums of kernels with stored rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.decomposition import KernelPCA
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    RBF,
    ConstantKernel,
    DotProduct,
    ExpSineSquared,
    Matern,
    RationalQuadratic,
    WhiteKernel,
)
from sklearn.impute import KNNImputer
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import Isomap, LocallyLinearEmbedding
from sklearn.neighbors import KNeighborsTransformer, RadiusNeighborsTransformer
from sklearn.pipeline import make_pipeline
from sklearn.semi_supervised import LabelPropagation, LabelSpreading

from ..frames import gaps, numbers
from .common import Fit, on
from .ensemble import words
from .neighbors import half
from .several import two_numbers
from .stored import scaled


def few(name: str, model: Any, target: Any = lambda y: y, step: int = 5) -> Fit:
    """Fit on some of the rows; rows to score are taken from all."""

    def fit() -> Any:
        frame, y = numbers(name)
        return model.fit(frame.iloc[::step], target(y)[::step]), frame

    return fit


def unlabelled(y: np.ndarray) -> Any:
    """Most rows without a class."""
    return np.where(np.arange(len(y)) % 4 == 0, y, -1)


def process(kernel: Any) -> Any:
    """A Gaussian process whose kernel is taken as it is."""
    return scaled(GaussianProcessRegressor(kernel + WhiteKernel(0.3), optimizer=None, normalize_y=True))


SUMS: dict[str, Fit] = {
    "kernel ridge": on(numbers("diabetes"), KernelRidge()),
    "kernel ridge, rbf": few("diabetes", scaled(KernelRidge(kernel="rbf"))),
    "kernel ridge, rbf, gamma": few("diabetes", scaled(KernelRidge(kernel="rbf", gamma=0.03, alpha=0.1)), two_numbers),
    "kernel ridge, polynomial": few("diabetes", scaled(KernelRidge(kernel="polynomial", degree=2, coef0=0.5))),
    "kernel ridge, sigmoid": few("diabetes", scaled(KernelRidge(kernel="sigmoid", gamma=0.01))),
    "kernel ridge, laplacian": few("diabetes", scaled(KernelRidge(kernel="laplacian"))),
    "kernel ridge, cosine": few("wine", KernelRidge(kernel="cosine")),
    "kernel pca": few("wine", scaled(KernelPCA(n_components=3))),
    "kernel pca, rbf": few("wine", scaled(KernelPCA(n_components=3, kernel="rbf"))),
    "kernel pca, poly": few("wine", scaled(KernelPCA(n_components=2, kernel="poly", gamma=0.1, degree=2))),
    "kernel pca, cosine": few("wine", scaled(KernelPCA(n_components=2, kernel="cosine"))),
    "nystroem": few("wine", make_pipeline(scaled(Nystroem(n_components=6, random_state=0)), LogisticRegression())),
    "nystroem, features": few("wine", scaled(Nystroem(gamma=0.2, n_components=5, random_state=0))),
    "label propagation": few("iris", LabelPropagation(gamma=5.0), unlabelled),
    "label propagation, knn": few("iris", LabelPropagation(kernel="knn", n_neighbors=4), step=3),
    "label spreading": few("iris", LabelSpreading(gamma=2.0), unlabelled),
    "label spreading, knn": few("wine", LabelSpreading(kernel="knn", n_neighbors=3), words),
}

PROCESSES: dict[str, Fit] = {
    "gaussian process": few("wine", GaussianProcessRegressor()),
    "gaussian process, rbf": few("diabetes", process(RBF(1.5))),
    "gaussian process, scales": few("diabetes", process(ConstantKernel(2.0) * RBF([1.0, 2.0, 3.0, 0.5, 2.0, 1.0]))),
    "gaussian process, matern half": few("diabetes", process(Matern(2.0, nu=0.5))),
    "gaussian process, matern": few("diabetes", process(Matern(2.0, nu=1.5))),
    "gaussian process, matern two and a half": few("diabetes", process(Matern([2.0] * 6, nu=2.5))),
    "gaussian process, matern smooth": few("diabetes", process(Matern(2.0, nu=np.inf))),
    "gaussian process, rational": few("diabetes", process(RationalQuadratic(1.5, 0.7))),
    "gaussian process, periodic": few("diabetes", process(RBF(3.0) + ConstantKernel(0.03) * ExpSineSquared(1.5, 6.0))),
    "gaussian process, dot": few("diabetes", process(DotProduct(0.5) ** 2 + RBF(2.0) * DotProduct(1.0))),
    "gaussian process, two targets": few("diabetes", process(RBF(2.0)), two_numbers),
    "gaussian process, two classes": few(
        "cancer", scaled(GaussianProcessClassifier(RBF(2.0), optimizer=None)), lambda y: y == 1, step=20
    ),
    "gaussian process, three classes": few("wine", scaled(GaussianProcessClassifier(2.0 * RBF(1.5))), words, step=8),
}

FEATURES: dict[str, Fit] = {
    "knn imputer": on(gaps("wine"), KNNImputer(n_neighbors=3)),
    "knn imputer, distance, indicator": half("wine", KNNImputer(weights="distance", add_indicator=True)),
    "graph of neighbors": half("wine", KNeighborsTransformer(n_neighbors=3)),
    "graph of neighbors, connected": half("wine", KNeighborsTransformer(mode="connectivity", metric="l1")),
    "graph within radius": half("wine", RadiusNeighborsTransformer(radius=10.0)),
    "graph within radius, connected": half("wine", RadiusNeighborsTransformer(mode="connectivity", radius=20.0)),
    "isomap": few("wine", Isomap(n_neighbors=6), step=4),
    "isomap, radius": few("wine", scaled(Isomap(n_neighbors=None, radius=4.0, n_components=3)), step=4),
}

FEATURES |= {
    "locally linear": few("wine", LocallyLinearEmbedding(n_neighbors=5, random_state=0), step=3),
    "locally linear, few": few("wine", scaled(LocallyLinearEmbedding(n_neighbors=3, n_components=1, reg=0.01)), step=3),
}

KERNELS: dict[str, Fit] = {**SUMS, **PROCESSES, **FEATURES}

LARGEST_KERNELS: dict[str, float] = {
    # beside a huge value the other features vanish in rounding, and all stored rows are equally near
    **dict.fromkeys(FEATURES, 1e6),
    **dict.fromkeys(("label propagation, knn", "label spreading, knn"), 1e6),
    # products of kernels of larger values leave the range of a double; such rows get no score
    **dict.fromkeys(PROCESSES, 1e20),
    # kernels of such values have 16 digits of a difference that is lost beside them
    **dict.fromkeys((name for name in SUMS if "pca" in name or "cosine" in name), 1e6),
    "kernel ridge, polynomial": 1e40,
}
