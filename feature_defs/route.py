"""The route, a pair of airports: how late its flights arrive."""

from aops_indb import Aggregation, Entity, FeatureView
from feature_defs.carrier import arrivals

route = Entity(
    name="route",
    join_keys=["origin", "dest"],
    description="Airports of departure and arrival, by their FAA codes",
)

count = Aggregation(function="count", name="route_arrivals", windows=["28d"], description="Arrivals")
delay = Aggregation(
    column="arr_delay",
    function="mean",
    name="route_arr_delay",
    windows=["28d"],
    description="Mean arrival delay in minutes",
)

# Two versions side by side: who asks for route_delay gets the newest, who asks for route_delay@v1 the first.
route_delay_v1 = FeatureView(
    name="route_delay",
    version=1,
    description="Arrival delay on the route; a diverted flight does not count",
    owner="flight-operations",
    entities=[route],
    source=arrivals,
    aggregations=[
        count,
        delay,
        Aggregation(
            expr="arr_delay >= 15",
            function="rate",
            name="route_late",
            windows=["28d"],
            description="Share of arrivals 15 or more minutes late",
        ),
    ],
)

route_delay = FeatureView(
    name="route_delay",
    version=2,
    description="Arrival delay on the route; a diverted flight is late",
    owner="flight-operations",
    entities=[route],
    source=arrivals,
    aggregations=[
        count,
        delay,
        Aggregation(
            # a diverted flight has no delay: it landed elsewhere
            expr="arr_delay IS NULL OR arr_delay >= 15",
            function="rate",
            name="route_late",
            windows=["28d", "lifetime"],
            description="Share of flights that landed elsewhere, or 15 or more minutes late",
        ),
    ],
)
