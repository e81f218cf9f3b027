"""Finding the maximum of a likelihood in log-parameters.

Whether a fit has converged is judged by the relative change of its objective between restarts, not by the size of the
gradient: the likelihoods of this room have long flat ridges on which a gradient tolerance is never met.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.optimize import minimize

from smalti.models.arrays import Floats

Objective: TypeAlias = Callable[[Floats], tuple[float, Floats]]
"""Log-parameters to (value, gradient); to be minimised."""

LOG_BOUND = 9.2
"""Log-parameters stay within plus and minus this (parameters within about 1e-4 and 1e4, in normalised units)."""

_SAME = 1e-11
_LEVEL = 1e-11
_RESTARTS = 12


@dataclass(frozen=True)
class Optimum:
    """Where a search ended.

    Attributes:
        logs: the log-parameters.
        value: the objective there.
        converged: whether a fresh start from there changed the objective by less than 1e-11 relative.
        rounds: how many times the search was started.
    """

    logs: tuple[float, ...]
    value: float
    converged: bool
    rounds: int

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
    """Return the optimum reached from `start` by L-BFGS, restarted until the objective stands still, then polished."""
    logs = np.asarray(start, dtype=np.float64)
    value = objective(logs)[0]
    for rounds in range(1, _RESTARTS + 1):
        before = value
        logs, value = _descend(objective, logs, value)
        if before - value <= _SAME * (1.0 + abs(value)):
            logs, value = _polish(objective, logs, value)
            return Optimum(tuple(logs.tolist()), value, True, rounds)
    return Optimum(tuple(logs.tolist()), value, False, _RESTARTS)


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
