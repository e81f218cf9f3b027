SELECT
  "t10"."customer_id",
  "t10"."joined",
  "t10"."p_alive",
  "t10"."expected_spend",
  "t10"."Next Category",
  "t10"."expected_at",
  (
    (
      CASE
        WHEN "t10"."_bound_12" >= 20634
        THEN "t10"."_bound_12"
        ELSE CASE
          WHEN "t10"."_bound_10" = 1
          THEN 20818
          WHEN "t10"."_bound_10" = 2
          THEN 20849
          WHEN "t10"."_bound_10" = 3
          THEN 20877
          WHEN "t10"."_bound_10" = 4
          THEN 20908
          WHEN "t10"."_bound_10" = 5
          THEN 20938
          WHEN "t10"."_bound_10" = 6
          THEN 20969
          WHEN "t10"."_bound_10" = 7
          THEN 20999
          WHEN "t10"."_bound_10" = 8
          THEN 21030
          WHEN "t10"."_bound_10" = 9
          THEN 21061
          WHEN "t10"."_bound_10" = 10
          THEN 21091
          WHEN "t10"."_bound_10" = 11
          THEN 21122
          WHEN "t10"."_bound_10" = 12
          THEN 21152
          ELSE NULL
        END + CASE
          WHEN (
            "t10"."_bound_10" = 2
          ) AND (
            "t10"."_bound_11" = 29
          )
          THEN 28
          ELSE "t10"."_bound_11"
        END
      END - 20634
    ) <= CAST('7' AS BIGINT)
  )
  OR (
    (
      (
        2026 - "t10"."_bound_22"
      ) - CASE
        WHEN (
          "t10"."_bound_23" > 6
        )
        OR (
          (
            "t10"."_bound_23" = 6
          )
          AND (
            CASE
              WHEN (
                "t10"."_bound_23" = 2
              )
              AND (
                (
                  (
                    "t10"."_bound_20" - CAST(FLOOR(CAST((
                      "t10"."_bound_21" * 153
                    ) + 2 AS DOUBLE) / 5.0) AS BIGINT)
                  ) + 1
                ) = 29
              )
              THEN 28
              ELSE (
                "t10"."_bound_20" - CAST(FLOOR(CAST((
                  "t10"."_bound_21" * 153
                ) + 2 AS DOUBLE) / 5.0) AS BIGINT)
              ) + 1
            END > 30
          )
        )
        THEN 1
        ELSE 0
      END
    ) >= CAST('18' AS BIGINT)
  )
  OR (
    (
      20634 - CAST(FLOOR(
        (
          CAST((
            "t10"."joined" + CASE
              WHEN "t10"."joined" < -1577943676000000
              THEN 20476000000
              ELSE CASE WHEN "t10"."joined" < 504901800000000 THEN 19800000000 ELSE 20700000000 END
            END
          ) - (
            (
              (
                (
                  "t10"."joined" + CASE
                    WHEN "t10"."joined" < -1577943676000000
                    THEN 20476000000
                    ELSE CASE WHEN "t10"."joined" < 504901800000000 THEN 19800000000 ELSE 20700000000 END
                  END
                ) % 86400000000
              ) + 86400000000
            ) % 86400000000
          ) AS DOUBLE) / 86400000000.0
        ) + 0.5
      ) AS BIGINT)
    ) = CAST('0' AS BIGINT)
  ) AS "answer"
FROM (
  SELECT
    "t9"."customer_id",
    "t9"."joined",
    "t9"."p_alive",
    "t9"."expected_spend",
    "t9"."Next Category",
    "t9"."expected_at",
    "t9"."_bound_0",
    "t9"."_bound_1",
    "t9"."_bound_2",
    "t9"."_bound_3",
    "t9"."_bound_4",
    "t9"."_bound_5",
    "t9"."_bound_6",
    "t9"."_bound_7",
    "t9"."_bound_8",
    "t9"."_bound_9",
    "t9"."_bound_10",
    "t9"."_bound_11",
    "t9"."_bound_12",
    "t9"."_bound_13",
    "t9"."_bound_14",
    "t9"."_bound_15",
    "t9"."_bound_16",
    "t9"."_bound_17",
    "t9"."_bound_18",
    "t9"."_bound_19",
    (
      (
        "t9"."_bound_18" - (
          "t9"."_bound_19" * 365
        )
      ) - CAST(FLOOR(CAST("t9"."_bound_19" AS DOUBLE) / 4.0) AS BIGINT)
    ) + CAST(FLOOR(CAST("t9"."_bound_19" AS DOUBLE) / 100.0) AS BIGINT) AS "_bound_20",
    CAST(FLOOR(
      CAST((
        (
          (
            (
              "t9"."_bound_18" - (
                "t9"."_bound_19" * 365
              )
            ) - CAST(FLOOR(CAST("t9"."_bound_19" AS DOUBLE) / 4.0) AS BIGINT)
          ) + CAST(FLOOR(CAST("t9"."_bound_19" AS DOUBLE) / 100.0) AS BIGINT)
        ) * 5
      ) + 2 AS DOUBLE) / 153.0
    ) AS BIGINT) AS "_bound_21",
    (
      "t9"."_bound_17" * 400
    ) + "t9"."_bound_19" + CASE
      WHEN CAST(FLOOR(
        CAST((
          (
            (
              (
                "t9"."_bound_18" - (
                  "t9"."_bound_19" * 365
                )
              ) - CAST(FLOOR(CAST("t9"."_bound_19" AS DOUBLE) / 4.0) AS BIGINT)
            ) + CAST(FLOOR(CAST("t9"."_bound_19" AS DOUBLE) / 100.0) AS BIGINT)
          ) * 5
        ) + 2 AS DOUBLE) / 153.0
      ) AS BIGINT) > 9
      THEN 1
      ELSE 0
    END AS "_bound_22",
    (
      (
        CAST(FLOOR(
          CAST((
            (
              (
                (
                  "t9"."_bound_18" - (
                    "t9"."_bound_19" * 365
                  )
                ) - CAST(FLOOR(CAST("t9"."_bound_19" AS DOUBLE) / 4.0) AS BIGINT)
              ) + CAST(FLOOR(CAST("t9"."_bound_19" AS DOUBLE) / 100.0) AS BIGINT)
            ) * 5
          ) + 2 AS DOUBLE) / 153.0
        ) AS BIGINT) + 2
      ) % 12
    ) + 1 AS "_bound_23"
  FROM (
    SELECT
      "t8"."customer_id",
      "t8"."joined",
      "t8"."p_alive",
      "t8"."expected_spend",
      "t8"."Next Category",
      "t8"."expected_at",
      "t8"."_bound_0",
      "t8"."_bound_1",
      "t8"."_bound_2",
      "t8"."_bound_3",
      "t8"."_bound_4",
      "t8"."_bound_5",
      "t8"."_bound_6",
      "t8"."_bound_7",
      "t8"."_bound_8",
      "t8"."_bound_9",
      "t8"."_bound_10",
      "t8"."_bound_11",
      "t8"."_bound_12",
      "t8"."_bound_13",
      "t8"."_bound_14",
      "t8"."_bound_15",
      "t8"."_bound_16",
      "t8"."_bound_17",
      "t8"."_bound_16" - (
        "t8"."_bound_17" * 146097
      ) AS "_bound_18",
      CAST(FLOOR(
        CAST((
          "t8"."_bound_16" - (
            "t8"."_bound_17" * 146097
          )
        ) - (
          (
            CAST(FLOOR(CAST("t8"."_bound_16" - (
              "t8"."_bound_17" * 146097
            ) AS DOUBLE) / 1460.0) AS BIGINT) - CAST(FLOOR(CAST("t8"."_bound_16" - (
              "t8"."_bound_17" * 146097
            ) AS DOUBLE) / 36524.0) AS BIGINT)
          ) + CAST(FLOOR(CAST("t8"."_bound_16" - (
            "t8"."_bound_17" * 146097
          ) AS DOUBLE) / 146096.0) AS BIGINT)
        ) AS DOUBLE) / 365.0
      ) AS BIGINT) AS "_bound_19"
    FROM (
      SELECT
        "t7"."customer_id",
        "t7"."joined",
        "t7"."p_alive",
        "t7"."expected_spend",
        "t7"."Next Category",
        "t7"."expected_at",
        "t7"."_bound_0",
        "t7"."_bound_1",
        "t7"."_bound_2",
        "t7"."_bound_3",
        "t7"."_bound_4",
        "t7"."_bound_5",
        "t7"."_bound_6",
        "t7"."_bound_7",
        "t7"."_bound_8",
        "t7"."_bound_9",
        "t7"."_bound_10",
        "t7"."_bound_11",
        "t7"."_bound_12",
        "t7"."_bound_13",
        "t7"."_bound_14",
        CAST(FLOOR(
          (
            CAST("t7"."_bound_14" - (
              (
                (
                  "t7"."_bound_14" % 86400000000
                ) + 86400000000
              ) % 86400000000
            ) AS DOUBLE) / 86400000000.0
          ) + 0.5
        ) AS BIGINT) AS "_bound_15",
        CAST(FLOOR(
          (
            CAST("t7"."_bound_14" - (
              (
                (
                  "t7"."_bound_14" % 86400000000
                ) + 86400000000
              ) % 86400000000
            ) AS DOUBLE) / 86400000000.0
          ) + 0.5
        ) AS BIGINT) + 719468 AS "_bound_16",
        CAST(FLOOR(
          CAST(CAST(FLOOR(
            (
              CAST("t7"."_bound_14" - (
                (
                  (
                    "t7"."_bound_14" % 86400000000
                  ) + 86400000000
                ) % 86400000000
              ) AS DOUBLE) / 86400000000.0
            ) + 0.5
          ) AS BIGINT) + 719468 AS DOUBLE) / 146097.0
        ) AS BIGINT) AS "_bound_17"
      FROM (
        SELECT
          "t6"."customer_id",
          "t6"."joined",
          "t6"."p_alive",
          "t6"."expected_spend",
          "t6"."Next Category",
          "t6"."expected_at",
          "t6"."_bound_0",
          "t6"."_bound_1",
          "t6"."_bound_2",
          "t6"."_bound_3",
          "t6"."_bound_4",
          "t6"."_bound_5",
          "t6"."_bound_6",
          "t6"."_bound_7",
          "t6"."_bound_8",
          "t6"."_bound_9",
          "t6"."_bound_10",
          "t6"."_bound_11",
          CASE
            WHEN "t6"."_bound_10" = 1
            THEN 20453
            WHEN "t6"."_bound_10" = 2
            THEN 20484
            WHEN "t6"."_bound_10" = 3
            THEN 20512
            WHEN "t6"."_bound_10" = 4
            THEN 20543
            WHEN "t6"."_bound_10" = 5
            THEN 20573
            WHEN "t6"."_bound_10" = 6
            THEN 20604
            WHEN "t6"."_bound_10" = 7
            THEN 20634
            WHEN "t6"."_bound_10" = 8
            THEN 20665
            WHEN "t6"."_bound_10" = 9
            THEN 20696
            WHEN "t6"."_bound_10" = 10
            THEN 20726
            WHEN "t6"."_bound_10" = 11
            THEN 20757
            WHEN "t6"."_bound_10" = 12
            THEN 20787
            ELSE NULL
          END + CASE
            WHEN (
              "t6"."_bound_10" = 2
            ) AND (
              "t6"."_bound_11" = 29
            )
            THEN 28
            ELSE "t6"."_bound_11"
          END AS "_bound_12",
          "t6"."joined" AS "_bound_13",
          "t6"."joined" + CASE
            WHEN "t6"."joined" < -1577943676000000
            THEN 20476000000
            ELSE CASE WHEN "t6"."joined" < 504901800000000 THEN 19800000000 ELSE 20700000000 END
          END AS "_bound_14"
        FROM (
          SELECT
            "t5"."customer_id",
            "t5"."joined",
            "t5"."p_alive",
            "t5"."expected_spend",
            "t5"."Next Category",
            "t5"."expected_at",
            "t5"."_bound_0",
            "t5"."_bound_1",
            "t5"."_bound_2",
            "t5"."_bound_3",
            "t5"."_bound_4",
            "t5"."_bound_5",
            "t5"."_bound_6",
            "t5"."_bound_7",
            CAST(FLOOR(CAST((
              "t5"."_bound_7" * 5
            ) + 2 AS DOUBLE) / 153.0) AS BIGINT) AS "_bound_8",
            (
              "t5"."_bound_4" * 400
            ) + "t5"."_bound_6" + CASE
              WHEN CAST(FLOOR(CAST((
                "t5"."_bound_7" * 5
              ) + 2 AS DOUBLE) / 153.0) AS BIGINT) > 9
              THEN 1
              ELSE 0
            END AS "_bound_9",
            (
              (
                CAST(FLOOR(CAST((
                  "t5"."_bound_7" * 5
                ) + 2 AS DOUBLE) / 153.0) AS BIGINT) + 2
              ) % 12
            ) + 1 AS "_bound_10",
            (
              "t5"."_bound_7" - CAST(FLOOR(
                CAST((
                  CAST(FLOOR(CAST((
                    "t5"."_bound_7" * 5
                  ) + 2 AS DOUBLE) / 153.0) AS BIGINT) * 153
                ) + 2 AS DOUBLE) / 5.0
              ) AS BIGINT)
            ) + 1 AS "_bound_11"
          FROM (
            SELECT
              "t4"."customer_id",
              "t4"."joined",
              "t4"."p_alive",
              "t4"."expected_spend",
              "t4"."Next Category",
              "t4"."expected_at",
              "t4"."_bound_0",
              "t4"."_bound_1",
              "t4"."_bound_2",
              "t4"."_bound_3",
              "t4"."_bound_4",
              "t4"."_bound_5",
              "t4"."_bound_6",
              (
                (
                  "t4"."_bound_5" - (
                    "t4"."_bound_6" * 365
                  )
                ) - CAST(FLOOR(CAST("t4"."_bound_6" AS DOUBLE) / 4.0) AS BIGINT)
              ) + CAST(FLOOR(CAST("t4"."_bound_6" AS DOUBLE) / 100.0) AS BIGINT) AS "_bound_7"
            FROM (
              SELECT
                "t3"."customer_id",
                "t3"."joined",
                "t3"."p_alive",
                "t3"."expected_spend",
                "t3"."Next Category",
                "t3"."expected_at",
                "t3"."_bound_0",
                "t3"."_bound_1",
                "t3"."_bound_2",
                "t3"."_bound_3",
                "t3"."_bound_4",
                "t3"."_bound_5",
                CAST(FLOOR(
                  CAST("t3"."_bound_5" - (
                    (
                      CAST(FLOOR(CAST("t3"."_bound_5" AS DOUBLE) / 1460.0) AS BIGINT) - CAST(FLOOR(CAST("t3"."_bound_5" AS DOUBLE) / 36524.0) AS BIGINT)
                    ) + CAST(FLOOR(CAST("t3"."_bound_5" AS DOUBLE) / 146096.0) AS BIGINT)
                  ) AS DOUBLE) / 365.0
                ) AS BIGINT) AS "_bound_6"
              FROM (
                SELECT
                  "t2"."customer_id",
                  "t2"."joined",
                  "t2"."p_alive",
                  "t2"."expected_spend",
                  "t2"."Next Category",
                  "t2"."expected_at",
                  "t2"."_bound_0",
                  "t2"."_bound_1",
                  "t2"."_bound_2",
                  "t2"."_bound_2" + 719468 AS "_bound_3",
                  CAST(FLOOR(CAST("t2"."_bound_2" + 719468 AS DOUBLE) / 146097.0) AS BIGINT) AS "_bound_4",
                  (
                    "t2"."_bound_2" + 719468
                  ) - (
                    CAST(FLOOR(CAST("t2"."_bound_2" + 719468 AS DOUBLE) / 146097.0) AS BIGINT) * 146097
                  ) AS "_bound_5"
                FROM (
                  SELECT
                    "t1"."customer_id",
                    "t1"."joined",
                    "t1"."p_alive",
                    "t1"."expected_spend",
                    "t1"."Next Category",
                    "t1"."expected_at",
                    "t1"."_bound_0",
                    "t1"."_bound_1",
                    CAST(FLOOR(
                      (
                        CAST("t1"."_bound_1" - (
                          (
                            (
                              "t1"."_bound_1" % 86400000000
                            ) + 86400000000
                          ) % 86400000000
                        ) AS DOUBLE) / 86400000000.0
                      ) + 0.5
                    ) AS BIGINT) AS "_bound_2"
                  FROM (
                    SELECT
                      "t0"."customer_id",
                      "t0"."joined",
                      "t0"."p_alive",
                      "t0"."expected_spend",
                      "t0"."Next Category",
                      "t0"."expected_at",
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
        ) AS "t6"
      ) AS "t7"
    ) AS "t8"
  ) AS "t9"
) AS "t10";
