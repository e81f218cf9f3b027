SELECT
  "t1"."customer_id" AS "customer_id",
  CAST(minIf(tuple("t1"."at", "t1"."channel"), isNotNull("t1"."channel")).2 AS Nullable(String)) AS "_first_orders_channel_b07399d8cf998eef",
  CAST(maxIf(tuple("t1"."at", "t1"."channel"), isNotNull("t1"."channel")).2 AS Nullable(String)) AS "_last_orders_channel_d0e9584745fd6ae1",
  MAX("t1"."at") AS "_last_orders_at_5ad2e5f0aea1e28e",
  CAST(minIf(tuple("t1"."at", "t1"."due"), isNotNull("t1"."due")).2 AS Nullable(Int64)) AS "_first_orders_due_e5192551b05424c3"
FROM (
  SELECT
    "t0"."customer_id" AS "customer_id",
    "t0"."at" AS "at",
    "t0"."channel" AS "channel",
    "t0"."due" AS "due"
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
  "t4"."_first_orders_channel_b07399d8cf998eef" AS "_first_orders_channel_b07399d8cf998eef",
  "t4"."_last_orders_channel_d0e9584745fd6ae1" AS "_last_orders_channel_d0e9584745fd6ae1",
  "t4"."_last_orders_at_5ad2e5f0aea1e28e" AS "_last_orders_at_5ad2e5f0aea1e28e",
  "t4"."_first_orders_due_e5192551b05424c3" AS "_first_orders_due_e5192551b05424c3"
FROM "customers_so_far" AS "t2"
LEFT OUTER JOIN (
  SELECT
    "t1"."customer_id" AS "_customer_0",
    "t1"."_first_orders_channel_b07399d8cf998eef" AS "_first_orders_channel_b07399d8cf998eef",
    "t1"."_last_orders_channel_d0e9584745fd6ae1" AS "_last_orders_channel_d0e9584745fd6ae1",
    "t1"."_last_orders_at_5ad2e5f0aea1e28e" AS "_last_orders_at_5ad2e5f0aea1e28e",
    "t1"."_first_orders_due_e5192551b05424c3" AS "_first_orders_due_e5192551b05424c3"
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
  "t0"."_first_orders_channel_b07399d8cf998eef" AS "_first_orders_channel_b07399d8cf998eef",
  "t0"."_last_orders_channel_d0e9584745fd6ae1" AS "_last_orders_channel_d0e9584745fd6ae1",
  "t0"."_last_orders_at_5ad2e5f0aea1e28e" AS "_last_orders_at_5ad2e5f0aea1e28e",
  "t0"."_first_orders_due_e5192551b05424c3" AS "_first_orders_due_e5192551b05424c3",
  (
    "t0"."_first_orders_channel_b07399d8cf998eef" = "t0"."_last_orders_channel_d0e9584745fd6ae1"
  )
  OR (
    "t0"."_last_orders_at_5ad2e5f0aea1e28e" > "t0"."_first_orders_due_e5192551b05424c3"
  ) AS "answer"
FROM "customers_so_far" AS "t0";
