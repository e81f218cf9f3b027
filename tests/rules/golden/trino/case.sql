SELECT
  "t1"."customer_id",
  MAX(TRY_CAST(ROW("t1"."at", "t1"."country") AS ROW("at" BIGINT, "value" VARCHAR))) FILTER(WHERE
    "t1"."country" IS NOT NULL)."value" AS "_last_customers_country_d1f77b5a5b2b1e88"
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
  CASE
    WHEN "t0"."joined" IS NULL
    THEN 'new'
    WHEN (
      CAST(1782820800000000 - "t0"."joined" AS DOUBLE) / CAST(86400000000.0 AS DOUBLE)
    ) > CAST('90' AS BIGINT)
    THEN 'old'
    ELSE "t0"."_last_customers_country_d1f77b5a5b2b1e88"
  END AS "answer"
FROM "customers_so_far" AS "t0";
