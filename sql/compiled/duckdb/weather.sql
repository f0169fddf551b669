CREATE OR REPLACE VIEW "features"."weather" AS
WITH "weather__newest" AS (
  SELECT
    "airport",
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
        "airport" AS "airport",
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
          origin AS airport,
          time_hour + INTERVAL '1' HOUR AS known_from
        FROM raw.weather
      ) AS "source"
      WHERE
        "airport" IS NOT NULL AND "known_from" IS NOT NULL
    ) AS "source_rows"
    QUALIFY
      ROW_NUMBER() OVER (
        PARTITION BY "airport", "__known_at"
        ORDER BY "event_timestamp" DESC NULLS LAST, "temp" DESC NULLS LAST, "humid" DESC NULLS LAST, "wind_speed" DESC NULLS LAST, "wind_gust" DESC NULLS LAST, "precip" DESC NULLS LAST, "pressure" DESC NULLS LAST, "visib" DESC NULLS LAST
      ) = 1
  ) AS "versions"
  WHERE
    "__known_at" <= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY "airport" ORDER BY "__known_at" DESC NULLS LAST) = 1
), "weather__rows" AS (
  SELECT
    "airport" AS "airport",
    "known_from" AS "__known_at",
    "known_from" AS "event_timestamp",
    "precip" AS "__value_1",
    "visib" AS "__value_2",
    CASE
      WHEN "pressure" IS NOT NULL
      THEN {'event': "known_from", 'value': "pressure"}
    END AS "__value_3"
  FROM (
    SELECT
      *,
      origin AS airport,
      time_hour + INTERVAL '1' HOUR AS known_from
    FROM raw.weather
  ) AS "source"
  WHERE
    "airport" IS NOT NULL AND "known_from" IS NOT NULL
), "weather__fitting" AS (
  SELECT
    *,
    CASE
      WHEN ABS(CAST("__value_1" AS DOUBLE)) >= 1.1258999068426240e+15
      THEN 0.0000000000000000e+00
      WHEN CAST("__value_1" AS DOUBLE) * 1.2089258196146292e+24 <> FLOOR(CAST("__value_1" AS DOUBLE) * 1.2089258196146292e+24)
      THEN 0.0000000000000000e+00
      ELSE CAST("__value_1" AS DOUBLE)
    END AS "__value_1_fitting"
  FROM "weather__rows"
), "weather__parts" AS (
  SELECT
    *,
    FLOOR("__value_1_fitting" * 5.9604644775390625e-08) * 1.6777216000000000e+07 AS "__value_1_part_1",
    (
      FLOOR("__value_1_fitting" * 4.0000000000000000e+00) * 2.5000000000000000e-01
    ) - (
      FLOOR("__value_1_fitting" * 5.9604644775390625e-08) * 1.6777216000000000e+07
    ) AS "__value_1_part_2",
    (
      FLOOR("__value_1_fitting" * 2.6843545600000000e+08) * 3.7252902984619141e-09
    ) - (
      FLOOR("__value_1_fitting" * 4.0000000000000000e+00) * 2.5000000000000000e-01
    ) AS "__value_1_part_3",
    (
      FLOOR("__value_1_fitting" * 1.8014398509481984e+16) * 5.5511151231257827e-17
    ) - (
      FLOOR("__value_1_fitting" * 2.6843545600000000e+08) * 3.7252902984619141e-09
    ) AS "__value_1_part_4",
    "__value_1_fitting" - (
      FLOOR("__value_1_fitting" * 1.8014398509481984e+16) * 5.5511151231257827e-17
    ) AS "__value_1_part_5"
  FROM "weather__fitting"
), "weather__outliers" AS (
  SELECT
    *,
    CASE
      WHEN "__value_1_fitting" <> CAST("__value_1" AS DOUBLE)
      THEN CAST("__value_1" AS DOUBLE)
    END AS "__value_1_outlier"
  FROM "weather__fitting"
  WHERE
    "__value_1_fitting" <> CAST("__value_1" AS DOUBLE)
), "weather__reduced" AS (
  SELECT
    "airport" AS "airport",
    "__value_2_min_last_21600s" AS "min_visib_6h",
    "__value_3_max_last_10800s_10800s_ago"."value" AS "pressure_before_3h",
    "__value_1_part_1_sum_last_21600s" AS "__value_1_part_1_sum_last_21600s",
    "__value_1_part_2_sum_last_21600s" AS "__value_1_part_2_sum_last_21600s",
    "__value_1_part_3_sum_last_21600s" AS "__value_1_part_3_sum_last_21600s",
    "__value_1_part_4_sum_last_21600s" AS "__value_1_part_4_sum_last_21600s",
    "__value_1_part_5_sum_last_21600s" AS "__value_1_part_5_sum_last_21600s",
    "__value_1_count_last_21600s" AS "__value_1_count_last_21600s"
  FROM (
    SELECT
      "events"."airport" AS "airport",
      MIN("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '6' HOUR) AS "__value_2_min_last_21600s",
      MAX("events"."__value_3") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '6' HOUR
        AND "events"."event_timestamp" <= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '3' HOUR) AS "__value_3_max_last_10800s_10800s_ago",
      SUM("events"."__value_1_part_1") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '6' HOUR) AS "__value_1_part_1_sum_last_21600s",
      SUM("events"."__value_1_part_2") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '6' HOUR) AS "__value_1_part_2_sum_last_21600s",
      SUM("events"."__value_1_part_3") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '6' HOUR) AS "__value_1_part_3_sum_last_21600s",
      SUM("events"."__value_1_part_4") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '6' HOUR) AS "__value_1_part_4_sum_last_21600s",
      SUM("events"."__value_1_part_5") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '6' HOUR) AS "__value_1_part_5_sum_last_21600s",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '6' HOUR) AS "__value_1_count_last_21600s"
    FROM "weather__parts" AS "events"
    WHERE
      "events"."__known_at" <= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    GROUP BY
      "events"."airport"
  ) AS "by_key"
), "weather__sums" AS (
  SELECT
    "airport" AS "airport",
    "min_visib_6h" AS "min_visib_6h",
    "pressure_before_3h" AS "pressure_before_3h",
    "__value_1_count_last_21600s" AS "__value_1_count_last_21600s",
    CASE
      WHEN "__value_1_count_last_21600s" > 134217728
      THEN ERROR(
        'a sum of floats over more than 134217728 rows of one entity would not be exact: aggregate a DECIMAL, e.g. Aggregation(expr=''CAST(amount AS DECIMAL(18, 2))'', …)'
      )
      ELSE (
        (
          (
            (
              "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
            ) + "__value_1_part_3_sum_last_21600s"
          ) + "__value_1_part_4_sum_last_21600s"
        ) + "__value_1_part_5_sum_last_21600s"
      ) + (
        (
          (
            "__value_1_part_2_sum_last_21600s" - (
              (
                "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
              ) - "__value_1_part_1_sum_last_21600s"
            )
          ) + (
            "__value_1_part_3_sum_last_21600s" - (
              (
                (
                  "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
                ) + "__value_1_part_3_sum_last_21600s"
              ) - (
                "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
              )
            )
          )
        ) + (
          (
            "__value_1_part_4_sum_last_21600s" - (
              (
                (
                  (
                    "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
                  ) + "__value_1_part_3_sum_last_21600s"
                ) + "__value_1_part_4_sum_last_21600s"
              ) - (
                (
                  "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
                ) + "__value_1_part_3_sum_last_21600s"
              )
            )
          ) + (
            "__value_1_part_5_sum_last_21600s" - (
              (
                (
                  (
                    (
                      "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
                    ) + "__value_1_part_3_sum_last_21600s"
                  ) + "__value_1_part_4_sum_last_21600s"
                ) + "__value_1_part_5_sum_last_21600s"
              ) - (
                (
                  (
                    "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
                  ) + "__value_1_part_3_sum_last_21600s"
                ) + "__value_1_part_4_sum_last_21600s"
              )
            )
          )
        )
      )
    END AS "__value_1_sum_last_21600s"
  FROM "weather__reduced"
), "weather__outlier_sums" AS (
  SELECT
    "airport" AS "airport",
    "__value_1_outlier_sum_in_order_last_21600s" AS "__value_1_outlier_sum_in_order_last_21600s"
  FROM (
    SELECT
      "events"."airport" AS "airport",
      SUM(
        "events"."__value_1_outlier" ORDER BY ABS("events"."__value_1_outlier") DESC NULLS LAST, "events"."__value_1_outlier" DESC NULLS LAST
      ) FILTER(WHERE
        "events"."event_timestamp" > CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ) - INTERVAL '6' HOUR) AS "__value_1_outlier_sum_in_order_last_21600s"
    FROM "weather__outliers" AS "events"
    WHERE
      "events"."__known_at" <= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    GROUP BY
      "events"."airport"
  ) AS "by_key"
), "weather__windows" AS (
  SELECT
    "weather__sums"."airport" AS "airport",
    CAST("weather__sums"."__value_1_sum_last_21600s" + COALESCE(
      "weather__outlier_sums"."__value_1_outlier_sum_in_order_last_21600s",
      0.0000000000000000e+00
    ) AS DOUBLE) AS "sum_precip_6h",
    "weather__sums"."min_visib_6h" AS "min_visib_6h",
    "weather__sums"."pressure_before_3h" AS "pressure_before_3h"
  FROM "weather__sums"
  LEFT JOIN "weather__outlier_sums"
    ON "weather__sums"."airport" = "weather__outlier_sums"."airport"
)
SELECT
  "weather__newest"."airport" AS "airport",
  CASE
    WHEN "weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    THEN "weather__newest"."temp"
  END AS "temp",
  CASE
    WHEN "weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    THEN "weather__newest"."humid"
  END AS "humid",
  CASE
    WHEN "weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    THEN "weather__newest"."wind_speed"
  END AS "wind_speed",
  CASE
    WHEN "weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    THEN "weather__newest"."wind_gust"
  END AS "wind_gust",
  CASE
    WHEN "weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    THEN "weather__newest"."precip"
  END AS "precip",
  CASE
    WHEN "weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    THEN "weather__newest"."pressure"
  END AS "pressure",
  CASE
    WHEN "weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST('2013-12-31 17:00:00+00:00' AS TIMESTAMPTZ)
    THEN "weather__newest"."visib"
  END AS "visib",
  "weather__windows"."sum_precip_6h" AS "sum_precip_6h",
  "weather__windows"."min_visib_6h" AS "min_visib_6h",
  "weather__windows"."pressure_before_3h" AS "pressure_before_3h"
FROM "weather__newest"
LEFT JOIN "weather__windows"
  ON "weather__newest"."airport" = "weather__windows"."airport";

CREATE OR REPLACE VIEW "features"."weather__history" AS
WITH "weather__events" AS (
  SELECT
    "airport" AS "airport",
    "known_from" AS "__known_at",
    "known_from" AS "event_timestamp"
  FROM (
    SELECT
      *,
      origin AS airport,
      time_hour + INTERVAL '1' HOUR AS known_from
    FROM raw.weather
  ) AS "source"
  WHERE
    "airport" IS NOT NULL AND "known_from" IS NOT NULL
), "weather__moments" AS (
  SELECT
    "airport" AS "airport",
    "__known_at" AS "event_timestamp"
  FROM "weather__events"
  WHERE
    "__known_at" >= "__known_at"
  UNION
  SELECT
    "airport" AS "airport",
    "event_timestamp" + INTERVAL '3' HOUR AS "event_timestamp"
  FROM "weather__events"
  WHERE
    "event_timestamp" + INTERVAL '3' HOUR >= "__known_at"
  UNION
  SELECT
    "airport" AS "airport",
    "event_timestamp" + INTERVAL '10800000001' MICROSECOND AS "event_timestamp"
  FROM "weather__events"
  WHERE
    "event_timestamp" + INTERVAL '10800000001' MICROSECOND >= "__known_at"
  UNION
  SELECT
    "airport" AS "airport",
    "event_timestamp" + INTERVAL '6' HOUR AS "event_timestamp"
  FROM "weather__events"
  WHERE
    "event_timestamp" + INTERVAL '6' HOUR >= "__known_at"
), "weather__rows" AS (
  SELECT
    "airport" AS "airport",
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
      origin AS airport,
      time_hour + INTERVAL '1' HOUR AS known_from
    FROM raw.weather
  ) AS "source"
  WHERE
    "airport" IS NOT NULL AND "known_from" IS NOT NULL
), "weather__known" AS (
  SELECT
    "airport",
    "__known_at"
  FROM (
    SELECT
      *
    FROM "weather__rows"
  ) AS "rows"
), "weather__latest" AS (
  SELECT DISTINCT
    "weather__moments"."airport" AS "airport",
    "weather__moments"."event_timestamp" AS "event_timestamp",
    "weather__known"."__known_at" AS "__known_at"
  FROM "weather__moments"
  ASOF LEFT JOIN "weather__known"
    ON "weather__moments"."airport" = "weather__known"."airport"
    AND "weather__moments"."event_timestamp" >= "weather__known"."__known_at"
), "weather__versions" AS (
  SELECT
    *
  FROM (
    SELECT
      "rows"."airport" AS "airport",
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
      FROM "weather__rows"
    ) AS "rows"
    INNER JOIN (
      SELECT DISTINCT
        "airport",
        "__known_at"
      FROM "weather__latest"
    ) AS "moments"
      ON "rows"."airport" = "moments"."airport"
      AND "rows"."__known_at" = "moments"."__known_at"
  ) AS "fetched"
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY "airport", "__known_at"
      ORDER BY "temp" DESC NULLS LAST, "humid" DESC NULLS LAST, "wind_speed" DESC NULLS LAST, "wind_gust" DESC NULLS LAST, "precip" DESC NULLS LAST, "pressure" DESC NULLS LAST, "visib" DESC NULLS LAST
    ) = 1
), "weather__newest" AS (
  SELECT
    "weather__latest"."airport" AS "airport",
    "weather__latest"."event_timestamp" AS "event_timestamp",
    "weather__latest"."__known_at" AS "__known_at",
    "weather__versions"."temp" AS "temp",
    "weather__versions"."humid" AS "humid",
    "weather__versions"."wind_speed" AS "wind_speed",
    "weather__versions"."wind_gust" AS "wind_gust",
    "weather__versions"."precip" AS "precip",
    "weather__versions"."pressure" AS "pressure",
    "weather__versions"."visib" AS "visib"
  FROM "weather__latest"
  INNER JOIN "weather__versions"
    ON "weather__latest"."airport" = "weather__versions"."airport"
    AND "weather__latest"."__known_at" = "weather__versions"."__known_at"
), "weather__points" AS (
  SELECT DISTINCT
    "airport",
    "event_timestamp"
  FROM "weather__moments"
  WHERE
    "airport" IS NOT NULL AND "event_timestamp" IS NOT NULL
), "weather__rows_2" AS (
  SELECT
    "airport" AS "airport",
    "known_from" AS "__known_at",
    "known_from" AS "event_timestamp",
    "precip" AS "__value_1",
    "visib" AS "__value_2",
    CASE
      WHEN "pressure" IS NOT NULL
      THEN {'event': "known_from", 'value': "pressure"}
    END AS "__value_3"
  FROM (
    SELECT
      *,
      origin AS airport,
      time_hour + INTERVAL '1' HOUR AS known_from
    FROM raw.weather
  ) AS "source"
  WHERE
    "airport" IS NOT NULL AND "known_from" IS NOT NULL
), "weather__timeline" AS (
  SELECT
    "airport",
    "event_timestamp",
    "__value_2",
    "__value_3",
    FALSE AS "__is_point"
  FROM "weather__rows_2"
  UNION ALL
  SELECT
    "airport",
    "event_timestamp",
    NULL AS "__value_2",
    NULL AS "__value_3",
    TRUE AS "__is_point"
  FROM "weather__points"
), "weather__windows" AS (
  SELECT
    "airport" AS "airport",
    "event_timestamp" AS "event_timestamp",
    "__is_point" AS "__is_point",
    MIN("__value_2") OVER "last_21600s" AS "__value_2_min_last_21600s",
    MAX("__value_3") OVER "last_10800s_10800s_ago" AS "__value_3_max_last_10800s_10800s_ago"
  FROM "weather__timeline"
  WINDOW "last_21600s" AS (
    PARTITION BY "airport"
    ORDER BY "event_timestamp" ASC NULLS LAST
    RANGE BETWEEN INTERVAL '21599999999' MICROSECOND PRECEDING AND CURRENT ROW
  ), "last_10800s_10800s_ago" AS (
    PARTITION BY "airport"
    ORDER BY "event_timestamp" ASC NULLS LAST
    RANGE BETWEEN INTERVAL '21599999999' MICROSECOND PRECEDING AND INTERVAL '3' HOUR PRECEDING
  )
), "weather__by_timeline" AS (
  SELECT
    "airport" AS "airport",
    "event_timestamp" AS "event_timestamp",
    "__value_2_min_last_21600s" AS "min_visib_6h",
    "__value_3_max_last_10800s_10800s_ago"."value" AS "pressure_before_3h"
  FROM "weather__windows"
  WHERE
    "__is_point"
), "weather__fitting" AS (
  SELECT
    *,
    CASE
      WHEN ABS(CAST("__value_1" AS DOUBLE)) >= 1.1258999068426240e+15
      THEN 0.0000000000000000e+00
      WHEN CAST("__value_1" AS DOUBLE) * 1.2089258196146292e+24 <> FLOOR(CAST("__value_1" AS DOUBLE) * 1.2089258196146292e+24)
      THEN 0.0000000000000000e+00
      ELSE CAST("__value_1" AS DOUBLE)
    END AS "__value_1_fitting"
  FROM "weather__rows_2"
), "weather__parts" AS (
  SELECT
    *,
    FLOOR("__value_1_fitting" * 5.9604644775390625e-08) * 1.6777216000000000e+07 AS "__value_1_part_1",
    (
      FLOOR("__value_1_fitting" * 4.0000000000000000e+00) * 2.5000000000000000e-01
    ) - (
      FLOOR("__value_1_fitting" * 5.9604644775390625e-08) * 1.6777216000000000e+07
    ) AS "__value_1_part_2",
    (
      FLOOR("__value_1_fitting" * 2.6843545600000000e+08) * 3.7252902984619141e-09
    ) - (
      FLOOR("__value_1_fitting" * 4.0000000000000000e+00) * 2.5000000000000000e-01
    ) AS "__value_1_part_3",
    (
      FLOOR("__value_1_fitting" * 1.8014398509481984e+16) * 5.5511151231257827e-17
    ) - (
      FLOOR("__value_1_fitting" * 2.6843545600000000e+08) * 3.7252902984619141e-09
    ) AS "__value_1_part_4",
    "__value_1_fitting" - (
      FLOOR("__value_1_fitting" * 1.8014398509481984e+16) * 5.5511151231257827e-17
    ) AS "__value_1_part_5"
  FROM "weather__fitting"
), "weather__outliers" AS (
  SELECT
    *,
    CASE
      WHEN "__value_1_fitting" <> CAST("__value_1" AS DOUBLE)
      THEN CAST("__value_1" AS DOUBLE)
    END AS "__value_1_outlier"
  FROM "weather__fitting"
  WHERE
    "__value_1_fitting" <> CAST("__value_1" AS DOUBLE)
), "weather__totals" AS (
  SELECT
    "airport" AS "airport",
    "event_timestamp" AS "event_timestamp",
    CAST(COUNT("__value_1") AS DOUBLE) AS "__value_1_count",
    SUM("__value_1_part_1") AS "__value_1_part_1_sum",
    SUM("__value_1_part_2") AS "__value_1_part_2_sum",
    SUM("__value_1_part_3") AS "__value_1_part_3_sum",
    SUM("__value_1_part_4") AS "__value_1_part_4_sum",
    SUM("__value_1_part_5") AS "__value_1_part_5_sum"
  FROM "weather__parts"
  GROUP BY
    "airport",
    "event_timestamp"
), "weather__running" AS (
  SELECT
    "airport" AS "airport",
    "event_timestamp" AS "event_timestamp",
    CASE
      WHEN SUM("__value_1_count") OVER "so_far" > 134217728
      THEN ERROR(
        'a sum of floats over more than 134217728 rows of one entity would not be exact: aggregate a DECIMAL, e.g. Aggregation(expr=''CAST(amount AS DECIMAL(18, 2))'', …)'
      )
      ELSE SUM("__value_1_count") OVER "so_far"
    END AS "__value_1_count",
    SUM("__value_1_part_1_sum") OVER "so_far" AS "__value_1_part_1_sum",
    SUM("__value_1_part_2_sum") OVER "so_far" AS "__value_1_part_2_sum",
    SUM("__value_1_part_3_sum") OVER "so_far" AS "__value_1_part_3_sum",
    SUM("__value_1_part_4_sum") OVER "so_far" AS "__value_1_part_4_sum",
    SUM("__value_1_part_5_sum") OVER "so_far" AS "__value_1_part_5_sum"
  FROM "weather__totals"
  WINDOW "so_far" AS (
    PARTITION BY "airport"
    ORDER BY "event_timestamp" ASC NULLS LAST
    RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
), "weather__reduced" AS (
  SELECT
    "weather__points"."airport" AS "airport",
    "weather__points"."event_timestamp" AS "event_timestamp",
    CASE
      WHEN COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_21600s_ago"."__value_1_count", 0) > 0
      THEN COALESCE("until_now"."__value_1_part_1_sum", 0) - COALESCE("until_21600s_ago"."__value_1_part_1_sum", 0)
    END AS "__value_1_part_1_sum_last_21600s",
    CASE
      WHEN COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_21600s_ago"."__value_1_count", 0) > 0
      THEN COALESCE("until_now"."__value_1_part_2_sum", 0) - COALESCE("until_21600s_ago"."__value_1_part_2_sum", 0)
    END AS "__value_1_part_2_sum_last_21600s",
    CASE
      WHEN COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_21600s_ago"."__value_1_count", 0) > 0
      THEN COALESCE("until_now"."__value_1_part_3_sum", 0) - COALESCE("until_21600s_ago"."__value_1_part_3_sum", 0)
    END AS "__value_1_part_3_sum_last_21600s",
    CASE
      WHEN COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_21600s_ago"."__value_1_count", 0) > 0
      THEN COALESCE("until_now"."__value_1_part_4_sum", 0) - COALESCE("until_21600s_ago"."__value_1_part_4_sum", 0)
    END AS "__value_1_part_4_sum_last_21600s",
    CASE
      WHEN COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_21600s_ago"."__value_1_count", 0) > 0
      THEN COALESCE("until_now"."__value_1_part_5_sum", 0) - COALESCE("until_21600s_ago"."__value_1_part_5_sum", 0)
    END AS "__value_1_part_5_sum_last_21600s",
    COALESCE("until_now"."__value_1_count", 0) - COALESCE("until_21600s_ago"."__value_1_count", 0) AS "__value_1_count_last_21600s"
  FROM "weather__points"
  ASOF LEFT JOIN "weather__running" AS "until_now"
    ON "weather__points"."airport" = "until_now"."airport"
    AND "weather__points"."event_timestamp" >= "until_now"."event_timestamp"
  ASOF LEFT JOIN "weather__running" AS "until_21600s_ago"
    ON "weather__points"."airport" = "until_21600s_ago"."airport"
    AND "weather__points"."event_timestamp" - INTERVAL '6' HOUR >= "until_21600s_ago"."event_timestamp"
), "weather__sums" AS (
  SELECT
    "airport" AS "airport",
    "event_timestamp" AS "event_timestamp",
    "__value_1_count_last_21600s" AS "__value_1_count_last_21600s",
    CASE
      WHEN "__value_1_count_last_21600s" > 134217728
      THEN ERROR(
        'a sum of floats over more than 134217728 rows of one entity would not be exact: aggregate a DECIMAL, e.g. Aggregation(expr=''CAST(amount AS DECIMAL(18, 2))'', …)'
      )
      ELSE (
        (
          (
            (
              "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
            ) + "__value_1_part_3_sum_last_21600s"
          ) + "__value_1_part_4_sum_last_21600s"
        ) + "__value_1_part_5_sum_last_21600s"
      ) + (
        (
          (
            "__value_1_part_2_sum_last_21600s" - (
              (
                "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
              ) - "__value_1_part_1_sum_last_21600s"
            )
          ) + (
            "__value_1_part_3_sum_last_21600s" - (
              (
                (
                  "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
                ) + "__value_1_part_3_sum_last_21600s"
              ) - (
                "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
              )
            )
          )
        ) + (
          (
            "__value_1_part_4_sum_last_21600s" - (
              (
                (
                  (
                    "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
                  ) + "__value_1_part_3_sum_last_21600s"
                ) + "__value_1_part_4_sum_last_21600s"
              ) - (
                (
                  "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
                ) + "__value_1_part_3_sum_last_21600s"
              )
            )
          ) + (
            "__value_1_part_5_sum_last_21600s" - (
              (
                (
                  (
                    (
                      "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
                    ) + "__value_1_part_3_sum_last_21600s"
                  ) + "__value_1_part_4_sum_last_21600s"
                ) + "__value_1_part_5_sum_last_21600s"
              ) - (
                (
                  (
                    "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
                  ) + "__value_1_part_3_sum_last_21600s"
                ) + "__value_1_part_4_sum_last_21600s"
              )
            )
          )
        )
      )
    END AS "__value_1_sum_last_21600s"
  FROM "weather__reduced"
), "weather__outlier_sums" AS (
  SELECT
    "points"."airport" AS "airport",
    "points"."event_timestamp" AS "event_timestamp",
    SUM(
      "events"."__value_1_outlier" ORDER BY ABS("events"."__value_1_outlier") DESC NULLS LAST, "events"."__value_1_outlier" DESC NULLS LAST
    ) FILTER(WHERE
      "events"."event_timestamp" > "points"."event_timestamp" - INTERVAL '6' HOUR) AS "__value_1_outlier_sum_in_order_last_21600s"
  FROM "weather__points" AS "points"
  INNER JOIN "weather__outliers" AS "events"
    ON "events"."airport" = "points"."airport"
    AND "events"."__known_at" <= "points"."event_timestamp"
    AND "events"."event_timestamp" > "points"."event_timestamp" - INTERVAL '6' HOUR
  GROUP BY
    "points"."airport",
    "points"."event_timestamp"
), "weather__by_prefix_sums" AS (
  SELECT
    "weather__sums"."airport" AS "airport",
    "weather__sums"."event_timestamp" AS "event_timestamp",
    CAST("weather__sums"."__value_1_sum_last_21600s" + COALESCE(
      "weather__outlier_sums"."__value_1_outlier_sum_in_order_last_21600s",
      0.0000000000000000e+00
    ) AS DOUBLE) AS "sum_precip_6h"
  FROM "weather__sums"
  LEFT JOIN "weather__outlier_sums"
    ON "weather__sums"."airport" = "weather__outlier_sums"."airport"
    AND "weather__sums"."event_timestamp" = "weather__outlier_sums"."event_timestamp"
), "weather__at_points" AS (
  SELECT
    "weather__by_timeline"."airport" AS "airport",
    "weather__by_timeline"."event_timestamp" AS "event_timestamp",
    "weather__by_timeline"."min_visib_6h" AS "min_visib_6h",
    "weather__by_timeline"."pressure_before_3h" AS "pressure_before_3h",
    "weather__by_prefix_sums"."sum_precip_6h" AS "sum_precip_6h"
  FROM "weather__by_timeline"
  LEFT JOIN "weather__by_prefix_sums"
    ON "weather__by_timeline"."airport" = "weather__by_prefix_sums"."airport"
    AND "weather__by_timeline"."event_timestamp" = "weather__by_prefix_sums"."event_timestamp"
)
SELECT
  "weather__moments"."airport" AS "airport",
  "weather__moments"."event_timestamp" AS "event_timestamp",
  CASE
    WHEN "weather__newest"."__known_at" + INTERVAL '3' HOUR >= "weather__moments"."event_timestamp"
    THEN "weather__newest"."temp"
  END AS "temp",
  CASE
    WHEN "weather__newest"."__known_at" + INTERVAL '3' HOUR >= "weather__moments"."event_timestamp"
    THEN "weather__newest"."humid"
  END AS "humid",
  CASE
    WHEN "weather__newest"."__known_at" + INTERVAL '3' HOUR >= "weather__moments"."event_timestamp"
    THEN "weather__newest"."wind_speed"
  END AS "wind_speed",
  CASE
    WHEN "weather__newest"."__known_at" + INTERVAL '3' HOUR >= "weather__moments"."event_timestamp"
    THEN "weather__newest"."wind_gust"
  END AS "wind_gust",
  CASE
    WHEN "weather__newest"."__known_at" + INTERVAL '3' HOUR >= "weather__moments"."event_timestamp"
    THEN "weather__newest"."precip"
  END AS "precip",
  CASE
    WHEN "weather__newest"."__known_at" + INTERVAL '3' HOUR >= "weather__moments"."event_timestamp"
    THEN "weather__newest"."pressure"
  END AS "pressure",
  CASE
    WHEN "weather__newest"."__known_at" + INTERVAL '3' HOUR >= "weather__moments"."event_timestamp"
    THEN "weather__newest"."visib"
  END AS "visib",
  "weather__at_points"."sum_precip_6h" AS "sum_precip_6h",
  "weather__at_points"."min_visib_6h" AS "min_visib_6h",
  "weather__at_points"."pressure_before_3h" AS "pressure_before_3h"
FROM "weather__moments"
LEFT JOIN "weather__newest"
  ON "weather__moments"."airport" = "weather__newest"."airport"
  AND "weather__moments"."event_timestamp" = "weather__newest"."event_timestamp"
LEFT JOIN "weather__at_points"
  ON "weather__moments"."airport" = "weather__at_points"."airport"
  AND "weather__moments"."event_timestamp" = "weather__at_points"."event_timestamp";

CREATE OR REPLACE MACRO "features"."weather__asof"(
    "ts"
) AS TABLE
WITH "weather__newest" AS (
  SELECT
    "airport",
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
        "airport" AS "airport",
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
          origin AS airport,
          time_hour + INTERVAL '1' HOUR AS known_from
        FROM raw.weather
      ) AS "source"
      WHERE
        "airport" IS NOT NULL AND "known_from" IS NOT NULL
    ) AS "source_rows"
    QUALIFY
      ROW_NUMBER() OVER (
        PARTITION BY "airport", "__known_at"
        ORDER BY "event_timestamp" DESC NULLS LAST, "temp" DESC NULLS LAST, "humid" DESC NULLS LAST, "wind_speed" DESC NULLS LAST, "wind_gust" DESC NULLS LAST, "precip" DESC NULLS LAST, "pressure" DESC NULLS LAST, "visib" DESC NULLS LAST
      ) = 1
  ) AS "versions"
  WHERE
    "__known_at" <= CAST("ts" AS TIMESTAMPTZ)
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY "airport" ORDER BY "__known_at" DESC NULLS LAST) = 1
), "weather__rows" AS (
  SELECT
    "airport" AS "airport",
    "known_from" AS "__known_at",
    "known_from" AS "event_timestamp",
    "precip" AS "__value_1",
    "visib" AS "__value_2",
    CASE
      WHEN "pressure" IS NOT NULL
      THEN {'event': "known_from", 'value': "pressure"}
    END AS "__value_3"
  FROM (
    SELECT
      *,
      origin AS airport,
      time_hour + INTERVAL '1' HOUR AS known_from
    FROM raw.weather
  ) AS "source"
  WHERE
    "airport" IS NOT NULL AND "known_from" IS NOT NULL
), "weather__fitting" AS (
  SELECT
    *,
    CASE
      WHEN ABS(CAST("__value_1" AS DOUBLE)) >= 1.1258999068426240e+15
      THEN 0.0000000000000000e+00
      WHEN CAST("__value_1" AS DOUBLE) * 1.2089258196146292e+24 <> FLOOR(CAST("__value_1" AS DOUBLE) * 1.2089258196146292e+24)
      THEN 0.0000000000000000e+00
      ELSE CAST("__value_1" AS DOUBLE)
    END AS "__value_1_fitting"
  FROM "weather__rows"
), "weather__parts" AS (
  SELECT
    *,
    FLOOR("__value_1_fitting" * 5.9604644775390625e-08) * 1.6777216000000000e+07 AS "__value_1_part_1",
    (
      FLOOR("__value_1_fitting" * 4.0000000000000000e+00) * 2.5000000000000000e-01
    ) - (
      FLOOR("__value_1_fitting" * 5.9604644775390625e-08) * 1.6777216000000000e+07
    ) AS "__value_1_part_2",
    (
      FLOOR("__value_1_fitting" * 2.6843545600000000e+08) * 3.7252902984619141e-09
    ) - (
      FLOOR("__value_1_fitting" * 4.0000000000000000e+00) * 2.5000000000000000e-01
    ) AS "__value_1_part_3",
    (
      FLOOR("__value_1_fitting" * 1.8014398509481984e+16) * 5.5511151231257827e-17
    ) - (
      FLOOR("__value_1_fitting" * 2.6843545600000000e+08) * 3.7252902984619141e-09
    ) AS "__value_1_part_4",
    "__value_1_fitting" - (
      FLOOR("__value_1_fitting" * 1.8014398509481984e+16) * 5.5511151231257827e-17
    ) AS "__value_1_part_5"
  FROM "weather__fitting"
), "weather__outliers" AS (
  SELECT
    *,
    CASE
      WHEN "__value_1_fitting" <> CAST("__value_1" AS DOUBLE)
      THEN CAST("__value_1" AS DOUBLE)
    END AS "__value_1_outlier"
  FROM "weather__fitting"
  WHERE
    "__value_1_fitting" <> CAST("__value_1" AS DOUBLE)
), "weather__reduced" AS (
  SELECT
    "airport" AS "airport",
    "__value_2_min_last_21600s" AS "min_visib_6h",
    "__value_3_max_last_10800s_10800s_ago"."value" AS "pressure_before_3h",
    "__value_1_part_1_sum_last_21600s" AS "__value_1_part_1_sum_last_21600s",
    "__value_1_part_2_sum_last_21600s" AS "__value_1_part_2_sum_last_21600s",
    "__value_1_part_3_sum_last_21600s" AS "__value_1_part_3_sum_last_21600s",
    "__value_1_part_4_sum_last_21600s" AS "__value_1_part_4_sum_last_21600s",
    "__value_1_part_5_sum_last_21600s" AS "__value_1_part_5_sum_last_21600s",
    "__value_1_count_last_21600s" AS "__value_1_count_last_21600s"
  FROM (
    SELECT
      "events"."airport" AS "airport",
      MIN("events"."__value_2") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '6' HOUR) AS "__value_2_min_last_21600s",
      MAX("events"."__value_3") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '6' HOUR
        AND "events"."event_timestamp" <= CAST("ts" AS TIMESTAMPTZ) - INTERVAL '3' HOUR) AS "__value_3_max_last_10800s_10800s_ago",
      SUM("events"."__value_1_part_1") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '6' HOUR) AS "__value_1_part_1_sum_last_21600s",
      SUM("events"."__value_1_part_2") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '6' HOUR) AS "__value_1_part_2_sum_last_21600s",
      SUM("events"."__value_1_part_3") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '6' HOUR) AS "__value_1_part_3_sum_last_21600s",
      SUM("events"."__value_1_part_4") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '6' HOUR) AS "__value_1_part_4_sum_last_21600s",
      SUM("events"."__value_1_part_5") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '6' HOUR) AS "__value_1_part_5_sum_last_21600s",
      COUNT("events"."__value_1") FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '6' HOUR) AS "__value_1_count_last_21600s"
    FROM "weather__parts" AS "events"
    WHERE
      "events"."__known_at" <= CAST("ts" AS TIMESTAMPTZ)
    GROUP BY
      "events"."airport"
  ) AS "by_key"
), "weather__sums" AS (
  SELECT
    "airport" AS "airport",
    "min_visib_6h" AS "min_visib_6h",
    "pressure_before_3h" AS "pressure_before_3h",
    "__value_1_count_last_21600s" AS "__value_1_count_last_21600s",
    CASE
      WHEN "__value_1_count_last_21600s" > 134217728
      THEN ERROR(
        'a sum of floats over more than 134217728 rows of one entity would not be exact: aggregate a DECIMAL, e.g. Aggregation(expr=''CAST(amount AS DECIMAL(18, 2))'', …)'
      )
      ELSE (
        (
          (
            (
              "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
            ) + "__value_1_part_3_sum_last_21600s"
          ) + "__value_1_part_4_sum_last_21600s"
        ) + "__value_1_part_5_sum_last_21600s"
      ) + (
        (
          (
            "__value_1_part_2_sum_last_21600s" - (
              (
                "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
              ) - "__value_1_part_1_sum_last_21600s"
            )
          ) + (
            "__value_1_part_3_sum_last_21600s" - (
              (
                (
                  "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
                ) + "__value_1_part_3_sum_last_21600s"
              ) - (
                "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
              )
            )
          )
        ) + (
          (
            "__value_1_part_4_sum_last_21600s" - (
              (
                (
                  (
                    "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
                  ) + "__value_1_part_3_sum_last_21600s"
                ) + "__value_1_part_4_sum_last_21600s"
              ) - (
                (
                  "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
                ) + "__value_1_part_3_sum_last_21600s"
              )
            )
          ) + (
            "__value_1_part_5_sum_last_21600s" - (
              (
                (
                  (
                    (
                      "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
                    ) + "__value_1_part_3_sum_last_21600s"
                  ) + "__value_1_part_4_sum_last_21600s"
                ) + "__value_1_part_5_sum_last_21600s"
              ) - (
                (
                  (
                    "__value_1_part_1_sum_last_21600s" + "__value_1_part_2_sum_last_21600s"
                  ) + "__value_1_part_3_sum_last_21600s"
                ) + "__value_1_part_4_sum_last_21600s"
              )
            )
          )
        )
      )
    END AS "__value_1_sum_last_21600s"
  FROM "weather__reduced"
), "weather__outlier_sums" AS (
  SELECT
    "airport" AS "airport",
    "__value_1_outlier_sum_in_order_last_21600s" AS "__value_1_outlier_sum_in_order_last_21600s"
  FROM (
    SELECT
      "events"."airport" AS "airport",
      SUM(
        "events"."__value_1_outlier" ORDER BY ABS("events"."__value_1_outlier") DESC NULLS LAST, "events"."__value_1_outlier" DESC NULLS LAST
      ) FILTER(WHERE
        "events"."event_timestamp" > CAST("ts" AS TIMESTAMPTZ) - INTERVAL '6' HOUR) AS "__value_1_outlier_sum_in_order_last_21600s"
    FROM "weather__outliers" AS "events"
    WHERE
      "events"."__known_at" <= CAST("ts" AS TIMESTAMPTZ)
    GROUP BY
      "events"."airport"
  ) AS "by_key"
), "weather__windows" AS (
  SELECT
    "weather__sums"."airport" AS "airport",
    CAST("weather__sums"."__value_1_sum_last_21600s" + COALESCE(
      "weather__outlier_sums"."__value_1_outlier_sum_in_order_last_21600s",
      0.0000000000000000e+00
    ) AS DOUBLE) AS "sum_precip_6h",
    "weather__sums"."min_visib_6h" AS "min_visib_6h",
    "weather__sums"."pressure_before_3h" AS "pressure_before_3h"
  FROM "weather__sums"
  LEFT JOIN "weather__outlier_sums"
    ON "weather__sums"."airport" = "weather__outlier_sums"."airport"
)
SELECT
  "weather__newest"."airport" AS "airport",
  CASE
    WHEN "weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST("ts" AS TIMESTAMPTZ)
    THEN "weather__newest"."temp"
  END AS "temp",
  CASE
    WHEN "weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST("ts" AS TIMESTAMPTZ)
    THEN "weather__newest"."humid"
  END AS "humid",
  CASE
    WHEN "weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST("ts" AS TIMESTAMPTZ)
    THEN "weather__newest"."wind_speed"
  END AS "wind_speed",
  CASE
    WHEN "weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST("ts" AS TIMESTAMPTZ)
    THEN "weather__newest"."wind_gust"
  END AS "wind_gust",
  CASE
    WHEN "weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST("ts" AS TIMESTAMPTZ)
    THEN "weather__newest"."precip"
  END AS "precip",
  CASE
    WHEN "weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST("ts" AS TIMESTAMPTZ)
    THEN "weather__newest"."pressure"
  END AS "pressure",
  CASE
    WHEN "weather__newest"."event_timestamp" + INTERVAL '3' HOUR >= CAST("ts" AS TIMESTAMPTZ)
    THEN "weather__newest"."visib"
  END AS "visib",
  "weather__windows"."sum_precip_6h" AS "sum_precip_6h",
  "weather__windows"."min_visib_6h" AS "min_visib_6h",
  "weather__windows"."pressure_before_3h" AS "pressure_before_3h"
FROM "weather__newest"
LEFT JOIN "weather__windows"
  ON "weather__newest"."airport" = "weather__windows"."airport";
