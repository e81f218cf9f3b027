"""The distribution of the number of purchases in a horizon under the Pareto/NBD, given a customer's history.

She makes more than i purchases exactly when her purchase number i + 1 comes within the horizon and before she leaves.
Given that she is active, her rate is Gamma(n, A) with n = r + x, A = alpha + T, and her rate of leaving is Gamma(s, B)
with B = beta + T, independent of it. So the instant w of that purchase has, as long as she has not left, the density

    Gamma(n + i + 1) / (Gamma(n) i!) A^n w^i / (A + w)^(n + i + 1) (B / (B + w))^s,

and the chance is its integral up to the horizon. In the logarithm of c + w, with c the smaller of A and B, the
integrand is log-concave: it is integrated by Gauss-Legendre quadrature around its peak, to about 1e-10.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, xlogy

from smalti.models.arrays import Floats, Integers
from smalti.models.buying.counts import least_count
from smalti.models.buying.pareto_likelihood import ParetoParameters
from smalti.models.buying.power_integral import PowerIntegral, gauss

_FALL = 40.0
_ROWS = 1024
_HALVINGS = 45


@dataclass(frozen=True, eq=False)
class ParetoCounts:
    """Purchases in a horizon, one distribution per customer.

    Attributes:
        active: the chance that each customer is active now.
        place: where each customer's pair of repeats and age (and horizon) stands in the arrays that follow.
        shape: n = r + x of each distinct pair.
        buying: A = alpha + T.
        leaving: B = beta + T.
        horizon: t.
        staying: s.
    """

    active: Floats
    place: Integers
    shape: Floats
    buying: Floats
    leaving: Floats
    horizon: Floats
    staying: float

    @classmethod
    def of(
        cls, parameters: ParetoParameters, active: Floats, repeats: Floats, age: Floats, horizon: Floats
    ) -> ParetoCounts:
        """Return the distributions for chances of being active, x, T and t, four arrays of one length."""
        place, first = same_rows(repeats, age, horizon)
        x, big_t = repeats[first], age[first]
        p = parameters
        return cls(active, place, p.r + x, p.alpha + big_t, p.beta + big_t, horizon[first], p.s)

    def more_than(self, count: int | Integers, rows: Integers | slice = slice(None)) -> Floats:
        """Return the chance of more than `count` purchases, for the given rows."""
        place = self.place[rows]
        if not place.size:
            return np.zeros(0)
        counts = np.broadcast_to(np.asarray(count, dtype=np.int64), place.shape)
        back, first = same_rows(place, counts)
        pairs, each = place[first], counts[first].astype(np.float64)
        chances = np.empty(pairs.size)
        for begin in range(0, chances.size, _ROWS):
            part = slice(begin, begin + _ROWS)
            chances[part] = self._if_active(pairs[part], each[part])
        return np.asarray(self.active[rows] * chances[back])

    def any(self) -> Floats:
        """Return the chance of at least one purchase."""
        n, first, second = self.shape, self.buying, self.leaving
        value = PowerIntegral.of(first, n + 1.0, second, self.staying, self.horizon).log_value()
        return np.asarray(self.active * np.minimum(n / first * np.exp(value), 1.0)[self.place])

    def quantile(self, level: float) -> Integers:
        """Return the smallest number of purchases that is not exceeded with at least this chance."""
        return least_count(self.more_than, self.any(), 1.0 - level)

    def _if_active(self, pairs: Integers, counts: Floats) -> Floats:
        """Return the chances of more than these counts for these pairs, given that she is active."""
        chances = np.zeros(pairs.size)
        inside = np.flatnonzero(self.horizon[pairs] > 0)
        if inside.size:
            arrival = _Arrival.of(self, pairs[inside], counts[inside])
            chances[inside] = arrival.before_the_end()
        return np.minimum(chances, 1.0)


@dataclass(frozen=True, eq=False)
class _Arrival:
    """The density of the logarithmic instant v = ln(1 + w / c) of purchase number i + 1; columns of one length.

    Attributes:
        count: i.
        shape: n.
        buying: A / c.
        leaving: B / c.
        staying: s.
        end: v of the horizon.
        constant: the logarithm of what does not depend on v.
    """

    count: Floats
    shape: Floats
    buying: Floats
    leaving: Floats
    staying: float
    end: Floats
    constant: Floats

    @classmethod
    def of(cls, counts: ParetoCounts, pairs: Integers, count: Floats) -> _Arrival:
        n, first, second = counts.shape[pairs], counts.buying[pairs], counts.leaving[pairs]
        unit = np.minimum(first, second)
        constant = gammaln(n + count + 1.0) - gammaln(n) - gammaln(count + 1.0)
        end = np.log1p(counts.horizon[pairs] / unit)
        i, n, first, second, end, constant = (
            column[:, None] for column in (count, n, first / unit, second / unit, end, constant)
        )
        return cls(i, n, first, second, counts.staying, end, constant)

    def before_the_end(self) -> Floats:
        """Return the chance that the purchase comes before the end of the horizon, and before she leaves."""
        peak = self._peak()
        low, high = self._reach(peak, -peak), self._reach(peak, self.end - peak)
        longest = float(np.max(high - low))
        nodes, weights = gauss(48 if longest < 8 else 96 if longest < 30 else 2048)
        density = np.exp(self.log_density(low + (high - low) * nodes))
        return np.asarray((density @ weights) * (high - low)[:, 0])

    def log_density(self, v: Floats) -> Floats:
        """Return the logarithm of the density, for a row of instants each."""
        w = np.expm1(v)
        bought = xlogy(self.count, w / (self.buying + w)) - self.shape * np.log1p(w / self.buying)
        stayed = -self.staying * np.log1p(w / self.leaving)
        return np.asarray(self.constant + bought + stayed + v - np.log(self.buying + w))

    def _peak(self) -> Floats:
        """Return where the density is highest: its logarithm is concave, so where its slope changes sign."""
        low, high = np.zeros_like(self.end), self.end
        for _ in range(_HALVINGS):
            v = (low + high) / 2
            w = np.expm1(v)
            grown, left = self.buying + w, self.leaving + w
            slope = (self.count * self.buying - (self.shape + 1.0) * w) * left * (1.0 + w)
            slope += w * grown * (left - self.staying * (1.0 + w))
            low, high = np.where(slope > 0, v, low), np.where(slope > 0, high, v)
        return np.asarray((low + high) / 2)

    def _reach(self, peak: Floats, far: Floats) -> Floats:
        """Return how far from the peak, towards `far`, the density counts: there it has fallen by e^-40."""
        floor = self.log_density(peak) - _FALL
        while np.any(gone := self.log_density(peak + far / 2) < floor):
            far = np.where(gone, far / 2, far)
        near = far / 2
        for _ in range(4):
            middle = (near + far) / 2
            gone = self.log_density(peak + middle) < floor
            near, far = np.where(gone, near, middle), np.where(gone, middle, far)
        return np.asarray(peak + far)


def same_rows(*columns: Integers | Floats) -> tuple[Integers, Integers]:
    """Return for each row the number of its distinct combination, and for each combination its first row.

    Examples:
        >>> place, first = same_rows(np.array([3, 1, 3]), np.array([5.0, 5.0, 5.0]))
        >>> place.tolist(), first.tolist()
        ([1, 0, 1], [1, 0])
    """
    order = np.lexsort(columns)
    differs = np.ones(order.size, dtype=bool)
    differs[1:] = False
    for column in columns:
        differs[1:] |= np.diff(column[order]) != 0
    place = np.empty(order.size, dtype=np.int64)
    place[order] = np.cumsum(differs) - 1
    return place, order[differs]
