"""Any model as a function of batches of rows, run by its own library or by ONNX Runtime.

XGBoost and LightGBM are given categories as those they were fitted on. Text as it is they refuse, and for a category it
does not know XGBoost (3.2) takes the next one it does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from aops_indb.errors import ModelError
from aops_indb.scoring.functions import open_session, run
from aops_indb.scoring.outputs import LABEL, OF_CLASSIFIERS, Output, as_matrix, outputs_of, sayings
from aops_indb.scoring.read_boosting.lightgbm_text import read_text
from aops_indb.scoring.read_sklearn.translation import class_key, plain
from aops_indb.scoring.refusals import Score, scored_parts
from aops_indb.scoring.translate import fitted_names

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class ModelFunction:
    """A model as a function: from rows of its inputs to its outputs, missing where it refuses a row.

    inputs:  the columns of a row, in the model's order
    names:   what the model knows them as, if it was fitted on names
    unknown: of rows, which hold a category that the model does not know and would take for another
    """

    inputs: tuple[str, ...]
    names: tuple[str, ...]
    outputs: tuple[Output, ...]
    score: Score
    unknown: Callable[[pd.DataFrame], Any] | None = None

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs, in order."""
        return tuple(output.name for output in self.outputs)

    @property
    def types(self) -> dict[str, str]:
        """The outputs' types by name."""
        return {output.name: output.type for output in self.outputs}

    def choose(self, names: Sequence[str]) -> ModelFunction:
        """The same with the named outputs only, in that order."""
        places = [self.output_names.index(name) for name in names]
        every, score = len(self.outputs), self.score

        def chosen(frame: pd.DataFrame) -> list[Any]:
            columns = score(frame)
            return [columns[place] for place in places] if len(columns) == every else columns

        return replace(self, outputs=tuple(self.outputs[place] for place in places), score=chosen)

    def __call__(self, frame: pd.DataFrame) -> pa.Table:
        """The outputs of the rows."""
        import pyarrow as pa

        frame = _named(frame, self.names)
        kept = [_Column.empty(output, len(frame)) for output in self.outputs]
        taken = frame if self.unknown is None else frame[~self.unknown(frame)]
        for rows, columns in scored_parts(self.score, taken):
            if len(columns) != len(self.outputs):
                raise ModelError(
                    f"the model gives {len(columns)} columns, and not {', '.join(self.output_names)}: give it rows "
                    "among which there is one that it does not refuse"
                )
            for column, values in zip(kept, columns, strict=True):
                column.put(rows, values)
        return pa.table([column.array() for column in kept], names=list(self.output_names))


def library_function(model: Any, inputs: Sequence[str], sample: pd.DataFrame | None = None) -> ModelFunction:
    """A fitted model, run by its own library.

    sample: rows to try it on, for what it does not say of itself

    >>> import pandas as pd
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> model = DecisionTreeRegressor().fit([[0.0], [1.0]], [1.0, 3.0])
    >>> library_function(model, ["x"])(pd.DataFrame({"x": [2.0, float("inf")]})).to_pydict()
    {'prediction': [3.0, None]}
    """
    names = fitted_names(model)
    said, known = sayings(model), known_categories(model, names or range(len(inputs)))
    refuses_unknown = class_key(type(model)).startswith("xgboost.")

    def prepared(frame: pd.DataFrame) -> pd.DataFrame:
        return _with_categories(frame, known) if known else frame

    def score(frame: pd.DataFrame) -> list[Any]:
        given = prepared(frame)
        return [column for each in said for column in as_matrix(each.values(model, given)).T]

    tried = None if sample is None else prepared(_named(sample, names))
    outputs = outputs_of(model, names or inputs, tried)
    unknown = (lambda frame: _unknown(frame, known)) if known and refuses_unknown else None
    return ModelFunction(tuple(inputs), names, outputs, score, unknown)


def _named(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The frame with the model's names; without any by number, which no library takes for names."""
    import pandas as pd

    return frame.set_axis(list(names) or pd.RangeIndex(frame.shape[1]), axis=1).reset_index(drop=True)


def onnx_function(content: bytes, model: Any, inputs: Sequence[str]) -> ModelFunction:
    """A model that was exported to ONNX, run by ONNX Runtime; of a classifier label and probabilities."""
    session, said, names = open_session(content), sayings(model), fitted_names(model) or tuple(inputs)
    outputs = outputs_of(model, names)
    if OF_CLASSIFIERS["predict_proba"] in said:
        outputs = tuple(output for output in outputs if not output.name.startswith("decision"))
    elif len(said) > 1 or (said == (LABEL,) and hasattr(model, "decision_function")):
        raise ModelError(
            f"{type(model).__name__} gives no probabilities, and ONNX no decisions: use executor='library'"
        )
    truth = outputs[0].type == "BOOLEAN"

    def score(frame: pd.DataFrame) -> list[Any]:
        # of a clusterer ONNX gives distances as well
        made = run(session, frame)[: 2 if len(outputs) > 1 and outputs[0].name == "label" else 1]
        columns = [column for each in made for column in as_matrix(each).T]
        return [columns[0].astype(bool), *columns[1:]] if truth else columns  # ONNX has truth values as 0 and 1

    return ModelFunction(tuple(inputs), names, outputs, score)


# ── categories ─────────────────────────────────────────────────────────────────────────────────────────


def known_categories(model: Any, inputs: Sequence[Any]) -> dict[Any, list[Any]]:
    """The categories by code of the features that a booster of XGBoost or LightGBM was fitted on as such."""
    find = _CATEGORIES.get(class_key(type(model)).split(".")[0])
    return find(model, inputs) if find else {}


def with_known_categories(model: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame as such a booster takes it, whose columns are the model's inputs in order; of other models as it is."""
    known = known_categories(model, list(frame.columns))
    return _with_categories(frame, known) if known else frame


def _of_xgboost(model: Any, inputs: Sequence[Any]) -> dict[Any, list[Any]]:
    booster = model.get_booster() if hasattr(model, "get_booster") else model
    if json.loads(booster.save_config())["learner"]["gradient_booster"]["name"] == "gblinear":
        return {}
    found = booster.get_categories(export_to_arrow=True).to_arrow() or ()
    # by place: the columns need not have the names it was fitted on
    return {
        name: categories.to_pylist()
        for name, (_, categories) in zip(inputs, found, strict=False)
        if categories is not None
    }


def _of_lightgbm(model: Any, inputs: Sequence[Any]) -> dict[Any, list[Any]]:
    booster = getattr(model, "booster_", model)
    if not booster.pandas_categorical:
        return {}
    text = read_text(booster.model_to_string())
    places = [int(part) for part in text.parameters.get("categorical_feature", "").split(",") if part]
    if len(places) != len(text.categories):
        raise ModelError("LightGBM does not say which columns its categories are of: leave categorical_feature='auto'")
    return {
        inputs[place]: [plain(each) for each in known] for place, known in zip(places, text.categories, strict=True)
    }


_CATEGORIES: dict[str, Callable[[Any, Sequence[Any]], dict[Any, list[Any]]]] = {
    "xgboost": _of_xgboost,
    "lightgbm": _of_lightgbm,
}


def _with_categories(frame: pd.DataFrame, known: Mapping[Any, Sequence[Any]]) -> pd.DataFrame:
    """The frame with the model's categories, missing where it does not know one."""
    import pandas as pd

    coded = {name: pd.Categorical(frame[name], categories=list(each)) for name, each in known.items()}
    columns = {name: coded.get(name, column) for name, column in frame.items()}
    return pd.DataFrame(columns, index=frame.index)


def _unknown(frame: pd.DataFrame, known: Mapping[Any, Sequence[Any]]) -> Any:
    """Which rows hold a category that is none of these."""
    import numpy as np

    unknown = np.zeros(len(frame), dtype=bool)
    for name, categories in known.items():
        unknown |= (frame[name].notna() & ~frame[name].isin(list(categories))).to_numpy(dtype=bool)
    return unknown


# ── columns ────────────────────────────────────────────────────────────────────────────────────────────


def arrow_type(sql_type: str) -> Any:
    """The Arrow type of an output."""
    import pyarrow as pa

    return {
        "DOUBLE": pa.float64(),
        "INTEGER": pa.int32(),
        "BIGINT": pa.int64(),
        "VARCHAR": pa.string(),
        "BOOLEAN": pa.bool_(),
    }[sql_type]


@dataclass(frozen=True, slots=True)
class _Column:
    """An output's values, missing until they are put."""

    output: Output
    values: Any

    @classmethod
    def empty(cls, output: Output, rows: int) -> _Column:
        """A column of so many rows."""
        import numpy as np

        return cls(output, np.full(rows, np.nan) if output.type == "DOUBLE" else np.full(rows, None, dtype=object))

    def put(self, rows: Any, values: Any) -> None:
        """The values of some rows; ModelError for text among numbers."""
        kind = values.dtype.kind
        if self.output.type == "DOUBLE" and (
            kind not in "fiub" and (kind != "O" or any(isinstance(value, str) for value in values))
        ):
            raise ModelError(f"output '{self.output.name}' was taken for numbers, and holds text")
        self.values[rows] = values

    def array(self) -> Any:
        """The column for Arrow; NaN is missing."""
        import pyarrow as pa

        try:
            return pa.array(self.values, arrow_type(self.output.type), from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise ModelError(f"output '{self.output.name}' was taken for {self.output.type}: {error}") from error
