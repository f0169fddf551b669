"""Artefacts of a trained model: its skops file, from which it is loaded again, and its ONNX for other runtimes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aops_indb.errors import ArtifactError
from aops_indb.registry import NewArtifact

if TYPE_CHECKING:
    import pandas as pd

SKOPS = "skops"
ONNX = "onnx"


def skops_artifact(estimator: Any) -> NewArtifact:
    """The estimator as a skops file: data and names of types, no pickle."""
    import skops.io

    content = skops.io.dumps(estimator)
    _require_trusted(content)
    return NewArtifact(SKOPS, "application/vnd.skops", content, note="the estimator; loaded without pickle")


def load_skops(content: bytes) -> Any:
    """The estimator of a skops file; ArtifactError if the file asks for types that are not of its library."""
    import skops.io

    return skops.io.loads(content, trusted=_require_trusted(content))


# Packages whose types a skops file may name: skops alone trusts only what it has looked at itself.
TRUSTED_PACKAGES = ("sklearn", "numpy", "scipy", "xgboost", "lightgbm", "catboost")
# And single types of others: what LightGBM keeps its figures in.
TRUSTED_TYPES = ("collections.OrderedDict",)


def _require_trusted(content: bytes) -> list[str]:
    """Names of the types in the file that skops does not know; ArtifactError if one is of another package."""
    unknown = untrusted_types(content)
    foreign = [name for name in unknown if name.split(".")[0] not in TRUSTED_PACKAGES and name not in TRUSTED_TYPES]
    if foreign:
        raise ArtifactError(
            f"the model holds objects of {', '.join(foreign)}, which a stored model may not bring along: "
            "build it of the steps of scikit-learn, XGBoost, LightGBM or CatBoost"
        )
    return unknown


def untrusted_types(content: bytes) -> list[str]:
    """Names of the types in a skops file that skops does not know to be harmless."""
    import skops.io

    unknown: list[str] = skops.io.get_untrusted_types(data=content)
    return unknown


def onnx_artifact(estimator: Any, sample: pd.DataFrame) -> NewArtifact:
    """The estimator as ONNX, with a note on how its scores compare with the library's on the sample.

    Raises UnsupportedModelError if it cannot be converted.
    """
    from aops_indb.scoring.onnx_export import compare_onnx, to_onnx

    content = to_onnx(estimator, sample)
    return NewArtifact(ONNX, "application/onnx", content, note=str(compare_onnx(content, estimator, sample)))
