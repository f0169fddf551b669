"""The plane: what it is, who flies it, and how its last flights went."""

from aops_indb import Aggregation, Check, DataSource, DType, Entity, FeatureView, Field, OnDemandFeature
from feature_defs.carrier import arrivals

plane = Entity(name="plane", join_keys=["tailnum"], description="Plane, by its tail number")

registrations = DataSource(
    name="registrations",
    table="raw.planes",
    description="What the aircraft register says; it does not change, so it has no time",
    checks=[Check(kind="unique", column="tailnum"), Check(kind="in_range", column="seats", minimum=1, maximum=600)],
)

operations = DataSource(
    name="operations",
    # Seventeen planes changed hands in the year; that is known when the plane first leaves as a flight of the carrier.
    query="""
        WITH changes AS (
            SELECT tailnum, carrier, actual_departure AS began_at
            FROM raw.flights
            WHERE actual_departure IS NOT NULL
            QUALIFY carrier IS DISTINCT FROM lag(carrier) OVER (PARTITION BY tailnum ORDER BY actual_departure)
        )
        SELECT *, lead(began_at) OVER (PARTITION BY tailnum ORDER BY began_at) AS ended_at FROM changes
    """,
    valid_from="began_at",
    valid_to="ended_at",
    description="Who flies a plane, from its first departure until the first of the next carrier",
)

plane_history = FeatureView(
    name="plane_history",
    description="The plane's latest arrivals, and how much it flew",
    owner="flight-operations",
    entities=[plane],
    source=arrivals,
    ttl="7d",
    schema=[
        Field(
            name="last_arr_delay",
            dtype=DType.Float64,
            expr="arr_delay",
            description="Arrival delay of the plane's last flight, in minutes",
        ),
        Field(
            name="last_arrival",
            dtype=DType.UnixTimestamp,
            expr="actual_arrival",
            description="When the plane's last flight landed",
        ),
        Field(
            name="last_air_time",
            dtype=DType.Float64,
            expr="air_time",
            description="How long the plane's last flight was in the air, in minutes",
        ),
    ],
    aggregations=[
        Aggregation(function="count", name="plane_flights", windows=["24h"], description="Arrivals of the plane"),
        Aggregation(
            function="count_distinct",
            column="dest",
            name="plane_destinations",
            windows=["7d"],
            description="Airports that the plane flew to",
        ),
        Aggregation(
            function="time_since",
            name="seconds_since_arrival",
            windows=["7d"],
            description="Seconds since the plane last landed",
        ),
    ],
)

plane_facts = FeatureView(
    name="plane_facts",
    description="Size, age and maker of the plane",
    owner="flight-operations",
    entities=[plane],
    source=registrations,
    schema=[
        Field(name="seats", dtype=DType.Float64, description="Seats"),
        Field(name="year_built", dtype=DType.Int64, expr="year", description="Year of manufacture"),
        Field(
            name="maker",
            dtype=DType.String,
            # the register has three spellings of two makers
            expr="""CASE WHEN manufacturer LIKE 'AIRBUS%' THEN 'AIRBUS'
                         WHEN manufacturer LIKE 'MCDONNELL DOUGLAS%' THEN 'MCDONNELL DOUGLAS'
                         ELSE manufacturer END""",
            description="Manufacturer",
        ),
    ],
)

plane_operator = FeatureView(
    name="plane_operator",
    description="Who flies the plane",
    owner="flight-operations",
    entities=[plane],
    source=operations,
    schema=[Field(name="operator", dtype=DType.String, expr="carrier", description="Airline, by its IATA code")],
)

plane_age = OnDemandFeature(
    name="plane_age",
    dtype=DType.Float64,
    inputs=["plane_facts:year_built"],
    # a year by New York's clock, whatever the time zone of whoever asks
    expr="year(timezone('America/New_York', event_timestamp)) - year_built",
    description="Age of the plane in years",
)

plane_maker = OnDemandFeature(
    name="plane_maker",
    dtype=DType.String,
    inputs=["plane_facts:maker"],
    # one plane in six is not in the register, and text that is missing has no form in ONNX
    expr="coalesce(maker, 'unknown')",
    description="Manufacturer, or 'unknown'",
)

minutes_to_spare = OnDemandFeature(
    name="minutes_to_spare",
    dtype=DType.Float64,
    inputs=["flight_request:scheduled_departure", *plane_history[["last_arrival", "last_air_time"]]],
    # the plane's last flight of the data left New York: it has to come back
    expr="(epoch(scheduled_departure) - epoch(last_arrival)) / 60 - last_air_time",
    description="Minutes between the plane's landing elsewhere, the way back in the air, and the scheduled departure",
)
