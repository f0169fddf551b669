"""The plane: what it is, and how its last flight went."""

from aops_indb import Aggregation, DataSource, DType, Entity, FeatureView, Field, OnDemandFeature
from feature_defs.carrier import arrivals

plane = Entity(name="plane", join_keys=["tailnum"], description="Plane, by its tail number")

registrations = DataSource(
    name="registrations",
    table="raw.planes",
    description="What the aircraft register says; it does not change, so it has no time",
)

plane_history = FeatureView(
    name="plane_history",
    description="The plane's latest arrival, and how much it flew",
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
    ],
    aggregations=[
        Aggregation(function="count", name="plane_flights", windows=["24h"], description="Arrivals of the plane"),
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

minutes_since_arrival = OnDemandFeature(
    name="minutes_since_arrival",
    dtype=DType.Float64,
    inputs=["plane_history:last_arrival"],
    expr="(epoch(event_timestamp) - epoch(last_arrival)) / 60",
    description="Minutes since the plane's last flight landed",
)
