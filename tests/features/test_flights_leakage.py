"""Of the real flights: what became known after a prediction must not change what it was made from.

A delay is known when the flight departs or lands, a cancellation a day after schedule, the weather of an hour when the
hour is over. For a prediction at time T every raw value that became known after T is changed; the features of T must
stay as they are, to the last bit. That the check can fail is shown by definitions that know a minute too much.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from aops_indb import DataSource
from aops_indb.engines import Session
from aops_indb.features.definitions import Definition
from aops_indb.features.loader import load_definitions
from aops_indb.workflows.flights import read_flights_example

from .warehouse import compile_join, open_warehouse, references, run

# One worker reads the files, not each.
pytestmark = pytest.mark.xdist_group("flights_leakage")

ROOT = Path(__file__).parents[2]
LOADED = load_definitions(ROOT, ["feature_defs"]).require_sound()
REFERENCES = LOADED.services["flight_delay_features"].references

# A prediction is made two hours before schedule; 28 days of history lie before the first asked for.
ASKED = """
    CREATE TABLE asked AS
        SELECT flight_id, tailnum, carrier, flight, origin, dest, distance, scheduled_departure,
               scheduled_departure - INTERVAL 2 HOUR AS event_timestamp
        FROM original.flights
        WHERE scheduled_departure >= TIMESTAMPTZ '2013-02-01 00:00+00'
"""

# What is changed of what is not known at {at}; the numbers are arbitrary, and the same each time.
LEARN_OTHER_FLIGHTS = """
    CREATE OR REPLACE TABLE raw.flights AS
        WITH known AS (
            SELECT *,
                   {at} AS now,
                   coalesce(actual_departure, scheduled_departure + INTERVAL 24 HOUR) <= now AS left_or_cancelled,
                   coalesce(actual_arrival <= now, false) AS landed,
                   flight_id * 7919 % 1000 AS any_number
            FROM original.flights
        ), changed AS (
            SELECT * REPLACE (
                if(left_or_cancelled, cancelled, any_number % 5 = 0) AS cancelled,
                if(left_or_cancelled, actual_departure,
                   if(any_number % 5 = 0, NULL, now + to_minutes(1 + any_number))) AS actual_departure,
                if(left_or_cancelled, dep_delay, any_number - 300) AS dep_delay,
                if(left_or_cancelled, dep_time, any_number) AS dep_time,
                if(left_or_cancelled, tailnum, 'N' || any_number) AS tailnum,
                if(landed, actual_arrival,
                   if(any_number % 7 = 0, NULL, now + to_minutes(1 + any_number // 3))) AS actual_arrival,
                if(landed, arr_delay, 700 - any_number) AS arr_delay,
                if(landed, arr_time, any_number) AS arr_time,
                if(landed, air_time, any_number) AS air_time
            )
            FROM known
            WHERE left_or_cancelled OR scheduled_departure <= now OR any_number % 10 <> 3
        ), added AS (
            SELECT * REPLACE (
                flight_id + 1_000_000 AS flight_id,
                now + to_minutes(any_number) AS scheduled_departure,
                now + to_minutes(1 + any_number) AS actual_departure,
                now + to_minutes(60 + any_number) AS actual_arrival,
                500 AS dep_delay,
                500 AS arr_delay
            )
            FROM known
            WHERE any_number < 50
        )
        SELECT * EXCLUDE (now, left_or_cancelled, landed, any_number)
        FROM (FROM changed UNION ALL FROM added)
"""

LEARN_OTHER_WEATHER = """
    CREATE OR REPLACE TABLE raw.weather AS
        WITH known AS (SELECT *, time_hour + INTERVAL 1 HOUR <= {at} AS over FROM original.weather)
        SELECT * EXCLUDE (over) REPLACE (
            if(over, temp, temp + 50) AS temp, if(over, humid, -1) AS humid, if(over, wind_speed, NULL) AS wind_speed,
            if(over, wind_gust, 99) AS wind_gust, if(over, precip, 9) AS precip, if(over, pressure, 1) AS pressure,
            if(over, visib, -5) AS visib
        )
        FROM known
        WHERE over OR hour(time_hour) <> 12
"""


@pytest.fixture(scope="module")
def flights() -> Iterator[Session]:
    """The first three months, as they are in `original`; `raw`, which the definitions read, is what is changed."""
    with open_warehouse() as session:
        session.run_script("CREATE SCHEMA original; CREATE SCHEMA raw")
        for name, table in read_flights_example().items():
            session.register("given", table)
            months = "WHERE month <= 3" if name in ("flights", "weather") else ""
            session.run_script(f"CREATE TABLE original.{name} AS FROM given {months}")
            session.run_script(f"CREATE TABLE raw.{name} AS FROM original.{name}")
            session.unregister("given")
        session.run_script(ASKED)
        yield session


def prediction_times(session: Session) -> list[Any]:
    """Some of those made a minute before the hour, when the weather is about to be known, and some of the others."""
    times = [
        row["event_timestamp"]
        for row in run(session, "SELECT DISTINCT event_timestamp FROM asked ORDER BY event_timestamp")
    ]
    before_the_hour = [at for at in times if at.minute == 59]
    return before_the_hour[:: len(before_the_hour) // 9] + times[:: len(times) // 9]


def leaks(
    session: Session, definitions: Sequence[Definition], asked: Sequence[str], times: Sequence[Any]
) -> Iterator[Any]:
    """Those of the times at which features change with what became known later."""
    for name in ("flights", "weather"):
        session.run_script(f"CREATE OR REPLACE TABLE raw.{name} AS FROM original.{name}")
    ask_at(session, times)
    spine = "SELECT * FROM asked WHERE event_timestamp IN (SELECT at_time FROM asked_at) ORDER BY flight_id"
    compiled = compile_join(session, definitions, asked, spine)
    before = run(session, compiled)
    for at in times:
        ask_at(session, [at])
        learn_other_things(session, at)
        expected = [row for row in before if row["event_timestamp"] == at]
        if not expected:
            raise ValueError(f"no prediction at {at}")
        if run(session, compiled) != expected:
            yield at


def ask_at(session: Session, times: Sequence[Any]) -> None:
    listed = ", ".join(f"TIMESTAMPTZ '{at}'" for at in times)
    session.run_script(f"CREATE OR REPLACE TABLE asked_at AS SELECT unnest([{listed}]) AS at_time")


def learn_other_things(session: Session, at: Any) -> None:
    """Change in `raw` all that became known later."""
    for statement in (LEARN_OTHER_FLIGHTS, LEARN_OTHER_WEATHER):
        session.run_script(statement.format(at=f"TIMESTAMPTZ '{at}'"))


def everything(**sources: DataSource) -> list[Definition]:
    """The project's definitions, with other sources in the place of those of these names."""
    views = {
        view.name: view.model_copy(update={"source": sources.get(view.source.name, view.source)})
        for view in LOADED.views.values()
    }
    aliased = [
        views[view.of.name].with_entity(*view.aliases, name=view.name, prefix=view.prefix)
        for view in LOADED.aliased_views.values()
    ]
    return [*views.values(), *aliased, *LOADED.on_demand.values(), *LOADED.requests.values()]


def made_from(sources: Collection[str]) -> list[str]:
    """The features of the views of some sources, as a flight can ask for them."""
    aliased = LOADED.aliased_views.values()
    named_apart = {view.of.name for view in aliased}
    others = (view for view in LOADED.views.values() if view.name not in named_apart)
    return references(*(view for view in (*aliased, *others) if view.source.name in sources))


def test_what_became_known_later_changes_no_feature(flights: Session) -> None:
    times = prediction_times(flights)
    assert len(times) >= 18
    assert list(leaks(flights, everything(), REFERENCES, times)) == []


def test_what_became_known_later_is_changed(flights: Session) -> None:
    """Else the test above would say nothing."""
    at = prediction_times(flights)[5]
    learn_other_things(flights, at)
    changed = """
        SELECT count(*) FILTER (raw.actual_departure IS DISTINCT FROM original.actual_departure) AS left,
               count(*) FILTER (raw.cancelled <> original.cancelled) AS cancelled,
               count(*) FILTER (raw.arr_delay IS DISTINCT FROM original.arr_delay) AS landed,
               count(*) FILTER (original.flight_id IS NULL) AS added, count(*) FILTER (raw.flight_id IS NULL) AS removed
        FROM raw.flights AS raw FULL JOIN original.flights AS original USING (flight_id)
    """
    [counts] = run(flights, changed)
    assert all(count > 1000 for count in counts.values()), counts


def minute_early(query: str, field: str, **settings: Any) -> DataSource:
    moved = f"SELECT * REPLACE ({field} - INTERVAL 1 MINUTE AS {field}) FROM ({query})"
    return DataSource(name="early", query=moved, timestamp_field=field, **settings)


def query_of(source: str) -> str:
    return str(LOADED.sources[source].query)


MOVEMENTS_DUE = """
    SELECT origin AS airport, scheduled_departure AS moved_at, dep_delay AS delay FROM raw.flights
    UNION ALL
    SELECT dest AS airport, scheduled_arrival AS moved_at, arr_delay AS delay FROM raw.flights
"""

# how definitions could know too much -> the sources to put in the place of the project's
LEAKS: dict[str, dict[str, DataSource]] = {
    "departures and landings, a minute early": {"movements": minute_early(query_of("movements"), "moved_at")},
    "arrivals, a minute early": {"arrivals": minute_early("FROM raw.flights", "actual_arrival")},
    "arrivals of all, a minute early": {
        "arrivals_all_rows": minute_early(query_of("arrivals_all_rows"), "actual_arrival")
    },
    "cancellations, a minute early": {
        "carrier_cancellation": minute_early(query_of("carrier_cancellation"), "known_from")
    },
    "weather, a minute early": {"observations": minute_early(query_of("observations"), "known_from")},
    "departures and landings, from when they were due": {
        "movements": DataSource(name="due", query=MOVEMENTS_DUE, timestamp_field="moved_at")
    },
    "arrivals, from when they were due": {
        "arrivals": DataSource(name="due", table="raw.flights", timestamp_field="scheduled_arrival")
    },
    "cancellations, from when departures were due": {
        "carrier_cancellation": DataSource(name="due", table="raw.flights", timestamp_field="scheduled_departure")
    },
    "weather, from the beginning of its hour": {
        "observations": DataSource(
            name="hours", query="SELECT *, origin AS airport FROM raw.weather", timestamp_field="time_hour"
        )
    },
}


@pytest.mark.parametrize("how", LEAKS)
def test_the_check_sees_a_leak(flights: Session, how: str) -> None:
    """One prediction at which features change is enough."""
    asked = made_from(LEAKS[how])
    seen = next(leaks(flights, everything(**LEAKS[how]), asked, prediction_times(flights)), None)
    assert seen is not None
