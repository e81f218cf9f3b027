SELECT
  `t4`.`customer_id`,
  `t4`.`joined`,
  `t4`.`p_alive`,
  `t4`.`expected_spend`,
  `t4`.`Next Category`,
  `t4`.`expected_at`,
  (
    `t4`.`_bound_1` < CAST('0.1' AS FLOAT64)
  )
  AND (
    `t4`.`_bound_4` >= CAST('0.05' AS FLOAT64)
  ) AS `answer`
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
    `t3`.`_bound_3`,
    ieee_divide(
      (
        CAST(INSTR('0123456789abcdef', SUBSTRING(`t3`.`_bound_3`, 1, 1)) - 1 AS FLOAT64) * 268435456.0
      ) + (
        CAST(INSTR('0123456789abcdef', SUBSTRING(`t3`.`_bound_3`, 2, 1)) - 1 AS FLOAT64) * 16777216.0
      ) + (
        CAST(INSTR('0123456789abcdef', SUBSTRING(`t3`.`_bound_3`, 3, 1)) - 1 AS FLOAT64) * 1048576.0
      ) + (
        CAST(INSTR('0123456789abcdef', SUBSTRING(`t3`.`_bound_3`, 4, 1)) - 1 AS FLOAT64) * 65536.0
      ) + (
        CAST(INSTR('0123456789abcdef', SUBSTRING(`t3`.`_bound_3`, 5, 1)) - 1 AS FLOAT64) * 4096.0
      ) + (
        CAST(INSTR('0123456789abcdef', SUBSTRING(`t3`.`_bound_3`, 6, 1)) - 1 AS FLOAT64) * 256.0
      ) + (
        CAST(INSTR('0123456789abcdef', SUBSTRING(`t3`.`_bound_3`, 7, 1)) - 1 AS FLOAT64) * 16.0
      ) + (
        CAST(INSTR('0123456789abcdef', SUBSTRING(`t3`.`_bound_3`, 8, 1)) - 1 AS FLOAT64) * 1.0
      ),
      4294967296.0
    ) AS `_bound_4`
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
      TO_HEX(MD5(CONCAT(CONCAT('hold_out', ':'), `t2`.`customer_id`))) AS `_bound_3`
    FROM (
      SELECT
        `t1`.`customer_id`,
        `t1`.`joined`,
        `t1`.`p_alive`,
        `t1`.`expected_spend`,
        `t1`.`Next Category`,
        `t1`.`expected_at`,
        `t1`.`_bound_0`,
        ieee_divide(
          (
            CAST(INSTR('0123456789abcdef', SUBSTRING(`t1`.`_bound_0`, 1, 1)) - 1 AS FLOAT64) * 268435456.0
          ) + (
            CAST(INSTR('0123456789abcdef', SUBSTRING(`t1`.`_bound_0`, 2, 1)) - 1 AS FLOAT64) * 16777216.0
          ) + (
            CAST(INSTR('0123456789abcdef', SUBSTRING(`t1`.`_bound_0`, 3, 1)) - 1 AS FLOAT64) * 1048576.0
          ) + (
            CAST(INSTR('0123456789abcdef', SUBSTRING(`t1`.`_bound_0`, 4, 1)) - 1 AS FLOAT64) * 65536.0
          ) + (
            CAST(INSTR('0123456789abcdef', SUBSTRING(`t1`.`_bound_0`, 5, 1)) - 1 AS FLOAT64) * 4096.0
          ) + (
            CAST(INSTR('0123456789abcdef', SUBSTRING(`t1`.`_bound_0`, 6, 1)) - 1 AS FLOAT64) * 256.0
          ) + (
            CAST(INSTR('0123456789abcdef', SUBSTRING(`t1`.`_bound_0`, 7, 1)) - 1 AS FLOAT64) * 16.0
          ) + (
            CAST(INSTR('0123456789abcdef', SUBSTRING(`t1`.`_bound_0`, 8, 1)) - 1 AS FLOAT64) * 1.0
          ),
          4294967296.0
        ) AS `_bound_1`
      FROM (
        SELECT
          `t0`.`customer_id`,
          `t0`.`joined`,
          `t0`.`p_alive`,
          `t0`.`expected_spend`,
          `t0`.`Next Category`,
          `t0`.`expected_at`,
          TO_HEX(MD5(CONCAT(CONCAT('it\'s spring', ':'), `t0`.`customer_id`))) AS `_bound_0`
        FROM `customers_so_far` AS `t0`
      ) AS `t1`
    ) AS `t2`
  ) AS `t3`
) AS `t4`;
