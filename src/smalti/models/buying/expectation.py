"""Expected purchases of a customer who is still active, without the singularity of the textbook formula.

Given that she is active, her rate is Gamma(n, alpha + T) and her drop-out chance Beta(a, k), with n = r + x and `k`
from `Parameters.stayed`. With s = t / (alpha + T) the expected number of purchases in the next t is

    F(s) = E[ (1 - (1 + p s)^-n) / p ],   p ~ Beta(a, k),

which is smooth in `a`. The published form (Fader, Hardie & Lee 2005, eq. 10) writes the same through a Gauss
hypergeometric function divided by a - 1, which fails at a = 1 and loses digits near it. Here F is integrated by the
trapezoidal rule over the logit of p, where the rule converges exponentially. F depends on a customer only through x and
s, so for many customers it is computed on Chebyshev nodes for each x, checked between them, and interpolated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.polynomial import chebyshev
from scipy.special import betaln, digamma, expit, polygamma

from smalti.models.arrays import Floats, Integers
from smalti.models.buying.likelihood import Parameters
from smalti.models.distinct import distinct_of

_SMALL = 0.3
_TOLERANCE = 1e-10
_CELLS = 100_000
_MOST_CELLS = 4_000_000


@dataclass(frozen=True)
class Steps:
    """A horizon cut into steps, each weighted: `(1,)` and `(1,)` for the plain number of purchases.

    Attributes:
        ends: where each step ends, as a fraction of the horizon; rising, the last is 1.
        factors: what a purchase within each step counts.
    """

    ends: tuple[float, ...] = (1.0,)
    factors: tuple[float, ...] = (1.0,)

    def weigh(self, value_at: Callable[[Floats], Floats], spans: Floats) -> Floats:
        """Return the weighted sum of the growth of `value_at` over the steps of each span."""
        total, before = np.zeros_like(spans), np.zeros_like(spans)
        for end, factor in zip(self.ends, self.factors, strict=True):
            reached = value_at(spans * end)
            total += factor * (reached - before)
            before = reached
        return total


WHOLE = Steps()


def purchases_if_active(parameters: Parameters, repeats: Floats, spans: Floats, steps: Steps = WHOLE) -> Floats:
    """Return the expected purchases of customers who are still active.

    Args:
        parameters: of the buying model.
        repeats: x of each customer, one-dimensional.
        spans: s = horizon / (alpha + T) of each customer, one-dimensional.
        steps: how the horizon is cut and weighted.

    Returns:
        One number per customer, correct to about 1e-10 relative.

    Examples:
        >>> cdnow = Parameters("bg_nbd", 0.242593, 4.413605, 0.792992, 2.425976)
        >>> purchases_if_active(cdnow, np.array([0.0]), np.array([52 / 4.413605])).round(4).tolist()
        [1.444]
    """
    if not spans.size:
        return np.zeros(0)
    counts, of_count = distinct_of(repeats)
    lengths, of_length = distinct_of(spans)
    pairs = of_count * np.int64(lengths.size) + of_length
    asked, place = _filled(pairs, counts.size * lengths.size)
    values = np.zeros(asked.size)
    ends = np.searchsorted(asked, np.arange(1, counts.size + 1) * lengths.size)
    for count, start, stop in zip(counts.tolist(), [0, *ends[:-1].tolist()], ends.tolist(), strict=True):
        wanted = lengths[asked[start:stop] % lengths.size]
        zero = int(wanted.size and wanted[0] == 0)
        if wanted.size > zero:
            curve = _Curve(parameters, count)
            values[start + zero : stop] = _along(partial(steps.weigh, curve), wanted[zero:])
    return np.asarray(values[place])


def _filled(pairs: Integers, cells: int) -> tuple[Integers, Integers]:
    """Return the distinct pairs, rising, and the place of each row's; by a table of all pairs where that is small."""
    if cells > _MOST_CELLS:
        asked, place = np.unique(pairs, return_inverse=True)
        return asked, place
    asked = np.flatnonzero(np.bincount(pairs, minlength=1))
    table = np.zeros(cells, dtype=np.int64)
    table[asked] = np.arange(asked.size)
    return asked, table[pairs]


def _along(value_at: Callable[[Floats], Floats], spans: Floats) -> Floats:
    """Evaluate a smooth function at distinct rising spans, through Chebyshev nodes in log span where that is cheaper."""
    low, high = np.log(spans[0]), np.log(spans[-1])
    for degree in (16, 24, 48, 96):
        if spans.size <= 2 * degree:
            break
        middle, half = (low + high) / 2, (high - low) / 2
        angles = np.pi * (np.arange(degree) + 0.5) / degree
        between = middle + half * np.cos(np.pi * (np.arange(0, degree + 1, 4)) / degree)
        at = np.exp(np.concatenate([middle + half * np.cos(angles), between]))
        exact = value_at(at) / at
        series = np.cos(np.arange(degree)[:, None] * angles) @ exact[:degree] * (2 / degree)
        series[0] /= 2
        error = np.abs(chebyshev.chebval((between - middle) / half, series) - exact[degree:])
        if np.all(error <= _TOLERANCE * exact[degree:]):
            unit = np.clip((np.log(spans) - middle) / half, -1.0, 1.0)
            return np.asarray(chebyshev.chebval(unit, series) * spans)
    return value_at(spans)


class _Curve:
    """F as a function of s for one number of repeats.

    Where `a` or `k` is small much weight lies on drop-out chances next to 0 or 1. So what is integrated is the distance
    to a simple function that equals the integrand there and whose mean is known, and which fades at that end.
    """

    def __init__(self, parameters: Parameters, repeats: float) -> None:
        self.n = parameters.r + repeats
        self.a = parameters.a
        self.k = float(parameters.stayed(np.array(repeats)))

    def __call__(self, spans: Floats) -> Floats:
        """Return F at each span; zero at zero."""
        result = np.zeros(spans.shape)
        inside = np.flatnonzero(spans > 0)
        if not inside.size:
            return result
        logit, weight = self._nodes(float(spans.max()))
        rows = max(1, _CELLS // logit.size)
        for start in range(0, inside.size, rows):
            part = inside[start : start + rows]
            result[part] = self._integrate(spans[part], logit, weight)
        return result

    def _integrate(self, spans: Floats, logit: Floats, weight: Floats) -> Floats:
        chance, rest = expit(logit), expit(-logit)
        bought = -np.expm1(-self.n * np.log1p(spans[:, None] * chance)) / chance
        leaver, stayer = -np.expm1(-self.n * np.log1p(spans)), self.n * spans
        if self.a >= _SMALL:
            return np.asarray(leaver + ((bought - leaver[:, None]) * weight).sum(axis=1))
        line = leaver[:, None] * chance + stayer[:, None] * rest
        mean = (leaver * self.a + stayer * self.k) / (self.a + self.k)
        return np.asarray(mean - ((line - bought) * weight).sum(axis=1))

    def _nodes(self, longest: float) -> tuple[Floats, Floats]:
        """Return drop-out chances evenly spaced in their logit, and the weight of each under Beta(a, k)."""
        a, k = self.a, self.k
        spread = float(np.sqrt(polygamma(1, a) + polygamma(1, k)))
        step = min(0.3, 0.5 * spread)
        low, high = self._range(spread, longest)
        logit = np.arange(np.floor(low / step), np.ceil(high / step) + 1) * step
        both = np.log1p(np.exp(-np.abs(logit)))
        lows, highs = np.maximum(-logit, 0.0) + both, np.maximum(logit, 0.0) + both
        weight = step * np.exp(-a * lows - k * highs - betaln(a, k))
        return logit, weight

    def _range(self, spread: float, longest: float) -> tuple[float, float]:
        """Return logits beyond which nothing is left that counts (e^-40 or less)."""
        a, k = self.a, self.k
        centre = float(digamma(a) - digamma(k))
        if a < _SMALL:
            low = -float(np.log1p(k + (self.n + 1.0) * longest)) - 42.0
        else:
            low = centre - 40.0 / a - 9.0 * spread if k >= _SMALL else -42.0 / a - 2.0
        if k < _SMALL:
            return low, float(np.log1p(a)) + 42.0
        return low, centre + 40.0 / k + 9.0 * spread if a >= _SMALL else 40.0 / k + 12.0
