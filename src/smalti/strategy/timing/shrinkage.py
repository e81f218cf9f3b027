"""Shrinkage: what few observations of one customer say, held against her segment's and everybody's.

Counts of one customer are taken as drawn from her own shares, hers as drawn around her group's, a group's around everybody's:
Dirichlet-multinomial twice, of two categories the Beta-binomial. How strongly each is drawn to the level above is found by
maximum likelihood (empirical Bayes; T. P. Minka, "Estimating a Dirichlet distribution", 2000).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from smalti.strategy.peers import Floats, Integers

STRONGEST = 1e5
"""How many observations a level is worth at most: so much that nobody differs from it."""
WEAKEST = 0.05
MOST_UNITS = 20_000
"""How many customers the strength is found from at most; evenly spaced."""
_FEWEST = 1e-6


@dataclass(frozen=True, eq=False)
class Levels:
    """What is known before a customer's own counts are looked at.

    Attributes:
        shares: Of each group, the shares of the categories; shape (groups, K).
        strength: How many observations of her own a customer's group is worth.
        overall: The shares of all together; shape (K,).
        group_strength: How many observations of its own everybody is worth to a group.
    """

    shares: Floats
    strength: float
    overall: Floats
    group_strength: float

    def shrunken(self, counts: Floats | Integers, groups: Integers) -> Floats:
        """Give the expected shares of customers with these counts; shape (n, K).

        >>> levels = Levels(np.array([[0.5, 0.5]]), 2.0, np.array([0.5, 0.5]), 10.0)
        >>> levels.shrunken(np.array([[2.0, 0.0], [0.0, 0.0]]), np.zeros(2, int)).tolist()
        [[0.75, 0.25], [0.5, 0.5]]
        """
        weighed: Floats = counts + self.strength * self.shares[groups]
        shares: Floats = weighed / weighed.sum(axis=1, keepdims=True)
        return shares


def strength_of(counts: Floats | Integers, shares: Floats, groups: Integers) -> float:
    """Find how many observations their level is worth to units, by maximum likelihood of their counts.

    Args:
        counts: Of each unit, how often each category was seen; shape (m, K).
        shares: Of each group, the shares that its units are drawn around; shape (groups, K).
        groups: Of each unit, its group; shape (m,).

    Returns:
        The strength, `WEAKEST` to `STRONGEST`; the strongest where no unit was seen twice.

    >>> alike = np.tile([3.0, 3.0], (50, 1))
    >>> apart = np.tile([[6.0, 0.0], [0.0, 6.0]], (25, 1))
    >>> even, one = np.full((1, 2), 0.5), np.zeros(50, int)
    >>> strength_of(alike, even, one) > 1000, strength_of(apart, even, one) < 1
    (True, True)
    """
    total = counts.sum(axis=1)
    telling = np.flatnonzero(total >= 2)
    telling = telling[:: max(len(telling) // MOST_UNITS, 1)]
    if not len(telling):
        return STRONGEST
    counts, total, around = counts[telling], total[telling], np.maximum(shares[groups[telling]], _FEWEST)
    seen = counts > 0
    held, base = counts[seen], around[seen]

    def cost(logarithm: float) -> float:
        strength = np.exp(logarithm)
        own = gammaln(strength * base + held) - gammaln(strength * base)
        return float(-(own.sum() + (gammaln(strength) - gammaln(strength + total)).sum()))

    found = minimize_scalar(cost, bounds=(np.log(WEAKEST), np.log(STRONGEST)), method="bounded")
    return float(np.exp(found.x))


def levels_of(counts: Floats | Integers, groups: Integers, by_group: Floats) -> Levels:
    """Find the shares of all and of each group, and how strongly customers are drawn to them.

    Args:
        counts: Of each customer, how often each category was seen; shape (n, K).
        groups: Of each customer, her group; shape (n,).
        by_group: The counts of each group's customers together; shape (groups, K).

    >>> seen = np.array([[2.0, 0.0], [0.0, 2.0]])
    >>> levels_of(seen, np.zeros(2, int), seen.sum(axis=0, keepdims=True)).shares.tolist()
    [[0.5, 0.5]]
    """
    number, kinds = by_group.shape
    overall = (by_group.sum(axis=0) + 1 / kinds) / (by_group.sum() + 1)
    alone = number == 1
    group_strength = STRONGEST if alone else strength_of(by_group, overall[None, :], np.zeros(number, dtype=np.int64))
    weighed = by_group + (overall if alone else group_strength * overall)
    shares = weighed / weighed.sum(axis=1, keepdims=True)
    return Levels(shares, strength_of(counts, shares, groups), overall, group_strength)
