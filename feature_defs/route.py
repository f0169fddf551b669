"""The route, a pair of airports: how late its flights arrive."""

from aops_indb import Aggregation, Entity, FeatureView
from feature_defs.carrier import arrivals

route = Entity(
    name="route",
    join_keys=["origin", "dest"],
    description="Airports of departure and arrival, by their FAA codes",
)

route_delay = FeatureView(
    name="route_delay",
    description="Arrival delay on the route",
    owner="flight-operations",
    entities=[route],
    source=arrivals,
    aggregations=[
        Aggregation(function="count", name="route_arrivals", windows=["28d"], description="Arrivals"),
        Aggregation(
            column="arr_delay",
            function="mean",
            name="route_arr_delay",
            windows=["28d"],
            description="Mean arrival delay in minutes",
        ),
        Aggregation(
            expr="arr_delay >= 15",
            function="rate",
            name="route_late",
            windows=["28d"],
            description="Share of arrivals 15 or more minutes late",
        ),
    ],
)
