-- The view of now: one row for each entity known, with its features.

-- case: windows of one source share one pass
-- view = FeatureView(name="v", entities=[k], source=events, description="What it is", aggregations=[
--     Aggregation(function="count", windows=["1h", "7d"]),
--     Aggregation(function="mean", column="n", windows=["7d"], offset="1d", name="mean_before"),
-- ])

-- case: the newest row
-- view = FeatureView(name="v", entities=[pair], source=events, schema=[
--     n, Field(name="long_label", dtype=DType.Bool, expr="length(label) > 9 OR n = 1"),
-- ])

-- case: ttl, filter and windows
-- view = FeatureView(
--     name="v", entities=[k], source=events, schema=[n], ttl="36h", filter="n > 0 OR x > 0",
--     aggregations=[Aggregation(function="rate", expr="n > 5 AND x > 5", where="label = 'a'", name="r", windows=["1d"])],
-- )

-- case: rows known late
-- view = FeatureView(name="v", entities=[k], source=late, schema=[n], aggregations=[count])

-- case: facts without a time
-- view = FeatureView(name="v", entities=[k], source=register, schema=[Field(name="name", dtype=DType.String)])

-- case: the clock
-- now = None
-- view = FeatureView(name="v", entities=[k], source=events, aggregations=[count])

-- case: the clock, and times without a zone
-- now, time_zone = None, False
-- view = FeatureView(name="v", entities=[k], source=clocks, aggregations=[count])
