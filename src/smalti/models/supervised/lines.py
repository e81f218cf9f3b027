"""Lines through one number: logistic, of a logarithm, rising; by Newton's method, or by pooling neighbours that disagree."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import expit, softmax

from smalti.models.arrays import Floats, Integers

_STEPS, _STEEPEST = 60, 1e3


def logistic_line(x: Floats, target: Floats | Integers) -> tuple[float, float]:
    """Return intercept and slope of a logistic regression, with the targets drawn in by half a customer (Platt 1999).

    >>> logistic_line(np.array([0.0, 0, 1, 1] * 50), np.array([0.0, 1, 1, 1] * 50))[1] > 1
    True
    """
    ones = float(target.sum())
    high, low = (ones + 1) / (ones + 2), 1 / (len(target) - ones + 2)
    wanted = np.where(np.asarray(target) == 1, high, low)
    return _line(x, wanted, expit, lambda mean: mean * (1 - mean), lambda eta, y: np.logaddexp(0, eta) - y * eta)


def log_line(x: Floats, target: Floats | Integers) -> tuple[float, float]:
    """Return intercept and slope of the logarithm of a mean (Poisson quasi-likelihood): the total is met exactly.

    >>> [round(one, 6) for one in log_line(np.array([0.0, 0.0, 1.0, 1.0]), np.array([1.0, 3.0, 4.0, 4.0]))]
    [0.693147, 0.693147]
    """
    wanted = np.maximum(np.asarray(target, dtype=np.float64), 0.0)
    scale = float(wanted.mean()) or 1.0
    intercept, slope = _line(x, wanted / scale, np.exp, lambda mean: mean, lambda eta, y: np.exp(eta) - y * eta)
    return intercept + float(np.log(scale)), slope


def _line(
    x: Floats,
    wanted: Floats,
    mean_of: Callable[[Floats], Floats],
    spread: Callable[[Floats], Floats],
    cost: Callable[[Floats, Floats], Floats],
) -> tuple[float, float]:
    """Newton's method with halved steps, on x moved and stretched to mean 0 and spread 1."""
    middle, width = float(x.mean()), float(x.std())
    if width == 0.0:
        return _level(wanted, mean_of), 0.0
    design = np.column_stack([np.ones(len(x)), (x - middle) / width])
    line: Floats = np.array([_level(wanted, mean_of), 0.0])
    last = float(cost(design @ line, wanted).sum())
    for _ in range(_STEPS):
        mean = mean_of(design @ line)
        gradient = design.T @ (wanted - mean)
        curvature = design.T @ (design * spread(mean)[:, None]) + 1e-9 * np.eye(2)
        step = np.asarray(np.linalg.solve(curvature, gradient), dtype=np.float64)
        line, now = _shorter(line, step, lambda one: float(cost(design @ one, wanted).sum()), last)
        if not now < last - 1e-12 * abs(last):
            break
        last = now
    slope = float(np.clip(line[1] / width, -_STEEPEST, _STEEPEST))
    return float(line[0] - slope * middle), slope


def _shorter(line: Floats, step: Floats, cost: Callable[[Floats], float], last: float) -> tuple[Floats, float]:
    """Take a step, halved until it does not make things worse."""
    step = np.clip(step, -5.0, 5.0)
    for _ in range(30):
        now = cost(line + step)
        if now <= last:
            return line + step, now
        step = step / 2
    return line, last


def _level(wanted: Floats, mean_of: Callable[[Floats], Floats]) -> float:
    mean = float(np.clip(wanted.mean(), 1e-12, None))
    if mean_of is np.exp:
        return float(np.log(mean))
    return float(np.log(mean) - np.log1p(-min(mean, 1 - 1e-12)))


def rising(x: Floats, target: Floats | Integers) -> tuple[Floats, Floats]:
    """Return corners of the rising step function that fits best (isotonic regression), as places and heights.

    Each step is given by its first and last place; between steps one goes straight.

    >>> rising(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 1.0, 0.0, 1.0]))
    (array([1., 2., 3., 4.]), array([0. , 0.5, 0.5, 1. ]))
    """
    from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415 - takes seconds to load, and most commands do without

    model = IsotonicRegression(out_of_bounds="clip").fit(x, np.asarray(target, dtype=np.float64))
    return np.asarray(model.X_thresholds_, dtype=np.float64), np.asarray(model.y_thresholds_, dtype=np.float64)


def temperature(raw: Floats, target: Floats | Integers) -> float:
    """Return what raw scores of classes are best multiplied by, between a quarter and 4 (Guo et al. 2017).

    >>> temperature(np.array([[0.0, 4.0], [4.0, 0.0]] * 50), np.array([1, 0] * 45 + [0, 1] * 5)) < 1
    True
    """
    truth, low, high = np.asarray(target, dtype=np.int64), 0.25, 4.0

    def gradient(times: float) -> float:
        expected = (softmax(raw * times, axis=1) * raw).sum(axis=1)
        return float((expected - raw[np.arange(len(raw)), truth]).sum())

    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if gradient(middle) > 0 else (middle, high)
    return (low + high) / 2
