"""What a forecast costs, customer by customer, by scoring rules that are least in the mean for the true chance or mean.

Gneiting and Raftery 2007, "Strictly proper scoring rules, prediction, and estimation"; for amounts the Tweedie deviance of
power 1.5 (Jorgensen 1987), which is 0 for a hit and stays tame where amounts have a heavy tail and many are nought.
"""

from __future__ import annotations

import numpy as np

from smalti.models.arrays import Floats, Integers
from smalti.models.supervised.training import Task

_LEAST = 1e-12


def losses(task: Task, forecast: Floats, target: Floats | Integers) -> Floats:
    """Return what each forecast costs, shape (n,): the log loss (nats), or for amounts the Tweedie deviance.

    Args:
        task: What was foretold.
        forecast: Chances or amounts, shape (n, 1), or chances of classes, shape (n, classes).
        target: 0 or 1, an amount, or the number of a class; shape (n,). Amounts below 0 count as 0.

    >>> losses("chance", np.array([[0.5], [0.8]]), np.array([1.0, 1.0])).round(3).tolist()
    [0.693, 0.223]
    """
    if task == "category":
        return -np.log(np.maximum(forecast[np.arange(len(target)), target.astype(np.int64)], _LEAST))
    told = forecast[:, 0]
    if task == "chance":
        return -np.log(np.maximum(np.where(target == 1, told, 1 - told), _LEAST))
    came, told = np.maximum(target, 0.0), np.maximum(told, _LEAST)
    return np.asarray(4 * (came / np.sqrt(told) + np.sqrt(told) - 2 * np.sqrt(came)))


def anyone(task: Task, target: Floats | Integers, classes: int) -> Floats:
    """Return the one forecast that fits everybody best: the share, mean or shares of classes; shape (1, 1) or (1, classes).

    Shares are smoothed by half a customer for each class (Jeffreys), so that none is 0.

    >>> anyone("chance", np.array([1.0, 0, 0, 0]), 1).tolist()
    [[0.3]]
    """
    if task == "amount":
        return np.array([[float(np.mean(target))]])
    if task == "chance":
        return np.array([[(float(target.sum()) + 0.5) / (len(target) + 1)]])
    counts = np.bincount(target.astype(np.int64), minlength=classes) + 0.5
    return np.asarray(counts / counts.sum())[None, :]
