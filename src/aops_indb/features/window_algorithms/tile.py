"""Tiles: time cut at fixed places into pieces of 2^bits microseconds, the same for every key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from aops_indb.features.windows import WindowFeature
from aops_indb.sqlgen.build import Expr, anonymous, case, coalesce, gt, lit, shift_right, timestamp

TILE = "__tile"
_EPOCH = dt.datetime(1970, 1, 1)
# Longer than all of time, so that infinite times have the first and the last tile.
_BEYOND = 2**62
# Of 12 days: what is asked of a source that nobody knows is most often days and weeks.
MOST_BITS = 50
LEAST_BITS = 20
_MICROSECOND = dt.timedelta(microseconds=1)


def tile_of(moment: Expr, bits: int) -> Expr:
    """The number of the tile that holds a moment; later moments never have a smaller one."""
    finite = shift_right(anonymous("EPOCH_US", moment), lit(bits))
    later = gt(moment.copy(), timestamp(_EPOCH))
    return coalesce(finite, case([(later, lit(_BEYOND >> bits))], lit(-(_BEYOND >> bits) - 1)))


def bits_of(length: dt.timedelta) -> int:
    """The tile that is next below a length of time.

    >>> bits_of(dt.timedelta(days=1)), dt.timedelta(microseconds=2**36)
    (36, datetime.timedelta(seconds=68719, microseconds=476736))
    """
    return min(max((length // _MICROSECOND).bit_length() - 1, LEAST_BITS), MOST_BITS)


def ends(features: Iterable[WindowFeature]) -> list[dt.timedelta]:
    """How far back windows begin and end, each once; of a window of all rows only its end."""
    found = {feature.offset for feature in features} | {feature.reach for feature in features}
    return sorted(end for end in found if end is not None)


def bits_by_definition(features: Sequence[WindowFeature]) -> int:
    """Tiles for a source of which nothing is known: of the shortest window."""
    shortest = min((f.window for f in features if f.window is not None), default=dt.timedelta(days=1))
    return bits_of(shortest)
