"""Were the arms drawn at random? What was known of customers before must then be the same in all of them.

For each column: is it independent of the arm (one-way analysis of variance for numbers, chi-square for categories and for what
is missing), and how much of it does the arm explain: eta squared for numbers, Cramér's V squared for categories, 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from smalti.experiments.logged import Floats, Integers
from smalti.models.supervised import Column

ALARM = 1e-6
"""A column that differs between arms by a chance smaller than this, divided by the number of columns, is out of balance."""
PART_OF_IT = 0.05
"""A column of which the arm explains this share or more is part of what was done, came of it, or led to it."""


@dataclass(frozen=True)
class Imbalance:
    """How much a column differs between the arms.

    Attributes:
        column: Its name.
        explained: The share of it that the arm explains.
        p: The chance of so much if arms were drawn at random.
        flat: Whether it is the same for everybody in some arm, as what was done is.
    """

    column: str
    explained: float
    p: float
    flat: bool = False

    @property
    def part(self) -> bool:
        """Whether the column is part of what was done: the same for everybody in some arm, and other elsewhere."""
        return self.apart and self.flat

    @property
    def apart(self) -> bool:
        """Whether the arms differ much in it: it came of what was done, or they were not drawn at random."""
        return self.explained >= PART_OF_IT


def imbalances(columns: Sequence[Column], arm: Integers, arms: int) -> list[Imbalance]:
    """Find the columns that differ between arms by more than drawing at random can explain.

    >>> rng = np.random.default_rng(1)
    >>> arm = rng.integers(0, 2, 4_000)
    >>> same, other = (Column(name, "number", rng.normal(size=4_000) + add) for name, add in (("a", 0), ("b", arm)))
    >>> [one.column for one in imbalances([same, other], arm, 2)]
    ['b']
    """
    found = [_of(column, arm, arms) for column in columns]
    return [one for one in found if one.p < ALARM / max(len(columns), 1)]


def _of(column: Column, arm: Integers, arms: int) -> Imbalance:
    if column.kind == "category":
        codes = np.unique(np.array([str(value) for value in column.values.tolist()]), return_inverse=True)[1]
        if codes.max(initial=0) >= len(codes) // 2:
            return Imbalance(column.name, 0.0, 1.0)
        return Imbalance(column.name, *_crossed(codes, arm, arms), _flat(codes.astype(np.float64), arm, arms))
    values = column.values.astype(np.float64)
    missing = np.isnan(values)
    gaps = _crossed(missing.astype(np.int64), arm, arms)
    numbers = _varied(values[~missing], arm[~missing], arms)
    flat = _flat(np.where(missing, np.inf, values), arm, arms)
    return Imbalance(column.name, max(gaps[0], numbers[0]), min(gaps[1], numbers[1]), flat)


def _flat(values: Floats, arm: Integers, arms: int) -> bool:
    """Say whether values are all the same within some arm."""
    lowest, highest = np.full(arms, np.inf), np.full(arms, -np.inf)
    np.minimum.at(lowest, arm, values)
    np.maximum.at(highest, arm, values)
    return bool((lowest == highest).any())


def _crossed(codes: Integers, arm: Integers, arms: int) -> tuple[float, float]:
    """Give Cramér's V squared and the p-value of a category against the arm."""
    width = int(codes.max(initial=0)) + 1
    table = np.bincount(codes * arms + arm, minlength=width * arms).reshape(width, arms).astype(np.float64)
    table = table[table.sum(1) > 0][:, table.sum(0) > 0]
    smaller = min(table.shape) - 1
    if smaller < 1:
        return 0.0, 1.0
    expected = table.sum(1, keepdims=True) * table.sum(0, keepdims=True) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    freedom = (table.shape[0] - 1) * (table.shape[1] - 1)
    return statistic / float(table.sum()) / smaller, float(stats.chi2.sf(statistic, freedom))


def _varied(values: Floats, arm: Integers, arms: int) -> tuple[float, float]:
    """Give eta squared and the p-value of numbers against the arm."""
    counts = np.bincount(arm, minlength=arms).astype(np.float64)
    groups, rows = int((counts > 0).sum()), len(values)
    if groups < 2 or rows <= groups:
        return 0.0, 1.0
    apart = values - values.mean()
    total = float((apart**2).sum())
    sums = np.bincount(arm, apart, minlength=arms)
    between = float((sums[counts > 0] ** 2 / counts[counts > 0]).sum())
    if total <= 0:
        return 0.0, 1.0
    share = min(between / total, 1.0)
    if share >= 1 - 1e-12:
        return 1.0, 0.0
    statistic = share / (groups - 1) / ((1 - share) / (rows - groups))
    return share, float(stats.f.sf(statistic, groups - 1, rows - groups))
