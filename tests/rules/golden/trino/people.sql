SELECT
  "t1"."customer_id",
  COUNT(*) AS "_count_orders_8d1b02958e8ac415"
FROM (
  SELECT
    "t0"."customer_id",
    "t0"."at"
  FROM "orders" AS "t0"
  WHERE
    "t0"."at" <= 1782820800000000
) AS "t1"
GROUP BY
  1;

SELECT
  "t1"."customer_id",
  MAX(TRY_CAST(ROW("t1"."at", "t1"."company") AS ROW("at" BIGINT, "value" VARCHAR))) FILTER(WHERE
    "t1"."company" IS NOT NULL)."value" AS "_last_customers_company_dcaadf1b1eeff213"
FROM (
  SELECT
    "t0"."customer_id",
    "t0"."at",
    "t0"."company"
  FROM "customers" AS "t0"
  WHERE
    "t0"."at" <= 1782820800000000
) AS "t1"
GROUP BY
  1;

SELECT
  "t3"."customer_id",
  "t3"."joined",
  "t3"."p_alive",
  "t3"."expected_spend",
  "t3"."Next Category",
  "t3"."expected_at",
  COALESCE("t6"."_count_orders_8d1b02958e8ac415", 0) AS "_count_orders_8d1b02958e8ac415",
  "t7"."_last_customers_company_dcaadf1b1eeff213"
FROM "customers_so_far" AS "t3"
LEFT OUTER JOIN (
  SELECT
    "t1"."customer_id" AS "_customer_0",
    "t1"."_count_orders_8d1b02958e8ac415"
  FROM "part_0" AS "t1"
) AS "t6"
  ON "t3"."customer_id" = "t6"."_customer_0"
LEFT OUTER JOIN (
  SELECT
    "t2"."customer_id" AS "_customer_1",
    "t2"."_last_customers_company_dcaadf1b1eeff213"
  FROM "part_1" AS "t2"
) AS "t7"
  ON "t3"."customer_id" = "t7"."_customer_1";

SELECT
  "t1"."customer_id",
  "t1"."joined",
  "t1"."p_alive",
  "t1"."expected_spend",
  "t1"."Next Category",
  "t1"."expected_at",
  "t1"."_count_orders_8d1b02958e8ac415",
  "t1"."_last_customers_company_dcaadf1b1eeff213",
  CASE
    WHEN COALESCE("t4"."_people_any_556981b809eda4a7_true", 0) > 0
    THEN TRUE
    WHEN COALESCE("t4"."_people_any_556981b809eda4a7_open", 0) > 0
    THEN CAST(NULL AS BOOLEAN)
    ELSE FALSE
  END AS "_people_any_556981b809eda4a7",
  CASE
    WHEN COALESCE("t4"."_people_all_ebb6966d454d984d_false", 0) > 0
    THEN FALSE
    WHEN COALESCE("t4"."_people_all_ebb6966d454d984d_open", 0) > 0
    THEN CAST(NULL AS BOOLEAN)
    ELSE TRUE
  END AS "_people_all_ebb6966d454d984d"
FROM "customers_so_far" AS "t1"
LEFT OUTER JOIN (
  SELECT
    "t2"."_account_0",
    COUNT(*) FILTER(WHERE
      "t2"."__people_any_556981b809eda4a7") AS "_people_any_556981b809eda4a7_true",
    COUNT(*) FILTER(WHERE
      NOT (
        "t2"."__people_any_556981b809eda4a7"
      )) AS "_people_any_556981b809eda4a7_false",
    COUNT(*) FILTER(WHERE
      "t2"."__people_any_556981b809eda4a7" IS NULL) AS "_people_any_556981b809eda4a7_open",
    COUNT(*) FILTER(WHERE
      "t2"."__people_all_ebb6966d454d984d") AS "_people_all_ebb6966d454d984d_true",
    COUNT(*) FILTER(WHERE
      NOT (
        "t2"."__people_all_ebb6966d454d984d"
      )) AS "_people_all_ebb6966d454d984d_false",
    COUNT(*) FILTER(WHERE
      "t2"."__people_all_ebb6966d454d984d" IS NULL) AS "_people_all_ebb6966d454d984d_open"
  FROM (
    SELECT
      "t0"."_last_customers_company_dcaadf1b1eeff213" AS "_account_0",
      "t0"."_count_orders_8d1b02958e8ac415" > CAST('0' AS BIGINT) AS "__people_any_556981b809eda4a7",
      "t0"."p_alive" > CAST('0.5' AS DOUBLE) AS "__people_all_ebb6966d454d984d"
    FROM "customers_so_far" AS "t0"
    WHERE
      "t0"."_last_customers_company_dcaadf1b1eeff213" IS NOT NULL
  ) AS "t2"
  GROUP BY
    1
) AS "t4"
  ON "t1"."customer_id" = "t4"."_account_0";

SELECT
  "t0"."customer_id",
  "t0"."joined",
  "t0"."p_alive",
  "t0"."expected_spend",
  "t0"."Next Category",
  "t0"."expected_at",
  "t0"."_count_orders_8d1b02958e8ac415",
  "t0"."_last_customers_company_dcaadf1b1eeff213",
  "t0"."_people_any_556981b809eda4a7",
  "t0"."_people_all_ebb6966d454d984d",
  "t0"."_people_any_556981b809eda4a7"
  AND NOT (
    "t0"."_people_all_ebb6966d454d984d"
  ) AS "answer"
FROM "customers_so_far" AS "t0";
