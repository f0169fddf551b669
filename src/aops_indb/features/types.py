"""Types of features, named as in Feast, and lengths of time as people write them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from enum import EnumType, StrEnum
from functools import lru_cache
from typing import NoReturn

from aops_indb.errors import closest_names, shown


class _SaysWhatThereIs(EnumType):
    """Of a member that nobody defined it tells the closest."""

    def __getattr__(cls, name: str) -> NoReturn:
        told = name if name.startswith("_") else unknown_dtype(name)
        raise AttributeError(told, name=name, obj=cls)


class DType(StrEnum, metaclass=_SaysWhatThereIs):
    """A feature's type; the value is the SQL type it is cast to."""

    Bool = "BOOLEAN"
    Int32 = "INTEGER"
    Int64 = "BIGINT"
    Float32 = "FLOAT"
    Float64 = "DOUBLE"
    String = "VARCHAR"
    Date = "DATE"
    UnixTimestamp = "TIMESTAMPTZ"


def unknown_dtype(written: str) -> str:
    """What to say of a type nobody has; SQL's names of types are understood, too.

    >>> unknown_dtype("Integer")
    "unknown DType 'Integer': did you mean DType.Int32? All are DType.Bool, DType.Int32, DType.Int64, \
DType.Float32, DType.Float64, DType.String, DType.Date, DType.UnixTimestamp"
    """
    spellings = {name: dtype for dtype in DType for name in (dtype.name, dtype.value)}
    close = dict.fromkeys(spellings[name] for name in closest_names(written, spellings))
    hint = f"did you mean {dtypes(close, ' or ')}? All are" if close else "known are"
    return f"unknown DType {shown(written)}: {hint} {dtypes(DType)}"


def dtypes(listed: Iterable[DType], separator: str = ", ") -> str:
    """Types as people write them."""
    return separator.join(f"DType.{dtype.name}" for dtype in listed)


_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"([0-9]+)([smhdw])")

# A hundred years: times less than twice this stay within what every warehouse can compute with.
LONGEST = dt.timedelta(days=36_500)
TOO_LONG = f"is too long: write at most {LONGEST.days} days"


# The window of all rows so far.
LIFETIME = "lifetime"


def parse_window(text: str) -> dt.timedelta | None:
    """The length of a window, None for `lifetime`, which has no beginning.

    >>> parse_window("7d"), parse_window("lifetime")
    (datetime.timedelta(days=7), None)
    """
    return None if text.strip() == LIFETIME else parse_duration(text)


@lru_cache(maxsize=1_000)
def parse_duration(text: str) -> dt.timedelta:
    """A length of time: a whole number and s, m, h, d (24 hours) or w (7 days); at most 36,500 days.

    >>> parse_duration("28d")
    datetime.timedelta(days=28)
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None or not match[1].strip("0"):
        raise ValueError(
            f"{shown(text)} is no length of time: write a whole number above 0 and s, m, h, d or w, e.g. '7d'"
        )
    number, unit = match[1].lstrip("0"), _UNITS[match[2]]
    # digits first: Python refuses to read the longest numbers
    if len(number) > 12 or int(number) * unit > LONGEST.total_seconds():
        raise ValueError(f"{shown(text)} {TOO_LONG}")
    return dt.timedelta(seconds=int(number) * unit)
