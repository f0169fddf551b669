"""Airports: a flight has two, and what is known of an airport is defined once and joined for both."""

from aops_indb import Aggregation, Check, DataSource, DType, Entity, FeatureView, Field, OnDemandFeature

airport = Entity(name="airport", join_keys=["airport"], description="Airport, by its FAA code")
# its two parts in a flight: columns of the rows that are to be predicted
origin = airport.alias("origin", join_keys=["origin"])
dest = airport.alias("dest", join_keys=["dest"])

movements = DataSource(
    name="movements",
    # a delay is known when the flight leaves or lands, not when it was due
    query="""
        SELECT origin AS airport, actual_departure AS moved_at, dep_delay AS delay FROM raw.flights
        UNION ALL
        SELECT dest AS airport, actual_arrival AS moved_at, arr_delay AS delay FROM raw.flights
    """,
    timestamp_field="moved_at",
    description="Departures and landings of flights from New York, from the moment they happened",
    freshness="6h",
)

listed_airports = DataSource(
    name="listed_airports",
    query="SELECT *, faa AS airport FROM raw.airports",
    description="What the list of airports says; it does not change, so it has no time",
    checks=[Check(kind="unique", column="airport"), Check(kind="in_range", column="lat", minimum=-90, maximum=90)],
)

traffic = FeatureView(
    name="traffic",
    description="How busy the airport is, and how late its flights have been in the last hours",
    owner="flight-operations",
    entities=[airport],
    source=movements,
    aggregations=[
        Aggregation(
            function="count",
            name="movements",
            windows=["1h", "3h", "24h"],
            description="Departures and landings",
        ),
        Aggregation(
            column="delay",
            function="mean",
            windows=["1h", "3h", "24h"],
            description="Mean delay in minutes; what was early counts below 0",
        ),
        Aggregation(
            column="delay",
            function="mean",
            name="mean_delay_before",
            windows=["3h"],
            offset="3h",
            description="Mean delay in minutes, three hours ago",
        ),
        Aggregation(
            expr="delay >= 15",
            function="rate",
            name="late",
            windows=["1h", "3h", "24h"],
            description="Share that was 15 or more minutes late",
        ),
    ],
)
origin_traffic = traffic.with_entity(origin, prefix="origin_")
dest_traffic = traffic.with_entity(dest, prefix="dest_")

place = FeatureView(
    name="place",
    description="Where the airport is",
    owner="flight-operations",
    entities=[airport],
    source=listed_airports,
    schema=[
        Field(name="lat", dtype=DType.Float64, description="Latitude in degrees"),
        Field(name="lon", dtype=DType.Float64, description="Longitude in degrees"),
    ],
)
origin_place = place.with_entity(origin)
dest_place = place.with_entity(dest)

degrees_north = OnDemandFeature(
    name="degrees_north",
    dtype=DType.Float64,
    inputs=[*origin_place[["lat"]], *dest_place[["lat"]]],
    expr="dest_place__lat - origin_place__lat",
    description="How far north the flight goes, in degrees",
)

degrees_east = OnDemandFeature(
    name="degrees_east",
    dtype=DType.Float64,
    inputs=[*origin_place[["lon"]], *dest_place[["lon"]]],
    expr="dest_place__lon - origin_place__lon",
    description="How far east the flight goes, in degrees: with the wind, or against it",
)
