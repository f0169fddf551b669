"""The flight itself: what its schedule says, known when a prediction is asked for."""

from aops_indb import DType, FeatureService, Field, OnDemandFeature, RequestSource
from feature_defs.airport import degrees_east, degrees_north, dest_traffic, origin_traffic
from feature_defs.carrier import carrier_delay
from feature_defs.flight_number import number_delay, number_late_rates, number_recent_delay
from feature_defs.plane import minutes_to_spare, plane_age, plane_facts, plane_history, plane_maker
from feature_defs.route import route_delay, route_delay_v1
from feature_defs.weather import origin_weather, pressure_change

flight_request = RequestSource(
    name="flight_request",
    description="Columns of the schedule that come with the request",
    schema=[
        Field(name="scheduled_departure", dtype=DType.UnixTimestamp, description="Scheduled departure"),
        Field(name="distance", dtype=DType.Float64, description="Distance between the airports in miles"),
        Field(name="carrier", dtype=DType.String, description="Airline, by its IATA code"),
        Field(name="origin", dtype=DType.String, description="Airport of departure"),
    ],
)

scheduled_hour = OnDemandFeature(
    name="scheduled_hour",
    dtype=DType.Float64,
    inputs=["flight_request:scheduled_departure"],
    # New York's clock, whatever the time zone of whoever asks
    expr="""hour(timezone('America/New_York', scheduled_departure))
            + minute(timezone('America/New_York', scheduled_departure)) / 60""",
    description="Scheduled departure by New York's clock, in hours since midnight",
)

scheduled_weekday = OnDemandFeature(
    name="scheduled_weekday",
    dtype=DType.String,
    inputs=["flight_request:scheduled_departure"],
    expr="dayname(timezone('America/New_York', scheduled_departure))",
    description="Weekday of the scheduled departure in New York",
)

known_before = [
    origin_traffic,
    *dest_traffic[["movements_24h", "mean_delay_3h", "mean_delay_24h", "late_24h"]],
    degrees_north,
    degrees_east,
    carrier_delay,
    # a view that is written in SQL
    "carrier_cancellation:carrier_cancelled_7d",
    "carrier_cancellation:carrier_cancelled_28d",
    *number_delay[["number_arrivals_lifetime", "number_median_delay_28d"]],
    number_recent_delay,
    *number_late_rates,
    *plane_history[["last_arr_delay", "plane_flights_24h", "plane_destinations_7d", "seconds_since_arrival_7d"]],
    minutes_to_spare,
    *plane_facts[["seats"]],
    plane_maker,
    plane_age,
    *origin_weather[["temp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"]],
    *origin_weather[["sum_precip_6h", "min_visib_6h"]],
    pressure_change,
    scheduled_hour,
    scheduled_weekday,
    "flight_request:distance",
    "flight_request:carrier",
    "flight_request:origin",
]

flight_delay_features = FeatureService(
    name="flight_delay_features",
    description="What is known about a flight two hours before its scheduled departure",
    owner="flight-operations",
    features=[*known_before, route_delay],
)

flight_delay_features_v1 = FeatureService(
    name="flight_delay_features_v1",
    description="The same with the first version of route_delay: diverted flights are left out of its shares",
    owner="flight-operations",
    features=[*known_before, route_delay_v1],
)
