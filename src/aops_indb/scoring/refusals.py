"""Rows that a library refuses: whoever refuses a row refuses the frame it is in, so they are found by trying."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import pandas as pd

# From rows to a column of values for each output; raises one of REFUSALS for rows it does not take.
Score: TypeAlias = Callable[["pd.DataFrame"], list[Any]]

REFUSALS = (ValueError, TypeError, IndexError)
# Of libraries that need not be installed: the names of what they raise.
_NAMED_REFUSALS = ("CatBoostError",)

# Rows that are tried one by one until there is one that is not refused.
_TRIED = 16
_LARGEST_SINGLE = 3.4028234663852886e38


def scored_parts(score: Score, frame: pd.DataFrame) -> Iterator[tuple[Any, list[Any]]]:
    """Numbers of rows and what they score; rows that are refused are in none of them.

    Most often a row is refused for one of its values, whatever the others are: it is missing, infinite or too large, or
    text that the model does not know. So in a frame that is refused such values are looked for, each in a row that is
    not refused; what is still refused without the rows that hold one is cut in halves.
    """
    columns = tried(score, frame)
    if columns is not None:
        yield frame.index.to_numpy(), columns
    elif len(frame) > 1:
        rest = _without_refused_values(score, frame)
        for part in _halves(frame) if len(rest) == len(frame) else [rest]:
            yield from _by_halves(score, part)


def tried(score: Score, frame: pd.DataFrame) -> list[Any] | None:
    """The scores, None if the frame is refused."""
    import pandas as pd

    # of a single row, some transformers make a vector that the step after them does not take
    given = pd.concat([frame, frame]) if len(frame) == 1 else frame
    try:
        return [column[: len(frame)] for column in score(given)] if len(frame) else None
    except REFUSALS:
        return None
    except Exception as error:
        if type(error).__name__ in _NAMED_REFUSALS:
            return None
        raise


def _by_halves(score: Score, frame: pd.DataFrame) -> Iterator[tuple[Any, list[Any]]]:
    columns = tried(score, frame)
    if columns is not None:
        yield frame.index.to_numpy(), columns
    elif len(frame) > 1:
        for part in _halves(frame):
            yield from _by_halves(score, part)


def _halves(frame: pd.DataFrame) -> list[pd.DataFrame]:
    half = len(frame) // 2
    return [frame.iloc[:half], frame.iloc[half:]]


def _without_refused_values(score: Score, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows without a value that alone makes a row refused."""
    import numpy as np
    import pandas as pd

    singles = (frame.iloc[[place]] for place in np.linspace(0, len(frame) - 1, _TRIED).astype(int))
    good = next((row for row in singles if tried(score, row) is not None), None)
    if good is None:
        return frame
    codes = [_codes(frame.iloc[:, place]) for place in range(frame.shape[1])]
    suspects = [
        (place, code, np.flatnonzero(each == code)[0]) for place, each in enumerate(codes) for code in _odd(each)
    ]
    if not suspects:
        return frame
    # the good row as often as there are suspects, each time with one of them in its place
    rows = pd.concat([good] * len(suspects), ignore_index=True)
    for row, (place, _, first) in enumerate(suspects):
        rows.iloc[row, place] = frame.iloc[first, place]
    accepted = {int(row) for part, _ in _by_halves(score, rows) for row in part}
    keep = np.ones(len(frame), dtype=bool)
    for row, (place, code, _) in enumerate(suspects):
        keep &= (codes[place] != code) | (row in accepted)
    return frame[keep]


def _codes(column: pd.Series[Any]) -> Any:
    """A number for each value that a row may be refused for, the same for the same value; -1 for any other."""
    import numpy as np
    import pandas as pd

    if column.dtype.kind not in "fiub":
        return pd.factorize(column, use_na_sentinel=False)[0]
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    odd = ~(np.abs(values) <= _LARGEST_SINGLE)
    codes = np.full(len(values), -1)
    codes[odd] = pd.factorize(values[odd], use_na_sentinel=False)[0]
    return codes


def _odd(codes: Any) -> list[int]:
    import numpy as np

    return [int(code) for code in np.unique(codes) if code >= 0]
