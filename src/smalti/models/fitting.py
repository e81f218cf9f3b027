"""Finding the maximum of a likelihood in log-parameters.

Whether a fit has converged is judged by the relative change of its objective between restarts, not by the size of the
gradient: the likelihoods of this room have long flat ridges on which a gradient tolerance is never met. An objective
that knows its second derivatives is searched by Newton steps within a region of trust; any other by L-BFGS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from scipy.optimize import minimize

from smalti.models.arrays import Booleans, Floats

Objective: TypeAlias = Callable[[Floats], tuple[float, Floats]]
"""Log-parameters to (value, gradient); to be minimised."""

LOG_BOUND = 9.2
"""Log-parameters stay within plus and minus this (parameters within about 1e-4 and 1e4, in normalised units)."""

_SAME = 1e-11
_LEVEL = 1e-11
_RESTARTS = 12
_ROUNDS = 200
_NOISE = 1e-12
_SETTLED = 1e-7
_FLAT = 1e-12
_FIRST_RADIUS, _LAST_RADIUS = 0.7, 2.0


@runtime_checkable
class Curved(Protocol):
    """An objective that knows its second derivatives as well."""

    def __call__(self, logs: Floats) -> tuple[float, Floats]:
        """Return the value and the gradient."""

    def curved(self, logs: Floats) -> tuple[float, Floats, Floats]:
        """Return the value, the gradient (n) and the matrix of second derivatives (n, n)."""


@dataclass(frozen=True)
class Optimum:
    """Where a search ended.

    Attributes:
        logs: the log-parameters.
        value: the objective there.
        converged: whether the objective stood still there: to 1e-12 relative by its own curvature, or to 1e-11 on a
            fresh start.
        rounds: how many steps the search took, or how many times it was started.
        curvature: the matrix of second derivatives there, row by row, where the search came to know it.
    """

    logs: tuple[float, ...]
    value: float
    converged: bool
    rounds: int
    curvature: tuple[tuple[float, ...], ...] | None = None

    @property
    def at_bound(self) -> tuple[bool, ...]:
        """Tell for each parameter whether it ended on the edge of the allowed range."""
        return tuple(abs(log) > LOG_BOUND - 1e-6 for log in self.logs)


def best_of(objective: Objective, starts: Sequence[Floats], tries: int = 2) -> Optimum:
    """Return the best optimum found from the `tries` most promising of the starts.

    Args:
        objective: log-parameters to (value, gradient); to be minimised.
        starts: candidate log-parameters; ties keep their order.
        tries: from how many of them to search.

    Examples:
        >>> bowl = lambda logs: (float(((logs - 1.5) ** 2).sum()), 2 * (logs - 1.5))
        >>> [round(log, 6) for log in best_of(bowl, [np.zeros(2), np.ones(2)]).logs]
        [1.5, 1.5]
    """
    promising = sorted(starts, key=lambda start: objective(start)[0])[:tries]
    return min((search(objective, start) for start in promising), key=lambda found: found.value)


def search(objective: Objective, start: Floats) -> Optimum:
    """Return the optimum reached from `start`.

    With second derivatives (`Curved`) by Newton steps; without, or where those get stuck, by L-BFGS, restarted until
    the objective stands still, then polished.
    """
    logs = np.asarray(start, dtype=np.float64)
    if isinstance(objective, Curved):
        found = _newton(objective, logs)
        if found.converged:
            return found
        logs = np.array(found.logs)
    value = objective(logs)[0]
    for rounds in range(1, _RESTARTS + 1):
        before = value
        logs, value = _descend(objective, logs, value)
        if before - value <= _SAME * (1.0 + abs(value)):
            logs, value = _polish(objective, logs, value)
            return Optimum(tuple(logs.tolist()), value, True, rounds)
    return Optimum(tuple(logs.tolist()), value, False, _RESTARTS)


def standard_errors(objective: Objective, optimum: Optimum, customers: float) -> tuple[float, ...] | None:
    """Return the standard errors of the log-parameters, by the observed information.

    The observed information of a base is the curvature of its mean loss times the number of its customers; the inverse
    of that estimates the covariance of the log-parameters (Efron & Hinkley 1978). A parameter's own standard error is
    then itself times that of its logarithm, and an interval that never goes below 0 is `parameter * exp(+-1.96 se)`.

    Args:
        objective: the mean loss per customer that was minimised.
        optimum: where its search ended.
        customers: how many customers the mean is over.

    Returns:
        One number per log-parameter, in their order. None where the base does not pin the parameters down: one lies
        on the edge of the allowed range, the likelihood does not bend down in every direction, or so little that a
        standard error is as wide as the allowed range.

    Examples:
        >>> bowl = lambda logs: (float((2 * logs**2).sum()), 4 * logs)
        >>> found = search(bowl, np.ones(2))
        >>> [round(error, 4) for error in standard_errors(bowl, found, customers=25)]
        [0.1, 0.1]
    """
    if any(optimum.at_bound):
        return None
    logs = np.array(optimum.logs)
    bend = np.array(optimum.curvature) if optimum.curvature is not None else _curvature(objective, logs)
    sizes, ways = np.linalg.eigh(bend)
    if not sizes[0] > _FLAT * max(1.0, sizes[-1]):
        return None
    spread = np.sqrt(((ways * ways) / sizes).sum(axis=1) / customers)
    return tuple(spread.tolist()) if spread.max() < LOG_BOUND else None


def _newton(objective: Curved, start: Floats) -> Optimum:
    """Take Newton steps, none longer than the radius within which the last ones told the truth.

    A direction in which the objective bends up is walked down as if it bent down. Where the model says that nothing
    worth telling apart from rounding is left to gain, steps go on only while they shrink as Newton steps do next to an
    optimum; on a ridge that falls for ever they don't, and the search ends there. A step is the last where the next
    would be no longer than 1e-7: steps of lengths l and m are followed by one of about m^3 / l^2.
    """
    logs, radius, before = np.clip(start, -LOG_BOUND, LOG_BOUND), _FIRST_RADIUS, np.inf
    value, slope, bend = objective.curved(logs)
    for rounds in range(1, _ROUNDS + 1):
        step, gain, true_newton = _step(logs, slope, bend, radius)
        length = float(np.abs(step).max(initial=0.0))
        noise = _NOISE * (1.0 + abs(value))
        next_length = length**3 / before**2 if length < 0.1 * before < 0.01 else length
        if true_newton and next_length <= _SETTLED:
            logs, value = logs + step, value - gain
            return Optimum(tuple(logs.tolist()), float(value), True, rounds, _rows(bend))
        if gain <= noise and (not true_newton or length >= 0.5 * before):
            return Optimum(tuple(logs.tolist()), float(value), True, rounds, _rows(bend))
        trial = np.clip(logs + step, -LOG_BOUND, LOG_BOUND)
        new_value, new_slope, new_bend = objective.curved(trial)
        if not new_value <= value + noise:
            radius = min(radius, length) / 4
            continue
        told = (value - new_value) / gain if gain > noise else 1.0
        radius = min(2 * radius, _LAST_RADIUS) if told > 0.5 else max(radius, length) / 2 if told < 0.1 else radius
        before = length if true_newton else np.inf
        logs, value, slope, bend = trial, new_value, new_slope, new_bend
    return Optimum(tuple(logs.tolist()), value, False, _ROUNDS)


def _rows(matrix: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in matrix.tolist())


def _step(logs: Floats, slope: Floats, bend: Floats, radius: float) -> tuple[Floats, float, bool]:
    """Return the step, what it should gain, and whether it is the whole Newton step where the objective bends down.

    A parameter that would cross a bound goes to the bound, and the rest is solved again given that: cutting the step
    instead would turn it off a ridge.
    """
    free = ~(((logs <= -LOG_BOUND) & (slope > 0)) | ((logs >= LOG_BOUND) & (slope < 0)))
    step, whole = np.zeros(logs.size), True
    while free.any():
        step[free], whole_part = _trusted(slope[free] + bend[np.ix_(free, ~free)] @ step[~free], bend, free, radius)
        whole = whole and whole_part
        crossing = free & (np.abs(logs + step) > LOG_BOUND)
        if not crossing.any():
            break
        step[crossing] = (np.copysign(LOG_BOUND, step) - logs)[crossing]
        free, whole = free & ~crossing, False
    gain = -float(slope @ step + 0.5 * step @ bend @ step)
    return step, gain, whole


def _trusted(slope: Floats, bend: Floats, free: Booleans, radius: float) -> tuple[Floats, bool]:
    sizes, ways = np.linalg.eigh(bend[np.ix_(free, free)])
    moves = -(ways.T @ slope) / np.maximum(np.abs(sizes), 1e-14)
    longest = float(np.sqrt((moves * moves).sum()))
    moves *= min(1.0, radius / longest) if longest > 0 else 1.0
    return ways @ moves, bool(sizes[0] > 0) and longest <= radius


def _descend(objective: Objective, logs: Floats, value: float) -> tuple[Floats, float]:
    bounds = [(-LOG_BOUND, LOG_BOUND)] * logs.size
    found = minimize(
        objective,
        logs,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": 500, "ftol": 1e-14, "gtol": 1e-11},
    )
    return (found.x, float(found.fun)) if found.fun < value else (logs, value)


def _polish(objective: Objective, logs: Floats, value: float) -> tuple[Floats, float]:
    """Take Newton steps while they shrink the gradient: a flat objective alone leaves the parameters loose."""
    if np.any(np.abs(logs) > LOG_BOUND - 1e-3):
        return logs, value
    slope = objective(logs)[1]
    for _ in range(3):
        if np.abs(slope).max() < _LEVEL:
            break
        bend = _curvature(objective, logs)
        if not np.all(np.linalg.eigvalsh(bend) > 1e-9):
            return logs, value
        moved = np.clip(logs - np.linalg.solve(bend, slope), -LOG_BOUND, LOG_BOUND)
        new_value, new_slope = objective(moved)
        better = np.abs(new_slope).max() < 0.5 * np.abs(slope).max() and new_value <= value + 1e-12 * (1.0 + abs(value))
        if not better:
            return logs, value
        logs, value, slope = moved, new_value, new_slope
    return logs, value


def _curvature(objective: Objective, logs: Floats, step: float = 1e-4) -> Floats:
    moves = np.eye(logs.size) * step
    rows = [(objective(logs + move)[1] - objective(logs - move)[1]) / (2 * step) for move in moves]
    bend = np.array(rows)
    return np.asarray((bend + bend.T) / 2)
