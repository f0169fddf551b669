"""Estimators that are refused by name, and why: REFUSED. To add one: a line here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """why: continues "<estimator>, which …"; instead: what to do."""

    why: str
    instead: str


_TOGETHER = Refusal(
    "answers for rows together, so that a row's result depends on those it is given with",
    "use TruncatedSVD or PCA, or make its features before they are stored",
)
_WORDS = Refusal(
    "splits text by Python's tables of letters and lower case, from which each engine's own differ",
    "count the words before they are stored, and give the counts",
)
_NO_COLUMNS = "make columns of them before they are stored"

REFUSED: dict[str, Refusal] = {
    "sklearn.decomposition.NMF": _TOGETHER,
    "sklearn.decomposition.MiniBatchNMF": _TOGETHER,
    "sklearn.decomposition.LatentDirichletAllocation": Refusal(
        "iterates for each row until it changes little", "use TruncatedSVD or PCA"
    ),
    "sklearn.kernel_approximation.PolynomialCountSketch": Refusal(
        "goes through a Fourier transform, whose rounding errors are most of its small outputs",
        "use PolynomialFeatures, or RBFSampler",
    ),
    "sklearn.feature_extraction.CountVectorizer": _WORDS,
    "sklearn.feature_extraction.HashingVectorizer": _WORDS,
    "sklearn.feature_extraction.TfidfVectorizer": _WORDS,
    "sklearn.feature_extraction.DictVectorizer": Refusal("reads dictionaries", _NO_COLUMNS),
    "sklearn.feature_extraction.FeatureHasher": Refusal("reads dictionaries", _NO_COLUMNS),
    "sklearn.feature_extraction.PatchExtractor": Refusal("reads images", _NO_COLUMNS),
}
