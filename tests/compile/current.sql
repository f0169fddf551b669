-- The view of now: one row for each entity known, with its features.

-- case: windows of one source share one pass
-- view = FeatureView(name="v", entities=[k], source=events, description="What it is", aggregations=[
--     Aggregation(function="count", windows=["1h", "7d"]),
--     Aggregation(function="mean", column="n", windows=["7d"], offset="1d", name="mean_before"),
-- ])
CREATE OR REPLACE VIEW "features"."v" AS
WITH "v__rows" AS (
  SELECT
    "k" AS "k",
    "at" AS "__known_at",
    "at" AS "event_timestamp",
    1 AS "__value_1",
    "n" AS "__value_2"
  FROM "events"
  WHERE
    "k" IS NOT NULL AND "at" IS NOT NULL
), "v__windows" AS (
  SELECT
    "k" AS "k",
    CAST(COALESCE("__value_1_count_last_3600s", 0) AS BIGINT) AS "count_1h",
    CAST(COALESCE("__value_1_count_last_604800s", 0) AS BIGINT) AS "count_7d",
    CAST("__value_2_sum_last_604800s_86400s_ago" AS DOUBLE) / "__value_2_count_last_604800s_86400s_ago" AS "mean_before_7d"
  FROM (
    SELECT
      "events"."k" AS "k",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-06-01 00:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '1' HOUR) AS "__value_1_count_last_3600s",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-06-01 00:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '168' HOUR) AS "__value_1_count_last_604800s",
      SUM("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-06-01 00:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '192' HOUR
        AND "events"."event_timestamp" <= CAST('2013-06-01 00:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '24' HOUR) AS "__value_2_sum_last_604800s_86400s_ago",
      COUNT("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-06-01 00:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '192' HOUR
        AND "events"."event_timestamp" <= CAST('2013-06-01 00:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '24' HOUR) AS "__value_2_count_last_604800s_86400s_ago"
    FROM "v__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST('2013-06-01 00:00:00+00:00' AS TIMESTAMPTZ)
    GROUP BY
      "events"."k"
  ) AS "by_key"
)
SELECT
  "v__windows"."k" AS "k",
  "v__windows"."count_1h" AS "count_1h",
  "v__windows"."count_7d" AS "count_7d",
  "v__windows"."mean_before_7d" AS "mean_before_7d"
FROM "v__windows";
COMMENT ON VIEW "features"."v" IS 'What it is';
COMMENT ON COLUMN "features"."v"."k" IS 'The key';
COMMENT ON COLUMN "features"."v"."count_1h" IS 'count of rows, trailing 1h';
COMMENT ON COLUMN "features"."v"."count_7d" IS 'count of rows, trailing 7d';
COMMENT ON COLUMN "features"."v"."mean_before_7d" IS 'mean of n, trailing 7d';

-- case: the newest row
-- view = FeatureView(name="v", entities=[pair], source=events, schema=[
--     n, Field(name="long_label", dtype=DType.Bool, expr="length(label) > 9 OR n = 1"),
-- ])
CREATE OR REPLACE VIEW "features"."v" AS
WITH "v__newest" AS (
  SELECT
    "k",
    "l",
    "event_timestamp",
    "n",
    "long_label"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "k" AS "k",
        "l" AS "l",
        "at" AS "__known_at",
        "at" AS "event_timestamp",
        CAST("n" AS BIGINT) AS "n",
        CAST(LENGTH(label) > 9 OR n = 1 AS BOOLEAN) AS "long_label"
      FROM "events"
      WHERE
        "k" IS NOT NULL AND "l" IS NOT NULL AND "at" IS NOT NULL
    ) AS "source_rows"
    QUALIFY
      ROW_NUMBER() OVER (
        PARTITION BY "k", "l", "__known_at"
        ORDER BY "event_timestamp" DESC NULLS LAST, "n" DESC NULLS LAST, "long_label" DESC NULLS LAST
      ) = 1
  ) AS "versions"
  WHERE
    "__known_at" <= CAST('2013-06-01 00:00:00+00:00' AS TIMESTAMPTZ)
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY "k", "l" ORDER BY "__known_at" DESC NULLS LAST) = 1
)
SELECT
  "v__newest"."k" AS "k",
  "v__newest"."l" AS "l",
  "v__newest"."n" AS "n",
  "v__newest"."long_label" AS "long_label"
FROM "v__newest";
COMMENT ON VIEW "features"."v" IS 'Features of pair';
COMMENT ON COLUMN "features"."v"."k" IS 'join key of pair';
COMMENT ON COLUMN "features"."v"."l" IS 'join key of pair';
COMMENT ON COLUMN "features"."v"."n" IS 'The number';

-- case: ttl, filter and windows
-- view = FeatureView(
--     name="v", entities=[k], source=events, schema=[n], ttl="36h", filter="n > 0 OR x > 0",
--     aggregations=[Aggregation(function="rate", expr="n > 5 AND x > 5", where="label = 'a'", name="r", windows=["1d"])],
-- )
CREATE OR REPLACE VIEW "features"."v" AS
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
        (
          n > 0 OR x > 0
        ) AND "k" IS NOT NULL AND "at" IS NOT NULL
    ) AS "source_rows"
    QUALIFY
      ROW_NUMBER() OVER (
        PARTITION BY "k", "__known_at"
        ORDER BY "event_timestamp" DESC NULLS LAST, "n" DESC NULLS LAST
      ) = 1
  ) AS "versions"
  WHERE
    "__known_at" <= CAST('2013-06-01 00:00:00+00:00' AS TIMESTAMPTZ)
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY "k" ORDER BY "__known_at" DESC NULLS LAST) = 1
), "v__rows" AS (
  SELECT
    "k" AS "k",
    "at" AS "__known_at",
    "at" AS "event_timestamp",
    CASE
      WHEN label = 'a'
      THEN CASE WHEN n > 5 AND x > 5 THEN 1 WHEN NOT (
        n > 5 AND x > 5
      ) THEN 0 END
    END AS "__value_1"
  FROM "events"
  WHERE
    (
      n > 0 OR x > 0
    ) AND "k" IS NOT NULL AND "at" IS NOT NULL
), "v__windows" AS (
  SELECT
    "k" AS "k",
    CAST("__value_1_sum_last_86400s" AS DOUBLE) / "__value_1_count_last_86400s" AS "r_1d"
  FROM (
    SELECT
      "events"."k" AS "k",
      SUM("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-06-01 00:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '24' HOUR) AS "__value_1_sum_last_86400s",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-06-01 00:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '24' HOUR) AS "__value_1_count_last_86400s"
    FROM "v__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST('2013-06-01 00:00:00+00:00' AS TIMESTAMPTZ)
    GROUP BY
      "events"."k"
  ) AS "by_key"
)
SELECT
  "v__newest"."k" AS "k",
  CASE
    WHEN "v__newest"."event_timestamp" + INTERVAL '36' HOUR >= CAST('2013-06-01 00:00:00+00:00' AS TIMESTAMPTZ)
    THEN "v__newest"."n"
  END AS "n",
  "v__windows"."r_1d" AS "r_1d"
FROM "v__newest"
LEFT JOIN "v__windows"
  ON "v__newest"."k" = "v__windows"."k";
COMMENT ON VIEW "features"."v" IS 'Features of k';
COMMENT ON COLUMN "features"."v"."k" IS 'The key';
COMMENT ON COLUMN "features"."v"."n" IS 'The number';
COMMENT ON COLUMN "features"."v"."r_1d" IS 'rate of n > 5 AND x > 5, trailing 1d';

-- case: rows known late
-- view = FeatureView(name="v", entities=[k], source=late, schema=[n], aggregations=[count])
CREATE OR REPLACE VIEW "features"."v" AS
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
        *
      FROM (
        SELECT
          "k" AS "k",
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
          "k" IS NOT NULL AND "at" IS NOT NULL
      ) AS "source_rows"
      QUALIFY
        ROW_NUMBER() OVER (
          PARTITION BY "k", "__known_at"
          ORDER BY "event_timestamp" DESC NULLS LAST, "__created" DESC NULLS LAST, "n" DESC NULLS LAST
        ) = 1
    ) AS "once"
    QUALIFY
      "event_timestamp" >= MAX("event_timestamp") OVER (
        PARTITION BY "k"
        ORDER BY "__known_at" ASC NULLS LAST
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      )
  ) AS "versions"
  WHERE
    "__known_at" <= CAST('2013-06-01 00:00:00+00:00' AS TIMESTAMPTZ)
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY "k" ORDER BY "__known_at" DESC NULLS LAST) = 1
), "v__rows" AS (
  SELECT
    "k" AS "k",
    CASE
      WHEN "at" IS NULL OR COALESCE("created", "at") IS NULL
      THEN NULL
      ELSE GREATEST("at", COALESCE("created", "at"))
    END AS "__known_at",
    "at" AS "event_timestamp",
    COALESCE("created", "at") AS "__created",
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
        "events"."event_timestamp" > CAST('2013-06-01 00:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '24' HOUR) AS "__value_1_count_last_86400s"
    FROM "v__rows" AS "events"
    WHERE
      "events"."__known_at" <= CAST('2013-06-01 00:00:00+00:00' AS TIMESTAMPTZ)
    GROUP BY
      "events"."k"
  ) AS "by_key"
)
SELECT
  "v__newest"."k" AS "k",
  "v__newest"."n" AS "n",
  "v__windows"."count_1d" AS "count_1d"
FROM "v__newest"
LEFT JOIN "v__windows"
  ON "v__newest"."k" = "v__windows"."k";
COMMENT ON VIEW "features"."v" IS 'Features of k';
COMMENT ON COLUMN "features"."v"."k" IS 'The key';
COMMENT ON COLUMN "features"."v"."n" IS 'The number';
COMMENT ON COLUMN "features"."v"."count_1d" IS 'count of rows, trailing 1d';

-- case: facts without a time
-- view = FeatureView(name="v", entities=[k], source=register, schema=[Field(name="name", dtype=DType.String)])
CREATE OR REPLACE VIEW "features"."v" AS
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
COMMENT ON VIEW "features"."v" IS 'Features of k';
COMMENT ON COLUMN "features"."v"."k" IS 'The key';

-- case: the clock
-- now = None
-- view = FeatureView(name="v", entities=[k], source=events, aggregations=[count])
CREATE OR REPLACE VIEW "features"."v" AS
WITH "v__rows" AS (
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
        "events"."event_timestamp" > NOW() - INTERVAL '24' HOUR) AS "__value_1_count_last_86400s"
    FROM "v__rows" AS "events"
    WHERE
      "events"."__known_at" <= NOW()
    GROUP BY
      "events"."k"
  ) AS "by_key"
)
SELECT
  "v__windows"."k" AS "k",
  "v__windows"."count_1d" AS "count_1d"
FROM "v__windows";
COMMENT ON VIEW "features"."v" IS 'Features of k';
COMMENT ON COLUMN "features"."v"."k" IS 'The key';
COMMENT ON COLUMN "features"."v"."count_1d" IS 'count of rows, trailing 1d';

-- case: the clock, and times without a zone
-- now, time_zone = None, False
-- view = FeatureView(name="v", entities=[k], source=clocks, aggregations=[count])
CREATE OR REPLACE VIEW "features"."v" AS
WITH "v__rows" AS (
  SELECT
    "k" AS "k",
    "at" AS "__known_at",
    "at" AS "event_timestamp",
    1 AS "__value_1"
  FROM "clocks"
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
        "events"."event_timestamp" > TIMEZONE('UTC', NOW()) - INTERVAL '24' HOUR) AS "__value_1_count_last_86400s"
    FROM "v__rows" AS "events"
    WHERE
      "events"."__known_at" <= TIMEZONE('UTC', NOW())
    GROUP BY
      "events"."k"
  ) AS "by_key"
)
SELECT
  "v__windows"."k" AS "k",
  "v__windows"."count_1d" AS "count_1d"
FROM "v__windows";
COMMENT ON VIEW "features"."v" IS 'Features of k';
COMMENT ON COLUMN "features"."v"."k" IS 'The key';
COMMENT ON COLUMN "features"."v"."count_1d" IS 'count of rows, trailing 1d';
