"""The exact distribution of the number of purchases in a horizon, given a customer's history.

Let N be the purchases she would make in the horizon if she could not drop out: negative binomial with shape n = r + x
and chance z = t / (alpha + T + t). She makes more than i purchases exactly when she is active now, N is more than i,
and she stays after each of the first i. Rate and drop-out chance are independent given that she is active, so

    P(more than i) = P(active) P(N > i) B(a, k + i) / B(a, k)

with `k` from `Parameters.stayed`. It holds for both models; its sum over i is the expected number of purchases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, gammaln

from smalti.models.arrays import Floats, Integers
from smalti.models.buying.likelihood import Parameters, still_active

_ALMOST = 1.0 - 2.0**-53
"""The largest number below 1: a horizon without end rounds z up to 1."""


@dataclass(frozen=True, eq=False)
class Counts:
    """Purchases in a horizon, one distribution per customer.

    Attributes:
        active: the chance that she is active now.
        shape: n = r + x.
        chance: z = t / (alpha + T + t).
        stayed: k, the second parameter of her drop-out chance's Beta.
        dropping: a, its first parameter.
    """

    active: Floats
    shape: Floats
    chance: Floats
    stayed: Floats
    dropping: float

    @classmethod
    def of(cls, parameters: Parameters, history: tuple[Floats, Floats, Floats], horizon: Floats) -> Counts:
        """Return the distributions for histories (x, t_x, T) and a horizon each, four arrays of one length."""
        repeats, _, age = history
        active = still_active(parameters, *history)
        chance = horizon / (parameters.alpha + age + horizon)
        return cls(active, parameters.r + repeats, chance, parameters.stayed(repeats), parameters.a)

    def more_than(self, count: int | Integers, rows: Integers | slice = slice(None)) -> Floats:
        """Return the chance of more than `count` purchases, for the given rows."""
        i, n, k, z = np.asarray(count, dtype=float), self.shape[rows], self.stayed[rows], self.chance[rows]
        bought = betainc(i + 1.0, n, z)
        both = self.dropping + k
        stays = np.exp(gammaln(k + i) - gammaln(k) + gammaln(both) - gammaln(both + i))
        return np.asarray(self.active[rows] * bought * stays)

    def any(self) -> Floats:
        """Return the chance of at least one purchase."""
        return np.asarray(self.active * -np.expm1(self.shape * np.log1p(-np.minimum(self.chance, _ALMOST))))

    def quantile(self, level: float) -> Integers:
        """Return the smallest number of purchases that is not exceeded with at least this chance."""
        return least_count(self.more_than, self.any(), 1.0 - level)


def least_count(more_than: Callable[[Integers, Integers], Floats], any_at_all: Floats, tail: float) -> Integers:
    """Return for each customer the smallest number that she exceeds with a chance of at most `tail`.

    Args:
        more_than: numbers and customers' rows to the chance that each exceeds hers; falling in the number.
        any_at_all: each customer's chance to exceed 0.
        tail: the chance allowed.

    Examples:
        >>> least_count(lambda count, rows: 0.5 ** (count + 1.0), np.array([0.5, 0.5]), 0.2).tolist()
        [2, 2]
    """
    low = np.zeros(any_at_all.size, dtype=np.int64)
    open_rows = np.flatnonzero(any_at_all > tail)
    high = low.copy()
    step = 1
    growing = open_rows
    while growing.size:
        high[growing] = low[growing] + step
        still = more_than(high[growing], growing) > tail
        low[growing[still]] = high[growing[still]]
        growing, step = growing[still], step * 2
    while (narrow := open_rows[high[open_rows] - low[open_rows] > 1]).size:
        middle = (low[narrow] + high[narrow]) // 2
        over = more_than(middle, narrow) > tail
        low[narrow] = np.where(over, middle, low[narrow])
        high[narrow] = np.where(over, high[narrow], middle)
    return high
