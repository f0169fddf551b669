"""Files that models are kept in: how each is told, and read without running what it brings along.

A pickle runs code as it is loaded, and so is never loaded. skops names the types it needs, boosting libraries read
their own formats.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aops_indb.errors import AopsError, ArtifactError, ModelError, RefusedError, shortened
from aops_indb.scoring import translate
from aops_indb.scoring.batches import with_known_categories
from aops_indb.scoring.functions import onnx_classes, onnx_scores
from aops_indb.scoring.graph import Case, Constant, Graph, Node, Value, apply, number
from aops_indb.scoring.read_onnx import load_onnx
from aops_indb.workflows.artifacts import ONNX, SKOPS, load_skops, untrusted_types


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the kind of artefact it is, the ends of its files' names, and how its content becomes a model.

    extra: what to install to read it; None for what is always there
    """

    kind: str
    suffixes: tuple[str, ...]
    media_type: str
    load: Callable[[bytes], Any]
    extra: str | None = None


@dataclass(frozen=True, slots=True)
class BinaryBooster:
    """A LightGBM booster of a binary objective, which knows no classes: its prediction is the probability of 1."""

    booster: Any
    classes_: tuple[int, int] = (0, 1)

    def predict_proba(self, frame: Any) -> Any:
        """The probabilities of 0 and 1."""
        import numpy as np

        probability = self._probability(frame)
        return np.column_stack([1.0 - probability, probability])

    def predict(self, frame: Any) -> Any:
        """1 where its probability is above a half, else 0."""
        return (self._probability(frame) > 0.5).astype(int)

    def _probability(self, frame: Any) -> Any:
        return self.booster.predict(with_known_categories(self.booster, frame))

    def graph(self, inputs: Sequence[str] | None) -> Graph:
        """As `graph_of`."""
        graph = translate(self.booster, inputs)
        [(_, probability)] = graph.outputs
        above = ((apply("greater", probability, number(0.5)), Constant(1, "integer")),)
        outputs: dict[str, Node] = {
            "label": Case(above, Constant(0, "integer")),
            "probability_0": apply("subtract", number(1.0), probability),
            "probability_1": probability,
        }
        return replace(graph, outputs=tuple(outputs.items()))


@dataclass(frozen=True, slots=True)
class OnnxModel:
    """A classifier in ONNX from elsewhere, and ONNX Runtime, which is its library."""

    proto: Any
    classes_: tuple[Value, ...]
    # ONNX Runtime's own sums and logistic functions are in single precision
    tolerance: float = 1e-6

    @classmethod
    def load(cls, content: bytes) -> OnnxModel:
        """The model in a file's content."""
        proto = load_onnx(content)
        return cls(proto, onnx_classes(proto))

    def predict_proba(self, frame: Any) -> Any:
        """The probabilities, in the order of the classes."""
        return onnx_scores(self.proto, self.classes_, frame)[1]

    def predict(self, frame: Any) -> Any:
        """The labels."""
        return onnx_scores(self.proto, self.classes_, frame)[0]

    def graph(self, inputs: Sequence[str] | None) -> Graph:
        """As `graph_of`."""
        return translate(self.proto, inputs)


def graph_of(model: Any, inputs: Sequence[str] | None = None) -> Graph:
    """The score graph of a model as `Format.load` gives it."""
    return model.graph(inputs) if isinstance(model, BinaryBooster | OnnxModel) else translate(model, inputs)


def _lightgbm(content: bytes) -> Any:
    from lightgbm import Booster

    booster = Booster(model_str=content.decode())
    objective = str(booster.params.get("objective", ""))
    return BinaryBooster(booster) if objective == "binary" else booster


def _xgboost(content: bytes) -> Any:
    from xgboost import XGBClassifier

    model = XGBClassifier()
    model.load_model(bytearray(content))
    return model


def _catboost(content: bytes) -> Any:
    from catboost import CatBoostClassifier

    model = CatBoostClassifier()
    model.load_model(blob=content)
    return model


# In the order in which an artefact of a version is looked for.
FORMATS: dict[str, Format] = {
    each.kind: each
    for each in (
        Format(SKOPS, (".skops",), "application/vnd.skops", load_skops),
        Format("lightgbm", (".txt", ".lgb"), "text/x-lightgbm", _lightgbm, "lightgbm"),
        Format("xgboost", (".json", ".ubj"), "application/x-xgboost", _xgboost, "xgboost"),
        Format("catboost", (".cbm",), "application/x-catboost", _catboost, "catboost"),
        Format(ONNX, (".onnx",), "application/onnx", OnnxModel.load),
    )
}

_PICKLES = (".pkl", ".pickle", ".joblib")
_PICKLE_BEGINS = b"\x80"


def read_model(file: Path, trusted: Sequence[str]) -> tuple[Format, bytes, Any]:
    """The format of a file, its content and the model in it.

    trusted: the types that a skops file may name beyond those that skops knows

    Raises ModelError for a file that is none of FORMATS or does not hold what its name says, RefusedError for a
    pickle, ArtifactError for types that are not trusted.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}") from error
    if file.suffix.lower() in _PICKLES or content.startswith(_PICKLE_BEGINS):
        raise RefusedError(
            f"{file} is a pickle, which runs code when it is loaded: write the model with skops.io.dump, or in its "
            "library's own format"
        )
    found = next((each for each in FORMATS.values() if file.suffix.lower() in each.suffixes), None)
    if found is None:
        known = ", ".join(suffix for each in FORMATS.values() for suffix in each.suffixes)
        raise ModelError(f"{file}: a model's file ends in one of {known}; '{file.suffix}' is none of them")
    if found.kind == SKOPS:
        _require_vouched(file, content, trusted)
    return found, content, _loaded(file, found, content)


def _require_vouched(file: Path, content: bytes, trusted: Sequence[str]) -> None:
    try:
        unknown = [name for name in untrusted_types(content) if name not in trusted]
    except Exception as error:  # whatever skops makes of a file that is none
        raise ModelError(f"{file} is no skops file: {error}") from error
    if unknown:
        named = " ".join(f"--trusted {name}" for name in unknown)
        raise ArtifactError(
            f"{file} names types that skops does not know to be harmless: {', '.join(unknown)}; if you expect them "
            f"there, add  {named}"
        )


def _loaded(file: Path, found: Format, content: bytes) -> Any:
    try:
        if found.extra is not None:
            _try_elsewhere(found, content)
        return found.load(content)
    except AopsError as error:
        raise type(error)(f"{file}: {error}") from error
    except ImportError as error:
        raise ModelError(f"{file} needs {error.name}: run  pip install 'aops-indb[{found.extra}]'") from error
    except Exception as error:  # each library has errors of its own for content it does not understand
        told = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"{file} is no {found.kind} model: {shortened(told)}") from error


_TRY = "import sys; from aops_indb.workflows.formats import FORMATS; FORMATS[sys.argv[1]].load(sys.stdin.buffer.read())"


def _try_elsewhere(found: Format, content: bytes) -> None:
    """ValueError if the library brings its process down over the content, as XGBoost does over an empty file."""
    tried = subprocess.run([sys.executable, "-c", _TRY, found.kind], input=content, capture_output=True, check=False)
    if tried.returncode < 0:
        raise ValueError(f"its library ends with {signal.Signals(-tried.returncode).name} over it")
