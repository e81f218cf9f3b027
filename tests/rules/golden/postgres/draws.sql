SELECT
  "t4"."customer_id",
  "t4"."joined",
  "t4"."p_alive",
  "t4"."expected_spend",
  "t4"."Next Category",
  "t4"."expected_at",
  (
    "t4"."_bound_1" < CAST('0.1' AS DOUBLE PRECISION)
  )
  AND (
    "t4"."_bound_4" >= CAST('0.05' AS DOUBLE PRECISION)
  ) AS "answer"
FROM (
  SELECT
    "t3"."customer_id",
    "t3"."joined",
    "t3"."p_alive",
    "t3"."expected_spend",
    "t3"."Next Category",
    "t3"."expected_at",
    "t3"."_bound_0",
    "t3"."_bound_1",
    "t3"."_bound_3",
    CAST((
      (
        CAST(POSITION(SUBSTRING("t3"."_bound_3" FROM 1 FOR 1) IN '0123456789abcdef') - 1 AS DOUBLE PRECISION) * 268435456.0
      ) + (
        CAST(POSITION(SUBSTRING("t3"."_bound_3" FROM 2 FOR 1) IN '0123456789abcdef') - 1 AS DOUBLE PRECISION) * 16777216.0
      ) + (
        CAST(POSITION(SUBSTRING("t3"."_bound_3" FROM 3 FOR 1) IN '0123456789abcdef') - 1 AS DOUBLE PRECISION) * 1048576.0
      ) + (
        CAST(POSITION(SUBSTRING("t3"."_bound_3" FROM 4 FOR 1) IN '0123456789abcdef') - 1 AS DOUBLE PRECISION) * 65536.0
      ) + (
        CAST(POSITION(SUBSTRING("t3"."_bound_3" FROM 5 FOR 1) IN '0123456789abcdef') - 1 AS DOUBLE PRECISION) * 4096.0
      ) + (
        CAST(POSITION(SUBSTRING("t3"."_bound_3" FROM 6 FOR 1) IN '0123456789abcdef') - 1 AS DOUBLE PRECISION) * 256.0
      ) + (
        CAST(POSITION(SUBSTRING("t3"."_bound_3" FROM 7 FOR 1) IN '0123456789abcdef') - 1 AS DOUBLE PRECISION) * 16.0
      ) + (
        CAST(POSITION(SUBSTRING("t3"."_bound_3" FROM 8 FOR 1) IN '0123456789abcdef') - 1 AS DOUBLE PRECISION) * 1.0
      )
    ) AS DOUBLE PRECISION) / 4294967296.0 AS "_bound_4"
  FROM (
    SELECT
      "t2"."customer_id",
      "t2"."joined",
      "t2"."p_alive",
      "t2"."expected_spend",
      "t2"."Next Category",
      "t2"."expected_at",
      "t2"."_bound_0",
      "t2"."_bound_1",
      MD5('hold_out' || ':' || "t2"."customer_id") AS "_bound_3"
    FROM (
      SELECT
        "t1"."customer_id",
        "t1"."joined",
        "t1"."p_alive",
        "t1"."expected_spend",
        "t1"."Next Category",
        "t1"."expected_at",
        "t1"."_bound_0",
        CAST((
          (
            CAST(POSITION(SUBSTRING("t1"."_bound_0" FROM 1 FOR 1) IN '0123456789abcdef') - 1 AS DOUBLE PRECISION) * 268435456.0
          ) + (
            CAST(POSITION(SUBSTRING("t1"."_bound_0" FROM 2 FOR 1) IN '0123456789abcdef') - 1 AS DOUBLE PRECISION) * 16777216.0
          ) + (
            CAST(POSITION(SUBSTRING("t1"."_bound_0" FROM 3 FOR 1) IN '0123456789abcdef') - 1 AS DOUBLE PRECISION) * 1048576.0
          ) + (
            CAST(POSITION(SUBSTRING("t1"."_bound_0" FROM 4 FOR 1) IN '0123456789abcdef') - 1 AS DOUBLE PRECISION) * 65536.0
          ) + (
            CAST(POSITION(SUBSTRING("t1"."_bound_0" FROM 5 FOR 1) IN '0123456789abcdef') - 1 AS DOUBLE PRECISION) * 4096.0
          ) + (
            CAST(POSITION(SUBSTRING("t1"."_bound_0" FROM 6 FOR 1) IN '0123456789abcdef') - 1 AS DOUBLE PRECISION) * 256.0
          ) + (
            CAST(POSITION(SUBSTRING("t1"."_bound_0" FROM 7 FOR 1) IN '0123456789abcdef') - 1 AS DOUBLE PRECISION) * 16.0
          ) + (
            CAST(POSITION(SUBSTRING("t1"."_bound_0" FROM 8 FOR 1) IN '0123456789abcdef') - 1 AS DOUBLE PRECISION) * 1.0
          )
        ) AS DOUBLE PRECISION) / 4294967296.0 AS "_bound_1"
      FROM (
        SELECT
          "t0"."customer_id",
          "t0"."joined",
          "t0"."p_alive",
          "t0"."expected_spend",
          "t0"."Next Category",
          "t0"."expected_at",
          MD5('it''s spring' || ':' || "t0"."customer_id") AS "_bound_0"
        FROM "customers_so_far" AS "t0"
      ) AS "t1"
    ) AS "t2"
  ) AS "t3"
) AS "t4";
