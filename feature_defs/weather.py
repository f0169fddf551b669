"""The weather at the airport of departure."""

from aops_indb import DataSource, DType, FeatureView, Field
from feature_defs.airport import origin

observations = DataSource(
    name="observations",
    # time_hour is the hour in which an observation was made, at any of its minutes: known when that is over
    query="SELECT *, time_hour + INTERVAL 1 HOUR AS known_from FROM raw.weather",
    timestamp_field="known_from",
    description="Hourly weather observations, from the end of their hour",
)

origin_weather = FeatureView(
    name="origin_weather",
    description="The latest weather observation at the airport of departure",
    owner="flight-operations",
    entities=[origin],
    source=observations,
    ttl="3h",
    schema=[
        Field(name="temp", dtype=DType.Float64, description="Temperature in degrees Fahrenheit"),
        Field(name="humid", dtype=DType.Float64, description="Relative humidity in per cent"),
        Field(name="wind_speed", dtype=DType.Float64, description="Wind speed in miles per hour"),
        Field(name="wind_gust", dtype=DType.Float64, description="Gust speed in miles per hour, NULL if none"),
        Field(name="precip", dtype=DType.Float64, description="Precipitation in inches"),
        Field(name="pressure", dtype=DType.Float64, description="Pressure at sea level in millibars"),
        Field(name="visib", dtype=DType.Float64, description="Visibility in miles"),
    ],
)
