"""The likelihood of the Pareto/NBD, its gradient, and the odds that a customer is gone, without a difference of terms.

While active a customer buys as a Poisson process with her own rate, Gamma(r, alpha) over customers; she leaves after
an exponential time with her own rate, Gamma(s, beta) (Schmittlein, Morrison & Colombo 1987). With n = r + x her
likelihood is the sum of "still active" and "gone at some time y since the last purchase":

    Gamma(n) / Gamma(r) alpha^r beta^s [ (alpha + T)^-n (beta + T)^-s + s I ]
    I = the integral of (alpha + y)^-n (beta + y)^-(s + 1) over y from t_x to T.

The textbook form (Fader & Hardie 2005) writes I as a difference of two Gauss hypergeometric functions, which cancels to
nothing where they are alike (Fader & Hardie's note on that error), and changes its shape with the sign of alpha -
beta. Here I is integrated (see `power_integral`): every term is positive, so nothing cancels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, expit, gammaln, polygamma

from smalti.models.arrays import Floats
from smalti.models.buying.histories import Histories
from smalti.models.buying.power_integral import PowerIntegral


@dataclass(frozen=True)
class ParetoParameters:
    """The four parameters of a Pareto/NBD, all positive.

    Attributes:
        r: shape of the purchase rate's Gamma distribution.
        alpha: its rate parameter, in units of time.
        s: shape of the rate of leaving's Gamma distribution.
        beta: its rate parameter, in units of time.
    """

    r: float
    alpha: float
    s: float
    beta: float


def gone_log_odds(parameters: ParetoParameters, repeats: Floats, recency: Floats, age: Floats) -> Floats:
    """Return the log odds that each customer is gone; minus infinity where she bought at the as-of instant.

    Correct to about 1e-14 relative, for alpha and beta within 1e-9 and 1e9 times the age.

    Args:
        parameters: of the model.
        repeats: x, one-dimensional.
        recency: t_x, of the same length.
        age: T, of the same length.

    Examples:
        >>> cdnow = ParetoParameters(0.5533, 10.5776, 0.6062, 11.6679)
        >>> gone_log_odds(cdnow, np.array([2.0, 2.0]), np.array([30.43, 38.86]), np.array([38.86, 38.86])).round(3)
        array([-1.893,   -inf])
    """
    silence = _silence(parameters, repeats, recency, age)
    return _log_odds(parameters, silence, silence.log_value())


def pareto_log_likelihood(parameters: ParetoParameters, repeats: Floats, recency: Floats, age: Floats) -> Floats:
    """Return the log-likelihood of each history, one-dimensional arrays of one length.

    Examples:
        >>> nothing = np.zeros(1), np.zeros(1), np.zeros(1)
        >>> pareto_log_likelihood(ParetoParameters(0.55, 10.6, 0.61, 11.7), *nothing).tolist()
        [0.0]
    """
    p = parameters
    counts = gammaln(p.r + repeats) - gammaln(p.r) - repeats * np.log(p.alpha + age)
    times = -p.r * np.log1p(age / p.alpha) - p.s * np.log1p(age / p.beta)
    return np.asarray(counts + times + np.logaddexp(0.0, gone_log_odds(p, repeats, recency, age)))


class ParetoLoss:
    """The function to minimise: log-parameters to minus the mean log-likelihood and its exact derivatives.

    The likelihood is an integral over the instants y at which a customer may have left, with an atom at "not yet". So
    the derivatives of its logarithm are those of the logarithm of what is integrated, h(y), taken under the integrand:
    the gradient is the mean of h's gradient, the second derivatives are the mean of h's plus the covariance of h's
    gradient.
    """

    def __init__(self, histories: Histories) -> None:
        """Prepare the loss on grouped histories."""
        self._histories = histories
        self._share = histories.weights / histories.weights.sum()
        self._distinct, place = np.unique(histories.repeats, return_inverse=True)
        self._share_of_x = np.bincount(place, weights=self._share)

    def __call__(self, logs: Floats) -> tuple[float, Floats]:
        """Return the loss and its gradient at log(r, alpha, s, beta)."""
        value, slopes, _ = self._derived(logs, curved=False)
        return value, slopes

    def curved(self, logs: Floats) -> tuple[float, Floats, Floats]:
        """Return the loss, its gradient and the 4 by 4 matrix of its second derivatives at log(r, alpha, s, beta)."""
        return self._derived(logs, curved=True)

    def _derived(self, logs: Floats, *, curved: bool) -> tuple[float, Floats, Floats]:
        p, seen, share = ParetoParameters(*np.exp(logs).tolist()), self._histories, self._share
        silence = _silence(p, seen.repeats, seen.recency, seen.age)
        log_value, moments = silence.moments(covariances=curved)
        odds = _log_odds(p, silence, log_value)
        n, here, gone = p.r + seen.repeats, expit(-odds), expit(odds)
        to_end, to_leave = p.alpha + seen.age, p.beta + seen.age
        still = np.stack([-np.log(to_end), -n / to_end, -np.log(to_leave), -p.s / to_leave])
        times = np.logaddexp(0.0, odds) + n * still[0] + p.s * still[2]
        factors = np.stack([np.ones_like(n), n, np.ones_like(n), np.full_like(n, p.s + 1.0)])
        left = -factors * moments.means
        left[2] += 1.0 / p.s
        value, slopes = self._counted(p, logs)
        value += float(share @ times)
        slopes += (here * still + gone * left) @ share
        theta = np.exp(logs)
        if moments.covariances is None:
            return -value, -slopes * theta, np.empty((0, 0))
        apart = left - still
        spread = factors[:, None] * factors * moments.covariances + here * apart[:, None] * apart
        bends = (gone * spread) @ share + self._counted_bends(p)
        squared = moments.means**2 + np.stack([moments.covariances[i, i] for i in range(4)])
        bends[0, 1] -= float(share @ (here / to_end + gone * moments.means[1]))
        bends[1, 1] += float(share @ (n * (here / to_end**2 + gone * squared[1])))
        bends[2, 2] -= float(share @ gone) / p.s**2
        bends[2, 3] -= float(share @ (here / to_leave + gone * moments.means[3]))
        bends[3, 3] += float(share @ (here * p.s / to_leave**2 + gone * (p.s + 1.0) * squared[3]))
        bends[1, 0], bends[3, 2] = bends[0, 1], bends[2, 3]
        return -value, -slopes * theta, -(bends * np.outer(theta, theta) + np.diag(slopes * theta))

    def _counted(self, p: ParetoParameters, logs: Floats) -> tuple[float, Floats]:
        """Return what does not depend on times, and its gradient."""
        more = self._distinct + p.r
        value = float(self._share_of_x @ (gammaln(more) - gammaln(p.r))) + p.r * logs[1] + p.s * logs[3]
        grown = float(self._share_of_x @ (digamma(more) - digamma(p.r)))
        return value, np.array([grown + logs[1], p.r / p.alpha, logs[3], p.s / p.beta])

    def _counted_bends(self, p: ParetoParameters) -> Floats:
        """Return the second derivatives of that."""
        bends = np.zeros((4, 4))
        bends[0, 0] = self._share_of_x @ (polygamma(1, p.r + self._distinct) - polygamma(1, p.r))
        bends[0, 1], bends[1, 1] = 1.0 / p.alpha, -p.r / p.alpha**2
        bends[2, 3], bends[3, 3] = 1.0 / p.beta, -p.s / p.beta**2
        return bends


def _silence(p: ParetoParameters, repeats: Floats, recency: Floats, age: Floats) -> PowerIntegral:
    """Return the integral over the instants at which a customer may have left since her last purchase."""
    return PowerIntegral.of(p.alpha + recency, p.r + repeats, p.beta + recency, p.s + 1.0, age - recency)


def _log_odds(p: ParetoParameters, silence: PowerIntegral, log_value: Floats) -> Floats:
    waited = silence.p * np.log1p(silence.length / silence.first) + p.s * np.log1p(silence.length / silence.second)
    return np.asarray(np.log(p.s) - np.log(silence.second) + waited + log_value)
