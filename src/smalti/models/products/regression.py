"""Regressions with the canonical link, fitted by Newton's method: log-odds of a chance, log of an amount.

Few columns, many rows: a handful of steps of exact curvature. The penalty on a column is that on its standardised form, and
slight; it keeps the fit finite where a column tells all.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

from smalti.models.arrays import Floats

_RIDGE = 0.1
_STEPS = 60
_SAME = 1e-11
_FAR = 30.0


def chance_of(log_odds: Floats) -> Floats:
    """Give chances of log-odds.

    >>> chance_of(np.array([0.0])).tolist()
    [0.5]
    """
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -_FAR, _FAR))))


def regress(seen: Floats, came: Floats, stands_for: Floats, *, amounts: bool = False) -> tuple[float, Floats]:
    """Fit the log-odds of what came (0 or 1), or the log of its mean (amounts, not negative), as a sum over columns.

    Args:
        seen: Shape (rows, columns).
        came: What came, shape (rows,).
        stands_for: How many rows each stands for.
        amounts: Whether amounts are foretold, not chances (a Poisson regression).

    Returns:
        The constant, and a weight for each column; 0 for one that does not vary.

    >>> constant, weights = regress(np.array([[0.0], [1.0]]), np.array([1.0, 9.0]), np.ones(2), amounts=True)
    >>> round(float(np.exp(constant)), 1), round(float(np.exp(weights[0])), 1)
    (1.1, 8.5)
    """
    with threads().limit(limits=1):
        total = float(stands_for.sum())
        centre = (stands_for @ seen) / total
        spread = np.sqrt((stands_for @ (seen - centre) ** 2) / total)
        varies = spread > 1e-9
        columns = np.column_stack([np.ones(len(seen)), (seen[:, varies] - centre[varies]) / spread[varies]])
        found = _newton(columns, came, stands_for, amounts=amounts)
    weights = np.zeros(seen.shape[1])
    weights[varies] = found[1:] / spread[varies]
    return float(found[0] - weights @ centre), weights


def _newton(columns: Floats, came: Floats, stands_for: Floats, *, amounts: bool) -> Floats:
    mean = float(stands_for @ came) / float(stands_for.sum())
    found = np.zeros(columns.shape[1])
    found[0] = np.log(max(mean, 1e-9)) if amounts else np.log(max(mean, 1e-9) / max(1 - mean, 1e-9))
    ridge = np.full(len(found), _RIDGE)
    ridge[0] = 0.0
    loss, expected = _loss(columns, came, stands_for, found, ridge, amounts=amounts)
    for _ in range(_STEPS):
        bend = stands_for * (expected if amounts else expected * (1 - expected))
        slope = columns.T @ (stands_for * (expected - came)) + ridge * found
        curvature = (columns * bend[:, None]).T @ columns + np.diag(ridge + 1e-12)
        step = np.linalg.solve(curvature, slope)
        before = loss
        for _ in range(30):
            moved = found - step
            loss, there = _loss(columns, came, stands_for, moved, ridge, amounts=amounts)
            if loss <= before:
                break
            step /= 2
        if loss > before:
            break
        found, expected = moved, there
        if before - loss <= _SAME * (1 + abs(before)):
            break
    return found


def _loss(
    columns: Floats, came: Floats, stands_for: Floats, found: Floats, ridge: Floats, *, amounts: bool
) -> tuple[float, Floats]:
    """Give what is lost, and what is expected of each row."""
    sums = np.clip(columns @ found, -_FAR, _FAR)
    amount = np.exp(sums)
    cumulant = amount if amounts else np.log(1 + amount)
    loss = float(stands_for @ (cumulant - came * sums)) + float(ridge @ found**2) / 2
    return loss, amount if amounts else amount / (1 + amount)


@cache
def threads() -> ThreadpoolController:
    """Give what keeps products of matrices on one thread, so that sums are taken in one order."""
    return ThreadpoolController()
