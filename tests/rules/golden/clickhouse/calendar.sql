SELECT
  "t6"."customer_id" AS "customer_id",
  "t6"."joined" AS "joined",
  "t6"."p_alive" AS "p_alive",
  "t6"."expected_spend" AS "expected_spend",
  "t6"."Next Category" AS "Next Category",
  "t6"."expected_at" AS "expected_at",
  (
    "t6"."_bound_10" = CAST('5' AS Nullable(Int64))
  )
  AND (
    (
      (
        (
          (
            (
              CAST(FLOOR(
                (
                  CAST("t6"."_bound_13" - (
                    (
                      (
                        "t6"."_bound_13" % 86400000000
                      ) + 86400000000
                    ) % 86400000000
                  ) AS Nullable(Float64)) / 86400000000.0
                ) + 0.5
              ) AS Nullable(Int64)) + 3
            ) % 7
          ) + 7
        ) % 7
      ) + 1
    ) <= CAST('5' AS Nullable(Int64))
  )
  AND (
    CAST(FLOOR(
      CAST((
        (
          (
            "t6"."joined" + CASE
              WHEN "t6"."joined" < -1577943676000000
              THEN 20476000000
              ELSE CASE WHEN "t6"."joined" < 504901800000000 THEN 19800000000 ELSE 20700000000 END
            END
          ) % 86400000000
        ) + 86400000000
      ) % 86400000000 AS Nullable(Float64)) / 3600000000.0
    ) AS Nullable(Int64)) >= CAST('18' AS Nullable(Int64))
  ) AS "answer"
FROM (
  SELECT
    "t5"."customer_id" AS "customer_id",
    "t5"."joined" AS "joined",
    "t5"."p_alive" AS "p_alive",
    "t5"."expected_spend" AS "expected_spend",
    "t5"."Next Category" AS "Next Category",
    "t5"."expected_at" AS "expected_at",
    "t5"."_bound_0" AS "_bound_0",
    "t5"."_bound_1" AS "_bound_1",
    "t5"."_bound_2" AS "_bound_2",
    "t5"."_bound_3" AS "_bound_3",
    "t5"."_bound_4" AS "_bound_4",
    "t5"."_bound_5" AS "_bound_5",
    "t5"."_bound_6" AS "_bound_6",
    "t5"."_bound_7" AS "_bound_7",
    CAST(FLOOR(CAST((
      "t5"."_bound_7" * 5
    ) + 2 AS Nullable(Float64)) / 153.0) AS Nullable(Int64)) AS "_bound_8",
    (
      "t5"."_bound_4" * 400
    ) + "t5"."_bound_6" + CASE
      WHEN CAST(FLOOR(CAST((
        "t5"."_bound_7" * 5
      ) + 2 AS Nullable(Float64)) / 153.0) AS Nullable(Int64)) > 9
      THEN 1
      ELSE 0
    END AS "_bound_9",
    (
      (
        CAST(FLOOR(CAST((
          "t5"."_bound_7" * 5
        ) + 2 AS Nullable(Float64)) / 153.0) AS Nullable(Int64)) + 2
      ) % 12
    ) + 1 AS "_bound_10",
    (
      "t5"."_bound_7" - CAST(FLOOR(
        CAST((
          CAST(FLOOR(CAST((
            "t5"."_bound_7" * 5
          ) + 2 AS Nullable(Float64)) / 153.0) AS Nullable(Int64)) * 153
        ) + 2 AS Nullable(Float64)) / 5.0
      ) AS Nullable(Int64))
    ) + 1 AS "_bound_11",
    "t5"."joined" AS "_bound_12",
    "t5"."joined" + CASE
      WHEN "t5"."joined" < -1577943676000000
      THEN 20476000000
      ELSE CASE WHEN "t5"."joined" < 504901800000000 THEN 19800000000 ELSE 20700000000 END
    END AS "_bound_13"
  FROM (
    SELECT
      "t4"."customer_id" AS "customer_id",
      "t4"."joined" AS "joined",
      "t4"."p_alive" AS "p_alive",
      "t4"."expected_spend" AS "expected_spend",
      "t4"."Next Category" AS "Next Category",
      "t4"."expected_at" AS "expected_at",
      "t4"."_bound_0" AS "_bound_0",
      "t4"."_bound_1" AS "_bound_1",
      "t4"."_bound_2" AS "_bound_2",
      "t4"."_bound_3" AS "_bound_3",
      "t4"."_bound_4" AS "_bound_4",
      "t4"."_bound_5" AS "_bound_5",
      "t4"."_bound_6" AS "_bound_6",
      (
        (
          "t4"."_bound_5" - (
            "t4"."_bound_6" * 365
          )
        ) - CAST(FLOOR(CAST("t4"."_bound_6" AS Nullable(Float64)) / 4.0) AS Nullable(Int64))
      ) + CAST(FLOOR(CAST("t4"."_bound_6" AS Nullable(Float64)) / 100.0) AS Nullable(Int64)) AS "_bound_7"
    FROM (
      SELECT
        "t3"."customer_id" AS "customer_id",
        "t3"."joined" AS "joined",
        "t3"."p_alive" AS "p_alive",
        "t3"."expected_spend" AS "expected_spend",
        "t3"."Next Category" AS "Next Category",
        "t3"."expected_at" AS "expected_at",
        "t3"."_bound_0" AS "_bound_0",
        "t3"."_bound_1" AS "_bound_1",
        "t3"."_bound_2" AS "_bound_2",
        "t3"."_bound_3" AS "_bound_3",
        "t3"."_bound_4" AS "_bound_4",
        "t3"."_bound_5" AS "_bound_5",
        CAST(FLOOR(
          CAST("t3"."_bound_5" - (
            (
              CAST(FLOOR(CAST("t3"."_bound_5" AS Nullable(Float64)) / 1460.0) AS Nullable(Int64)) - CAST(FLOOR(CAST("t3"."_bound_5" AS Nullable(Float64)) / 36524.0) AS Nullable(Int64))
            ) + CAST(FLOOR(CAST("t3"."_bound_5" AS Nullable(Float64)) / 146096.0) AS Nullable(Int64))
          ) AS Nullable(Float64)) / 365.0
        ) AS Nullable(Int64)) AS "_bound_6"
      FROM (
        SELECT
          "t2"."customer_id" AS "customer_id",
          "t2"."joined" AS "joined",
          "t2"."p_alive" AS "p_alive",
          "t2"."expected_spend" AS "expected_spend",
          "t2"."Next Category" AS "Next Category",
          "t2"."expected_at" AS "expected_at",
          "t2"."_bound_0" AS "_bound_0",
          "t2"."_bound_1" AS "_bound_1",
          "t2"."_bound_2" AS "_bound_2",
          "t2"."_bound_2" + 719468 AS "_bound_3",
          CAST(FLOOR(CAST("t2"."_bound_2" + 719468 AS Nullable(Float64)) / 146097.0) AS Nullable(Int64)) AS "_bound_4",
          (
            "t2"."_bound_2" + 719468
          ) - (
            CAST(FLOOR(CAST("t2"."_bound_2" + 719468 AS Nullable(Float64)) / 146097.0) AS Nullable(Int64)) * 146097
          ) AS "_bound_5"
        FROM (
          SELECT
            "t1"."customer_id" AS "customer_id",
            "t1"."joined" AS "joined",
            "t1"."p_alive" AS "p_alive",
            "t1"."expected_spend" AS "expected_spend",
            "t1"."Next Category" AS "Next Category",
            "t1"."expected_at" AS "expected_at",
            "t1"."_bound_0" AS "_bound_0",
            "t1"."_bound_1" AS "_bound_1",
            CAST(FLOOR(
              (
                CAST("t1"."_bound_1" - (
                  (
                    (
                      "t1"."_bound_1" % 86400000000
                    ) + 86400000000
                  ) % 86400000000
                ) AS Nullable(Float64)) / 86400000000.0
              ) + 0.5
            ) AS Nullable(Int64)) AS "_bound_2"
          FROM (
            SELECT
              "t0"."customer_id" AS "customer_id",
              "t0"."joined" AS "joined",
              "t0"."p_alive" AS "p_alive",
              "t0"."expected_spend" AS "expected_spend",
              "t0"."Next Category" AS "Next Category",
              "t0"."expected_at" AS "expected_at",
              "t0"."joined" AS "_bound_0",
              "t0"."joined" + CASE
                WHEN "t0"."joined" < -1577943676000000
                THEN 20476000000
                ELSE CASE WHEN "t0"."joined" < 504901800000000 THEN 19800000000 ELSE 20700000000 END
              END AS "_bound_1"
            FROM "customers_so_far" AS "t0"
          ) AS "t1"
        ) AS "t2"
      ) AS "t3"
    ) AS "t4"
  ) AS "t5"
) AS "t6";
