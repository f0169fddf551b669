"""The weather at an airport; that of the three airports of New York is known."""

from aops_indb import Aggregation, DataSource, DType, FeatureView, Field, OnDemandFeature
from feature_defs.airport import airport, origin

observations = DataSource(
    name="observations",
    # time_hour is the hour in which an observation was made, at any of its minutes: known when that is over
    query="SELECT *, origin AS airport, time_hour + INTERVAL 1 HOUR AS known_from FROM raw.weather",
    timestamp_field="known_from",
    freshness="24h",
    description="Hourly weather observations, from the end of their hour",
)

weather = FeatureView(
    name="weather",
    description="The latest weather observation at the airport, and those of the last hours",
    owner="flight-operations",
    entities=[airport],
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
    aggregations=[
        Aggregation(function="sum", column="precip", windows=["6h"], description="Precipitation in inches"),
        Aggregation(function="min", column="visib", windows=["6h"], description="Least visibility in miles"),
        Aggregation(
            function="last",
            column="pressure",
            name="pressure_before",
            windows=["3h"],
            offset="3h",
            description="Pressure at sea level in millibars, three hours ago",
        ),
    ],
)
origin_weather = weather.with_entity(origin, prefix="origin_")

pressure_change = OnDemandFeature(
    name="pressure_change",
    dtype=DType.Float64,
    inputs=origin_weather[["pressure", "pressure_before_3h"]],
    expr="pressure - pressure_before_3h",
    description="Change of the pressure within three hours, in millibars: falling, a front comes",
)
