CREATE OR REPLACE VIEW "features"."plane_history" AS
WITH "plane_history__newest" AS (
  SELECT
    "tailnum",
    "event_timestamp",
    "last_arr_delay",
    "last_arrival",
    "last_air_time"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "tailnum" AS "tailnum",
        "actual_arrival" AS "__known_at",
        "actual_arrival" AS "event_timestamp",
        CAST(arr_delay AS DOUBLE) AS "last_arr_delay",
        CAST(actual_arrival AS TIMESTAMPTZ) AS "last_arrival",
        CAST(air_time AS DOUBLE) AS "last_air_time"
      FROM "raw"."flights"
      WHERE
        "tailnum" IS NOT NULL AND "actual_arrival" IS NOT NULL
    ) AS "source_rows"
    QUALIFY
      ROW_NUMBER() OVER (
        PARTITION BY "tailnum", "__known_at"
        ORDER BY "event_timestamp" DESC NULLS LAST, "last_arr_delay" DESC NULLS LAST, "last_arrival" DESC NULLS LAST, "last_air_time" DESC NULLS LAST
      ) = 1
  ) AS "versions"
  WHERE
    "__known_at" <= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY "tailnum" ORDER BY "__known_at" DESC NULLS LAST) = 1
), "plane_history__rows" AS (
  SELECT
    "tailnum" AS "tailnum",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp",
    1 AS "__value_1",
    "dest" AS "__value_2",
    "actual_arrival" AS "__value_3"
  FROM "raw"."flights"
  WHERE
    "tailnum" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "plane_history__windows" AS (
  SELECT
    "tailnum" AS "tailnum",
    CAST(COALESCE("__value_1_count_last_86400s", 0) AS BIGINT) AS "plane_flights_24h",
    CAST(COALESCE("__value_2_count_distinct_last_604800s", 0) AS BIGINT) AS "plane_destinations_7d",
    CAST(EPOCH_US(CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)) - EPOCH_US("__value_3_max_last_604800s") AS DOUBLE) / 1.0000000000000000e+06 AS "seconds_since_arrival_7d"
  FROM (
    SELECT
      "events"."tailnum" AS "tailnum",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '24' HOUR) AS "__value_1_count_last_86400s",
      COUNT(DISTINCT "events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '168' HOUR) AS "__value_2_count_distinct_last_604800s",
      MAX("events"."__value_3") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '168' HOUR) AS "__value_3_max_last_604800s"
    FROM "plane_history__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    GROUP BY
      "events"."tailnum"
  ) AS "by_key"
)
SELECT
  "plane_history__newest"."tailnum" AS "tailnum",
  CASE
    WHEN "plane_history__newest"."event_timestamp" + INTERVAL '168' HOUR >= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    THEN "plane_history__newest"."last_arr_delay"
  END AS "last_arr_delay",
  CASE
    WHEN "plane_history__newest"."event_timestamp" + INTERVAL '168' HOUR >= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    THEN "plane_history__newest"."last_arrival"
  END AS "last_arrival",
  CASE
    WHEN "plane_history__newest"."event_timestamp" + INTERVAL '168' HOUR >= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    THEN "plane_history__newest"."last_air_time"
  END AS "last_air_time",
  "plane_history__windows"."plane_flights_24h" AS "plane_flights_24h",
  "plane_history__windows"."plane_destinations_7d" AS "plane_destinations_7d",
  "plane_history__windows"."seconds_since_arrival_7d" AS "seconds_since_arrival_7d"
FROM "plane_history__newest"
LEFT JOIN "plane_history__windows"
  ON "plane_history__newest"."tailnum" = "plane_history__windows"."tailnum";

CREATE OR REPLACE VIEW "features"."plane_history__history" AS
WITH "plane_history__events" AS (
  SELECT
    "tailnum" AS "tailnum",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp"
  FROM "raw"."flights"
  WHERE
    "tailnum" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "plane_history__moments" AS (
  SELECT
    "tailnum" AS "tailnum",
    "__known_at" AS "event_timestamp"
  FROM "plane_history__events"
  WHERE
    "__known_at" >= "__known_at"
  UNION
  SELECT
    "tailnum" AS "tailnum",
    "event_timestamp" + INTERVAL '24' HOUR AS "event_timestamp"
  FROM "plane_history__events"
  WHERE
    "event_timestamp" + INTERVAL '24' HOUR >= "__known_at"
  UNION
  SELECT
    "tailnum" AS "tailnum",
    "event_timestamp" + INTERVAL '168' HOUR AS "event_timestamp"
  FROM "plane_history__events"
  WHERE
    "event_timestamp" + INTERVAL '168' HOUR >= "__known_at"
  UNION
  SELECT
    "tailnum" AS "tailnum",
    "event_timestamp" + INTERVAL '604800000001' MICROSECOND AS "event_timestamp"
  FROM "plane_history__events"
  WHERE
    "event_timestamp" + INTERVAL '604800000001' MICROSECOND >= "__known_at"
), "plane_history__known" AS (
  SELECT
    "tailnum",
    "__known_at"
  FROM (
    SELECT
      "tailnum" AS "tailnum",
      "actual_arrival" AS "__known_at",
      "actual_arrival" AS "event_timestamp",
      CAST(arr_delay AS DOUBLE) AS "last_arr_delay",
      CAST(actual_arrival AS TIMESTAMPTZ) AS "last_arrival",
      CAST(air_time AS DOUBLE) AS "last_air_time"
    FROM "raw"."flights"
    WHERE
      "tailnum" IS NOT NULL AND "actual_arrival" IS NOT NULL
  ) AS "rows"
), "plane_history__latest" AS (
  SELECT DISTINCT
    "plane_history__moments"."tailnum" AS "tailnum",
    "plane_history__moments"."event_timestamp" AS "event_timestamp",
    "plane_history__known"."__known_at" AS "__known_at"
  FROM "plane_history__moments"
  ASOF LEFT JOIN "plane_history__known"
    ON "plane_history__moments"."tailnum" = "plane_history__known"."tailnum"
    AND "plane_history__moments"."event_timestamp" >= "plane_history__known"."__known_at"
), "plane_history__versions" AS (
  SELECT
    *
  FROM (
    SELECT
      "rows"."tailnum" AS "tailnum",
      "rows"."__known_at" AS "__known_at",
      "rows"."last_arr_delay" AS "last_arr_delay",
      "rows"."last_arrival" AS "last_arrival",
      "rows"."last_air_time" AS "last_air_time"
    FROM (
      SELECT
        "tailnum" AS "tailnum",
        "actual_arrival" AS "__known_at",
        "actual_arrival" AS "event_timestamp",
        CAST(arr_delay AS DOUBLE) AS "last_arr_delay",
        CAST(actual_arrival AS TIMESTAMPTZ) AS "last_arrival",
        CAST(air_time AS DOUBLE) AS "last_air_time"
      FROM "raw"."flights"
      WHERE
        "tailnum" IS NOT NULL AND "actual_arrival" IS NOT NULL
    ) AS "rows"
    INNER JOIN (
      SELECT DISTINCT
        "tailnum",
        "__known_at"
      FROM "plane_history__latest"
    ) AS "moments"
      ON "rows"."tailnum" = "moments"."tailnum"
      AND "rows"."__known_at" = "moments"."__known_at"
  ) AS "fetched"
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY "tailnum", "__known_at"
      ORDER BY "last_arr_delay" DESC NULLS LAST, "last_arrival" DESC NULLS LAST, "last_air_time" DESC NULLS LAST
    ) = 1
), "plane_history__newest" AS (
  SELECT
    "plane_history__latest"."tailnum" AS "tailnum",
    "plane_history__latest"."event_timestamp" AS "event_timestamp",
    "plane_history__latest"."__known_at" AS "__known_at",
    "plane_history__versions"."last_arr_delay" AS "last_arr_delay",
    "plane_history__versions"."last_arrival" AS "last_arrival",
    "plane_history__versions"."last_air_time" AS "last_air_time"
  FROM "plane_history__latest"
  INNER JOIN "plane_history__versions"
    ON "plane_history__latest"."tailnum" = "plane_history__versions"."tailnum"
    AND "plane_history__latest"."__known_at" = "plane_history__versions"."__known_at"
), "plane_history__points" AS (
  SELECT DISTINCT
    "tailnum",
    "event_timestamp"
  FROM "plane_history__moments"
  WHERE
    "tailnum" IS NOT NULL AND "event_timestamp" IS NOT NULL
), "plane_history__rows" AS (
  SELECT
    "tailnum" AS "tailnum",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp",
    1 AS "__value_1",
    "dest" AS "__value_2",
    "actual_arrival" AS "__value_3"
  FROM "raw"."flights"
  WHERE
    "tailnum" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "plane_history__timeline" AS (
  SELECT
    "tailnum",
    "event_timestamp",
    "__value_1",
    "__value_2",
    "__value_3",
    FALSE AS "__is_point"
  FROM "plane_history__rows"
  UNION ALL
  SELECT
    "tailnum",
    "event_timestamp",
    NULL AS "__value_1",
    NULL AS "__value_2",
    NULL AS "__value_3",
    TRUE AS "__is_point"
  FROM "plane_history__points"
), "plane_history__windows" AS (
  SELECT
    "tailnum" AS "tailnum",
    "event_timestamp" AS "event_timestamp",
    "__is_point" AS "__is_point",
    COUNT("__value_1") OVER "last_86400s" AS "__value_1_count_last_86400s",
    COUNT(DISTINCT "__value_2") OVER "last_604800s" AS "__value_2_count_distinct_last_604800s",
    MAX("__value_3") OVER "last_604800s" AS "__value_3_max_last_604800s"
  FROM "plane_history__timeline"
  WINDOW "last_86400s" AS (
    PARTITION BY "tailnum"
    ORDER BY "event_timestamp" ASC NULLS LAST
    RANGE BETWEEN INTERVAL '86399999999' MICROSECOND PRECEDING AND CURRENT ROW
  ), "last_604800s" AS (
    PARTITION BY "tailnum"
    ORDER BY "event_timestamp" ASC NULLS LAST
    RANGE BETWEEN INTERVAL '604799999999' MICROSECOND PRECEDING AND CURRENT ROW
  )
), "plane_history__at_points" AS (
  SELECT
    "tailnum" AS "tailnum",
    "event_timestamp" AS "event_timestamp",
    CAST(COALESCE("__value_1_count_last_86400s", 0) AS BIGINT) AS "plane_flights_24h",
    CAST(COALESCE("__value_2_count_distinct_last_604800s", 0) AS BIGINT) AS "plane_destinations_7d",
    CAST(EPOCH_US("event_timestamp") - EPOCH_US("__value_3_max_last_604800s") AS DOUBLE) / 1.0000000000000000e+06 AS "seconds_since_arrival_7d"
  FROM "plane_history__windows"
  WHERE
    "__is_point"
)
SELECT
  "plane_history__moments"."tailnum" AS "tailnum",
  "plane_history__moments"."event_timestamp" AS "event_timestamp",
  CASE
    WHEN "plane_history__newest"."__known_at" + INTERVAL '168' HOUR >= "plane_history__moments"."event_timestamp"
    THEN "plane_history__newest"."last_arr_delay"
  END AS "last_arr_delay",
  CASE
    WHEN "plane_history__newest"."__known_at" + INTERVAL '168' HOUR >= "plane_history__moments"."event_timestamp"
    THEN "plane_history__newest"."last_arrival"
  END AS "last_arrival",
  CASE
    WHEN "plane_history__newest"."__known_at" + INTERVAL '168' HOUR >= "plane_history__moments"."event_timestamp"
    THEN "plane_history__newest"."last_air_time"
  END AS "last_air_time",
  "plane_history__at_points"."plane_flights_24h" AS "plane_flights_24h",
  "plane_history__at_points"."plane_destinations_7d" AS "plane_destinations_7d",
  "plane_history__at_points"."seconds_since_arrival_7d" AS "seconds_since_arrival_7d"
FROM "plane_history__moments"
LEFT JOIN "plane_history__newest"
  ON "plane_history__moments"."tailnum" = "plane_history__newest"."tailnum"
  AND "plane_history__moments"."event_timestamp" = "plane_history__newest"."event_timestamp"
LEFT JOIN "plane_history__at_points"
  ON "plane_history__moments"."tailnum" = "plane_history__at_points"."tailnum"
  AND "plane_history__moments"."event_timestamp" = "plane_history__at_points"."event_timestamp";

CREATE OR REPLACE MACRO "features"."plane_history__asof"(
    "ts"
) AS TABLE
WITH "plane_history__newest" AS (
  SELECT
    "tailnum",
    "event_timestamp",
    "last_arr_delay",
    "last_arrival",
    "last_air_time"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "tailnum" AS "tailnum",
        "actual_arrival" AS "__known_at",
        "actual_arrival" AS "event_timestamp",
        CAST(arr_delay AS DOUBLE) AS "last_arr_delay",
        CAST(actual_arrival AS TIMESTAMPTZ) AS "last_arrival",
        CAST(air_time AS DOUBLE) AS "last_air_time"
      FROM "raw"."flights"
      WHERE
        "tailnum" IS NOT NULL AND "actual_arrival" IS NOT NULL
    ) AS "source_rows"
    QUALIFY
      ROW_NUMBER() OVER (
        PARTITION BY "tailnum", "__known_at"
        ORDER BY "event_timestamp" DESC NULLS LAST, "last_arr_delay" DESC NULLS LAST, "last_arrival" DESC NULLS LAST, "last_air_time" DESC NULLS LAST
      ) = 1
  ) AS "versions"
  WHERE
    "__known_at" <= CAST("ts" AS TIMESTAMPTZ)
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY "tailnum" ORDER BY "__known_at" DESC NULLS LAST) = 1
), "plane_history__rows" AS (
  SELECT
    "tailnum" AS "tailnum",
    "actual_arrival" AS "__known_at",
    "actual_arrival" AS "event_timestamp",
    1 AS "__value_1",
    "dest" AS "__value_2",
    "actual_arrival" AS "__value_3"
  FROM "raw"."flights"
  WHERE
    "tailnum" IS NOT NULL AND "actual_arrival" IS NOT NULL
), "plane_history__windows" AS (
  SELECT
    "tailnum" AS "tailnum",
    CAST(COALESCE("__value_1_count_last_86400s", 0) AS BIGINT) AS "plane_flights_24h",
    CAST(COALESCE("__value_2_count_distinct_last_604800s", 0) AS BIGINT) AS "plane_destinations_7d",
    CAST(EPOCH_US(CAST("ts" AS TIMESTAMPTZ)) - EPOCH_US("__value_3_max_last_604800s") AS DOUBLE) / 1.0000000000000000e+06 AS "seconds_since_arrival_7d"
  FROM (
    SELECT
      "events"."tailnum" AS "tailnum",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '24' HOUR) AS "__value_1_count_last_86400s",
      COUNT(DISTINCT "events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '168' HOUR) AS "__value_2_count_distinct_last_604800s",
      MAX("events"."__value_3") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '168' HOUR) AS "__value_3_max_last_604800s"
    FROM "plane_history__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST("ts" AS TIMESTAMPTZ)
    GROUP BY
      "events"."tailnum"
  ) AS "by_key"
)
SELECT
  "plane_history__newest"."tailnum" AS "tailnum",
  CASE
    WHEN "plane_history__newest"."event_timestamp" + INTERVAL '168' HOUR >= CAST("ts" AS TIMESTAMPTZ)
    THEN "plane_history__newest"."last_arr_delay"
  END AS "last_arr_delay",
  CASE
    WHEN "plane_history__newest"."event_timestamp" + INTERVAL '168' HOUR >= CAST("ts" AS TIMESTAMPTZ)
    THEN "plane_history__newest"."last_arrival"
  END AS "last_arrival",
  CASE
    WHEN "plane_history__newest"."event_timestamp" + INTERVAL '168' HOUR >= CAST("ts" AS TIMESTAMPTZ)
    THEN "plane_history__newest"."last_air_time"
  END AS "last_air_time",
  "plane_history__windows"."plane_flights_24h" AS "plane_flights_24h",
  "plane_history__windows"."plane_destinations_7d" AS "plane_destinations_7d",
  "plane_history__windows"."seconds_since_arrival_7d" AS "seconds_since_arrival_7d"
FROM "plane_history__newest"
LEFT JOIN "plane_history__windows"
  ON "plane_history__newest"."tailnum" = "plane_history__windows"."tailnum";
