SELECT
  `t2`.`customer_id`,
  MAX(IF(`t2`.`_counts_0` AND (
    `t2`.`_place_0` = 1
  ), `t2`.`at`, NULL)) AS `_nth_orders_at_bf8080acbb00feaf`,
  MAX(IF(`t2`.`_counts_1` AND (
    `t2`.`_place_1` = 0
  ), `t2`.`at`, NULL)) AS `_nth_orders_at_b5207df3903bd195`
FROM (
  SELECT
    `t1`.`customer_id`,
    `t1`.`at`,
    `t1`.`channel`,
    `t1`.`_counts_0`,
    `t1`.`_counts_1`,
    ROW_NUMBER() OVER (PARTITION BY `t1`.`customer_id`, `t1`.`_counts_0` ORDER BY `t1`.`at` ASC) - 1 AS `_place_0`,
    ROW_NUMBER() OVER (PARTITION BY `t1`.`customer_id`, `t1`.`_counts_1` ORDER BY `t1`.`at` ASC) - 1 AS `_place_1`
  FROM (
    SELECT
      `t0`.`customer_id`,
      `t0`.`at`,
      `t0`.`channel`,
      COALESCE(`t0`.`channel` = 'web', FALSE) AS `_counts_0`,
      COALESCE(TRUE, FALSE) AS `_counts_1`
    FROM `orders` AS `t0`
    WHERE
      `t0`.`at` <= 1782820800000000
  ) AS `t1`
) AS `t2`
GROUP BY
  1;

SELECT
  `t2`.`customer_id`,
  `t2`.`joined`,
  `t2`.`p_alive`,
  `t2`.`expected_spend`,
  `t2`.`Next Category`,
  `t2`.`expected_at`,
  `t4`.`_nth_orders_at_bf8080acbb00feaf`,
  `t4`.`_nth_orders_at_b5207df3903bd195`
FROM `customers_so_far` AS `t2`
LEFT OUTER JOIN (
  SELECT
    `t1`.`customer_id` AS `_customer_0`,
    `t1`.`_nth_orders_at_bf8080acbb00feaf`,
    `t1`.`_nth_orders_at_b5207df3903bd195`
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
  `t0`.`_nth_orders_at_bf8080acbb00feaf`,
  `t0`.`_nth_orders_at_b5207df3903bd195`,
  `t0`.`_nth_orders_at_bf8080acbb00feaf` - `t0`.`_nth_orders_at_b5207df3903bd195` AS `answer`
FROM `customers_so_far` AS `t0`;
