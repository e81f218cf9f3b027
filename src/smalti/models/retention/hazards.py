"""The likelihood of the models of contracts and its exact gradient, over a life table.

With h_k the chance not to renew on the k-th occasion of those who could, the log-likelihood of all customers is the sum
of lost_k ln h_k + kept_k ln(1 - h_k), however many of them are still running.
"""

from __future__ import annotations

import numpy as np
from scipy.special import digamma

from smalti.models.arrays import Floats
from smalti.models.fitting import Objective
from smalti.models.retention.contracts import LifeTable
from smalti.models.survival import LONGEST_LOG, log_rise, powered, rise_slope

_LEAST_STEP = 1e-18
_LONGEST_STEP = 700.0


def geometric_loss(table: LifeTable, customers: float, scale: float) -> Objective:
    """Return what to minimise for the shifted beta-geometric: logs of alpha and of beta / scale to (loss, gradient).

    Its hazard is alpha / (alpha + beta + k - 1).

    Args:
        table: how many could renew on each occasion, and how many did not.
        customers: by which the loss is divided.
        scale: in which beta is counted, so that the search knows no unit of time.
    """
    gone, kept, earlier = table.lost / customers, (table.at_risk - table.lost) / customers, np.arange(table.lost.size)

    def loss(logs: Floats) -> tuple[float, Floats]:
        alpha, beta = float(np.exp(logs[0])), float(np.exp(logs[1])) * scale
        stay = beta + earlier
        all_of = alpha + stay
        value = (gone * (logs[0] - np.log(all_of)) - kept * np.log1p(alpha / stay)).sum()
        both = (gone + kept) / all_of
        slopes = np.array([(gone / alpha - both).sum() * alpha, (kept / stay - both).sum() * beta])
        return -float(value), -slopes

    return loss


def weibull_loss(table: LifeTable, customers: float, scale: float) -> Objective:
    """Return what to minimise for the beta-discrete-Weibull: logs of alpha, beta / scale and c to (loss, gradient).

    It lets the share B(alpha, beta + k ** c) / B(alpha, beta) renew on all of the first k occasions.

    Args:
        table: how many could renew on each occasion, and how many did not.
        customers: by which the loss is divided.
        scale: in which beta is counted.
    """
    gone, kept = table.lost / customers, (table.at_risk - table.lost) / customers
    occasions = np.arange(table.lost.size + 1.0)
    logs_of = np.log(np.maximum(occasions, 1.0))

    def loss(logs: Floats) -> tuple[float, Floats]:
        alpha, beta, c = float(np.exp(logs[0])), float(np.exp(logs[1])) * scale, float(np.exp(logs[2]))
        passed = powered(occasions, c)
        stay = beta + passed
        exact = -np.diff(log_rise(stay, alpha))
        step = np.minimum(exact, -_LEAST_STEP)
        short = np.maximum(step, -_LONGEST_STEP)
        value = (gone * np.log(-np.expm1(short)) + kept * step).sum()
        weight = kept - np.where(exact < -_LEAST_STEP, gone / np.expm1(-short), 0.0)
        steep, growth = rise_slope(stay, alpha), np.where(c * logs_of < LONGEST_LOG, passed * logs_of, 0.0)
        slopes = np.array(
            [
                -(weight * np.diff(digamma(stay + alpha))).sum() * alpha,
                -(weight * np.diff(steep)).sum() * beta,
                -(weight * np.diff(steep * growth)).sum() * c,
            ]
        )
        return -float(value), -slopes

    return loss
