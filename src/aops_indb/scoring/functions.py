"""What ONNX Runtime and a model's own library make of rows, beside each other.

An ONNX string cannot be missing: missing text is given as 'nan', which is how skl2onnx writes the category of missing
values; a model fitted without such takes it for a category it does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from aops_indb.errors import ModelError
from aops_indb.scoring.graph import Value
from aops_indb.scoring.outputs import FEATURES, PREDICTIONS

if TYPE_CHECKING:
    import pandas as pd

MISSING_TEXT = "nan"


def onnx_classes(proto: Any) -> tuple[Value, ...]:
    """The labels of a classifier in ONNX, in the order of its probabilities; ModelError for any other model."""
    from aops_indb.scoring.translate import translate

    graph = translate(proto)
    outputs = dict(graph.outputs)
    names = [name.removeprefix("probability_") for name in outputs if name.startswith("probability_")]
    if "label" not in outputs or not names:
        raise ModelError(f"the ONNX model gives {', '.join(outputs)}: make it a classifier of two classes")
    whole = all(name.removeprefix("-").isdigit() for name in names)
    return tuple(int(name) if whole else name for name in names)


def onnx_scores(proto: Any, classes: Sequence[Value], frame: pd.DataFrame) -> tuple[Any, Any]:
    """What ONNX Runtime makes of rows: labels and probabilities.

    frame: the columns of the model's inputs in their order, whatever their names
    """
    import numpy as np

    session = open_session(proto.SerializeToString())
    types = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64}
    feed, start = {}, 0
    for given in session.get_inputs():
        width = given.shape[1] if len(given.shape) > 1 else 1
        columns = frame.iloc[:, start : start + width]
        feed[given.name] = columns.to_numpy(dtype=types.get(given.type, object)).reshape(len(frame), -1)
        start += width
    labels, probabilities = session.run(None, feed)
    if isinstance(probabilities, list):  # of a ZipMap: a dict for each row
        probabilities = np.array([[row[label] for label in classes] for row in probabilities])
    return np.asarray(labels).reshape(-1), np.asarray(probabilities, dtype=np.float64)


# ── the two that run it ────────────────────────────────────────────────────────────────────────────────


def is_text(column: Any) -> bool:
    """Whether a column of a DataFrame holds text."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return not (is_numeric_dtype(column.dtype) or is_bool_dtype(column.dtype))


def open_session(content: bytes) -> Any:
    """A session of ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is raised; it need not be printed as well
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def run(session: Any, frame: Any) -> list[Any]:
    """ONNX Runtime's outputs for the rows; ValueError where it fails."""
    import numpy as np
    from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, RuntimeException

    feed = {}
    for name, column in frame.items():
        if is_text(column):
            values = column.astype(object).where(column.notna(), MISSING_TEXT).to_numpy(dtype=object)
        else:
            with np.errstate(over="ignore"):
                values = column.to_numpy(dtype=np.float64, na_value=np.nan).astype(np.float32)
        feed[str(name)] = values.reshape(-1, 1)
    try:
        return list(session.run(None, feed))
    except (Fail, InvalidArgument, RuntimeException) as error:
        raise ValueError(str(error)) from error


def by_parts(
    score: Callable[[Any], list[Any]], frame: Any, start: int = 0
) -> Iterator[tuple[slice, Any, list[Any] | None]]:
    """The scores of the whole frame, or if it is refused of its halves, down to single rows: None for those refused."""
    rows = slice(start, start + len(frame))
    if not len(frame):
        return
    try:
        yield rows, frame, score(frame)
    except (ValueError, TypeError):
        if len(frame) == 1:
            yield rows, frame, None
            return
        half = len(frame) // 2
        yield from by_parts(score, frame.iloc[:half], start)
        yield from by_parts(score, frame.iloc[half:], start + half)


def library_scores(model: Any, frame: Any) -> list[Any]:
    """The library's labels if it has such, and scores."""
    if hasattr(model, "predict_proba"):
        return [model.predict(frame), model.predict_proba(frame)]
    made = (PREDICTIONS.values if hasattr(model, "predict") else FEATURES.values)(model, frame)
    return [made.toarray() if hasattr(made, "toarray") else made]
