"""How near forecasts came to what happened: by customer, by cohort, by frequency and in total, with intervals.

Intervals are paired: each of `ROUNDS` resamples of the customers (the Poisson bootstrap of Hanley and MacGibbon 2006: every
customer counts 0, 1, 2 ... times) is the same for all forecasts, so that a difference between two of them carries only the
doubt about the difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from scipy.stats import rankdata

from smalti.models.arrays import Booleans, Floats
from smalti.models.backtest import Band, Measure
from smalti.models.holdout import Holdout
from smalti.models.intervals import Z, share_interval

ROUNDS = 200
LEAST_IN_BAND = 10
"""Of fewer customers no band is told."""
TOTAL = "foretold for each that came"
ABSOLUTE = "mean absolute error"
SQUARED = "root mean squared error"
RANK = "rank correlation"
BY_COHORT = "error by cohort"
BY_FREQUENCY = "error by frequency"
_MOST_COHORTS = 12
_FEW = 10
_FREQUENCIES = {
    "bought on 1 day": (0, 0),
    "bought on 2 days": (1, 1),
    "bought on 3 to 4 days": (2, 3),
    "bought on 5 to 7 days": (4, 6),
    "bought on 8 to 15 days": (7, 14),
    "bought on 16 days or more": (15, np.inf),
}


class Resampled:
    """Means over customers, and the same means in every resample.

    Args:
        customers: How many there are.
        seed: The same seed gives the same resamples.
    """

    def __init__(self, customers: int, seed: int) -> None:
        drawn = np.random.default_rng([seed, 11]).poisson(1.0, (ROUNDS, customers))
        self._weights = drawn.astype(np.float64)
        self._sizes = np.maximum(self._weights.sum(axis=1), 1.0)

    def means(self, values: Floats) -> Floats:
        """Return the mean in every resample."""
        return np.asarray(np.einsum("rc,c->r", self._weights, values) / self._sizes)

    def interval(self, values: Floats) -> tuple[float, float]:
        """Return the 95 % interval of the mean."""
        return ends(self.means(values))


def ends(drawn: Floats) -> tuple[float, float]:
    """Return the 2.5 % and 97.5 % quantiles.

    >>> low, high = ends(np.arange(101.0))
    >>> round(low, 6), round(high, 6)
    (2.5, 97.5)
    """
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


@dataclass(frozen=True, eq=False)
class Compared:
    """Forecasts of one amount per customer, held against what came.

    Attributes:
        seen: The customers.
        came: What came, one number per customer.
        forecasts: By the name of the forecaster, the model first.
        resampled: The resamples.
    """

    seen: Holdout
    came: Floats
    forecasts: Mapping[str, Floats]
    resampled: Resampled

    def measures(self) -> tuple[Measure, ...]:
        """Return every measure of every forecaster."""
        found = [self._of(name, forecast) for name, forecast in self.forecasts.items()]
        return tuple(one for row in zip_longest(*found) for one in row if one is not None)

    def _of(self, name: str, forecast: Floats) -> list[Measure]:
        wrong = np.abs(forecast - self.came)
        low, high = ends(np.sqrt(self.resampled.means(wrong**2)))
        found = [
            Measure(ABSOLUTE, name, float(wrong.mean()), *self.resampled.interval(wrong), better="lower"),
            Measure(SQUARED, name, float(np.sqrt((wrong**2).mean())), low, high, better="lower"),
        ]
        found = [*self._in_total(name, forecast), *found] if self.total > 0 else found
        alike = np.ptp(forecast) == 0 or np.ptp(self.came) == 0
        return found if alike else [*found, Measure(RANK, name, rank_correlation(forecast, self.came))]

    @property
    def total(self) -> float:
        """All that came; refunds may leave nothing of it, and then nothing can be told for each that came."""
        return float(self.came.sum())

    def _in_total(self, name: str, forecast: Floats) -> list[Measure]:
        came = np.maximum(self.resampled.means(self.came), 1e-12)
        ratio = ends(self.resampled.means(forecast) / came)
        return [
            Measure(TOTAL, name, float(forecast.sum()) / self.total, *ratio, better="nearer"),
            Measure(BY_COHORT, name, self._by(forecast, cohorts(self.seen)), better="lower"),
            Measure(BY_FREQUENCY, name, self._by(forecast, frequencies(self.seen)), better="lower"),
        ]

    def _by(self, forecast: Floats, groups: Mapping[str, Booleans]) -> float:
        """Return the groups' errors in total, sign left out, for each that came."""
        wrong = sum(abs(float((forecast[who] - self.came[who]).sum())) for who in groups.values())
        return wrong / self.total

    def error_difference(self, one: str, other: str) -> tuple[float, float, float]:
        """Return by how much the mean absolute error of one is larger than the other's, with its 95 % interval."""
        more = np.abs(self.forecasts[one] - self.came) - np.abs(self.forecasts[other] - self.came)
        return (float(more.mean()), *self.resampled.interval(more))

    def bands(self, groups: Mapping[str, Booleans], forecast: Floats) -> tuple[Band, ...]:
        """Return a band for each group of enough customers."""
        told = {name: who for name, who in groups.items() if who.sum() >= LEAST_IN_BAND}
        return tuple(band(name, forecast[who], self.came[who], typical_of(self.came)) for name, who in told.items())


def band(name: str, forecast: Floats, came: Floats, typical: float | None = None) -> Band:
    """Return customers with their mean forecast and the mean of what came, with the 95 % interval of the latter.

    Of chances the interval is Wilson's, of amounts the normal one. Where fewer than ten customers of the band have any, their
    spread knows too little of what may come: the interval then reaches at least to the highest credible share of customers
    with any (Wilson) times a typical amount.

    Args:
        name: Of the band.
        forecast: What was foretold, shape (n,), n at least 1.
        came: What came, shape (n,).
        typical: Of amounts, the mean of what came to all to whom anything came; None for chances (what came is 0 or 1).

    >>> band("all", np.array([0.5, 0.5]), np.array([0.0, 1.0]))
    Band(name='all', customers=2, predicted=0.5, observed=0.5, low=0.09453, high=0.90547)
    >>> band("tenth 10", np.full(50, 3.0), np.zeros(50), typical=100.0).high
    7.13476
    """
    count, mean, some = came.size, float(came.mean()), int((came > 0).sum())
    if typical is None:
        low, high = share_interval(some, count)
    else:
        half = Z * float(came.std(ddof=1)) / float(np.sqrt(count)) if count > 1 else 0.0
        low, high = mean - half, mean + half
        if some < _FEW:
            low, high = min(low, 0.0), max(high, share_interval(some, count)[1] * typical)
        low = low if came.min() < 0 else max(low, 0.0)
    return Band(name, count, round(float(forecast.mean()), 5), round(mean, 5), round(low, 5), round(high, 5))


def typical_of(came: Floats) -> float:
    """Return the mean of what came to those to whom anything came; 0 where that is nobody.

    >>> typical_of(np.array([0.0, 2.0, 4.0]))
    3.0
    """
    return float(came[came > 0].mean()) if (came > 0).any() else 0.0


def tenths(forecast: Floats) -> dict[str, Booleans]:
    """Return the customers in tenths by their forecast, the highest first; equal forecasts stand together.

    >>> {name: who.tolist() for name, who in tenths(np.array([1.0, 3.0])).items() if who.any()}
    {'tenth 1': [False, True], 'tenth 6': [True, False]}
    """
    place = np.floor((rankdata(-forecast, method="min") - 1) / max(forecast.size, 1) * 10)
    return {f"tenth {number + 1}": np.asarray(place == number) for number in range(10)}


def frequencies(seen: Holdout) -> dict[str, Booleans]:
    """Return the customers by how often they had bought until the cut-off."""
    return {
        name: np.asarray((seen.repeats >= low) & (seen.repeats <= high)) for name, (low, high) in _FREQUENCIES.items()
    }


def cohorts(seen: Holdout) -> dict[str, Booleans]:
    """Return the customers by the month of their first purchase; by the quarter or the year where there are many."""
    first = (seen.cut_off - (seen.age * 86_400_000_000).astype(np.int64)).astype("datetime64[us]")
    months = first.astype("datetime64[M]").astype(np.int64)
    width = next(width for width in (1, 3, 12) if width == 12 or len(np.unique(months // width)) <= _MOST_COHORTS)
    begun = months // width
    return {f"first bought {_called(int(one), width)}": np.asarray(begun == one) for one in np.unique(begun)}


def _called(place: int, width: int) -> str:
    """Say a month, quarter or year, counted from 1970.

    >>> _called(480, 1), _called(160, 3), _called(40, 12)
    ('2010-01', '2010 Q1', '2010')
    """
    year, month = divmod(place * width, 12)
    return {1: f"{year + 1970}-{month + 1:02d}", 3: f"{year + 1970} Q{month // 3 + 1}", 12: f"{year + 1970}"}[width]


def rank_correlation(forecast: Floats, came: Floats) -> float:
    """Return Spearman's rank correlation; NaN where either is the same for all.

    >>> rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 5.0]))
    1.0
    """
    one, other = rankdata(forecast), rankdata(came)
    one, other = one - one.mean(), other - other.mean()
    spread = float((one**2).sum() * (other**2).sum())
    return float((one * other).sum()) / spread**0.5 if spread else float("nan")
