-- The history: one row for each moment from which an entity's features hold.

-- case: windows change when a row comes and when it leaves
-- view = FeatureView(name="v", entities=[k], source=events, aggregations=[
--     Aggregation(function="sum", column="n", windows=["1h"], offset="30m"),
-- ])

-- case: the newest row, until its ttl
-- view = FeatureView(name="v", entities=[pair], source=late, schema=[n], ttl="1d")

-- case: facts without a time
-- view = FeatureView(name="v", entities=[k], source=register, schema=[Field(name="name", dtype=DType.String)])
