SELECT
  "t1"."customer_id",
  CAST(CAST(CAST(SUM(
    IFF(
      (
        "t1"."at" > 1751284800000000
      ) AND (
        "t1"."revenue" IS NOT NULL
      ),
      "t1"."revenue",
      NULL
    )
  ) AS DECIMAL(38, 0)) AS BIGINT) AS DOUBLE) / NULLIF(
    COUNT(
      IFF(
        (
          "t1"."at" > 1751284800000000
        ) AND (
          "t1"."revenue" IS NOT NULL
        ),
        "t1"."revenue",
        NULL
      )
    ),
    0
  ) AS "_mean_orders_revenue_e8793ad403a15540"
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
  "t4"."_mean_orders_revenue_e8793ad403a15540"
FROM "customers_so_far" AS "t2"
LEFT OUTER JOIN (
  SELECT
    "t1"."customer_id" AS "_customer_0",
    "t1"."_mean_orders_revenue_e8793ad403a15540"
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
  "t0"."_mean_orders_revenue_e8793ad403a15540",
  CAST(FLOOR("t0"."_mean_orders_revenue_e8793ad403a15540" + 0.5) AS BIGINT) AS "answer"
FROM "customers_so_far" AS "t0";
