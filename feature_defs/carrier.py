"""The carrier: how late its flights arrive, over weeks. How many it cancels: carrier_cancellation.sql."""

from aops_indb import Aggregation, Check, DataSource, Entity, FeatureView, Materialization

carrier = Entity(name="carrier", join_keys=["carrier"], description="Airline, by its IATA code")

arrivals = DataSource(
    name="arrivals",
    table="raw.flights",
    # an arrival's delay is known when the flight lands
    timestamp_field="actual_arrival",
    description="Flights that landed, from the moment they landed",
    freshness="6h",
    checks=[
        Check(kind="not_null", columns=["carrier", "origin", "dest", "distance"], blocks_scoring=True),
        Check(kind="unique", column="flight_id"),
        Check(kind="matches", column="carrier", pattern="[A-Z0-9]{2}"),
        # no flight of the year was earlier than 90 minutes, or later than a day
        Check(kind="in_range", column="arr_delay", minimum=-90, maximum=1440, severity="warn"),
    ],
)

carrier_delay = FeatureView(
    name="carrier_delay",
    description="Arrival delay of the carrier's flights from New York",
    owner="flight-operations",
    entities=[carrier],
    source=arrivals,
    # analysts ask for its history: it is kept as a table, and a landing that is reported late is read again
    materialization=Materialization(lookback="2d", chunk="92d"),
    checks=[Check(kind="in_range", column="carrier_late_28d", minimum=0, maximum=1)],
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
        Aggregation(
            expr="arr_delay >= 15",
            function="rate",
            name="carrier_late_before",
            windows=["7d"],
            offset="7d",
            description="Share of arrivals 15 or more minutes late, a week ago",
        ),
    ],
)
