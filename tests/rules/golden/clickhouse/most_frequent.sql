SELECT
  "t2"."customer_id" AS "customer_id",
  CAST(minIf(
    tuple(-(
      "t2"."_of__most_frequent_orders_channel_aee61a7c1159b098"
    ), "t2"."_value"),
    "t2"."_of__most_frequent_orders_channel_aee61a7c1159b098" > 0
  ).2 AS Nullable(String)) AS "_most_frequent_orders_channel_aee61a7c1159b098",
  CAST(minIf(
    tuple(-(
      "t2"."_of__most_frequent_orders_channel_f49916772c9ce207"
    ), "t2"."_value"),
    "t2"."_of__most_frequent_orders_channel_f49916772c9ce207" > 0
  ).2 AS Nullable(String)) AS "_most_frequent_orders_channel_f49916772c9ce207"
FROM (
  SELECT
    "t1"."customer_id" AS "customer_id",
    "t1"."channel" AS "_value",
    countIf((
      "t1"."at" > 1775044800000000
    ) AND isNotNull("t1"."channel")) AS "_of__most_frequent_orders_channel_aee61a7c1159b098",
    countIf(isNotNull("t1"."channel")) AS "_of__most_frequent_orders_channel_f49916772c9ce207"
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
    "t1"."customer_id",
    "t1"."channel"
) AS "t2"
GROUP BY
  "t2"."customer_id";

SELECT
  "t2"."customer_id" AS "customer_id",
  "t2"."joined" AS "joined",
  "t2"."p_alive" AS "p_alive",
  "t2"."expected_spend" AS "expected_spend",
  "t2"."Next Category" AS "Next Category",
  "t2"."expected_at" AS "expected_at",
  "t4"."_most_frequent_orders_channel_aee61a7c1159b098" AS "_most_frequent_orders_channel_aee61a7c1159b098",
  "t4"."_most_frequent_orders_channel_f49916772c9ce207" AS "_most_frequent_orders_channel_f49916772c9ce207"
FROM "customers_so_far" AS "t2"
LEFT OUTER JOIN (
  SELECT
    "t1"."customer_id" AS "_customer_0",
    "t1"."_most_frequent_orders_channel_aee61a7c1159b098" AS "_most_frequent_orders_channel_aee61a7c1159b098",
    "t1"."_most_frequent_orders_channel_f49916772c9ce207" AS "_most_frequent_orders_channel_f49916772c9ce207"
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
  "t0"."_most_frequent_orders_channel_aee61a7c1159b098" AS "_most_frequent_orders_channel_aee61a7c1159b098",
  "t0"."_most_frequent_orders_channel_f49916772c9ce207" AS "_most_frequent_orders_channel_f49916772c9ce207",
  COALESCE(
    "t0"."_most_frequent_orders_channel_aee61a7c1159b098",
    "t0"."_most_frequent_orders_channel_f49916772c9ce207"
  ) AS "answer"
FROM "customers_so_far" AS "t0";
