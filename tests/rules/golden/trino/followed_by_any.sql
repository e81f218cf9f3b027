WITH "t4" AS (
  SELECT
    "t2"."customer_id",
    "t2"."at",
    ROW_NUMBER() OVER (PARTITION BY "t2"."customer_id" ORDER BY "t2"."at" ASC) - 1 AS "_number"
  FROM (
    SELECT
      "t0"."customer_id",
      "t0"."at"
    FROM "visits" AS "t0"
    WHERE
      "t0"."at" <= 1782820800000000
  ) AS "t2"
)
SELECT
  "t12"."customer_id",
  COUNT(*) FILTER(WHERE
    NOT (
      "t12"."_flag_0"
    )) > 0 AS "_any_visits_3c4ca720b4d2010b"
FROM (
  SELECT
    "t6"."customer_id",
    "t6"."at",
    "t6"."_number",
    CASE
      WHEN "t11"."_customer" IS NOT NULL
      THEN TRUE
      WHEN "t6"."at" > 1782648000000000
      THEN CAST(NULL AS BOOLEAN)
      ELSE FALSE
    END AS "_flag_0"
  FROM "t4" AS "t6"
  LEFT OUTER JOIN (
    SELECT
      "t9"."_customer",
      "t9"."_its__number"
    FROM (
      SELECT
        "t8"."_customer",
        "t8"."at",
        "t8"."_its__number",
        "t8"."_other",
        SUM("t8"."_other") OVER (
          PARTITION BY "t8"."_customer"
          ORDER BY "t8"."at" ASC
          RANGE BETWEEN 1 following AND 172800000000 following
        ) AS "_near"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t5"."customer_id" AS "_customer",
            "t5"."at",
            "t5"."_number" AS "_its__number",
            0 AS "_other"
          FROM "t4" AS "t5"
        ) AS "t7"
        UNION ALL
        SELECT
          *
        FROM (
          SELECT
            "t1"."customer_id" AS "_customer",
            "t1"."at",
            CAST(NULL AS BIGINT) AS "_its__number",
            1 AS "_other"
          FROM "orders" AS "t1"
          WHERE
            "t1"."at" <= 1782820800000000 AND TRUE
        ) AS "t3"
      ) AS "t8"
    ) AS "t9"
    WHERE
      "t9"."_its__number" IS NOT NULL AND "t9"."_near" > 0
  ) AS "t11"
    ON "t6"."customer_id" = "t11"."_customer" AND "t6"."_number" = "t11"."_its__number"
) AS "t12"
GROUP BY
  1;

SELECT
  "t2"."customer_id",
  "t2"."joined",
  "t2"."p_alive",
  "t2"."expected_spend",
  "t2"."Next Category",
  "t2"."expected_at",
  COALESCE("t4"."_any_visits_3c4ca720b4d2010b", FALSE) AS "_any_visits_3c4ca720b4d2010b"
FROM "customers_so_far" AS "t2"
LEFT OUTER JOIN (
  SELECT
    "t1"."customer_id" AS "_customer_0",
    "t1"."_any_visits_3c4ca720b4d2010b"
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
  "t0"."_any_visits_3c4ca720b4d2010b",
  "t0"."_any_visits_3c4ca720b4d2010b" AS "answer"
FROM "customers_so_far" AS "t0";
