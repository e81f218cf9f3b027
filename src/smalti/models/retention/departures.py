"""Where contracts depart from the shape of a model: rates of renewal by occasion, drawn towards the model's.

A model of three parameters has a smooth curve; contracts may end more often after two years because that is how they were
sold. So those who left are compared with those the model expected, first in long stretches of occasions, then in shorter
ones, at last on each occasion. Where they scatter more than chance does, the ratio of a stretch is taken for a Gamma
variate about 1, as wide as makes the scatter most likely (the marginal likelihood of a Gamma-Poisson mixture): with many
customers it is then the ratio that was seen, with few it is 1.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaln
from scipy.stats import chi2

from smalti.models.arrays import Floats
from smalti.models.retention.contracts import LifeTable
from smalti.models.retention.model import RetentionModel

_LEAST, _MOST = -3.0, 16.0
_NEVER = 1e-12
_SURE = 0.05


def departure(model: RetentionModel, table: LifeTable) -> float:
    """Return the chance of so much scatter about the model's rates if its shape holds.

    It is the least over the lengths of stretches, times how many lengths there are (Bonferroni).

    Args:
        model: fitted to the table.
        table: how many could renew on each occasion, and how many did not.

    Examples:
        >>> model, risk = RetentionModel("beta_geometric", 2.0, 8.0), np.array([500.0] * 4)
        >>> departure(model, LifeTable(risk, np.array([90.0] * 4))) > 0.05
        True
        >>> departure(model, LifeTable(risk, np.array([9.0, 90.0, 9.0, 90.0]))) < 0.01
        True
    """
    return _followed(_leaving(model, table), table)[1]


def departing(model: RetentionModel, table: LifeTable) -> RetentionModel | None:
    """Return the model with the rates that were seen, drawn towards its own; None where its shape holds.

    Args:
        model: fitted to the table.
        table: how many could renew on each occasion, and how many did not.

    Examples:
        >>> table = LifeTable(np.array([900.0, 800.0, 500.0]), np.array([100.0, 300.0, 10.0]))
        >>> model = RetentionModel("beta_geometric", 3.0, 12.0)
        >>> departing(model, table).renewal_chance([0, 1, 2, 3]).round(2)
        array([0.89, 0.63, 0.98, 0.83])
        >>> departing(model, LifeTable(np.array([900.0, 720.0]), np.array([180.0, 135.0]))) is None
        True
    """
    leaves, chance = _followed(_leaving(model, table), table)
    return replace(model, rates=tuple((1.0 - leaves).tolist())) if chance < _SURE else None


def _leaving(model: RetentionModel, table: LifeTable) -> Floats:
    return np.clip(1.0 - model.renewal_chance(np.arange(float(table.at_risk.size))), _NEVER, 1.0 - _NEVER)


def _followed(leaves: Floats, table: LifeTable) -> tuple[Floats, float]:
    """Return the chances to leave after those seen, stretch by stretch, and the chance of such scatter without need."""
    occasions = leaves.size
    lengths = [2**power for power in range(max(int(math.log2(max(occasions / 2, 1))), 0), -1, -1)]
    least = 1.0
    for length in lengths:
        stretch = np.arange(occasions) // length
        lost = np.bincount(stretch, weights=table.lost).astype(np.float64)
        expected = np.bincount(stretch, weights=table.at_risk * leaves).astype(np.float64)
        pull, chance = _scatter(lost, expected)
        least = min(least, chance * len(lengths))
        leaves = np.clip(leaves * ((lost + pull) / (expected + pull))[stretch], _NEVER, 1.0 - _NEVER)
    return leaves, least


def _scatter(lost: Floats, expected: Floats) -> tuple[float, float]:
    """Return for how many leavers the model's word counts, and the chance of such scatter if that were endless."""
    by_chance = float((lost * np.log(np.maximum(expected, _NEVER)) - expected).sum())

    def loss(log_pull: float) -> float:
        pull = math.exp(log_pull)
        mixed = gammaln(pull + lost) - gammaln(pull) - pull * np.log1p(expected / pull)
        return by_chance - float(
            (mixed + lost * (np.log(np.maximum(expected, _NEVER)) - np.log(pull + expected))).sum()
        )

    found = minimize_scalar(loss, bounds=(_LEAST, _MOST), method="bounded", options={"xatol": 1e-6})
    return math.exp(float(found.x)), float(0.5 * chi2.sf(2 * max(-float(found.fun), 0.0), 1))
