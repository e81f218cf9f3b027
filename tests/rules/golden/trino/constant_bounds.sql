SELECT
  "t1"."customer_id",
  COALESCE(
    CAST(CAST(SUM("t1"."revenue") FILTER(WHERE
      (
        (
          CAST('1767204900000000' AS BIGINT) - CAST('86400000000' AS BIGINT)
        ) <= "t1"."at"
      )
      AND (
        "t1"."at" <= (
          CAST('1782820800000000' AS BIGINT) - CAST('2592000000000' AS BIGINT)
        )
      )
      AND (
        "t1"."revenue" IS NOT NULL
      )) AS DECIMAL(38, 0)) AS BIGINT),
    0
  ) AS "_sum_orders_revenue_e41f15143088cfcb"
FROM (
  SELECT
    "t0"."customer_id",
    "t0"."at",
    "t0"."revenue"
  FROM "orders" AS "t0"
  WHERE
    "t0"."at" <= 1782820800000000
) AS "t1"
GROUP BY
  1;

SELECT
  "t2"."customer_id",
  "t2"."joined",
  "t2"."p_alive",
  "t2"."expected_spend",
  "t2"."Next Category",
  "t2"."expected_at",
  COALESCE("t4"."_sum_orders_revenue_e41f15143088cfcb", 0) AS "_sum_orders_revenue_e41f15143088cfcb"
FROM "customers_so_far" AS "t2"
LEFT OUTER JOIN (
  SELECT
    "t1"."customer_id" AS "_customer_0",
    "t1"."_sum_orders_revenue_e41f15143088cfcb"
  FROM "part_0" AS "t1"
) AS "t4"
  ON "t2"."customer_id" = "t4"."_customer_0";

SELECT
  "t0"."customer_id",
  "t0"."joined",
  "t0"."p_alive",
  "t0"."expected_spend",
  "t0"."Next Category",
  "t0"."expected_at",
  "t0"."_sum_orders_revenue_e41f15143088cfcb",
  "t0"."_sum_orders_revenue_e41f15143088cfcb" AS "answer"
FROM "customers_so_far" AS "t0";
