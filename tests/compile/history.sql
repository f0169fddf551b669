-- The history: one row for each moment from which an entity's features hold.

-- case: windows change when a row comes and when it leaves
-- view = FeatureView(name="v", entities=[k], source=events, aggregations=[
--     Aggregation(function="sum", column="n", windows=["1h"], offset="30m"),
-- ])
CREATE OR REPLACE VIEW "features"."v__history" AS
WITH "v__events" AS (
  SELECT
    "k" AS "k",
    "at" AS "__known_at",
    "at" AS "event_timestamp"
  FROM "events"
  WHERE
    "k" IS NOT NULL AND "at" IS NOT NULL
), "v__moments" AS (
  SELECT
    "k" AS "k",
    "__known_at" AS "event_timestamp"
  FROM "v__events"
  WHERE
    "__known_at" >= "__known_at"
  UNION
  SELECT
    "k" AS "k",
    "event_timestamp" + INTERVAL '30' MINUTE AS "event_timestamp"
  FROM "v__events"
  WHERE
    "event_timestamp" + INTERVAL '30' MINUTE >= "__known_at"
  UNION
  SELECT
    "k" AS "k",
    "event_timestamp" + INTERVAL '90' MINUTE AS "event_timestamp"
  FROM "v__events"
  WHERE
    "event_timestamp" + INTERVAL '90' MINUTE >= "__known_at"
), "v__points" AS (
  SELECT DISTINCT
    "k",
    "event_timestamp"
  FROM "v__moments"
  WHERE
    "k" IS NOT NULL AND "event_timestamp" IS NOT NULL
), "v__rows" AS (
  SELECT
    "k" AS "k",
    "at" AS "__known_at",
    "at" AS "event_timestamp",
    "n" AS "__value_1"
  FROM "events"
  WHERE
    "k" IS NOT NULL AND "at" IS NOT NULL
), "v__totals" AS (
  SELECT
    "k" AS "k",
    "event_timestamp" AS "event_timestamp",
    CAST(COUNT("__value_1") AS DOUBLE) AS "__value_1_count",
    SUM("__value_1") AS "__value_1_sum"
  FROM "v__rows"
  GROUP BY
    "k",
    "event_timestamp"
), "v__running" AS (
  SELECT
    "k" AS "k",
    "event_timestamp" AS "event_timestamp",
    SUM("__value_1_count") OVER "so_far" AS "__value_1_count",
    SUM("__value_1_sum") OVER "so_far" AS "__value_1_sum"
  FROM "v__totals"
  WINDOW "so_far" AS (
    PARTITION BY "k"
    ORDER BY "event_timestamp" ASC NULLS LAST
    RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
), "v__at_points" AS (
  SELECT
    "v__points"."k" AS "k",
    "v__points"."event_timestamp" AS "event_timestamp",
    CAST(CASE
      WHEN COALESCE("until_1800s_ago"."__value_1_count", 0) - COALESCE("until_5400s_ago"."__value_1_count", 0) > 0
      THEN COALESCE("until_1800s_ago"."__value_1_sum", 0) - COALESCE("until_5400s_ago"."__value_1_sum", 0)
    END AS DOUBLE) AS "sum_n_1h"
  FROM "v__points"
  ASOF LEFT JOIN "v__running" AS "until_1800s_ago"
    ON "v__points"."k" = "until_1800s_ago"."k"
    AND "v__points"."event_timestamp" - INTERVAL '30' MINUTE >= "until_1800s_ago"."event_timestamp"
  ASOF LEFT JOIN "v__running" AS "until_5400s_ago"
    ON "v__points"."k" = "until_5400s_ago"."k"
    AND "v__points"."event_timestamp" - INTERVAL '90' MINUTE >= "until_5400s_ago"."event_timestamp"
)
SELECT
  "v__moments"."k" AS "k",
  "v__moments"."event_timestamp" AS "event_timestamp",
  "v__at_points"."sum_n_1h" AS "sum_n_1h"
FROM "v__moments"
LEFT JOIN "v__at_points"
  ON "v__moments"."k" = "v__at_points"."k"
  AND "v__moments"."event_timestamp" = "v__at_points"."event_timestamp";
COMMENT ON VIEW "features"."v__history" IS 'v: one row for each moment from which values hold, until the entity''s next row';
COMMENT ON COLUMN "features"."v__history"."k" IS 'The key';
COMMENT ON COLUMN "features"."v__history"."event_timestamp" IS 'the values hold from this moment';
COMMENT ON COLUMN "features"."v__history"."sum_n_1h" IS 'sum of n, trailing 1h';

-- case: the newest row, until its ttl
-- view = FeatureView(name="v", entities=[pair], source=late, schema=[n], ttl="1d")
CREATE OR REPLACE VIEW "features"."v__history" AS
WITH "v__events" AS (
  SELECT
    "k" AS "k",
    "l" AS "l",
    CASE
      WHEN "at" IS NULL OR COALESCE("created", "at") IS NULL
      THEN NULL
      ELSE GREATEST("at", COALESCE("created", "at"))
    END AS "__known_at",
    "at" AS "event_timestamp",
    COALESCE("created", "at") AS "__created"
  FROM "events"
  WHERE
    "k" IS NOT NULL AND "l" IS NOT NULL AND "at" IS NOT NULL
), "v__moments" AS (
  SELECT
    "k" AS "k",
    "l" AS "l",
    "__known_at" AS "event_timestamp"
  FROM "v__events"
  WHERE
    "__known_at" >= "__known_at"
  UNION
  SELECT
    "k" AS "k",
    "l" AS "l",
    "event_timestamp" + INTERVAL '86400000001' MICROSECOND AS "event_timestamp"
  FROM "v__events"
  WHERE
    "event_timestamp" + INTERVAL '86400000001' MICROSECOND >= "__known_at"
), "v__versions" AS (
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "k" AS "k",
        "l" AS "l",
        CASE
          WHEN "at" IS NULL OR COALESCE("created", "at") IS NULL
          THEN NULL
          ELSE GREATEST("at", COALESCE("created", "at"))
        END AS "__known_at",
        "at" AS "event_timestamp",
        COALESCE("created", "at") AS "__created",
        CAST("n" AS BIGINT) AS "n"
      FROM "events"
      WHERE
        "k" IS NOT NULL AND "l" IS NOT NULL AND "at" IS NOT NULL
    ) AS "source_rows"
    QUALIFY
      ROW_NUMBER() OVER (
        PARTITION BY "k", "l", "__known_at"
        ORDER BY "event_timestamp" DESC NULLS LAST, "__created" DESC NULLS LAST, "n" DESC NULLS LAST
      ) = 1
  ) AS "once"
  QUALIFY
    "event_timestamp" >= MAX("event_timestamp") OVER (
      PARTITION BY "k", "l"
      ORDER BY "__known_at" ASC NULLS LAST
      RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
)
SELECT
  "v__moments"."k" AS "k",
  "v__moments"."l" AS "l",
  "v__moments"."event_timestamp" AS "event_timestamp",
  CASE
    WHEN "v__versions"."event_timestamp" + INTERVAL '24' HOUR >= "v__moments"."event_timestamp"
    THEN "v__versions"."n"
  END AS "n"
FROM "v__moments"
ASOF LEFT JOIN "v__versions"
  ON "v__moments"."k" = "v__versions"."k"
  AND "v__moments"."l" = "v__versions"."l"
  AND "v__moments"."event_timestamp" >= "v__versions"."__known_at";
COMMENT ON VIEW "features"."v__history" IS 'v: one row for each moment from which values hold, until the entity''s next row';
COMMENT ON COLUMN "features"."v__history"."k" IS 'join key of pair';
COMMENT ON COLUMN "features"."v__history"."l" IS 'join key of pair';
COMMENT ON COLUMN "features"."v__history"."event_timestamp" IS 'the values hold from this moment';
COMMENT ON COLUMN "features"."v__history"."n" IS 'The number';

-- case: facts without a time
-- view = FeatureView(name="v", entities=[k], source=register, schema=[Field(name="name", dtype=DType.String)])
CREATE OR REPLACE VIEW "features"."v__history" AS
SELECT
  *
FROM (
  SELECT
    "k" AS "k",
    CAST("name" AS TEXT) AS "name"
  FROM "raw"."register"
  WHERE
    "k" IS NOT NULL
) AS "source_rows"
QUALIFY
  ROW_NUMBER() OVER (PARTITION BY "k" ORDER BY "name" DESC NULLS LAST) = 1;
COMMENT ON VIEW "features"."v__history" IS 'v: one row for each moment from which values hold, until the entity''s next row';
COMMENT ON COLUMN "features"."v__history"."k" IS 'The key';
