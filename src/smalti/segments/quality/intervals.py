"""Intervals for shares, for Cliff's delta, and for shares of money.

All are two-sided and hold their level on each side; a level is the chance of covering, such as 0.95.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri, stdtrit
from scipy.stats import hypergeom

from smalti.segments.quality.grouping import Booleans, Floats, Integers

LEVEL = 0.95
"""The level of an interval that names no other."""
SMALL_GROUP = 50
"""With fewer members, a group's own spread does not show what it would be in another sample; all its values may be equal by
chance."""
RARE = 20
"""Where the smaller group is expected to have fewer members than this off the commonest value, the normal distribution is no
guide to chance."""


@dataclass(frozen=True)
class Estimate:
    """A number with its interval.

    Attributes:
        value: The number.
        low: Low end.
        high: High end.
    """

    value: float
    low: float
    high: float


def reach_of(level: float) -> float:
    """Give how many standard errors a two-sided normal interval of this level reaches to either side.

    >>> round(reach_of(0.95), 3)
    1.96
    """
    return float(ndtri((1 + level) / 2))


def wilson(count: float, total: float, level: float = LEVEL) -> Estimate:
    """Estimate a share with Wilson's score interval (1927); of nothing, the share is 0 and the interval says nothing.

    >>> found = wilson(80, 400)
    >>> round(found.low, 4), round(found.high, 4)
    (0.1637, 0.242)
    """
    if total <= 0:
        return Estimate(0.0, 0.0, 1.0)
    z, share = reach_of(level), count / total
    middle = share + z * z / (2 * total)
    spread = z * float(np.sqrt(share * (1 - share) / total + z * z / (4 * total * total)))
    scale = 1 + z * z / total
    low = 0.0 if count == 0 else (middle - spread) / scale
    return Estimate(share, low, 1.0 if count == total else (middle + spread) / scale)


def delta_interval(delta: Floats, error: Floats, sizes: Floats, level: float) -> tuple[Floats, Floats]:
    """Give the ends of the interval of Cliff's delta, asymmetric and within -1 and 1 (Cliff 1996; Feng and Cliff 2004).

    At -1 and 1 nothing is left of the standard error; there, the chance of the other order is bounded by Wilson's interval
    for none among as many pairs as the smaller group has members.

    Args:
        delta: Cliff's delta, of any shape.
        error: Its standard error.
        sizes: The smaller group's size.
        level: Chance of covering.
    """
    z = reach_of(level)
    least = 1 - 2 * (z * z / sizes) / (1 + z * z / sizes)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 1 - delta**2 + (z * error) ** 2
        spread = z * error * np.sqrt((1 - delta**2) ** 2 + (z * error) ** 2)
        low, high = (delta - delta**3 - spread) / scale, (delta - delta**3 + spread) / scale
    low = np.where(delta >= 1, least, np.where(delta <= -1, -1.0, low))
    high = np.where(delta <= -1, -least, np.where(delta >= 1, 1.0, high))
    return np.maximum(low, -1.0), np.minimum(high, 1.0)


def cliffs_delta(first: Floats, second: Floats) -> tuple[float, float]:
    """Give Cliff's delta (1993) and its standard error: how much more often the first exceeds the second than falls short.

    The error is that of DeLong et al. (1988) for the area under the curve, times two; ties count half. Where a group is small
    or all its values are equal, it is at least `error_by_chance`.

    Args:
        first: Values of one group, at least two, none missing.
        second: Values of the other.

    >>> cliffs_delta(np.array([3.0, 4.0]), np.array([1.0, 2.0, 3.0]))[0]
    0.8333333333333334
    """
    above, below = _placements(first, np.sort(second)), _placements(second, np.sort(first))
    parts = np.var(above, ddof=1) / len(first), np.var(below, ddof=1) / len(second)
    error = float(np.sqrt(sum(parts)))
    if min(len(first), len(second)) < SMALL_GROUP or not all(parts):
        each = np.unique(np.concatenate([first, second]), return_counts=True)[1]
        error = max(error, error_by_chance(len(first), len(second), each))
    return float(above.mean()), error


def error_by_chance(n: int, m: int, each: Integers) -> float:
    """Give the standard error of Cliff's delta where two groups are drawn from the same values: Wilcoxon's, corrected for ties.

    Args:
        n: Size of one group.
        m: Size of the other.
        each: How often each value occurs in both together.

    >>> round(error_by_chance(10, 10, np.ones(20)), 4)
    0.2646
    """
    total, counts = float(n + m), np.asarray(each, dtype=np.float64)
    tied = 1 - float((counts**3 - counts).sum()) / (total**3 - total)
    return float(np.sqrt(max(tied, 0.0) * (total + 1) / (3 * n * m)))


def chance_of(delta: float, first: Integers, second: Integers) -> float:
    """Give the chance of so large a delta where two groups are drawn from the same values, two-sided.

    It is Wilcoxon's, by the normal distribution; where few members are expected off the commonest value, it is at least the
    exact chance that so many or so few of them are.

    Args:
        delta: Cliff's delta.
        first: How often each value occurs in one group.
        second: How often it occurs in the other.

    >>> round(chance_of(0.19, np.array([8, 2]), np.array([980, 10])), 3)
    0.011
    """
    each, n, m = first + second, int(first.sum()), int(second.sum())
    error = error_by_chance(n, m, each)
    chance = 2 * float(ndtr(-abs(delta) / error)) if error > 0 else 1.0
    rare = n + m - int(each.max())
    if chance > 1 - LEVEL or rare * min(n, m) >= RARE * (n + m):
        return chance
    own = np.unique(n - first[each == each.max()])
    tails = np.minimum(hypergeom.cdf(own, n + m, rare, n), hypergeom.sf(own - 1, n + m, rare, n))
    return max(chance, min(1.0, 2 * float(tails.max())))


def holm(chances: npt.ArrayLike) -> Floats:
    """Correct chances for being the best of many: the step-down of Holm (1979), which holds whatever depends on what.

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    given = np.asarray(chances, dtype=np.float64)
    order = np.argsort(given, kind="stable")
    stepped = np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1))
    corrected = np.empty(len(given))
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected


def _placements(values: Floats, others: Floats) -> Floats:
    left = np.searchsorted(others, values, side="left")
    placed: Floats = (left + np.searchsorted(others, values, side="right")) / len(others) - 1.0
    return placed


def money_share(inside: Booleans, money: Floats, level: float = LEVEL) -> Estimate:
    """Estimate the share of all money that some customers hold, as if all customers were drawn from many more.

    The interval is that of a ratio of sums, linearised, on the logit scale, so that it stays within 0 and 1 and is
    wide upwards. Money must not be negative; the share of nothing is 0 and its interval says nothing.

    Args:
        inside: Whether each of n customers is among them.
        money: What each is worth, not negative.
        level: Chance of covering.
    """
    total, held = float(money.sum()), float(money[inside].sum())
    if total <= 0:
        return Estimate(0.0, 0.0, 1.0)
    share = held / total
    if share in (0.0, 1.0):
        return Estimate(
            share, 0.0 if share == 0 else 1 - 3 / len(money), 1.0 if share == 1 else min(1.0, 3 / len(money))
        )
    own = money[inside]
    rest = float(np.square(money).sum() - np.square(own).sum())
    error = float(np.sqrt((1 - share) ** 2 * np.square(own).sum() + share**2 * rest)) / total
    reach, place = reach_of(level) * error / (share * (1 - share)), np.log(share / (1 - share))
    return Estimate(share, *(float(1 / (1 + np.exp(-(place + side * reach)))) for side in (-1, 1)))


def value_per_head(inside: Booleans, money: Floats, level: float = LEVEL) -> Estimate:
    """Estimate how many times the average customer's money some customers are each worth; no members are worth 0.

    The interval is on the logarithm of the ratio of the two means, linearised, with Student's t for the number of members,
    which is taken as given. One rich member must not make a group of rich ones: where the low end is lower without the richest
    member, it is that. Where money has a heavy tail and members are few, the high end falls short (measured: 8 times in 100
    with 30 members instead of 2.5); the low end, which decides what is a niche, does not.
    """
    found = _per_head(inside, money, level)
    own = np.flatnonzero(inside)
    if len(own) < 3 or found.low <= 0:
        return found
    fewer = inside.copy()
    fewer[own[int(money[own].argmax())]] = False
    return Estimate(found.value, min(found.low, _per_head(fewer, money, level).low), found.high)


def _per_head(inside: Booleans, money: Floats, level: float) -> Estimate:
    members, average = int(inside.sum()), float(money.mean()) if len(money) else 0.0
    own = money[inside]
    if members < 2 or average <= 0 or own.sum() <= 0:
        ratio = float(own.mean() / average) if members and average > 0 else 0.0
        return Estimate(ratio, 0.0, float("inf"))
    part = members / len(money)
    outside = float(np.var(money[~inside])) if members < len(money) else 0.0
    ratio = float(own.mean() / average)
    weight = 1 / own.mean() - part / average
    variance = np.var(own, ddof=1) / members * weight**2 + outside * (1 - part) / len(money) / average**2
    reach = float(stdtrit(members - 1, (1 + level) / 2)) * float(np.sqrt(variance))
    return Estimate(ratio, ratio * float(np.exp(-reach)), ratio * float(np.exp(reach)))
