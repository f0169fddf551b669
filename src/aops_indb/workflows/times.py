"""Times that people give."""

from __future__ import annotations

import datetime as dt

from aops_indb.errors import ModelError


def in_utc(time: dt.datetime | None) -> dt.datetime | None:
    """A time in UTC; one that names no zone is taken for UTC. ModelError for what UTC has no name for.

    >>> in_utc(dt.datetime(2013, 1, 1))
    datetime.datetime(2013, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    if time is None or time.tzinfo is None:
        return time and time.replace(tzinfo=dt.UTC)
    try:
        return time.astimezone(dt.UTC)
    except OverflowError:
        raise ModelError(f"{time} is beyond the calendar's last day in UTC: leave it out") from None
