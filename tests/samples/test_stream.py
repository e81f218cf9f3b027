from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from smalti.errors import SmaltiError
from smalti.samples import order_stream, write_orders_parquet


@pytest.fixture(scope="module")
def orders():
    return pa.Table.from_batches(order_stream(200_000, 10_000, batch=60_000))


def test_there_are_exactly_as_many_orders_and_customers_as_asked(orders):
    assert orders.num_rows == 200_000
    assert pc.count_distinct(orders["customer_id"]).as_py() == 10_000
    assert pc.count_distinct(orders["order_id"]).as_py() == 200_000


def test_the_columns_are_the_promised_ones(orders):
    assert orders.schema == pa.schema(
        {
            "order_id": pa.string(),
            "customer_id": pa.string(),
            "ordered_at": pa.timestamp("us", tz="UTC"),
            "revenue": pa.decimal128(12, 2),
            "category": pa.string(),
            "channel": pa.string(),
        }
    )
    assert sum(orders[name].null_count for name in orders.column_names) == 0
    assert pc.max(pc.utf8_length(orders["customer_id"])).as_py() <= 10
    assert set(pc.unique(orders["channel"]).to_pylist()) == {"web", "shop", "phone"}
    assert pc.count_distinct(orders["category"]).as_py() == 6


def test_orders_are_by_time_within_the_three_years(orders):
    at = orders["ordered_at"].cast(pa.int64()).to_numpy()
    assert (np.diff(at) >= 0).all()
    first, last = orders["ordered_at"][0].as_py(), orders["ordered_at"][-1].as_py()
    assert datetime(2023, 7, 1, tzinfo=UTC) <= first < last < datetime(2026, 7, 1, tzinfo=UTC)
    ids = orders["order_id"].to_pylist()
    assert ids == sorted(ids)


def test_few_customers_hold_many_orders(orders):
    counts = np.sort(orders.group_by("customer_id").aggregate([("order_id", "count")])["order_id_count"].to_numpy())
    assert counts[0] == 1
    assert (counts == 1).mean() > 0.08
    assert counts[-1000:].sum() > 0.35 * counts.sum()
    assert np.median(counts) < counts.mean() * 0.7


def test_revenue_is_positive_and_differs_between_customers(orders):
    assert pc.min(orders["revenue"]).as_py() > 0
    assert float(pc.mean(orders["revenue"]).as_py()) == pytest.approx(30.0, rel=0.05)
    means = orders.group_by("customer_id").aggregate([("revenue", "mean")])["revenue_mean"].cast("float64").to_numpy()
    assert np.quantile(means, 0.9) > 1.8 * np.quantile(means, 0.1)


def test_the_size_of_a_batch_changes_nothing(orders):
    again = pa.Table.from_batches(order_stream(200_000, 10_000, batch=7_919))
    assert again.equals(orders)


def test_another_seed_gives_other_orders(orders):
    assert not pa.Table.from_batches(order_stream(200_000, 10_000, seed=8)).equals(orders)


def test_one_order_each():
    rows = pa.Table.from_batches(order_stream(70_000, 70_000))
    assert pc.count_distinct(rows["customer_id"]).as_py() == 70_000


def test_the_smallest_stream():
    (only,) = order_stream(1, 1)
    assert only["customer_id"].to_pylist() == ["C000001"]


def test_a_parquet_file_holds_the_stream_and_equal_bytes(tmp_path, orders):
    first = write_orders_parquet(tmp_path / "a.parquet", 200_000, 10_000, batch=60_000)
    second = write_orders_parquet(tmp_path / "b.parquet", 200_000, 10_000, batch=60_000)
    assert first.read_bytes() == second.read_bytes()
    assert pq.read_metadata(first).num_row_groups == 4
    assert pq.read_table(first).equals(orders)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"orders": 5, "customers": 6}, "5 orders are too few"),
        ({"orders": 5, "customers": 0}, "not 0"),
        ({"orders": 5, "customers": 5, "seed": -1}, "not -1"),
        ({"orders": 5, "customers": 5, "batch": 0}, "not 7 and 0"),
    ],
)
def test_wrong_wishes_are_answered_at_once(arguments, told):
    with pytest.raises(SmaltiError, match=told):
        order_stream(**arguments)
