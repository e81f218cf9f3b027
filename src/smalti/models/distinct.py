"""The distinct values of a column and where each row's stands, without sorting rows.

Repeats are counts and times are read to the day, so a column of a million rows has a few hundred values. What a model
computes per value (logarithms, gamma functions) is then computed once each, and rows are told apart by small whole
numbers, which sort and compare far faster than numbers in three columns do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from smalti.models.arrays import Floats, Integers
from smalti.models.slices import side_by_side

Places: TypeAlias = NDArray[np.intp]
"""Positions in an array of distinct values, one per row."""

_MOST_CELLS = 1 << 20
_SMALLEST_GAP = 1e-300  # of what is smaller, the reciprocal is infinite
_GLANCE = 4096
_SLICE = 65_536
_BITS = 62


def distinct_of(values: Floats) -> tuple[Floats, Places]:
    """Return the distinct values, rising, and the position of each row's value among them.

    Args:
        values: finite numbers, one-dimensional.

    Examples:
        >>> found, places = distinct_of(np.array([7.0, 0.5, 7.0, 2.0]))
        >>> found.tolist(), places.tolist()
        ([0.5, 2.0, 7.0], [2, 0, 2, 1])
    """
    by_cells = _by_cells(values)
    if by_cells is not None:
        return by_cells
    found = np.unique(values)
    return found, np.searchsorted(found, values)


def _by_cells(values: Floats) -> tuple[Floats, Places] | None:
    """Tell values apart by the cell of a fine grid each falls into; None where two of them share one.

    How fine is read off a few rows; whether that was fine enough is seen from all of them, so the answer is the same.
    """
    if not values.size:
        return None
    low, high = values.min(), values.max()
    gaps = np.diff(np.unique(values[:_GLANCE]))
    gap = float(gaps.min()) if gaps.size else float(high - low) or 1.0
    per_cell = 1.5 / gap if gap > _SMALLEST_GAP else np.inf
    if not (high - low) * per_cell < 1.5 * _MOST_CELLS:
        return None
    cells = np.empty(values.size, dtype=np.intp)
    held = np.full(int((high - low) * per_cell) + 1, np.nan)

    def put(start: int) -> None:
        rows = slice(start, start + _SLICE)
        cells[rows] = (values[rows] - low) * per_cell
        held[cells[rows]] = values[rows]

    def turn(start: int) -> bool:
        rows = slice(start, start + _SLICE)
        alone = bool((held[cells[rows]] == values[rows]).all())
        cells[rows] = place_in[cells[rows]]
        return alone

    starts = range(0, values.size, _SLICE)
    side_by_side(put, starts)
    filled = np.flatnonzero(~np.isnan(held))
    place_in = np.zeros(held.size, dtype=np.intp)
    place_in[filled] = np.arange(filled.size)
    return (held[filled], cells) if all(side_by_side(turn, starts)) else None


def packed(places: Sequence[Places], sizes: Sequence[int]) -> Integers | None:
    """Return one whole number per row that orders rows as their places do, the first column first.

    Args:
        places: columns of positions, of one length.
        sizes: how many distinct values each column has.

    Returns:
        The numbers; None where they would not fit into 64 bits.

    Examples:
        >>> packed([np.array([1, 0]), np.array([0, 2])], [2, 3]).tolist()
        [4, 2]
    """
    widths = [max(size - 1, 0).bit_length() for size in sizes]
    if sum(widths) > _BITS:
        return None
    keys = places[0].astype(np.int64)
    for column, width in zip(places[1:], widths[1:], strict=True):
        keys = (keys << width) | column
    return keys


def unpacked(keys: Integers, sizes: Sequence[int]) -> list[Places]:
    """Return the columns of positions that `packed` made into `keys`.

    Examples:
        >>> [column.tolist() for column in unpacked(np.array([4, 2]), [2, 3])]
        [[1, 0], [0, 2]]
    """
    columns = []
    for size in reversed(sizes[1:]):
        width = max(size - 1, 0).bit_length()
        columns.append(keys & ((1 << width) - 1))
        keys = keys >> width
    return [keys.astype(np.intp), *(column.astype(np.intp) for column in reversed(columns))]
