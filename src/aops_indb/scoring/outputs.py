"""What a model says of rows through its own library, under the names and types that the columns of its SQL have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

from aops_indb.errors import ModelError
from aops_indb.scoring.graph import Value, kind_of_value
from aops_indb.scoring.names import Names
from aops_indb.scoring.read_sklearn.translation import class_key, names_out, plain
from aops_indb.scoring.translate import fitted_names

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Output:
    """A column that a model gives; type: as `sqlgen.build.cast` takes it."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Saying:
    """One of the things that a model says, in one column or several.

    columns: of the model, its inputs' names, and how many columns there are as far as that is known
    values:  of the model and rows, a matrix; raises whatever the library raises
    """

    columns: Callable[[Any, Sequence[str], int | None], list[Output]]
    values: Callable[[Any, pd.DataFrame], Any]


def sayings(model: Any) -> tuple[Saying, ...]:
    """All that a model says; ModelError if it neither predicts nor transforms."""
    from sklearn.base import is_classifier, is_clusterer, is_outlier_detector, is_regressor

    if class_key(type(model)) in PREDICTS_ONLY:
        return (PREDICTIONS,)
    if is_classifier(model) or (hasattr(model, "classes_") and hasattr(model, "predict_proba")):
        # a chain of more than two classes raises where it is asked for more
        silent = class_key(type(model)) == _CHAIN and any(len(classes) > 2 for classes in model.classes_)
        return (LABEL, *(said for method, said in OF_CLASSIFIERS.items() if hasattr(model, method) and not silent))
    if is_outlier_detector(model):
        return LABEL, OF_CLASSIFIERS["decision_function"]
    if is_regressor(model):
        return (PREDICTIONS,)
    if hasattr(model, "predict") and (is_clusterer(model) or not hasattr(model, "transform")):
        return (LABEL, MEMBERSHIPS) if hasattr(model, "predict_proba") else (LABEL,)
    if not hasattr(model, "transform"):
        raise ModelError(f"{type(model).__name__} has neither predict nor transform: it cannot score rows")
    return (FEATURES,)


def outputs_of(model: Any, inputs: Sequence[str], sample: pd.DataFrame | None = None) -> tuple[Output, ...]:
    """The columns a model gives.

    sample: rows to try it on, for what it does not say of itself: the number of its targets, and which are text

    >>> from sklearn.linear_model import LogisticRegression
    >>> model = LogisticRegression().fit([[0.0], [1.0]], ["no", "yes"])
    >>> [(output.name, output.type) for output in outputs_of(model, ["x"])][:2]
    [('label', 'VARCHAR'), ('probability_no', 'DOUBLE')]
    """
    names, outputs = Names(), []
    for said in sayings(model):
        tried = _tried(said, model, inputs, sample)
        columns = said.columns(model, inputs, None if tried is None else tried.shape[1])
        if said is FEATURES and tried is not None:
            columns = [_as_found(column, tried[:, i]) for i, column in enumerate(columns)]
        outputs += [replace(column, name=names.claim(column.name, longest=None)) for column in columns]
    return tuple(outputs)


def as_matrix(values: Any) -> Any:
    """What a library gives, with a row for each row."""
    import numpy as np

    dense = values.toarray() if hasattr(values, "toarray") else values
    if isinstance(dense, list):  # a matrix for each target
        dense = np.hstack([np.asarray(each) for each in dense])
    table = np.asarray(dense)
    return table.reshape(len(table), -1)


# Rows that are tried one by one, where together they are refused.
_TRIED = 50


def _tried(said: Saying, model: Any, inputs: Sequence[str], sample: pd.DataFrame | None) -> Any:
    """What it says of some rows: of the sample's, or of zeros; None if it refuses them all."""
    import numpy as np
    import pandas as pd

    zeros = pd.DataFrame(np.zeros((2, len(inputs))), columns=list(inputs) if fitted_names(model) else None)
    found = () if sample is None else (sample, *(sample.iloc[[i, i]] for i in range(min(len(sample), _TRIED))))
    for rows in (*found, zeros):
        try:
            if len(rows):
                return as_matrix(said.values(model, rows))
        except Exception:  # libraries raise what they like for rows they refuse
            continue
    return None


def _as_found(column: Output, values: Any) -> Output:
    if values.dtype.kind == "b":
        return replace(column, type="BOOLEAN")
    return replace(column, type="VARCHAR") if any(isinstance(value, str) for value in values) else column


# ── labels ─────────────────────────────────────────────────────────────────────────────────────────────


_CHAIN = "sklearn.multioutput.ClassifierChain"


def labels_of(classes: Sequence[Any]) -> list[Value]:
    """Labels as Python values."""
    return [plain(label) for label in classes]


def type_of_labels(classes: Sequence[Value]) -> str:
    """The type that a column of these constants has."""
    kind = kind_of_value(classes[0])
    if kind == "integer":
        return "INTEGER" if all(abs(int(label or 0)) < 2**31 for label in classes) else "BIGINT"
    return {"boolean": "BOOLEAN", "number": "DOUBLE", "text": "VARCHAR"}[kind]


def _several(model: Any) -> bool:
    return isinstance(getattr(model, "classes_", None), list)


def _label_columns(model: Any, inputs: Sequence[str], width: int | None) -> list[Output]:  # noqa: ARG001 (as Saying has it)
    classes = getattr(model, "classes_", None)
    if _several(model):
        chained = class_key(type(model)) == _CHAIN  # which gives labels as numbers
        types = ["DOUBLE" if chained else type_of_labels(labels_of(each)) for each in model.classes_]
        return [Output(f"label_{i}", each) for i, each in enumerate(types)]
    if width is not None and width > 1:  # whether a row has each of the classes
        return [Output(f"label_{i}", "INTEGER") for i in range(width)]
    return [Output("label", "INTEGER" if classes is None else type_of_labels(labels_of(classes)))]


def _probability_columns(model: Any, inputs: Sequence[str], width: int | None) -> list[Output]:  # noqa: ARG001
    if not _several(model):
        return _numbers(f"probability_{label}" for label in labels_of(model.classes_))
    named = [(i, label) for i, classes in enumerate(model.classes_) for label in labels_of(classes)]
    if width == len(model.classes_):  # of two classes the second alone
        named = [(i, plain(classes[-1])) for i, classes in enumerate(model.classes_)]
    return _numbers(f"probability_{i}_{label}" for i, label in named)


def _decision_columns(model: Any, inputs: Sequence[str], width: int | None) -> list[Output]:  # noqa: ARG001
    if not hasattr(model, "classes_"):
        return _numbers(["decision"])
    if _several(model):
        return _numbers(f"decision_{i}" for i in range(len(model.classes_)))
    labels = labels_of(model.classes_)
    if (width or (1 if len(labels) == 2 else len(labels))) == 1:
        return _numbers(["decision"])
    last = model[-1] if hasattr(model, "steps") else model
    if getattr(last, "decision_function_shape", "ovr") == "ovo":
        return _numbers(f"decision_{first}_against_{second}" for first, second in combinations(labels, 2))
    return _numbers(f"decision_{label}" for label in labels)


def _membership_columns(model: Any, inputs: Sequence[str], width: int | None) -> list[Output]:  # noqa: ARG001
    return _numbers(f"probability_{k}" for k in range(width or _components(model)))


def _components(model: Any) -> int:
    last = model[-1] if hasattr(model, "steps") else model
    return int(last.n_components)


# ── predictions and features ───────────────────────────────────────────────────────────────────────────


def _prediction_columns(model: Any, inputs: Sequence[str], width: int | None) -> list[Output]:  # noqa: ARG001
    return _numbers(["prediction"] if width in (None, 1) else [f"prediction_{i}" for i in range(width or 0)])


def _feature_columns(model: Any, inputs: Sequence[str], width: int | None) -> list[Output]:
    if hasattr(model, "get_feature_names_out"):
        *steps, last = getattr(model, "steps", [(None, None)])
        if last[1] is None or hasattr(last[1], "get_feature_names_out"):
            return _numbers(names_out(model, inputs, width))
        before = names_out(model[: len(steps)], inputs, None) if steps else inputs
    else:  # a function that was not told the names of what it makes
        before = inputs
    return _numbers(before if width in (None, len(before)) else names_out(model, before, width))


def _numbers(names: Any) -> list[Output]:
    return [Output(name, "DOUBLE") for name in names]


def _predict(model: Any, frame: pd.DataFrame) -> Any:
    if class_key(type(model)) != "xgboost.core.Booster":
        return model.predict(frame)
    from xgboost import DMatrix

    types = model.feature_types if model.feature_names is None else None
    given = frame.to_numpy() if model.feature_names is None else frame
    return model.predict(DMatrix(given, enable_categorical=True, feature_types=types))


LABEL = Saying(_label_columns, lambda model, frame: model.predict(frame))
PREDICTIONS = Saying(_prediction_columns, _predict)
MEMBERSHIPS = Saying(_membership_columns, lambda model, frame: model.predict_proba(frame))
FEATURES = Saying(_feature_columns, lambda model, frame: model.transform(frame))

# What a classifier may say beside its label.
OF_CLASSIFIERS: dict[str, Saying] = {
    "predict_proba": Saying(_probability_columns, lambda model, frame: model.predict_proba(frame)),
    "decision_function": Saying(_decision_columns, lambda model, frame: model.decision_function(frame)),
}

# What predicts, and is no regressor by what it says of itself.
PREDICTS_ONLY = (
    "catboost.core.CatBoost",
    "catboost.core.CatBoostRanker",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMRanker",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBRanker",
)
