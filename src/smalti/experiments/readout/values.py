"""The value of a metric in each of two arms, with its standard error: of means, of ratios, with covariates, within strata.

The variances and covariances of ratios (delta method), and how the statistics of two arms add up to those of both, are
tea-tasting's aggregates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smalti.experiments.readout.metric import Metric
from smalti.experiments.readout.statistics import Statistics

if TYPE_CHECKING:
    from tea_tasting.aggr import Aggregates

LEAST_CUSTOMERS = 2
"""With fewer customers in an arm nothing can be said of chance."""
LEAST_EVENTS = 10
"""Of a yes-or-no outcome, fewer customers in an arm who did it, or did not, and the normal distribution is no guide."""
_IMAGINED = 2
_NOISE = 1e-12


@dataclass(frozen=True)
class ArmValue:
    """The value of a metric in an arm.

    Attributes:
        value: The value.
        error: Its standard error; 0 where nothing is known of it.
        degrees: The degrees of freedom of that error.
    """

    value: float
    error: float
    degrees: float


Pair = tuple[Statistics, Statistics]
"""Control and the arm, of the same customers' stratum."""


def values_of(strata: Sequence[Pair], metric: Metric) -> tuple[ArmValue, ArmValue]:
    """Give the metric in control and in the arm, each stratum weighing as much as it has customers.

    Strata in which an arm has fewer than two customers say nothing, and are left out of both arms.
    """
    told = [pair for pair in strata if _tellable(*pair, metric)]
    if not told:
        return ArmValue(_plain([one for one, _ in strata], metric), 0.0, 1.0), ArmValue(
            _plain([one for _, one in strata], metric), 0.0, 1.0
        )
    sizes = [control.count + treated.count for control, treated in told]
    sides = [_sides(*pair, metric) for pair in told]
    shares = [size / sum(sizes) for size in sizes]
    return _together([one for one, _ in sides], shares), _together([one for _, one in sides], shares)


def aggregates(one: Statistics, metric: Metric) -> Aggregates:
    """Give the statistics that a metric needs as tea-tasting takes them."""
    from tea_tasting.aggr import Aggregates  # noqa: PLC0415

    names = metric.columns
    return Aggregates(
        one.count,
        {name: one.mean(name) for name in names},
        {name: one.variance(name) for name in names},
        {(left, right): one.covariance(left, right) for left in names for right in names if left <= right},
    )


def degrees_of(errors: Sequence[float], degrees: Sequence[float]) -> float:
    """Give the degrees of freedom of a sum of independent estimates (Welch 1947, Satterthwaite 1946); of no error, 1.

    >>> degrees_of([1.0, 1.0], [10.0, 10.0])
    20.0
    """
    whole = sum(one**2 for one in errors)
    if not whole:
        return 1.0
    return 1 / sum((one**2 / whole) ** 2 / free for one, free in zip(errors, degrees, strict=True))


def is_rare(one: Statistics, metric: Metric) -> bool:
    """Say whether a yes-or-no outcome is so rare in an arm, or so common, that its spread there is known badly."""
    share = _share(one, metric)
    return share is not None and one.count * min(share, 1 - share) < LEAST_EVENTS


def _share(one: Statistics, metric: Metric) -> float | None:
    """Give the share of an arm's customers who did it; None where the outcome isn't yes or no."""
    if metric.denominator is not None or not one.count:
        return None
    share = one.mean(metric.numerator)
    spread = one.variance(metric.numerator) * (one.count - 1) if one.count > 1 else 0.0
    plain = 0 <= share <= 1 and math.isclose(spread, one.count * share * (1 - share), rel_tol=1e-9, abs_tol=1e-9)
    return share if plain else None


def _imagined(one: Statistics, other: Statistics, metric: Metric) -> float:
    """Give what is added to the variance of an arm in which too few did anything to know it.

    A small arm in which by luck nobody did it seems to have no variance at all, and every difference from it to be sure. Of a
    yes-or-no outcome two more are imagined who did it and two who did not (Agresti and Coull 1998); of amounts that are all
    the same in this arm alone, the variance of the other arm.
    """
    if metric.denominator is not None:
        return 0.0
    own, theirs = (side.variance(metric.numerator) for side in (one, other))
    least = (_NOISE * one.mean(metric.numerator)) ** 2
    if max(own, theirs) <= least:
        return 0.0
    share = _share(one, metric)
    if share is None or _share(other, metric) is None:
        return theirs if own <= least else 0.0
    if not is_rare(one, metric):
        return 0.0
    guarded = (one.count * share + _IMAGINED) / (one.count + 2 * _IMAGINED)
    return max(guarded * (1 - guarded) - own, 0.0)


def _tellable(control: Statistics, treated: Statistics, metric: Metric) -> bool:
    if min(control.count, treated.count) < LEAST_CUSTOMERS:
        return False
    below = [name for name in (metric.denominator, metric.covariate_denominator) if name is not None]
    return all(one.mean(name) != 0 for one in (control, treated) for name in below)


def _together(parts: Sequence[ArmValue], shares: Sequence[float]) -> ArmValue:
    errors = [share * one.error for one, share in zip(parts, shares, strict=True)]
    value = sum(share * one.value for one, share in zip(parts, shares, strict=True))
    return ArmValue(value, math.hypot(*errors), degrees_of(errors, [one.degrees for one in parts]))


def _sides(control: Statistics, treated: Statistics, metric: Metric) -> tuple[ArmValue, ArmValue]:
    left, right = aggregates(control, metric), aggregates(treated, metric)
    added = _imagined(control, treated, metric), _imagined(treated, control, metric)
    if metric.covariate is None:
        return _side(left, metric, (0.0, 0.0), added[0]), _side(right, metric, (0.0, 0.0), added[1])
    both = left + right
    names = metric.covariate, metric.covariate_denominator
    spread = float(both.ratio_var(*names))
    slope = float(both.ratio_cov(metric.numerator, metric.denominator, *names)) / spread if spread > 0 else 0.0
    middle = float(both.mean(names[0]) / both.mean(names[1]))
    return _side(left, metric, (slope, middle), added[0]), _side(right, metric, (slope, middle), added[1])


def _side(one: Aggregates, metric: Metric, line: tuple[float, float], added: float) -> ArmValue:
    """Give one arm, moved along the line (slope and middle) of a covariate, its variance raised by what is added."""
    slope, middle = line
    value = one.mean(metric.numerator) / one.mean(metric.denominator)
    variance = one.ratio_var(metric.numerator, metric.denominator)
    if slope:
        names = metric.covariate, metric.covariate_denominator
        value -= slope * (one.mean(names[0]) / one.mean(names[1]) - middle)
        shared = one.ratio_cov(metric.numerator, metric.denominator, *names)
        variance += slope**2 * one.ratio_var(*names) - 2 * slope * shared
    return ArmValue(float(value), math.sqrt((max(float(variance), 0.0) + added) / one.count()), one.count() - 1)


def _plain(parts: Sequence[Statistics], metric: Metric) -> float:
    above = sum(one.count * one.mean(metric.numerator) for one in parts)
    below = sum(one.count * (1.0 if metric.denominator is None else one.mean(metric.denominator)) for one in parts)
    return above / below if below else 0.0
