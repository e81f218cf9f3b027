SELECT
  "t2"."customer_id",
  MAX(IFF("t2"."_counts_0" AND (
    "t2"."_place_0" = 0
  ), "t2"."country", NULL)) AS "_last_customers_country_d1f77b5a5b2b1e88"
FROM (
  SELECT
    "t1"."customer_id",
    "t1"."at",
    "t1"."country",
    "t1"."_counts_0",
    ROW_NUMBER() OVER (
      PARTITION BY "t1"."customer_id", "t1"."_counts_0"
      ORDER BY "t1"."at" DESC NULLS LAST, "t1"."country" DESC NULLS LAST
    ) - 1 AS "_place_0"
  FROM (
    SELECT
      "t0"."customer_id",
      "t0"."at",
      "t0"."country",
      COALESCE("t0"."country" IS NOT NULL, FALSE) AS "_counts_0"
    FROM "customers" AS "t0"
    WHERE
      "t0"."at" <= 1782820800000000
  ) AS "t1"
) AS "t2"
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
  (
    CONTAINS(
      TRIM(LOWER(TRANSLATE("t0"."_last_customers_country_d1f77b5a5b2b1e88", 'İΣ', 'iσ')), ' '),
      'u'
    )
    AND (
      CAST(LENGTH("t0"."_last_customers_country_d1f77b5a5b2b1e88") AS BIGINT) = CAST('2' AS BIGINT)
    )
  )
  OR ENDSWITH("t0"."_last_customers_country_d1f77b5a5b2b1e88", 'k') AS "answer"
FROM "customers_so_far" AS "t0";
