"""The average effect of an arm against control, from sufficient statistics: means, ratios, and both with covariates.

The interval is Welch's, that of a relative effect is taken on the scale of logarithms; the tests hold both to tea-tasting's.
Where an outcome is rare the variance is raised with caution (see `values`): nothing looks as sure as an arm in which by luck
nobody bought.

Sources: Welch (1947); Deng, Knoblich and Lu, Applying the delta method in metric analytics (2018); Deng, Xu, Kohavi and Walker,
Improving the sensitivity of online controlled experiments by utilizing pre-experiment data (2013).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from scipy.special import stdtr, stdtrit

from smalti.errors import ModelError
from smalti.experiments.readout.metric import Metric
from smalti.experiments.readout.sequential import AlwaysValid, always_valid
from smalti.experiments.readout.statistics import Statistics, total
from smalti.experiments.readout.values import ArmValue, degrees_of, is_rare, values_of

_NOISE = 1e-12
_SURELY = 2.0


@dataclass(frozen=True)
class AverageEffect:
    """The average effect of one arm against control, by one metric.

    Attributes:
        metric: The metric's name.
        arm: The arm.
        control: The arm it is held against.
        customers: How many customers the arm has.
        control_customers: How many control has.
        value: The metric in the arm; with a covariate, as it would be had both arms been alike before.
        control_value: The metric in control, likewise.
        effect: The one less the other, in the metric's unit per customer (of a ratio: per unit of its denominator).
        error: Its standard error; NaN where nothing can be said of it.
        low: Low end of its interval.
        high: High end.
        p: The chance of such an effect, to either side, where there is none.
        level: The level of the interval.
        relative: The effect as a share of control's value; None where control's value is not above 0.
        relative_low: Low end of its interval; None where either value is not surely above 0, so that nothing is a share of it.
        relative_high: High end.
        variance_kept: The part of the variance that the covariate left; 1 without one.
        rare: Whether a yes-or-no outcome is so rare or so common in an arm that the interval is widened, and a rough guide.
        always: The interval that stays right at every look; None where none was asked for.
        p_adjusted: The p-value corrected for all effects that were looked at together.
        sure: Whether that is small enough to call the effect other than 0.
        together: How many effects were looked at together, and are corrected for.
    """

    metric: str
    arm: str
    control: str
    customers: int
    control_customers: int
    value: float
    control_value: float
    effect: float
    error: float
    low: float
    high: float
    p: float
    level: float
    relative: float | None = None
    relative_low: float | None = None
    relative_high: float | None = None
    variance_kept: float = 1.0
    rare: bool = False
    always: AlwaysValid | None = None
    p_adjusted: float = 1.0
    sure: bool = False
    together: int = 1

    @property
    def interval(self) -> tuple[float, float]:
        """The interval to act on: the one for every look where it was asked for, else the one for a single look at the end."""
        return (self.low, self.high) if self.always is None else (self.always.low, self.always.high)


@dataclass(frozen=True)
class Terms:
    """How one arm is held against control.

    Attributes:
        level: The level of the intervals, between 0 and 1.
        tuned_for: The number of customers, both arms together, for which an interval valid at every look is to be narrowest;
            None for a single look at the end.
    """

    level: float = 0.95
    tuned_for: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise ModelError(f"level: expected a chance between 0 and 1, got {self.level}")


def compare(
    control: Statistics,
    treated: Statistics,
    metric: Metric,
    terms: Terms = Terms(),
    arms: tuple[str, str] = ("control", "arm"),
) -> AverageEffect:
    """Give the average effect of an arm against control.

    Args:
        control: The statistics of the arm that the other is held against.
        treated: Those of the other.
        metric: What is measured.
        terms: The level, and whether people look before the end.
        arms: The names of control and of the arm.

    Returns:
        The effect; where nothing can be said of chance (an arm with fewer than two customers, or everybody alike), the interval
        is from minus to plus infinity.

    Raises:
        ModelError: A column of the metric is not among the statistics.

    Examples:
        >>> found = compare(Statistics.of_counts(100, 1000), Statistics.of_counts(130, 1000), Metric("visit", "outcome"))
        >>> [round(one, 4) for one in (found.effect, found.error, found.low, found.high, found.p, found.relative)]
        [0.03, 0.0143, 0.002, 0.058, 0.0355, 0.3]
    """
    return compare_within(((control, treated),), metric, terms, arms)


def compare_within(
    strata: Sequence[tuple[Statistics, Statistics]],
    metric: Metric,
    terms: Terms = Terms(),
    arms: tuple[str, str] = ("control", "arm"),
) -> AverageEffect:
    """Give the average effect of an arm against control from comparisons within strata only.

    Where the chance of an arm differs among strata, a plain difference compares different customers (Simpson's paradox). Each
    stratum weighs as much as it has customers; those with fewer than two in an arm say nothing and are left out. Of a ratio the
    effect is the mean over customers of the strata's effects.

    Args:
        strata: The statistics of control and of the arm in each stratum.
        metric: As in `compare`.
        terms: As in `compare`.
        arms: As in `compare`.

    Raises:
        ModelError: As in `compare`.

    Examples:
        >>> new = Statistics.of_counts(90, 900), Statistics.of_counts(11, 100)
        >>> old = Statistics.of_counts(50, 100), Statistics.of_counts(459, 900)
        >>> round(compare_within((new, old), Metric("visit", "outcome")).effect, 3)
        0.01
        >>> round(compare(new[0] + old[0], new[1] + old[1], Metric("visit", "outcome")).effect, 3)
        0.33

    Source: Miratrix, Sekhon and Yu, Adjusting treatment effect estimates by post-stratification (2013).
    """
    left, right = values_of(strata, metric)
    error = math.hypot(left.error, right.error)
    known = error > _NOISE * max(abs(left.value), abs(right.value))
    effect = right.value - left.value
    half, p = _welch(effect, left, right, terms.level) if known else (math.inf, 1.0)
    found = AverageEffect(
        metric=metric.name,
        arm=arms[1],
        control=arms[0],
        customers=sum(one.count for _, one in strata),
        control_customers=sum(one.count for one, _ in strata),
        value=right.value,
        control_value=left.value,
        effect=effect,
        error=error if known else math.nan,
        low=effect - half,
        high=effect + half,
        p=p,
        level=terms.level,
        variance_kept=_kept(strata, metric, error) if known else 1.0,
        rare=any(is_rare(total(side), metric) for side in zip(*strata, strict=True)),
    )
    return _decided(_watched(_relative(found, left, right), terms))


def _welch(effect: float, left: ArmValue, right: ArmValue, level: float) -> tuple[float, float]:
    """Give half the width of the interval, and the p-value."""
    errors = left.error, right.error
    error, degrees = math.hypot(*errors), degrees_of(errors, (left.degrees, right.degrees))
    return float(stdtrit(degrees, (1 + level) / 2)) * error, float(2 * stdtr(degrees, -abs(effect) / error))


def _relative(found: AverageEffect, left: ArmValue, right: ArmValue) -> AverageEffect:
    if left.value <= 0:
        return found
    ratio = right.value / left.value
    if not found.error > 0 or min(left.value - _SURELY * left.error, right.value - _SURELY * right.error) <= 0:
        return replace(found, relative=ratio - 1)
    logs = [ArmValue(0.0, one.error / one.value, one.degrees) for one in (left, right)]
    half, _ = _welch(0.0, logs[0], logs[1], found.level)
    return replace(
        found, relative=ratio - 1, relative_low=ratio * math.exp(-half) - 1, relative_high=ratio * math.exp(half) - 1
    )


def _kept(strata: Sequence[tuple[Statistics, Statistics]], metric: Metric, error: float) -> float:
    if metric.covariate is None:
        return 1.0
    plain = values_of(strata, Metric(metric.name, metric.numerator, metric.denominator))
    before = sum(one.error**2 for one in plain)
    return error**2 / before if before else 1.0


def _watched(found: AverageEffect, terms: Terms) -> AverageEffect:
    if terms.tuned_for is None:
        return found
    customers = found.customers + found.control_customers
    return replace(found, always=always_valid(found.effect, found.error, customers, terms.tuned_for, terms.level))


def _decided(found: AverageEffect) -> AverageEffect:
    p = found.p if found.always is None else found.always.p
    return replace(found, p_adjusted=p, sure=p <= 1 - found.level)
