"""Means of what each row says about each policy, and how those means vary together."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from smalti.experiments.logged import Floats

_DRAWS = 20_000


class Moments:
    """Sums over customers, cell by cell; from them means and their covariance, rows of one customer taken together.

    Examples:
        >>> moments = Moments(1)
        >>> moments.add(np.array([1.0, 1.0, 1.0, 1.0]), np.array([[0.0], [0.0], [2.0], [2.0]]))
        >>> moments.mean.tolist(), round(float(moments.covariance[0, 0]) ** 0.5, 3)
        ([1.0], 0.577)
    """

    def __init__(self, columns: int) -> None:
        self._gram = np.zeros((columns + 1, columns + 1))
        self._sums = np.zeros(columns)
        self.customers = 0
        self.rows = 0.0

    def add(self, rows: Floats, sums: Floats) -> None:
        """Add customers: how many rows each has, shape (customers,), and sums over them, shape (customers, columns)."""
        whole = np.column_stack([sums, rows])
        self._gram += whole.T @ whole
        self._sums += sums.sum(axis=0)
        self.rows += float(rows.sum())
        self.customers += len(rows)

    @property
    def mean(self) -> Floats:
        """The mean over rows; shape (columns,)."""
        return self._sums / self.rows

    @property
    def covariance(self) -> Floats:
        """The covariance of the means; shape (columns, columns)."""
        mean, gram = self.mean, self._gram[:-1, :-1]
        cross = np.outer(self._gram[:-1, -1], mean)
        spread = gram - cross - cross.T + self._gram[-1, -1] * np.outer(mean, mean)
        covariance: Floats = spread * self.customers / max(self.customers - 1, 1) / self.rows**2
        return covariance


def two_sided(level: float) -> float:
    """Give how many standard errors an interval for one number reaches to each side.

    >>> round(two_sided(0.95), 3)
    1.96
    """
    return float(norm.ppf(0.5 + level / 2))


def together(covariance: Floats, level: float, seed: int) -> float:
    """Give how many standard errors intervals must reach to hold for all of several numbers at once (max-t).

    Args:
        covariance: Of the numbers, shape (m, m); those without variance are certain and do not count.
        level: The chance that all hold.
        seed: Of the draws from which it is read.

    Source: Hothorn, Bretz & Westfall 2008.

    Examples:
        >>> round(together(np.eye(2), 0.95, 0), 1), round(together(np.ones((2, 2)), 0.95, 0), 1)
        (2.2, 2.0)
    """
    error = np.sqrt(np.clip(np.diag(covariance), 0, None))
    counts = error > 1e-9 * max(float(error.max(initial=0.0)), 1e-300)
    if counts.sum() < 2:
        return two_sided(level)
    kept = covariance[np.ix_(counts, counts)] / np.outer(error[counts], error[counts])
    strength, directions = np.linalg.eigh(kept)
    root = directions * np.sqrt(np.clip(strength, 0, None))
    drawn = np.random.default_rng(seed).standard_normal((_DRAWS, len(root))) @ root.T
    return max(float(np.quantile(np.abs(drawn).max(axis=1), level)), two_sided(level))
