SELECT
  "t1"."customer_id" AS "customer_id",
  COALESCE(
    CAST(CAST(sumIf(
      "t1"."revenue",
      (
        (
          CAST('1767204900000000' AS Nullable(Int64)) - CAST('86400000000' AS Nullable(Int64))
        ) <= "t1"."at"
      )
      AND (
        "t1"."at" <= (
          CAST('1782820800000000' AS Nullable(Int64)) - CAST('2592000000000' AS Nullable(Int64))
        )
      )
      AND isNotNull("t1"."revenue")
    ) AS Nullable(Decimal(38, 0))) AS Nullable(Int64)),
    0
  ) AS "_sum_orders_revenue_e41f15143088cfcb"
FROM (
  SELECT
    "t0"."customer_id" AS "customer_id",
    "t0"."at" AS "at",
    "t0"."revenue" AS "revenue"
  FROM "orders" AS "t0"
  WHERE
    "t0"."at" <= 1782820800000000
) AS "t1"
GROUP BY
  "t1"."customer_id";

SELECT
  "t2"."customer_id" AS "customer_id",
  "t2"."joined" AS "joined",
  "t2"."p_alive" AS "p_alive",
  "t2"."expected_spend" AS "expected_spend",
  "t2"."Next Category" AS "Next Category",
  "t2"."expected_at" AS "expected_at",
  COALESCE("t4"."_sum_orders_revenue_e41f15143088cfcb", 0) AS "_sum_orders_revenue_e41f15143088cfcb"
FROM "customers_so_far" AS "t2"
LEFT OUTER JOIN (
  SELECT
    "t1"."customer_id" AS "_customer_0",
    "t1"."_sum_orders_revenue_e41f15143088cfcb" AS "_sum_orders_revenue_e41f15143088cfcb"
  FROM "part_0" AS "t1"
) AS "t4"
  ON "t2"."customer_id" = "t4"."_customer_0";

SELECT
  "t0"."customer_id" AS "customer_id",
  "t0"."joined" AS "joined",
  "t0"."p_alive" AS "p_alive",
  "t0"."expected_spend" AS "expected_spend",
  "t0"."Next Category" AS "Next Category",
  "t0"."expected_at" AS "expected_at",
  "t0"."_sum_orders_revenue_e41f15143088cfcb" AS "_sum_orders_revenue_e41f15143088cfcb",
  "t0"."_sum_orders_revenue_e41f15143088cfcb" AS "answer"
FROM "customers_so_far" AS "t0";
