CREATE OR REPLACE VIEW "features"."number_late" AS
WITH "number_late__rows" AS (
  SELECT
    "carrier" AS "carrier",
    "flight" AS "flight",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp",
    CASE WHEN arr_delay >= 15 THEN 1 END AS "__value_1",
    CASE WHEN (
      arr_delay >= 15
    ) IS NOT NULL THEN 1 END AS "__value_2"
  FROM "raw"."flights"
  WHERE
    "carrier" IS NOT NULL AND "flight" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "number_late__windows" AS (
  SELECT
    "carrier" AS "carrier",
    "flight" AS "flight",
    CAST(COALESCE("__value_1_count_last_2419200s", 0) AS BIGINT) AS "held_28d",
    CAST(COALESCE("__value_2_count_last_2419200s", 0) AS BIGINT) AS "rows_28d"
  FROM (
    SELECT
      "events"."carrier" AS "carrier",
      "events"."flight" AS "flight",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_1_count_last_2419200s",
      COUNT("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_2_count_last_2419200s"
    FROM "number_late__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    GROUP BY
      "events"."carrier",
      "events"."flight"
  ) AS "by_key"
)
SELECT
  "number_late__windows"."carrier" AS "carrier",
  "number_late__windows"."flight" AS "flight",
  "number_late__windows"."held_28d" AS "held_28d",
  "number_late__windows"."rows_28d" AS "rows_28d"
FROM "number_late__windows";

CREATE OR REPLACE VIEW "features"."number_late__history" AS
WITH "number_late__events" AS (
  SELECT
    "carrier" AS "carrier",
    "flight" AS "flight",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp"
  FROM "raw"."flights"
  WHERE
    "carrier" IS NOT NULL AND "flight" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "number_late__moments" AS (
  SELECT
    "carrier" AS "carrier",
    "flight" AS "flight",
    "__known_at" AS "event_timestamp"
  FROM "number_late__events"
  WHERE
    "__known_at" >= "__known_at"
  UNION
  SELECT
    "carrier" AS "carrier",
    "flight" AS "flight",
    "event_timestamp" + INTERVAL '672' HOUR AS "event_timestamp"
  FROM "number_late__events"
  WHERE
    "event_timestamp" + INTERVAL '672' HOUR >= "__known_at"
), "number_late__points" AS (
  SELECT DISTINCT
    "carrier",
    "flight",
    "event_timestamp"
  FROM "number_late__moments"
  WHERE
    "carrier" IS NOT NULL AND "flight" IS NOT NULL AND "event_timestamp" IS NOT NULL
), "number_late__rows" AS (
  SELECT
    "carrier" AS "carrier",
    "flight" AS "flight",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp",
    CASE WHEN arr_delay >= 15 THEN 1 END AS "__value_1",
    CASE WHEN (
      arr_delay >= 15
    ) IS NOT NULL THEN 1 END AS "__value_2"
  FROM "raw"."flights"
  WHERE
    "carrier" IS NOT NULL AND "flight" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "number_late__totals" AS (
  SELECT
    "carrier" AS "carrier",
    "flight" AS "flight",
    "event_timestamp" AS "event_timestamp",
    CAST(COUNT("__value_1") AS DOUBLE) AS "__value_1_count",
    CAST(COUNT("__value_2") AS DOUBLE) AS "__value_2_count"
  FROM "number_late__rows"
  GROUP BY
    "carrier",
    "flight",
    "event_timestamp"
), "number_late__running" AS (
  SELECT
    "carrier" AS "carrier",
    "flight" AS "flight",
    "event_timestamp" AS "event_timestamp",
    SUM("__value_1_count") OVER "so_far" AS "__value_1_count",
    SUM("__value_2_count") OVER "so_far" AS "__value_2_count"
  FROM "number_late__totals"
  WINDOW "so_far" AS (
    PARTITION BY "carrier", "flight"
    ORDER BY "event_timestamp" ASC NULLS LAST
    RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
), "number_late__at_points" AS (
  SELECT
    "number_late__points"."carrier" AS "carrier",
    "number_late__points"."flight" AS "flight",
    "number_late__points"."event_timestamp" AS "event_timestamp",
    CAST(COALESCE(
      COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_2419200s_ago"."__value_1_count", 0),
      0
    ) AS BIGINT) AS "held_28d",
    CAST(COALESCE(
      COALESCE("until_now"."__value_2_count", 0) - COALESCE("until_2419200s_ago"."__value_2_count", 0),
      0
    ) AS BIGINT) AS "rows_28d"
  FROM "number_late__points"
  ASOF LEFT JOIN "number_late__running" AS "until_now"
    ON "number_late__points"."carrier" = "until_now"."carrier"
    AND "number_late__points"."flight" = "until_now"."flight"
    AND "number_late__points"."event_timestamp" >= "until_now"."event_timestamp"
  ASOF LEFT JOIN "number_late__running" AS "until_2419200s_ago"
    ON "number_late__points"."carrier" = "until_2419200s_ago"."carrier"
    AND "number_late__points"."flight" = "until_2419200s_ago"."flight"
    AND "number_late__points"."event_timestamp" - INTERVAL '672' HOUR >= "until_2419200s_ago"."event_timestamp"
)
SELECT
  "number_late__moments"."carrier" AS "carrier",
  "number_late__moments"."flight" AS "flight",
  "number_late__moments"."event_timestamp" AS "event_timestamp",
  "number_late__at_points"."held_28d" AS "held_28d",
  "number_late__at_points"."rows_28d" AS "rows_28d"
FROM "number_late__moments"
LEFT JOIN "number_late__at_points"
  ON "number_late__moments"."carrier" = "number_late__at_points"."carrier"
  AND "number_late__moments"."flight" = "number_late__at_points"."flight"
  AND "number_late__moments"."event_timestamp" = "number_late__at_points"."event_timestamp";

CREATE OR REPLACE MACRO "features"."number_late__asof"(
    "ts"
) AS TABLE
WITH "number_late__rows" AS (
  SELECT
    "carrier" AS "carrier",
    "flight" AS "flight",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp",
    CASE WHEN arr_delay >= 15 THEN 1 END AS "__value_1",
    CASE WHEN (
      arr_delay >= 15
    ) IS NOT NULL THEN 1 END AS "__value_2"
  FROM "raw"."flights"
  WHERE
    "carrier" IS NOT NULL AND "flight" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "number_late__windows" AS (
  SELECT
    "carrier" AS "carrier",
    "flight" AS "flight",
    CAST(COALESCE("__value_1_count_last_2419200s", 0) AS BIGINT) AS "held_28d",
    CAST(COALESCE("__value_2_count_last_2419200s", 0) AS BIGINT) AS "rows_28d"
  FROM (
    SELECT
      "events"."carrier" AS "carrier",
      "events"."flight" AS "flight",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_1_count_last_2419200s",
      COUNT("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_2_count_last_2419200s"
    FROM "number_late__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST("ts" AS TIMESTAMPTZ)
    GROUP BY
      "events"."carrier",
      "events"."flight"
  ) AS "by_key"
)
SELECT
  "number_late__windows"."carrier" AS "carrier",
  "number_late__windows"."flight" AS "flight",
  "number_late__windows"."held_28d" AS "held_28d",
  "number_late__windows"."rows_28d" AS "rows_28d"
FROM "number_late__windows";
