SELECT
  `t2`.`customer_id`,
  MAX(IF(`t2`.`_counts_0` AND (
    `t2`.`_place_0` = 0
  ), `t2`.`channel`, NULL)) AS `_first_orders_channel_b07399d8cf998eef`,
  MAX(IF(`t2`.`_counts_1` AND (
    `t2`.`_place_1` = 0
  ), `t2`.`channel`, NULL)) AS `_last_orders_channel_d0e9584745fd6ae1`,
  MAX(IF(`t2`.`_counts_2` AND (
    `t2`.`_place_2` = 0
  ), `t2`.`due`, NULL)) AS `_first_orders_due_e5192551b05424c3`
FROM (
  SELECT
    `t1`.`customer_id`,
    `t1`.`at`,
    `t1`.`channel`,
    `t1`.`due`,
    `t1`.`_counts_0`,
    `t1`.`_counts_1`,
    `t1`.`_counts_2`,
    ROW_NUMBER() OVER (
      PARTITION BY `t1`.`customer_id`, `t1`.`_counts_0`
      ORDER BY `t1`.`at` ASC, `t1`.`channel` ASC
    ) - 1 AS `_place_0`,
    ROW_NUMBER() OVER (
      PARTITION BY `t1`.`customer_id`, `t1`.`_counts_1`
      ORDER BY `t1`.`at` DESC, `t1`.`channel` DESC
    ) - 1 AS `_place_1`,
    ROW_NUMBER() OVER (
      PARTITION BY `t1`.`customer_id`, `t1`.`_counts_2`
      ORDER BY `t1`.`at` ASC, `t1`.`due` ASC
    ) - 1 AS `_place_2`
  FROM (
    SELECT
      `t0`.`customer_id`,
      `t0`.`at`,
      `t0`.`channel`,
      `t0`.`due`,
      COALESCE(`t0`.`channel` IS NOT NULL, FALSE) AS `_counts_0`,
      COALESCE(`t0`.`channel` IS NOT NULL, FALSE) AS `_counts_1`,
      COALESCE(`t0`.`due` IS NOT NULL, FALSE) AS `_counts_2`
    FROM `orders` AS `t0`
    WHERE
      `t0`.`at` <= 1782820800000000
  ) AS `t1`
) AS `t2`
GROUP BY
  1;

SELECT
  `t1`.`customer_id`,
  MAX(`t1`.`at`) AS `_last_orders_at_5ad2e5f0aea1e28e`
FROM (
  SELECT
    `t0`.`customer_id`,
    `t0`.`at`
  FROM `orders` AS `t0`
  WHERE
    `t0`.`at` <= 1782820800000000
) AS `t1`
GROUP BY
  1;

SELECT
  `t3`.`customer_id`,
  `t3`.`joined`,
  `t3`.`p_alive`,
  `t3`.`expected_spend`,
  `t3`.`Next Category`,
  `t3`.`expected_at`,
  `t6`.`_first_orders_channel_b07399d8cf998eef`,
  `t6`.`_last_orders_channel_d0e9584745fd6ae1`,
  `t6`.`_first_orders_due_e5192551b05424c3`,
  `t7`.`_last_orders_at_5ad2e5f0aea1e28e`
FROM `customers_so_far` AS `t3`
LEFT OUTER JOIN (
  SELECT
    `t1`.`customer_id` AS `_customer_0`,
    `t1`.`_first_orders_channel_b07399d8cf998eef`,
    `t1`.`_last_orders_channel_d0e9584745fd6ae1`,
    `t1`.`_first_orders_due_e5192551b05424c3`
  FROM `part_0` AS `t1`
) AS `t6`
  ON `t3`.`customer_id` = `t6`.`_customer_0`
LEFT OUTER JOIN (
  SELECT
    `t2`.`customer_id` AS `_customer_1`,
    `t2`.`_last_orders_at_5ad2e5f0aea1e28e`
  FROM `part_1` AS `t2`
) AS `t7`
  ON `t3`.`customer_id` = `t7`.`_customer_1`;

SELECT
  `t0`.`customer_id`,
  `t0`.`joined`,
  `t0`.`p_alive`,
  `t0`.`expected_spend`,
  `t0`.`Next Category`,
  `t0`.`expected_at`,
  `t0`.`_first_orders_channel_b07399d8cf998eef`,
  `t0`.`_last_orders_channel_d0e9584745fd6ae1`,
  `t0`.`_last_orders_at_5ad2e5f0aea1e28e`,
  `t0`.`_first_orders_due_e5192551b05424c3`,
  (
    `t0`.`_first_orders_channel_b07399d8cf998eef` = `t0`.`_last_orders_channel_d0e9584745fd6ae1`
  )
  OR (
    `t0`.`_last_orders_at_5ad2e5f0aea1e28e` > `t0`.`_first_orders_due_e5192551b05424c3`
  ) AS `answer`
FROM `customers_so_far` AS `t0`;
