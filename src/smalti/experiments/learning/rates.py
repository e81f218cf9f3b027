"""What is believed of a rate: how often a treatment works, from a declared opinion to a measured one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaincinv, betaln, expit, gammaln, log_expit

from smalti.errors import ModelError
from smalti.experiments.logged import Floats

_CELLS = 2000
_FARTHEST = 1e5
_ZOOMS = 12
_NEGLIGIBLE = 40.0
_LEAST_RATE = 1e-12
_LEAST_ERROR = 1e-6
_MOST_COUNTED = 20_000


@dataclass(frozen=True)
class RateBelief:
    """A belief about a rate: a Beta distribution, told by its mean and by how many observed customers it is worth.

    Attributes:
        rate: Its mean, between 0 and 1.
        strength: How many observed customers it is worth, above 0: successes + failures.

    Raises:
        ModelError: The rate is not between 0 and 1, or the strength not above 0.

    Source: the conjugate analysis of a Bernoulli rate; Gelman et al., Bayesian Data Analysis, chapter 2.

    Examples:
        >>> declared = RateBelief(0.10, 20)
        >>> measured = declared.updated(successes=30, trials=180)
        >>> round(measured.rate, 4), measured.strength
        (0.16, 200)
        >>> [round(end, 3) for end in measured.interval(0.9)]
        [0.119, 0.204]
    """

    rate: float
    strength: float

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1:
            raise ModelError(f"rate: expected one between 0 and 1, got {self.rate:g}")
        if not (self.strength > 0 and math.isfinite(self.strength)):
            raise ModelError(f"strength: expected a number of customers above 0, got {self.strength:g}")

    @property
    def successes(self) -> float:
        """The Beta distribution's first parameter."""
        return self.rate * self.strength

    @property
    def failures(self) -> float:
        """The Beta distribution's second parameter."""
        return (1 - self.rate) * self.strength

    @property
    def mean(self) -> float:
        """The rate that is expected."""
        return self.rate

    @property
    def deviation(self) -> float:
        """The standard deviation of the belief."""
        return math.sqrt(self.rate * (1 - self.rate) / (self.strength + 1))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Give the ends between which the rate lies with this chance, as far out on either side."""
        low, high = self.quantile(np.array([(1 - level) / 2, (1 + level) / 2]))
        return float(low), float(high)

    def cdf(self, values: Floats) -> Floats:
        """Give the chance that the rate is at most each value."""
        return np.asarray(betainc(self.successes, self.failures, np.clip(values, 0.0, 1.0)), dtype=np.float64)

    def quantile(self, chances: Floats) -> Floats:
        """Give the rates below which the rate lies with these chances."""
        return np.asarray(betaincinv(self.successes, self.failures, chances), dtype=np.float64)

    def updated(self, successes: float, trials: float) -> RateBelief:
        """Learn from customers it was tried on.

        Args:
            successes: How many it worked on; a fraction where decisions were weighted.
            trials: How many it was tried on.

        Raises:
            ModelError: There are more successes than trials, or fewer than none.
        """
        _check_counts(successes, trials)
        strength = self.strength + trials
        rate = (self.successes + successes) / strength
        return RateBelief(min(max(rate, _LEAST_RATE), 1 - _LEAST_RATE), strength)

    def updated_by_estimate(self, estimate: float, error: float) -> RateBelief:
        """Learn from an estimate with its standard error, such as the difference between an arm and its control.

        The estimate is taken as normal around the true rate, which is known to lie between 0 and 1: an effect that was
        measured below 0 leaves a rate near 0. The result is the Beta distribution of the same mean and spread.

        Args:
            estimate: The estimated rate, or difference of rates.
            error: Its standard error, above 0; below a millionth it is taken for that.

        Raises:
            ModelError: The error is not above 0, or one of the two is not a finite number.

        Examples:
            >>> found = RateBelief(0.05, 20).updated_by_estimate(0.031, 0.004)
            >>> round(found.rate, 3), round(found.deviation, 4)
            (0.031, 0.004)
            >>> RateBelief(0.05, 20).updated_by_estimate(-0.02, 0.004).rate < 0.002
            True
        """
        if not (error > 0 and math.isfinite(error) and math.isfinite(estimate)):
            raise ModelError(f"estimate: expected a number with an error above 0, got {estimate:g} with {error:g}")
        error = max(error, _LEAST_ERROR)
        log_odds = np.linspace(-_FARTHEST, _FARTHEST, _CELLS + 1)
        for _ in range(_ZOOMS):
            logs = self._weighed(log_odds, estimate, error)
            near = np.flatnonzero(logs >= logs.max() - _NEGLIGIBLE)
            first, last = max(near[0] - 1, 0), min(near[-1] + 1, _CELLS)
            log_odds = np.linspace(log_odds[first], log_odds[last], _CELLS + 1)
        logs = self._weighed(log_odds, estimate, error)
        share, rates = np.exp(logs - logs.max()), expit(log_odds)
        mean = float((share * rates).sum() / share.sum())
        variance = float((share * (rates - mean) ** 2).sum() / share.sum())
        mean = min(max(mean, _LEAST_RATE), 1 - _LEAST_RATE)
        return RateBelief(mean, max(mean * (1 - mean) / variance - 1, _LEAST_RATE))

    def _weighed(self, log_odds: Floats, estimate: float, error: float) -> Floats:
        """Give the logarithm of belief x likelihood by log odds, where it is smooth to both ends; up to a constant."""
        believed = self.successes * log_expit(log_odds) + self.failures * log_expit(-log_odds)
        return np.asarray(believed - ((expit(log_odds) - estimate) / error) ** 2 / 2)

    def conflict(self, successes: float, trials: float) -> float:
        """Give how surprising what came is to who believed this: the chance of it or anything rarer.

        Twice the smaller tail of the Beta-binomial distribution that the belief foretells, at most 1; below .05 the
        belief was wrong or the customers others than it was about. Source: Box 1980, prior predictive checks.

        Args:
            successes: How many it worked on.
            trials: How many it was tried on.

        Raises:
            ModelError: As in `updated`.

        Examples:
            >>> round(RateBelief(0.10, 20).conflict(30, 180), 3), round(RateBelief(0.10, 200).conflict(50, 180), 6)
            (0.333, 7e-06)
        """
        _check_counts(successes, trials)
        if trials > _MOST_COUNTED:
            below = float(self.cdf(np.array(successes / trials)))
            return min(1.0, 2 * min(below, 1 - below))
        count = round(trials)
        came = np.arange(count + 1.0)
        chance = np.exp(
            gammaln(count + 1.0) - gammaln(came + 1) - gammaln(count - came + 1)
            + betaln(came + self.successes, count - came + self.failures) - betaln(self.successes, self.failures)
        )  # fmt: skip
        place = round(successes)
        return float(min(1.0, 2 * min(chance[: place + 1].sum(), chance[place:].sum())))


def rate_between(low: float, high: float, level: float = 0.9) -> RateBelief:
    """Give the belief of who says that a rate lies between two values, and how sure that is.

    Args:
        low: The lower end, above 0.
        high: The upper end, below 1.
        level: How sure that is; as much chance is left on either side.

    Raises:
        ModelError: The ends are not 0 < low < high < 1, or the level is not between 0 and 1.

    Examples:
        >>> said = rate_between(0.02, 0.10)
        >>> round(said.rate, 4), round(said.strength, 1), [round(end, 4) for end in said.interval(0.9)]
        (0.0538, 81.4, [0.02, 0.1])
    """
    if not 0 < low < high < 1:
        raise ModelError(f"interval: expected 0 < low < high < 1, got {low:g} to {high:g}")
    if not 0 < level < 1:
        raise ModelError(f"level: expected a share between 0 and 1, such as 0.9, got {level:g}")
    weak, strong = math.log(1e-2), math.log(1e9)
    for _ in range(60):
        middle = (weak + strong) / 2
        belief = _below(low, math.exp(middle), (1 - level) / 2)
        if belief.interval(level)[1] > high:
            weak = middle
        else:
            strong = middle
    return _below(low, math.exp(strong), (1 - level) / 2)


def _below(low: float, strength: float, chance: float) -> RateBelief:
    """Give the belief of a strength that puts just this chance below `low`."""
    least, most = 1e-9, 1 - 1e-9
    for _ in range(60):
        rate = (least + most) / 2
        if betainc(rate * strength, (1 - rate) * strength, low) > chance:
            least = rate
        else:
            most = rate
    return RateBelief((least + most) / 2, strength)


def _check_counts(successes: float, trials: float) -> None:
    if not 0 <= successes <= trials * (1 + 1e-12) or not math.isfinite(trials):
        raise ModelError(f"successes: expected a number from 0 to the {trials:g} trials, got {successes:g}")
