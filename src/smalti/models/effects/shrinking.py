"""How much of what an effect model says of differences between customers is kept: as much as held-out scores bear out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.models.arrays import Floats, Integers

_DOUBT = 2.0
_MOST = 2.0


@dataclass(frozen=True)
class Evidence:
    """What is known of one arm's effect.

    Attributes:
        arm: The name of the arm.
        average: The mean effect over all customers, in the unit of the outcome.
        average_error: Its standard error.
        slope: By how much effects really rose for each unit by which the raw model said so, in customers left out of its
            fit: 1 for a perfect model, about 0 for noise (Chernozhukov et al. 2018, best linear predictor).
        slope_error: Its standard error, with what chance shared between parts adds (`widened`); 0 where the raw model says the
            same of everybody.
        kept: What the raw model's deviations from the mean are multiplied by: the slope, drawn towards 0 by its error.
        rounds: How many trees were found best for each forest; 0 where none told anything of customers left out.
        spread: The standard deviation between customers of effects as they are told, after shrinking.
    """

    arm: str
    average: float
    average_error: float
    slope: float
    slope_error: float
    kept: float
    rounds: int
    spread: float

    @property
    def shown(self) -> bool:
        """Whether customers were shown to differ in this effect (a one-sided test at 5 % of the slope)."""
        return self.slope_error > 0 and self.slope > 1.645 * self.slope_error


def slope_of(raw: Floats, scores: Floats, customer: Integers) -> tuple[float, float]:
    """Return the slope of scores on what a raw model says, and its standard error, rows of one customer taken together.

    Args:
        raw: What the model says of customers left out of its fit, less its mean; shape (n,).
        scores: Doubly robust scores of the effect, less their mean; shape (n,).
        customer: The place of each row's customer; shape (n,).

    >>> slope_of(np.array([-1.0, 1.0, -1.0, 1.0]), np.array([-2.0, 2.0, -1.0, 1.0]), np.arange(4))
    (1.5, 0.25)
    """
    size = float(raw @ raw)
    if size <= 1e-18 * max(float(scores @ scores), 1e-300):
        return 0.0, 0.0
    slope = float(raw @ scores) / size
    apart = raw * (scores - slope * raw)
    each = np.bincount(customer, apart)
    return slope, float(np.sqrt(each @ each)) / size


def widened(error: float, slope: float) -> float:
    """Return the standard error of a slope with what chance shared between parts adds to it.

    Each part judges what the others taught, and teaches them: what is chance in two parts is counted twice, as far as what the
    model says is chance. That share is about 1 - slope: all of it in noise, where the variance doubles; none of it where the
    model is perfect.

    >>> round(widened(1.0, -0.2) ** 2, 3), round(widened(1.0, 0.75) ** 2, 3), widened(1.0, 1.5)
    (2.0, 1.25, 1.0)
    """
    return float(error * (2.0 - min(max(slope, 0.0), 1.0)) ** 0.5)


def kept_of(slope: float, error: float) -> float:
    """Return how much of a slope to keep: nothing up to 1.4 times its error, nearly all where it is far above.

    The positive-part rule of James and Stein for one number, with twice the usual pull since the size of the forests was
    chosen on the same rows: slope x max(0, 1 - 2 / z^2), z being slope over error; at most 2.

    >>> [round(kept_of(slope, 0.5), 3) for slope in (-1.0, 0.5, 1.0, 2.0)]
    [0.0, 0.0, 0.5, 1.75]
    """
    if error <= 0.0 or slope * slope <= _DOUBT * error * error or slope <= 0.0:
        return 0.0
    return min(slope * (1.0 - _DOUBT * (error / slope) ** 2), _MOST)


def mean_error(apart: Floats, customer: Integers) -> float:
    """Return the standard error of a mean, rows of one customer taken together.

    Args:
        apart: Values less their mean, shape (n,).
        customer: The place of each row's customer; shape (n,).

    >>> round(mean_error(np.array([-1.0, 1.0, -1.0, 1.0]), np.arange(4)), 3)
    0.577
    """
    each = np.bincount(customer, apart)
    groups = int(np.count_nonzero(np.bincount(customer)))
    return float(np.sqrt(each @ each * groups / max(groups - 1, 1))) / max(len(apart), 1)
