"""The airport of departure: how busy it is, and how late its departures have been in the last hours."""

from aops_indb import Aggregation, DataSource, Entity, FeatureView

origin = Entity(
    name="origin",
    join_keys=["origin"],
    description="Airport of departure, by its FAA code",
)

departures = DataSource(
    name="departures",
    table="raw.flights",
    # a departure's delay is known when the flight leaves, not when it was due
    timestamp_field="actual_departure",
    description="Flights that left, from the moment they left",
)

origin_load = FeatureView(
    name="origin_load",
    description="Load and departure delay of the airport of departure",
    owner="flight-operations",
    entities=[origin],
    source=departures,
    aggregations=[
        Aggregation(
            function="count",
            name="departures",
            windows=["1h", "3h", "24h"],
            description="Departures",
        ),
        Aggregation(
            column="dep_delay",
            function="mean",
            windows=["1h", "3h", "24h"],
            description="Mean departure delay in minutes; early departures count below 0",
        ),
        Aggregation(
            expr="dep_delay >= 15",
            function="rate",
            name="departed_late",
            windows=["1h", "3h", "24h"],
            description="Share of departures 15 or more minutes late",
        ),
    ],
)
