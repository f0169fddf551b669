"""From a fitted model to its score graph."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from aops_indb.errors import ModelError, ModelInputError
from aops_indb.scoring.graph import Graph
from aops_indb.scoring.guards import guarded
from aops_indb.scoring.names import Names, column_names
from aops_indb.scoring.read_boosting import BOOSTERS, NATIVE
from aops_indb.scoring.read_onnx import ONNX, ONNX_SHAPES, title_of
from aops_indb.scoring.read_sklearn import TRANSFORMS, TRANSLATORS
from aops_indb.scoring.read_sklearn.refused import REFUSED
from aops_indb.scoring.read_sklearn.translation import Features, Ledger, Place, check_fitted, class_key
from aops_indb.scoring.verify import verify

# Of models without scikit-learn's attributes, how they say the names and the number of their features.
SHAPES = NATIVE | ONNX_SHAPES


def translate(model: Any, inputs: Sequence[str] | None = None) -> Graph:
    """The score graph of a fitted model.

    inputs: the columns that hold the model's features, in its order; by default the names it was fitted with

    Raises UnsupportedModelError for what has no SQL form, ModelError for a model that is not fitted, ModelInputError
    where the inputs do not fit.

    >>> from sklearn.linear_model import LinearRegression
    >>> translate(LinearRegression().fit([[0.0], [1.0]], [1.0, 3.0]), ["x"]).output_names
    ('prediction',)
    """
    graph, _ = read(model, inputs)
    return graph


def read(model: Any, inputs: Sequence[str] | None, *, lenient: bool = False) -> tuple[Graph, Ledger]:
    """The graph, and what was noted while reading; lenient: steps without SQL form are noted, not raised."""
    ledger = Ledger(TRANSLATORS | BOOSTERS | ONNX, TRANSFORMS, lenient=lenient)
    place = Place(ledger, (), type(model).__name__.lower())
    check_fitted(model, place)
    if (lenient or _starts_refused(model)) and inputs is None and not fitted_names(model):
        inputs = [f"x{i}" for i in range(_feature_count(model))]
    names, columns = names_and_columns(model, inputs)
    features = Features(names, tuple(place.column(column) for column in columns))
    outputs, taken = place.translate(model, features), Names()
    named = [(taken.claim(name, longest=None), node) for name, node in outputs]
    kept = guarded(named, ledger.missing, ledger.limits, ledger.guards)
    graph = Graph(columns, kept.outputs, kept.guards, _description(model))
    verify(graph)
    return graph, ledger


def names_and_columns(model: Any, inputs: Sequence[str] | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The features' names in the model, and the columns that hold them."""
    fitted = fitted_names(model)
    count = len(fitted) or _feature_count(model)
    if inputs is None:
        if not fitted:
            raise ModelInputError(
                f"{type(model).__name__} was fitted without column names; give its {count} columns as inputs=[…]."
            )
        return fitted, fitted
    columns = column_names("inputs", inputs)
    if len(columns) != count:
        raise ModelInputError(_count_message(model, columns, fitted, count))
    repeated = sorted({name for name in columns if columns.count(name) > 1})
    if repeated:
        raise ModelInputError(f"inputs name {', '.join(map(repr, repeated))} more than once.")
    return fitted or columns, columns


def _count_message(model: Any, columns: Sequence[str], fitted: Sequence[str], count: int) -> str:
    message = f"{type(model).__name__} takes {count} inputs, got {len(columns)}: {', '.join(columns)}."
    if not fitted:
        return message
    absent = [name for name in fitted if name not in columns]
    close = {name: difflib.get_close_matches(name, columns, n=1) for name in absent}
    hints = [f"'{name}'" + (f" (is '{found[0]}' meant?)" if found else "") for name, found in close.items()]
    return message + f" It was fitted on: {', '.join(fitted)}." + (f" Not given: {', '.join(hints)}." if hints else "")


def fitted_names(model: Any) -> tuple[str, ...]:
    """The names of the features the model was fitted on, if it was given names."""
    key = class_key(type(model))
    names = SHAPES[key].names(model) if key in SHAPES else getattr(model, "feature_names_in_", ())
    return tuple(map(str, names))


def _starts_refused(model: Any) -> bool:
    """Whether the model, or its first step, is refused whatever its inputs are."""
    first = [step for _, step in getattr(model, "steps", ())[:1]]
    return any(class_key(type(part)) in REFUSED for part in (model, *first))


def _feature_count(model: Any) -> int:
    key = class_key(type(model))
    if key in SHAPES:
        return SHAPES[key].count(model)
    for part in (model, *(step for _, step in getattr(model, "steps", ()))):
        count = getattr(part, "n_features_in_", None)
        if count is not None:
            return int(count)
        if class_key(type(part)) in REFUSED:
            return 1  # a text column
    if hasattr(model, "X_thresholds_"):
        return 1
    raise ModelError(f"{type(model).__name__} does not say how many features it takes; fit it anew.")


def _description(model: Any) -> tuple[str, ...]:
    libraries = dict(_libraries(model))
    read_with = ", ".join(f"{PACKAGES.get(name, name)} {version}" for name, version in libraries.items())
    return (f"{_outline(model)}, read with {read_with}",)


# module -> package, where the names differ
PACKAGES = {"sklearn": "scikit-learn"}


def _libraries(model: Any) -> Iterator[tuple[str, str]]:
    """The modules that a model and its steps come from, with their versions."""
    name = type(model).__module__.split(".")[0]
    if hasattr(sys.modules[name], "__version__"):
        yield name, sys.modules[name].__version__
    for _, part in getattr(model, "steps", ()):
        if hasattr(part, "fit"):
            yield from _libraries(part)


def _outline(model: Any) -> str:
    """A model in a line: Pipeline(prep: ColumnTransformer(…), clf: LogisticRegression)."""
    if class_key(type(model)) in ONNX:
        return title_of(model)
    parts = getattr(model, "steps", None) or getattr(model, "transformer_list", None)
    parts = parts or getattr(model, "transformers_", None) or ()
    inner = ", ".join(
        f"{name}: {part if isinstance(part, str) else _outline(part)}" for name, part, *_ in parts if part is not None
    )
    return f"{type(model).__name__}({inner})" if inner else type(model).__name__
