"""Intervals for people who look every day hold at every look; the usual ones do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.errors import ModelError
from smalti.experiments.readout import Metric, Statistics, Terms, always_p, always_valid, compare, reach, reaches

LOOKS, A_DAY, REPEATS = 60, 100, 1000


def test_the_formula_as_published():
    n, tuned, alpha, error = 3_000.0, 10_000, 0.05, 0.02
    rho = np.sqrt((-2 * np.log(alpha) + np.log(-2 * np.log(alpha) + 1)) / tuned)
    spread = error * np.sqrt(n)
    half = spread * np.sqrt(2 * (n * rho**2 + 1) / (n * rho) ** 2 * np.log(np.sqrt(n * rho**2 + 1) / alpha))
    found = always_valid(0.05, error, 3_000, tuned)
    assert (found.low, found.high) == (pytest.approx(0.05 - half), pytest.approx(0.05 + half))
    far = n * n * 0.05**2 / spread**2
    p = np.sqrt(n * rho**2 + 1) * np.exp(-(rho**2) * far / (2 * (n * rho**2 + 1)))
    assert found.p == pytest.approx(min(1.0, p))


@given(st.floats(-1, 1), st.floats(1e-3, 1), st.integers(2, 10**7), st.integers(1, 10**7), st.floats(0.5, 0.999))
def test_the_interval_leaves_out_nothing_exactly_when_the_p_value_is_small(effect, error, customers, tuned, level):
    found = always_valid(effect, error, customers, tuned, level)
    if abs(found.p - (1 - level)) > 1e-9:
        assert (found.p < 1 - level) == (found.low > 0 or found.high < 0)


@given(st.integers(10, 10**6))
def test_it_is_narrowest_in_customers_where_it_is_tuned(tuned):
    at = tuned * np.geomspace(0.01, 100, 201)
    halves = reaches(at, tuned) / np.sqrt(at)
    best = reach(float(tuned), tuned) / np.sqrt(tuned)
    others = np.array([reach(float(tuned), max(int(tuned * scale), 1)) for scale in (0.2, 0.5, 2.0, 5.0)])
    assert (np.diff(halves) < 0).all()
    assert (best <= others / np.sqrt(tuned) * 1.02).all()
    assert reach(float(tuned), tuned) > 2.5


def test_nonsense_is_told():
    with pytest.raises(ModelError, match="tuned_for: expected the number of customers"):
        always_valid(0.1, 0.1, 100, 0)
    with pytest.raises(ModelError, match="level: expected a chance"):
        reach(10.0, 10, 1.0)
    assert always_p(1.0, float("nan"), 10, 10) == 1.0


def test_a_comparison_carries_it_and_is_sure_by_it():
    control, treated = Statistics.of_counts(100, 1000), Statistics.of_counts(130, 1000)
    visit = Metric("visit", "outcome")
    single, watched = compare(control, treated, visit), compare(control, treated, visit, Terms(tuned_for=2000))
    assert (single.sure, watched.sure) == (True, False)
    assert watched.always == always_valid(single.effect, single.error, 2000, 2000)
    assert watched.interval == (watched.always.low, watched.always.high)
    assert (watched.low, watched.high, watched.p) == (single.low, single.high, single.p)


def looks(effect, draw, seed):
    """Give the effect and its error as they stand each day, for many experiments with 100 customers an arm and day."""
    rng = np.random.default_rng(seed)
    sums, squares = [], []
    for arm in (0, 1):
        values = draw(rng, (REPEATS, LOOKS, A_DAY)) + effect * arm
        sums.append(values.sum(2).cumsum(1))
        squares.append((values**2).sum(2).cumsum(1))
    n = A_DAY * np.arange(1, LOOKS + 1.0)
    means = [one / n for one in sums]
    variances = [(square - n * mean**2) / (n - 1) for square, mean in zip(squares, means, strict=True)]
    return means[1] - means[0], np.sqrt((variances[0] + variances[1]) / n), 2 * n


@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(lambda rng, shape: (rng.random(shape) < 0.1).astype(float), id="a rate of 10 %"),
        pytest.param(lambda rng, shape: rng.exponential(20.0, shape), id="amounts"),
    ],
)
def test_looking_every_day_is_no_harm_with_it_and_great_harm_without(draw):
    effect, error, customers = looks(0.0, draw, seed=1)
    apart = np.abs(effect) / error
    tuned = 2 * LOOKS * A_DAY
    always = (apart > reaches(customers, tuned)).any(1).mean()
    naive = (apart > 1.96).any(1).mean()
    assert always <= 0.05
    assert naive > 0.2


def test_it_finds_what_is_there_and_earlier_than_planned():
    effect, error, customers = looks(1.5, lambda rng, shape: rng.exponential(20.0, shape), seed=2)
    seen = effect / error > reaches(customers, 2 * LOOKS * A_DAY)
    assert seen.any(1).mean() > 0.8
    assert np.median(seen.argmax(1)[seen.any(1)]) < LOOKS / 2 + 10
