SELECT
  `t1`.`customer_id`,
  COUNTIF(
    (
      `t1`.`at` > 1775044800000000
    )
    AND (
      (
        `t1`.`channel` = 'web'
      ) AND (
        `t1`.`revenue` > CAST('1000' AS INT64)
      )
    )
  ) AS `_count_orders_fa0b8b165efd9239`
FROM (
  SELECT
    `t0`.`customer_id`,
    `t0`.`at`,
    `t0`.`channel`,
    `t0`.`revenue`
  FROM `orders` AS `t0`
  WHERE
    `t0`.`at` <= 1782820800000000
) AS `t1`
GROUP BY
  1;

SELECT
  `t2`.`customer_id`,
  `t2`.`joined`,
  `t2`.`p_alive`,
  `t2`.`expected_spend`,
  `t2`.`Next Category`,
  `t2`.`expected_at`,
  COALESCE(`t4`.`_count_orders_fa0b8b165efd9239`, 0) AS `_count_orders_fa0b8b165efd9239`
FROM `customers_so_far` AS `t2`
LEFT OUTER JOIN (
  SELECT
    `t1`.`customer_id` AS `_customer_0`,
    `t1`.`_count_orders_fa0b8b165efd9239`
  FROM `part_0` AS `t1`
) AS `t4`
  ON `t2`.`customer_id` = `t4`.`_customer_0`;

SELECT
  `t0`.`customer_id`,
  `t0`.`joined`,
  `t0`.`p_alive`,
  `t0`.`expected_spend`,
  `t0`.`Next Category`,
  `t0`.`expected_at`,
  `t0`.`_count_orders_fa0b8b165efd9239`,
  `t0`.`_count_orders_fa0b8b165efd9239` AS `answer`
FROM `customers_so_far` AS `t0`;
