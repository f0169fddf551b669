"""The flight number: the same flight on other days."""

from aops_indb import Aggregation, DType, Entity, FeatureView, OnDemandFeature
from aops_indb.templates import categorical_rates
from feature_defs.carrier import arrivals

flight_number = Entity(
    name="flight_number",
    join_keys=["carrier", "flight"],
    description="Flight number: the carrier's code, and the number",
)

number_delay = FeatureView(
    name="number_delay",
    description="How late the flights of the number arrived",
    owner="flight-operations",
    entities=[flight_number],
    source=arrivals,
    aggregations=[
        Aggregation(function="count", name="number_arrivals", windows=["lifetime"], description="Arrivals"),
        Aggregation(
            column="arr_delay",
            function="quantile",
            q=0.5,
            name="number_median_delay",
            windows=["28d"],
            description="Median arrival delay in minutes",
        ),
        Aggregation(
            column="arr_delay",
            function="last_n",
            n=5,
            name="number_delays",
            windows=["28d"],
            description="Arrival delays of the last five flights in minutes, the last first",
        ),
    ],
)

number_recent_delay = OnDemandFeature(
    name="number_recent_delay",
    dtype=DType.Float64,
    inputs=number_delay[["number_delays_28d"]],
    expr="list_avg(number_delays_28d)",
    description="Mean arrival delay of the last five flights of the number, in minutes",
)

# Few flights tell little: the share of a number with few of them is near that of all flights.
number_late, number_late_overall, number_late_rates = categorical_rates(
    name="number_late",
    category=flight_number,
    source=arrivals,
    condition="arr_delay >= 15",
    windows=["28d"],
    weight=20,
    description="Arrivals of the flight number, and those 15 or more minutes late",
    owner="flight-operations",
)
