"""Rows that go wrong first: missing, infinite, unseen, and values at and next to every threshold."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from . import boosters

# What a number column is given besides its own values. None is NULL in the table, NaN is NaN; pandas has one of them.
NUMBERS: list[float | None] = [
    None, float("nan"), float("inf"), float("-inf"), -0.0, 0.0, 1e-320, -1.0, 1e17, -1e300, 1.7e308,
    3.4028234663852886e38, 3.4028235677973362e38, 3.4028235677973366e38, -3.4028235677973366e38,
]  # fmt: skip
# What all number columns are given at once, with signs of one kind and of both: sums of such values leave the range of
# a double in one order, and not in another.
HUGE: list[float] = [1e150, 1e300, 1e304, 1e306, 1.7e308, 1.7976931348623157e308]
TEXTS: list[str | None] = [None, "", "unseen", "A", "o'large", "nan", "None", " a", "0"]
FLAGS: list[bool | None] = [None, True, False]

# Models may set bounds to their features, but none below this: docs/architecture.md.
SMALLEST_BOUND = 1e100

THRESHOLDS_PER_COLUMN = 12
ROWS_OF_THE_FRAME = 120


def rows(model: Any, frame: pd.DataFrame) -> dict[str, list[Any]]:
    """Columns of test rows: some of the frame's own, one row per column and edge value, rows of huge values, NULLs."""
    rng = np.random.default_rng(11)
    own = frame.sample(min(ROWS_OF_THE_FRAME, len(frame)), random_state=5)
    columns = {str(name): _plain(own[name]) for name in frame}
    for name in columns:
        for value in _edges(model, frame, name):
            base = int(rng.integers(len(own)))
            for other, values in columns.items():
                values.append(value if other == name else values[base])
    for signs in _signs(len(columns), rng):
        for size in HUGE:
            base = int(rng.integers(len(own)))
            for (name, values), sign in zip(columns.items(), signs, strict=True):
                values.append(sign * size if _is_measure(frame[name].dtype) else values[base])
    for values in columns.values():
        values.append(None)
    return columns


def _signs(count: int, rng: np.random.Generator) -> list[list[int]]:
    """All of one sign, both in turns, and both at random."""
    return [[1] * count, [(-1) ** k for k in range(count)], rng.choice([-1, 1], count).tolist()]


def _is_measure(dtype: Any) -> bool:
    return pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)


def is_far(columns: dict[str, list[Any]], row: int) -> bool:
    """Whether the row has a number, infinity aside, that a model may refuse for its size."""
    return has_beyond(columns, row, SMALLEST_BOUND)


def has_beyond(columns: dict[str, list[Any]], row: int, size: float) -> bool:
    """Whether the row has a number larger in size, infinity aside."""
    return any(isinstance(v[row], float) and size < abs(v[row]) < np.inf for v in columns.values())


def within(columns: dict[str, list[Any]], largest: float) -> list[int]:
    """The numbers of the rows without a value larger in size, infinity aside."""
    count = len(next(iter(columns.values())))
    return [row for row in range(count) if not has_beyond(columns, row, largest)]


def as_frame(columns: dict[str, list[Any]], like: pd.DataFrame) -> pd.DataFrame:
    """The rows as the library gets them, with the types the model was fitted on."""
    return pd.DataFrame({name: _series(values, like[name].dtype) for name, values in columns.items()})


def _series(values: list[Any], dtype: Any) -> pd.Series[Any]:
    if pd.api.types.is_bool_dtype(dtype):
        return pd.Series(values, dtype=object)
    if isinstance(dtype, pd.CategoricalDtype):
        return pd.Series(pd.Categorical(values))
    return pd.Series(values, dtype=float if pd.api.types.is_numeric_dtype(dtype) else dtype)


def _plain(column: pd.Series[Any]) -> list[Any]:
    return [None if pd.isna(value) else value for value in column.tolist()]


def _edges(model: Any, frame: pd.DataFrame, name: str) -> list[Any]:
    dtype = frame[name].dtype
    if isinstance(dtype, pd.CategoricalDtype) and pd.api.types.is_numeric_dtype(dtype.categories.dtype):
        return [None, *dtype.categories.tolist(), 999]
    if pd.api.types.is_bool_dtype(dtype):
        return list(FLAGS)
    if not pd.api.types.is_numeric_dtype(dtype):
        return list(TEXTS)
    thresholds = sorted(set(_thresholds(model, list(frame).index(name))))
    chosen = thresholds[:: max(1, len(thresholds) // THRESHOLDS_PER_COLUMN)]
    return NUMBERS + [near for threshold in chosen for near in neighbours(threshold)]


def neighbours(threshold: float) -> list[float]:
    """The threshold, its neighbours in both precisions, and where rounding to single precision changes sides."""
    single = np.float32(threshold)
    singles = [np.nextafter(single, np.float32(-np.inf)), single, np.nextafter(single, np.float32(np.inf))]
    middles = [(float(a) + float(b)) / 2 for a, b in pairwise(singles)]
    points = [threshold, *map(float, singles), *middles]
    return [float(near) for p in points for near in (np.nextafter(p, -np.inf), p, np.nextafter(p, np.inf))]


def _thresholds(model: Any, feature: int) -> Iterator[float]:
    """Thresholds of the trees of a model on one of its features."""
    if hasattr(model, "tree_"):
        tree = model.tree_
        yield from tree.threshold[(tree.feature == feature) & np.isfinite(tree.threshold)].tolist()
    for stage in getattr(model, "_predictors", ()):
        for predictor in stage:
            nodes = predictor.nodes
            used = (nodes["feature_idx"] == feature) & (nodes["is_leaf"] == 0) & np.isfinite(nodes["num_threshold"])
            yield from nodes["num_threshold"][used].tolist()
    for part, own_feature in _parts(model, feature):
        yield from _thresholds(part, own_feature)
    yield from _edges_of_pieces(model, feature)
    yield from boosters.thresholds(model, feature)


def _edges_of_pieces(model: Any, feature: int) -> Iterator[float]:
    """Where a transformer of features cut into intervals goes from one to the next."""
    if hasattr(model, "bin_edges_"):
        yield from model.bin_edges_[feature].tolist()
    if hasattr(model, "quantiles_"):
        yield from model.quantiles_[:, feature].tolist()
    if hasattr(model, "bsplines_"):
        yield from model.bsplines_[feature].t.tolist()
    if isinstance(getattr(model, "threshold", None), float):
        yield model.threshold


def _parts(model: Any, feature: int) -> Iterator[tuple[Any, int]]:
    """Models inside a model that get the same features, or a choice of them; each with its number of the feature."""
    chosen = getattr(model, "estimators_features_", None)
    for index, part in enumerate(getattr(model, "estimators_", ())):
        if chosen is None:
            yield from ((one, feature) for one in (np.ravel(part) if isinstance(part, list | np.ndarray) else [part]))
        else:
            yield from ((part, int(place)) for place in np.flatnonzero(chosen[index] == feature))
    for name in ("estimator_", "best_estimator_", "init_"):
        if hasattr(getattr(model, name, None), "fit"):
            yield getattr(model, name), feature
