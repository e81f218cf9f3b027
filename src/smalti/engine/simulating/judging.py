"""What plans brought over all repetitions, and by how much one is better than another: intervals over repetitions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from smalti.engine.simulating.asked import Simulating
from smalti.engine.simulating.gating import let_through
from smalti.engine.simulating.knowing import Known
from smalti.engine.simulating.spending import Spent
from smalti.experiments.logged import Floats
from smalti.samples.campaigns import Campaign, instant_of


@dataclass(frozen=True)
class Outcome:
    """What one plan came to in one repetition.

    Attributes:
        contacts: How many contacts were spent.
        orders: How many orders they brought.
        expected: How many they bring by the truth, on average.
        refused: How many contacts the last gate did not let through; they are not among the others.
    """

    contacts: int
    orders: int
    expected: float
    refused: int = 0

    @property
    def rate(self) -> float:
        """How many orders a contact brought; 0 where there was none."""
        return self.orders / max(self.contacts, 1)

    @property
    def true_rate(self) -> float:
        """How many orders a contact brings by the truth."""
        return self.expected / max(self.contacts, 1)

    def gain(self, asked: Simulating) -> float:
        """Give what a contact brought, after its cost."""
        return self.rate * asked.margin - asked.cost if self.contacts else 0.0

    def truth(self, asked: Simulating) -> float:
        """Give what a contact brings by the truth, after its cost."""
        return self.true_rate * asked.margin - asked.cost if self.contacts else 0.0


@dataclass(frozen=True)
class Estimate:
    """A mean over repetitions with its interval."""

    value: float
    low: float
    high: float


def come_of(
    customers: Campaign, spent: Spent, known: Known, luck: Floats, *, own: bool = False, triggered: bool = False
) -> Outcome:
    """Say what came of contacts.

    Args:
        customers: The customers.
        spent: The contacts.
        known: What is known of their tastes.
        luck: Of each customer a number drawn from 0 to 1, the same for every plan, so that plans differ by what they do alone.
        own: Whether each is contacted the way and at the hour that suits her best, or as suits most.
        triggered: Whether a contact may only follow a moment that was seen.
    """
    rows = spent.rows
    way, hour = known.way[rows], known.hour[rows]
    if not own:
        way, hour = (np.full(len(rows), place, np.int64) for place in known.common)
    through = let_through(customers, spent, way, hour, triggered=triggered)
    chance = customers.chance(rows, spent.offer, instant_of(spent.day, hour), way, hour)
    brought, passed = int(((luck[rows] < chance) & through).sum()), int(through.sum())
    return Outcome(passed, brought, float(chance[through].sum()), len(rows) - passed)


def mean_of(values: Sequence[float], level: float) -> Estimate:
    """Give the mean of repetitions with its interval, by Student's t.

    >>> mean_of([1.0, 1.0, 1.0], 0.95)
    Estimate(value=1.0, low=1.0, high=1.0)
    """
    array = np.asarray(values, dtype=np.float64)
    reach = float(stats.t.ppf(0.5 + level / 2, len(array) - 1) * array.std(ddof=1) / math.sqrt(len(array)))
    mean = float(array.mean())
    return Estimate(mean, mean - reach, mean + reach)


def ratio_of(tops: Sequence[float], bottoms: Sequence[float], level: float) -> Estimate | None:
    """Give the ratio of two means over the same repetitions with its interval (delta method, on the logarithm).

    Returns:
        The ratio; None where one of the means is not above 0.

    >>> ratio_of([2.0, 4.0], [1.0, 2.0], 0.95)
    Estimate(value=2.0, low=2.0, high=2.0)
    """
    top, bottom = (np.asarray(one, dtype=np.float64) for one in (tops, bottoms))
    if min(top.mean(), bottom.mean()) <= 0:
        return None
    ratio = float(top.mean() / bottom.mean())
    apart = top / top.mean() - bottom / bottom.mean()
    reach = float(stats.t.ppf(0.5 + level / 2, len(top) - 1) * apart.std(ddof=1) / math.sqrt(len(top)))
    return Estimate(ratio, ratio * math.exp(-reach), ratio * math.exp(reach))
