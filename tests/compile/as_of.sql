-- The as-of function: the view as it was known at a time.

-- case: newest row and window
-- view = FeatureView(name="v", entities=[k], source=events, schema=[n], ttl="1d", aggregations=[count])
CREATE OR REPLACE MACRO "features"."v__asof"(
    "ts"
) AS TABLE
WITH "v__newest" AS (
  SELECT
    "k",
    "event_timestamp",
    "n"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "k" AS "k",
        "at" AS "__known_at",
        "at" AS "event_timestamp",
        CAST("n" AS BIGINT) AS "n"
      FROM "events"
      WHERE
        "k" IS NOT NULL AND "at" IS NOT NULL
    ) AS "source_rows"
    QUALIFY
      ROW_NUMBER() OVER (
        PARTITION BY "k", "__known_at"
        ORDER BY "event_timestamp" DESC NULLS LAST, "n" DESC NULLS LAST
      ) = 1
  ) AS "versions"
  WHERE
    "__known_at" <= CAST("ts" AS TIMESTAMPTZ)
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY "k" ORDER BY "__known_at" DESC NULLS LAST) = 1
), "v__rows" AS (
  SELECT
    "k" AS "k",
    "at" AS "__known_at",
    "at" AS "event_timestamp",
    1 AS "__value_1"
  FROM "events"
  WHERE
    "k" IS NOT NULL AND "at" IS NOT NULL
), "v__windows" AS (
  SELECT
    "k" AS "k",
    CAST(COALESCE("__value_1_count_last_86400s", 0) AS BIGINT) AS "count_1d"
  FROM (
    SELECT
      "events"."k" AS "k",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '24' HOUR) AS "__value_1_count_last_86400s"
    FROM "v__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST("ts" AS TIMESTAMPTZ)
    GROUP BY
      "events"."k"
  ) AS "by_key"
)
SELECT
  "v__newest"."k" AS "k",
  CASE
    WHEN "v__newest"."event_timestamp" + INTERVAL '24' HOUR >= CAST("ts" AS TIMESTAMPTZ)
    THEN "v__newest"."n"
  END AS "n",
  "v__windows"."count_1d" AS "count_1d"
FROM "v__newest"
LEFT JOIN "v__windows"
  ON "v__newest"."k" = "v__windows"."k";
COMMENT ON MACRO TABLE "features"."v__asof" IS 'v as it was known at a time, the argument: one row for each entity known then';

-- case: times without a zone
-- time_zone = False
-- view = FeatureView(name="v", entities=[k], source=clocks, schema=[n])
CREATE OR REPLACE MACRO "features"."v__asof"(
    "ts"
) AS TABLE
WITH "v__newest" AS (
  SELECT
    "k",
    "event_timestamp",
    "n"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "k" AS "k",
        "at" AS "__known_at",
        "at" AS "event_timestamp",
        CAST("n" AS BIGINT) AS "n"
      FROM "clocks"
      WHERE
        "k" IS NOT NULL AND "at" IS NOT NULL
    ) AS "source_rows"
    QUALIFY
      ROW_NUMBER() OVER (PARTITION BY "k", "__known_at" ORDER BY "event_timestamp" DESC NULLS LAST, "n" DESC NULLS LAST) = 1
  ) AS "versions"
  WHERE
    "__known_at" <= CASE
      WHEN TYPEOF("ts") = 'TIMESTAMP WITH TIME ZONE'
      THEN TIMEZONE('UTC', CAST("ts" AS TIMESTAMPTZ))
      ELSE CAST("ts" AS TIMESTAMP)
    END
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY "k" ORDER BY "__known_at" DESC NULLS LAST) = 1
)
SELECT
  "v__newest"."k" AS "k",
  "v__newest"."n" AS "n"
FROM "v__newest";
COMMENT ON MACRO TABLE "features"."v__asof" IS 'v as it was known at a time, the argument: one row for each entity known then';

-- case: a column named as the parameter
-- view = FeatureView(name="v", entities=[k], source=events, aggregations=[
--     Aggregation(function="count", expr="ts", name="c", windows=["1d"]),
-- ])
CREATE OR REPLACE MACRO "features"."v__asof"(
    "as_of_ts"
) AS TABLE
WITH "v__rows" AS (
  SELECT
    "k" AS "k",
    "at" AS "__known_at",
    "at" AS "event_timestamp",
    CASE WHEN ts IS NOT NULL THEN 1 END AS "__value_1"
  FROM "events"
  WHERE
    "k" IS NOT NULL AND "at" IS NOT NULL
), "v__windows" AS (
  SELECT
    "k" AS "k",
    CAST(COALESCE("__value_1_count_last_86400s", 0) AS BIGINT) AS "c_1d"
  FROM (
    SELECT
      "events"."k" AS "k",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST("as_of_ts" AS TIMESTAMPTZ) - INTERVAL '24' HOUR) AS "__value_1_count_last_86400s"
    FROM "v__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST("as_of_ts" AS TIMESTAMPTZ)
    GROUP BY
      "events"."k"
  ) AS "by_key"
)
SELECT
  "v__windows"."k" AS "k",
  "v__windows"."c_1d" AS "c_1d"
FROM "v__windows";
COMMENT ON MACRO TABLE "features"."v__asof" IS 'v as it was known at a time, the argument: one row for each entity known then';

-- case: facts without a time
-- view = FeatureView(name="v", entities=[k], source=register, schema=[Field(name="name", dtype=DType.String)])
CREATE OR REPLACE MACRO "features"."v__asof"(
    "ts"
) AS TABLE
WITH "v__newest" AS (
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
    ROW_NUMBER() OVER (PARTITION BY "k" ORDER BY "name" DESC NULLS LAST) = 1
)
SELECT
  "v__newest"."k" AS "k",
  "v__newest"."name" AS "name"
FROM "v__newest";
COMMENT ON MACRO TABLE "features"."v__asof" IS 'v as it was known at a time, the argument: one row for each entity known then';
