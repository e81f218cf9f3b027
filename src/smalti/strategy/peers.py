"""Comparable customers: cells of customers alike in what does not decide the thing compared."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]
Booleans: TypeAlias = npt.NDArray[np.bool_]

LEAST_PEERS = 30
"""Cells with fewer comparable customers than this take the level of all."""


def quarters(values: Floats) -> Integers:
    """Put each value into its quarter of the known values, 0 to 3; equal values share one; missing ones are 4.

    >>> quarters(np.array([1.0, 2.0, 3.0, 4.0, np.nan]))
    array([0, 1, 2, 3, 4])
    """
    known = values[~np.isnan(values)]
    if len(known) == 0:
        return np.full(len(values), 4, dtype=np.int64)
    cuts = np.quantile(known, [0.25, 0.5, 0.75], method="inverted_cdf")
    return np.where(np.isnan(values), 4, np.searchsorted(cuts, values, side="left")).astype(np.int64)


def cells(*bands: Integers) -> Integers:
    """Number the combinations of bands.

    >>> cells(np.array([0, 1]), np.array([2, 2]))
    array([2, 7])
    """
    number = np.zeros(len(bands[0]), dtype=np.int64)
    for band in bands:
        number = number * 5 + band
    return number


def peer_quantile(values: Floats, cell: Integers, counted: Booleans, p: float) -> Floats:
    """Give each customer the `p`-quantile of the values of the counted customers in her cell.

    Cells with fewer than `LEAST_PEERS` of them take the quantile over all counted; with nobody counted it is 0.

    >>> peer_quantile(np.arange(100.0), np.zeros(100, dtype=np.int64), np.ones(100, dtype=bool), 0.75)[:2]
    array([74., 74.])
    """
    if not counted.any():
        return np.zeros(len(values))
    overall = float(np.quantile(values[counted], p, method="inverted_cdf"))
    order = np.lexsort((values[counted], cell[counted]))
    ranked, homes = values[counted][order], cell[counted][order]
    names, starts, counts = np.unique(homes, return_index=True, return_counts=True)
    places = starts + np.maximum(np.ceil(p * counts).astype(np.int64), 1) - 1
    levels = np.where(counts >= LEAST_PEERS, ranked[places], overall)
    found = np.minimum(np.searchsorted(names, cell), len(names) - 1)
    return np.where(names[found] == cell, levels[found], overall)
