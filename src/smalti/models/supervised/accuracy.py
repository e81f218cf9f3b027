"""How good forecasts were, each measure with its 95 % interval.

Areas under the ROC curve: DeLong, DeLong and Clarke-Pearson 1988, by ranks (Sun and Xu 2014), on the log-odds scale. Means
and their ratios: normal. Whatever is no mean: percentiles of 200 resamples of customers, seeded. Each customer is there once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit
from scipy.stats import rankdata

from smalti.models.arrays import Floats, Integers
from smalti.models.intervals import Z
from smalti.models.supervised.lines import logistic_line

RESAMPLES = 200
"""So often customers are drawn anew for an interval."""


class Estimate(NamedTuple):
    """A number and its 95 % interval."""

    value: float
    low: float
    high: float


def mean_of(values: Floats) -> Estimate:
    """Return a mean with a normal interval.

    >>> round(mean_of(np.array([0.0, 1.0] * 50)).low, 2)
    0.4
    """
    middle, error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
    return Estimate(middle, middle - Z * error, middle + Z * error)


def area(target: Floats | Integers, forecast: Floats) -> Estimate:
    """Return the area under the ROC curve: how often one to whom it came is forecast higher than one to whom it did not.

    >>> area(np.array([0, 0, 1, 1] * 20), np.array([1.0, 2.0, 2.0, 3.0] * 20)).value
    0.875
    """
    yes = np.asarray(target) == 1
    ones, noughts = int(yes.sum()), int((~yes).sum())
    ranks = rankdata(forecast)
    of_ones = (ranks[yes] - rankdata(forecast[yes])) / noughts
    of_noughts = 1 - (ranks[~yes] - rankdata(forecast[~yes])) / ones
    value = float(of_ones.mean())
    error = float(np.sqrt(of_ones.var(ddof=1) / ones + of_noughts.var(ddof=1) / noughts))
    if error == 0.0 or not 0 < value < 1:
        return Estimate(value, value, value)
    middle, wide = float(logit(value)), Z * error / (value * (1 - value))
    return Estimate(value, float(expit(middle - wide)), float(expit(middle + wide)))


def average_precision(target: Floats | Integers, forecast: Floats, seed: int) -> Estimate:
    """Return the mean share of hits among those forecast at least as high as each hit; ties together.

    >>> round(average_precision(np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.8, 0.1]), seed=1).value, 3)
    0.833
    """
    order = np.argsort(-forecast, kind="stable")
    came = np.asarray(target, dtype=np.float64)[order]
    last = np.append(np.flatnonzero(np.diff(forecast[order])), len(order) - 1)

    def precision(weights: Floats) -> float:
        hits, reached = np.cumsum(weights * came)[last], np.cumsum(weights)[last]
        gained = np.diff(hits, prepend=0.0)
        return float((gained * hits / np.maximum(reached, 1.0)).sum() / max(float(hits[-1]), 1.0))

    return resampled(precision, len(came), seed)


def resampled(measure: Callable[[Floats], float], customers: int, seed: int) -> Estimate:
    """Return a measure with the percentile interval of resamples.

    Args:
        measure: From a weight for each customer (how often she is drawn) to the measure.
        customers: How many there are.
        seed: Of the draws.

    >>> values = np.arange(100.0)
    >>> resampled(lambda weights: float(np.average(values, weights=weights)), 100, seed=1).value
    49.5
    """
    rng = np.random.default_rng([seed, customers])
    drawn = [measure(_drawn(rng, customers)) for _ in range(RESAMPLES)]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Estimate(measure(np.ones(customers)), float(low), float(high))


def _drawn(rng: np.random.Generator, customers: int) -> Floats:
    return np.bincount(rng.integers(customers, size=customers), minlength=customers).astype(np.float64)


def ratio_of(above: Floats, below: Floats) -> Estimate:
    """Return a ratio of means with a normal interval (delta method); not a number where nothing is below.

    >>> ratio_of(np.array([1.0, 3.0]), np.array([1.0, 3.0]))
    Estimate(value=1.0, low=1.0, high=1.0)
    """
    whole = float(below.mean())
    if whole == 0.0:
        return Estimate(float("nan"), float("nan"), float("nan"))
    value = float(above.mean()) / whole
    error = float((above - value * below).std(ddof=1) / np.sqrt(len(above))) / whole
    return Estimate(value, value - Z * error, value + Z * error)


def share_explained(losses: Floats, alike: Floats) -> Estimate:
    """Return the share of what there is to foretell: 1 minus the loss over that of one forecast for everybody.

    For chances it is McFadden's R2 (1974), for amounts the share of deviance explained. The interval is that of a ratio of
    means (delta method).

    >>> round(share_explained(np.array([0.2, 0.4] * 20), np.array([0.6, 0.6] * 20)).value, 3)
    0.5
    """
    value, low, high = ratio_of(losses, alike)
    return Estimate(1 - value, 1 - high, 1 - low)


def calibration_slope(target: Floats | Integers, chances: Floats) -> Estimate:
    """Return the slope of what came on the log-odds of the forecast: 1 is right, less means too bold (Cox 1958)."""
    x = logit(chances)
    if float(np.ptp(x)) == 0.0:
        return Estimate(float("nan"), float("nan"), float("nan"))
    intercept, slope = logistic_line(x, target)
    mean = expit(intercept + slope * x)
    design = np.column_stack([np.ones(len(x)), x])
    error = float(np.sqrt(np.linalg.inv(design.T @ (design * (mean * (1 - mean))[:, None]))[1, 1]))
    return Estimate(slope, slope - Z * error, slope + Z * error)


def calibration_odds(target: Floats | Integers, chances: Floats) -> Estimate:
    """Return what the forecast odds must be multiplied by to be right in total: e to the calibration intercept, slope 1."""
    x, came, shift = logit(chances), float(np.sum(target)), 0.0
    for _ in range(50):
        mean = expit(x + shift)
        step = (came - float(mean.sum())) / max(float((mean * (1 - mean)).sum()), 1e-12)
        shift += float(np.clip(step, -2.0, 2.0))
        if abs(step) < 1e-12:
            break
    mean = expit(x + shift)
    error = 1 / float(np.sqrt((mean * (1 - mean)).sum()))
    return Estimate(float(np.exp(shift)), float(np.exp(shift - Z * error)), float(np.exp(shift + Z * error)))
