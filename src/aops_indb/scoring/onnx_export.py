"""Fitted models as ONNX, for other runtimes, and how far an export can be relied on.

skl2onnx converts models of scikit-learn, and those of the boosting libraries as onnx_boosters.py teaches it. ONNX
operators on trees compare in single precision, and the converters have gaps of their own: so an export is compared row
by row with the library, and the figures kept with it.

An ONNX string cannot be missing (functions.py says what stands for it). The comparison counts the rows where that, or
anything else about missing values, makes a difference.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any

from aops_indb.errors import ModelInputError, UnsupportedModelError
from aops_indb.scoring.batches import known_categories
from aops_indb.scoring.functions import by_parts, is_text, library_scores, open_session, run
from aops_indb.scoring.onnx_boosters import ML_OPSETS, NATIVE_BOOSTERS, as_converted, teach_skl2onnx
from aops_indb.scoring.outputs import PREDICTS_ONLY
from aops_indb.scoring.read_sklearn.translation import class_key
from aops_indb.scoring.translate import fitted_names, names_and_columns

# Difference between two scores, relative to the larger of 1 and the library's, beyond which a row counts as differing.
TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True)
class OnnxComparison:
    """How an ONNX model's scores compare with the library's, row by row.

    differing:          rows with another label, a score off by more than the tolerance, or none
    largest_difference: between two scores of one row, absolute; labels aside
    with_missing:       rows with a missing value, and of these those that differ
    refused:            rows the library refuses, which ONNX Runtime scores all the same; not among `differing`

    >>> print(OnnxComparison(1000, 2, 0.028, 100, 1, 0))
    2 of 1000 rows differ (largest difference 0.028); of 100 with missing values 1; the library refuses 0
    """

    rows: int
    differing: int
    largest_difference: float
    with_missing: int
    with_missing_differing: int
    refused: int

    @property
    def agrees(self) -> bool:
        """Whether no row differs, and none is scored that the library refuses."""
        return self.differing == 0 and self.refused == 0

    def __str__(self) -> str:
        return (
            f"{self.differing} of {self.rows} rows differ (largest difference {self.largest_difference:.3g}); "
            f"of {self.with_missing} with missing values {self.with_missing_differing}; "
            f"the library refuses {self.refused}"
        )


def to_onnx(model: Any, sample: Any) -> bytes:
    """A fitted model of scikit-learn, LightGBM, XGBoost or CatBoost, or a Pipeline of these, as ONNX.

    It has one input per column: text as strings, numbers as floats.

    sample: DataFrame with the model's columns; only their names and types matter

    Raises UnsupportedModelError where there is no converter or it fails, ModelInputError for missing columns.

    >>> import pandas as pd
    >>> from sklearn.linear_model import LinearRegression
    >>> frame = pd.DataFrame({"x": [0.0, 1.0]})
    >>> type(to_onnx(LinearRegression().fit(frame, [1.0, 3.0]), frame))
    <class 'bytes'>
    """
    frame = _columns(model, sample)
    try:
        content = _convert(model, frame)
        open_session(content)
    except UnsupportedModelError:
        raise
    except Exception as error:  # converters, and the runtime when it loads, raise whatever they meet
        first_line = (str(error).strip().splitlines() or [""])[0]
        raise UnsupportedModelError(
            f"{type(model).__name__} has no ONNX form; use its SQL form instead. Its converter raises "
            f"{type(error).__name__}: {first_line}"
        ) from error
    return content


def compare_onnx(content: bytes, model: Any, frame: Any, *, tolerance: float = TOLERANCE) -> OnnxComparison:
    """Score the rows with ONNX Runtime and with the library, and compare.

    >>> import pandas as pd
    >>> from sklearn.linear_model import LinearRegression
    >>> frame = pd.DataFrame({"x": [0.0, 1.0]})
    >>> model = LinearRegression().fit(frame, [1.0, 3.0])
    >>> compare_onnx(to_onnx(model, frame), model, frame).agrees
    True
    """
    import numpy as np

    frame = _columns(model, frame)
    missing = frame.isna().any(axis=1).to_numpy()
    differs, refused = np.zeros(len(frame), dtype=bool), np.zeros(len(frame), dtype=bool)
    largest = 0.0
    session = open_session(content)
    for rows, part, wanted in by_parts(lambda part: library_scores(model, part), frame):
        for inner, _, got in by_parts(lambda part: run(session, part), part, rows.start):
            if wanted is None or got is None:
                refused[inner], differs[inner] = got is not None, wanted is not None
                continue
            here = slice(inner.start - rows.start, inner.stop - rows.start)
            if len(got) > 1:
                differs[inner] |= _labels_differ(got[0], wanted[0][here])
            # of what the library gives labels alone, or several tables, ONNX has scores of its own kind
            if len(wanted) == len(got) and not isinstance(wanted[-1], list):
                other, difference = _scores_differ(got[-1], wanted[-1][here], tolerance)
                differs[inner] |= other
                largest = max(largest, difference)
    return OnnxComparison(
        rows=len(frame),
        differing=int(differs.sum()),
        largest_difference=largest,
        with_missing=int(missing.sum()),
        with_missing_differing=int((differs & missing).sum()),
        refused=int(refused.sum()),
    )


# ── converting ─────────────────────────────────────────────────────────────────────────────────────────


def _columns(model: Any, frame: Any) -> Any:
    """The model's columns of a frame, in its order."""
    names = fitted_names(model) or tuple(str(name) for name in frame.columns)
    if class_key(type(model)) in NATIVE_BOOSTERS:  # of which not all say how many columns they take
        names_and_columns(model, names)
    # LightGBM has _ for a space
    known = {str(name).replace(" ", "_"): name for name in frame.columns} | {str(name): name for name in frame.columns}
    absent = [name for name in names if name not in known]
    if absent:
        raise ModelInputError(f"the frame lacks {', '.join(map(repr, absent))}; it has {', '.join(frame.columns)}.")
    return frame[[known[name] for name in names]]


def _onnx_type(column: Any) -> Any:
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    return (StringTensorType if is_text(column) else FloatTensorType)([None, 1])


def _convert(model: Any, frame: Any) -> bytes:
    from skl2onnx import __max_supported_opset__, convert_sklearn

    functions, shapes = _mended_converters()
    if categories := known_categories(model, list(frame.columns)):
        raise UnsupportedModelError(
            f"{type(model).__name__} was fitted on categories ({', '.join(map(repr, categories))}), which its ONNX "
            "form lacks; use its SQL form instead, or encode them before it."
        )
    teach_skl2onnx(model)
    labels = class_key(type(model)) not in PREDICTS_ONLY and len(getattr(model, "classes_", ()))
    converted = convert_sklearn(
        _with_columns_joined(as_converted(model), frame),
        name=type(model).__name__,
        initial_types=[(name, _onnx_type(frame[name])) for name in frame],
        options={"zipmap": False} if labels else None,
        custom_conversion_functions=functions,
        custom_shape_calculators=shapes,
        target_opset={"": __max_supported_opset__, **ML_OPSETS},
    )
    for given, wanted in zip(converted.graph.input, list(frame), strict=True):
        _rename_input(converted.graph, given, wanted)
    content: bytes = converted.SerializeToString()
    return content


def _with_columns_joined(model: Any, frame: Any) -> Any:
    """The model behind a step that joins the columns, where it does not pick them by name itself."""
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

    while hasattr(model, "best_estimator_"):  # of a search
        model = model.best_estimator_
    first = model
    while isinstance(first, Pipeline):
        first = first.steps[0][1]
    if isinstance(first, ColumnTransformer) or len(frame.columns) == 1:
        return model
    joined = ColumnTransformer([("columns", "passthrough", list(frame.columns))], sparse_threshold=0)
    joined.fit(frame)
    return Pipeline([("columns", joined), ("model", model)])


def _rename_input(graph: Any, given: Any, name: str) -> None:
    """Call an input by its column's name; skl2onnx replaces spaces and the like."""
    for node in graph.node:
        for position, used in enumerate(node.input):
            if used == given.name:
                node.input[position] = name
    given.name = name


class _WholeNumbers:
    """A skl2onnx container that turns truth values in attributes into whole numbers.

    skl2onnx 1.20 writes the direction of missing values of HistGradientBoosting as booleans, which protobuf 7 rejects.
    """

    def __init__(self, container: Any) -> None:
        self._container = container

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def add_node(self, op_type: Any, inputs: Any, outputs: Any, **attributes: Any) -> None:
        """Add a node, its attributes mended."""
        mended = {name: _whole(value) for name, value in attributes.items()}
        self._container.add_node(op_type, inputs, outputs, **mended)


def _whole(value: Any) -> Any:
    import numpy as np

    if isinstance(value, bool | np.bool_):
        return int(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return value


def _mended_converters() -> tuple[dict[type, Callable[..., Any]], dict[type, Callable[..., Any]]]:
    """skl2onnx's own converters of some estimators, mended, and their shapes."""
    from skl2onnx.common._registration import get_converter, get_shape_calculator
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, VotingClassifier

    def alias(model: type) -> str:
        return f"Sklearn{model.__name__}"

    def whole_numbers(model: type) -> Callable[..., Any]:
        convert = get_converter(alias(model))
        return lambda scope, operator, container: convert(scope, operator, _WholeNumbers(container))

    def not_flat(scope: Any, operator: Any, container: Any) -> Any:
        """The setting concerns transform alone; the converter refuses its default."""
        operator.raw_operator = copy(operator.raw_operator)
        operator.raw_operator.flatten_transform = False
        return get_converter(alias(VotingClassifier))(scope, operator, container)

    boosting = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
    converters = {model: whole_numbers(model) for model in boosting} | {VotingClassifier: not_flat}
    return converters, {model: get_shape_calculator(alias(model)) for model in converters}


# ── comparing ──────────────────────────────────────────────────────────────────────────────────────────


def _labels_differ(got: Any, want: Any) -> Any:
    import numpy as np

    got, want = (np.asarray(values).reshape(len(want), -1) for values in (got, want))
    if got.shape != want.shape:
        return np.ones(len(want), dtype=bool)
    if want.dtype.kind == "b":  # ONNX has them as 0 and 1
        want = want.astype(np.int64)
    if got.dtype.kind in "fi" and want.dtype.kind in "fi":
        want = want.astype(got.dtype) if got.dtype.kind == "f" else want
        return np.any(got != want, axis=1)
    return np.any(got.astype(str) != want.astype(str), axis=1)


def _scores_differ(got: Any, want: Any, tolerance: float) -> tuple[Any, float]:
    """Which rows differ, and the largest difference."""
    import numpy as np

    got, want = (np.asarray(values).reshape(len(want), -1) for values in (got, want))
    if got.shape != want.shape:
        return np.ones(len(want), dtype=bool), float("inf")
    if want.dtype.kind not in "fiub":
        return np.any(got.astype(str) != want.astype(str), axis=1), 0.0
    got, want = got.astype(np.float64), want.astype(np.float64)
    with np.errstate(invalid="ignore"):
        off = np.where((np.isnan(got) & np.isnan(want)) | (got == want), 0.0, np.abs(got - want))
    off = np.where(np.isnan(off), np.inf, off)
    beyond = off > tolerance * np.maximum(1.0, np.nan_to_num(np.abs(want)))
    return np.any(beyond, axis=1), float(off.max(initial=0.0))
