SELECT
  `t2`.`customer_id`,
  MIN(
    IF(
      `t2`.`_of__most_frequent_orders_channel_aee61a7c1159b098` > 0,
      STRUCT(
        -(
          `t2`.`_of__most_frequent_orders_channel_aee61a7c1159b098`
        ) AS `count`,
        `t2`.`_value` AS `value`
      ),
      NULL
    )
  ).`value` AS `_most_frequent_orders_channel_aee61a7c1159b098`,
  MIN(
    IF(
      `t2`.`_of__most_frequent_orders_channel_f49916772c9ce207` > 0,
      STRUCT(
        -(
          `t2`.`_of__most_frequent_orders_channel_f49916772c9ce207`
        ) AS `count`,
        `t2`.`_value` AS `value`
      ),
      NULL
    )
  ).`value` AS `_most_frequent_orders_channel_f49916772c9ce207`
FROM (
  SELECT
    `t1`.`customer_id`,
    `t1`.`channel` AS `_value`,
    SUM(
      CAST((
        `t1`.`at` > 1775044800000000
      ) AND (
        `t1`.`channel` IS NOT NULL
      ) AS BIGINT)
    ) AS `_of__most_frequent_orders_channel_aee61a7c1159b098`,
    SUM(CAST(`t1`.`channel` IS NOT NULL AS BIGINT)) AS `_of__most_frequent_orders_channel_f49916772c9ce207`
  FROM (
    SELECT
      `t0`.`customer_id`,
      `t0`.`at`,
      `t0`.`channel`
    FROM `orders` AS `t0`
    WHERE
      `t0`.`at` <= 1782820800000000
  ) AS `t1`
  GROUP BY
    1,
    2
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
  `t4`.`_most_frequent_orders_channel_aee61a7c1159b098`,
  `t4`.`_most_frequent_orders_channel_f49916772c9ce207`
FROM `customers_so_far` AS `t2`
LEFT OUTER JOIN (
  SELECT
    `t1`.`customer_id` AS `_customer_0`,
    `t1`.`_most_frequent_orders_channel_aee61a7c1159b098`,
    `t1`.`_most_frequent_orders_channel_f49916772c9ce207`
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
  `t0`.`_most_frequent_orders_channel_aee61a7c1159b098`,
  `t0`.`_most_frequent_orders_channel_f49916772c9ce207`,
  COALESCE(
    `t0`.`_most_frequent_orders_channel_aee61a7c1159b098`,
    `t0`.`_most_frequent_orders_channel_f49916772c9ce207`
  ) AS `answer`
FROM `customers_so_far` AS `t0`;
