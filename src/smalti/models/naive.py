"""Forecasts that anyone could make without a model: what a model must beat to be worth its name."""

from __future__ import annotations

import numpy as np

from smalti.models.arrays import Floats
from smalti.models.holdout import Holdout

SILENCE_HALVES = 180.0
"""Days of silence that halve the chance of being a customer in the rule of thumb."""
LAST_PERIOD = "last period repeated"
MEAN = "the mean for everyone"
RULE_OF_THUMB = "rule of thumb"


def naive_purchases(seen: Holdout) -> dict[str, Floats]:
    """Return forecasts of the days of purchase within the horizon, by the name of the baseline.

    - last period repeated: as many as within as many days before the cut-off
    - the mean for everyone: the mean of these
    - rule of thumb: as many as before, halved with every `SILENCE_HALVES` days of silence

    Examples:
        >>> zeros = np.zeros(2)
        >>> days = np.array([400.0, 400.0])
        >>> before = np.array([4.0, 0.0])
        >>> seen = Holdout(0, 90.0, zeros, zeros, days, before, zeros, zeros, zeros, zeros)
        >>> {name: forecast.round(2).tolist() for name, forecast in naive_purchases(seen).items()}
        {'last period repeated': [4.0, 0.0], 'the mean for everyone': [2.0, 2.0], 'rule of thumb': [0.86, 0.0]}
    """
    return _three(seen, seen.before)


def naive_spend(seen: Holdout) -> dict[str, Floats]:
    """Return forecasts of the spend within the horizon, by the name of the baseline; the same three."""
    return _three(seen, seen.before_spend)


def _three(seen: Holdout, before: Floats) -> dict[str, Floats]:
    mean = float(before.mean()) if before.size else 0.0
    return {
        LAST_PERIOD: before,
        MEAN: np.full(before.size, mean),
        RULE_OF_THUMB: np.asarray(before * 0.5 ** (seen.silence / SILENCE_HALVES)),
    }
