"""What has changed since a model was fitted: the distribution of its inputs, and whether what it foretold came.

Inputs are put into bins at the fit, and later customers into the same bins. Two distributions over bins, p before and q after,
are compared by the population stability index, ``sum (p - q) ln(p / q)``, which has no border that fits all sizes: without
drift, n customers before and m others after, ``n m / (n + m) * PSI`` is about chi-squared with bins - 1 degrees of freedom
(Yurdakul and Naranjo 2020, Statistical properties of the population stability index). So it is tested. Two runs of a project
see mostly the same customers, and the test must know it: `panel_drift` is Pearson's test of homogeneity where nobody was
seen twice, the test of marginal homogeneity (Stuart 1955, Maxwell 1970) where everybody was, and in between what the shares'
covariance says. Over many inputs the share of false alarms is held by Benjamini and Hochberg (1995). With enough customers
any drift is significant: how large it is, is told beside it as the share of customers who would have to change bins.

Forecasts are compared with what came by calibration in the large and by the slope of calibration (Cox 1958; Van Calster and
others 2019, Calibration: the Achilles heel of predictive analytics).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit
from scipy.stats import chi2, false_discovery_control

from smalti.errors import ModelError
from smalti.models.arrays import Floats, Integers
from smalti.models.intervals import Z

LEAST_MOVED = 0.1
"""Less of the customers than this in other bins is no drift to speak of, however significant."""
ALPHA = 0.05
"""The share of false alarms among alarms that is accepted."""
LEAST_OFF = 0.1
"""What came may differ from what was foretold by this share before anyone is warned."""
_WIDEST = 700.0
LEAST_CUSTOMERS = 30
"""Fewer forecasts than this, or fewer than 5 of either outcome, are not compared with what came."""


@dataclass(frozen=True)
class Shift:
    """Whether a distribution over bins changed, and by how much.

    Attributes:
        statistic: About chi-squared without drift.
        freedom: Its degrees of freedom; 0 where there is nothing to test.
        p_value: How likely so large a statistic is without drift.
        moved: The share of customers who would have to change bins to undo it, ``sum |p - q| / 2``, from 0 to 1.
        psi: Population stability index; where a bin is empty, half a customer is added to every bin.
        psi_without: What the index of two samples of others would be on average without drift, ``freedom * (1 / n + 1 / m)``.
        before: How many customers were looked at before.
        after: How many after.
    """

    statistic: float
    freedom: int
    p_value: float
    moved: float
    psi: float
    psi_without: float
    before: int
    after: int


def population_stability(before: npt.ArrayLike, after: npt.ArrayLike) -> float:
    """Give the population stability index of two counts over the same bins: ``sum (p - q) ln(p / q)``.

    Where a bin is empty in one of them, half a customer is added to every bin of both; a bin empty in both is left out.

    >>> round(population_stability([50, 50], [60, 40]), 5)
    0.04055
    """
    first, second = _counts(before, after)
    if ((first == 0) | (second == 0)).any():
        first, second = first + 0.5, second + 0.5
    p, q = first / first.sum(), second / second.sum()
    return float(((p - q) * np.log(p / q)).sum())


def _counts(before: npt.ArrayLike, after: npt.ArrayLike) -> tuple[Floats, Floats]:
    first, second = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    fits = first.ndim == 1 and first.shape == second.shape and first.sum() > 0 < second.sum()
    if not fits or min(first.min(), second.min()) < 0:
        raise ModelError(
            "drift: expected how many customers are in each of the same bins before and after, and some in each"
        )
    there = first + second > 0
    return first[there], second[there]


def sample_drift(before: npt.ArrayLike, after: npt.ArrayLike) -> Shift:
    """Test whether two samples of different customers have one distribution over bins: Pearson's test of homogeneity.

    It is what ``n m / (n + m) * PSI`` tends to without drift, and holds its level better in thin bins.

    Args:
        before: How many customers are in each bin before, shape (bins,).
        after: The same after.

    Raises:
        ModelError: Counts of other bins, or nobody before or after.

    >>> found = sample_drift([50, 50], [60, 40])
    >>> round(found.statistic, 4), found.freedom, round(found.p_value, 3), round(found.moved, 9)
    (2.0202, 1, 0.155, 0.1)
    """
    first, second = _counts(before, after)
    n, m = float(first.sum()), float(second.sum())
    both = (first + second) / (n + m)
    statistic = float((((first - n * both) ** 2) / (n * both) + ((second - m * both) ** 2) / (m * both)).sum())
    return _shift(first, second, statistic, len(both) - 1)


def _shift(first: Floats, second: Floats, statistic: float, freedom: int) -> Shift:
    n, m = float(first.sum()), float(second.sum())
    return Shift(
        statistic,
        freedom,
        float(chi2.sf(statistic, freedom)) if freedom else 1.0,
        float(np.abs(first / n - second / m).sum() / 2),
        population_stability(first, second),
        freedom * (1 / n + 1 / m),
        int(n),
        int(m),
    )


def panel_drift(before: npt.ArrayLike, after: npt.ArrayLike, same: npt.ArrayLike, bins: int) -> Shift:
    """Test whether customers before and after have one distribution over bins, where some of them were seen both times.

    With d the differences of shares and S the covariance of d without drift, ``d' S^-1 d``. Each share's own variance is
    that of the pooled shares; what customers seen twice have in common is taken from it, as their table of then and now
    has it.

    Args:
        before: The bin of each customer before, from 0, shape (n,).
        after: The bin of each customer after, shape (m,).
        same: For each customer after the row that is hers in `before`, or -1, shape (m,).
        bins: How many bins there are.

    Raises:
        ModelError: Nobody before or after, or a row of `same` that there is not.

    >>> apart = panel_drift([0] * 50 + [1] * 50, [0] * 60 + [1] * 40, [-1] * 100, 2)
    >>> round(apart.statistic, 4) == round(sample_drift([50, 50], [60, 40]).statistic, 4)
    True
    >>> twice = panel_drift([0] * 50 + [1] * 50, [0] * 60 + [1] * 40, range(100), 2)
    >>> round(twice.statistic, 9), twice.p_value < apart.p_value
    (10.0, True)
    """
    labels = [np.asarray(one, dtype=np.int64) for one in (before, after, same)]
    for place in (one for one in labels[:2] if one.size):
        if place.min() < 0 or place.max() >= bins:
            raise ModelError(f"drift: expected bins from 0 to {bins - 1}, got {place.min()} to {place.max()}")
    first, second = (np.bincount(one, minlength=bins).astype(np.float64) for one in labels[:2])
    _counts(first, second)
    if labels[2].shape != labels[1].shape or (labels[2].size and labels[2].max() >= labels[0].size):
        raise ModelError(f"drift: expected one row of the {labels[0].size} before, or -1, for each customer after")
    n, m = first.sum(), second.sum()
    pooled = (first + second) / (n + m)
    spread = (np.diag(pooled) - np.outer(pooled, pooled)) * (1 / n + 1 / m)
    spread -= _shared(labels, bins) / (n * m)
    roots, ways = np.linalg.eigh(spread)
    kept = roots > 1e-9 * (1 / n + 1 / m)
    along = (ways.T @ (first / n - second / m))[kept]
    there = first + second > 0
    return _shift(first[there], second[there], float((along**2 / roots[kept]).sum()), int(kept.sum()))


def _shared(labels: Sequence[Integers], bins: int) -> Floats:
    """Give what the customers seen twice add to the covariance of both shares, times n m."""
    before, after, same = labels
    twice = same >= 0
    table = np.bincount(before[same[twice]] * bins + after[twice], minlength=bins * bins)
    joint = table.reshape(bins, bins).astype(np.float64)
    number = joint.sum()
    if not number:
        return joint
    middle = (joint.sum(axis=0) + joint.sum(axis=1)) / (2 * number)
    shared: Floats = joint + joint.T - 2 * number * np.outer(middle, middle)
    return shared


def false_discoveries(p_values: Sequence[float]) -> list[float]:
    """Give each p-value as the share of false alarms among alarms, were it the border (Benjamini and Hochberg 1995).

    >>> false_discoveries([0.01, 0.04, 0.5])
    [0.03, 0.06, 0.5]
    """
    return [float(one) for one in false_discovery_control(list(p_values))] if len(p_values) else []


@dataclass(frozen=True)
class Foretold:
    """What an earlier run foretold, and what came.

    Attributes:
        customers: How many forecasts were compared.
        expected: The sum of the forecasts.
        observed: The sum of what came.
        ratio: Calibration in the large: what came over what was foretold; 1 is right.
        ratio_low: Lower end of its 95 % interval.
        ratio_high: Upper end.
        slope: Slope of calibration: 1 is right, less is forecasts that are too far apart. None where forecasts are all alike.
        slope_low: Lower end of its 95 % interval.
        slope_high: Upper end.
    """

    customers: int
    expected: float
    observed: float
    ratio: float
    ratio_low: float
    ratio_high: float
    slope: float | None = None
    slope_low: float | None = None
    slope_high: float | None = None

    @property
    def off(self) -> bool:
        """Whether more or less came than foretold, beyond chance and by more than `LEAST_OFF`."""
        return not self.ratio_low <= 1 <= self.ratio_high and abs(self.ratio - 1) > LEAST_OFF

    @property
    def blurred(self) -> bool:
        """Whether forecasts are too far apart, or too near each other, beyond chance and by more than twice `LEAST_OFF`."""
        if self.slope is None or self.slope_low is None or self.slope_high is None:
            return False
        return not self.slope_low <= 1 <= self.slope_high and abs(self.slope - 1) > 2 * LEAST_OFF


def foretold(forecast: npt.ArrayLike, outcome: npt.ArrayLike, task: Literal["chance", "amount"]) -> Foretold:
    """Compare forecasts with what came.

    Calibration in the large is ``R = sum y / sum f``, with ``sqrt(sum (y - R f)^2) / sum f`` for its standard error,
    whatever the outcome's distribution. The slope of chances is that of a logistic regression of y on the forecast's
    log-odds; of amounts, that of a log-linear one of y on log f by the Poisson likelihood, which needs no more than the mean
    to be right, with standard errors that do not take its spread for granted (Santos Silva and Tenreyro 2006, The log of
    gravity). Forecasts of nothing count as a millionth of the mean forecast there.

    Args:
        forecast: Chances from 0 to 1, or amounts from 0, shape (n,).
        outcome: 0 or 1, or amounts, shape (n,).
        task: Which of them.

    Raises:
        ModelError: Too few customers, nothing foretold, or fewer than 5 to whom it happened or did not happen.

    >>> found = foretold([0.2] * 100 + [0.8] * 100, ([1] * 20 + [0] * 80) + ([1] * 80 + [0] * 20), "chance")
    >>> round(found.ratio, 3), round(found.slope, 3), found.off, found.blurred
    (1.0, 1.0, False, False)
    """
    f, y = np.asarray(forecast, dtype=np.float64), np.asarray(outcome, dtype=np.float64)
    _comparable(f, y, task)
    total = f.sum()
    ratio = y.sum() / total
    error = math.sqrt(((y - ratio * f) ** 2).sum()) / total
    wide = math.exp(min(Z * error / ratio, _WIDEST))
    ends = ratio / wide, ratio * wide
    slope = _slope(f, y, task)
    return Foretold(f.size, float(total), float(y.sum()), float(ratio), float(ends[0]), float(ends[1]), *slope)


def _comparable(f: Floats, y: Floats, task: str) -> None:
    if f.shape != y.shape or f.ndim != 1:
        raise ModelError(f"calibration: expected a forecast and an outcome each, got {f.size:,} and {y.size:,}")
    if f.size < LEAST_CUSTOMERS:
        raise ModelError(f"calibration: {f.size:,} customers with a forecast are too few, it wants {LEAST_CUSTOMERS}")
    if not np.isfinite(f).all() or not np.isfinite(y).all() or f.min() < 0 or (task == "chance" and f.max() > 1):
        raise ModelError("calibration: expected finite forecasts from 0 (chances up to 1) and finite outcomes")
    happened = int((y > 0).sum())
    if min(happened, f.size - happened if task == "chance" else happened) < 5:
        wanted = "at least 5 to whom it did, and 5 to whom it did not" if task == "chance" else "at least 5"
        raise ModelError(f"calibration: it happened to {happened:,} of {f.size:,} customers, wanted {wanted}")
    if f.sum() <= 0:
        raise ModelError("calibration: nothing was foretold for anyone")
    if y.sum() <= 0:
        raise ModelError(f"calibration: what came adds up to {y.sum():,.6g}, so it cannot be held against forecasts")


def _slope(f: Floats, y: Floats, task: str) -> tuple[float | None, float | None, float | None]:
    x = logit(np.clip(f, 1e-6, 1 - 1e-6)) if task == "chance" else np.log(np.maximum(f, 1e-6 * f.mean()))
    if np.ptp(x) <= 1e-9 * max(1.0, float(np.abs(x).max())):
        return None, None, None
    found = _regress(x, y, task)
    if found is None:
        return None, None, None
    slope, error = found
    half = Z * error
    return slope, slope - half, slope + half


def _regress(x: Floats, y: Floats, task: str) -> tuple[float, float] | None:
    """Fit ``logit E(y)`` or ``log E(y)`` as ``a + b x`` by Newton's method from a = 0, b = 1; give b and its standard error."""
    x = x - x.mean()
    y = y if task == "chance" else y / y.mean()
    rows = np.stack([np.ones_like(x), x])
    weights = np.array([float(logit(y.mean())) if task == "chance" else 0.0, 1.0])
    for _ in range(100):
        along = weights @ rows
        mean = expit(along) if task == "chance" else np.exp(np.minimum(along, 30.0))
        curve = (rows * (mean * (1 - mean) if task == "chance" else mean)) @ rows.T
        if np.linalg.cond(curve) > 1e12:
            return None
        step = np.linalg.solve(curve, rows @ (y - mean))
        weights = weights + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-9:
            back = np.linalg.inv(curve)
            found = back if task == "chance" else back @ ((rows * (y - mean) ** 2) @ rows.T) @ back
            return float(weights[1]), math.sqrt(float(found[1, 1]))
    return None
