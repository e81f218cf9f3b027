"""How much a customer spends per purchase: the Gamma-Gamma model (Colombo & Jiang 1999; Fader & Hardie 2013).

The spend of a customer's purchases is Gamma(p, nu) with her own nu, which is Gamma(q, v) over customers. Her mean spend
so far is pulled towards the mean of all, the more so the fewer purchases stand behind it. The model takes it that how
much she spends has nothing to do with how often she buys: `correlation` tells how far that is true of the base.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, gammainccinv, gammaln, polygamma

from smalti.errors import ModelError
from smalti.models.arrays import Floats, numbers
from smalti.models.distinct import distinct_of
from smalti.models.fitting import best_of, standard_errors
from smalti.models.intervals import check_level
from smalti.models.slices import SLICE, side_by_side
from smalti.models.stored import restored, stored_form

LEAST_SPENDERS = 2
"""Fewer customers with a spend say nothing about how customers differ."""

WILD_MEAN = 2.0
"""A fitted population mean this many times the observed one is not believed."""

_FIRST_LOOK = 4_000
_FEW_COUNTS = 65_536


@dataclass(frozen=True)
class GammaGamma:
    """A fitted spend model; a plain value that scores any customer.

    Attributes:
        p: shape of the spend of one purchase.
        q: shape of the Gamma distribution of nu over customers.
        v: its rate parameter, in money.
        observed_mean: mean over the fitted customers of their mean spend, in money.
        log_likelihood: of the customers it was fitted on.
        customers: how many those were.
        correlation: of purchases and mean spend among them (Pearson); None where either is the same for all.
        converged: whether the search for the parameters stood still at its end.
        at_bound: names of the parameters that ended on the edge of the allowed range.
        standard_errors: of the logarithms of p, q and v, in this order, by the observed information; None where the
            base does not pin the parameters down.

    Money is in whatever unit the fit was given. In all methods `purchases` counts the purchases that entered the mean.
    """

    p: float
    q: float
    v: float
    observed_mean: float
    log_likelihood: float = math.nan
    customers: int = 0
    correlation: float | None = None
    converged: bool = True
    at_bound: tuple[str, ...] = ()
    standard_errors: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        values = (self.p, self.q, self.v, self.observed_mean)
        if not all(math.isfinite(value) and value > 0 for value in values):
            raise ModelError(f"p, q, v and observed_mean must be positive numbers, got {values}")

    @property
    def mean_is_believable(self) -> bool:
        """Whether the fitted population mean exists (q > 1) and is less than twice the observed mean."""
        return self.q > 1 and self.p * self.v / (self.q - 1) < WILD_MEAN * self.observed_mean

    @property
    def population_mean(self) -> float:
        """Expected spend per purchase of a customer of whom nothing is known: p v / (q - 1).

        Where that does not exist or is wild (see `mean_is_believable`) it is the observed mean.

        Examples:
            >>> round(GammaGamma(6.25, 3.74, 15.44, observed_mean=35.0).population_mean, 2)
            35.22
            >>> GammaGamma(6.25, 0.9, 15.44, observed_mean=35.0).population_mean
            35.0
        """
        return self.p * self.v / (self.q - 1) if self.mean_is_believable else self.observed_mean

    def expected_spend(self, purchases: ArrayLike, mean_spend: ArrayLike) -> Floats:
        """Return the expected spend of each customer's next purchase.

        It lies between her own mean and the population's; a customer without a purchase, or with a mean spend of 0,
        gets the population's. The weight of her own mean is p x / (p x + q - 1); where the population mean is not
        believable it is p x / (p x + q), which is below 1 whatever q.

        Args:
            purchases: how many purchases entered the mean (x).
            mean_spend: her mean spend per purchase.

        Raises:
            ModelError: for a missing, infinite or negative number.

        Examples:
            >>> GammaGamma(6.25, 3.74, 15.44, observed_mean=35.0).expected_spend([0, 1, 50], [0, 100, 100]).round(2)
            array([35.22, 80.26, 99.44])
        """
        x, m = _spends(purchases, mean_spend)
        own = self.p * np.where(m > 0, x, 0.0)
        weight = own / (own + (self.q - 1 if self.mean_is_believable else self.q))
        return np.asarray(weight * m + (1 - weight) * self.population_mean)

    def spend_interval(self, purchases: ArrayLike, mean_spend: ArrayLike, level: float = 0.8) -> tuple[Floats, Floats]:
        """Return the central interval of each customer's own true mean spend per purchase, p / nu.

        Given her purchases nu is Gamma(p x + q, v + x m), so the ends are quantiles of an inverse Gamma distribution.

        Examples:
            >>> low, high = GammaGamma(6.25, 3.74, 15.44, observed_mean=35.0).spend_interval([0, 50], [0, 100])
            >>> low.round(1), high.round(1)
            (array([15.2, 92.4]), array([ 61.4, 106.7]))
        """
        check_level(level)
        x, m = _spends(purchases, mean_spend)
        x = np.where(m > 0, x, 0.0)
        shape, size = self.p * x + self.q, self.p * (self.v + x * m)
        return size / gammainccinv(shape, (1 - level) / 2), size / gammainccinv(shape, (1 + level) / 2)

    def to_dict(self) -> dict[str, Any]:
        """Return the model as numbers and lists that JSON keeps without loss."""
        return stored_form(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> GammaGamma:
        """Return the model that `to_dict` gave.

        Raises:
            ModelError: when a name is missing or unknown.
        """
        return restored(cls, stored)


def fit_gamma_gamma(purchases: ArrayLike, mean_spend: ArrayLike, weights: ArrayLike | None = None) -> GammaGamma:
    """Fit the Gamma-Gamma model by maximum likelihood to customers with purchases and a positive mean spend.

    Spend is normalised inside, so pence and pounds give the same fit: p and q equal, v and means a hundredfold.

    Args:
        purchases: how many purchases entered each customer's mean. The usual reading counts repeat purchases only.
        mean_spend: mean spend per purchase, in any unit of money. Customers without purchases or spend are left out.
        weights: how many customers each row stands for; 1 each when not given.

    Raises:
        ModelError: for a missing, infinite or negative number, or fewer than two customers with a spend.

    Examples:
        >>> model = fit_gamma_gamma([1, 2, 3, 5, 8, 1], [20.0, 35.0, 28.0, 60.0, 41.0, 12.0])
        >>> model.customers, model.converged, 20 < model.population_mean < 60
        (6, True, True)
    """
    x, m = (np.atleast_1d(array).ravel() for array in _spends(purchases, mean_spend))
    w = np.ones(x.size) if weights is None else np.atleast_1d(numbers(weights, "weights")).ravel()
    if w.size != x.size:
        raise ModelError(f"weights: expected one for each of {x.size} rows, got {w.size}")
    kept = (x > 0) & (m > 0) & (w > 0)
    x, m, w = _ordered(x[kept], m[kept], w[kept])
    total = float(w.sum())
    if total < LEAST_SPENDERS:
        raise ModelError(
            f"{total:g} customers with a purchase and a spend: a spend model needs at least {LEAST_SPENDERS}"
        )
    mean = float((w * m).sum() / total)
    scale = math.exp(float((w * np.log(m)).sum() / total))
    starts = [np.log(start) for start in product((1.0, 6.0, 30.0), (1.5, 4.0, 12.0), (0.3, 1.0))]
    whole = _MeanLoss(x, m / scale, w)
    every = x.size // _FIRST_LOOK
    if every > 1:
        first = best_of(_MeanLoss(x[::every], m[::every] / scale, w[::every]), starts)
        starts = [np.array(first.logs)]
    found = best_of(whole, starts)
    p, q, v = np.exp(found.logs).tolist()
    names = ("p", "q", "v")
    return GammaGamma(
        p=p,
        q=q,
        v=v * scale,
        observed_mean=mean,
        log_likelihood=-found.value * total - total * math.log(scale),
        customers=round(total),
        correlation=_correlation(x, m, w),
        converged=found.converged,
        at_bound=tuple(name for name, edge in zip(names, found.at_bound, strict=True) if edge),
        standard_errors=standard_errors(whole, found, total),
    )


def _spends(purchases: ArrayLike, mean_spend: ArrayLike) -> tuple[Floats, Floats]:
    arrays = numbers(purchases, "purchases"), numbers(mean_spend, "mean spend")
    try:
        x, m = np.broadcast_arrays(*arrays)
    except ValueError as error:
        found = f"{arrays[0].shape} and {arrays[1].shape}"
        raise ModelError(f"purchases and mean spend must have one length, got the shapes {found}") from error
    return x, m


def _ordered(x: Floats, m: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the rows sorted by x, then m."""
    order = np.argsort(m, kind="stable")
    counts, place = distinct_of(x)
    narrow = place[order].astype(np.uint16) if counts.size < _FEW_COUNTS else place[order]
    order = order[np.argsort(narrow, kind="stable")]
    return x[order], m[order], weights[order]


class _MeanLoss:
    """Minus the mean log-likelihood, with its first and second derivatives in log(p, q, v)."""

    def __init__(self, x: Floats, m: Floats, weights: Floats) -> None:
        self.counts, place = distinct_of(x)
        self._share = weights / weights.sum()
        self._share_of_x = np.bincount(place, weights=self._share)
        self._x, self._spent = x, x * m
        logs = np.log(m)
        self._log_m = float((self._share * logs).sum())
        self._log_spent = float((self._share * x * (logs + np.log(x))).sum())

    def __call__(self, logs: Floats) -> tuple[float, Floats]:
        """Return the loss and its gradient."""
        return self.curved(logs)[:2]

    def curved(self, logs: Floats) -> tuple[float, Floats, Floats]:
        """Return the loss, its gradient (3) and its matrix of second derivatives (3, 3)."""
        p, q, v = np.exp(logs).tolist()
        x, share = self.counts, self._share_of_x
        px, grown, bent = p * x, digamma(p * x + q), polygamma(1, p * x + q)
        log_size, log_more, per, per_more, per2, per2_more = self._sums(v)
        counts = (share * (gammaln(px + q) - gammaln(px))).sum() - gammaln(q) + q * logs[2] - self._log_m
        value = counts + p * self._log_spent - p * log_more - q * log_size
        slopes = np.array(
            [
                (share * x * (grown - digamma(px))).sum() + self._log_spent - log_more,
                (share * grown).sum() - digamma(q) + logs[2] - log_size,
                q / v - p * per_more - q * per,
            ]
        )
        pp, pq = (share * x * x * (bent - polygamma(1, px))).sum(), (share * x * bent).sum()
        qq, qv = (share * bent).sum() - polygamma(1, q), 1 / v - per
        vv = p * per2_more + q * per2 - q / v**2
        bend = np.array([[pp, pq, -per_more], [pq, qq, qv], [-per_more, qv, vv]])
        natural = np.array([p, q, v])
        return -float(value), -slopes * natural, -(bend * np.outer(natural, natural) + np.diag(slopes * natural))

    def _sums(self, v: float) -> Floats:
        """Return the means of log s, x log s, 1 / s, x / s, 1 / s^2 and x / s^2 with s = x m + v."""

        def one(start: int) -> Floats:
            rows = slice(start, start + SLICE)
            share, size = self._share[rows], self._spent[rows] + v
            more, log_size, per = share * self._x[rows], np.log(size), 1.0 / size
            return np.array([(w * part).sum() for part in (log_size, per, per * per) for w in (share, more)])

        return np.asarray(np.sum(side_by_side(one, range(0, self._share.size, SLICE)), axis=0))


def _correlation(x: Floats, m: Floats, weights: Floats) -> float | None:
    share = weights / weights.sum()
    dx, dm = x - (share * x).sum(), m - (share * m).sum()
    spread = float((share * dx * dx).sum() * (share * dm * dm).sum())
    flat = np.ptp(x) == 0 or np.ptp(m) == 0
    return None if flat else float((share * dx * dm).sum()) / math.sqrt(spread)
