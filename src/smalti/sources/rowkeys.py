"""Rows and keys as numbers: two rows are identical when their 128-bit keys are.

The key of a row is the sum of the keys of its cells, each mixed with its column's name; so the order of columns does not
matter, and an empty cell counts like a column that is not there. The same
rows give the same keys everywhere, and different rows meet with a chance near 2**-100.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
_READ_FROM = r"sheet|file|file_?name|source_?file|unnamed: ?0(\.\d+)?|__index_level_\d+__"
PROVENANCE = re.compile(f"(?i){_READ_FROM}")
"""Columns that say where a row was read from: they do not make it another row.

Two of them are counters, and only because nothing but pandas gives them their names when it writes a frame's index: every
row has its own there, a repeated one too. A number of the row or line under any other name may be the shop's own, and then
it tells two equal lines of an order apart: such a column counts like any other.
"""

NO_ID = re.compile(rf"(?i){_READ_FROM}|row|row_?(id|no|nr|num|number|index)|line_?(no|number)|index|unnamed: ?\d+")
"""Columns that are nobody's id: those, and the numbers of rows and lines."""

_FEW = 0.05
_ALL = 2**64 - 1
_KEPT = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)


def row_keys(table: pa.Table, columns: Iterable[str]) -> tuple[Keys, Keys]:
    """Give two 64-bit keys per row over the named columns.

    >>> high, low = row_keys(pa.table({"a": ["x", "y", "x"], "b": [1, 1, 1]}), ["a", "b"])
    >>> bool(high[0] == high[2]), bool(high[0] == high[1])
    (True, False)
    """
    high, low = _keys(table, columns, 2)
    return high, low


def short_keys(table: pa.Table, columns: Iterable[str]) -> Keys:
    """Give one 64-bit key per row: enough to say that rows differ, not that they are the same."""
    return _keys(table, columns, 1)[0]


def _keys(table: pa.Table, columns: Iterable[str], count: int) -> list[Keys]:
    sums = [np.zeros(len(table), np.uint64) for _ in range(count)]
    for name in columns:
        column = table[name].combine_chunks()
        seeds = np.frombuffer(hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=16).digest(), np.uint64)
        for kept, cells in zip(sums, _cells(column, seeds[:count]), strict=True):
            if column.null_count:
                cells[pc.is_null(column).to_numpy(zero_copy_only=False)] = 0
            np.add(kept, cells, out=kept)
    return sums


def repeats(high: Keys, low: Keys) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the rows whose keys occurred before.

    Returns:
        Their places, in order, and for each the place where its keys occurred first.

    >>> one = np.array([7, 8, 7, 7], np.uint64)
    >>> [places.tolist() for places in repeats(one, one)]
    [[2, 3], [0, 0]]
    """
    ordered = np.sort(high)
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(twice):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    found = np.searchsorted(twice, high)
    maybe = np.flatnonzero(twice[np.minimum(found, len(twice) - 1)] == high)
    maybe = maybe[np.lexsort((maybe, low[maybe], high[maybe]))]
    same = (high[maybe][1:] == high[maybe][:-1]) & (low[maybe][1:] == low[maybe][:-1])
    starts = np.concatenate(([True], ~same))
    firsts = maybe[np.flatnonzero(starts)][np.cumsum(starts) - 1]
    again = np.flatnonzero(~starts)
    order = np.argsort(maybe[again], kind="stable")
    return maybe[again][order].astype(np.int64), firsts[again][order].astype(np.int64)


def any_repeat(keys: Keys) -> bool:
    """Say whether a key occurs more than once."""
    ordered = np.sort(keys)
    return bool((ordered[1:] == ordered[:-1]).any())


def _cells(column: pa.Array, seeds: Keys) -> list[Keys]:
    """Give the keys of a column's cells, one array for each seed."""
    kind = column.type
    if pa.types.is_integer(kind):
        bits = pc.fill_null(column, 0).cast(pa.int64(), safe=False).to_numpy(zero_copy_only=False).view(np.uint64)
        return [_mixed(bits + seed) for seed in seeds]
    if pa.types.is_floating(kind):
        bits = _float_bits(pc.fill_null(column.cast(pa.float64()), 0.0).to_numpy(zero_copy_only=False))
        return [_mixed(bits + seed) for seed in seeds]
    if pa.types.is_timestamp(kind) or pa.types.is_date64(kind):
        return _cells(column.cast(pa.int64()), seeds)
    if not pa.types.is_string(kind):
        column = column.cast(pa.string())
    sample = column.slice(0, 2_000)
    if pc.count_distinct(sample).as_py() > _FEW * len(sample):
        return _text_keys(column, seeds)
    coded = column.dictionary_encode()
    places = pc.fill_null(coded.indices, 0).to_numpy(zero_copy_only=False)
    if not len(coded.dictionary):
        return [np.zeros(len(column), np.uint64) for _ in seeds]
    return [keys[places] for keys in _text_keys(coded.dictionary, seeds)]


def _float_bits(values: NDArray[np.float64]) -> Keys:
    """Give whole floats the key of the integer they are, since one file may hold 3 where another holds 3.0."""
    whole = (np.floor(values) == values) & (np.abs(values) < 2.0**62)
    with np.errstate(invalid="ignore"):
        integers = np.where(whole, values, 0.0).astype(np.int64).view(np.uint64)
    return np.where(whole, integers, values.view(np.uint64))


def _text_keys(column: pa.Array, seeds: Keys) -> list[Keys]:
    """Mix each text's bytes eight at a time, together with their place and the text's length."""
    if not len(column):
        return [np.empty(0, np.uint64) for _ in seeds]
    offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    data = np.frombuffer(column.buffers()[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
    words = np.ndarray((len(data) + 1,), "<u8", data.tobytes() + bytes(8), 0, (1,))
    lengths = np.diff(offsets).astype(np.int64)
    starts = (offsets[:-1] - offsets[0]).astype(np.int64)
    sums = [lengths.view(np.uint64) + seed for seed in seeds]
    shortest = int(lengths.min())
    for place in range(0, int(lengths.max()), 8):
        rows = slice(None) if shortest > place else np.flatnonzero(lengths > place)
        word = words[starts[rows] + place]
        if shortest < place + 8:
            word &= _KEPT[np.minimum(lengths[rows] - place, 8)]
        step = np.uint64((place + 1) * 0xD6E8FEB86659FD93 & _ALL)
        for kept, seed in zip(sums, seeds, strict=True):
            kept[rows] += _mixed((word ^ seed) + step)
    return [_mixed(kept) for kept in sums]


def _mixed(bits: Keys) -> Keys:
    """Spread the bits (the finaliser of SplitMix64: Steele, Lea and Flood, OOPSLA 2014)."""
    mixed: Keys = bits >> np.uint64(30)
    mixed ^= bits
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed
