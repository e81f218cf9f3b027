"""Orders by the million, for benchmarks: the fast path, with less of a story than `shop`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from smalti.errors import SmaltiError
from smalti.samples.catalogue import CATEGORIES
from smalti.samples.columns import INSTANT, MONEY, Floats, Ints, instants, numbered, pounds, words
from smalti.samples.draws import Aspect, pick
from smalti.samples.personas import CHANNELS
from smalti.samples.seasons import clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

_START = int(datetime(2023, 7, 1, tzinfo=UTC).timestamp())
_END = int(datetime(2026, 7, 1, tzinfo=UTC).timestamp())
_RATE_SHAPE, _DROPOUT = 0.8, (0.9, 8.0)
_SPEND, _SPEND_SPREAD, _SPEND_SHAPE = 3000.0, 4.0, 6.0
_CATEGORY_WEIGHTS = (0.14, 0.10, 0.22, 0.26, 0.20, 0.08)
_CHANNEL_WEIGHTS = (0.72, 0.20, 0.08)
_TICK = 32
_CUSTOMER_BITS = 24

SCHEMA = pa.schema(
    {
        "order_id": pa.string(),
        "customer_id": pa.string(),
        "ordered_at": INSTANT,
        "revenue": MONEY,
        "category": pa.string(),
        "channel": pa.string(),
    }
)


class _Fates(NamedTuple):
    """What is true of each customer: first order and end of buying in shopping time, orders, mean pence per order."""

    born: Floats
    gone: Floats
    orders: Ints
    spend: Floats


def order_stream(
    orders: int = 20_000_000, customers: int = 1_000_000, *, seed: int = 7, batch: int = 1_000_000
) -> Iterator[pa.RecordBatch]:
    """Give exactly so many orders of exactly so many customers, by time and then by customer, batch by batch.

    Rates are gamma distributed, customers leave at random (beta-geometric, told as a lifetime), and the purchases of
    all are then conditioned on their total: few customers hold many orders, many hold one. The days of the orders
    follow the everyday season of `shop`, from 2023-07-01 to 2026-06-30. What comes does not depend on the size of a
    batch.

    Columns: order_id (text, rising), customer_id (text, up to 9 letters), ordered_at (timestamp[us, UTC], whole
    seconds), revenue (decimal(12, 2), pounds, above zero), category, channel (text). Memory: 8 bytes per order and 40
    per customer, and a batch.

    Args:
        orders: How many orders; at least one per customer.
        customers: How many customers, at most ten million.
        seed: Zero or more.
        batch: Rows per batch; the last may be shorter.

    Raises:
        SmaltiError: If a number is out of range.

    >>> batches = list(order_stream(1000, 100, batch=400))
    >>> [rows.num_rows for rows in batches]
    [400, 400, 200]
    >>> batches[0].schema.names
    ['order_id', 'customer_id', 'ordered_at', 'revenue', 'category', 'channel']
    """
    if not 1 <= customers <= 10_000_000:
        raise SmaltiError(f"A stream of orders has 1 to 10,000,000 customers, not {customers:,}.")
    if orders < customers:
        raise SmaltiError(f"Each of {customers:,} customers needs an order; {orders:,} orders are too few.")
    if seed < 0 or batch < 1:
        raise SmaltiError(f"A seed is zero or more and a batch one or more, not {seed} and {batch}.")
    return _batches(orders, customers, seed, batch)


def write_orders_parquet(
    path: str | PathLike[str],
    orders: int = 20_000_000,
    customers: int = 1_000_000,
    *,
    seed: int = 7,
    batch: int = 1_000_000,
) -> Path:
    """Write `order_stream` as one Parquet file (zstd, a row group per batch, decimals as integers) and give its path.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = write_orders_parquet(Path(folder) / "orders.parquet", 1000, 100)
    ...     pq.read_metadata(file).num_rows
    1000
    """
    batches = order_stream(orders, customers, seed=seed, batch=batch)
    file = Path(path)
    few = ["category", "channel"]
    with pq.ParquetWriter(
        file, SCHEMA, compression="zstd", use_dictionary=few, store_decimal_as_integer=True
    ) as writer:
        for rows in batches:
            writer.write_batch(rows, row_group_size=batch)
    return file


def _batches(orders: int, customers: int, seed: int, batch: int) -> Iterator[pa.RecordBatch]:
    hand = clock("everyday", _START, _END)
    fates = _fates(orders, customers, hand.length, seed)
    keys = _moments(fates, orders, seed)
    # One generator per column keeps each column's draws in one sequence, whatever the batches.
    amounts, kinds, ways = (np.random.default_rng([seed, column, int(Aspect.STREAM)]) for column in (2, 3, 4))
    for first in range(0, orders, batch):
        key = keys[first : first + batch]
        size, customer = len(key), key & ((1 << _CUSTOMER_BITS) - 1)
        pence = fates.spend[customer] * amounts.standard_gamma(_SPEND_SHAPE, size) / _SPEND_SHAPE
        days = (key >> _CUSTOMER_BITS) / (86400 * _TICK)
        yield pa.record_batch(
            [
                numbered(("O", np.arange(first + 1, first + size + 1), 9)),
                numbered(("C", customer + 1, 6)),
                instants(hand.instants(days)),
                pounds(np.maximum(np.rint(pence), 1).astype(np.int64)),
                words(CATEGORIES, pick(kinds, _CATEGORY_WEIGHTS, size)),
                words(CHANNELS, pick(ways, _CHANNEL_WEIGHTS, size)),
            ],
            schema=SCHEMA,
        )


def _fates(orders: int, customers: int, length: float, seed: int) -> _Fates:
    rng = np.random.default_rng([seed, 0, int(Aspect.STREAM)])
    rate = rng.standard_gamma(_RATE_SHAPE, customers) / _RATE_SHAPE
    rate *= 2.0 * orders / customers / length
    dropout = rng.beta(*_DROPOUT, customers)
    born = length * rng.random(customers)
    lifetime = np.where(
        rng.random(customers) < dropout, 0.0, rng.standard_exponential(customers) / (rate * dropout + 1e-12)
    )
    gone = np.minimum(born + lifetime, length)
    weight = rate * (gone - born) + 1e-12
    more = rng.multinomial(orders - customers, weight / weight.sum())
    spend = _SPEND * (_SPEND_SPREAD - 1) / rng.standard_gamma(_SPEND_SPREAD, customers)
    return _Fates(born, gone, more + 1, spend)


def _moments(fates: _Fates, orders: int, seed: int) -> Ints:
    """All purchases in order, each as one number: ticks of shopping time above, the customer below."""
    rng = np.random.default_rng([seed, 1, int(Aspect.STREAM)])
    keys = np.empty(orders, dtype=np.int64)
    ends = np.cumsum(fates.orders)
    step = 1 << 16
    for low in range(0, len(ends), step):
        mine = slice(low, low + step)
        counts = fates.orders[mine]
        first, last = int(ends[low] - counts[0]), int(ends[mine][-1])
        customer = np.repeat(np.arange(low, low + len(counts)), counts)
        along = rng.random(last - first)
        along[ends[mine] - counts - first] = 0.0
        days = fates.born[customer] + along * (fates.gone - fates.born)[customer]
        keys[first:last] = ((days * (86400 * _TICK)).astype(np.int64) << _CUSTOMER_BITS) | customer
    keys.sort()
    return keys
