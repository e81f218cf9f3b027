SELECT
  `t1`.`customer_id`,
  COUNT(*) AS `_count_orders_8d1b02958e8ac415`
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
  `t2`.`customer_id`,
  `t2`.`joined`,
  `t2`.`p_alive`,
  `t2`.`expected_spend`,
  `t2`.`Next Category`,
  `t2`.`expected_at`,
  COALESCE(`t4`.`_count_orders_8d1b02958e8ac415`, 0) AS `_count_orders_8d1b02958e8ac415`
FROM `customers_so_far` AS `t2`
LEFT OUTER JOIN (
  SELECT
    `t1`.`customer_id` AS `_customer_0`,
    `t1`.`_count_orders_8d1b02958e8ac415`
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
  `t0`.`_count_orders_8d1b02958e8ac415`,
  CASE
    WHEN `t0`.`_count_orders_8d1b02958e8ac415` > CAST('10' AS BIGINT)
    THEN TRUE
    ELSE FALSE
  END AS `_member_vip_36e89547cfb0f09c`
FROM `customers_so_far` AS `t0`;

SELECT
  `t0`.`customer_id`,
  `t0`.`joined`,
  `t0`.`p_alive`,
  `t0`.`expected_spend`,
  `t0`.`Next Category`,
  `t0`.`expected_at`,
  `t0`.`_count_orders_8d1b02958e8ac415`,
  `t0`.`_member_vip_36e89547cfb0f09c`,
  `t0`.`_member_vip_36e89547cfb0f09c`
  AND (
    `t0`.`p_alive` > CAST('0.5' AS DOUBLE)
  ) AS `answer`
FROM `customers_so_far` AS `t0`;
