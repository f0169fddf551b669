CREATE OR REPLACE VIEW "features"."place" AS
WITH "place__newest" AS (
  SELECT
    *
  FROM (
    SELECT
      "airport" AS "airport",
      CAST("lat" AS DOUBLE) AS "lat",
      CAST("lon" AS DOUBLE) AS "lon"
    FROM (
      SELECT
        *,
        faa AS airport
      FROM raw.airports
    ) AS "source"
    WHERE
      "airport" IS NOT NULL
  ) AS "source_rows"
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY "airport" ORDER BY "lat" DESC NULLS LAST, "lon" DESC NULLS LAST) = 1
)
SELECT
  "place__newest"."airport" AS "airport",
  "place__newest"."lat" AS "lat",
  "place__newest"."lon" AS "lon"
FROM "place__newest";

CREATE OR REPLACE VIEW "features"."place__history" AS
SELECT
  *
FROM (
  SELECT
    "airport" AS "airport",
    CAST("lat" AS DOUBLE) AS "lat",
    CAST("lon" AS DOUBLE) AS "lon"
  FROM (
    SELECT
      *,
      faa AS airport
    FROM raw.airports
  ) AS "source"
  WHERE
    "airport" IS NOT NULL
) AS "source_rows"
QUALIFY
  ROW_NUMBER() OVER (PARTITION BY "airport" ORDER BY "lat" DESC NULLS LAST, "lon" DESC NULLS LAST) = 1;

CREATE OR REPLACE MACRO "features"."place__asof"(
    "ts"
) AS TABLE
WITH "place__newest" AS (
  SELECT
    *
  FROM (
    SELECT
      "airport" AS "airport",
      CAST("lat" AS DOUBLE) AS "lat",
      CAST("lon" AS DOUBLE) AS "lon"
    FROM (
      SELECT
        *,
        faa AS airport
      FROM raw.airports
    ) AS "source"
    WHERE
      "airport" IS NOT NULL
  ) AS "source_rows"
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY "airport" ORDER BY "lat" DESC NULLS LAST, "lon" DESC NULLS LAST) = 1
)
SELECT
  "place__newest"."airport" AS "airport",
  "place__newest"."lat" AS "lat",
  "place__newest"."lon" AS "lon"
FROM "place__newest";
