"""A model as a function that a warehouse calls, in this process or in those of its workers.

To a worker it goes as bytes in a format that is read without running what it brings along, as models are kept; Python's
own pickle carries nothing but these bytes and names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aops_indb.errors import AopsError, ModelError
from aops_indb.scoring.batches import ModelFunction, library_function, onnx_function
from aops_indb.scoring.outputs import Output
from aops_indb.scoring.read_sklearn.translation import class_key
from aops_indb.workflows.artifacts import SKOPS, skops_artifact
from aops_indb.workflows.formats import FORMATS
from aops_indb.workflows.training_rows import model_frame

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Packing:
    """How a model becomes bytes, and a model again."""

    pack: Callable[[Any], bytes]
    unpack: Callable[[bytes], Any]


def _lightgbm(content: bytes) -> Any:
    from lightgbm import Booster

    return Booster(model_str=content.decode())


def _xgboost(content: bytes) -> Any:
    from xgboost import Booster

    return Booster(model_file=bytearray(content))


_ESTIMATOR = "estimator"
# class -> its packing; of all others _ESTIMATOR
PACKINGS: dict[str, Packing] = {
    _ESTIMATOR: Packing(lambda model: skops_artifact(model).content, FORMATS[SKOPS].load),
    "lightgbm.basic.Booster": Packing(lambda model: model.model_to_string().encode(), _lightgbm),
    "xgboost.core.Booster": Packing(lambda model: bytes(model.save_raw("ubj")), _xgboost),
    "aops_indb.workflows.BinaryBooster": Packing(
        lambda model: model.booster.model_to_string().encode(), FORMATS["lightgbm"].load
    ),
    "aops_indb.workflows.OnnxModel": Packing(lambda model: model.proto.SerializeToString(), FORMATS["onnx"].load),
}


@dataclass(frozen=True, slots=True)
class Travelling:
    """A model as bytes, which is made a model again where it is called first.

    onnx:    what is run, where it is not the model's own library that runs it
    outputs: all that it gives; chosen: the names of those that are asked for
    """

    kind: str
    content: bytes
    onnx: bytes | None
    inputs: tuple[str, ...]
    outputs: tuple[Output, ...]
    chosen: tuple[str, ...]

    def __call__(self, rows: pa.Table) -> pa.Table:
        """The outputs of the rows."""
        return _arrived(self)(rows)

    def to_travel(self) -> Travelling:
        """Itself."""
        return self


@lru_cache(maxsize=4)
def _arrived(model: Travelling) -> InProcess:
    estimator = PACKINGS[model.kind].unpack(model.content)
    made = in_process(estimator, model.inputs, model.onnx)
    # found out of a sample of rows, which is not here
    return replace(made, function=replace(made.function, outputs=model.outputs)).choose(model.chosen)


@dataclass(frozen=True, slots=True)
class InProcess:
    """A model and its function, as `engines.tables.BatchFunction`.

    chosen: the function of the outputs that are asked for
    """

    model: Any
    function: ModelFunction
    chosen: ModelFunction
    onnx: bytes | None = None

    def choose(self, names: Sequence[str]) -> InProcess:
        """The same for the named outputs only, in that order."""
        return replace(self, chosen=self.function.choose(names))

    def __call__(self, rows: pa.Table) -> pa.Table:
        """The outputs of the rows."""
        return self.chosen(model_frame(rows, self.chosen.inputs))

    def to_travel(self) -> Travelling:
        """The same for other processes; ModelError if the model cannot be written as bytes without pickle."""
        key = class_key(type(self.model))
        kind = key if key in PACKINGS else _ESTIMATOR
        try:
            content = PACKINGS[kind].pack(self.model)
        except AopsError:
            raise
        except Exception as error:
            raise ModelError(f"{type(self.model).__name__} cannot be sent to workers: {error}") from error
        whole, chosen = self.function, self.chosen.output_names
        return Travelling(kind, content, self.onnx, whole.inputs, whole.outputs, chosen)


def in_process(
    model: Any, inputs: tuple[str, ...], onnx: bytes | None = None, sample: pd.DataFrame | None = None
) -> InProcess:
    """A fitted model as a function of its columns.

    onnx: its ONNX, if that is to be run; sample: rows to try it on, for what it does not say of itself
    """
    function = library_function(model, inputs, sample) if onnx is None else onnx_function(onnx, model, inputs)
    return InProcess(model, function, function, onnx)
