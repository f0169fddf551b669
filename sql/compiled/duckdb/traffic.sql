CREATE OR REPLACE VIEW "features"."traffic" AS
WITH "traffic__rows" AS (
  SELECT
    "airport" AS "airport",
    "moved_at" AS "__known_at",
    "moved_at" AS "event_timestamp",
    1 AS "__value_1",
    "delay" AS "__value_2",
    CASE WHEN delay >= 15 THEN 1 WHEN NOT (
      delay >= 15
    ) THEN 0 END AS "__value_3"
  FROM (
    SELECT
      origin AS airport,
      actual_departure AS moved_at,
      dep_delay AS delay
    FROM raw.flights
    UNION ALL
    SELECT
      dest AS airport,
      actual_arrival AS moved_at,
      arr_delay AS delay
    FROM raw.flights
  ) AS "source"
  WHERE
    "airport" IS NOT NULL AND "moved_at" IS NOT NULL
), "traffic__windows" AS (
  SELECT
    "airport" AS "airport",
    CAST(COALESCE("__value_1_count_last_3600s", 0) AS BIGINT) AS "movements_1h",
    CAST(COALESCE("__value_1_count_last_10800s", 0) AS BIGINT) AS "movements_3h",
    CAST(COALESCE("__value_1_count_last_86400s", 0) AS BIGINT) AS "movements_24h",
    CAST("__value_2_sum_last_3600s" AS DOUBLE) / "__value_2_count_last_3600s" AS "mean_delay_1h",
    CAST("__value_2_sum_last_10800s" AS DOUBLE) / "__value_2_count_last_10800s" AS "mean_delay_3h",
    CAST("__value_2_sum_last_86400s" AS DOUBLE) / "__value_2_count_last_86400s" AS "mean_delay_24h",
    CAST("__value_2_sum_last_10800s_10800s_ago" AS DOUBLE) / "__value_2_count_last_10800s_10800s_ago" AS "mean_delay_before_3h",
    CAST("__value_3_sum_last_3600s" AS DOUBLE) / "__value_3_count_last_3600s" AS "late_1h",
    CAST("__value_3_sum_last_10800s" AS DOUBLE) / "__value_3_count_last_10800s" AS "late_3h",
    CAST("__value_3_sum_last_86400s" AS DOUBLE) / "__value_3_count_last_86400s" AS "late_24h"
  FROM (
    SELECT
      "events"."airport" AS "airport",
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
      SUM("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '6' HOUR
        AND "events"."event_timestamp" <= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '3' HOUR) AS "__value_2_sum_last_10800s_10800s_ago",
      COUNT("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '6' HOUR
        AND "events"."event_timestamp" <= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '3' HOUR) AS "__value_2_count_last_10800s_10800s_ago",
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
    FROM "traffic__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    GROUP BY
      "events"."airport"
  ) AS "by_key"
)
SELECT
  "traffic__windows"."airport" AS "airport",
  "traffic__windows"."movements_1h" AS "movements_1h",
  "traffic__windows"."movements_3h" AS "movements_3h",
  "traffic__windows"."movements_24h" AS "movements_24h",
  "traffic__windows"."mean_delay_1h" AS "mean_delay_1h",
  "traffic__windows"."mean_delay_3h" AS "mean_delay_3h",
  "traffic__windows"."mean_delay_24h" AS "mean_delay_24h",
  "traffic__windows"."mean_delay_before_3h" AS "mean_delay_before_3h",
  "traffic__windows"."late_1h" AS "late_1h",
  "traffic__windows"."late_3h" AS "late_3h",
  "traffic__windows"."late_24h" AS "late_24h"
FROM "traffic__windows";

CREATE OR REPLACE VIEW "features"."traffic__history" AS
WITH "traffic__events" AS (
  SELECT
    "airport" AS "airport",
    "moved_at" AS "__known_at",
    "moved_at" AS "event_timestamp"
  FROM (
    SELECT
      origin AS airport,
      actual_departure AS moved_at,
      dep_delay AS delay
    FROM raw.flights
    UNION ALL
    SELECT
      dest AS airport,
      actual_arrival AS moved_at,
      arr_delay AS delay
    FROM raw.flights
  ) AS "source"
  WHERE
    "airport" IS NOT NULL AND "moved_at" IS NOT NULL
), "traffic__moments" AS (
  SELECT
    "airport" AS "airport",
    "__known_at" AS "event_timestamp"
  FROM "traffic__events"
  WHERE
    "__known_at" >= "__known_at"
  UNION
  SELECT
    "airport" AS "airport",
    "event_timestamp" + INTERVAL '1' HOUR AS "event_timestamp"
  FROM "traffic__events"
  WHERE
    "event_timestamp" + INTERVAL '1' HOUR >= "__known_at"
  UNION
  SELECT
    "airport" AS "airport",
    "event_timestamp" + INTERVAL '3' HOUR AS "event_timestamp"
  FROM "traffic__events"
  WHERE
    "event_timestamp" + INTERVAL '3' HOUR >= "__known_at"
  UNION
  SELECT
    "airport" AS "airport",
    "event_timestamp" + INTERVAL '6' HOUR AS "event_timestamp"
  FROM "traffic__events"
  WHERE
    "event_timestamp" + INTERVAL '6' HOUR >= "__known_at"
  UNION
  SELECT
    "airport" AS "airport",
    "event_timestamp" + INTERVAL '24' HOUR AS "event_timestamp"
  FROM "traffic__events"
  WHERE
    "event_timestamp" + INTERVAL '24' HOUR >= "__known_at"
), "traffic__points" AS (
  SELECT DISTINCT
    "airport",
    "event_timestamp"
  FROM "traffic__moments"
  WHERE
    "airport" IS NOT NULL AND "event_timestamp" IS NOT NULL
), "traffic__rows" AS (
  SELECT
    "airport" AS "airport",
    "moved_at" AS "__known_at",
    "moved_at" AS "event_timestamp",
    1 AS "__value_1",
    "delay" AS "__value_2",
    CASE WHEN delay >= 15 THEN 1 WHEN NOT (
      delay >= 15
    ) THEN 0 END AS "__value_3"
  FROM (
    SELECT
      origin AS airport,
      actual_departure AS moved_at,
      dep_delay AS delay
    FROM raw.flights
    UNION ALL
    SELECT
      dest AS airport,
      actual_arrival AS moved_at,
      arr_delay AS delay
    FROM raw.flights
  ) AS "source"
  WHERE
    "airport" IS NOT NULL AND "moved_at" IS NOT NULL
), "traffic__totals" AS (
  SELECT
    "airport" AS "airport",
    "event_timestamp" AS "event_timestamp",
    CAST(COUNT("__value_1") AS DOUBLE) AS "__value_1_count",
    CAST(COUNT("__value_2") AS DOUBLE) AS "__value_2_count",
    SUM("__value_2") AS "__value_2_sum",
    CAST(COUNT("__value_3") AS DOUBLE) AS "__value_3_count",
    SUM("__value_3") AS "__value_3_sum"
  FROM "traffic__rows"
  GROUP BY
    "airport",
    "event_timestamp"
), "traffic__running" AS (
  SELECT
    "airport" AS "airport",
    "event_timestamp" AS "event_timestamp",
    SUM("__value_1_count") OVER "so_far" AS "__value_1_count",
    SUM("__value_2_count") OVER "so_far" AS "__value_2_count",
    SUM("__value_2_sum") OVER "so_far" AS "__value_2_sum",
    SUM("__value_3_count") OVER "so_far" AS "__value_3_count",
    SUM("__value_3_sum") OVER "so_far" AS "__value_3_sum"
  FROM "traffic__totals"
  WINDOW "so_far" AS (
    PARTITION BY "airport"
    ORDER BY "event_timestamp" ASC NULLS LAST
    RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
), "traffic__at_points" AS (
  SELECT
    "traffic__points"."airport" AS "airport",
    "traffic__points"."event_timestamp" AS "event_timestamp",
    CAST(COALESCE(
      COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_3600s_ago"."__value_1_count", 0),
      0
    ) AS BIGINT) AS "movements_1h",
    CAST(COALESCE(
      COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_10800s_ago"."__value_1_count", 0),
      0
    ) AS BIGINT) AS "movements_3h",
    CAST(COALESCE(
      COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_86400s_ago"."__value_1_count", 0),
      0
    ) AS BIGINT) AS "movements_24h",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_2_count", 0) - COALESCE("until_3600s_ago"."__value_2_count", 0) > 0
      THEN COALESCE("until_now"."__value_2_sum", 0) - COALESCE("until_3600s_ago"."__value_2_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_2_count", 0) - COALESCE("until_3600s_ago"."__value_2_count", 0)
    ) AS "mean_delay_1h",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_2_count", 0) - COALESCE("until_10800s_ago"."__value_2_count", 0) > 0
      THEN COALESCE("until_now"."__value_2_sum", 0) - COALESCE("until_10800s_ago"."__value_2_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_2_count", 0) - COALESCE("until_10800s_ago"."__value_2_count", 0)
    ) AS "mean_delay_3h",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_2_count", 0) - COALESCE("until_86400s_ago"."__value_2_count", 0) > 0
      THEN COALESCE("until_now"."__value_2_sum", 0) - COALESCE("until_86400s_ago"."__value_2_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_2_count", 0) - COALESCE("until_86400s_ago"."__value_2_count", 0)
    ) AS "mean_delay_24h",
    CAST(CASE
      WHEN COALESCE("until_10800s_ago"."__value_2_count", 0) - COALESCE("until_21600s_ago"."__value_2_count", 0) > 0
      THEN COALESCE("until_10800s_ago"."__value_2_sum", 0) - COALESCE("until_21600s_ago"."__value_2_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_10800s_ago"."__value_2_count", 0) - COALESCE("until_21600s_ago"."__value_2_count", 0)
    ) AS "mean_delay_before_3h",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_3_count", 0) - COALESCE("until_3600s_ago"."__value_3_count", 0) > 0
      THEN COALESCE("until_now"."__value_3_sum", 0) - COALESCE("until_3600s_ago"."__value_3_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_3_count", 0) - COALESCE("until_3600s_ago"."__value_3_count", 0)
    ) AS "late_1h",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_3_count", 0) - COALESCE("until_10800s_ago"."__value_3_count", 0) > 0
      THEN COALESCE("until_now"."__value_3_sum", 0) - COALESCE("until_10800s_ago"."__value_3_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_3_count", 0) - COALESCE("until_10800s_ago"."__value_3_count", 0)
    ) AS "late_3h",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_3_count", 0) - COALESCE("until_86400s_ago"."__value_3_count", 0) > 0
      THEN COALESCE("until_now"."__value_3_sum", 0) - COALESCE("until_86400s_ago"."__value_3_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_3_count", 0) - COALESCE("until_86400s_ago"."__value_3_count", 0)
    ) AS "late_24h"
  FROM "traffic__points"
  ASOF LEFT JOIN "traffic__running" AS "until_now"
    ON "traffic__points"."airport" = "until_now"."airport"
    AND "traffic__points"."event_timestamp" >= "until_now"."event_timestamp"
  ASOF LEFT JOIN "traffic__running" AS "until_3600s_ago"
    ON "traffic__points"."airport" = "until_3600s_ago"."airport"
    AND "traffic__points"."event_timestamp" - INTERVAL '1' HOUR >= "until_3600s_ago"."event_timestamp"
  ASOF LEFT JOIN "traffic__running" AS "until_10800s_ago"
    ON "traffic__points"."airport" = "until_10800s_ago"."airport"
    AND "traffic__points"."event_timestamp" - INTERVAL '3' HOUR >= "until_10800s_ago"."event_timestamp"
  ASOF LEFT JOIN "traffic__running" AS "until_21600s_ago"
    ON "traffic__points"."airport" = "until_21600s_ago"."airport"
    AND "traffic__points"."event_timestamp" - INTERVAL '6' HOUR >= "until_21600s_ago"."event_timestamp"
  ASOF LEFT JOIN "traffic__running" AS "until_86400s_ago"
    ON "traffic__points"."airport" = "until_86400s_ago"."airport"
    AND "traffic__points"."event_timestamp" - INTERVAL '24' HOUR >= "until_86400s_ago"."event_timestamp"
)
SELECT
  "traffic__moments"."airport" AS "airport",
  "traffic__moments"."event_timestamp" AS "event_timestamp",
  "traffic__at_points"."movements_1h" AS "movements_1h",
  "traffic__at_points"."movements_3h" AS "movements_3h",
  "traffic__at_points"."movements_24h" AS "movements_24h",
  "traffic__at_points"."mean_delay_1h" AS "mean_delay_1h",
  "traffic__at_points"."mean_delay_3h" AS "mean_delay_3h",
  "traffic__at_points"."mean_delay_24h" AS "mean_delay_24h",
  "traffic__at_points"."mean_delay_before_3h" AS "mean_delay_before_3h",
  "traffic__at_points"."late_1h" AS "late_1h",
  "traffic__at_points"."late_3h" AS "late_3h",
  "traffic__at_points"."late_24h" AS "late_24h"
FROM "traffic__moments"
LEFT JOIN "traffic__at_points"
  ON "traffic__moments"."airport" = "traffic__at_points"."airport"
  AND "traffic__moments"."event_timestamp" = "traffic__at_points"."event_timestamp";

CREATE OR REPLACE MACRO "features"."traffic__asof"(
    "ts"
) AS TABLE
WITH "traffic__rows" AS (
  SELECT
    "airport" AS "airport",
    "moved_at" AS "__known_at",
    "moved_at" AS "event_timestamp",
    1 AS "__value_1",
    "delay" AS "__value_2",
    CASE WHEN delay >= 15 THEN 1 WHEN NOT (
      delay >= 15
    ) THEN 0 END AS "__value_3"
  FROM (
    SELECT
      origin AS airport,
      actual_departure AS moved_at,
      dep_delay AS delay
    FROM raw.flights
    UNION ALL
    SELECT
      dest AS airport,
      actual_arrival AS moved_at,
      arr_delay AS delay
    FROM raw.flights
  ) AS "source"
  WHERE
    "airport" IS NOT NULL AND "moved_at" IS NOT NULL
), "traffic__windows" AS (
  SELECT
    "airport" AS "airport",
    CAST(COALESCE("__value_1_count_last_3600s", 0) AS BIGINT) AS "movements_1h",
    CAST(COALESCE("__value_1_count_last_10800s", 0) AS BIGINT) AS "movements_3h",
    CAST(COALESCE("__value_1_count_last_86400s", 0) AS BIGINT) AS "movements_24h",
    CAST("__value_2_sum_last_3600s" AS DOUBLE) / "__value_2_count_last_3600s" AS "mean_delay_1h",
    CAST("__value_2_sum_last_10800s" AS DOUBLE) / "__value_2_count_last_10800s" AS "mean_delay_3h",
    CAST("__value_2_sum_last_86400s" AS DOUBLE) / "__value_2_count_last_86400s" AS "mean_delay_24h",
    CAST("__value_2_sum_last_10800s_10800s_ago" AS DOUBLE) / "__value_2_count_last_10800s_10800s_ago" AS "mean_delay_before_3h",
    CAST("__value_3_sum_last_3600s" AS DOUBLE) / "__value_3_count_last_3600s" AS "late_1h",
    CAST("__value_3_sum_last_10800s" AS DOUBLE) / "__value_3_count_last_10800s" AS "late_3h",
    CAST("__value_3_sum_last_86400s" AS DOUBLE) / "__value_3_count_last_86400s" AS "late_24h"
  FROM (
    SELECT
      "events"."airport" AS "airport",
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
      SUM("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '6' HOUR
        AND "events"."event_timestamp" <= CAST("ts" AS TIMESTAMPTZ) - INTERVAL '3' HOUR) AS "__value_2_sum_last_10800s_10800s_ago",
      COUNT("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '6' HOUR
        AND "events"."event_timestamp" <= CAST("ts" AS TIMESTAMPTZ) - INTERVAL '3' HOUR) AS "__value_2_count_last_10800s_10800s_ago",
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
    FROM "traffic__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST("ts" AS TIMESTAMPTZ)
    GROUP BY
      "events"."airport"
  ) AS "by_key"
)
SELECT
  "traffic__windows"."airport" AS "airport",
  "traffic__windows"."movements_1h" AS "movements_1h",
  "traffic__windows"."movements_3h" AS "movements_3h",
  "traffic__windows"."movements_24h" AS "movements_24h",
  "traffic__windows"."mean_delay_1h" AS "mean_delay_1h",
  "traffic__windows"."mean_delay_3h" AS "mean_delay_3h",
  "traffic__windows"."mean_delay_24h" AS "mean_delay_24h",
  "traffic__windows"."mean_delay_before_3h" AS "mean_delay_before_3h",
  "traffic__windows"."late_1h" AS "late_1h",
  "traffic__windows"."late_3h" AS "late_3h",
  "traffic__windows"."late_24h" AS "late_24h"
FROM "traffic__windows";
