SELECT
  "t1"."customer_id" AS "customer_id",
  CAST(CAST(CAST(sumIf("t1"."revenue", (
    "t1"."at" > 1751284800000000
  ) AND isNotNull("t1"."revenue")) AS Nullable(Decimal(38, 0))) AS Nullable(Int64)) AS Nullable(Float64)) / nullIf(
    countIf("t1"."revenue", (
      "t1"."at" > 1751284800000000
    ) AND isNotNull("t1"."revenue")),
    0
  ) AS "_mean_orders_revenue_e8793ad403a15540"
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
  "t4"."_mean_orders_revenue_e8793ad403a15540" AS "_mean_orders_revenue_e8793ad403a15540"
FROM "customers_so_far" AS "t2"
LEFT OUTER JOIN (
  SELECT
    "t1"."customer_id" AS "_customer_0",
    "t1"."_mean_orders_revenue_e8793ad403a15540" AS "_mean_orders_revenue_e8793ad403a15540"
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
  "t0"."_mean_orders_revenue_e8793ad403a15540" AS "_mean_orders_revenue_e8793ad403a15540",
  CAST(FLOOR("t0"."_mean_orders_revenue_e8793ad403a15540" + 0.5) AS Nullable(Int64)) AS "answer"
FROM "customers_so_far" AS "t0";
