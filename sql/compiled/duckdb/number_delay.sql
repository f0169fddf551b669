CREATE OR REPLACE VIEW "features"."number_delay" AS
WITH "number_delay__rows" AS (
  SELECT
    "carrier" AS "carrier",
    "flight" AS "flight",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp",
    1 AS "__value_1",
    "arr_delay" + 0.0000000000000000e+00 AS "__value_2",
    CASE
      WHEN "arr_delay" IS NOT NULL
      THEN {'event': "actual_arrival", 'value': "arr_delay"}
    END AS "__value_3"
  FROM "raw"."flights"
  WHERE
    "carrier" IS NOT NULL AND "flight" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "number_delay__windows" AS (
  SELECT
    "carrier" AS "carrier",
    "flight" AS "flight",
    CAST(COALESCE("__value_1_count_lifetime", 0) AS BIGINT) AS "number_arrivals_lifetime",
    "__value_2_quantile_last_2419200s" AS "number_median_delay_28d",
    LIST_TRANSFORM("__value_3_largest_n_last_2419200s", LAMBDA "row" : "row"."value") AS "number_delays_28d"
  FROM (
    SELECT
      "events"."carrier" AS "carrier",
      "events"."flight" AS "flight",
      COUNT("events"."__value_1") AS "__value_1_count_lifetime",
      QUANTILE_CONT("events"."__value_2", 5.0000000000000000e-01) FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_2_quantile_last_2419200s",
      MAX("events"."__value_3", 5) FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_3_largest_n_last_2419200s"
    FROM "number_delay__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    GROUP BY
      "events"."carrier",
      "events"."flight"
  ) AS "by_key"
)
SELECT
  "number_delay__windows"."carrier" AS "carrier",
  "number_delay__windows"."flight" AS "flight",
  "number_delay__windows"."number_arrivals_lifetime" AS "number_arrivals_lifetime",
  "number_delay__windows"."number_median_delay_28d" AS "number_median_delay_28d",
  "number_delay__windows"."number_delays_28d" AS "number_delays_28d"
FROM "number_delay__windows";

CREATE OR REPLACE VIEW "features"."number_delay__history" AS
WITH "number_delay__events" AS (
  SELECT
    "carrier" AS "carrier",
    "flight" AS "flight",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp"
  FROM "raw"."flights"
  WHERE
    "carrier" IS NOT NULL AND "flight" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "number_delay__moments" AS (
  SELECT
    "carrier" AS "carrier",
    "flight" AS "flight",
    "__known_at" AS "event_timestamp"
  FROM "number_delay__events"
  WHERE
    "__known_at" >= "__known_at"
  UNION
  SELECT
    "carrier" AS "carrier",
    "flight" AS "flight",
    "event_timestamp" + INTERVAL '672' HOUR AS "event_timestamp"
  FROM "number_delay__events"
  WHERE
    "event_timestamp" + INTERVAL '672' HOUR >= "__known_at"
), "number_delay__points" AS (
  SELECT DISTINCT
    "carrier",
    "flight",
    "event_timestamp"
  FROM "number_delay__moments"
  WHERE
    "carrier" IS NOT NULL AND "flight" IS NOT NULL AND "event_timestamp" IS NOT NULL
), "number_delay__rows" AS (
  SELECT
    "carrier" AS "carrier",
    "flight" AS "flight",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp",
    1 AS "__value_1",
    "arr_delay" + 0.0000000000000000e+00 AS "__value_2",
    CASE
      WHEN "arr_delay" IS NOT NULL
      THEN {'event': "actual_arrival", 'value': "arr_delay"}
    END AS "__value_3"
  FROM "raw"."flights"
  WHERE
    "carrier" IS NOT NULL AND "flight" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "number_delay__timeline" AS (
  SELECT
    "carrier",
    "flight",
    "event_timestamp",
    "__value_1",
    "__value_2",
    "__value_3",
    FALSE AS "__is_point"
  FROM "number_delay__rows"
  UNION ALL
  SELECT
    "carrier",
    "flight",
    "event_timestamp",
    NULL AS "__value_1",
    NULL AS "__value_2",
    NULL AS "__value_3",
    TRUE AS "__is_point"
  FROM "number_delay__points"
), "number_delay__windows" AS (
  SELECT
    "carrier" AS "carrier",
    "flight" AS "flight",
    "event_timestamp" AS "event_timestamp",
    "__is_point" AS "__is_point",
    COUNT("__value_1") OVER "lifetime" AS "__value_1_count_lifetime",
    QUANTILE_CONT("__value_2", 5.0000000000000000e-01) OVER "last_2419200s" AS "__value_2_quantile_last_2419200s",
    MAX("__value_3", 5) OVER "last_2419200s" AS "__value_3_largest_n_last_2419200s"
  FROM "number_delay__timeline"
  WINDOW "lifetime" AS (
    PARTITION BY "carrier", "flight"
    ORDER BY "event_timestamp" ASC NULLS LAST
    RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ), "last_2419200s" AS (
    PARTITION BY "carrier", "flight"
    ORDER BY "event_timestamp" ASC NULLS LAST
    RANGE BETWEEN INTERVAL '2419199999999' MICROSECOND PRECEDING AND CURRENT ROW
  )
), "number_delay__at_points" AS (
  SELECT
    "carrier" AS "carrier",
    "flight" AS "flight",
    "event_timestamp" AS "event_timestamp",
    CAST(COALESCE("__value_1_count_lifetime", 0) AS BIGINT) AS "number_arrivals_lifetime",
    "__value_2_quantile_last_2419200s" AS "number_median_delay_28d",
    LIST_TRANSFORM("__value_3_largest_n_last_2419200s", LAMBDA "row" : "row"."value") AS "number_delays_28d"
  FROM "number_delay__windows"
  WHERE
    "__is_point"
)
SELECT
  "number_delay__moments"."carrier" AS "carrier",
  "number_delay__moments"."flight" AS "flight",
  "number_delay__moments"."event_timestamp" AS "event_timestamp",
  "number_delay__at_points"."number_arrivals_lifetime" AS "number_arrivals_lifetime",
  "number_delay__at_points"."number_median_delay_28d" AS "number_median_delay_28d",
  "number_delay__at_points"."number_delays_28d" AS "number_delays_28d"
FROM "number_delay__moments"
LEFT JOIN "number_delay__at_points"
  ON "number_delay__moments"."carrier" = "number_delay__at_points"."carrier"
  AND "number_delay__moments"."flight" = "number_delay__at_points"."flight"
  AND "number_delay__moments"."event_timestamp" = "number_delay__at_points"."event_timestamp";

CREATE OR REPLACE MACRO "features"."number_delay__asof"(
    "ts"
) AS TABLE
WITH "number_delay__rows" AS (
  SELECT
    "carrier" AS "carrier",
    "flight" AS "flight",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp",
    1 AS "__value_1",
    "arr_delay" + 0.0000000000000000e+00 AS "__value_2",
    CASE
      WHEN "arr_delay" IS NOT NULL
      THEN {'event': "actual_arrival", 'value': "arr_delay"}
    END AS "__value_3"
  FROM "raw"."flights"
  WHERE
    "carrier" IS NOT NULL AND "flight" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "number_delay__windows" AS (
  SELECT
    "carrier" AS "carrier",
    "flight" AS "flight",
    CAST(COALESCE("__value_1_count_lifetime", 0) AS BIGINT) AS "number_arrivals_lifetime",
    "__value_2_quantile_last_2419200s" AS "number_median_delay_28d",
    LIST_TRANSFORM("__value_3_largest_n_last_2419200s", LAMBDA "row" : "row"."value") AS "number_delays_28d"
  FROM (
    SELECT
      "events"."carrier" AS "carrier",
      "events"."flight" AS "flight",
      COUNT("events"."__value_1") AS "__value_1_count_lifetime",
      QUANTILE_CONT("events"."__value_2", 5.0000000000000000e-01) FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_2_quantile_last_2419200s",
      MAX("events"."__value_3", 5) FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_3_largest_n_last_2419200s"
    FROM "number_delay__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST("ts" AS TIMESTAMPTZ)
    GROUP BY
      "events"."carrier",
      "events"."flight"
  ) AS "by_key"
)
SELECT
  "number_delay__windows"."carrier" AS "carrier",
  "number_delay__windows"."flight" AS "flight",
  "number_delay__windows"."number_arrivals_lifetime" AS "number_arrivals_lifetime",
  "number_delay__windows"."number_median_delay_28d" AS "number_median_delay_28d",
  "number_delay__windows"."number_delays_28d" AS "number_delays_28d"
FROM "number_delay__windows";
