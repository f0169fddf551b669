CREATE OR REPLACE VIEW "features"."plane_facts" AS
WITH "plane_facts__newest" AS (
  SELECT
    *
  FROM (
    SELECT
      "tailnum" AS "tailnum",
      CAST("seats" AS DOUBLE) AS "seats",
      CAST(year AS BIGINT) AS "year_built",
      CAST(CASE
        WHEN manufacturer LIKE 'AIRBUS%'
        THEN 'AIRBUS'
        WHEN manufacturer LIKE 'MCDONNELL DOUGLAS%'
        THEN 'MCDONNELL DOUGLAS'
        ELSE manufacturer
      END AS TEXT) AS "maker"
    FROM "raw"."planes"
    WHERE
      "tailnum" IS NOT NULL
  ) AS "source_rows"
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY "tailnum"
      ORDER BY "seats" DESC NULLS LAST, "year_built" DESC NULLS LAST, "maker" DESC NULLS LAST
    ) = 1
)
SELECT
  "plane_facts__newest"."tailnum" AS "tailnum",
  "plane_facts__newest"."seats" AS "seats",
  "plane_facts__newest"."year_built" AS "year_built",
  "plane_facts__newest"."maker" AS "maker"
FROM "plane_facts__newest";

CREATE OR REPLACE VIEW "features"."plane_facts__history" AS
SELECT
  *
FROM (
  SELECT
    "tailnum" AS "tailnum",
    CAST("seats" AS DOUBLE) AS "seats",
    CAST(year AS BIGINT) AS "year_built",
    CAST(CASE
      WHEN manufacturer LIKE 'AIRBUS%'
      THEN 'AIRBUS'
      WHEN manufacturer LIKE 'MCDONNELL DOUGLAS%'
      THEN 'MCDONNELL DOUGLAS'
      ELSE manufacturer
    END AS TEXT) AS "maker"
  FROM "raw"."planes"
  WHERE
    "tailnum" IS NOT NULL
) AS "source_rows"
QUALIFY
  ROW_NUMBER() OVER (
    PARTITION BY "tailnum"
    ORDER BY "seats" DESC NULLS LAST, "year_built" DESC NULLS LAST, "maker" DESC NULLS LAST
  ) = 1;

CREATE OR REPLACE MACRO "features"."plane_facts__asof"(
    "ts"
) AS TABLE
WITH "plane_facts__newest" AS (
  SELECT
    *
  FROM (
    SELECT
      "tailnum" AS "tailnum",
      CAST("seats" AS DOUBLE) AS "seats",
      CAST(year AS BIGINT) AS "year_built",
      CAST(CASE
        WHEN manufacturer LIKE 'AIRBUS%'
        THEN 'AIRBUS'
        WHEN manufacturer LIKE 'MCDONNELL DOUGLAS%'
        THEN 'MCDONNELL DOUGLAS'
        ELSE manufacturer
      END AS TEXT) AS "maker"
    FROM "raw"."planes"
    WHERE
      "tailnum" IS NOT NULL
  ) AS "source_rows"
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY "tailnum"
      ORDER BY "seats" DESC NULLS LAST, "year_built" DESC NULLS LAST, "maker" DESC NULLS LAST
    ) = 1
)
SELECT
  "plane_facts__newest"."tailnum" AS "tailnum",
  "plane_facts__newest"."seats" AS "seats",
  "plane_facts__newest"."year_built" AS "year_built",
  "plane_facts__newest"."maker" AS "maker"
FROM "plane_facts__newest";
