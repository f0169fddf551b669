CREATE OR REPLACE VIEW "features"."plane_operator" AS
WITH "plane_operator__newest" AS (
  SELECT
    "tailnum",
    "event_timestamp",
    "operator"
  FROM (
    SELECT
      "event_timestamp" AS "__known_at",
      *
    FROM (
      WITH "plane_operator__held_rows" AS (
        SELECT
          "tailnum" AS "tailnum",
          "began_at" AS "__known_at",
          "began_at" AS "event_timestamp",
          "ended_at" AS "__valid_to",
          CAST(carrier AS TEXT) AS "operator"
        FROM (
          WITH changes AS (
            SELECT
              tailnum,
              carrier,
              actual_departure AS began_at
            FROM raw.flights
            WHERE
              NOT actual_departure IS NULL
            QUALIFY
              carrier IS DISTINCT FROM LAG(carrier) OVER (PARTITION BY tailnum ORDER BY actual_departure ASC NULLS LAST)
          )
          SELECT
            *,
            LEAD(began_at) OVER (PARTITION BY tailnum ORDER BY began_at ASC NULLS LAST) AS ended_at
          FROM changes
        ) AS "source"
        WHERE
          "tailnum" IS NOT NULL
          AND "began_at" IS NOT NULL
          AND (
            "ended_at" IS NULL OR "ended_at" > "began_at"
          )
      ), "plane_operator__begins_and_ends" AS (
        SELECT
          "tailnum",
          "event_timestamp",
          "__valid_to",
          "operator",
          FALSE AS "__ended"
        FROM "plane_operator__held_rows"
        UNION ALL
        SELECT
          "tailnum",
          "__valid_to" AS "event_timestamp",
          NULL AS "__valid_to",
          NULL AS "operator",
          TRUE AS "__ended"
        FROM "plane_operator__held_rows"
        WHERE
          NOT (
            "__valid_to" IS NULL
          )
      ), "plane_operator__moments_held" AS (
        SELECT
          "tailnum" AS "tailnum",
          "event_timestamp" AS "event_timestamp",
          "operator" AS "operator",
          "__ended" AS "__ended",
          ROW_NUMBER() OVER (
            PARTITION BY "tailnum", "event_timestamp"
            ORDER BY "__ended" ASC NULLS LAST, "operator" DESC NULLS LAST
          ) AS "__nth",
          MAX("__valid_to") OVER (
            PARTITION BY "tailnum"
            ORDER BY "event_timestamp" ASC NULLS LAST
            RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
          ) AS "__latest_end",
          COUNT(CASE WHEN (
            NOT "__ended"
          ) AND "__valid_to" IS NULL THEN 1 END) OVER (
            PARTITION BY "tailnum"
            ORDER BY "event_timestamp" ASC NULLS LAST
            RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
          ) AS "__open"
        FROM "plane_operator__begins_and_ends"
      )
      SELECT
        "tailnum",
        "event_timestamp",
        "operator"
      FROM (
        SELECT
          "tailnum",
          "event_timestamp",
          "operator"
        FROM "plane_operator__moments_held"
        WHERE
          "__nth" = 1
          AND (
            NOT (
              "__ended"
              AND (
                "__open" > 0 OR COALESCE("__latest_end", "event_timestamp") > "event_timestamp"
              )
            )
          )
        UNION ALL
        SELECT
          "plane_operator__moments_held"."tailnum" AS "tailnum",
          "plane_operator__moments_held"."event_timestamp" AS "event_timestamp",
          "plane_operator__held_rows"."operator" AS "operator"
        FROM "plane_operator__moments_held"
        INNER JOIN "plane_operator__held_rows"
          ON "plane_operator__held_rows"."tailnum" = "plane_operator__moments_held"."tailnum"
          AND (
            "plane_operator__moments_held"."__ended"
            AND (
              "plane_operator__moments_held"."__open" > 0
              OR COALESCE(
                "plane_operator__moments_held"."__latest_end",
                "plane_operator__moments_held"."event_timestamp"
              ) > "plane_operator__moments_held"."event_timestamp"
            )
          )
          AND "plane_operator__held_rows"."event_timestamp" < "plane_operator__moments_held"."event_timestamp"
          AND (
            "plane_operator__held_rows"."__valid_to" IS NULL
            OR "plane_operator__held_rows"."__valid_to" > "plane_operator__moments_held"."event_timestamp"
          )
        WHERE
          "plane_operator__moments_held"."__nth" = 1
        QUALIFY
          ROW_NUMBER() OVER (
            PARTITION BY "plane_operator__moments_held"."tailnum", "plane_operator__moments_held"."event_timestamp"
            ORDER BY "plane_operator__held_rows"."event_timestamp" DESC NULLS LAST, "plane_operator__held_rows"."operator" DESC NULLS LAST
          ) = 1
      ) AS "held"
    ) AS "held"
  ) AS "versions"
  WHERE
    "__known_at" <= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY "tailnum" ORDER BY "__known_at" DESC NULLS LAST) = 1
)
SELECT
  "plane_operator__newest"."tailnum" AS "tailnum",
  "plane_operator__newest"."operator" AS "operator"
FROM "plane_operator__newest";

CREATE OR REPLACE VIEW "features"."plane_operator__history" AS
WITH "plane_operator__events" AS (
  SELECT
    "tailnum" AS "tailnum",
    "began_at" AS "__known_at",
    "began_at" AS "event_timestamp",
    "ended_at" AS "__valid_to"
  FROM (
    WITH changes AS (
      SELECT
        tailnum,
        carrier,
        actual_departure AS began_at
      FROM raw.flights
      WHERE
        NOT actual_departure IS NULL
      QUALIFY
        carrier IS DISTINCT FROM LAG(carrier) OVER (PARTITION BY tailnum ORDER BY actual_departure ASC NULLS LAST)
    )
    SELECT
      *,
      LEAD(began_at) OVER (PARTITION BY tailnum ORDER BY began_at ASC NULLS LAST) AS ended_at
    FROM changes
  ) AS "source"
  WHERE
    "tailnum" IS NOT NULL
    AND "began_at" IS NOT NULL
    AND (
      "ended_at" IS NULL OR "ended_at" > "began_at"
    )
), "plane_operator__moments" AS (
  SELECT
    "tailnum" AS "tailnum",
    "__known_at" AS "event_timestamp"
  FROM "plane_operator__events"
  WHERE
    "__known_at" >= "__known_at"
  UNION
  SELECT
    "tailnum" AS "tailnum",
    "__valid_to" AS "event_timestamp"
  FROM "plane_operator__events"
  WHERE
    "__valid_to" >= "__known_at"
), "plane_operator__versions" AS (
  SELECT
    "event_timestamp" AS "__known_at",
    *
  FROM (
    WITH "plane_operator__held_rows" AS (
      SELECT
        "tailnum" AS "tailnum",
        "began_at" AS "__known_at",
        "began_at" AS "event_timestamp",
        "ended_at" AS "__valid_to",
        CAST(carrier AS TEXT) AS "operator"
      FROM (
        WITH changes AS (
          SELECT
            tailnum,
            carrier,
            actual_departure AS began_at
          FROM raw.flights
          WHERE
            NOT actual_departure IS NULL
          QUALIFY
            carrier IS DISTINCT FROM LAG(carrier) OVER (PARTITION BY tailnum ORDER BY actual_departure ASC NULLS LAST)
        )
        SELECT
          *,
          LEAD(began_at) OVER (PARTITION BY tailnum ORDER BY began_at ASC NULLS LAST) AS ended_at
        FROM changes
      ) AS "source"
      WHERE
        "tailnum" IS NOT NULL
        AND "began_at" IS NOT NULL
        AND (
          "ended_at" IS NULL OR "ended_at" > "began_at"
        )
    ), "plane_operator__begins_and_ends" AS (
      SELECT
        "tailnum",
        "event_timestamp",
        "__valid_to",
        "operator",
        FALSE AS "__ended"
      FROM "plane_operator__held_rows"
      UNION ALL
      SELECT
        "tailnum",
        "__valid_to" AS "event_timestamp",
        NULL AS "__valid_to",
        NULL AS "operator",
        TRUE AS "__ended"
      FROM "plane_operator__held_rows"
      WHERE
        NOT (
          "__valid_to" IS NULL
        )
    ), "plane_operator__moments_held" AS (
      SELECT
        "tailnum" AS "tailnum",
        "event_timestamp" AS "event_timestamp",
        "operator" AS "operator",
        "__ended" AS "__ended",
        ROW_NUMBER() OVER (
          PARTITION BY "tailnum", "event_timestamp"
          ORDER BY "__ended" ASC NULLS LAST, "operator" DESC NULLS LAST
        ) AS "__nth",
        MAX("__valid_to") OVER (
          PARTITION BY "tailnum"
          ORDER BY "event_timestamp" ASC NULLS LAST
          RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS "__latest_end",
        COUNT(CASE WHEN (
          NOT "__ended"
        ) AND "__valid_to" IS NULL THEN 1 END) OVER (
          PARTITION BY "tailnum"
          ORDER BY "event_timestamp" ASC NULLS LAST
          RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS "__open"
      FROM "plane_operator__begins_and_ends"
    )
    SELECT
      "tailnum",
      "event_timestamp",
      "operator"
    FROM (
      SELECT
        "tailnum",
        "event_timestamp",
        "operator"
      FROM "plane_operator__moments_held"
      WHERE
        "__nth" = 1
        AND (
          NOT (
            "__ended"
            AND (
              "__open" > 0 OR COALESCE("__latest_end", "event_timestamp") > "event_timestamp"
            )
          )
        )
      UNION ALL
      SELECT
        "plane_operator__moments_held"."tailnum" AS "tailnum",
        "plane_operator__moments_held"."event_timestamp" AS "event_timestamp",
        "plane_operator__held_rows"."operator" AS "operator"
      FROM "plane_operator__moments_held"
      INNER JOIN "plane_operator__held_rows"
        ON "plane_operator__held_rows"."tailnum" = "plane_operator__moments_held"."tailnum"
        AND (
          "plane_operator__moments_held"."__ended"
          AND (
            "plane_operator__moments_held"."__open" > 0
            OR COALESCE(
              "plane_operator__moments_held"."__latest_end",
              "plane_operator__moments_held"."event_timestamp"
            ) > "plane_operator__moments_held"."event_timestamp"
          )
        )
        AND "plane_operator__held_rows"."event_timestamp" < "plane_operator__moments_held"."event_timestamp"
        AND (
          "plane_operator__held_rows"."__valid_to" IS NULL
          OR "plane_operator__held_rows"."__valid_to" > "plane_operator__moments_held"."event_timestamp"
        )
      WHERE
        "plane_operator__moments_held"."__nth" = 1
      QUALIFY
        ROW_NUMBER() OVER (
          PARTITION BY "plane_operator__moments_held"."tailnum", "plane_operator__moments_held"."event_timestamp"
          ORDER BY "plane_operator__held_rows"."event_timestamp" DESC NULLS LAST, "plane_operator__held_rows"."operator" DESC NULLS LAST
        ) = 1
    ) AS "held"
  ) AS "held"
)
SELECT
  "plane_operator__moments"."tailnum" AS "tailnum",
  "plane_operator__moments"."event_timestamp" AS "event_timestamp",
  "plane_operator__versions"."operator" AS "operator"
FROM "plane_operator__moments"
ASOF LEFT JOIN "plane_operator__versions"
  ON "plane_operator__moments"."tailnum" = "plane_operator__versions"."tailnum"
  AND "plane_operator__moments"."event_timestamp" >= "plane_operator__versions"."__known_at";

CREATE OR REPLACE MACRO "features"."plane_operator__asof"(
    "ts"
) AS TABLE
WITH "plane_operator__newest" AS (
  SELECT
    "tailnum",
    "event_timestamp",
    "operator"
  FROM (
    SELECT
      "event_timestamp" AS "__known_at",
      *
    FROM (
      WITH "plane_operator__held_rows" AS (
        SELECT
          "tailnum" AS "tailnum",
          "began_at" AS "__known_at",
          "began_at" AS "event_timestamp",
          "ended_at" AS "__valid_to",
          CAST(carrier AS TEXT) AS "operator"
        FROM (
          WITH changes AS (
            SELECT
              tailnum,
              carrier,
              actual_departure AS began_at
            FROM raw.flights
            WHERE
              NOT actual_departure IS NULL
            QUALIFY
              carrier IS DISTINCT FROM LAG(carrier) OVER (PARTITION BY tailnum ORDER BY actual_departure ASC NULLS LAST)
          )
          SELECT
            *,
            LEAD(began_at) OVER (PARTITION BY tailnum ORDER BY began_at ASC NULLS LAST) AS ended_at
          FROM changes
        ) AS "source"
        WHERE
          "tailnum" IS NOT NULL
          AND "began_at" IS NOT NULL
          AND (
            "ended_at" IS NULL OR "ended_at" > "began_at"
          )
      ), "plane_operator__begins_and_ends" AS (
        SELECT
          "tailnum",
          "event_timestamp",
          "__valid_to",
          "operator",
          FALSE AS "__ended"
        FROM "plane_operator__held_rows"
        UNION ALL
        SELECT
          "tailnum",
          "__valid_to" AS "event_timestamp",
          NULL AS "__valid_to",
          NULL AS "operator",
          TRUE AS "__ended"
        FROM "plane_operator__held_rows"
        WHERE
          NOT (
            "__valid_to" IS NULL
          )
      ), "plane_operator__moments_held" AS (
        SELECT
          "tailnum" AS "tailnum",
          "event_timestamp" AS "event_timestamp",
          "operator" AS "operator",
          "__ended" AS "__ended",
          ROW_NUMBER() OVER (
            PARTITION BY "tailnum", "event_timestamp"
            ORDER BY "__ended" ASC NULLS LAST, "operator" DESC NULLS LAST
          ) AS "__nth",
          MAX("__valid_to") OVER (
            PARTITION BY "tailnum"
            ORDER BY "event_timestamp" ASC NULLS LAST
            RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
          ) AS "__latest_end",
          COUNT(CASE WHEN (
            NOT "__ended"
          ) AND "__valid_to" IS NULL THEN 1 END) OVER (
            PARTITION BY "tailnum"
            ORDER BY "event_timestamp" ASC NULLS LAST
            RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
          ) AS "__open"
        FROM "plane_operator__begins_and_ends"
      )
      SELECT
        "tailnum",
        "event_timestamp",
        "operator"
      FROM (
        SELECT
          "tailnum",
          "event_timestamp",
          "operator"
        FROM "plane_operator__moments_held"
        WHERE
          "__nth" = 1
          AND (
            NOT (
              "__ended"
              AND (
                "__open" > 0 OR COALESCE("__latest_end", "event_timestamp") > "event_timestamp"
              )
            )
          )
        UNION ALL
        SELECT
          "plane_operator__moments_held"."tailnum" AS "tailnum",
          "plane_operator__moments_held"."event_timestamp" AS "event_timestamp",
          "plane_operator__held_rows"."operator" AS "operator"
        FROM "plane_operator__moments_held"
        INNER JOIN "plane_operator__held_rows"
          ON "plane_operator__held_rows"."tailnum" = "plane_operator__moments_held"."tailnum"
          AND (
            "plane_operator__moments_held"."__ended"
            AND (
              "plane_operator__moments_held"."__open" > 0
              OR COALESCE(
                "plane_operator__moments_held"."__latest_end",
                "plane_operator__moments_held"."event_timestamp"
              ) > "plane_operator__moments_held"."event_timestamp"
            )
          )
          AND "plane_operator__held_rows"."event_timestamp" < "plane_operator__moments_held"."event_timestamp"
          AND (
            "plane_operator__held_rows"."__valid_to" IS NULL
            OR "plane_operator__held_rows"."__valid_to" > "plane_operator__moments_held"."event_timestamp"
          )
        WHERE
          "plane_operator__moments_held"."__nth" = 1
        QUALIFY
          ROW_NUMBER() OVER (
            PARTITION BY "plane_operator__moments_held"."tailnum", "plane_operator__moments_held"."event_timestamp"
            ORDER BY "plane_operator__held_rows"."event_timestamp" DESC NULLS LAST, "plane_operator__held_rows"."operator" DESC NULLS LAST
          ) = 1
      ) AS "held"
    ) AS "held"
  ) AS "versions"
  WHERE
    "__known_at" <= CAST("ts" AS TIMESTAMPTZ)
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY "tailnum" ORDER BY "__known_at" DESC NULLS LAST) = 1
)
SELECT
  "plane_operator__newest"."tailnum" AS "tailnum",
  "plane_operator__newest"."operator" AS "operator"
FROM "plane_operator__newest";
