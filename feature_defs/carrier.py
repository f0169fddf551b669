"""The carrier: how late its flights arrive, and how many it cancels, over weeks."""

from aops_indb import Aggregation, Check, DataSource, Entity, FeatureView

carrier = Entity(name="carrier", join_keys=["carrier"], description="Airline, by its IATA code")

arrivals = DataSource(
    name="arrivals",
    table="raw.flights",
    # an arrival's delay is known when the flight lands
    timestamp_field="actual_arrival",
    description="Flights that landed, from the moment they landed",
    checks=[
        Check(kind="not_null", columns=["carrier", "origin", "dest", "distance"], blocks_scoring=True),
        Check(kind="unique", column="flight_id"),
        Check(kind="matches", column="carrier", pattern="[A-Z0-9]{2}"),
        # no flight of the year was earlier than 90 minutes, or later than a day
        Check(kind="in_range", column="arr_delay", minimum=-90, maximum=1440, severity="warn"),
    ],
)

outcomes = DataSource(
    name="outcomes",
    # The data does not say when a flight was cancelled. No flight left later than 21 h 41 min after schedule,
    # so 24 hours after schedule one that has not left is known not to leave.
    query="""
        SELECT carrier, cancelled,
               coalesce(actual_departure, scheduled_departure + INTERVAL 24 HOUR) AS known_from
        FROM raw.flights
    """,
    timestamp_field="known_from",
    description="Flights that left or were cancelled, from the moment it was certain which",
)

carrier_delay = FeatureView(
    name="carrier_delay",
    description="Arrival delay of the carrier's flights from New York",
    owner="flight-operations",
    entities=[carrier],
    source=arrivals,
    aggregations=[
        Aggregation(
            column="arr_delay",
            function="mean",
            name="carrier_arr_delay",
            windows=["7d", "28d"],
            description="Mean arrival delay in minutes",
        ),
        Aggregation(
            expr="arr_delay >= 15",
            function="rate",
            name="carrier_late",
            windows=["7d", "28d"],
            description="Share of arrivals 15 or more minutes late",
        ),
    ],
)

carrier_cancellation = FeatureView(
    name="carrier_cancellation",
    description="Cancellations of the carrier's flights from New York",
    owner="flight-operations",
    entities=[carrier],
    source=outcomes,
    aggregations=[
        Aggregation(
            expr="cancelled",
            function="rate",
            name="carrier_cancelled",
            windows=["7d", "28d"],
            description="Share of flights cancelled",
        ),
    ],
)
