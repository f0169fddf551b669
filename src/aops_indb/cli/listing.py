"""Values of lists and cards as people read them; programs get them whole, by --json."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from aops_indb.cli.output import print_table

if TYPE_CHECKING:
    from rich.console import Console


def print_listing(out: Console, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table of values in words."""
    print_table(out, columns, [[None if cell is None else in_words(cell) for cell in row] for row in rows])


def in_words(value: object) -> str:
    """A value as text: lists as they are spoken, floats to the digits that tell something.

    >>> in_words([0.7345971800317619, 244737.0, 16.7536521359998, 3.3306690738754696e-16, 0.0])
    '0.7346, 244737, 16.75, 3.331e-16, 0'
    >>> in_words({"start": "May", "end": "June"})
    'start May, end June'
    """
    if isinstance(value, float):
        return short(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {in_words(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(in_words, value))
    return str(value)


def short(value: float) -> str:
    """Four significant digits, but every digit before the point.

    >>> short(123456.7), short(float("inf"))
    ('123457', 'inf')
    """
    # beyond that a float no longer tells its last digit
    whole = math.isfinite(value) and 1000 <= abs(value) < 1e15
    return f"{value:.0f}" if whole else f"{value:.4g}"
