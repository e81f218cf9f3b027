"""Columns made at once from arrays of integers: ids, money, words, instants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
MONEY = pa.decimal128(12, 2)
INSTANT = pa.timestamp("us", tz="UTC")


def numbered(*parts: tuple[str, Ints, int]) -> pa.Array:
    """Write text of prefixes and zero-padded numbers; a number too long for its width is written in full.

    Args:
        *parts: Prefix, whole numbers of zero and up, and the least number of digits; as many as wanted, side by side.

    >>> numbered(("C", np.array([7, 1234567]), 6)).to_pylist()
    ['C000007', 'C1234567']
    >>> numbered(("O", np.array([7]), 6), ("-", np.array([12]), 3)).to_pylist()
    ['O000007-012']
    """
    grids, keeps = zip(*(_letters(*part) for part in parts), strict=True)
    grid, keep = np.hstack(grids), np.hstack(keeps)
    widths = keep.sum(axis=1, dtype=np.int32)
    offsets = np.concatenate([np.zeros(1, np.int32), np.cumsum(widths, dtype=np.int32)])
    letters = grid if keep.all() else grid[keep]
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(letters))]
    return pa.Array.from_buffers(pa.string(), len(grid), buffers)


def _letters(prefix: str, numbers: Ints, width: int) -> tuple[npt.NDArray[np.uint8], Flags]:
    digits = max(width, len(str(int(numbers.max(initial=0)))))
    head = len(prefix)
    grid = np.empty((len(numbers), head + digits), dtype=np.uint8)
    keep = np.ones(grid.shape, dtype=np.bool_)
    grid[:, :head] = np.frombuffer(prefix.encode("ascii"), dtype=np.uint8)
    rest = numbers.astype(np.uint32 if digits < 10 else np.uint64)
    for place in range(digits):
        rest, digit = np.divmod(rest, 10)
        grid[:, -1 - place] = digit + ord("0")
        if place >= width:
            keep[:, -1 - place] = numbers >= 10**place
    return grid, keep


def pounds(pence: Ints) -> pa.Array:
    """Write whole pence as exact pounds, decimal(12, 2).

    >>> pounds(np.array([1999, -5])).to_pylist()
    [Decimal('19.99'), Decimal('-0.05')]
    """
    words = np.empty((len(pence), 2), dtype="<i8")
    words[:, 0] = pence
    words[:, 1] = words[:, 0] >> 63
    return pa.Array.from_buffers(MONEY, len(pence), [None, pa.py_buffer(words)])


def words(vocabulary: Sequence[str | None], index: Ints) -> pa.Array:
    """Write the words at these places of a vocabulary.

    >>> words(["web", "shop"], np.array([1, 0])).to_pylist()
    ['shop', 'web']
    """
    return pa.array(vocabulary, pa.string()).take(pa.array(index))


def instants(seconds: Ints, missing: Flags | None = None) -> pa.Array:
    """Write seconds since 1970-01-01 UTC as timestamp[us, UTC].

    >>> instants(np.array([86400]))[0].as_py().isoformat()
    '1970-01-02T00:00:00+00:00'
    """
    return pa.array(seconds * 1_000_000, pa.int64(), mask=missing).cast(INSTANT)
