"""How much of what individual expectations say within a segment is true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.experiments.logged import Floats, Integers

PRIOR_SLOPE, PRIOR_SPREAD = 1.0, 0.5
"""Before the rows of the fold have spoken, expectations are taken to be about right: 1, give or take 0.5."""


@dataclass(frozen=True)
class Slope:
    """By how much effects differ where expectations differ by 1, with its standard error; NaN where they do not differ."""

    value: float
    error: float

    @property
    def shrinkage(self) -> float:
        """What deviations are multiplied by: the slope, leaning on the prior, between 0 and 1.

        Examples:
            >>> Slope(0.0, 0.5).shrinkage, Slope(float("nan"), float("nan")).shrinkage
            (0.5, 1.0)
        """
        if not np.isfinite(self.error):
            return PRIOR_SLOPE
        if self.error <= 0:
            return float(np.clip(self.value, 0.0, 1.0))
        prior, own = 1 / PRIOR_SPREAD**2, 1 / self.error**2
        return float(np.clip((PRIOR_SLOPE * prior + self.value * own) / (prior + own), 0.0, 1.0))


def slope_of(apart: Floats, surprise: Floats, reference: int, customer: Integers | None = None) -> Slope:
    """Regress what came, beyond what the segment expects, on how far individual expectations lie from the segment's.

    All arms but the reference are taken together: one slope for the whole matrix (the best linear predictor of
    Chernozhukov, Demirer, Duflo & Fernandez-Val 2018, for deviations within segments).

    Args:
        apart: Expectations less their mean in the segment, shape (n, K).
        surprise: Doubly robust scores less what the segment expects, shape (n, K).
        reference: The place of the arm that the others are held against.
        customer: As in `Logged`; rows of one customer are taken together.

    Examples:
        >>> apart = np.array([[0.0, 1.0], [0.0, -1.0], [0.0, 2.0], [0.0, -2.0]])
        >>> slope_of(apart, 0.5 * apart, 0)
        Slope(value=0.5, error=0.0)
    """
    x = apart - apart[:, [reference]]
    y = surprise - surprise[:, [reference]]
    scale = float((x**2).sum())
    if not scale > 0:
        return Slope(float("nan"), float("nan"))
    value = float((x * y).sum()) / scale
    pull = (x * (y - value * x)).sum(axis=1)
    if customer is not None:
        pull = np.bincount(np.unique(customer, return_inverse=True)[1], pull)
    return Slope(value, float(np.sqrt((pull**2).sum())) / scale)
