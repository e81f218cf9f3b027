SELECT
  `t1`.`customer_id`,
  MIN(
    IF(
      `t1`.`channel` IS NOT NULL,
      STRUCT(`t1`.`at` AS `at`, `t1`.`channel` AS `value`),
      NULL
    )
  ).`value` AS `_first_orders_channel_b07399d8cf998eef`,
  MAX(
    IF(
      `t1`.`channel` IS NOT NULL,
      STRUCT(`t1`.`at` AS `at`, `t1`.`channel` AS `value`),
      NULL
    )
  ).`value` AS `_last_orders_channel_d0e9584745fd6ae1`,
  MAX(`t1`.`at`) AS `_last_orders_at_5ad2e5f0aea1e28e`,
  MIN(
    IF(`t1`.`due` IS NOT NULL, STRUCT(`t1`.`at` AS `at`, `t1`.`due` AS `value`), NULL)
  ).`value` AS `_first_orders_due_e5192551b05424c3`
FROM (
  SELECT
    `t0`.`customer_id`,
    `t0`.`at`,
    `t0`.`channel`,
    `t0`.`due`
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
  `t4`.`_first_orders_channel_b07399d8cf998eef`,
  `t4`.`_last_orders_channel_d0e9584745fd6ae1`,
  `t4`.`_last_orders_at_5ad2e5f0aea1e28e`,
  `t4`.`_first_orders_due_e5192551b05424c3`
FROM `customers_so_far` AS `t2`
LEFT OUTER JOIN (
  SELECT
    `t1`.`customer_id` AS `_customer_0`,
    `t1`.`_first_orders_channel_b07399d8cf998eef`,
    `t1`.`_last_orders_channel_d0e9584745fd6ae1`,
    `t1`.`_last_orders_at_5ad2e5f0aea1e28e`,
    `t1`.`_first_orders_due_e5192551b05424c3`
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
