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
from scipy.special import betaln, digamma, expit, gammaln

from smalti.models.arrays import Floats
from smalti.models.buying.histories import Histories
from smalti.models.fitting import Objective

Kind: TypeAlias = Literal["mbg_nbd", "bg_nbd"]


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


def mean_loss(kind: Kind, histories: Histories) -> Objective:
    """Return the function to minimise: log-parameters to (minus the mean log-likelihood, its exact gradient).

    Args:
        kind: `mbg_nbd` or `bg_nbd`.
        histories: grouped histories.

    Returns:
        A function of log(r, alpha, a, b), an array of 4, giving a number and an array of 4.
    """
    distinct, place = np.unique(histories.repeats, return_inverse=True)
    x, t_x, big_t = histories.repeats, histories.recency, histories.age
    share = histories.weights / histories.weights.sum()
    share_of_x = np.bincount(place, weights=share)

    def loss(logs: Floats) -> tuple[float, Floats]:
        p = Parameters(kind, *np.exp(logs).tolist())
        n, k = p.r + distinct, p.stayed(distinct)
        counts = gammaln(n) - gammaln(p.r) + betaln(p.a, k) - betaln(p.a, p.b) + p.r * logs[1]
        to_end, to_last = p.alpha + big_t, p.alpha + t_x
        log_end, n_each = np.log(to_end), n[place]
        waited = log_end - np.log(to_last)
        left = np.maximum(k - 1.0, np.finfo(float).tiny)
        odds = (logs[2] - np.log(left))[place] + n_each * waited
        if kind == "bg_nbd":
            odds = np.where(x > 0, odds, -np.inf)
        gone = share * expit(odds)
        value = (share_of_x * counts).sum() + (share * (np.logaddexp(0.0, odds) - n_each * log_end)).sum()
        both = digamma(p.a + p.b)
        slopes = np.array(
            [
                (share_of_x * (digamma(n) - digamma(p.r))).sum() + logs[1] + (gone * waited - share * log_end).sum(),
                p.r / p.alpha + (gone * n_each * (1 / to_end - 1 / to_last) - share * n_each / to_end).sum(),
                (share_of_x * (both - digamma(p.a + k))).sum() + gone.sum() / p.a,
                (share_of_x * (both - digamma(p.b) + digamma(k) - digamma(p.a + k))).sum() - (gone / left[place]).sum(),
            ]
        )
        return -float(value), -slopes * np.exp(logs)

    return loss
