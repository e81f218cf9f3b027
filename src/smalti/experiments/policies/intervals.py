"""The interval of a mean that few large numbers carry: the normal one, stretched where skewness asks for it.

Clicks and orders are rare, and the weights of a policy that the log seldom followed are large: a few decisions then carry the
whole estimate, and the normal interval misses the truth far more often than it says, nearly always on one side. Hall's
transformation of the t statistic takes the skewness out. Where large numbers stand on both sides, as in differences, the
skewness of a sample is mostly chance, and correcting for it alone would miss more: so the interval holds both.

Source: P. Hall, On the removal of skewness by transformation, J. R. Statist. Soc. B 54 (1992).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from smalti.errors import ModelError
from smalti.experiments.logged import Floats, Integers, mean_and_error


@dataclass(frozen=True)
class Interval:
    """A mean with its interval.

    Attributes:
        value: The mean.
        error: Its standard error.
        low: The lower end.
        high: The upper end.
        level: How often such intervals hold the truth.

    Examples:
        >>> Interval(1.0, 0.5, 0.0, 2.0, 0.95).holding(Interval(2.0, 0.5, 1.0, 3.0, 0.95))
        Interval(value=1.0, error=0.5, low=0.0, high=3.0, level=0.95)
    """

    value: float
    error: float
    low: float
    high: float
    level: float

    def holding(self, other: Interval) -> Interval:
        """Stretch the interval until it holds another one too."""
        return Interval(self.value, self.error, min(self.low, other.low), max(self.high, other.high), self.level)


def interval_of(influence: Floats, customer: Integers | None = None, level: float = 0.95) -> Interval:
    """Give the mean of a value per decision with its interval, stretched for skewness, by customers.

    Args:
        influence: The value of each decision; of an estimator its influence function plus its estimate; shape (n,).
        customer: As in `Logged`.
        level: How often the interval is to hold the truth.

    Returns:
        The interval; NaN ends where there are fewer than two customers.

    Raises:
        ModelError: The level is not between 0 and 1.

    Examples:
        >>> rare = np.repeat([0.0, 1.0], [990, 10])
        >>> found = interval_of(rare)
        >>> round(found.value, 4), round(found.low, 4), round(found.high, 4)
        (0.01, 0.0038, 0.0185)
        >>> even = interval_of(np.array([1.0, 2.0, 3.0]))
        >>> round(even.value - even.low, 6) == round(even.high - even.value, 6)
        True
    """
    if not 0 < level < 1:
        raise ModelError(f"level: expected a share between 0 and 1, such as 0.95, got {level}")
    value, error = mean_and_error(influence, customer)
    if not error > 0:
        return Interval(value, error, value - error, value + error, level)
    skew = _skewness(influence - value, customer)
    normal = NormalDist().inv_cdf((1 + level) / 2)
    low, high = (value - error * _untransformed(side, skew) for side in (normal, -normal))
    return Interval(value, error, min(low, value - normal * error), max(high, value + normal * error), level)


def _skewness(apart: Floats, customer: Integers | None) -> float:
    if customer is not None:
        apart = np.bincount(np.unique(customer, return_inverse=True)[1], apart).astype(np.float64)
    scaled = apart / np.abs(apart).max()
    return float((scaled**3).sum() / (scaled**2).sum() ** 1.5)


def _untransformed(side: float, skew: float) -> float:
    """Give the t statistic that Hall's transformation sends to `side`; `skew` is the skewness over sqrt(n)."""
    if abs(skew) < 1e-9:
        return side
    moved = skew * (side - skew / 6)
    root = math.expm1(math.log1p(moved) / 3) if moved > -0.5 else float(np.cbrt(1 + moved)) - 1
    return 3 * root / skew
