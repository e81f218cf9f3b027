"""How long what may end at every step goes on: the chance to last, and the steps to come, discounted or not.

An end that comes at each step with a chance of her own, Beta over customers, leaves a share B(a, b + t) / B(a, b) after
t steps; with t to the power c the chance to end may grow (c > 1) or fall (c < 1) with time even within a customer. The
discrete-time models of buying and of contracts both stand on it. Sums over steps to come are taken one by one while
they are few and by the Euler-Maclaurin formula from there on, so a horizon of a million steps costs no more than one of
two thousand, and no parameter is singular.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from smalti.errors import ModelError
from smalti.models.arrays import Floats

LogShare: TypeAlias = Callable[[Floats], Floats]
"""Steps ahead, shape (m,), to the log of the chance to last that long, shape (rows, m)."""

_STIRLING = 16.0
_LIFTS = np.arange(16.0)
_ONE_BY_ONE = 1024
_NOTHING = 45.0
_LEAST_RATE = 1e-12
LONGEST_LOG = 650.0
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)


def log_rise(start: Floats | float, by: float) -> Floats:
    """Return ln G(start + by) - ln G(start), G the Gamma function, without loss where `start` is large.

    Args:
        start: positive.
        by: positive.

    Examples:
        >>> log_rise(np.array([1.0, 3.0]), 2.0).round(6)  # ln 2, ln 12
        array([0.693147, 2.484907])
        >>> round(float(log_rise(1e8, 1e-4)), 16)  # the difference of two ln G would leave five digits of it
        0.0018420680738953
    """
    z = np.array(start, dtype=np.float64)
    lift = np.zeros_like(z)
    small = z < _STIRLING
    if small.any():
        lift[small] = np.log1p(by / (z[small][:, None] + _LIFTS)).sum(axis=1)
        z[small] += _LIFTS.size
    series = (z - 0.5) * np.log1p(by / z) + by * np.log(z + by) - by
    return np.asarray(series + _stirling(z + by) - _stirling(z) - lift)


def rise_slope(start: Floats, by: float) -> Floats:
    """Return the slope of `log_rise` in `start`: psi(start + by) - psi(start), psi the digamma function.

    >>> rise_slope(np.array([1.0, 3.0]), 2.0).round(6)  # 1 + 1/2, 1/3 + 1/4
    array([1.5     , 0.583333])
    """
    z = np.array(start, dtype=np.float64)
    lift = np.zeros_like(z)
    small = z < _STIRLING
    if small.any():
        steps = z[small][:, None] + _LIFTS
        lift[small] = (by / (steps * (steps + by))).sum(axis=1)
        z[small] += _LIFTS.size
    end = z + by
    halves = 0.5 * (by / z) / end
    return np.asarray(np.log1p(by / z) + halves + _stirling_slope(end) - _stirling_slope(z) + lift)


def _stirling(z: Floats) -> Floats:
    inverse = 1.0 / z
    square = inverse * inverse
    return np.asarray(
        inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))))
    )


def _stirling_slope(z: Floats) -> Floats:
    square = (1.0 / z) ** 2
    return np.asarray(-square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square / 132)))))


def powered(steps: Floats, power: float) -> Floats:
    """Return steps ** power, cut at e ** 650 so that nothing overflows.

    >>> powered(np.array([0.0, 1.0, 4.0]), 0.5).tolist()
    [0.0, 1.0, 2.0]
    """
    with np.errstate(divide="ignore"):
        logs = power * np.log(np.asarray(steps, dtype=np.float64))
    return np.asarray(np.exp(np.minimum(logs, LONGEST_LOG)))


def log_lasting(ending: float, staying: float, power: float, steps: Floats) -> Floats:
    """Return ln B(ending, staying + steps ** power) / B(ending, staying): the log chance to last so many steps.

    Args:
        ending: first parameter of the Beta distribution of the chance to end at a step.
        staying: its second parameter.
        power: 1 where the chance of each customer is the same at every step.
        steps: from 0, not necessarily whole.

    Examples:
        >>> np.exp(log_lasting(1.0, 1.0, 1.0, np.array([0.0, 1.0, 2.0]))).round(6)
        array([1.      , 0.5     , 0.333333])
    """
    return np.asarray(np.minimum(log_rise(staying, ending) - log_rise(staying + powered(steps, power), ending), 0.0))


def steps_ahead(log_share: LogShare, horizon: float, rate: float = 0.0) -> Floats:
    """Return the expected steps that will be taken within the horizon: the sum of share(j) / (1 + rate) ** j, j from 1.

    Args:
        log_share: the log of the chance to last 1, 2, ... steps more, smooth in between.
        horizon: how many steps ahead, a whole number; infinity where `rate` is positive.
        rate: of discount per step.

    Returns:
        One number per row of what `log_share` gives.

    Raises:
        ModelError: for a negative horizon or rate, part of a step, or endless steps without a discount.

    Examples:
        >>> def half(j):
        ...     return -np.log(2.0) * j[None, :]
        >>> steps_ahead(half, 3), steps_ahead(half, math.inf, rate=1.0).round(12)
        (array([0.875]), array([0.33333333]))
    """
    if not rate >= 0 or math.isinf(rate):
        raise ModelError(f"rate of discount: expected a share that is not negative, got {rate}")
    if not horizon >= 0 or (math.isfinite(horizon) and horizon != math.floor(horizon)):
        raise ModelError(f"horizon: expected a whole number of steps that is not negative, got {horizon}")
    if math.isinf(horizon) and rate < _LEAST_RATE:
        raise ModelError("horizon: endless steps have no sum without a rate of discount above 0")
    force = math.log1p(rate)
    if horizon > _ONE_BY_ONE and rate >= _LEAST_RATE:
        horizon = min(horizon, _ONE_BY_ONE + math.ceil(_NOTHING / force))

    def share(steps: Floats) -> Floats:
        return np.asarray(np.exp(log_share(steps) - force * steps))

    first = share(np.arange(1.0, min(horizon, _ONE_BY_ONE) + 1)).sum(axis=-1)
    return np.asarray(first if horizon <= _ONE_BY_ONE else first + _far(share, _ONE_BY_ONE + 1.0, float(horizon)))


def _far(share: LogShare, start: float, end: float) -> Floats:
    """Sum share(start), share(start + 1), ..., share(end) by the integral, its ends and its slopes at the ends."""
    near = share(np.array([start - 0.5, start, start + 0.5, end - 0.5, end, end + 0.5]))
    slopes = (near[..., 5] - near[..., 3]) - (near[..., 2] - near[..., 0])
    total = (near[..., 1] + near[..., 4]) / 2 + slopes / 12
    low = start
    while low < end:
        high = min(2 * low, end)
        middle, half = (low + high) / 2, (high - low) / 2
        total = total + half * (share(middle + half * _NODES) * _WEIGHTS).sum(axis=-1)
        low = high
    return np.asarray(total)
