CREATE OR REPLACE VIEW "features"."route_delay__v1" AS
WITH "route_delay__v1__rows" AS (
  SELECT
    "origin" AS "origin",
    "dest" AS "dest",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp",
    1 AS "__value_1",
    "arr_delay" AS "__value_2",
    CASE WHEN arr_delay >= 15 THEN 1 WHEN NOT (
      arr_delay >= 15
    ) THEN 0 END AS "__value_3"
  FROM "raw"."flights"
  WHERE
    "origin" IS NOT NULL AND "dest" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "route_delay__v1__windows" AS (
  SELECT
    "origin" AS "origin",
    "dest" AS "dest",
    CAST(COALESCE("__value_1_count_last_2419200s", 0) AS BIGINT) AS "route_arrivals_28d",
    CAST("__value_2_sum_last_2419200s" AS DOUBLE) / "__value_2_count_last_2419200s" AS "route_arr_delay_28d",
    CAST("__value_3_sum_last_2419200s" AS DOUBLE) / "__value_3_count_last_2419200s" AS "route_late_28d"
  FROM (
    SELECT
      "events"."origin" AS "origin",
      "events"."dest" AS "dest",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_1_count_last_2419200s",
      SUM("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_2_sum_last_2419200s",
      COUNT("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_2_count_last_2419200s",
      SUM("events"."__value_3") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_3_sum_last_2419200s",
      COUNT("events"."__value_3") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_3_count_last_2419200s"
    FROM "route_delay__v1__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    GROUP BY
      "events"."origin",
      "events"."dest"
  ) AS "by_key"
)
SELECT
  "route_delay__v1__windows"."origin" AS "origin",
  "route_delay__v1__windows"."dest" AS "dest",
  "route_delay__v1__windows"."route_arrivals_28d" AS "route_arrivals_28d",
  "route_delay__v1__windows"."route_arr_delay_28d" AS "route_arr_delay_28d",
  "route_delay__v1__windows"."route_late_28d" AS "route_late_28d"
FROM "route_delay__v1__windows";

CREATE OR REPLACE VIEW "features"."route_delay__v1__history" AS
WITH "route_delay__v1__events" AS (
  SELECT
    "origin" AS "origin",
    "dest" AS "dest",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp"
  FROM "raw"."flights"
  WHERE
    "origin" IS NOT NULL AND "dest" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "route_delay__v1__moments" AS (
  SELECT
    "origin" AS "origin",
    "dest" AS "dest",
    "__known_at" AS "event_timestamp"
  FROM "route_delay__v1__events"
  WHERE
    "__known_at" >= "__known_at"
  UNION
  SELECT
    "origin" AS "origin",
    "dest" AS "dest",
    "event_timestamp" + INTERVAL '672' HOUR AS "event_timestamp"
  FROM "route_delay__v1__events"
  WHERE
    "event_timestamp" + INTERVAL '672' HOUR >= "__known_at"
), "route_delay__v1__points" AS (
  SELECT DISTINCT
    "origin",
    "dest",
    "event_timestamp"
  FROM "route_delay__v1__moments"
  WHERE
    "origin" IS NOT NULL AND "dest" IS NOT NULL AND "event_timestamp" IS NOT NULL
), "route_delay__v1__rows" AS (
  SELECT
    "origin" AS "origin",
    "dest" AS "dest",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp",
    1 AS "__value_1",
    "arr_delay" AS "__value_2",
    CASE WHEN arr_delay >= 15 THEN 1 WHEN NOT (
      arr_delay >= 15
    ) THEN 0 END AS "__value_3"
  FROM "raw"."flights"
  WHERE
    "origin" IS NOT NULL AND "dest" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "route_delay__v1__totals" AS (
  SELECT
    "origin" AS "origin",
    "dest" AS "dest",
    "event_timestamp" AS "event_timestamp",
    CAST(COUNT("__value_1") AS DOUBLE) AS "__value_1_count",
    CAST(COUNT("__value_2") AS DOUBLE) AS "__value_2_count",
    SUM("__value_2") AS "__value_2_sum",
    CAST(COUNT("__value_3") AS DOUBLE) AS "__value_3_count",
    SUM("__value_3") AS "__value_3_sum"
  FROM "route_delay__v1__rows"
  GROUP BY
    "origin",
    "dest",
    "event_timestamp"
), "route_delay__v1__running" AS (
  SELECT
    "origin" AS "origin",
    "dest" AS "dest",
    "event_timestamp" AS "event_timestamp",
    SUM("__value_1_count") OVER "so_far" AS "__value_1_count",
    SUM("__value_2_count") OVER "so_far" AS "__value_2_count",
    SUM("__value_2_sum") OVER "so_far" AS "__value_2_sum",
    SUM("__value_3_count") OVER "so_far" AS "__value_3_count",
    SUM("__value_3_sum") OVER "so_far" AS "__value_3_sum"
  FROM "route_delay__v1__totals"
  WINDOW "so_far" AS (
    PARTITION BY "origin", "dest"
    ORDER BY "event_timestamp" ASC NULLS LAST
    RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
), "route_delay__v1__at_points" AS (
  SELECT
    "route_delay__v1__points"."origin" AS "origin",
    "route_delay__v1__points"."dest" AS "dest",
    "route_delay__v1__points"."event_timestamp" AS "event_timestamp",
    CAST(COALESCE(
      COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_2419200s_ago"."__value_1_count", 0),
      0
    ) AS BIGINT) AS "route_arrivals_28d",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_2_count", 0) - COALESCE("until_2419200s_ago"."__value_2_count", 0) > 0
      THEN COALESCE("until_now"."__value_2_sum", 0) - COALESCE("until_2419200s_ago"."__value_2_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_2_count", 0) - COALESCE("until_2419200s_ago"."__value_2_count", 0)
    ) AS "route_arr_delay_28d",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_3_count", 0) - COALESCE("until_2419200s_ago"."__value_3_count", 0) > 0
      THEN COALESCE("until_now"."__value_3_sum", 0) - COALESCE("until_2419200s_ago"."__value_3_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_3_count", 0) - COALESCE("until_2419200s_ago"."__value_3_count", 0)
    ) AS "route_late_28d"
  FROM "route_delay__v1__points"
  ASOF LEFT JOIN "route_delay__v1__running" AS "until_now"
    ON "route_delay__v1__points"."origin" = "until_now"."origin"
    AND "route_delay__v1__points"."dest" = "until_now"."dest"
    AND "route_delay__v1__points"."event_timestamp" >= "until_now"."event_timestamp"
  ASOF LEFT JOIN "route_delay__v1__running" AS "until_2419200s_ago"
    ON "route_delay__v1__points"."origin" = "until_2419200s_ago"."origin"
    AND "route_delay__v1__points"."dest" = "until_2419200s_ago"."dest"
    AND "route_delay__v1__points"."event_timestamp" - INTERVAL '672' HOUR >= "until_2419200s_ago"."event_timestamp"
)
SELECT
  "route_delay__v1__moments"."origin" AS "origin",
  "route_delay__v1__moments"."dest" AS "dest",
  "route_delay__v1__moments"."event_timestamp" AS "event_timestamp",
  "route_delay__v1__at_points"."route_arrivals_28d" AS "route_arrivals_28d",
  "route_delay__v1__at_points"."route_arr_delay_28d" AS "route_arr_delay_28d",
  "route_delay__v1__at_points"."route_late_28d" AS "route_late_28d"
FROM "route_delay__v1__moments"
LEFT JOIN "route_delay__v1__at_points"
  ON "route_delay__v1__moments"."origin" = "route_delay__v1__at_points"."origin"
  AND "route_delay__v1__moments"."dest" = "route_delay__v1__at_points"."dest"
  AND "route_delay__v1__moments"."event_timestamp" = "route_delay__v1__at_points"."event_timestamp";

CREATE OR REPLACE MACRO "features"."route_delay__v1__asof"(
    "ts"
) AS TABLE
WITH "route_delay__v1__rows" AS (
  SELECT
    "origin" AS "origin",
    "dest" AS "dest",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp",
    1 AS "__value_1",
    "arr_delay" AS "__value_2",
    CASE WHEN arr_delay >= 15 THEN 1 WHEN NOT (
      arr_delay >= 15
    ) THEN 0 END AS "__value_3"
  FROM "raw"."flights"
  WHERE
    "origin" IS NOT NULL AND "dest" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "route_delay__v1__windows" AS (
  SELECT
    "origin" AS "origin",
    "dest" AS "dest",
    CAST(COALESCE("__value_1_count_last_2419200s", 0) AS BIGINT) AS "route_arrivals_28d",
    CAST("__value_2_sum_last_2419200s" AS DOUBLE) / "__value_2_count_last_2419200s" AS "route_arr_delay_28d",
    CAST("__value_3_sum_last_2419200s" AS DOUBLE) / "__value_3_count_last_2419200s" AS "route_late_28d"
  FROM (
    SELECT
      "events"."origin" AS "origin",
      "events"."dest" AS "dest",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_1_count_last_2419200s",
      SUM("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_2_sum_last_2419200s",
      COUNT("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_2_count_last_2419200s",
      SUM("events"."__value_3") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_3_sum_last_2419200s",
      COUNT("events"."__value_3") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_3_count_last_2419200s"
    FROM "route_delay__v1__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST("ts" AS TIMESTAMPTZ)
    GROUP BY
      "events"."origin",
      "events"."dest"
  ) AS "by_key"
)
SELECT
  "route_delay__v1__windows"."origin" AS "origin",
  "route_delay__v1__windows"."dest" AS "dest",
  "route_delay__v1__windows"."route_arrivals_28d" AS "route_arrivals_28d",
  "route_delay__v1__windows"."route_arr_delay_28d" AS "route_arr_delay_28d",
  "route_delay__v1__windows"."route_late_28d" AS "route_late_28d"
FROM "route_delay__v1__windows";
