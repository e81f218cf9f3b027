SELECT
  "t1"."customer_id",
  (
    MAX({'at': "t1"."at", 'value': "t1"."country"}) FILTER(WHERE
      "t1"."country" IS NOT NULL)
  )."value" AS "_last_customers_country_d1f77b5a5b2b1e88"
FROM (
  SELECT
    "t0"."customer_id",
    "t0"."at",
    "t0"."country"
  FROM "customers" AS "t0"
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
  "t4"."_last_customers_country_d1f77b5a5b2b1e88"
FROM "customers_so_far" AS "t2"
LEFT OUTER JOIN (
  SELECT
    "t1"."customer_id" AS "_customer_0",
    "t1"."_last_customers_country_d1f77b5a5b2b1e88"
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
  "t0"."_last_customers_country_d1f77b5a5b2b1e88",
  "t0"."_last_customers_country_d1f77b5a5b2b1e88" LIKE '%\%'
  OR "t0"."_last_customers_country_d1f77b5a5b2b1e88" LIKE 'it''s_100%' AS "answer"
FROM "customers_so_far" AS "t0";
