SELECT
  "t6"."customer_id" AS "customer_id",
  COALESCE(
    CAST(CAST(sumIf("t6"."revenue", (
      "t6"."at" > "t6"."_limit_0"
    ) AND isNotNull("t6"."revenue")) AS Nullable(Decimal(38, 0))) AS Nullable(Int64)),
    0
  ) AS "_sum_orders_revenue_eea20311a069da54"
FROM (
  SELECT
    "t5"."customer_id" AS "customer_id",
    "t5"."at" AS "at",
    "t5"."revenue" AS "revenue",
    "t4"."_limit_0" AS "_limit_0"
  FROM (
    SELECT
      "t0"."customer_id" AS "customer_id",
      "t0"."at" AS "at",
      "t0"."revenue" AS "revenue"
    FROM "orders" AS "t0"
    WHERE
      "t0"."at" <= 1782820800000000
  ) AS "t5"
  INNER JOIN (
    SELECT
      "t1"."customer_id" AS "_customer",
      "t1"."joined" AS "_limit_0"
    FROM "customers_so_far" AS "t1"
  ) AS "t4"
    ON "t5"."customer_id" = "t4"."_customer"
) AS "t6"
GROUP BY
  "t6"."customer_id";

SELECT
  "t2"."customer_id" AS "customer_id",
  "t2"."joined" AS "joined",
  "t2"."p_alive" AS "p_alive",
  "t2"."expected_spend" AS "expected_spend",
  "t2"."Next Category" AS "Next Category",
  "t2"."expected_at" AS "expected_at",
  COALESCE("t4"."_sum_orders_revenue_eea20311a069da54", 0) AS "_sum_orders_revenue_eea20311a069da54"
FROM "customers_so_far" AS "t2"
LEFT OUTER JOIN (
  SELECT
    "t1"."customer_id" AS "_customer_0",
    "t1"."_sum_orders_revenue_eea20311a069da54" AS "_sum_orders_revenue_eea20311a069da54"
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
  "t0"."_sum_orders_revenue_eea20311a069da54" AS "_sum_orders_revenue_eea20311a069da54",
  "t0"."_sum_orders_revenue_eea20311a069da54" AS "answer"
FROM "customers_so_far" AS "t0";
