from __future__ import annotations

import math

import numpy as np
import pytest

from smalti.models.fitting import LOG_BOUND, best_of, search, standard_errors


class Valley:
    """Rosenbrock's curved valley, least at (1, 1), with or without second derivatives."""

    def __call__(self, logs):
        return self.curved(logs)[:2]

    def curved(self, logs):
        x, y = logs
        value = (1 - x) ** 2 + 10 * (y - x * x) ** 2
        slope = np.array([-2 * (1 - x) - 40 * x * (y - x * x), 20 * (y - x * x)])
        return float(value), slope, np.array([[2 - 40 * (y - 3 * x * x), -40 * x], [-40 * x, 20.0]])


@pytest.mark.parametrize("objective", [Valley(), Valley().__call__], ids=["Newton", "L-BFGS"])
@pytest.mark.parametrize("start", [(-1.2, 1.0), (3.0, -3.0), (1.0, 1.0), (9.2, 9.2)])
def test_the_bottom_of_a_curved_valley_is_found(objective, start):
    found = search(objective, np.array(start))
    assert found.converged
    assert found.logs == pytest.approx((1.0, 1.0), abs=1e-7)
    assert standard_errors(objective, found, 100.0) == pytest.approx(
        (
            0.0707107,
            0.1450,
        ),
        rel=0.02,
    )


class Slope:
    """Falls for ever in the second parameter, as e^-y does."""

    def __call__(self, logs):
        return self.curved(logs)[:2]

    def curved(self, logs):
        fall = math.exp(-logs[1])
        return float(logs[0] ** 2 + fall), np.array([2 * logs[0], -fall]), np.diag([2.0, fall])


class Cliff(Slope):
    """Falls evenly in the second parameter."""

    def curved(self, logs):
        return float(logs[0] ** 2 - logs[1]), np.array([2 * logs[0], -1.0]), np.diag([2.0, 0.0])


def test_a_ridge_without_end_is_left_where_nothing_more_is_gained():
    found = search(Slope(), np.array([1.0, 0.0]))
    assert found.converged
    assert found.logs[0] == pytest.approx(0.0, abs=1e-6)
    assert found.value < 2e-4
    assert standard_errors(Slope(), found, 10.0) is None


def test_a_parameter_without_end_stops_at_the_bound_and_says_so():
    found = search(Cliff(), np.array([1.0, 0.0]))
    assert found.converged
    assert found.logs == pytest.approx((0.0, LOG_BOUND), abs=1e-7)
    assert found.at_bound == (False, True)
    assert standard_errors(Cliff(), found, 10.0) is None


def test_the_better_of_two_valleys_wins():
    def two(logs):
        x = logs[0]
        return float((x * x - 1) ** 2 + 0.3 * x), np.array([4 * x * (x * x - 1) + 0.3])

    assert best_of(two, [np.array([0.8]), np.array([-0.7])]).logs[0] < -1
    assert best_of(two, [np.array([0.8])]).logs[0] > 0.9
