WITH "t5" AS (
  SELECT
    "t2"."customer_id",
    "t2"."at",
    ROW_NUMBER() OVER (
      PARTITION BY "t2"."customer_id"
      ORDER BY "t2"."at" ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) - 1 AS "_number"
  FROM (
    SELECT
      "t0"."customer_id",
      "t0"."at"
    FROM "orders" AS "t0"
    WHERE
      "t0"."at" <= 1782820800000000
  ) AS "t2"
), "t6" AS (
  SELECT
    "t4"."customer_id",
    "t4"."at",
    ROW_NUMBER() OVER (
      PARTITION BY "t4"."customer_id"
      ORDER BY "t4"."at" ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) - 1 AS "_number"
  FROM (
    SELECT
      "t1"."customer_id",
      "t1"."at"
    FROM "visits" AS "t1"
    WHERE
      "t1"."at" <= 1782820800000000
  ) AS "t4"
)
SELECT
  "t23"."customer_id",
  COUNT(*) FILTER(WHERE
    NOT (
      "t23"."_flag_0"
    )) AS "_count_orders_3068e0260400c3d5"
FROM (
  SELECT
    "t9"."customer_id",
    "t9"."at",
    "t9"."_number",
    "t22"."_customer" IS NOT NULL AS "_flag_0"
  FROM "t5" AS "t9"
  LEFT OUTER JOIN (
    SELECT
      "t20"."_customer",
      "t20"."_its__number"
    FROM (
      SELECT
        "t19"."_customer",
        "t19"."at",
        "t19"."_its__number",
        "t19"."_other",
        SUM("t19"."_other") OVER (
          PARTITION BY "t19"."_customer"
          ORDER BY "t19"."at" ASC
          RANGE BETWEEN UNBOUNDED PRECEDING AND 1 preceding
        ) AS "_near"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t7"."customer_id" AS "_customer",
            "t7"."at",
            "t7"."_number" AS "_its__number",
            0 AS "_other"
          FROM "t5" AS "t7"
        ) AS "t11"
        UNION ALL
        SELECT
          *
        FROM (
          SELECT
            "t17"."customer_id" AS "_customer",
            "t17"."at",
            CAST(NULL AS BIGINT) AS "_its__number",
            1 AS "_other"
          FROM (
            SELECT
              "t10"."customer_id",
              "t10"."at",
              "t10"."_number",
              "t16"."_customer" IS NOT NULL AS "_flag_0"
            FROM "t6" AS "t10"
            LEFT OUTER JOIN (
              SELECT
                "t14"."_customer",
                "t14"."_its__number"
              FROM (
                SELECT
                  "t13"."_customer",
                  "t13"."at",
                  "t13"."_its__number",
                  "t13"."_other",
                  SUM("t13"."_other") OVER (
                    PARTITION BY "t13"."_customer"
                    ORDER BY "t13"."at" ASC
                    RANGE BETWEEN 1 following AND UNBOUNDED FOLLOWING
                  ) AS "_near"
                FROM (
                  SELECT
                    *
                  FROM (
                    SELECT
                      "t8"."customer_id" AS "_customer",
                      "t8"."at",
                      "t8"."_number" AS "_its__number",
                      0 AS "_other"
                    FROM "t6" AS "t8"
                  ) AS "t12"
                  UNION ALL
                  SELECT
                    *
                  FROM (
                    SELECT
                      "t0"."customer_id" AS "_customer",
                      "t0"."at",
                      CAST(NULL AS BIGINT) AS "_its__number",
                      1 AS "_other"
                    FROM "orders" AS "t0"
                    WHERE
                      "t0"."at" <= 1782820800000000 AND TRUE
                  ) AS "t3"
                ) AS "t13"
              ) AS "t14"
              WHERE
                "t14"."_its__number" IS NOT NULL AND "t14"."_near" > 0
            ) AS "t16"
              ON "t10"."customer_id" = "t16"."_customer"
              AND "t10"."_number" = "t16"."_its__number"
          ) AS "t17"
          WHERE
            "t17"."_flag_0"
        ) AS "t18"
      ) AS "t19"
    ) AS "t20"
    WHERE
      "t20"."_its__number" IS NOT NULL AND "t20"."_near" > 0
  ) AS "t22"
    ON "t9"."customer_id" = "t22"."_customer" AND "t9"."_number" = "t22"."_its__number"
) AS "t23"
GROUP BY
  1;

SELECT
  "t2"."customer_id",
  "t2"."joined",
  "t2"."p_alive",
  "t2"."expected_spend",
  "t2"."Next Category",
  "t2"."expected_at",
  COALESCE("t4"."_count_orders_3068e0260400c3d5", 0) AS "_count_orders_3068e0260400c3d5"
FROM "customers_so_far" AS "t2"
LEFT OUTER JOIN (
  SELECT
    "t1"."customer_id" AS "_customer_0",
    "t1"."_count_orders_3068e0260400c3d5"
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
  "t0"."_count_orders_3068e0260400c3d5",
  "t0"."_count_orders_3068e0260400c3d5" AS "answer"
FROM "customers_so_far" AS "t0";
