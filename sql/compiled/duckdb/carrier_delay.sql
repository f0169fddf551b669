CREATE OR REPLACE VIEW "features"."carrier_delay" AS
WITH "carrier_delay__rows" AS (
  SELECT
    "carrier" AS "carrier",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp",
    "arr_delay" AS "__value_1",
    CASE WHEN arr_delay >= 15 THEN 1 WHEN NOT (
      arr_delay >= 15
    ) THEN 0 END AS "__value_2"
  FROM "raw"."flights"
  WHERE
    "carrier" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "carrier_delay__windows" AS (
  SELECT
    "carrier" AS "carrier",
    CAST("__value_1_sum_last_604800s" AS DOUBLE) / "__value_1_count_last_604800s" AS "carrier_arr_delay_7d",
    CAST("__value_1_sum_last_2419200s" AS DOUBLE) / "__value_1_count_last_2419200s" AS "carrier_arr_delay_28d",
    CAST("__value_2_sum_last_604800s" AS DOUBLE) / "__value_2_count_last_604800s" AS "carrier_late_7d",
    CAST("__value_2_sum_last_2419200s" AS DOUBLE) / "__value_2_count_last_2419200s" AS "carrier_late_28d",
    CAST("__value_2_sum_last_604800s_604800s_ago" AS DOUBLE) / "__value_2_count_last_604800s_604800s_ago" AS "carrier_late_before_7d"
  FROM (
    SELECT
      "events"."carrier" AS "carrier",
      SUM("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '168' HOUR) AS "__value_1_sum_last_604800s",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '168' HOUR) AS "__value_1_count_last_604800s",
      SUM("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_1_sum_last_2419200s",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_1_count_last_2419200s",
      SUM("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '168' HOUR) AS "__value_2_sum_last_604800s",
      COUNT("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '168' HOUR) AS "__value_2_count_last_604800s",
      SUM("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_2_sum_last_2419200s",
      COUNT("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_2_count_last_2419200s",
      SUM("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '336' HOUR
        AND "events"."event_timestamp" <= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '168' HOUR) AS "__value_2_sum_last_604800s_604800s_ago",
      COUNT("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '336' HOUR
        AND "events"."event_timestamp" <= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '168' HOUR) AS "__value_2_count_last_604800s_604800s_ago"
    FROM "carrier_delay__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    GROUP BY
      "events"."carrier"
  ) AS "by_key"
)
SELECT
  "carrier_delay__windows"."carrier" AS "carrier",
  "carrier_delay__windows"."carrier_arr_delay_7d" AS "carrier_arr_delay_7d",
  "carrier_delay__windows"."carrier_arr_delay_28d" AS "carrier_arr_delay_28d",
  "carrier_delay__windows"."carrier_late_7d" AS "carrier_late_7d",
  "carrier_delay__windows"."carrier_late_28d" AS "carrier_late_28d",
  "carrier_delay__windows"."carrier_late_before_7d" AS "carrier_late_before_7d"
FROM "carrier_delay__windows";

CREATE OR REPLACE VIEW "features"."carrier_delay__history" AS
WITH "carrier_delay__events" AS (
  SELECT
    "carrier" AS "carrier",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp"
  FROM "raw"."flights"
  WHERE
    "carrier" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "carrier_delay__moments" AS (
  SELECT
    "carrier" AS "carrier",
    "__known_at" AS "event_timestamp"
  FROM "carrier_delay__events"
  WHERE
    "__known_at" >= "__known_at"
  UNION
  SELECT
    "carrier" AS "carrier",
    "event_timestamp" + INTERVAL '168' HOUR AS "event_timestamp"
  FROM "carrier_delay__events"
  WHERE
    "event_timestamp" + INTERVAL '168' HOUR >= "__known_at"
  UNION
  SELECT
    "carrier" AS "carrier",
    "event_timestamp" + INTERVAL '336' HOUR AS "event_timestamp"
  FROM "carrier_delay__events"
  WHERE
    "event_timestamp" + INTERVAL '336' HOUR >= "__known_at"
  UNION
  SELECT
    "carrier" AS "carrier",
    "event_timestamp" + INTERVAL '672' HOUR AS "event_timestamp"
  FROM "carrier_delay__events"
  WHERE
    "event_timestamp" + INTERVAL '672' HOUR >= "__known_at"
), "carrier_delay__points" AS (
  SELECT DISTINCT
    "carrier",
    "event_timestamp"
  FROM "carrier_delay__moments"
  WHERE
    "carrier" IS NOT NULL AND "event_timestamp" IS NOT NULL
), "carrier_delay__rows" AS (
  SELECT
    "carrier" AS "carrier",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp",
    "arr_delay" AS "__value_1",
    CASE WHEN arr_delay >= 15 THEN 1 WHEN NOT (
      arr_delay >= 15
    ) THEN 0 END AS "__value_2"
  FROM "raw"."flights"
  WHERE
    "carrier" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "carrier_delay__totals" AS (
  SELECT
    "carrier" AS "carrier",
    "event_timestamp" AS "event_timestamp",
    CAST(COUNT("__value_1") AS DOUBLE) AS "__value_1_count",
    SUM("__value_1") AS "__value_1_sum",
    CAST(COUNT("__value_2") AS DOUBLE) AS "__value_2_count",
    SUM("__value_2") AS "__value_2_sum"
  FROM "carrier_delay__rows"
  GROUP BY
    "carrier",
    "event_timestamp"
), "carrier_delay__running" AS (
  SELECT
    "carrier" AS "carrier",
    "event_timestamp" AS "event_timestamp",
    SUM("__value_1_count") OVER "so_far" AS "__value_1_count",
    SUM("__value_1_sum") OVER "so_far" AS "__value_1_sum",
    SUM("__value_2_count") OVER "so_far" AS "__value_2_count",
    SUM("__value_2_sum") OVER "so_far" AS "__value_2_sum"
  FROM "carrier_delay__totals"
  WINDOW "so_far" AS (
    PARTITION BY "carrier"
    ORDER BY "event_timestamp" ASC NULLS LAST
    RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
), "carrier_delay__at_points" AS (
  SELECT
    "carrier_delay__points"."carrier" AS "carrier",
    "carrier_delay__points"."event_timestamp" AS "event_timestamp",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_604800s_ago"."__value_1_count", 0) > 0
      THEN COALESCE("until_now"."__value_1_sum", 0) - COALESCE("until_604800s_ago"."__value_1_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_604800s_ago"."__value_1_count", 0)
    ) AS "carrier_arr_delay_7d",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_2419200s_ago"."__value_1_count", 0) > 0
      THEN COALESCE("until_now"."__value_1_sum", 0) - COALESCE("until_2419200s_ago"."__value_1_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_2419200s_ago"."__value_1_count", 0)
    ) AS "carrier_arr_delay_28d",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_2_count", 0) - COALESCE("until_604800s_ago"."__value_2_count", 0) > 0
      THEN COALESCE("until_now"."__value_2_sum", 0) - COALESCE("until_604800s_ago"."__value_2_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_2_count", 0) - COALESCE("until_604800s_ago"."__value_2_count", 0)
    ) AS "carrier_late_7d",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_2_count", 0) - COALESCE("until_2419200s_ago"."__value_2_count", 0) > 0
      THEN COALESCE("until_now"."__value_2_sum", 0) - COALESCE("until_2419200s_ago"."__value_2_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_2_count", 0) - COALESCE("until_2419200s_ago"."__value_2_count", 0)
    ) AS "carrier_late_28d",
    CAST(CASE
      WHEN COALESCE("until_604800s_ago"."__value_2_count", 0) - COALESCE("until_1209600s_ago"."__value_2_count", 0) > 0
      THEN COALESCE("until_604800s_ago"."__value_2_sum", 0) - COALESCE("until_1209600s_ago"."__value_2_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_604800s_ago"."__value_2_count", 0) - COALESCE("until_1209600s_ago"."__value_2_count", 0)
    ) AS "carrier_late_before_7d"
  FROM "carrier_delay__points"
  ASOF LEFT JOIN "carrier_delay__running" AS "until_now"
    ON "carrier_delay__points"."carrier" = "until_now"."carrier"
    AND "carrier_delay__points"."event_timestamp" >= "until_now"."event_timestamp"
  ASOF LEFT JOIN "carrier_delay__running" AS "until_604800s_ago"
    ON "carrier_delay__points"."carrier" = "until_604800s_ago"."carrier"
    AND "carrier_delay__points"."event_timestamp" - INTERVAL '168' HOUR >= "until_604800s_ago"."event_timestamp"
  ASOF LEFT JOIN "carrier_delay__running" AS "until_1209600s_ago"
    ON "carrier_delay__points"."carrier" = "until_1209600s_ago"."carrier"
    AND "carrier_delay__points"."event_timestamp" - INTERVAL '336' HOUR >= "until_1209600s_ago"."event_timestamp"
  ASOF LEFT JOIN "carrier_delay__running" AS "until_2419200s_ago"
    ON "carrier_delay__points"."carrier" = "until_2419200s_ago"."carrier"
    AND "carrier_delay__points"."event_timestamp" - INTERVAL '672' HOUR >= "until_2419200s_ago"."event_timestamp"
)
SELECT
  "carrier_delay__moments"."carrier" AS "carrier",
  "carrier_delay__moments"."event_timestamp" AS "event_timestamp",
  "carrier_delay__at_points"."carrier_arr_delay_7d" AS "carrier_arr_delay_7d",
  "carrier_delay__at_points"."carrier_arr_delay_28d" AS "carrier_arr_delay_28d",
  "carrier_delay__at_points"."carrier_late_7d" AS "carrier_late_7d",
  "carrier_delay__at_points"."carrier_late_28d" AS "carrier_late_28d",
  "carrier_delay__at_points"."carrier_late_before_7d" AS "carrier_late_before_7d"
FROM "carrier_delay__moments"
LEFT JOIN "carrier_delay__at_points"
  ON "carrier_delay__moments"."carrier" = "carrier_delay__at_points"."carrier"
  AND "carrier_delay__moments"."event_timestamp" = "carrier_delay__at_points"."event_timestamp";

CREATE OR REPLACE MACRO "features"."carrier_delay__asof"(
    "ts"
) AS TABLE
WITH "carrier_delay__rows" AS (
  SELECT
    "carrier" AS "carrier",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp",
    "arr_delay" AS "__value_1",
    CASE WHEN arr_delay >= 15 THEN 1 WHEN NOT (
      arr_delay >= 15
    ) THEN 0 END AS "__value_2"
  FROM "raw"."flights"
  WHERE
    "carrier" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "carrier_delay__windows" AS (
  SELECT
    "carrier" AS "carrier",
    CAST("__value_1_sum_last_604800s" AS DOUBLE) / "__value_1_count_last_604800s" AS "carrier_arr_delay_7d",
    CAST("__value_1_sum_last_2419200s" AS DOUBLE) / "__value_1_count_last_2419200s" AS "carrier_arr_delay_28d",
    CAST("__value_2_sum_last_604800s" AS DOUBLE) / "__value_2_count_last_604800s" AS "carrier_late_7d",
    CAST("__value_2_sum_last_2419200s" AS DOUBLE) / "__value_2_count_last_2419200s" AS "carrier_late_28d",
    CAST("__value_2_sum_last_604800s_604800s_ago" AS DOUBLE) / "__value_2_count_last_604800s_604800s_ago" AS "carrier_late_before_7d"
  FROM (
    SELECT
      "events"."carrier" AS "carrier",
      SUM("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '168' HOUR) AS "__value_1_sum_last_604800s",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '168' HOUR) AS "__value_1_count_last_604800s",
      SUM("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_1_sum_last_2419200s",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_1_count_last_2419200s",
      SUM("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '168' HOUR) AS "__value_2_sum_last_604800s",
      COUNT("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '168' HOUR) AS "__value_2_count_last_604800s",
      SUM("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_2_sum_last_2419200s",
      COUNT("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_2_count_last_2419200s",
      SUM("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '336' HOUR
        AND "events"."event_timestamp" <= CAST("ts" AS TIMESTAMPTZ) - INTERVAL '168' HOUR) AS "__value_2_sum_last_604800s_604800s_ago",
      COUNT("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '336' HOUR
        AND "events"."event_timestamp" <= CAST("ts" AS TIMESTAMPTZ) - INTERVAL '168' HOUR) AS "__value_2_count_last_604800s_604800s_ago"
    FROM "carrier_delay__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST("ts" AS TIMESTAMPTZ)
    GROUP BY
      "events"."carrier"
  ) AS "by_key"
)
SELECT
  "carrier_delay__windows"."carrier" AS "carrier",
  "carrier_delay__windows"."carrier_arr_delay_7d" AS "carrier_arr_delay_7d",
  "carrier_delay__windows"."carrier_arr_delay_28d" AS "carrier_arr_delay_28d",
  "carrier_delay__windows"."carrier_late_7d" AS "carrier_late_7d",
  "carrier_delay__windows"."carrier_late_28d" AS "carrier_late_28d",
  "carrier_delay__windows"."carrier_late_before_7d" AS "carrier_late_before_7d"
FROM "carrier_delay__windows";
