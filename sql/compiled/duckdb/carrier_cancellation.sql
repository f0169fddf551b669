CREATE OR REPLACE VIEW "features"."carrier_cancellation" AS
WITH "carrier_cancellation__rows" AS (
  SELECT
    "carrier" AS "carrier",
    "known_from" AS "__known_at",
    "known_from" AS "event_timestamp",
    CASE WHEN cancelled THEN 1 WHEN NOT cancelled THEN 0 END AS "__value_1"
  FROM (
    SELECT
      carrier,
      cancelled,
      COALESCE(actual_departure, scheduled_departure + INTERVAL '24' HOUR) AS known_from
    FROM raw.flights
  ) AS "source"
  WHERE
    "carrier" IS NOT NULL AND "known_from" IS NOT NULL
), "carrier_cancellation__windows" AS (
  SELECT
    "carrier" AS "carrier",
    CAST("__value_1_sum_last_604800s" AS DOUBLE) / "__value_1_count_last_604800s" AS "carrier_cancelled_7d",
    CAST("__value_1_sum_last_2419200s" AS DOUBLE) / "__value_1_count_last_2419200s" AS "carrier_cancelled_28d"
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
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_1_count_last_2419200s"
    FROM "carrier_cancellation__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    GROUP BY
      "events"."carrier"
  ) AS "by_key"
)
SELECT
  "carrier_cancellation__windows"."carrier" AS "carrier",
  "carrier_cancellation__windows"."carrier_cancelled_7d" AS "carrier_cancelled_7d",
  "carrier_cancellation__windows"."carrier_cancelled_28d" AS "carrier_cancelled_28d"
FROM "carrier_cancellation__windows";

CREATE OR REPLACE VIEW "features"."carrier_cancellation__history" AS
WITH "carrier_cancellation__events" AS (
  SELECT
    "carrier" AS "carrier",
    "known_from" AS "__known_at",
    "known_from" AS "event_timestamp"
  FROM (
    SELECT
      carrier,
      cancelled,
      COALESCE(actual_departure, scheduled_departure + INTERVAL '24' HOUR) AS known_from
    FROM raw.flights
  ) AS "source"
  WHERE
    "carrier" IS NOT NULL AND "known_from" IS NOT NULL
), "carrier_cancellation__moments" AS (
  SELECT
    "carrier" AS "carrier",
    "__known_at" AS "event_timestamp"
  FROM "carrier_cancellation__events"
  WHERE
    "__known_at" >= "__known_at"
  UNION
  SELECT
    "carrier" AS "carrier",
    "event_timestamp" + INTERVAL '168' HOUR AS "event_timestamp"
  FROM "carrier_cancellation__events"
  WHERE
    "event_timestamp" + INTERVAL '168' HOUR >= "__known_at"
  UNION
  SELECT
    "carrier" AS "carrier",
    "event_timestamp" + INTERVAL '672' HOUR AS "event_timestamp"
  FROM "carrier_cancellation__events"
  WHERE
    "event_timestamp" + INTERVAL '672' HOUR >= "__known_at"
), "carrier_cancellation__points" AS (
  SELECT DISTINCT
    "carrier",
    "event_timestamp"
  FROM "carrier_cancellation__moments"
  WHERE
    "carrier" IS NOT NULL AND "event_timestamp" IS NOT NULL
), "carrier_cancellation__rows" AS (
  SELECT
    "carrier" AS "carrier",
    "known_from" AS "__known_at",
    "known_from" AS "event_timestamp",
    CASE WHEN cancelled THEN 1 WHEN NOT cancelled THEN 0 END AS "__value_1"
  FROM (
    SELECT
      carrier,
      cancelled,
      COALESCE(actual_departure, scheduled_departure + INTERVAL '24' HOUR) AS known_from
    FROM raw.flights
  ) AS "source"
  WHERE
    "carrier" IS NOT NULL AND "known_from" IS NOT NULL
), "carrier_cancellation__totals" AS (
  SELECT
    "carrier" AS "carrier",
    "event_timestamp" AS "event_timestamp",
    CAST(COUNT("__value_1") AS DOUBLE) AS "__value_1_count",
    SUM("__value_1") AS "__value_1_sum"
  FROM "carrier_cancellation__rows"
  GROUP BY
    "carrier",
    "event_timestamp"
), "carrier_cancellation__running" AS (
  SELECT
    "carrier" AS "carrier",
    "event_timestamp" AS "event_timestamp",
    SUM("__value_1_count") OVER "so_far" AS "__value_1_count",
    SUM("__value_1_sum") OVER "so_far" AS "__value_1_sum"
  FROM "carrier_cancellation__totals"
  WINDOW "so_far" AS (
    PARTITION BY "carrier"
    ORDER BY "event_timestamp" ASC NULLS LAST
    RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
), "carrier_cancellation__at_points" AS (
  SELECT
    "carrier_cancellation__points"."carrier" AS "carrier",
    "carrier_cancellation__points"."event_timestamp" AS "event_timestamp",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_604800s_ago"."__value_1_count", 0) > 0
      THEN COALESCE("until_now"."__value_1_sum", 0) - COALESCE("until_604800s_ago"."__value_1_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_604800s_ago"."__value_1_count", 0)
    ) AS "carrier_cancelled_7d",
    CAST(CASE
      WHEN COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_2419200s_ago"."__value_1_count", 0) > 0
      THEN COALESCE("until_now"."__value_1_sum", 0) - COALESCE("until_2419200s_ago"."__value_1_sum", 0)
    END AS DOUBLE) / (
      COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_2419200s_ago"."__value_1_count", 0)
    ) AS "carrier_cancelled_28d"
  FROM "carrier_cancellation__points"
  ASOF LEFT JOIN "carrier_cancellation__running" AS "until_now"
    ON "carrier_cancellation__points"."carrier" = "until_now"."carrier"
    AND "carrier_cancellation__points"."event_timestamp" >= "until_now"."event_timestamp"
  ASOF LEFT JOIN "carrier_cancellation__running" AS "until_604800s_ago"
    ON "carrier_cancellation__points"."carrier" = "until_604800s_ago"."carrier"
    AND "carrier_cancellation__points"."event_timestamp" - INTERVAL '168' HOUR >= "until_604800s_ago"."event_timestamp"
  ASOF LEFT JOIN "carrier_cancellation__running" AS "until_2419200s_ago"
    ON "carrier_cancellation__points"."carrier" = "until_2419200s_ago"."carrier"
    AND "carrier_cancellation__points"."event_timestamp" - INTERVAL '672' HOUR >= "until_2419200s_ago"."event_timestamp"
)
SELECT
  "carrier_cancellation__moments"."carrier" AS "carrier",
  "carrier_cancellation__moments"."event_timestamp" AS "event_timestamp",
  "carrier_cancellation__at_points"."carrier_cancelled_7d" AS "carrier_cancelled_7d",
  "carrier_cancellation__at_points"."carrier_cancelled_28d" AS "carrier_cancelled_28d"
FROM "carrier_cancellation__moments"
LEFT JOIN "carrier_cancellation__at_points"
  ON "carrier_cancellation__moments"."carrier" = "carrier_cancellation__at_points"."carrier"
  AND "carrier_cancellation__moments"."event_timestamp" = "carrier_cancellation__at_points"."event_timestamp";

CREATE OR REPLACE MACRO "features"."carrier_cancellation__asof"(
    "ts"
) AS TABLE
WITH "carrier_cancellation__rows" AS (
  SELECT
    "carrier" AS "carrier",
    "known_from" AS "__known_at",
    "known_from" AS "event_timestamp",
    CASE WHEN cancelled THEN 1 WHEN NOT cancelled THEN 0 END AS "__value_1"
  FROM (
    SELECT
      carrier,
      cancelled,
      COALESCE(actual_departure, scheduled_departure + INTERVAL '24' HOUR) AS known_from
    FROM raw.flights
  ) AS "source"
  WHERE
    "carrier" IS NOT NULL AND "known_from" IS NOT NULL
), "carrier_cancellation__windows" AS (
  SELECT
    "carrier" AS "carrier",
    CAST("__value_1_sum_last_604800s" AS DOUBLE) / "__value_1_count_last_604800s" AS "carrier_cancelled_7d",
    CAST("__value_1_sum_last_2419200s" AS DOUBLE) / "__value_1_count_last_2419200s" AS "carrier_cancelled_28d"
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
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '672' HOUR) AS "__value_1_count_last_2419200s"
    FROM "carrier_cancellation__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST("ts" AS TIMESTAMPTZ)
    GROUP BY
      "events"."carrier"
  ) AS "by_key"
)
SELECT
  "carrier_cancellation__windows"."carrier" AS "carrier",
  "carrier_cancellation__windows"."carrier_cancelled_7d" AS "carrier_cancelled_7d",
  "carrier_cancellation__windows"."carrier_cancelled_28d" AS "carrier_cancelled_28d"
FROM "carrier_cancellation__windows";
