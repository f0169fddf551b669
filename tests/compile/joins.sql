-- Point-in-time joins: each row of the spine with the features as known at its event_timestamp.

-- case: prefix sums
-- view = FeatureView(name="v", entities=[k], source=events, aggregations=[
--     Aggregation(function="mean", column="n", windows=["1h"]),
--     Aggregation(function="count", windows=["1h"], offset="1d", where="x > 0"),
-- ])
-- features = ["v:mean_n_1h", "v:count_1h"]

-- case: timeline
-- view = FeatureView(name="v", entities=[pair], source=events, aggregations=[
--     Aggregation(function="sum", column="x", windows=["1h"]),
--     Aggregation(function="max", column="label", windows=["1d"], offset="30m"),
-- ])
-- features = ["v:sum_x_1h", "v:max_label_1d"]

-- case: range join, for rows known late
-- view = FeatureView(name="v", entities=[k], source=late, aggregations=[
--     Aggregation(function="count", windows=["1h"]),
--     Aggregation(function="min", column="n", windows=["1d"], offset="30m"),
-- ])
-- features = ["v:count_1h", "v:min_n_1d"]

-- case: range join, where it is chosen
-- algorithm = "range_join"
-- view = FeatureView(name="v", entities=[k], source=events, aggregations=[count])
-- features = ["v:count_1d"]

-- case: the newest row
-- view = FeatureView(name="v", entities=[pair], source=events, schema=[n, Field(name="x", dtype=DType.Float64)], ttl="7d")
-- features = ["v:x"]

-- case: the newest row, known late
-- view = FeatureView(name="v", entities=[k], source=late, schema=[n])
-- features = ["v:n"]

-- case: facts without a time
-- view = FeatureView(name="v", entities=[k], source=register, schema=[Field(name="name", dtype=DType.String)])
-- features = ["v:name"]

-- case: on demand
-- view = FeatureView(name="v", entities=[k], source=register, schema=[
--     Field(name="born", dtype=DType.Int64, expr="1900 + year"),
-- ])
-- request = RequestSource(name="request", schema=[Field(name="amount", dtype=DType.Float64)])
-- age = OnDemandFeature(
--     name="age", dtype=DType.Float64, expr="(year(event_timestamp) - born) * amount",
--     inputs=["v:born", "request:amount"],
-- )
-- features = ["age", "request:amount"]

-- case: two views, and names in full
-- full_feature_names = True
-- first = FeatureView(name="first", entities=[k], source=register, schema=[Field(name="name", dtype=DType.String)])
-- second = FeatureView(name="second", entities=[pair], source=events, schema=[n])
-- features = ["second:n", "first:name"]
