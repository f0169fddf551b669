"""Transformers that make fewer features of many, or other ones: projections, selections, approximated kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import FeatureAgglomeration
from sklearn.decomposition import (
    PCA,
    DictionaryLearning,
    FactorAnalysis,
    FastICA,
    IncrementalPCA,
    MiniBatchDictionaryLearning,
    MiniBatchSparsePCA,
    SparseCoder,
    SparsePCA,
    TruncatedSVD,
)
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.feature_selection import (
    RFE,
    RFECV,
    GenericUnivariateSelect,
    SelectFdr,
    SelectFpr,
    SelectFromModel,
    SelectFwe,
    SelectKBest,
    SelectPercentile,
    SequentialFeatureSelector,
    VarianceThreshold,
    chi2,
)
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.kernel_approximation import AdditiveChi2Sampler, RBFSampler, SkewedChi2Sampler
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.multioutput import ClassifierChain
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.neural_network import BernoulliRBM
from sklearn.pipeline import FeatureUnion, make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection
from sklearn.tree import DecisionTreeClassifier

from ..frames import gaps, mixed, numbers
from .common import TEXT, Fit, columns, on
from .ensemble import logistic, regression_tree, tree, words

CANCER, DIABETES, IRIS, WINE = (numbers(name) for name in ("cancer", "diabetes", "iris", "wine"))


def scaled(model: Any) -> Any:
    """The model after a scaler."""
    return make_pipeline(StandardScaler(), model)


def single(data: tuple[pd.DataFrame, np.ndarray], model: Any) -> Fit:
    """Fit the model on the data in single precision, to score them in double."""

    def fit() -> tuple[Any, pd.DataFrame]:
        frame, y = data
        return model.fit(frame.astype(np.float32), y), frame

    return fit


def counts() -> tuple[pd.DataFrame, np.ndarray]:
    """Whole numbers, many of them 0, as a count of words has them."""
    frame, target = WINE
    return (frame - frame.mean()).clip(lower=0).round(), target


def scarce_counts() -> tuple[pd.DataFrame, np.ndarray]:
    """Counts with rows of nothing, and with rows of next to nothing: only the first have no length."""
    frame, target = counts()
    frame.iloc[::3], frame.iloc[1::3] = 0.0, frame.iloc[1::3] * 1e-20
    return frame.iloc[:, :3], target


few = {"max_iter": 20, "random_state": 0}

PROJECTIONS: dict[str, Fit] = {
    "pca": on(WINE, PCA()),
    "pca, two": on(IRIS, PCA(2)),
    "pca, whitened": on(WINE, PCA(3, whiten=True)),
    "pca, whitened, rank deficient": on((IRIS[0].assign(again=IRIS[0]["sepal length"]), IRIS[1]), PCA(4, whiten=True)),
    # along the last component nothing varies: it is divided by the least difference of doubles
    "pca, whitened, flat": on((IRIS[0].assign(flat=0.0), IRIS[1]), PCA(whiten=True)),
    "pca, single": single(WINE, PCA(3, whiten=True)),
    "pca, arpack": on(WINE, PCA(2, svd_solver="arpack", random_state=0)),
    "pca, sparse": columns(make_pipeline(OneHotEncoder(handle_unknown="ignore"), PCA(3, svd_solver="arpack")), *TEXT),
    "pca, logistic": on(CANCER, make_pipeline(StandardScaler(), PCA(4), logistic())),
    "pca, whitened, logistic": on(WINE, make_pipeline(StandardScaler(), PCA(3, whiten=True), logistic()), words),
    "pca, imputed, ridge": on(gaps("diabetes"), make_pipeline(SimpleImputer(), StandardScaler(), PCA(3), Ridge())),
    "incremental pca": on(WINE, IncrementalPCA(3, batch_size=40)),
    "incremental pca, whitened": on(WINE, IncrementalPCA(3, batch_size=60, whiten=True)),
    "incremental pca, linear": on(DIABETES, make_pipeline(IncrementalPCA(3, batch_size=60), LinearRegression())),
    "svd": on(WINE, TruncatedSVD(3, random_state=0)),
    "svd, arpack": on(IRIS, TruncatedSVD(2, algorithm="arpack", random_state=0)),
    "svd, sparse": columns(
        make_pipeline(OneHotEncoder(handle_unknown="ignore"), TruncatedSVD(2, random_state=0)), *TEXT
    ),
    "svd, logistic": on(CANCER, make_pipeline(StandardScaler(), TruncatedSVD(3, random_state=0), logistic())),
    "factor analysis": on(WINE, FactorAnalysis(2)),
    "factor analysis, lapack": on(CANCER, FactorAnalysis(2, svd_method="lapack", max_iter=50)),
    "factor analysis, rotated": on(WINE, scaled(FactorAnalysis(2, rotation="varimax"))),
    "factor analysis, single": single(WINE, FactorAnalysis(2)),
    "factor analysis, logistic": on(CANCER, make_pipeline(StandardScaler(), FactorAnalysis(3), logistic())),
    "ica": on(WINE, FastICA(3, whiten="unit-variance", random_state=0)),
    "ica, arbitrary variance": on(IRIS, FastICA(2, whiten="arbitrary-variance", random_state=0)),
    "ica, not whitened": on(IRIS, FastICA(whiten=False, **few)),
    "ica, logistic": on(CANCER, make_pipeline(StandardScaler(), FastICA(3, random_state=0), logistic())),
    "gaussian projection": on(WINE, GaussianRandomProjection(3, random_state=0)),
    "sparse projection": on(WINE, SparseRandomProjection(4, density=0.5, random_state=0)),
    "sparse projection, of sparse": columns(
        make_pipeline(OneHotEncoder(handle_unknown="ignore"), SparseRandomProjection(4, random_state=0)), *TEXT
    ),
    "sparse projection, of sparse, dense": columns(
        make_pipeline(
            OneHotEncoder(handle_unknown="ignore"),
            SparseRandomProjection(4, random_state=0, dense_output=True),
            StandardScaler(),
        ),
        *TEXT,
    ),
    "sparse projection, tree": on(WINE, make_pipeline(SparseRandomProjection(3, density=0.5, random_state=0), tree(3))),
    "neighbourhood components": on(WINE, scaled(NeighborhoodComponentsAnalysis(2, **few))),
    "neighbourhood components, identity": on(IRIS, NeighborhoodComponentsAnalysis(init="identity", **few)),
    "sparse pca": on(WINE, SparsePCA(2, **few)),
    "sparse pca, ridge": on(CANCER, SparsePCA(3, ridge_alpha=2.0, **few)),
    "sparse pca, more than features": on(IRIS, SparsePCA(6, **few)),
    "sparse pca, logistic": on(CANCER, make_pipeline(StandardScaler(), SparsePCA(3, **few), logistic())),
    "sparse pca, mini-batch": on(WINE, MiniBatchSparsePCA(2, batch_size=20, **few)),
    "svd, single": single(WINE, TruncatedSVD(2, random_state=0)),
    "ica, single": single(IRIS, FastICA(2, random_state=0)),
    "boltzmann, single": single(IRIS, BernoulliRBM(2, n_iter=3, random_state=0)),
    "dictionary, single": single(IRIS, DictionaryLearning(2, transform_algorithm="threshold", **few)),
    "projection, single": single(IRIS, GaussianRandomProjection(2, random_state=0)),
    "incremental pca, single": single(IRIS, IncrementalPCA(2, whiten=True)),
    "neighbourhood components, single": single(IRIS, NeighborhoodComponentsAnalysis(2, **few)),
    "sparse pca, nothing left": on(IRIS, SparsePCA(2, alpha=1e6, ridge_alpha=0.0, **few)),
    "dictionary": on(WINE, scaled(DictionaryLearning(3, transform_algorithm="threshold", **few))),
    "dictionary, alpha": on(
        WINE, scaled(DictionaryLearning(3, transform_algorithm="threshold", transform_alpha=0.3, **few))
    ),
    "dictionary, positive": on(
        IRIS,
        DictionaryLearning(
            2, transform_algorithm="threshold", positive_code=True, fit_algorithm="cd", transform_alpha=4.0, **few
        ),
    ),
    "dictionary, mini-batch": on(IRIS, MiniBatchDictionaryLearning(2, transform_algorithm="threshold", **few)),
    "sparse coder": on(
        IRIS,
        make_pipeline(
            StandardScaler(),
            SparseCoder(np.array([[0.5, 0.5, -0.5, 0.5], [1.0, 0, 0, 0]]), transform_algorithm="threshold"),
        ),
    ),
    "boltzmann": on(IRIS, make_pipeline(MinMaxScaler(), BernoulliRBM(3, n_iter=5, random_state=0))),
    "boltzmann, logistic": on(
        IRIS, make_pipeline(MinMaxScaler(), BernoulliRBM(3, n_iter=5, random_state=0), logistic())
    ),
    "boltzmann, unscaled": on(WINE, BernoulliRBM(2, n_iter=3, random_state=0)),
    "agglomeration": on(WINE, FeatureAgglomeration(3)),
    "agglomeration, largest": on(WINE, FeatureAgglomeration(3, pooling_func=np.max)),
    "agglomeration, smallest": on(WINE, FeatureAgglomeration(2, pooling_func=np.min, linkage="average")),
    "agglomeration, sum": on(WINE, FeatureAgglomeration(2, pooling_func=np.sum)),
    "agglomeration, logistic": on(CANCER, make_pipeline(StandardScaler(), FeatureAgglomeration(3), logistic())),
}

APPROXIMATED: dict[str, Fit] = {
    "rbf sampler": on(WINE, RBFSampler(gamma=1e-4, n_components=6, random_state=0)),
    "rbf sampler, scaled": on(WINE, RBFSampler(gamma="scale", n_components=5, random_state=0)),
    "rbf sampler, logistic": on(
        IRIS, make_pipeline(StandardScaler(), RBFSampler(n_components=9, random_state=0), logistic())
    ),
    "skewed chi2 sampler": on(WINE, SkewedChi2Sampler(n_components=5, random_state=0)),
    "skewed chi2 sampler, less skewed": on(IRIS, SkewedChi2Sampler(skewedness=0.01, n_components=4, random_state=0)),
    "skewed chi2 sampler, logistic": on(
        IRIS, make_pipeline(MinMaxScaler(), SkewedChi2Sampler(n_components=7, random_state=0), logistic())
    ),
    # a value at the limit makes the library refuse what is beside it, too
    "skewed chi2 sampler, beside": on(
        IRIS,
        FeatureUnion([("waves", SkewedChi2Sampler(n_components=2, random_state=0)), ("as they are", "passthrough")]),
    ),
    "rbf sampler, single": single(IRIS, RBFSampler(n_components=3, random_state=0)),
    "skewed chi2 sampler, single": single(IRIS, SkewedChi2Sampler(n_components=3, random_state=0)),
    "tf-idf, single": single(counts(), TfidfTransformer()),
    "additive chi2 sampler": on(IRIS, AdditiveChi2Sampler()),
    "additive chi2 sampler, one step": on(IRIS, AdditiveChi2Sampler(sample_steps=1)),
    "additive chi2 sampler, three steps": on(WINE, AdditiveChi2Sampler(sample_steps=3)),
    "additive chi2 sampler, interval": on(IRIS, AdditiveChi2Sampler(sample_steps=4, sample_interval=0.3)),
    "additive chi2 sampler, sparse": columns(
        make_pipeline(OneHotEncoder(handle_unknown="ignore"), AdditiveChi2Sampler()), *TEXT
    ),
    "additive chi2 sampler, logistic": on(IRIS, make_pipeline(AdditiveChi2Sampler(), logistic())),
    "tf-idf": on(counts(), TfidfTransformer()),
    "tf-idf, scarce": on(scarce_counts(), TfidfTransformer()),
    "tf-idf, sublinear": on(counts(), TfidfTransformer(sublinear_tf=True)),
    "tf-idf, sublinear, not scaled": on(counts(), TfidfTransformer(sublinear_tf=True, norm=None)),
    "tf-idf, l1": on(counts(), TfidfTransformer(norm="l1", smooth_idf=False)),
    "tf-idf, not scaled": on(counts(), TfidfTransformer(norm=None)),
    "tf-idf, no idf": on(counts(), TfidfTransformer(use_idf=False)),
    "tf-idf, sparse": columns(make_pipeline(OneHotEncoder(handle_unknown="ignore"), TfidfTransformer()), *TEXT),
    "tf-idf, logistic": on(counts(), make_pipeline(TfidfTransformer(), logistic())),
}

SELECTED: dict[str, Fit] = {
    "variance threshold": on(gaps("wine"), VarianceThreshold(1.0)),
    "variance threshold, one left": columns(VarianceThreshold(1.0), "grade", "radius"),
    "k best": on(CANCER, SelectKBest(k=3)),
    "k best, chi2": on(WINE, SelectKBest(chi2, k=2)),
    "k best, sparse": on(
        (mixed()[0][TEXT], mixed()[1]), make_pipeline(OneHotEncoder(handle_unknown="ignore"), SelectKBest(chi2, k=4))
    ),
    "k best, single": on(
        (mixed()[0][TEXT], mixed()[1]),
        make_pipeline(OneHotEncoder(handle_unknown="ignore", dtype=np.float32), SelectKBest(chi2, k=4), tree(3)),
    ),
    "k best, as frame": on(WINE, SelectKBest(lambda x, y: np.var(x, axis=0), k=3).set_output(transform="pandas")),
    "k best, logistic": on(CANCER, make_pipeline(StandardScaler(), SelectKBest(k=3), logistic())),
    "percentile": on(CANCER, SelectPercentile(percentile=40)),
    "fpr": on(CANCER, SelectFpr(alpha=1e-30)),
    "fdr": on(CANCER, SelectFdr(alpha=1e-30)),
    "fwe": on(DIABETES, SelectFwe(alpha=1e-3)),
    "univariate": on(CANCER, GenericUnivariateSelect(mode="k_best", param=2)),
    "from model": on(DIABETES, SelectFromModel(Lasso(1.0))),
    "from forest, gaps": on(
        gaps("wine"),
        SelectFromModel(RandomForestClassifier(n_estimators=4, max_depth=3, random_state=0), max_features=2),
    ),
    "from fitted model": on(
        WINE,
        SelectFromModel(
            ExtraTreesClassifier(n_estimators=4, random_state=0).fit(*WINE), prefit=True, threshold="median"
        ),
    ),
    "from model, logistic": on(CANCER, make_pipeline(StandardScaler(), SelectFromModel(logistic()), logistic())),
    "sequential": on(IRIS, SequentialFeatureSelector(tree(2), n_features_to_select=2, cv=2)),
    "sequential, tree": on(
        gaps("iris"), make_pipeline(SequentialFeatureSelector(tree(2), direction="backward", cv=2), tree(3))
    ),
    "rfe": on(CANCER, RFE(logistic(), n_features_to_select=2)),
    "rfe, three classes": on(WINE, RFE(logistic(), n_features_to_select=3), words),
    "rfe, regression": on(DIABETES, RFE(Ridge(), n_features_to_select=3)),
    "rfe, tree, gaps": on(
        gaps("wine"), RFE(DecisionTreeClassifier(max_depth=3, random_state=0), n_features_to_select=3)
    ),
    "rfe, as step": on(CANCER, make_pipeline(StandardScaler(), RFE(logistic(), n_features_to_select=2), tree(3))),
    "rfe, as transformer": on(WINE, make_union(RFE(logistic(), n_features_to_select=2), PCA(2))),
    "rfe, after a scaler": on(WINE, make_pipeline(StandardScaler(), RFE(logistic(), n_features_to_select=4))),
    "rfecv": on(CANCER, RFECV(logistic(), cv=2, min_features_to_select=2)),
    "rfecv, regression tree": on(DIABETES, RFECV(regression_tree(), cv=2)),
    "gaps told": on(gaps("wine"), MissingIndicator()),
    "identity, not named": on(IRIS, FunctionTransformer()),
    "logarithm, not named": on(IRIS, FunctionTransformer(np.log1p)),
    "nothing selected, beside others": on(WINE, make_union(SelectFpr(alpha=1e-300), PCA(1))),
    "classifier chain, three classes": on(
        WINE, ClassifierChain(LogisticRegression(max_iter=3000)), lambda y: np.c_[y, y > 0].astype(int)
    ),
    "boosting on selected, gaps": on(
        gaps("wine"),
        make_pipeline(
            SelectFromModel(RandomForestClassifier(n_estimators=3, random_state=0), max_features=3),
            HistGradientBoostingClassifier(max_iter=3, max_leaf_nodes=5, random_state=0),
        ),
    ),
}

REDUCED: dict[str, Fit] = {**PROJECTIONS, **APPROXIMATED, **SELECTED}

LARGEST_REDUCED: dict[str, float] = {
    # of large angles the last digits decide on the wave
    **{name: 1e4 for name in APPROXIMATED if name.startswith("rbf")},
}
