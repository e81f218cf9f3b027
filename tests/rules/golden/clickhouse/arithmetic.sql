SELECT
  "t0"."customer_id" AS "customer_id",
  "t0"."joined" AS "joined",
  "t0"."p_alive" AS "p_alive",
  "t0"."expected_spend" AS "expected_spend",
  "t0"."Next Category" AS "Next Category",
  "t0"."expected_at" AS "expected_at",
  (
    (
      (
        CAST(ABS("t0"."joined" - CAST('1782820800000000' AS Nullable(Int64))) AS Nullable(Float64)) / nullIf(CAST(CAST('86400000000' AS Nullable(Int64)) AS Nullable(Float64)), 0.0)
      ) * CAST('0.5' AS Nullable(Float64))
    ) > (
      "t0"."p_alive" / nullIf(CAST(CAST('3' AS Nullable(Int64)) AS Nullable(Float64)), 0.0)
    )
  )
  AND (
    CAST(FLOOR((
      "t0"."expected_spend" * CAST('0.1' AS Nullable(Float64))
    ) + 0.5) AS Nullable(Int64)) < CAST('500' AS Nullable(Int64))
  ) AS "answer"
FROM "customers_so_far" AS "t0";
