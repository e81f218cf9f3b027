"""Intervals for people who look every day: they hold at all looks together, and stopping at any of them is allowed.

The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, Time-uniform central limit theory and
asymptotic confidence sequences (2021, arXiv 2103.06476), for an estimate whose variance falls as 1/n. It is tuned to be
narrowest at a number of customers stated beforehand; elsewhere it holds as well, and is wider.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.errors import ModelError
from smalti.experiments.logged import Floats


@dataclass(frozen=True)
class AlwaysValid:
    """An interval and a p-value that stay right however often and whenever somebody looks.

    Attributes:
        low: Low end.
        high: High end.
        p: The always-valid p-value against no effect; at no look whatever is it below a with more than chance a.
        tuned_for: The number of customers, all arms compared together, at which the interval is narrowest.
        level: The chance that it covers at all looks together.
    """

    low: float
    high: float
    p: float
    tuned_for: int
    level: float


def always_valid(effect: float, error: float, customers: int, tuned_for: int, level: float = 0.95) -> AlwaysValid:
    """Give the interval at this look.

    Args:
        effect: The effect as measured up to now.
        error: Its standard error, as it stands now.
        customers: How many customers it is measured on, both arms together.
        tuned_for: The number of customers that the experiment is planned for; fixed before the first look.
        level: The chance of covering at all looks together.

    Raises:
        ModelError: `tuned_for` is below 1, or the level is not between 0 and 1.

    Examples:
        >>> now = always_valid(0.3, 0.1, customers=5_000, tuned_for=10_000)
        >>> round(now.low, 3), round(now.high, 3), round(now.p, 3)
        (-0.008, 0.608, 0.061)
    """
    half = float(error * reach(customers, tuned_for, level))
    if np.isnan(half):
        return AlwaysValid(-np.inf, np.inf, 1.0, tuned_for, level)
    return AlwaysValid(
        effect - half, effect + half, always_p(effect, error, customers, tuned_for, level), tuned_for, level
    )


def reach(customers: float, tuned_for: int, level: float = 0.95) -> float:
    """Give how many standard errors the interval reaches to either side at a look; 1.96 is what one look at the end needs.

    Args:
        customers: How many there are at the look, above 0.
        tuned_for: As in `always_valid`.
        level: As in `always_valid`.

    Raises:
        ModelError: As in `always_valid`.

    Examples:
        >>> round(reach(10_000, tuned_for=10_000), 2)
        3.04
    """
    return float(reaches(np.array([customers], dtype=np.float64), tuned_for, level)[0])


def reaches(customers: Floats, tuned_for: int, level: float = 0.95) -> Floats:
    """Give the same at each of several looks.

    Args:
        customers: How many there are at each; any shape.
        tuned_for: As in `always_valid`.
        level: As in `always_valid`.

    Raises:
        ModelError: As in `always_valid`.

    Examples:
        >>> reaches(np.array([100.0, 10_000.0, 100_000.0]), tuned_for=10_000).round(2).tolist()
        [9.08, 3.04, 3.24]
    """
    weight = customers * _rho_squared(tuned_for, level)
    inside: Floats = 2 * (weight + 1) / weight * np.log(np.sqrt(weight + 1) / (1 - level))
    return np.sqrt(inside)


def always_p(effect: float, error: float, customers: int, tuned_for: int, level: float = 0.95) -> float:
    """Give the always-valid p-value against no effect: below 1 - `level` exactly when the interval leaves out 0."""
    if not error > 0:
        return 1.0
    weight = customers * _rho_squared(tuned_for, level)
    far = (effect / error) ** 2 * weight / (2 * (weight + 1))
    return float(min(1.0, np.exp(0.5 * np.log1p(weight) - far)))


def _rho_squared(tuned_for: int, level: float) -> float:
    if tuned_for < 1:
        raise ModelError(f"tuned_for: expected the number of customers the experiment is planned for, got {tuned_for}")
    if not 0 < level < 1:
        raise ModelError(f"level: expected a chance between 0 and 1, got {level}")
    twice = -2 * np.log(1 - level)
    return float((twice + np.log1p(twice)) / tuned_for)
