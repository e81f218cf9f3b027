SELECT
  `t4`.`customer_id`,
  MAX(IF(`t4`.`_counts_0` AND (
    `t4`.`_place_0` = 0
  ), `t4`.`_value`, NULL)) AS `_most_frequent_orders_channel_aee61a7c1159b098`,
  MAX(IF(`t4`.`_counts_1` AND (
    `t4`.`_place_1` = 0
  ), `t4`.`_value`, NULL)) AS `_most_frequent_orders_channel_f49916772c9ce207`
FROM (
  SELECT
    `t3`.`customer_id`,
    `t3`.`_value`,
    `t3`.`_of__most_frequent_orders_channel_aee61a7c1159b098`,
    `t3`.`_of__most_frequent_orders_channel_f49916772c9ce207`,
    `t3`.`_counts_0`,
    `t3`.`_counts_1`,
    ROW_NUMBER() OVER (
      PARTITION BY `t3`.`customer_id`, `t3`.`_counts_0`
      ORDER BY `t3`.`_of__most_frequent_orders_channel_aee61a7c1159b098` DESC, `t3`.`_value` ASC
    ) - 1 AS `_place_0`,
    ROW_NUMBER() OVER (
      PARTITION BY `t3`.`customer_id`, `t3`.`_counts_1`
      ORDER BY `t3`.`_of__most_frequent_orders_channel_f49916772c9ce207` DESC, `t3`.`_value` ASC
    ) - 1 AS `_place_1`
  FROM (
    SELECT
      `t2`.`customer_id`,
      `t2`.`_value`,
      `t2`.`_of__most_frequent_orders_channel_aee61a7c1159b098`,
      `t2`.`_of__most_frequent_orders_channel_f49916772c9ce207`,
      COALESCE(`t2`.`_of__most_frequent_orders_channel_aee61a7c1159b098` > 0, FALSE) AS `_counts_0`,
      COALESCE(`t2`.`_of__most_frequent_orders_channel_f49916772c9ce207` > 0, FALSE) AS `_counts_1`
    FROM (
      SELECT
        `t1`.`customer_id`,
        `t1`.`channel` AS `_value`,
        COUNTIF((
          `t1`.`at` > 1775044800000000
        ) AND (
          `t1`.`channel` IS NOT NULL
        )) AS `_of__most_frequent_orders_channel_aee61a7c1159b098`,
        COUNTIF(`t1`.`channel` IS NOT NULL) AS `_of__most_frequent_orders_channel_f49916772c9ce207`
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
  ) AS `t3`
) AS `t4`
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
