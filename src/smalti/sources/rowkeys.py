"""Rows and keys as numbers: two rows are identical when their 128-bit keys are.

The key of a row is the sum of the keys of its cells, each mixed with its column's name; so the order of columns does not
matter, and an empty cell counts like a column that is not there. The same
rows give the same keys everywhere, and different rows meet with a chance near 2**-100.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
_FEW = 0.05
_ALL = 2**64 - 1
_KEPT = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)


def row_keys(table: pa.Table, columns: Iterable[str]) -> tuple[Keys, Keys]:
    """Give two 64-bit keys per row over the named columns.

    >>> high, low = row_keys(pa.table({"a": ["x", "y", "x"], "b": [1, 1, 1]}), ["a", "b"])
    >>> bool(high[0] == high[2]), bool(high[0] == high[1])
    (True, False)
    """
    high, low = np.zeros(len(table), np.uint64), np.zeros(len(table), np.uint64)
    for name in columns:
        column = table[name].combine_chunks()
        first, second = _cells(column)
        seeds = np.frombuffer(hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=16).digest(), np.uint64)
        valid = pc.is_valid(column).to_numpy(zero_copy_only=False)
        high += np.where(valid, _mixed(first + seeds[0]), np.uint64(0))
        low += np.where(valid, _mixed(second + seeds[1]), np.uint64(0))
    return high, low


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


def _cells(column: pa.Array) -> tuple[Keys, Keys]:
    if pa.types.is_integer(column.type):
        return _twice(pc.fill_null(column, 0).cast(pa.int64(), safe=False).to_numpy(zero_copy_only=False).view(np.uint64))
    if pa.types.is_floating(column.type):
        return _twice(_float_bits(pc.fill_null(column.cast(pa.float64()), 0.0).to_numpy(zero_copy_only=False)))
    if pa.types.is_timestamp(column.type) or pa.types.is_date64(column.type):
        return _cells(column.cast(pa.int64()))
    if not pa.types.is_string(column.type):
        column = column.cast(pa.string())
    sample = column.slice(0, 2_000)
    if pc.count_distinct(sample).as_py() <= _FEW * len(sample):
        coded = column.dictionary_encode()
        places = pc.fill_null(coded.indices, 0).to_numpy(zero_copy_only=False)
        if not len(coded.dictionary):
            return _twice(np.zeros(len(column), np.uint64))
        first, second = _text_keys(coded.dictionary)
        return first[places], second[places]
    return _text_keys(column)


def _float_bits(values: NDArray[np.float64]) -> Keys:
    """Give whole floats the key of the integer they are, since one file may hold 3 where another holds 3.0."""
    whole = (np.floor(values) == values) & (np.abs(values) < 2.0**62)
    with np.errstate(invalid="ignore"):
        integers = np.where(whole, values, 0.0).astype(np.int64).view(np.uint64)
    return np.where(whole, integers, values.view(np.uint64))


def _twice(bits: Keys) -> tuple[Keys, Keys]:
    return _mixed(bits), _mixed(bits ^ np.uint64(0x9E3779B97F4A7C15))


def _text_keys(column: pa.Array) -> tuple[Keys, Keys]:
    """Mix each text's bytes eight at a time, together with their place and the text's length."""
    if not len(column):
        return _twice(np.empty(0, np.uint64))
    offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    data = np.frombuffer(column.buffers()[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
    data = np.concatenate((data, np.zeros(8, np.uint8)))
    words = np.ndarray((len(data) - 7,), "<u8", data.tobytes(), 0, (1,))
    lengths = np.diff(offsets).astype(np.int64)
    starts = (offsets[:-1] - offsets[0]).astype(np.int64)
    first, second = _twice(lengths.view(np.uint64))
    for place in range(0, int(lengths.max()), 8):
        rows = slice(None) if int(lengths.min()) > place else np.flatnonzero(lengths > place)
        word = words[starts[rows] + place] & _KEPT[np.minimum(lengths[rows] - place, 8)]
        seed = np.uint64((place + 1) * 0xD6E8FEB86659FD93 & _ALL)
        first[rows] += _mixed(word + seed)
        second[rows] += _mixed(word ^ seed ^ np.uint64(0x2545F4914F6CDD1D))
    return first, second


def _mixed(bits: Keys) -> Keys:
    """Spread the bits (the finaliser of SplitMix64: Steele, Lea and Flood, OOPSLA 2014)."""
    mixed = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    spread: Keys = mixed ^ (mixed >> np.uint64(31))
    return spread
