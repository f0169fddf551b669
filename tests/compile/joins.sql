-- Point-in-time joins: each row of the spine with the features as known at its event_timestamp.

-- case: prefix sums
-- view = FeatureView(name="v", entities=[k], source=events, aggregations=[
--     Aggregation(function="mean", column="n", windows=["1h"]),
--     Aggregation(function="count", windows=["1h"], offset="1d", where="x > 0"),
-- ])
-- features = ["v:mean_n_1h", "v:count_1h"]
WITH "__entity_df" AS (
  SELECT
    *,
    ROW_NUMBER() OVER () AS "__row"
  FROM (
    SELECT
      *
    FROM spine
  ) AS "spine"
), "v__points" AS (
  SELECT DISTINCT
    "k",
    "event_timestamp"
  FROM "__entity_df"
  WHERE
    "k" IS NOT NULL AND "event_timestamp" IS NOT NULL
), "v__rows" AS (
  SELECT
    "k" AS "k",
    "at" AS "__known_at",
    "at" AS "event_timestamp",
    "n" AS "__value_1",
    CASE WHEN x > 0 THEN 1 END AS "__value_2"
  FROM "events"
  WHERE
    "k" IS NOT NULL AND "at" IS NOT NULL
), "v__totals" AS (
  SELECT
    "k" AS "k",
    "event_timestamp" AS "event_timestamp",
    CAST(COUNT("__value_1") AS DOUBLE) AS "__value_1_count",
    SUM("__value_1") AS "__value_1_sum",
    CAST(COUNT("__value_2") AS DOUBLE) AS "__value_2_count"
  FROM "v__rows"
  GROUP BY
    "k",
    "event_timestamp"
), "v__running" AS (
  SELECT
    "k" AS "k",
    "event_timestamp" AS "event_timestamp",
    SUM("__value_1_count") OVER "so_far" AS "__value_1_count",
    SUM("__value_1_sum") OVER "so_far" AS "__value_1_sum",
    SUM("__value_2_count") OVER "so_far" AS "__value_2_count"
  FROM "v__totals"
  WINDOW "so_far" AS (
    PARTITION BY "k"
    ORDER BY "event_timestamp" ASC NULLS LAST
    RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
), "v__at_points" AS (
  SELECT
    "v__points"."k" AS "k",
    "v__points"."event_timestamp" AS "event_timestamp",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_3600s_ago"."__value_1_count", 0) > 0
      THEN COALESCE("until_now"."__value_1_sum", 0) - COALESCE("until_3600s_ago"."__value_1_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_3600s_ago"."__value_1_count", 0)
    ) AS "mean_n_1h",
    CAST(COALESCE(
      COALESCE("until_86400s_ago"."__value_2_count", 0) - COALESCE("until_90000s_ago"."__value_2_count", 0),
      0
    ) AS BIGINT) AS "count_1h"
  FROM "v__points"
  ASOF LEFT JOIN "v__running" AS "until_now"
    ON "v__points"."k" = "until_now"."k"
    AND "v__points"."event_timestamp" >= "until_now"."event_timestamp"
  ASOF LEFT JOIN "v__running" AS "until_3600s_ago"
    ON "v__points"."k" = "until_3600s_ago"."k"
    AND "v__points"."event_timestamp" - INTERVAL '1' HOUR >= "until_3600s_ago"."event_timestamp"
  ASOF LEFT JOIN "v__running" AS "until_86400s_ago"
    ON "v__points"."k" = "until_86400s_ago"."k"
    AND "v__points"."event_timestamp" - INTERVAL '24' HOUR >= "until_86400s_ago"."event_timestamp"
  ASOF LEFT JOIN "v__running" AS "until_90000s_ago"
    ON "v__points"."k" = "until_90000s_ago"."k"
    AND "v__points"."event_timestamp" - INTERVAL '25' HOUR >= "until_90000s_ago"."event_timestamp"
)
SELECT
  "__entity_df"."k" AS "k",
  "__entity_df"."l" AS "l",
  "__entity_df"."event_timestamp" AS "event_timestamp",
  "__entity_df"."amount" AS "amount",
  "v__at_points"."mean_n_1h" AS "mean_n_1h",
  "v__at_points"."count_1h" AS "count_1h"
FROM "__entity_df"
LEFT JOIN "v__at_points"
  ON "__entity_df"."k" = "v__at_points"."k"
  AND "__entity_df"."event_timestamp" = "v__at_points"."event_timestamp"
ORDER BY
  "__entity_df"."__row" ASC NULLS LAST;

-- case: timeline
-- view = FeatureView(name="v", entities=[pair], source=events, aggregations=[
--     Aggregation(function="sum", column="x", windows=["1h"]),
--     Aggregation(function="max", column="label", windows=["1d"], offset="30m"),
-- ])
-- features = ["v:sum_x_1h", "v:max_label_1d"]
WITH "__entity_df" AS (
  SELECT
    *,
    ROW_NUMBER() OVER () AS "__row"
  FROM (
    SELECT
      *
    FROM spine
  ) AS "spine"
), "v__points" AS (
  SELECT DISTINCT
    "k",
    "l",
    "event_timestamp"
  FROM "__entity_df"
  WHERE
    "k" IS NOT NULL AND "l" IS NOT NULL AND "event_timestamp" IS NOT NULL
), "v__rows" AS (
  SELECT
    "k" AS "k",
    "l" AS "l",
    "at" AS "__known_at",
    "at" AS "event_timestamp",
    "x" AS "__value_1",
    CAST("label" AS TEXT) AS "__value_2"
  FROM "events"
  WHERE
    "k" IS NOT NULL AND "l" IS NOT NULL AND "at" IS NOT NULL
), "v__timeline" AS (
  SELECT
    "k",
    "l",
    "event_timestamp",
    "__value_2",
    FALSE AS "__is_point"
  FROM "v__rows"
  UNION ALL
  SELECT
    "k",
    "l",
    "event_timestamp",
    NULL AS "__value_2",
    TRUE AS "__is_point"
  FROM "v__points"
), "v__windows" AS (
  SELECT
    "k" AS "k",
    "l" AS "l",
    "event_timestamp" AS "event_timestamp",
    "__is_point" AS "__is_point",
    MAX("__value_2") OVER "last_86400s_1800s_ago" AS "__value_2_max_last_86400s_1800s_ago"
  FROM "v__timeline"
  WINDOW "last_86400s_1800s_ago" AS (
    PARTITION BY "k", "l"
    ORDER BY "event_timestamp" ASC NULLS LAST
    RANGE BETWEEN INTERVAL '88199999999' MICROSECOND PRECEDING AND INTERVAL '30' MINUTE PRECEDING
  )
), "v__by_timeline" AS (
  SELECT
    "k" AS "k",
    "l" AS "l",
    "event_timestamp" AS "event_timestamp",
    "__value_2_max_last_86400s_1800s_ago" AS "max_label_1d"
  FROM "v__windows"
  WHERE
    "__is_point"
), "v__fitting" AS (
  SELECT
    *,
    CASE
      WHEN ABS(CAST("__value_1" AS DOUBLE)) >= 1.1258999068426240e+15
      THEN 0.0000000000000000e+00
      WHEN CAST("__value_1" AS DOUBLE) * 1.2089258196146292e+24 <> FLOOR(CAST("__value_1" AS DOUBLE) * 1.2089258196146292e+24)
      THEN 0.0000000000000000e+00
      ELSE CAST("__value_1" AS DOUBLE)
    END AS "__value_1_fitting"
  FROM "v__rows"
), "v__parts" AS (
  SELECT
    *,
    FLOOR("__value_1_fitting" * 5.9604644775390625e-08) * 1.6777216000000000e+07 AS "__value_1_part_1",
    (
      FLOOR("__value_1_fitting" * 4.0000000000000000e+00) * 2.5000000000000000e-01
    ) - (
      FLOOR("__value_1_fitting" * 5.9604644775390625e-08) * 1.6777216000000000e+07
    ) AS "__value_1_part_2",
    (
      FLOOR("__value_1_fitting" * 2.6843545600000000e+08) * 3.7252902984619141e-09
    ) - (
      FLOOR("__value_1_fitting" * 4.0000000000000000e+00) * 2.5000000000000000e-01
    ) AS "__value_1_part_3",
    (
      FLOOR("__value_1_fitting" * 1.8014398509481984e+16) * 5.5511151231257827e-17
    ) - (
      FLOOR("__value_1_fitting" * 2.6843545600000000e+08) * 3.7252902984619141e-09
    ) AS "__value_1_part_4",
    "__value_1_fitting" - (
      FLOOR("__value_1_fitting" * 1.8014398509481984e+16) * 5.5511151231257827e-17
    ) AS "__value_1_part_5"
  FROM "v__fitting"
), "v__outliers" AS (
  SELECT
    *,
    CASE
      WHEN "__value_1_fitting" <> CAST("__value_1" AS DOUBLE)
      THEN CAST("__value_1" AS DOUBLE)
    END AS "__value_1_outlier"
  FROM "v__fitting"
  WHERE
    "__value_1_fitting" <> CAST("__value_1" AS DOUBLE)
), "v__totals" AS (
  SELECT
    "k" AS "k",
    "l" AS "l",
    "event_timestamp" AS "event_timestamp",
    CAST(COUNT("__value_1") AS DOUBLE) AS "__value_1_count",
    SUM("__value_1_part_1") AS "__value_1_part_1_sum",
    SUM("__value_1_part_2") AS "__value_1_part_2_sum",
    SUM("__value_1_part_3") AS "__value_1_part_3_sum",
    SUM("__value_1_part_4") AS "__value_1_part_4_sum",
    SUM("__value_1_part_5") AS "__value_1_part_5_sum"
  FROM "v__parts"
  GROUP BY
    "k",
    "l",
    "event_timestamp"
), "v__running" AS (
  SELECT
    "k" AS "k",
    "l" AS "l",
    "event_timestamp" AS "event_timestamp",
    CASE
      WHEN SUM("__value_1_count") OVER "so_far" > 134217728
      THEN ERROR(
        'a sum of floats over more than 134217728 rows of one entity would not be exact: aggregate a DECIMAL, e.g. Aggregation(expr=''CAST(amount AS DECIMAL(18, 2))'', …)'
      )
      ELSE SUM("__value_1_count") OVER "so_far"
    END AS "__value_1_count",
    SUM("__value_1_part_1_sum") OVER "so_far" AS "__value_1_part_1_sum",
    SUM("__value_1_part_2_sum") OVER "so_far" AS "__value_1_part_2_sum",
    SUM("__value_1_part_3_sum") OVER "so_far" AS "__value_1_part_3_sum",
    SUM("__value_1_part_4_sum") OVER "so_far" AS "__value_1_part_4_sum",
    SUM("__value_1_part_5_sum") OVER "so_far" AS "__value_1_part_5_sum"
  FROM "v__totals"
  WINDOW "so_far" AS (
    PARTITION BY "k", "l"
    ORDER BY "event_timestamp" ASC NULLS LAST
    RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
), "v__reduced" AS (
  SELECT
    "v__points"."k" AS "k",
    "v__points"."l" AS "l",
    "v__points"."event_timestamp" AS "event_timestamp",
    CASE
      WHEN COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_3600s_ago"."__value_1_count", 0) > 0
      THEN COALESCE("until_now"."__value_1_part_1_sum", 0) - COALESCE("until_3600s_ago"."__value_1_part_1_sum", 0)
    END AS "__value_1_part_1_sum_last_3600s",
    CASE
      WHEN COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_3600s_ago"."__value_1_count", 0) > 0
      THEN COALESCE("until_now"."__value_1_part_2_sum", 0) - COALESCE("until_3600s_ago"."__value_1_part_2_sum", 0)
    END AS "__value_1_part_2_sum_last_3600s",
    CASE
      WHEN COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_3600s_ago"."__value_1_count", 0) > 0
      THEN COALESCE("until_now"."__value_1_part_3_sum", 0) - COALESCE("until_3600s_ago"."__value_1_part_3_sum", 0)
    END AS "__value_1_part_3_sum_last_3600s",
    CASE
      WHEN COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_3600s_ago"."__value_1_count", 0) > 0
      THEN COALESCE("until_now"."__value_1_part_4_sum", 0) - COALESCE("until_3600s_ago"."__value_1_part_4_sum", 0)
    END AS "__value_1_part_4_sum_last_3600s",
    CASE
      WHEN COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_3600s_ago"."__value_1_count", 0) > 0
      THEN COALESCE("until_now"."__value_1_part_5_sum", 0) - COALESCE("until_3600s_ago"."__value_1_part_5_sum", 0)
    END AS "__value_1_part_5_sum_last_3600s",
    COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_3600s_ago"."__value_1_count", 0) AS "__value_1_count_last_3600s"
  FROM "v__points"
  ASOF LEFT JOIN "v__running" AS "until_now"
    ON "v__points"."k" = "until_now"."k"
    AND "v__points"."l" = "until_now"."l"
    AND "v__points"."event_timestamp" >= "until_now"."event_timestamp"
  ASOF LEFT JOIN "v__running" AS "until_3600s_ago"
    ON "v__points"."k" = "until_3600s_ago"."k"
    AND "v__points"."l" = "until_3600s_ago"."l"
    AND "v__points"."event_timestamp" - INTERVAL '1' HOUR >= "until_3600s_ago"."event_timestamp"
), "v__sums" AS (
  SELECT
    "k" AS "k",
    "l" AS "l",
    "event_timestamp" AS "event_timestamp",
    "__value_1_count_last_3600s" AS "__value_1_count_last_3600s",
    CASE
      WHEN "__value_1_count_last_3600s" > 134217728
      THEN ERROR(
        'a sum of floats over more than 134217728 rows of one entity would not be exact: aggregate a DECIMAL, e.g. Aggregation(expr=''CAST(amount AS DECIMAL(18, 2))'', …)'
      )
      ELSE (
        (
          (
            (
              "__value_1_part_1_sum_last_3600s" + "__value_1_part_2_sum_last_3600s"
            ) + "__value_1_part_3_sum_last_3600s"
          ) + "__value_1_part_4_sum_last_3600s"
        ) + "__value_1_part_5_sum_last_3600s"
      ) + (
        (
          (
            "__value_1_part_2_sum_last_3600s" - (
              (
                "__value_1_part_1_sum_last_3600s" + "__value_1_part_2_sum_last_3600s"
              ) - "__value_1_part_1_sum_last_3600s"
            )
          ) + (
            "__value_1_part_3_sum_last_3600s" - (
              (
                (
                  "__value_1_part_1_sum_last_3600s" + "__value_1_part_2_sum_last_3600s"
                ) + "__value_1_part_3_sum_last_3600s"
              ) - (
                "__value_1_part_1_sum_last_3600s" + "__value_1_part_2_sum_last_3600s"
              )
            )
          )
        ) + (
          (
            "__value_1_part_4_sum_last_3600s" - (
              (
                (
                  (
                    "__value_1_part_1_sum_last_3600s" + "__value_1_part_2_sum_last_3600s"
                  ) + "__value_1_part_3_sum_last_3600s"
                ) + "__value_1_part_4_sum_last_3600s"
              ) - (
                (
                  "__value_1_part_1_sum_last_3600s" + "__value_1_part_2_sum_last_3600s"
                ) + "__value_1_part_3_sum_last_3600s"
              )
            )
          ) + (
            "__value_1_part_5_sum_last_3600s" - (
              (
                (
                  (
                    (
                      "__value_1_part_1_sum_last_3600s" + "__value_1_part_2_sum_last_3600s"
                    ) + "__value_1_part_3_sum_last_3600s"
                  ) + "__value_1_part_4_sum_last_3600s"
                ) + "__value_1_part_5_sum_last_3600s"
              ) - (
                (
                  (
                    "__value_1_part_1_sum_last_3600s" + "__value_1_part_2_sum_last_3600s"
                  ) + "__value_1_part_3_sum_last_3600s"
                ) + "__value_1_part_4_sum_last_3600s"
              )
            )
          )
        )
      )
    END AS "__value_1_sum_last_3600s"
  FROM "v__reduced"
), "v__outlier_sums" AS (
  SELECT
    "points"."k" AS "k",
    "points"."l" AS "l",
    "points"."event_timestamp" AS "event_timestamp",
    SUM(
      "events"."__value_1_outlier" ORDER BY ABS("events"."__value_1_outlier") DESC NULLS LAST, "events"."__value_1_outlier" DESC NULLS LAST
    ) FILTER(WHERE
      "events"."event_timestamp" > "points"."event_timestamp" - INTERVAL '1' HOUR) AS "__value_1_outlier_sum_in_order_last_3600s"
  FROM "v__points" AS "points"
  INNER JOIN "v__outliers" AS "events"
    ON "events"."k" = "points"."k"
    AND "events"."l" = "points"."l"
    AND "events"."__known_at" <= "points"."event_timestamp"
    AND "events"."event_timestamp" > "points"."event_timestamp" - INTERVAL '1' HOUR
  GROUP BY
    "points"."k",
    "points"."l",
    "points"."event_timestamp"
), "v__by_prefix_sums" AS (
  SELECT
    "v__sums"."k" AS "k",
    "v__sums"."l" AS "l",
    "v__sums"."event_timestamp" AS "event_timestamp",
    CAST("v__sums"."__value_1_sum_last_3600s" + COALESCE(
      "v__outlier_sums"."__value_1_outlier_sum_in_order_last_3600s",
      0.0000000000000000e+00
    ) AS DOUBLE) AS "sum_x_1h"
  FROM "v__sums"
  LEFT JOIN "v__outlier_sums"
    ON "v__sums"."k" = "v__outlier_sums"."k"
    AND "v__sums"."l" = "v__outlier_sums"."l"
    AND "v__sums"."event_timestamp" = "v__outlier_sums"."event_timestamp"
), "v__at_points" AS (
  SELECT
    "v__by_timeline"."k" AS "k",
    "v__by_timeline"."l" AS "l",
    "v__by_timeline"."event_timestamp" AS "event_timestamp",
    "v__by_timeline"."max_label_1d" AS "max_label_1d",
    "v__by_prefix_sums"."sum_x_1h" AS "sum_x_1h"
  FROM "v__by_timeline"
  LEFT JOIN "v__by_prefix_sums"
    ON "v__by_timeline"."k" = "v__by_prefix_sums"."k"
    AND "v__by_timeline"."l" = "v__by_prefix_sums"."l"
    AND "v__by_timeline"."event_timestamp" = "v__by_prefix_sums"."event_timestamp"
)
SELECT
  "__entity_df"."k" AS "k",
  "__entity_df"."l" AS "l",
  "__entity_df"."event_timestamp" AS "event_timestamp",
  "__entity_df"."amount" AS "amount",
  "v__at_points"."sum_x_1h" AS "sum_x_1h",
  "v__at_points"."max_label_1d" AS "max_label_1d"
FROM "__entity_df"
LEFT JOIN "v__at_points"
  ON "__entity_df"."k" = "v__at_points"."k"
  AND "__entity_df"."l" = "v__at_points"."l"
  AND "__entity_df"."event_timestamp" = "v__at_points"."event_timestamp"
ORDER BY
  "__entity_df"."__row" ASC NULLS LAST;

-- case: range join, for rows known late
-- view = FeatureView(name="v", entities=[k], source=late, aggregations=[
--     Aggregation(function="count", windows=["1h"]),
--     Aggregation(function="min", column="n", windows=["1d"], offset="30m"),
-- ])
-- features = ["v:count_1h", "v:min_n_1d"]
WITH "__entity_df" AS (
  SELECT
    *,
    ROW_NUMBER() OVER () AS "__row"
  FROM (
    SELECT
      *
    FROM spine
  ) AS "spine"
), "v__points" AS (
  SELECT DISTINCT
    "k",
    "event_timestamp"
  FROM "__entity_df"
  WHERE
    "k" IS NOT NULL AND "event_timestamp" IS NOT NULL
), "v__rows" AS (
  SELECT
    "k" AS "k",
    CASE
      WHEN "at" IS NULL OR COALESCE("created", "at") IS NULL
      THEN NULL
      ELSE GREATEST("at", COALESCE("created", "at"))
    END AS "__known_at",
    "at" AS "event_timestamp",
    COALESCE("created", "at") AS "__created",
    1 AS "__value_1",
    "n" AS "__value_2"
  FROM "events"
  WHERE
    "k" IS NOT NULL AND "at" IS NOT NULL
), "v__at_points" AS (
  SELECT
    "points"."k" AS "k",
    "points"."event_timestamp" AS "event_timestamp",
    CAST(COALESCE(
      COUNT(
        CASE
          WHEN "events"."event_timestamp" > "points"."event_timestamp" - INTERVAL '1' HOUR
          THEN "events"."__value_1"
        END
      ),
      0
    ) AS BIGINT) AS "count_1h",
    MIN(
      CASE
        WHEN "events"."event_timestamp" > "points"."event_timestamp" - INTERVAL '1470' MINUTE
        AND "events"."event_timestamp" <= "points"."event_timestamp" - INTERVAL '30' MINUTE
        THEN "events"."__value_2"
      END
    ) AS "min_n_1d"
  FROM "v__points" AS "points"
  LEFT JOIN "v__rows" AS "events"
    ON "events"."k" = "points"."k"
    AND "events"."__known_at" <= "points"."event_timestamp"
    AND "events"."event_timestamp" > "points"."event_timestamp" - INTERVAL '1470' MINUTE
  GROUP BY
    "points"."k",
    "points"."event_timestamp"
)
SELECT
  "__entity_df"."k" AS "k",
  "__entity_df"."l" AS "l",
  "__entity_df"."event_timestamp" AS "event_timestamp",
  "__entity_df"."amount" AS "amount",
  "v__at_points"."count_1h" AS "count_1h",
  "v__at_points"."min_n_1d" AS "min_n_1d"
FROM "__entity_df"
LEFT JOIN "v__at_points"
  ON "__entity_df"."k" = "v__at_points"."k"
  AND "__entity_df"."event_timestamp" = "v__at_points"."event_timestamp"
ORDER BY
  "__entity_df"."__row" ASC NULLS LAST;

-- case: range join, where it is chosen
-- algorithm = "range_join"
-- view = FeatureView(name="v", entities=[k], source=events, aggregations=[count])
-- features = ["v:count_1d"]
WITH "__entity_df" AS (
  SELECT
    *,
    ROW_NUMBER() OVER () AS "__row"
  FROM (
    SELECT
      *
    FROM spine
  ) AS "spine"
), "v__points" AS (
  SELECT DISTINCT
    "k",
    "event_timestamp"
  FROM "__entity_df"
  WHERE
    "k" IS NOT NULL AND "event_timestamp" IS NOT NULL
), "v__rows" AS (
  SELECT
    "k" AS "k",
    "at" AS "__known_at",
    "at" AS "event_timestamp",
    1 AS "__value_1"
  FROM "events"
  WHERE
    "k" IS NOT NULL AND "at" IS NOT NULL
), "v__at_points" AS (
  SELECT
    "points"."k" AS "k",
    "points"."event_timestamp" AS "event_timestamp",
    CAST(COALESCE(
      COUNT(
        CASE
          WHEN "events"."event_timestamp" > "points"."event_timestamp" - INTERVAL '24' HOUR
          THEN "events"."__value_1"
        END
      ),
      0
    ) AS BIGINT) AS "count_1d"
  FROM "v__points" AS "points"
  LEFT JOIN "v__rows" AS "events"
    ON "events"."k" = "points"."k"
    AND "events"."__known_at" <= "points"."event_timestamp"
    AND "events"."event_timestamp" > "points"."event_timestamp" - INTERVAL '24' HOUR
  GROUP BY
    "points"."k",
    "points"."event_timestamp"
)
SELECT
  "__entity_df"."k" AS "k",
  "__entity_df"."l" AS "l",
  "__entity_df"."event_timestamp" AS "event_timestamp",
  "__entity_df"."amount" AS "amount",
  "v__at_points"."count_1d" AS "count_1d"
FROM "__entity_df"
LEFT JOIN "v__at_points"
  ON "__entity_df"."k" = "v__at_points"."k"
  AND "__entity_df"."event_timestamp" = "v__at_points"."event_timestamp"
ORDER BY
  "__entity_df"."__row" ASC NULLS LAST;

-- case: the newest row
-- view = FeatureView(name="v", entities=[pair], source=events, schema=[n, Field(name="x", dtype=DType.Float64)], ttl="7d")
-- features = ["v:x"]
WITH "__entity_df" AS (
  SELECT
    *,
    ROW_NUMBER() OVER () AS "__row"
  FROM (
    SELECT
      *
    FROM spine
  ) AS "spine"
), "v__known" AS (
  SELECT
    "k",
    "l",
    "__known_at"
  FROM (
    SELECT
      "k" AS "k",
      "l" AS "l",
      "at" AS "__known_at",
      "at" AS "event_timestamp",
      CAST("n" AS BIGINT) AS "n",
      CAST("x" AS DOUBLE) AS "x"
    FROM "events"
    WHERE
      "k" IS NOT NULL AND "l" IS NOT NULL AND "at" IS NOT NULL
  ) AS "rows"
), "v__latest" AS (
  SELECT DISTINCT
    "__entity_df"."k" AS "k",
    "__entity_df"."l" AS "l",
    "__entity_df"."event_timestamp" AS "event_timestamp",
    "v__known"."__known_at" AS "__known_at"
  FROM "__entity_df"
  ASOF LEFT JOIN "v__known"
    ON "__entity_df"."k" = "v__known"."k"
    AND "__entity_df"."l" = "v__known"."l"
    AND "__entity_df"."event_timestamp" >= "v__known"."__known_at"
), "v__versions" AS (
  SELECT
    *
  FROM (
    SELECT
      "rows"."k" AS "k",
      "rows"."l" AS "l",
      "rows"."__known_at" AS "__known_at",
      "rows"."n" AS "n",
      "rows"."x" AS "x"
    FROM (
      SELECT
        "k" AS "k",
        "l" AS "l",
        "at" AS "__known_at",
        "at" AS "event_timestamp",
        CAST("n" AS BIGINT) AS "n",
        CAST("x" AS DOUBLE) AS "x"
      FROM "events"
      WHERE
        "k" IS NOT NULL AND "l" IS NOT NULL AND "at" IS NOT NULL
    ) AS "rows"
    INNER JOIN (
      SELECT DISTINCT
        "k",
        "l",
        "__known_at"
      FROM "v__latest"
    ) AS "moments"
      ON "rows"."k" = "moments"."k"
      AND "rows"."l" = "moments"."l"
      AND "rows"."__known_at" = "moments"."__known_at"
  ) AS "fetched"
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY "k", "l", "__known_at"
      ORDER BY "n" DESC NULLS LAST, "x" DESC NULLS LAST
    ) = 1
), "v__newest" AS (
  SELECT
    "v__latest"."k" AS "k",
    "v__latest"."l" AS "l",
    "v__latest"."event_timestamp" AS "event_timestamp",
    "v__latest"."__known_at" AS "__known_at",
    "v__versions"."n" AS "n",
    "v__versions"."x" AS "x"
  FROM "v__latest"
  INNER JOIN "v__versions"
    ON "v__latest"."k" = "v__versions"."k"
    AND "v__latest"."l" = "v__versions"."l"
    AND "v__latest"."__known_at" = "v__versions"."__known_at"
)
SELECT
  "__entity_df"."k" AS "k",
  "__entity_df"."l" AS "l",
  "__entity_df"."event_timestamp" AS "event_timestamp",
  "__entity_df"."amount" AS "amount",
  CASE
    WHEN "v__newest"."__known_at" + INTERVAL '168' HOUR >= "__entity_df"."event_timestamp"
    THEN "v__newest"."x"
  END AS "x"
FROM "__entity_df"
LEFT JOIN "v__newest"
  ON "__entity_df"."k" = "v__newest"."k"
  AND "__entity_df"."l" = "v__newest"."l"
  AND "__entity_df"."event_timestamp" = "v__newest"."event_timestamp"
ORDER BY
  "__entity_df"."__row" ASC NULLS LAST;

-- case: the newest row, known late
-- view = FeatureView(name="v", entities=[k], source=late, schema=[n])
-- features = ["v:n"]
WITH "__entity_df" AS (
  SELECT
    *,
    ROW_NUMBER() OVER () AS "__row"
  FROM (
    SELECT
      *
    FROM spine
  ) AS "spine"
), "v__versions" AS (
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "k" AS "k",
        CASE
          WHEN "at" IS NULL OR COALESCE("created", "at") IS NULL
          THEN NULL
          ELSE GREATEST("at", COALESCE("created", "at"))
        END AS "__known_at",
        "at" AS "event_timestamp",
        COALESCE("created", "at") AS "__created",
        CAST("n" AS BIGINT) AS "n"
      FROM "events"
      WHERE
        "k" IS NOT NULL AND "at" IS NOT NULL
    ) AS "source_rows"
    QUALIFY
      ROW_NUMBER() OVER (
        PARTITION BY "k", "__known_at"
        ORDER BY "event_timestamp" DESC NULLS LAST, "__created" DESC NULLS LAST, "n" DESC NULLS LAST
      ) = 1
  ) AS "once"
  QUALIFY
    "event_timestamp" >= MAX("event_timestamp") OVER (
      PARTITION BY "k"
      ORDER BY "__known_at" ASC NULLS LAST
      RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
)
SELECT
  "__entity_df"."k" AS "k",
  "__entity_df"."l" AS "l",
  "__entity_df"."event_timestamp" AS "event_timestamp",
  "__entity_df"."amount" AS "amount",
  "v__versions"."n" AS "n"
FROM "__entity_df"
ASOF LEFT JOIN "v__versions"
  ON "__entity_df"."k" = "v__versions"."k"
  AND "__entity_df"."event_timestamp" >= "v__versions"."__known_at"
ORDER BY
  "__entity_df"."__row" ASC NULLS LAST;

-- case: facts without a time
-- view = FeatureView(name="v", entities=[k], source=register, schema=[Field(name="name", dtype=DType.String)])
-- features = ["v:name"]
WITH "__entity_df" AS (
  SELECT
    *,
    ROW_NUMBER() OVER () AS "__row"
  FROM (
    SELECT
      *
    FROM spine
  ) AS "spine"
), "v__versions" AS (
  SELECT
    *
  FROM (
    SELECT
      "k" AS "k",
      CAST("name" AS TEXT) AS "name"
    FROM "raw"."register"
    WHERE
      "k" IS NOT NULL
  ) AS "source_rows"
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY "k" ORDER BY "name" DESC NULLS LAST) = 1
)
SELECT
  "__entity_df"."k" AS "k",
  "__entity_df"."l" AS "l",
  "__entity_df"."event_timestamp" AS "event_timestamp",
  "__entity_df"."amount" AS "amount",
  "v__versions"."name" AS "name"
FROM "__entity_df"
LEFT JOIN "v__versions"
  ON "__entity_df"."k" = "v__versions"."k"
ORDER BY
  "__entity_df"."__row" ASC NULLS LAST;

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
WITH "__entity_df" AS (
  SELECT
    *,
    ROW_NUMBER() OVER () AS "__row"
  FROM (
    SELECT
      *
    FROM spine
  ) AS "spine"
), "v__versions" AS (
  SELECT
    *
  FROM (
    SELECT
      "k" AS "k",
      CAST(1900 + year AS BIGINT) AS "born"
    FROM "raw"."register"
    WHERE
      "k" IS NOT NULL
  ) AS "source_rows"
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY "k" ORDER BY "born" DESC NULLS LAST) = 1
)
SELECT
  "__entity_df"."k" AS "k",
  "__entity_df"."l" AS "l",
  "__entity_df"."event_timestamp" AS "event_timestamp",
  "__entity_df"."amount" AS "amount",
  CAST((
    YEAR("__entity_df"."event_timestamp") - "v__versions"."born"
  ) * CAST("__entity_df"."amount" AS DOUBLE) AS DOUBLE) AS "age"
FROM "__entity_df"
LEFT JOIN "v__versions"
  ON "__entity_df"."k" = "v__versions"."k"
ORDER BY
  "__entity_df"."__row" ASC NULLS LAST;

-- case: two views, and names in full
-- full_feature_names = True
-- first = FeatureView(name="first", entities=[k], source=register, schema=[Field(name="name", dtype=DType.String)])
-- second = FeatureView(name="second", entities=[pair], source=events, schema=[n])
-- features = ["second:n", "first:name"]
WITH "__entity_df" AS (
  SELECT
    *,
    ROW_NUMBER() OVER () AS "__row"
  FROM (
    SELECT
      *
    FROM spine
  ) AS "spine"
), "second__known" AS (
  SELECT
    "k",
    "l",
    "__known_at"
  FROM (
    SELECT
      "k" AS "k",
      "l" AS "l",
      "at" AS "__known_at",
      "at" AS "event_timestamp",
      CAST("n" AS BIGINT) AS "n"
    FROM "events"
    WHERE
      "k" IS NOT NULL AND "l" IS NOT NULL AND "at" IS NOT NULL
  ) AS "rows"
), "second__latest" AS (
  SELECT DISTINCT
    "__entity_df"."k" AS "k",
    "__entity_df"."l" AS "l",
    "__entity_df"."event_timestamp" AS "event_timestamp",
    "second__known"."__known_at" AS "__known_at"
  FROM "__entity_df"
  ASOF LEFT JOIN "second__known"
    ON "__entity_df"."k" = "second__known"."k"
    AND "__entity_df"."l" = "second__known"."l"
    AND "__entity_df"."event_timestamp" >= "second__known"."__known_at"
), "second__versions" AS (
  SELECT
    *
  FROM (
    SELECT
      "rows"."k" AS "k",
      "rows"."l" AS "l",
      "rows"."__known_at" AS "__known_at",
      "rows"."n" AS "n"
    FROM (
      SELECT
        "k" AS "k",
        "l" AS "l",
        "at" AS "__known_at",
        "at" AS "event_timestamp",
        CAST("n" AS BIGINT) AS "n"
      FROM "events"
      WHERE
        "k" IS NOT NULL AND "l" IS NOT NULL AND "at" IS NOT NULL
    ) AS "rows"
    INNER JOIN (
      SELECT DISTINCT
        "k",
        "l",
        "__known_at"
      FROM "second__latest"
    ) AS "moments"
      ON "rows"."k" = "moments"."k"
      AND "rows"."l" = "moments"."l"
      AND "rows"."__known_at" = "moments"."__known_at"
  ) AS "fetched"
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY "k", "l", "__known_at" ORDER BY "n" DESC NULLS LAST) = 1
), "second__newest" AS (
  SELECT
    "second__latest"."k" AS "k",
    "second__latest"."l" AS "l",
    "second__latest"."event_timestamp" AS "event_timestamp",
    "second__latest"."__known_at" AS "__known_at",
    "second__versions"."n" AS "n"
  FROM "second__latest"
  INNER JOIN "second__versions"
    ON "second__latest"."k" = "second__versions"."k"
    AND "second__latest"."l" = "second__versions"."l"
    AND "second__latest"."__known_at" = "second__versions"."__known_at"
), "first__versions" AS (
  SELECT
    *
  FROM (
    SELECT
      "k" AS "k",
      CAST("name" AS TEXT) AS "name"
    FROM "raw"."register"
    WHERE
      "k" IS NOT NULL
  ) AS "source_rows"
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY "k" ORDER BY "name" DESC NULLS LAST) = 1
)
SELECT
  "__entity_df"."k" AS "k",
  "__entity_df"."l" AS "l",
  "__entity_df"."event_timestamp" AS "event_timestamp",
  "__entity_df"."amount" AS "amount",
  "second__newest"."n" AS "second__n",
  "first__versions"."name" AS "first__name"
FROM "__entity_df"
LEFT JOIN "second__newest"
  ON "__entity_df"."k" = "second__newest"."k"
  AND "__entity_df"."l" = "second__newest"."l"
  AND "__entity_df"."event_timestamp" = "second__newest"."event_timestamp"
LEFT JOIN "first__versions"
  ON "__entity_df"."k" = "first__versions"."k"
ORDER BY
  "__entity_df"."__row" ASC NULLS LAST;
