"""Customers drawn to be compared: a sample of all, and enough members of every segment, however small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Booleans: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]

MOST = 100_000
"""Customers drawn at most to stand for all: a difference of ranks is then good to about 0.01."""
LEAST = 2_000
"""Members compared at least, where a segment has so many and the sample of all holds fewer."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """Customers drawn.

    Attributes:
        rows: Their positions among all customers, ascending.
        everyone: Those drawn to stand for all, as positions in `rows`, ascending.
        inside: For each segment the members drawn for it, as positions in `rows`, ascending.
        among: For each segment its members among `everyone`: all others there are what it is set against.
    """

    rows: Integers
    everyone: Integers
    inside: tuple[Integers, ...]
    among: tuple[Integers, ...]


def draw(member: Sequence[Booleans], customers: int, seed: int, most: int = MOST, least: int = LEAST) -> Drawn:
    """Draw customers for comparisons of each segment with everyone else; all of them where there are few.

    Members of a small segment are drawn more densely than others, which no comparison of two groups minds.

    Args:
        member: Whether each of n customers is in each segment.
        customers: n.
        seed: Another seed, another sample.
        most: Customers drawn at most to stand for all.
        least: Members drawn at least of each segment that has so many.

    >>> drawn = draw([np.array([True, False, True])], 3, seed=0)
    >>> drawn.rows.tolist(), drawn.inside[0].tolist(), drawn.among[0].tolist()
    ([0, 1, 2], [0, 2], [0, 2])
    """
    if customers <= most:
        rows = np.arange(customers)
        every = tuple(map(np.flatnonzero, member))
        return Drawn(rows, rows, every, every)
    everyone = np.sort(np.random.default_rng(seed).choice(customers, most, replace=False))
    among = [everyone[one[everyone]] for one in member]
    inside = [
        _enough(one, found, (seed, place), least) for place, (one, found) in enumerate(zip(member, among, strict=True))
    ]
    rows = np.unique(np.concatenate([everyone, *inside]))
    places = [tuple(np.searchsorted(rows, one) for one in drawn) for drawn in (inside, among)]
    return Drawn(rows, np.searchsorted(rows, everyone), *places)


def _enough(member: Booleans, found: Integers, seed: tuple[int, int], least: int) -> Integers:
    if len(found) >= least:
        return found
    every = np.flatnonzero(member)
    if len(every) <= least:
        return every
    return np.sort(np.random.default_rng(seed).choice(every, least, replace=False))
