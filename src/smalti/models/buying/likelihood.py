"""The likelihood of the two buying models, its gradient, and the chance that a customer is still active.

Both models: while active a customer buys as a Poisson process with her own rate, Gamma(r, alpha) over customers; after
a purchase she drops out with her own chance, Beta(a, b) over customers. Under BG/NBD (Fader, Hardie & Lee 2005) she
can drop out after each repeat purchase, under MBG/NBD (Batislam, Denizel & Filiztekin 2007; Hoppe & Wagner 2007)
after the first purchase as well. All is written with `k`, the second parameter of the drop-out chance's Beta once she
is known to have stayed: b + x for BG/NBD, b + x + 1 for MBG/NBD.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from scipy.special import betaln, digamma, gammaln, polygamma

from smalti.models.arrays import Floats
from smalti.models.buying.histories import Histories
from smalti.models.slices import SLICE, side_by_side

Kind: TypeAlias = Literal["mbg_nbd", "bg_nbd"]

_MOST_LOG = 709.0


@dataclass(frozen=True)
class Parameters:
    """The four parameters of a buying model, all positive.

    Attributes:
        kind: `mbg_nbd` or `bg_nbd`.
        r: shape of the purchase rate's Gamma distribution.
        alpha: its rate parameter, in units of time.
        a: first parameter of the drop-out chance's Beta distribution.
        b: its second parameter.
    """

    kind: Kind
    r: float
    alpha: float
    a: float
    b: float

    def stayed(self, repeats: Floats) -> Floats:
        """Return `k`: b plus the number of times a customer with these repeats is known not to have dropped out."""
        return np.asarray(self.b + repeats + (1.0 if self.kind == "mbg_nbd" else 0.0))


def dropped_log_odds(parameters: Parameters, repeats: Floats, recency: Floats, age: Floats) -> Floats:
    """Return the log odds that the customer dropped out at her last purchase; minus infinity where she cannot have."""
    waited = np.log(parameters.alpha + age) - np.log(parameters.alpha + recency)
    left = np.maximum(parameters.stayed(repeats) - 1.0, np.finfo(float).tiny)
    odds = np.log(parameters.a) - np.log(left) + (parameters.r + repeats) * waited
    return odds if parameters.kind == "mbg_nbd" else np.where(repeats > 0, odds, -np.inf)


def still_active(parameters: Parameters, repeats: Floats, recency: Floats, age: Floats) -> Floats:
    """Return the chance that each customer is still active, in slices side by side; arrays of one shape.

    Examples:
        >>> cdnow = Parameters("bg_nbd", 0.242593, 4.413605, 0.792992, 2.425976)
        >>> still_active(cdnow, np.array([0.0, 26.0]), np.array([0.0, 30.857]), np.array([31.0, 31.0])).round(3).tolist()
        [1.0, 0.969]
    """
    columns = repeats.ravel(), recency.ravel(), age.ravel()

    def one(start: int) -> Floats:
        x, t_x, big_t = (column[start : start + SLICE] for column in columns)
        longer = (parameters.alpha + big_t) / (parameters.alpha + t_x)
        never = (x == 0) & (parameters.kind == "bg_nbd")
        gone = np.where(never, 0.0, parameters.a / np.where(never, 1.0, parameters.stayed(x) - 1.0))
        with np.errstate(over="ignore"):
            return np.asarray(1.0 / (1.0 + gone * np.exp(np.minimum((parameters.r + x) * np.log(longer), _MOST_LOG))))

    parts = side_by_side(one, range(0, columns[0].size, SLICE))
    return np.concatenate(parts).reshape(repeats.shape) if parts else np.zeros(repeats.shape)


def log_likelihood(parameters: Parameters, repeats: Floats, recency: Floats, age: Floats) -> Floats:
    """Return the log-likelihood of each history.

    Examples:
        >>> one_timer = np.array([0.0]), np.array([0.0]), np.array([0.0])
        >>> log_likelihood(Parameters("bg_nbd", 0.2, 4.4, 0.8, 2.4), *one_timer).round(6).tolist()
        [0.0]
    """
    p, n = parameters, parameters.r + repeats
    counts = gammaln(n) - gammaln(p.r) + betaln(p.a, p.stayed(repeats)) - betaln(p.a, p.b)
    times = p.r * np.log(p.alpha) - n * np.log(p.alpha + age)
    return np.asarray(counts + times + np.logaddexp(0.0, dropped_log_odds(p, repeats, recency, age)))


def mean_loss(kind: Kind, histories: Histories) -> MeanLoss:
    """Return the function to minimise: log-parameters to (minus the mean log-likelihood, its exact gradient).

    Args:
        kind: `mbg_nbd` or `bg_nbd`.
        histories: grouped histories.

    Returns:
        A function of log(r, alpha, a, b), an array of 4, giving a number and an array of 4; it can also give its exact
        second derivatives.
    """
    return MeanLoss(kind, histories)


class MeanLoss:
    """Minus the mean log-likelihood of histories, with its first and second derivatives in log(r, alpha, a, b).

    Whatever depends on the repeats, the recency or the age alone is computed once per distinct value. What depends on
    all three is the log odds of having dropped out, o = log a - log(k - 1) + n w with w = log(alpha + T) -
    log(alpha + t_x); sums over it are taken in slices that fit the processor's cache, side by side where the machine
    can. The slices don't depend on the machine, nor does the order in which their sums are added.
    """

    def __init__(self, kind: Kind, histories: Histories) -> None:
        self.kind = kind
        weights = histories.weights / histories.weights.sum()
        (self.repeats, count_at), (self._lasts, self._last_at), (self._ends, self._end_at) = histories.distinct()
        if np.any(count_at[1:] < count_at[:-1]):
            order = np.argsort(count_at, kind="stable")
            weights, count_at = weights[order], count_at[order]
            self._last_at, self._end_at = self._last_at[order], self._end_at[order]
        self._share = weights
        self._starts = np.searchsorted(count_at, np.arange(self.repeats.size))
        self._share_of_x = np.add.reduceat(weights, self._starts)
        self._share_of_end = np.bincount(self._end_at, weights=weights)
        self._repeats_of_end = np.bincount(self._end_at, weights=weights * self.repeats[count_at])

    def __call__(self, logs: Floats) -> tuple[float, Floats]:
        """Return the loss and its gradient."""
        return self.curved(logs)[:2]

    def curved(self, logs: Floats) -> tuple[float, Floats, Floats]:
        """Return the loss, its gradient (4) and its matrix of second derivatives (4, 4)."""
        p = Parameters(self.kind, *np.exp(logs).tolist())
        at_counts = self._counts(p)
        at_ends = self._waits(p)
        value, slopes, bend = self._drops(p)
        value = value + at_counts[0] + at_ends[0]
        slopes = slopes + at_counts[1] + at_ends[1]
        bend = bend + at_counts[2] + at_ends[2]
        natural = np.array([p.r, p.alpha, p.a, p.b])
        return -value, -slopes * natural, -(bend * np.outer(natural, natural) + np.diag(slopes * natural))

    def _counts(self, p: Parameters) -> tuple[float, Floats, Floats]:
        """Return what depends on the repeats alone: Gamma and Beta functions of n and k, with derivatives."""
        share, n, k = self._share_of_x, p.r + self.repeats, p.stayed(self.repeats)
        both, ab = p.a + k, p.a + p.b
        value = gammaln(n) - gammaln(p.r) + betaln(p.a, k) - betaln(p.a, p.b)
        grown = digamma(both)
        slopes = [digamma(n) - digamma(p.r), digamma(ab) - grown, digamma(ab) - digamma(p.b) + digamma(k) - grown]
        bent = polygamma(1, both)
        rr, aa = polygamma(1, n) - polygamma(1, p.r), polygamma(1, ab) - bent
        bb = aa - polygamma(1, p.b) + polygamma(1, k)
        of_r, of_a, of_b = ((share * slope).sum() for slope in slopes)
        r_r, a_a, b_b = ((share * bend).sum() for bend in (rr, aa, bb))
        bend = np.array([[r_r, 0, 0, 0], [0, 0, 0, 0], [0, 0, a_a, a_a], [0, 0, a_a, b_b]])
        return float((share * value).sum()), np.array([of_r, 0.0, of_a, of_b]), bend

    def _waits(self, p: Parameters) -> tuple[float, Floats, Floats]:
        """Return the mean of r log(alpha) - n log(alpha + T), with derivatives."""
        per = 1.0 / (p.alpha + self._ends)
        log_end = np.log(p.alpha + self._ends)
        ones, counts = self._share_of_end, self._repeats_of_end
        logs, first, second = ((ones * part).sum() for part in (log_end, per, per * per))
        more_logs, more_first, more_second = ((counts * part).sum() for part in (log_end, per, per * per))
        value = p.r * (np.log(p.alpha) - logs) - more_logs
        slopes = np.array([np.log(p.alpha) - logs, p.r * (1 / p.alpha - first) - more_first, 0.0, 0.0])
        bend = np.zeros((4, 4))
        bend[0, 1] = bend[1, 0] = 1 / p.alpha - first
        bend[1, 1] = p.r * (second - 1 / p.alpha**2) + more_second
        return float(value), slopes, bend

    def _drops(self, p: Parameters) -> tuple[float, Floats, Floats]:
        """Return the mean of log(1 + e^o), with derivatives, from sums over the rows of each number of repeats."""
        n, left = p.r + self.repeats, p.stayed(self.repeats) - 1.0
        never = (self.repeats == 0) & (self.kind == "bg_nbd")
        left = np.where(never, 1.0, left)
        offset = np.where(never, -np.inf, np.log(p.a) - np.log(left))
        sums = self._sums(p.alpha, n, offset)
        s, v, sw, vw, vww, sd, vd, vwd, vdd, sdd = sums[1:]
        ra, al, rb, ab = vw.sum() / p.a, (n * vd).sum() / p.a, -(vw / left).sum(), -(n * vd / left).sum()
        a_b, r_al = -(v / left).sum() / p.a, (sd + n * vwd).sum()
        slopes = np.array([sw.sum(), (n * sd).sum(), s.sum() / p.a, -(s / left).sum()])
        al_al, bb = (n * n * vdd + n * sdd).sum(), ((v + s) / left**2).sum()
        bend = [[vww.sum(), r_al, ra, rb], [r_al, al_al, al, ab], [ra, al, (v - s).sum() / p.a**2, a_b]]
        return float(sums[0].sum()), slopes, np.array([*bend, [rb, ab, a_b, bb]])

    def _sums(self, alpha: float, n: Floats, offset: Floats) -> Floats:
        """Return eleven sums (11, distinct repeats): log(1 + e^o), s, v, and their products with w and its derivatives.

        With s = 1 / (1 + e^-o), v = s (1 - s), d = dw / d alpha: the rows are log(1 + e^o), s, v, s w, v w, v w^2, s d,
        v d, v w d, v d^2 and s dd / d alpha, each summed with the customers' shares.
        """
        to_last, to_end = alpha + self._lasts, alpha + self._ends
        tables = np.log(to_last), np.log(to_end), 1.0 / to_last, 1.0 / to_end
        total = np.zeros((11, self.repeats.size))

        def slice_sums(start: int) -> tuple[slice, Floats]:
            stop = min(start + SLICE, self._share.size)
            first = int(np.searchsorted(self._starts, start, side="right")) - 1
            last = int(np.searchsorted(self._starts, stop, side="left"))
            bounds = np.clip(self._starts[first:last], start, None) - start
            lengths = np.diff(bounds, append=stop - start)
            terms = self._terms(slice(start, stop), tables, *(np.repeat(z[first:last], lengths) for z in (n, offset)))
            return slice(first, last), np.add.reduceat(terms, bounds, axis=1)

        for counts, part in side_by_side(slice_sums, range(0, self._share.size, SLICE)):
            total[:, counts] += part
        return total

    def _terms(self, rows: slice, tables: tuple[Floats, ...], n: Floats, offset: Floats) -> Floats:
        log_last, log_end, per_last, per_end = tables
        last, end, share = self._last_at[rows], self._end_at[rows], self._share[rows]
        out = np.empty((11, share.size))
        w, d, inverse = log_end[end] - log_last[last], per_end[end], per_last[last]
        both = d + inverse
        d -= inverse
        odds = n * w
        odds += offset
        small = np.exp(-np.abs(odds))
        chance = np.where(odds >= 0, 1.0, small) / (1.0 + small)
        np.multiply(share, np.maximum(odds, 0.0) + np.log1p(small), out=out[0])
        np.multiply(share, chance, out=out[1])
        np.multiply(out[1], 1.0 - chance, out=out[2])
        np.multiply(out[1], w, out=out[3])
        np.multiply(out[2], w, out=out[4])
        np.multiply(out[4], w, out=out[5])
        np.multiply(out[1], d, out=out[6])
        np.multiply(out[2], d, out=out[7])
        np.multiply(out[4], d, out=out[8])
        np.multiply(out[7], d, out=out[9])
        np.multiply(out[6], -both, out=out[10])
        return out
