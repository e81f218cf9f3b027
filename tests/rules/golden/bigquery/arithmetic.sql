SELECT
  `t0`.`customer_id`,
  `t0`.`joined`,
  `t0`.`p_alive`,
  `t0`.`expected_spend`,
  `t0`.`Next Category`,
  `t0`.`expected_at`,
  (
    (
      ieee_divide(
        CAST(ABS(`t0`.`joined` - CAST('1782820800000000' AS INT64)) AS FLOAT64),
        NULLIF(CAST(CAST('86400000000' AS INT64) AS FLOAT64), 0.0)
      ) * CAST('0.5' AS FLOAT64)
    ) > ieee_divide(`t0`.`p_alive`, NULLIF(CAST(CAST('3' AS INT64) AS FLOAT64), 0.0))
  )
  AND (
    CAST(FLOOR((
      `t0`.`expected_spend` * CAST('0.1' AS FLOAT64)
    ) + 0.5) AS INT64) < CAST('500' AS INT64)
  ) AS `answer`
FROM `customers_so_far` AS `t0`;
