"""What holds of a customer at each row: of every column the latest value told so far."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def carried(customers: pa.Array, at: pa.Array, columns: Sequence[pa.Array]) -> list[pa.Array]:
    """Fill the gaps of columns with the customer's latest value before; of rows at one instant the last one counts.

    Args:
        customers: Whose row it is.
        at: When it holds from, microseconds.
        columns: What the rows say, missing where they say nothing.

    >>> told = pa.array(["GB", None, "FR", None])
    >>> carried(pa.array(["a", "a", "a", "b"]), pa.array([1, 2, 0, 5]), [told])[0].to_pylist()
    ['GB', 'GB', 'FR', None]
    """
    order, starts = _by_customer(customers, at)
    back = np.argsort(order)
    filled = []
    for column in columns:
        latest = _latest(column.is_valid().to_numpy(zero_copy_only=False)[order], starts)
        rows = np.where(latest >= 0, order[latest], -1)[back]
        filled.append(column.take(pa.array(rows, mask=rows < 0)))
    return filled


def silent(customers: pa.Array, at: pa.Array, columns: Sequence[pa.Array]) -> NDArray[np.bool_]:
    """Say which rows tell nothing in any of these columns; a customer's first row always counts as telling.

    Args:
        customers: Whose row it is.
        at: When it holds from, microseconds.
        columns: What the rows say, missing where they say nothing.

    >>> who, when = pa.array(["a", "a", "b"]), pa.array([1, 2, 3])
    >>> silent(who, when, [pa.array(["London", None, None])]).tolist()
    [False, True, False]
    """
    order, starts = _by_customer(customers, at)
    telling = np.zeros(len(customers), bool)
    for column in columns:
        telling |= column.is_valid().to_numpy(zero_copy_only=False)
    telling[order[np.unique(starts)]] = True
    return ~telling


def rows_losing(customers: pa.Array, at: pa.Array, telling: NDArray[np.bool_], there: NDArray[np.bool_]) -> int:
    """Count the rows that tell something, lack a value, and follow a row of the same customer that has it.

    Args:
        customers: Whose row it is.
        at: When it holds from, microseconds.
        telling: Whether the row tells anything.
        there: Whether it has the value.

    >>> who, when = pa.array(["a", "a", "a"]), pa.array([1, 2, 3])
    >>> rows_losing(who, when, np.array([True, False, True]), np.array([True, False, False]))
    1
    """
    order, starts = _by_customer(customers, at)
    before = _latest(there[order], starts) >= 0
    return int((telling[order] & ~there[order] & before).sum())


def _by_customer(customers: pa.Array, at: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the order that puts each customer's rows in time, and for each place in it where its customer starts."""
    codes = customers.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    order = np.lexsort((at.to_numpy(zero_copy_only=False), codes)).astype(np.int64)
    places = np.arange(len(order))
    new = np.diff(codes[order], prepend=-1) != 0
    return order, np.maximum.accumulate(np.where(new, places, 0))


def _latest(there: NDArray[np.bool_], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give for each place the last place of the same customer up to it where something is there, or -1."""
    last = np.maximum.accumulate(np.where(there, np.arange(len(there)), -1))
    return np.where(last >= starts, last, -1)
