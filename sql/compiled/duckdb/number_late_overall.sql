CREATE OR REPLACE VIEW "features"."number_late_overall" AS
WITH "number_late_overall__rows" AS (
  SELECT
    "all_rows" AS "all_rows",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp",
    CASE WHEN arr_delay >= 15 THEN 1 WHEN NOT (
      arr_delay >= 15
    ) THEN 0 END AS "__value_1"
  FROM (
    SELECT
      *,
      TRUE AS "all_rows"
    FROM "raw"."flights"
  ) AS "source"
  WHERE
    "all_rows" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "number_late_overall__windows" AS (
  SELECT
    "all_rows" AS "all_rows",
    CAST("__value_1_sum_last_2419200s" AS DOUBLE) / "__value_1_count_last_2419200s" AS "rate_28d"
  FROM (
    SELECT
      "events"."all_rows" AS "all_rows",
      SUM("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_1_sum_last_2419200s",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_1_count_last_2419200s"
    FROM "number_late_overall__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    GROUP BY
      "events"."all_rows"
  ) AS "by_key"
)
SELECT
  "number_late_overall__windows"."all_rows" AS "all_rows",
  "number_late_overall__windows"."rate_28d" AS "rate_28d"
FROM "number_late_overall__windows";

CREATE OR REPLACE VIEW "features"."number_late_overall__history" AS
WITH "number_late_overall__events" AS (
  SELECT
    "all_rows" AS "all_rows",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp"
  FROM (
    SELECT
      *,
      TRUE AS "all_rows"
    FROM "raw"."flights"
  ) AS "source"
  WHERE
    "all_rows" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "number_late_overall__moments" AS (
  SELECT
    "all_rows" AS "all_rows",
    "__known_at" AS "event_timestamp"
  FROM "number_late_overall__events"
  WHERE
    "__known_at" >= "__known_at"
  UNION
  SELECT
    "all_rows" AS "all_rows",
    "event_timestamp" + INTERVAL '672' HOUR AS "event_timestamp"
  FROM "number_late_overall__events"
  WHERE
    "event_timestamp" + INTERVAL '672' HOUR >= "__known_at"
), "number_late_overall__points" AS (
  SELECT DISTINCT
    "all_rows",
    "event_timestamp"
  FROM "number_late_overall__moments"
  WHERE
    "all_rows" IS NOT NULL AND "event_timestamp" IS NOT NULL
), "number_late_overall__rows" AS (
  SELECT
    "all_rows" AS "all_rows",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp",
    CASE WHEN arr_delay >= 15 THEN 1 WHEN NOT (
      arr_delay >= 15
    ) THEN 0 END AS "__value_1"
  FROM (
    SELECT
      *,
      TRUE AS "all_rows"
    FROM "raw"."flights"
  ) AS "source"
  WHERE
    "all_rows" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "number_late_overall__totals" AS (
  SELECT
    "all_rows" AS "all_rows",
    "event_timestamp" AS "event_timestamp",
    CAST(COUNT("__value_1") AS DOUBLE) AS "__value_1_count",
    SUM("__value_1") AS "__value_1_sum"
  FROM "number_late_overall__rows"
  GROUP BY
    "all_rows",
    "event_timestamp"
), "number_late_overall__running" AS (
  SELECT
    "all_rows" AS "all_rows",
    "event_timestamp" AS "event_timestamp",
    SUM("__value_1_count") OVER "so_far" AS "__value_1_count",
    SUM("__value_1_sum") OVER "so_far" AS "__value_1_sum"
  FROM "number_late_overall__totals"
  WINDOW "so_far" AS (
    PARTITION BY "all_rows"
    ORDER BY "event_timestamp" ASC NULLS LAST
    RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
), "number_late_overall__at_points" AS (
  SELECT
    "number_late_overall__points"."all_rows" AS "all_rows",
    "number_late_overall__points"."event_timestamp" AS "event_timestamp",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_2419200s_ago"."__value_1_count", 0) > 0
      THEN COALESCE("until_now"."__value_1_sum", 0) - COALESCE("until_2419200s_ago"."__value_1_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_2419200s_ago"."__value_1_count", 0)
    ) AS "rate_28d"
  FROM "number_late_overall__points"
  ASOF LEFT JOIN "number_late_overall__running" AS "until_now"
    ON "number_late_overall__points"."all_rows" = "until_now"."all_rows"
    AND "number_late_overall__points"."event_timestamp" >= "until_now"."event_timestamp"
  ASOF LEFT JOIN "number_late_overall__running" AS "until_2419200s_ago"
    ON "number_late_overall__points"."all_rows" = "until_2419200s_ago"."all_rows"
    AND "number_late_overall__points"."event_timestamp" - INTERVAL '672' HOUR >= "until_2419200s_ago"."event_timestamp"
)
SELECT
  "number_late_overall__moments"."all_rows" AS "all_rows",
  "number_late_overall__moments"."event_timestamp" AS "event_timestamp",
  "number_late_overall__at_points"."rate_28d" AS "rate_28d"
FROM "number_late_overall__moments"
LEFT JOIN "number_late_overall__at_points"
  ON "number_late_overall__moments"."all_rows" = "number_late_overall__at_points"."all_rows"
  AND "number_late_overall__moments"."event_timestamp" = "number_late_overall__at_points"."event_timestamp";

CREATE OR REPLACE MACRO "features"."number_late_overall__asof"(
    "ts"
) AS TABLE
WITH "number_late_overall__rows" AS (
  SELECT
    "all_rows" AS "all_rows",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp",
    CASE WHEN arr_delay >= 15 THEN 1 WHEN NOT (
      arr_delay >= 15
    ) THEN 0 END AS "__value_1"
  FROM (
    SELECT
      *,
      TRUE AS "all_rows"
    FROM "raw"."flights"
  ) AS "source"
  WHERE
    "all_rows" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "number_late_overall__windows" AS (
  SELECT
    "all_rows" AS "all_rows",
    CAST("__value_1_sum_last_2419200s" AS DOUBLE) / "__value_1_count_last_2419200s" AS "rate_28d"
  FROM (
    SELECT
      "events"."all_rows" AS "all_rows",
      SUM("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_1_sum_last_2419200s",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_1_count_last_2419200s"
    FROM "number_late_overall__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST("ts" AS TIMESTAMPTZ)
    GROUP BY
      "events"."all_rows"
  ) AS "by_key"
)
SELECT
  "number_late_overall__windows"."all_rows" AS "all_rows",
  "number_late_overall__windows"."rate_28d" AS "rate_28d"
FROM "number_late_overall__windows";
