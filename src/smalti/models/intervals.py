"""Intervals of shares, and the levels at which intervals are asked for."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from smalti.errors import ModelError
from smalti.models.arrays import Floats

Z = 1.959963984540054
"""A normal value lies within so many standard errors in 95 of 100 cases."""


def wilson(share: Floats, of: Floats, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the intervals of shares, each of so many customers (Wilson 1927).

    >>> [end.round(3).tolist() for end in wilson(np.array([0.5, 1.0]), np.array([100.0, 100.0]))]
    [[0.404, 0.963], [0.596, 1.0]]
    """
    z = float(ndtri((1 + level) / 2))
    middle = share + z * z / (2 * of)
    half = z * np.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    stretch = 1 + z * z / of
    return np.maximum(0.0, (middle - half) / stretch), np.minimum(1.0, (middle + half) / stretch)


def share_interval(hits: float, of: float) -> tuple[float, float]:
    """Return the 95 % interval of one share, hits among so many customers (Wilson 1927).

    >>> [round(end, 3) for end in share_interval(0, 10)]
    [0.0, 0.278]
    """
    low, high = wilson(np.array(hits / of), np.array(float(of)))
    return float(low), float(high)


def check_level(level: float) -> None:
    """Refuse a level that is no share.

    Raises:
        ModelError: The level is not above 0 and below 1.

    >>> check_level(0.8)
    """
    if not 0 < level < 1:
        raise ModelError(f"level: expected a share between 0 and 1, got {level}")
