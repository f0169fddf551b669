CREATE OR REPLACE VIEW "features"."origin_load" AS
WITH "origin_load__rows" AS (
  SELECT
    "origin" AS "origin",
    "actual_departure" AS "__known_at",
    "actual_departure" AS "event_timestamp",
    1 AS "__value_1",
    "dep_delay" AS "__value_2",
    CASE WHEN dep_delay >= 15 THEN 1 WHEN NOT (
      dep_delay >= 15
    ) THEN 0 END AS "__value_3"
  FROM "raw"."flights"
  WHERE
    "origin" IS NOT NULL AND "actual_departure" IS NOT NULL
), "origin_load__windows" AS (
  SELECT
    "origin" AS "origin",
    CAST(COALESCE("__value_1_count_last_3600s", 0) AS BIGINT) AS "departures_1h",
    CAST(COALESCE("__value_1_count_last_10800s", 0) AS BIGINT) AS "departures_3h",
    CAST(COALESCE("__value_1_count_last_86400s", 0) AS BIGINT) AS "departures_24h",
    CAST("__value_2_sum_last_3600s" AS DOUBLE) / "__value_2_count_last_3600s" AS "mean_dep_delay_1h",
    CAST("__value_2_sum_last_10800s" AS DOUBLE) / "__value_2_count_last_10800s" AS "mean_dep_delay_3h",
    CAST("__value_2_sum_last_86400s" AS DOUBLE) / "__value_2_count_last_86400s" AS "mean_dep_delay_24h",
    CAST("__value_3_sum_last_3600s" AS DOUBLE) / "__value_3_count_last_3600s" AS "departed_late_1h",
    CAST("__value_3_sum_last_10800s" AS DOUBLE) / "__value_3_count_last_10800s" AS "departed_late_3h",
    CAST("__value_3_sum_last_86400s" AS DOUBLE) / "__value_3_count_last_86400s" AS "departed_late_24h"
  FROM (
    SELECT
      "events"."origin" AS "origin",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '1' HOUR) AS "__value_1_count_last_3600s",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '3' HOUR) AS "__value_1_count_last_10800s",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '24' HOUR) AS "__value_1_count_last_86400s",
      SUM("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '1' HOUR) AS "__value_2_sum_last_3600s",
      COUNT("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '1' HOUR) AS "__value_2_count_last_3600s",
      SUM("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '3' HOUR) AS "__value_2_sum_last_10800s",
      COUNT("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '3' HOUR) AS "__value_2_count_last_10800s",
      SUM("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '24' HOUR) AS "__value_2_sum_last_86400s",
      COUNT("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '24' HOUR) AS "__value_2_count_last_86400s",
      SUM("events"."__value_3") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '1' HOUR) AS "__value_3_sum_last_3600s",
      COUNT("events"."__value_3") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '1' HOUR) AS "__value_3_count_last_3600s",
      SUM("events"."__value_3") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '3' HOUR) AS "__value_3_sum_last_10800s",
      COUNT("events"."__value_3") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '3' HOUR) AS "__value_3_count_last_10800s",
      SUM("events"."__value_3") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '24' HOUR) AS "__value_3_sum_last_86400s",
      COUNT("events"."__value_3") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '24' HOUR) AS "__value_3_count_last_86400s"
    FROM "origin_load__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    GROUP BY
      "events"."origin"
  ) AS "by_key"
)
SELECT
  "origin_load__windows"."origin" AS "origin",
  "origin_load__windows"."departures_1h" AS "departures_1h",
  "origin_load__windows"."departures_3h" AS "departures_3h",
  "origin_load__windows"."departures_24h" AS "departures_24h",
  "origin_load__windows"."mean_dep_delay_1h" AS "mean_dep_delay_1h",
  "origin_load__windows"."mean_dep_delay_3h" AS "mean_dep_delay_3h",
  "origin_load__windows"."mean_dep_delay_24h" AS "mean_dep_delay_24h",
  "origin_load__windows"."departed_late_1h" AS "departed_late_1h",
  "origin_load__windows"."departed_late_3h" AS "departed_late_3h",
  "origin_load__windows"."departed_late_24h" AS "departed_late_24h"
FROM "origin_load__windows";

CREATE OR REPLACE VIEW "features"."origin_load__history" AS
WITH "origin_load__events" AS (
  SELECT
    "origin" AS "origin",
    "actual_departure" AS "__known_at",
    "actual_departure" AS "event_timestamp"
  FROM "raw"."flights"
  WHERE
    "origin" IS NOT NULL AND "actual_departure" IS NOT NULL
), "origin_load__moments" AS (
  SELECT
    "origin" AS "origin",
    "__known_at" AS "event_timestamp"
  FROM "origin_load__events"
  WHERE
    "__known_at" >= "__known_at"
  UNION
  SELECT
    "origin" AS "origin",
    "event_timestamp" + INTERVAL '1' HOUR AS "event_timestamp"
  FROM "origin_load__events"
  WHERE
    "event_timestamp" + INTERVAL '1' HOUR >= "__known_at"
  UNION
  SELECT
    "origin" AS "origin",
    "event_timestamp" + INTERVAL '3' HOUR AS "event_timestamp"
  FROM "origin_load__events"
  WHERE
    "event_timestamp" + INTERVAL '3' HOUR >= "__known_at"
  UNION
  SELECT
    "origin" AS "origin",
    "event_timestamp" + INTERVAL '24' HOUR AS "event_timestamp"
  FROM "origin_load__events"
  WHERE
    "event_timestamp" + INTERVAL '24' HOUR >= "__known_at"
), "origin_load__points" AS (
  SELECT DISTINCT
    "origin",
    "event_timestamp"
  FROM "origin_load__moments"
  WHERE
    "origin" IS NOT NULL AND "event_timestamp" IS NOT NULL
), "origin_load__rows" AS (
  SELECT
    "origin" AS "origin",
    "actual_departure" AS "__known_at",
    "actual_departure" AS "event_timestamp",
    1 AS "__value_1",
    "dep_delay" AS "__value_2",
    CASE WHEN dep_delay >= 15 THEN 1 WHEN NOT (
      dep_delay >= 15
    ) THEN 0 END AS "__value_3"
  FROM "raw"."flights"
  WHERE
    "origin" IS NOT NULL AND "actual_departure" IS NOT NULL
), "origin_load__totals" AS (
  SELECT
    "origin" AS "origin",
    "event_timestamp" AS "event_timestamp",
    CAST(COUNT("__value_1") AS DOUBLE) AS "__value_1_count",
    CAST(COUNT("__value_2") AS DOUBLE) AS "__value_2_count",
    SUM("__value_2") AS "__value_2_sum",
    CAST(COUNT("__value_3") AS DOUBLE) AS "__value_3_count",
    SUM("__value_3") AS "__value_3_sum"
  FROM "origin_load__rows"
  GROUP BY
    "origin",
    "event_timestamp"
), "origin_load__running" AS (
  SELECT
    "origin" AS "origin",
    "event_timestamp" AS "event_timestamp",
    SUM("__value_1_count") OVER "so_far" AS "__value_1_count",
    SUM("__value_2_count") OVER "so_far" AS "__value_2_count",
    SUM("__value_2_sum") OVER "so_far" AS "__value_2_sum",
    SUM("__value_3_count") OVER "so_far" AS "__value_3_count",
    SUM("__value_3_sum") OVER "so_far" AS "__value_3_sum"
  FROM "origin_load__totals"
  WINDOW "so_far" AS (
    PARTITION BY "origin"
    ORDER BY "event_timestamp" ASC NULLS LAST
    RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
), "origin_load__at_points" AS (
  SELECT
    "origin_load__points"."origin" AS "origin",
    "origin_load__points"."event_timestamp" AS "event_timestamp",
    CAST(COALESCE(
      COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_3600s_ago"."__value_1_count", 0),
      0
    ) AS BIGINT) AS "departures_1h",
    CAST(COALESCE(
      COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_10800s_ago"."__value_1_count", 0),
      0
    ) AS BIGINT) AS "departures_3h",
    CAST(COALESCE(
      COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_86400s_ago"."__value_1_count", 0),
      0
    ) AS BIGINT) AS "departures_24h",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_2_count", 0) - COALESCE("until_3600s_ago"."__value_2_count", 0) > 0
      THEN COALESCE("until_now"."__value_2_sum", 0) - COALESCE("until_3600s_ago"."__value_2_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_2_count", 0) - COALESCE("until_3600s_ago"."__value_2_count", 0)
    ) AS "mean_dep_delay_1h",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_2_count", 0) - COALESCE("until_10800s_ago"."__value_2_count", 0) > 0
      THEN COALESCE("until_now"."__value_2_sum", 0) - COALESCE("until_10800s_ago"."__value_2_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_2_count", 0) - COALESCE("until_10800s_ago"."__value_2_count", 0)
    ) AS "mean_dep_delay_3h",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_2_count", 0) - COALESCE("until_86400s_ago"."__value_2_count", 0) > 0
      THEN COALESCE("until_now"."__value_2_sum", 0) - COALESCE("until_86400s_ago"."__value_2_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_2_count", 0) - COALESCE("until_86400s_ago"."__value_2_count", 0)
    ) AS "mean_dep_delay_24h",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_3_count", 0) - COALESCE("until_3600s_ago"."__value_3_count", 0) > 0
      THEN COALESCE("until_now"."__value_3_sum", 0) - COALESCE("until_3600s_ago"."__value_3_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_3_count", 0) - COALESCE("until_3600s_ago"."__value_3_count", 0)
    ) AS "departed_late_1h",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_3_count", 0) - COALESCE("until_10800s_ago"."__value_3_count", 0) > 0
      THEN COALESCE("until_now"."__value_3_sum", 0) - COALESCE("until_10800s_ago"."__value_3_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_3_count", 0) - COALESCE("until_10800s_ago"."__value_3_count", 0)
    ) AS "departed_late_3h",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_3_count", 0) - COALESCE("until_86400s_ago"."__value_3_count", 0) > 0
      THEN COALESCE("until_now"."__value_3_sum", 0) - COALESCE("until_86400s_ago"."__value_3_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_3_count", 0) - COALESCE("until_86400s_ago"."__value_3_count", 0)
    ) AS "departed_late_24h"
  FROM "origin_load__points"
  ASOF LEFT JOIN "origin_load__running" AS "until_now"
    ON "origin_load__points"."origin" = "until_now"."origin"
    AND "origin_load__points"."event_timestamp" >= "until_now"."event_timestamp"
  ASOF LEFT JOIN "origin_load__running" AS "until_3600s_ago"
    ON "origin_load__points"."origin" = "until_3600s_ago"."origin"
    AND "origin_load__points"."event_timestamp" - INTERVAL '1' HOUR >= "until_3600s_ago"."event_timestamp"
  ASOF LEFT JOIN "origin_load__running" AS "until_10800s_ago"
    ON "origin_load__points"."origin" = "until_10800s_ago"."origin"
    AND "origin_load__points"."event_timestamp" - INTERVAL '3' HOUR >= "until_10800s_ago"."event_timestamp"
  ASOF LEFT JOIN "origin_load__running" AS "until_86400s_ago"
    ON "origin_load__points"."origin" = "until_86400s_ago"."origin"
    AND "origin_load__points"."event_timestamp" - INTERVAL '24' HOUR >= "until_86400s_ago"."event_timestamp"
)
SELECT
  "origin_load__moments"."origin" AS "origin",
  "origin_load__moments"."event_timestamp" AS "event_timestamp",
  "origin_load__at_points"."departures_1h" AS "departures_1h",
  "origin_load__at_points"."departures_3h" AS "departures_3h",
  "origin_load__at_points"."departures_24h" AS "departures_24h",
  "origin_load__at_points"."mean_dep_delay_1h" AS "mean_dep_delay_1h",
  "origin_load__at_points"."mean_dep_delay_3h" AS "mean_dep_delay_3h",
  "origin_load__at_points"."mean_dep_delay_24h" AS "mean_dep_delay_24h",
  "origin_load__at_points"."departed_late_1h" AS "departed_late_1h",
  "origin_load__at_points"."departed_late_3h" AS "departed_late_3h",
  "origin_load__at_points"."departed_late_24h" AS "departed_late_24h"
FROM "origin_load__moments"
LEFT JOIN "origin_load__at_points"
  ON "origin_load__moments"."origin" = "origin_load__at_points"."origin"
  AND "origin_load__moments"."event_timestamp" = "origin_load__at_points"."event_timestamp";

CREATE OR REPLACE MACRO "features"."origin_load__asof"(
    "ts"
) AS TABLE
WITH "origin_load__rows" AS (
  SELECT
    "origin" AS "origin",
    "actual_departure" AS "__known_at",
    "actual_departure" AS "event_timestamp",
    1 AS "__value_1",
    "dep_delay" AS "__value_2",
    CASE WHEN dep_delay >= 15 THEN 1 WHEN NOT (
      dep_delay >= 15
    ) THEN 0 END AS "__value_3"
  FROM "raw"."flights"
  WHERE
    "origin" IS NOT NULL AND "actual_departure" IS NOT NULL
), "origin_load__windows" AS (
  SELECT
    "origin" AS "origin",
    CAST(COALESCE("__value_1_count_last_3600s", 0) AS BIGINT) AS "departures_1h",
    CAST(COALESCE("__value_1_count_last_10800s", 0) AS BIGINT) AS "departures_3h",
    CAST(COALESCE("__value_1_count_last_86400s", 0) AS BIGINT) AS "departures_24h",
    CAST("__value_2_sum_last_3600s" AS DOUBLE) / "__value_2_count_last_3600s" AS "mean_dep_delay_1h",
    CAST("__value_2_sum_last_10800s" AS DOUBLE) / "__value_2_count_last_10800s" AS "mean_dep_delay_3h",
    CAST("__value_2_sum_last_86400s" AS DOUBLE) / "__value_2_count_last_86400s" AS "mean_dep_delay_24h",
    CAST("__value_3_sum_last_3600s" AS DOUBLE) / "__value_3_count_last_3600s" AS "departed_late_1h",
    CAST("__value_3_sum_last_10800s" AS DOUBLE) / "__value_3_count_last_10800s" AS "departed_late_3h",
    CAST("__value_3_sum_last_86400s" AS DOUBLE) / "__value_3_count_last_86400s" AS "departed_late_24h"
  FROM (
    SELECT
      "events"."origin" AS "origin",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '1' HOUR) AS "__value_1_count_last_3600s",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '3' HOUR) AS "__value_1_count_last_10800s",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '24' HOUR) AS "__value_1_count_last_86400s",
      SUM("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '1' HOUR) AS "__value_2_sum_last_3600s",
      COUNT("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '1' HOUR) AS "__value_2_count_last_3600s",
      SUM("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '3' HOUR) AS "__value_2_sum_last_10800s",
      COUNT("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '3' HOUR) AS "__value_2_count_last_10800s",
      SUM("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '24' HOUR) AS "__value_2_sum_last_86400s",
      COUNT("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '24' HOUR) AS "__value_2_count_last_86400s",
      SUM("events"."__value_3") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '1' HOUR) AS "__value_3_sum_last_3600s",
      COUNT("events"."__value_3") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '1' HOUR) AS "__value_3_count_last_3600s",
      SUM("events"."__value_3") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '3' HOUR) AS "__value_3_sum_last_10800s",
      COUNT("events"."__value_3") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '3' HOUR) AS "__value_3_count_last_10800s",
      SUM("events"."__value_3") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '24' HOUR) AS "__value_3_sum_last_86400s",
      COUNT("events"."__value_3") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '24' HOUR) AS "__value_3_count_last_86400s"
    FROM "origin_load__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST("ts" AS TIMESTAMPTZ)
    GROUP BY
      "events"."origin"
  ) AS "by_key"
)
SELECT
  "origin_load__windows"."origin" AS "origin",
  "origin_load__windows"."departures_1h" AS "departures_1h",
  "origin_load__windows"."departures_3h" AS "departures_3h",
  "origin_load__windows"."departures_24h" AS "departures_24h",
  "origin_load__windows"."mean_dep_delay_1h" AS "mean_dep_delay_1h",
  "origin_load__windows"."mean_dep_delay_3h" AS "mean_dep_delay_3h",
  "origin_load__windows"."mean_dep_delay_24h" AS "mean_dep_delay_24h",
  "origin_load__windows"."departed_late_1h" AS "departed_late_1h",
  "origin_load__windows"."departed_late_3h" AS "departed_late_3h",
  "origin_load__windows"."departed_late_24h" AS "departed_late_24h"
FROM "origin_load__windows";
