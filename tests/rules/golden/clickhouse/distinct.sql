SELECT
  "t1"."customer_id" AS "customer_id",
  uniqExactIf("t1"."channel", NOT (
    isNull("t1"."channel")
  ) AND isNotNull("t1"."channel")) AS "_distinct_orders_channel_5a45d82c66c61db9"
FROM (
  SELECT
    "t0"."customer_id" AS "customer_id",
    "t0"."at" AS "at",
    "t0"."channel" AS "channel"
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
  COALESCE("t4"."_distinct_orders_channel_5a45d82c66c61db9", 0) AS "_distinct_orders_channel_5a45d82c66c61db9"
FROM "customers_so_far" AS "t2"
LEFT OUTER JOIN (
  SELECT
    "t1"."customer_id" AS "_customer_0",
    "t1"."_distinct_orders_channel_5a45d82c66c61db9" AS "_distinct_orders_channel_5a45d82c66c61db9"
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
  "t0"."_distinct_orders_channel_5a45d82c66c61db9" AS "_distinct_orders_channel_5a45d82c66c61db9",
  "t0"."_distinct_orders_channel_5a45d82c66c61db9" AS "answer"
FROM "customers_so_far" AS "t0";
