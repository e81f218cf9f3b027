"""Policy value where the truth is known: how often the intervals hold it, in 1,000 repetitions each."""

from __future__ import annotations

import numpy as np
import pytest

from smalti.experiments import Logged, difference, value_of
from smalti.experiments.policies import ESTIMATORS, interval_of

REPETITIONS = 1000
WORTH = np.array([[1.0, 1.2, 0.9], [1.0, 0.7, 1.4], [2.0, 2.1, 2.0], [0.2, 0.8, 0.3]])
CHANCES = np.array([[0.6, 0.2, 0.2], [0.2, 0.6, 0.2], [0.1, 0.1, 0.8], [1 / 3, 1 / 3, 1 / 3]])
POLICY = np.array([[0.1, 0.8, 0.1], [0.0, 0.0, 1.0], [0.5, 0.25, 0.25], [0.0, 1.0, 0.0]])
OTHER = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
COST = np.array([0.0, 0.1, 0.3])
TRUTH = ((POLICY * (WORTH - COST)).sum(axis=1).mean(), (OTHER * (WORTH - COST)).sum(axis=1).mean())


def drawn(rng, rows, several=1):
    """Draw a log of money: kinds of customers, arms by known chances, some decisions of the same customer."""
    kind = np.repeat(rng.integers(0, 4, rows // several), several)
    arm = (rng.random(rows)[:, None] > np.cumsum(CHANCES[kind], axis=1)[:, :-1]).sum(axis=1)
    habit = np.repeat(rng.normal(0, 1.0, rows // several), several) if several > 1 else 0.0
    outcome = rng.gamma(1.0, WORTH[kind, arm]) + habit
    customer = np.repeat(np.arange(rows // several), several) if several > 1 else None
    return Logged(("none", "mail", "letter"), arm, CHANCES[kind, arm], outcome, customer), kind


def held(found, truth):
    return float(np.mean([one.low <= truth <= one.high for one in found]))


@pytest.fixture(scope="module")
def trials():
    rng = np.random.default_rng(20)
    return [drawn(rng, 600) for _ in range(REPETITIONS)]


@pytest.mark.slow
@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_intervals_of_values_hold_the_truth_as_often_as_they_say(trials, estimator, right):
    predicted = WORTH if right else np.full((4, 3), 0.7)
    found = [value_of(log, POLICY[kind], estimator, predicted[kind], COST) for log, kind in trials]
    leaning = estimator in ("dm", "switch", "dros")
    assert 0.935 <= held(found, TRUTH[0]) <= (1.0 if leaning else 0.98)
    if not (leaning and not right):
        bias = np.mean([one.value for one in found]) - TRUTH[0]
        assert abs(bias) < 4 * np.std([one.value for one in found]) / np.sqrt(REPETITIONS) + 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("estimator", ["ipw", "snipw", "dr", "sndr"])
def test_intervals_of_differences_hold_the_truth_as_often_as_they_say(trials, estimator):
    found = [difference(log, POLICY[kind], OTHER[kind], estimator, WORTH[kind], COST) for log, kind in trials]
    assert 0.935 <= held(found, TRUTH[0] - TRUTH[1]) <= 0.98


@pytest.mark.slow
def test_intervals_hold_where_customers_decide_several_times():
    rng = np.random.default_rng(21)
    trials = [drawn(rng, 1200, several=4) for _ in range(REPETITIONS)]
    by_customer = [value_of(log, POLICY[kind], "dr", WORTH[kind], COST) for log, kind in trials]
    assert 0.935 <= held(by_customer, TRUTH[0]) <= 0.98
    naive = [
        value_of(Logged(log.arms, log.arm, log.probability, log.outcome), POLICY[kind], "dr", WORTH[kind], COST)
        for log, kind in trials[:300]
    ]
    assert held(naive, TRUTH[0]) < 0.91


@pytest.mark.slow
def test_rare_clicks_and_large_weights_need_the_correction_for_skewness():
    rng = np.random.default_rng(1)
    wanted, rate = rng.dirichlet(np.full(34, 0.4)), rng.beta(5, 900, 34)
    arm = rng.integers(0, 34, (REPETITIONS, 4000))
    outcome = (rng.random(arm.shape) < rate[arm]) * wanted[arm] * 34
    found = [interval_of(row) for row in outcome]
    normal = [abs(one.value - wanted @ rate) <= 1.96 * one.error for one in found]
    assert np.mean(normal) < 0.90
    assert 0.935 <= held(found, wanted @ rate) <= 0.98


def test_the_doubly_robust_is_the_sharper_the_better_the_predictions():
    log, kind = drawn(np.random.default_rng(22), 20_000)
    errors = [value_of(log, POLICY[kind], one, WORTH[kind]).error for one in ("ipw", "snipw", "dr", "dm")]
    assert errors == sorted(errors, reverse=True)
    assert errors[2] < 0.8 * errors[0]
