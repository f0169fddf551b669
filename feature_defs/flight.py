"""The flight itself: what its schedule says, known when a prediction is asked for."""

from aops_indb import DType, FeatureService, Field, OnDemandFeature, RequestSource
from feature_defs.airport import origin_load
from feature_defs.carrier import carrier_cancellation, carrier_delay
from feature_defs.plane import minutes_since_arrival, plane_age, plane_facts, plane_history, plane_maker
from feature_defs.route import route_delay
from feature_defs.weather import origin_weather

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

flight_delay_features = FeatureService(
    name="flight_delay_features",
    description="What is known about a flight two hours before its scheduled departure",
    owner="flight-operations",
    features=[
        origin_load,
        carrier_delay,
        carrier_cancellation,
        route_delay,
        *plane_history[["last_arr_delay", "plane_flights_24h"]],
        *plane_facts[["seats"]],
        plane_maker,
        plane_age,
        minutes_since_arrival,
        origin_weather,
        scheduled_hour,
        scheduled_weekday,
        "flight_request:distance",
        "flight_request:carrier",
        "flight_request:origin",
    ],
)
