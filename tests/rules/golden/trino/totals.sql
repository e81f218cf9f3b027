SELECT
  "t1"."customer_id",
  COALESCE(
    CAST(SUM(CAST("t1"."weight" AS DECIMAL(38, 9))) FILTER(WHERE
      "t1"."weight" IS NOT NULL) AS DOUBLE),
    0
  ) AS "_sum_orders_weight_1d1622001bfeac98",
  CAST(CAST(CAST(SUM("t1"."quantity") FILTER(WHERE
    "t1"."quantity" IS NOT NULL) AS DECIMAL(38, 0)) AS BIGINT) AS DOUBLE) / NULLIF(COUNT("t1"."quantity") FILTER(WHERE
    "t1"."quantity" IS NOT NULL), 0) AS "_mean_orders_quantity_5c8eab4a010f61d1"
FROM (
  SELECT
    "t0"."customer_id",
    "t0"."at",
    "t0"."quantity",
    "t0"."weight"
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
  COALESCE("t4"."_sum_orders_weight_1d1622001bfeac98", 0) AS "_sum_orders_weight_1d1622001bfeac98",
  "t4"."_mean_orders_quantity_5c8eab4a010f61d1"
FROM "customers_so_far" AS "t2"
LEFT OUTER JOIN (
  SELECT
    "t1"."customer_id" AS "_customer_0",
    "t1"."_sum_orders_weight_1d1622001bfeac98",
    "t1"."_mean_orders_quantity_5c8eab4a010f61d1"
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
  "t0"."_sum_orders_weight_1d1622001bfeac98",
  "t0"."_mean_orders_quantity_5c8eab4a010f61d1",
  "t0"."_sum_orders_weight_1d1622001bfeac98" + "t0"."_mean_orders_quantity_5c8eab4a010f61d1" AS "answer"
FROM "customers_so_far" AS "t0";
