WITH "t5" AS (
  SELECT
    "t2"."customer_id" AS "customer_id",
    "t2"."at" AS "at",
    "t2"."page" AS "page",
    ROW_NUMBER() OVER (
      PARTITION BY "t2"."customer_id"
      ORDER BY "t2"."at" ASC, "t2"."page" ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) - 1 AS "_number"
  FROM (
    SELECT
      "t0"."customer_id" AS "customer_id",
      "t0"."at" AS "at",
      "t0"."page" AS "page"
    FROM "visits" AS "t0"
    WHERE
      "t0"."at" <= 1782820800000000
  ) AS "t2"
)
SELECT
  "t13"."customer_id" AS "customer_id",
  countIf("t13"."_flag_0") > 0 AS "_any_visits_3cbeb0800f2c533e"
FROM (
  SELECT
    "t7"."customer_id" AS "customer_id",
    "t7"."at" AS "at",
    "t7"."page" AS "page",
    "t7"."_number" AS "_number",
    CASE
      WHEN isNotNull("t12"."_customer")
      THEN TRUE
      WHEN "t7"."at" > 1782561600000000
      THEN CAST(NULL AS Nullable(Bool))
      ELSE FALSE
    END AS "_flag_0"
  FROM "t5" AS "t7"
  LEFT OUTER JOIN (
    SELECT DISTINCT
      "t10"."_customer" AS "_customer",
      "t10"."_its__number" AS "_its__number"
    FROM (
      SELECT
        "t9"."_customer" AS "_customer",
        "t9"."_its_at" AS "_its_at",
        "t9"."_its__number" AS "_its__number",
        "t9"."_its_page" AS "_its_page",
        "t4"."customer_id" AS "customer_id",
        "t4"."at" AS "at",
        "t4"."channel" AS "channel"
      FROM (
        SELECT
          "t6"."customer_id" AS "_customer",
          "t6"."at" AS "_its_at",
          "t6"."_number" AS "_its__number",
          "t6"."page" AS "_its_page"
        FROM "t5" AS "t6"
      ) AS "t9"
      INNER JOIN (
        SELECT
          "t1"."customer_id" AS "customer_id",
          "t1"."at" AS "at",
          "t1"."channel" AS "channel"
        FROM "orders" AS "t1"
        WHERE
          "t1"."at" <= 1782820800000000
      ) AS "t4"
        ON "t9"."_customer" = "t4"."customer_id"
    ) AS "t10"
    WHERE
      "t10"."_its_at" < "t10"."at"
      AND "t10"."at" <= (
        "t10"."_its_at" + 259200000000
      )
      AND "t10"."channel" = "t10"."_its_page"
  ) AS "t12"
    ON "t7"."customer_id" = "t12"."_customer" AND "t7"."_number" = "t12"."_its__number"
) AS "t13"
GROUP BY
  "t13"."customer_id";

SELECT
  "t2"."customer_id" AS "customer_id",
  "t2"."joined" AS "joined",
  "t2"."p_alive" AS "p_alive",
  "t2"."expected_spend" AS "expected_spend",
  "t2"."Next Category" AS "Next Category",
  "t2"."expected_at" AS "expected_at",
  COALESCE("t4"."_any_visits_3cbeb0800f2c533e", FALSE) AS "_any_visits_3cbeb0800f2c533e"
FROM "customers_so_far" AS "t2"
LEFT OUTER JOIN (
  SELECT
    "t1"."customer_id" AS "_customer_0",
    "t1"."_any_visits_3cbeb0800f2c533e" AS "_any_visits_3cbeb0800f2c533e"
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
  "t0"."_any_visits_3cbeb0800f2c533e" AS "_any_visits_3cbeb0800f2c533e",
  "t0"."_any_visits_3cbeb0800f2c533e" AS "answer"
FROM "customers_so_far" AS "t0";
