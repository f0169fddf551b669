-- The as-of function: the view as it was known at a time.

-- case: newest row and window
-- view = FeatureView(name="v", entities=[k], source=events, schema=[n], ttl="1d", aggregations=[count])

-- case: times without a zone
-- time_zone = False
-- view = FeatureView(name="v", entities=[k], source=clocks, schema=[n])

-- case: a column named as the parameter
-- view = FeatureView(name="v", entities=[k], source=events, aggregations=[
--     Aggregation(function="count", expr="ts", name="c", windows=["1d"]),
-- ])

-- case: facts without a time
-- view = FeatureView(name="v", entities=[k], source=register, schema=[Field(name="name", dtype=DType.String)])
