SELECT
  `t6`.`customer_id`,
  `t6`.`joined`,
  `t6`.`p_alive`,
  `t6`.`expected_spend`,
  `t6`.`Next Category`,
  `t6`.`expected_at`,
  (
    `t6`.`_bound_10` = CAST('5' AS INT64)
  )
  AND (
    (
      (
        MOD(
          (
            MOD(
              CAST(FLOOR(
                ieee_divide(
                  CAST(`t6`.`_bound_13` - (
                    MOD((
                      MOD(`t6`.`_bound_13`, 86400000000)
                    ) + 86400000000, 86400000000)
                  ) AS FLOAT64),
                  86400000000.0
                ) + 0.5
              ) AS INT64) + 3,
              7
            )
          ) + 7,
          7
        )
      ) + 1
    ) <= CAST('5' AS INT64)
  )
  AND (
    CAST(FLOOR(
      ieee_divide(
        CAST(MOD(
          (
            MOD(
              `t6`.`joined` + IF(
                `t6`.`joined` < -1577943676000000,
                20476000000,
                IF(`t6`.`joined` < 504901800000000, 19800000000, 20700000000)
              ),
              86400000000
            )
          ) + 86400000000,
          86400000000
        ) AS FLOAT64),
        3600000000.0
      )
    ) AS INT64) >= CAST('18' AS INT64)
  ) AS `answer`
FROM (
  SELECT
    `t5`.`customer_id`,
    `t5`.`joined`,
    `t5`.`p_alive`,
    `t5`.`expected_spend`,
    `t5`.`Next Category`,
    `t5`.`expected_at`,
    `t5`.`_bound_0`,
    `t5`.`_bound_1`,
    `t5`.`_bound_2`,
    `t5`.`_bound_3`,
    `t5`.`_bound_4`,
    `t5`.`_bound_5`,
    `t5`.`_bound_6`,
    `t5`.`_bound_7`,
    CAST(FLOOR(ieee_divide(CAST((
      `t5`.`_bound_7` * 5
    ) + 2 AS FLOAT64), 153.0)) AS INT64) AS `_bound_8`,
    (
      `t5`.`_bound_4` * 400
    ) + `t5`.`_bound_6` + IF(
      CAST(FLOOR(ieee_divide(CAST((
        `t5`.`_bound_7` * 5
      ) + 2 AS FLOAT64), 153.0)) AS INT64) > 9,
      1,
      0
    ) AS `_bound_9`,
    (
      MOD(
        CAST(FLOOR(ieee_divide(CAST((
          `t5`.`_bound_7` * 5
        ) + 2 AS FLOAT64), 153.0)) AS INT64) + 2,
        12
      )
    ) + 1 AS `_bound_10`,
    (
      `t5`.`_bound_7` - CAST(FLOOR(
        ieee_divide(
          CAST((
            CAST(FLOOR(ieee_divide(CAST((
              `t5`.`_bound_7` * 5
            ) + 2 AS FLOAT64), 153.0)) AS INT64) * 153
          ) + 2 AS FLOAT64),
          5.0
        )
      ) AS INT64)
    ) + 1 AS `_bound_11`,
    `t5`.`joined` AS `_bound_12`,
    `t5`.`joined` + IF(
      `t5`.`joined` < -1577943676000000,
      20476000000,
      IF(`t5`.`joined` < 504901800000000, 19800000000, 20700000000)
    ) AS `_bound_13`
  FROM (
    SELECT
      `t4`.`customer_id`,
      `t4`.`joined`,
      `t4`.`p_alive`,
      `t4`.`expected_spend`,
      `t4`.`Next Category`,
      `t4`.`expected_at`,
      `t4`.`_bound_0`,
      `t4`.`_bound_1`,
      `t4`.`_bound_2`,
      `t4`.`_bound_3`,
      `t4`.`_bound_4`,
      `t4`.`_bound_5`,
      `t4`.`_bound_6`,
      (
        (
          `t4`.`_bound_5` - (
            `t4`.`_bound_6` * 365
          )
        ) - CAST(FLOOR(ieee_divide(CAST(`t4`.`_bound_6` AS FLOAT64), 4.0)) AS INT64)
      ) + CAST(FLOOR(ieee_divide(CAST(`t4`.`_bound_6` AS FLOAT64), 100.0)) AS INT64) AS `_bound_7`
    FROM (
      SELECT
        `t3`.`customer_id`,
        `t3`.`joined`,
        `t3`.`p_alive`,
        `t3`.`expected_spend`,
        `t3`.`Next Category`,
        `t3`.`expected_at`,
        `t3`.`_bound_0`,
        `t3`.`_bound_1`,
        `t3`.`_bound_2`,
        `t3`.`_bound_3`,
        `t3`.`_bound_4`,
        `t3`.`_bound_5`,
        CAST(FLOOR(
          ieee_divide(
            CAST(`t3`.`_bound_5` - (
              (
                CAST(FLOOR(ieee_divide(CAST(`t3`.`_bound_5` AS FLOAT64), 1460.0)) AS INT64) - CAST(FLOOR(ieee_divide(CAST(`t3`.`_bound_5` AS FLOAT64), 36524.0)) AS INT64)
              ) + CAST(FLOOR(ieee_divide(CAST(`t3`.`_bound_5` AS FLOAT64), 146096.0)) AS INT64)
            ) AS FLOAT64),
            365.0
          )
        ) AS INT64) AS `_bound_6`
      FROM (
        SELECT
          `t2`.`customer_id`,
          `t2`.`joined`,
          `t2`.`p_alive`,
          `t2`.`expected_spend`,
          `t2`.`Next Category`,
          `t2`.`expected_at`,
          `t2`.`_bound_0`,
          `t2`.`_bound_1`,
          `t2`.`_bound_2`,
          `t2`.`_bound_2` + 719468 AS `_bound_3`,
          CAST(FLOOR(ieee_divide(CAST(`t2`.`_bound_2` + 719468 AS FLOAT64), 146097.0)) AS INT64) AS `_bound_4`,
          (
            `t2`.`_bound_2` + 719468
          ) - (
            CAST(FLOOR(ieee_divide(CAST(`t2`.`_bound_2` + 719468 AS FLOAT64), 146097.0)) AS INT64) * 146097
          ) AS `_bound_5`
        FROM (
          SELECT
            `t1`.`customer_id`,
            `t1`.`joined`,
            `t1`.`p_alive`,
            `t1`.`expected_spend`,
            `t1`.`Next Category`,
            `t1`.`expected_at`,
            `t1`.`_bound_0`,
            `t1`.`_bound_1`,
            CAST(FLOOR(
              ieee_divide(
                CAST(`t1`.`_bound_1` - (
                  MOD((
                    MOD(`t1`.`_bound_1`, 86400000000)
                  ) + 86400000000, 86400000000)
                ) AS FLOAT64),
                86400000000.0
              ) + 0.5
            ) AS INT64) AS `_bound_2`
          FROM (
            SELECT
              `t0`.`customer_id`,
              `t0`.`joined`,
              `t0`.`p_alive`,
              `t0`.`expected_spend`,
              `t0`.`Next Category`,
              `t0`.`expected_at`,
              `t0`.`joined` AS `_bound_0`,
              `t0`.`joined` + IF(
                `t0`.`joined` < -1577943676000000,
                20476000000,
                IF(`t0`.`joined` < 504901800000000, 19800000000, 20700000000)
              ) AS `_bound_1`
            FROM `customers_so_far` AS `t0`
          ) AS `t1`
        ) AS `t2`
      ) AS `t3`
    ) AS `t4`
  ) AS `t5`
) AS `t6`;
