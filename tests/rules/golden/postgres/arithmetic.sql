SELECT
  "t0"."customer_id",
  "t0"."joined",
  "t0"."p_alive",
  "t0"."expected_spend",
  "t0"."Next Category",
  "t0"."expected_at",
  (
    (
      (
        CAST(ABS("t0"."joined" - CAST('1782820800000000' AS BIGINT)) AS DOUBLE PRECISION) / NULLIF(CAST(CAST('86400000000' AS BIGINT) AS DOUBLE PRECISION), 0.0)
      ) * CAST('0.5' AS DOUBLE PRECISION)
    ) > (
      CAST("t0"."p_alive" AS DOUBLE PRECISION) / NULLIF(CAST(CAST('3' AS BIGINT) AS DOUBLE PRECISION), 0.0)
    )
  )
  AND (
    CAST(FLOOR((
      "t0"."expected_spend" * CAST('0.1' AS DOUBLE PRECISION)
    ) + 0.5) AS BIGINT) < CAST('500' AS BIGINT)
  ) AS "answer"
FROM "customers_so_far" AS "t0";
