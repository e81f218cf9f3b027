SELECT
  "t1"."customer_id" AS "customer_id",
  CAST(maxIf(tuple("t1"."at", "t1"."country"), isNotNull("t1"."country")).2 AS Nullable(String)) AS "_last_customers_country_d1f77b5a5b2b1e88"
FROM (
  SELECT
    "t0"."customer_id" AS "customer_id",
    "t0"."at" AS "at",
    "t0"."country" AS "country"
  FROM "customers" AS "t0"
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
  "t4"."_last_customers_country_d1f77b5a5b2b1e88" AS "_last_customers_country_d1f77b5a5b2b1e88"
FROM "customers_so_far" AS "t2"
LEFT OUTER JOIN (
  SELECT
    "t1"."customer_id" AS "_customer_0",
    "t1"."_last_customers_country_d1f77b5a5b2b1e88" AS "_last_customers_country_d1f77b5a5b2b1e88"
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
  "t0"."_last_customers_country_d1f77b5a5b2b1e88" AS "_last_customers_country_d1f77b5a5b2b1e88",
  CASE
    WHEN isNull("t0"."joined")
    THEN 'new'
    WHEN (
      CAST(1782820800000000 - "t0"."joined" AS Nullable(Float64)) / 86400000000.0
    ) > CAST('90' AS Nullable(Int64))
    THEN 'old'
    ELSE "t0"."_last_customers_country_d1f77b5a5b2b1e88"
  END AS "answer"
FROM "customers_so_far" AS "t0";
