"""What the models of contracts need to know of each customer, checked and grouped, and the life table made of it.

A contract may be renewed on occasions one period apart. Of each customer it matters how many occasions there have been
for her, and on which of them she did not renew; one who is running has renewed on all, and nobody knows yet how long she
will stay (her tenure is censored on the right). All likelihoods need only the life table: on the k-th occasion, how many
could renew and how many did not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from smalti.errors import ModelError
from smalti.models.arrays import Booleans, Floats, numbers
from smalti.models.intervals import wilson


@dataclass(frozen=True, eq=False)
class Contracts:
    """Customers under contract; three arrays of one length.

    Attributes:
        occasions: how many occasions to renew there have been since each began, whether or not she was there for all.
        left: the occasion on which she did not renew, from 1; 0 where she is running.
        weights: how many customers share the row; positive.
    """

    occasions: Floats
    left: Floats
    weights: Floats

    @property
    def customers(self) -> float:
        """The number of customers: the sum of the weights."""
        return float(self.weights.sum())

    @property
    def leavers(self) -> float:
        """The number of customers who have left."""
        return float(self.weights[self.left > 0].sum())

    @property
    def running(self) -> Booleans:
        """Which rows are of customers who have not left."""
        return np.asarray(self.left == 0)

    @property
    def longest(self) -> int:
        """The most occasions that anybody has had."""
        return int(self.occasions.max(initial=0))

    def before(self, periods: int) -> Contracts:
        """Return the contracts as they stood so many periods earlier: those begun by then, and who had left by then.

        Examples:
            >>> then = contracts([5, 5, 5, 1], [0, 4, 1, 0]).before(2)
            >>> then.occasions.tolist(), then.left.tolist(), then.weights.tolist()
            ([3.0, 3.0], [0.0, 1.0], [2.0, 1.0])
        """
        begun = self.occasions >= periods
        then = self.occasions[begun] - periods
        left = np.where(self.left[begun] <= then, self.left[begun], 0.0)
        return _grouped(then, left, self.weights[begun])

    def life_table(self) -> LifeTable:
        """Return how many could renew on each occasion, and how many did not.

        Examples:
            >>> table = contracts([3, 3, 2, 1], [0, 2, 0, 1]).life_table()
            >>> table.at_risk.tolist(), table.lost.tolist()
            ([4.0, 3.0, 1.0], [1.0, 1.0, 0.0])
        """
        seen = np.where(self.left > 0, self.left, self.occasions).astype(np.int64)
        length = int(seen.max(initial=0)) + 1
        ends = np.bincount(seen, weights=self.weights, minlength=length).astype(np.float64)
        gone = self.left > 0
        lost = np.bincount(seen[gone], weights=self.weights[gone], minlength=length).astype(np.float64)
        return LifeTable(ends[::-1].cumsum()[::-1][1:], lost[1:])


@dataclass(frozen=True, eq=False)
class LifeTable:
    """Customers who could renew and who did not, on the first occasion, the second, and so on.

    Attributes:
        at_risk: how many could renew on each occasion.
        lost: how many of those did not.
    """

    at_risk: Floats
    lost: Floats

    def survival(self) -> Floats:
        """Return the share of customers who renew on all of the first 0, 1, 2, ... occasions (Kaplan & Meier 1958).

        Examples:
            >>> LifeTable(np.array([4.0, 3.0, 1.0]), np.array([1.0, 1.0, 0.0])).survival().tolist()
            [1.0, 0.75, 0.5, 0.5]
        """
        risk = np.maximum(self.at_risk, np.finfo(float).tiny)
        return np.concatenate([[1.0], np.cumprod(np.where(self.at_risk > 0, 1.0 - self.lost / risk, 1.0))])

    def survival_interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Return the interval of `survival`.

        Greenwood's variance says how many customers followed to the end would know as much; the interval is Wilson's of
        that many, so it never leaves 0 to 1 and has a length where nobody has left yet.

        Examples:
            >>> low, high = LifeTable(np.array([400.0, 300.0]), np.array([100.0, 100.0])).survival_interval()
            >>> low.round(3), high.round(3)
            (array([1.   , 0.705, 0.451]), array([1.   , 0.79 , 0.549]))
        """
        share, kept = self.survival()[1:], self.at_risk - self.lost
        known = np.divide(self.lost, self.at_risk * kept, out=np.zeros(kept.size), where=(kept > 0))
        variance = share * np.cumsum(known)
        worth = np.divide(1.0 - share, variance, out=np.maximum(self.at_risk, 1.0), where=variance > 0)
        low, high = wilson(share, np.maximum(worth, 1.0), level)
        return np.concatenate([[1.0], low]), np.concatenate([[1.0], high])


def contracts(occasions: ArrayLike, left: ArrayLike, weights: ArrayLike | None = None) -> Contracts:
    """Return customers under contract, checked and grouped.

    Args:
        occasions: how many occasions to renew there have been since each customer began, whole numbers from 0.
        left: the occasion on which she did not renew, 1 .. `occasions`; 0 where she is running.
        weights: how many customers each row stands for; 1 each when not given. Rows of weight 0 are left out.

    Raises:
        ModelError: when a row cannot be a contract.

    Examples:
        >>> together = contracts([3, 3, 3], [0, 2, 0])
        >>> together.left.tolist(), together.weights.tolist()
        ([0.0, 2.0], [2.0, 1.0])
    """
    columns = numbers(occasions, "occasions"), numbers(left, "left")
    try:
        seen, gone = (np.atleast_1d(column).ravel() for column in np.broadcast_arrays(*columns))
    except ValueError as error:
        shapes = f"{columns[0].shape} and {columns[1].shape}"
        raise ModelError(f"occasions and left must have one length, got the shapes {shapes}") from error
    w = np.ones(seen.size) if weights is None else np.atleast_1d(numbers(weights, "weights")).ravel()
    if w.size != seen.size:
        raise ModelError(f"weights: expected one for each of {seen.size} rows, got {w.size}")
    for bad, why in (
        ((seen != np.floor(seen)) | (gone != np.floor(gone)), "has part of an occasion"),
        (gone > seen, "left on an occasion that has not been yet"),
    ):
        rows = np.flatnonzero(bad)
        if rows.size:
            found = f"occasions {seen[rows[0]]:g}, left {gone[rows[0]]:g}"
            raise ModelError(f"row {rows[0]} {why}: {found} ({rows.size} such rows)")
    kept = w > 0
    return _grouped(seen[kept], gone[kept], w[kept])


def cohorts(counts: Iterable[Sequence[float]]) -> Contracts:
    """Return the contracts of cohorts, each given as how many began and how many were there after each occasion.

    Args:
        counts: for each cohort the customers who began, then those who were left after the first occasion, and so on.

    Raises:
        ModelError: when a cohort grows, or has nobody in it.

    Examples:
        >>> two = cohorts([[1000, 869, 743], [1200, 1043]])
        >>> two.customers, two.leavers, two.life_table().at_risk.tolist()
        (2200.0, 414.0, [2200.0, 869.0])
    """
    occasions: list[Floats] = []
    left: list[Floats] = []
    weights: list[Floats] = []
    for place, given in enumerate(counts):
        kept = np.atleast_1d(numbers(given, f"cohort {place}"))
        if not kept.size or kept[0] == 0:
            raise ModelError(f"cohort {place}: expected the customers who began, got nobody")
        grown = np.flatnonzero(np.diff(kept) > 0)
        if grown.size:
            before, after = kept[grown[0]], kept[grown[0] + 1]
            raise ModelError(
                f"cohort {place}: expected no more customers after an occasion than before it, "
                f"got {after:g} after {before:g} on occasion {grown[0] + 1}"
            )
        occasions.append(np.full(kept.size, kept.size - 1.0))
        left.append(np.concatenate([np.arange(1.0, kept.size), [0.0]]))
        weights.append(np.concatenate([-np.diff(kept), kept[-1:]]))
    if not occasions:
        raise ModelError("no cohort was given")
    return contracts(np.concatenate(occasions), np.concatenate(left), np.concatenate(weights))


def _grouped(occasions: Floats, left: Floats, weights: Floats) -> Contracts:
    if not occasions.size:
        return Contracts(occasions, left, weights)
    step = float(left.max()) + 1.0
    keys, place = np.unique(occasions * step + left, return_inverse=True)
    sizes = np.bincount(place, weights=weights).astype(np.float64)
    return Contracts(np.floor_divide(keys, step), np.mod(keys, step), sizes)
