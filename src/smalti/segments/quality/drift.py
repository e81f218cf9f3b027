"""How long customers stay in a segment, and whether segments are still what they were: half-lives and a test of drift.

Half-life: the time after which half of the members have left. From memberships at several instants: with s stays and x
exits over a gap g the rate maximises the sum over gaps of ``x ln(1 - exp(-r g)) - r g s``. (Spells seen in runs are for
`smalti.segments.survival`.)

Drift of a distribution over segments: the *same* customers are seen twice, so the test is that of marginal homogeneity
(Stuart 1955; Maxwell 1970; Bhapkar 1966). With enough customers any drift is significant: how large it is is told beside
it, as the share of customers who would have to change segments. (Of a model's inputs, from run to run: `smalti.models.drift`.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.stats import chi2

from smalti.errors import ModelError
from smalti.segments.quality.agreement import Floats, contingency

__all__ = [
    "Drift",
    "HalfLife",
    "half_life_of_memberships",
    "paired_drift",
]


@dataclass(frozen=True)
class HalfLife:
    """After how long half of the members have left.

    Attributes:
        value: The half-life, in the unit of the times it was reckoned from; infinite where nobody left.
        low: Lower end of its interval.
        high: Upper end; infinite where nobody left.
        exits: How many were seen to leave.
        at_risk: How many spells, or stretches between two instants, were looked at.
    """

    value: float
    low: float
    high: float
    exits: int
    at_risk: int


@dataclass(frozen=True)
class Drift:
    """Whether a distribution over bins changed, and by how much.

    Attributes:
        statistic: About chi-squared without drift.
        freedom: Its degrees of freedom; 0 where nobody moved and there is nothing to test.
        p_value: How likely so large a statistic is without drift.
        moved: The share of customers who would have to change bins to undo it, ``sum |p - q| / 2``, from 0 to 1.
        customers: How many were seen twice.
    """

    statistic: float
    freedom: int
    p_value: float
    moved: float
    customers: int


def _half(rate: float) -> float:
    return math.log(2) / rate if rate > 0 else math.inf


def half_life_of_memberships(member: npt.ArrayLike, times: npt.ArrayLike, level: float = 0.95) -> HalfLife:
    """Give the half-life of membership from who was a member at several instants, if the chance to leave is always the same.

    Who left and came back between two instants is not seen to have left, so it is an upper bound where that is common.

    Args:
        member: Whether each customer was a member at each instant, shape (instants, n).
        times: The instants, ascending, in any unit, shape (instants,).
        level: Of the interval, by the profile of the likelihood (a drop of half the chi-squared quantile).

    Raises:
        ModelError: Fewer than 2 instants, instants that do not ascend, or nobody who was a member before the last of them.

    >>> found = half_life_of_memberships([[True] * 4 + [False], [True, True, False, False, True]], [0, 30])
    >>> round(found.value, 9), found.exits, found.at_risk
    (30.0, 2, 4)
    """
    inside, at = np.asarray(member, dtype=np.bool_), np.asarray(times, dtype=np.float64)
    gaps = np.diff(at)
    if inside.ndim != 2 or len(inside) != len(at) or len(at) < 2 or not (gaps > 0).all():
        raise ModelError("half-life: expected memberships at 2 or more instants, later ones after earlier ones")
    risk = inside[:-1].sum(axis=1).astype(np.float64)
    stays = (inside[:-1] & inside[1:]).sum(axis=1).astype(np.float64)
    if not risk.sum():
        raise ModelError("half-life: expected somebody who was a member before the last instant, got nobody")
    low, best, high = _rates(gaps, stays, risk - stays, level)
    return HalfLife(
        _half_or_nothing(best), _half_or_nothing(high), _half(low), int((risk - stays).sum()), int(risk.sum())
    )


def _half_or_nothing(rate: float) -> float:
    return 0.0 if math.isinf(rate) else _half(rate)


def _rates(gaps: Floats, stays: Floats, exits: Floats, level: float) -> tuple[float, float, float]:
    def likelihood(log_rate: float) -> float:
        each = math.exp(log_rate) * gaps
        return float((exits * np.log(-np.expm1(-each)) - each * stays).sum())

    def slope(log_rate: float) -> float:
        each = math.exp(log_rate) * gaps
        return float((exits * gaps / np.expm1(each) - gaps * stays).sum())

    drop = float(chi2.ppf(level, 1)) / 2
    first, last = math.log(1e-9 / gaps.max()), math.log(50 / gaps.min())
    if not exits.sum():
        return 0.0, 0.0, drop / float((gaps * stays).sum())
    if not stays.sum():
        return math.exp(brentq(lambda rate: likelihood(rate) + drop, first, last)), math.inf, math.inf
    best = float(brentq(slope, first, last, xtol=1e-13))
    least = likelihood(best) - drop
    ends = [brentq(lambda rate: likelihood(rate) - least, *between) for between in ((first, best), (best, last))]
    return math.exp(ends[0]), math.exp(best), math.exp(ends[1])


def paired_drift(before: npt.ArrayLike, after: npt.ArrayLike) -> Drift:
    """Test whether the same customers, seen twice, have one distribution over bins: Bhapkar's test of marginal homogeneity.

    With d the differences of the two margins and S their covariance as the table has it (Bhapkar 1966), ``d' S^-1 d``; with
    W the statistic of Stuart (1955) and Maxwell (1970) it is ``W / (1 - W / n)``. Who stayed where she was tells nothing.

    Args:
        before: The bin or segment of each customer before, from 0, or -1 for nobody's, which is a bin like others; shape (n,).
        after: The same after.

    Raises:
        ModelError: Bins of other customers, or no customer.

    >>> found = paired_drift([0] * 20 + [1] * 20, [0] * 10 + [1] * 10 + [1] * 18 + [0] * 2)
    >>> round(found.statistic, 4), found.freedom, round(found.p_value, 4), found.moved
    (6.1538, 1, 0.0131, 0.2)
    """
    first, second = (np.asarray(one, dtype=np.int64) + 1 for one in (before, after))
    if first.shape != second.shape or not first.size:
        raise ModelError(f"drift: expected the same customers before and after, got {first.size} and {second.size}")
    size = int(max(first.max(), second.max())) + 1
    table = np.zeros((size, size))
    seen = contingency(first, second)
    table[: seen.shape[0], : seen.shape[1]] = seen
    statistic, freedom = _bhapkar(table)
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    n = int(table.sum())
    p_value = float(chi2.sf(statistic, freedom)) if freedom else 1.0
    moved = float(np.abs(rows - columns).sum() / (2 * n))
    return Drift(statistic, freedom, p_value, moved, n)


def _bhapkar(table: Floats) -> tuple[float, int]:
    """Give the statistic and its degrees of freedom: the rank of the covariance, smaller where bins saw no movement."""
    n, differ = table.sum(), table.sum(axis=1) - table.sum(axis=0)
    spread = np.diag(table.sum(axis=1) + table.sum(axis=0)) - table - table.T
    freedom = int(np.linalg.matrix_rank(spread))
    if not freedom:
        return 0.0, 0
    stuart = float(differ @ np.linalg.pinv(spread, hermitian=True) @ differ)
    return float(stuart / (1 - stuart / n)) if stuart < n else math.inf, freedom
