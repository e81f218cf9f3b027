SELECT
  "t6"."customer_id",
  COALESCE(
    CAST(CAST(SUM(
      IFF(
        (
          "t6"."at" > "t6"."_limit_0"
        ) AND (
          "t6"."revenue" IS NOT NULL
        ),
        "t6"."revenue",
        NULL
      )
    ) AS DECIMAL(38, 0)) AS BIGINT),
    0
  ) AS "_sum_orders_revenue_eea20311a069da54"
FROM (
  SELECT
    "t5"."customer_id",
    "t5"."at",
    "t5"."revenue",
    "t4"."_limit_0"
  FROM (
    SELECT
      "t0"."customer_id",
      "t0"."at",
      "t0"."revenue"
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
  1;

SELECT
  "t2"."customer_id",
  "t2"."joined",
  "t2"."p_alive",
  "t2"."expected_spend",
  "t2"."Next Category",
  "t2"."expected_at",
  COALESCE("t4"."_sum_orders_revenue_eea20311a069da54", 0) AS "_sum_orders_revenue_eea20311a069da54"
FROM "customers_so_far" AS "t2"
LEFT OUTER JOIN (
  SELECT
    "t1"."customer_id" AS "_customer_0",
    "t1"."_sum_orders_revenue_eea20311a069da54"
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
  "t0"."_sum_orders_revenue_eea20311a069da54",
  "t0"."_sum_orders_revenue_eea20311a069da54" AS "answer"
FROM "customers_so_far" AS "t0";
