CREATE OR REPLACE VIEW "features"."origin_weather" AS
WITH "origin_weather__newest" AS (
  SELECT
    "origin",
    "event_timestamp",
    "temp",
    "humid",
    "wind_speed",
    "wind_gust",
    "precip",
    "pressure",
    "visib"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "origin" AS "origin",
        "known_from" AS "__known_at",
        "known_from" AS "event_timestamp",
        CAST("temp" AS DOUBLE) AS "temp",
        CAST("humid" AS DOUBLE) AS "humid",
        CAST("wind_speed" AS DOUBLE) AS "wind_speed",
        CAST("wind_gust" AS DOUBLE) AS "wind_gust",
        CAST("precip" AS DOUBLE) AS "precip",
        CAST("pressure" AS DOUBLE) AS "pressure",
        CAST("visib" AS DOUBLE) AS "visib"
      FROM (
        SELECT
          *,
          time_hour + INTERVAL '1' HOUR AS known_from
        FROM raw.weather
      ) AS "source"
      WHERE
        "origin" IS NOT NULL AND "known_from" IS NOT NULL
    ) AS "source_rows"
    QUALIFY
      ROW_NUMBER() OVER (
        PARTITION BY "origin", "__known_at"
        ORDER BY "event_timestamp" DESC NULLS LAST, "temp" DESC NULLS LAST, "humid" DESC NULLS LAST, "wind_speed" DESC NULLS LAST, "wind_gust" DESC NULLS LAST, "precip" DESC NULLS LAST, "pressure" DESC NULLS LAST, "visib" DESC NULLS LAST
      ) = 1
  ) AS "versions"
  WHERE
    "__known_at" <= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY "origin" ORDER BY "__known_at" DESC NULLS LAST) = 1
)
SELECT
  "origin_weather__newest"."origin" AS "origin",
  CASE
    WHEN "origin_weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    THEN "origin_weather__newest"."temp"
  END AS "temp",
  CASE
    WHEN "origin_weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    THEN "origin_weather__newest"."humid"
  END AS "humid",
  CASE
    WHEN "origin_weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    THEN "origin_weather__newest"."wind_speed"
  END AS "wind_speed",
  CASE
    WHEN "origin_weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    THEN "origin_weather__newest"."wind_gust"
  END AS "wind_gust",
  CASE
    WHEN "origin_weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    THEN "origin_weather__newest"."precip"
  END AS "precip",
  CASE
    WHEN "origin_weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    THEN "origin_weather__newest"."pressure"
  END AS "pressure",
  CASE
    WHEN "origin_weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    THEN "origin_weather__newest"."visib"
  END AS "visib"
FROM "origin_weather__newest";

CREATE OR REPLACE VIEW "features"."origin_weather__history" AS
WITH "origin_weather__events" AS (
  SELECT
    "origin" AS "origin",
    "known_from" AS "__known_at",
    "known_from" AS "event_timestamp"
  FROM (
    SELECT
      *,
      time_hour + INTERVAL '1' HOUR AS known_from
    FROM raw.weather
  ) AS "source"
  WHERE
    "origin" IS NOT NULL AND "known_from" IS NOT NULL
), "origin_weather__moments" AS (
  SELECT
    "origin" AS "origin",
    "__known_at" AS "event_timestamp"
  FROM "origin_weather__events"
  WHERE
    "__known_at" >= "__known_at"
  UNION
  SELECT
    "origin" AS "origin",
    "event_timestamp" + INTERVAL '10800000001' MICROSECOND AS "event_timestamp"
  FROM "origin_weather__events"
  WHERE
    "event_timestamp" + INTERVAL '10800000001' MICROSECOND >= "__known_at"
), "origin_weather__rows" AS (
  SELECT
    "origin" AS "origin",
    "known_from" AS "__known_at",
    "known_from" AS "event_timestamp",
    CAST("temp" AS DOUBLE) AS "temp",
    CAST("humid" AS DOUBLE) AS "humid",
    CAST("wind_speed" AS DOUBLE) AS "wind_speed",
    CAST("wind_gust" AS DOUBLE) AS "wind_gust",
    CAST("precip" AS DOUBLE) AS "precip",
    CAST("pressure" AS DOUBLE) AS "pressure",
    CAST("visib" AS DOUBLE) AS "visib"
  FROM (
    SELECT
      *,
      time_hour + INTERVAL '1' HOUR AS known_from
    FROM raw.weather
  ) AS "source"
  WHERE
    "origin" IS NOT NULL AND "known_from" IS NOT NULL
), "origin_weather__known" AS (
  SELECT
    "origin",
    "__known_at"
  FROM (
    SELECT
      *
    FROM "origin_weather__rows"
  ) AS "rows"
), "origin_weather__latest" AS (
  SELECT DISTINCT
    "origin_weather__moments"."origin" AS "origin",
    "origin_weather__moments"."event_timestamp" AS "event_timestamp",
    "origin_weather__known"."__known_at" AS "__known_at"
  FROM "origin_weather__moments"
  ASOF LEFT JOIN "origin_weather__known"
    ON "origin_weather__moments"."origin" = "origin_weather__known"."origin"
    AND "origin_weather__moments"."event_timestamp" >= "origin_weather__known"."__known_at"
), "origin_weather__versions" AS (
  SELECT
    *
  FROM (
    SELECT
      "rows"."origin" AS "origin",
      "rows"."__known_at" AS "__known_at",
      "rows"."temp" AS "temp",
      "rows"."humid" AS "humid",
      "rows"."wind_speed" AS "wind_speed",
      "rows"."wind_gust" AS "wind_gust",
      "rows"."precip" AS "precip",
      "rows"."pressure" AS "pressure",
      "rows"."visib" AS "visib"
    FROM (
      SELECT
        *
      FROM "origin_weather__rows"
    ) AS "rows"
    INNER JOIN (
      SELECT DISTINCT
        "origin",
        "__known_at"
      FROM "origin_weather__latest"
    ) AS "moments"
      ON "rows"."origin" = "moments"."origin"
      AND "rows"."__known_at" = "moments"."__known_at"
  ) AS "fetched"
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY "origin", "__known_at"
      ORDER BY "temp" DESC NULLS LAST, "humid" DESC NULLS LAST, "wind_speed" DESC NULLS LAST, "wind_gust" DESC NULLS LAST, "precip" DESC NULLS LAST, "pressure" DESC NULLS LAST, "visib" DESC NULLS LAST
    ) = 1
), "origin_weather__newest" AS (
  SELECT
    "origin_weather__latest"."origin" AS "origin",
    "origin_weather__latest"."event_timestamp" AS "event_timestamp",
    "origin_weather__latest"."__known_at" AS "__known_at",
    "origin_weather__versions"."temp" AS "temp",
    "origin_weather__versions"."humid" AS "humid",
    "origin_weather__versions"."wind_speed" AS "wind_speed",
    "origin_weather__versions"."wind_gust" AS "wind_gust",
    "origin_weather__versions"."precip" AS "precip",
    "origin_weather__versions"."pressure" AS "pressure",
    "origin_weather__versions"."visib" AS "visib"
  FROM "origin_weather__latest"
  INNER JOIN "origin_weather__versions"
    ON "origin_weather__latest"."origin" = "origin_weather__versions"."origin"
    AND "origin_weather__latest"."__known_at" = "origin_weather__versions"."__known_at"
)
SELECT
  "origin_weather__moments"."origin" AS "origin",
  "origin_weather__moments"."event_timestamp" AS "event_timestamp",
  CASE
    WHEN "origin_weather__newest"."__known_at" + INTERVAL '3' HOUR >= "origin_weather__moments"."event_timestamp"
    THEN "origin_weather__newest"."temp"
  END AS "temp",
  CASE
    WHEN "origin_weather__newest"."__known_at" + INTERVAL '3' HOUR >= "origin_weather__moments"."event_timestamp"
    THEN "origin_weather__newest"."humid"
  END AS "humid",
  CASE
    WHEN "origin_weather__newest"."__known_at" + INTERVAL '3' HOUR >= "origin_weather__moments"."event_timestamp"
    THEN "origin_weather__newest"."wind_speed"
  END AS "wind_speed",
  CASE
    WHEN "origin_weather__newest"."__known_at" + INTERVAL '3' HOUR >= "origin_weather__moments"."event_timestamp"
    THEN "origin_weather__newest"."wind_gust"
  END AS "wind_gust",
  CASE
    WHEN "origin_weather__newest"."__known_at" + INTERVAL '3' HOUR >= "origin_weather__moments"."event_timestamp"
    THEN "origin_weather__newest"."precip"
  END AS "precip",
  CASE
    WHEN "origin_weather__newest"."__known_at" + INTERVAL '3' HOUR >= "origin_weather__moments"."event_timestamp"
    THEN "origin_weather__newest"."pressure"
  END AS "pressure",
  CASE
    WHEN "origin_weather__newest"."__known_at" + INTERVAL '3' HOUR >= "origin_weather__moments"."event_timestamp"
    THEN "origin_weather__newest"."visib"
  END AS "visib"
FROM "origin_weather__moments"
LEFT JOIN "origin_weather__newest"
  ON "origin_weather__moments"."origin" = "origin_weather__newest"."origin"
  AND "origin_weather__moments"."event_timestamp" = "origin_weather__newest"."event_timestamp";

CREATE OR REPLACE MACRO "features"."origin_weather__asof"(
    "ts"
) AS TABLE
WITH "origin_weather__newest" AS (
  SELECT
    "origin",
    "event_timestamp",
    "temp",
    "humid",
    "wind_speed",
    "wind_gust",
    "precip",
    "pressure",
    "visib"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "origin" AS "origin",
        "known_from" AS "__known_at",
        "known_from" AS "event_timestamp",
        CAST("temp" AS DOUBLE) AS "temp",
        CAST("humid" AS DOUBLE) AS "humid",
        CAST("wind_speed" AS DOUBLE) AS "wind_speed",
        CAST("wind_gust" AS DOUBLE) AS "wind_gust",
        CAST("precip" AS DOUBLE) AS "precip",
        CAST("pressure" AS DOUBLE) AS "pressure",
        CAST("visib" AS DOUBLE) AS "visib"
      FROM (
        SELECT
          *,
          time_hour + INTERVAL '1' HOUR AS known_from
        FROM raw.weather
      ) AS "source"
      WHERE
        "origin" IS NOT NULL AND "known_from" IS NOT NULL
    ) AS "source_rows"
    QUALIFY
      ROW_NUMBER() OVER (
        PARTITION BY "origin", "__known_at"
        ORDER BY "event_timestamp" DESC NULLS LAST, "temp" DESC NULLS LAST, "humid" DESC NULLS LAST, "wind_speed" DESC NULLS LAST, "wind_gust" DESC NULLS LAST, "precip" DESC NULLS LAST, "pressure" DESC NULLS LAST, "visib" DESC NULLS LAST
      ) = 1
  ) AS "versions"
  WHERE
    "__known_at" <= CAST("ts" AS TIMESTAMPTZ)
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY "origin" ORDER BY "__known_at" DESC NULLS LAST) = 1
)
SELECT
  "origin_weather__newest"."origin" AS "origin",
  CASE
    WHEN "origin_weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST("ts" AS TIMESTAMPTZ)
    THEN "origin_weather__newest"."temp"
  END AS "temp",
  CASE
    WHEN "origin_weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST("ts" AS TIMESTAMPTZ)
    THEN "origin_weather__newest"."humid"
  END AS "humid",
  CASE
    WHEN "origin_weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST("ts" AS TIMESTAMPTZ)
    THEN "origin_weather__newest"."wind_speed"
  END AS "wind_speed",
  CASE
    WHEN "origin_weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST("ts" AS TIMESTAMPTZ)
    THEN "origin_weather__newest"."wind_gust"
  END AS "wind_gust",
  CASE
    WHEN "origin_weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST("ts" AS TIMESTAMPTZ)
    THEN "origin_weather__newest"."precip"
  END AS "precip",
  CASE
    WHEN "origin_weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST("ts" AS TIMESTAMPTZ)
    THEN "origin_weather__newest"."pressure"
  END AS "pressure",
  CASE
    WHEN "origin_weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST("ts" AS TIMESTAMPTZ)
    THEN "origin_weather__newest"."visib"
  END AS "visib"
FROM "origin_weather__newest";
