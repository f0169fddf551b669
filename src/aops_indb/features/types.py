"""Types of features, named as in Feast, and lengths of time as people write them."""

from __future__ import annotations

import datetime as dt
import re
from enum import StrEnum


class DType(StrEnum):
    """A feature's type; the value is the SQL type it is cast to."""

    Bool = "BOOLEAN"
    Int32 = "INTEGER"
    Int64 = "BIGINT"
    Float32 = "FLOAT"
    Float64 = "DOUBLE"
    String = "VARCHAR"
    Date = "DATE"
    UnixTimestamp = "TIMESTAMPTZ"


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"(\d+)([smhdw])")


def parse_duration(text: str) -> dt.timedelta:
    """A length of time: a whole number and s, m, h, d (24 hours) or w (7 days).

    >>> parse_duration("28d")
    datetime.timedelta(days=28)
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None or int(match[1]) == 0:
        raise ValueError(f"'{text}' is no length of time: write a whole number above 0 and s, m, h, d or w, e.g. '7d'")
    try:
        return dt.timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError:
        raise ValueError(f"'{text}' is too long: no length of time exceeds 999999999 days") from None
