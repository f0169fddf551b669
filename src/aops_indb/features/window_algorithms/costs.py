"""What windows take by each algorithm, as `python -m bench.window_costs` measured it on DuckDB."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aops_indb.features.window_algorithms.tile import bits_by_definition, bits_of, ends
from aops_indb.features.windows import WindowFeature


@dataclass(frozen=True, slots=True)
class Statistics:
    """What is known of a source and of the points that are asked for.

    rows:   of the source
    of_key: rows of the key that a row has, on average over the rows: keys of many rows count as often as they have rows
    span:   from the first row to the last
    points: rows of the spine
    """

    rows: float
    of_key: float
    span: dt.timedelta
    points: float


@dataclass(frozen=True, slots=True)
class Work:
    """How much there is to do: the statistics, and what is computed.

    columns: partial results that are kept of a row: 5 parts and a count of a float
    """

    statistics: Statistics
    features: Sequence[WindowFeature]
    columns: int

    @property
    def pairs(self) -> float:
        """Rows that have a point's key, for all points."""
        return self.statistics.points * self.statistics.of_key

    def inside(self, length: dt.timedelta) -> float:
        """Rows that lie in a length of time before a point, for all points."""
        return self.pairs * min(1.0, length / self.statistics.span) if self.statistics.span else self.pairs

    @property
    def reach(self) -> dt.timedelta:
        """How far back windows reach."""
        lifetime = any(feature.reach is None for feature in self.features)
        return self.statistics.span if lifetime else ends(self.features)[-1]

    @property
    def windows(self) -> int:
        """How many windows there are."""
        return len({feature.frame for feature in self.features})


# A tile of so many rows of a key costs least, of tiles whose sums are added up.
ROWS_OF_A_TILE = 4


def tile_bits(algorithm: str, features: Sequence[WindowFeature], statistics: Statistics | None) -> int | None:
    """The size of the tiles of an algorithm that has such."""
    if algorithm not in ("tile_sums", "tiles"):
        return None
    if statistics is None or not statistics.span:
        return bits_by_definition(features)
    between = statistics.span / max(statistics.of_key, 1)
    if algorithm == "tile_sums":
        return bits_of(between * ROWS_OF_A_TILE)
    # as many tiles in a window as rows at its ends
    reach, number = ends(features)[-1], len(ends(features))
    return bits_of(dt.timedelta(seconds=math.sqrt(reach.total_seconds() * between.total_seconds() / number)))


def _range_join(work: Work) -> dict[str, float]:
    return {
        "row": work.statistics.rows,
        "pair": work.pairs,
        "inside": work.inside(work.reach) * work.columns * work.windows,
    }


def _prefix_sums(work: Work) -> dict[str, float]:
    rows, searches = work.statistics.rows, work.statistics.points * len(ends(work.features))
    return {"row and column": rows * work.columns, "end": searches + len(ends(work.features)) * rows}


def _tile_sums(work: Work) -> dict[str, float]:
    rows, found = work.statistics.rows, work.statistics.points * len(ends(work.features))
    return {"row": rows, "row and column": rows * work.columns, "end": found, "end and column": found * work.columns}


def _timeline(work: Work) -> dict[str, float]:
    line = work.statistics.rows + work.statistics.points
    return {"frame": line * work.columns * work.windows}


def _tiles(work: Work) -> dict[str, float]:
    size = dt.timedelta(microseconds=2 ** (tile_bits("tiles", work.features, work.statistics) or 0))
    whole = work.statistics.points * (work.reach / size)
    joined = whole + len(ends(work.features)) * (work.inside(size) + work.statistics.points)
    return {"row": work.statistics.rows, "piece": joined, "inside": joined * work.columns * work.windows}


# How many there are of each thing that takes time.
PARTS = {
    "range_join": _range_join,
    "prefix_sums": _prefix_sums,
    "tile_sums": _tile_sums,
    "timeline": _timeline,
    "tiles": _tiles,
}

# Nanoseconds of CPU that one takes.
COSTS: Mapping[str, Mapping[str, float]] = {
    "range_join": {"row": 103.0, "pair": 13.6, "inside": 8.8},
    "prefix_sums": {"row and column": 142.0, "end": 201.0},
    "tile_sums": {"row": 273.0, "row and column": 52.0, "end": 766.0, "end and column": 67.0},
    "timeline": {"frame": 262.0},
    # a piece takes 165 of 200,000 rows, and as much as this of 10 million, which no cache holds
    "tiles": {"row": 241.0, "piece": 350.0, "inside": 7.2},
}


def cost(algorithm: str, work: Work) -> float:
    """Seconds of CPU that an algorithm is expected to take."""
    return sum(COSTS[algorithm][part] * number for part, number in PARTS[algorithm](work).items()) / 1e9
