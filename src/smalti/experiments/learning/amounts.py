"""What is believed of a mean amount: what a treatment brings, in money."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from smalti.errors import ModelError
from smalti.experiments.logged import Floats


@dataclass(frozen=True)
class AmountBelief:
    """A belief about a mean amount and the spread among customers: a normal-gamma distribution.

    Attributes:
        mean: The mean that is expected, in any unit.
        spread: The standard deviation among customers that is expected, above 0.
        strength: How many observed customers the belief about the mean is worth, above 0.
        spread_strength: How many the belief about the spread is worth, above 0; as `strength` where not given.

    Raises:
        ModelError: Spread or strengths are not above 0.

    Source: DeGroot, Optimal Statistical Decisions (1970), section 9.6; mean | precision ~ N(mean, 1 / (strength precision)),
    precision ~ Gamma(spread_strength / 2, rate spread_strength spread^2 / 2).

    Examples:
        >>> declared = AmountBelief(mean=1.0, spread=10.0, strength=100)
        >>> measured = declared.updated(count=300, mean=2.0, variance=144.0)
        >>> measured.mean, measured.strength, round(measured.spread, 3)
        (1.75, 400, 11.541)
        >>> [round(end, 3) for end in measured.interval(0.9)]
        [0.799, 2.701]
    """

    mean: float
    spread: float
    strength: float
    spread_strength: float = 0.0

    def __post_init__(self) -> None:
        if self.spread_strength == 0.0:
            object.__setattr__(self, "spread_strength", self.strength)
        if not math.isfinite(self.mean):
            raise ModelError(f"mean: expected a finite number, got {self.mean}")
        for name in ("spread", "strength", "spread_strength"):
            value = getattr(self, name)
            if not (value > 0 and math.isfinite(value)):
                raise ModelError(f"{name}: expected a number above 0, got {value:g}")

    @property
    def deviation(self) -> float:
        """The scale of the belief about the mean: that of its Student t distribution."""
        return self.spread / math.sqrt(self.strength)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Give the ends between which the mean lies with this chance."""
        low, high = self.quantile(np.array([(1 - level) / 2, (1 + level) / 2]))
        return float(low), float(high)

    def cdf(self, values: Floats) -> Floats:
        """Give the chance that the mean is at most each value."""
        return np.asarray(stdtr(self.spread_strength, (values - self.mean) / self.deviation), dtype=np.float64)

    def quantile(self, chances: Floats) -> Floats:
        """Give the amounts below which the mean lies with these chances."""
        return np.asarray(self.mean + self.deviation * stdtrit(self.spread_strength, chances), dtype=np.float64)

    def updated(self, count: float, mean: float, variance: float) -> AmountBelief:
        """Learn from customers it was tried on.

        Args:
            count: How many; a fraction where decisions were weighted.
            mean: Their mean amount.
            variance: Their variance, with `count` as the divisor.

        Raises:
            ModelError: The count or variance is below 0, or a number is not finite.
        """
        if not (count >= 0 and variance >= 0 and math.isfinite(count + variance + mean)):
            raise ModelError(f"evidence: expected a count and variance of at least 0, got {count:g} and {variance:g}")
        strength, sure = self.strength + count, self.spread_strength + count
        apart = self.strength * count / strength * (mean - self.mean) ** 2
        squares = self.spread_strength * self.spread**2 + count * variance + apart
        return AmountBelief(
            self.mean + count / strength * (mean - self.mean), math.sqrt(squares / sure), strength, sure
        )

    def conflict(self, count: float, mean: float) -> float:
        """Give how surprising a mean is to who believed this: the chance of one as far off, as the belief foretells it.

        Args:
            count: Of how many customers it is the mean.
            mean: The mean that came.

        Examples:
            >>> round(AmountBelief(1.0, 10.0, 100).conflict(300, 2.0), 3)
            0.389
        """
        if count <= 0:
            return 1.0
        scale = self.spread * math.sqrt(1 / self.strength + 1 / count)
        return float(2 * stdtr(self.spread_strength, -abs(mean - self.mean) / scale))
