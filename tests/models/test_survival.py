from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import digamma, gammaln, hyp2f1

from smalti.errors import ModelError
from smalti.models.survival import log_lasting, log_rise, rise_slope, steps_ahead

SIZES = st.floats(-9.2, 9.2).map(math.exp)


def lasting(ending, staying, power, tenure):
    now = np.array(tenure, dtype=float)[:, None]
    base = log_lasting(ending, staying, power, now)
    return lambda steps: log_lasting(ending, staying, power, now + steps) - base


@settings(max_examples=25, deadline=None)
@given(SIZES, SIZES)
def test_rises_are_those_of_the_gamma_function(start, by):
    exact = gammaln(start + by) - gammaln(start)
    scale = abs(gammaln(start)) + abs(gammaln(start + by))
    assert log_rise(start, by) == pytest.approx(exact, rel=1e-12, abs=1e-14 * (1 + scale))
    slope = digamma(start + by) - digamma(start)
    assert rise_slope(np.array([start]), by)[0] == pytest.approx(slope, rel=1e-10, abs=1e-13 * abs(digamma(start)))


@settings(max_examples=25, deadline=None)
@given(SIZES, SIZES, st.floats(0.05, 5), st.integers(0, 3000))
def test_nobody_comes_back(ending, staying, power, steps):
    logs = log_lasting(ending, staying, power, np.arange(steps, steps + 3.0))
    assert np.all(np.isfinite(logs))
    assert np.all(logs <= 0)
    assert np.all(np.diff(logs) <= 1e-12 * (1 + np.abs(logs[0])))


@settings(max_examples=25, deadline=None)
@given(SIZES, SIZES, st.floats(0.2, 3), st.integers(1025, 20_000), st.floats(0, 0.01))
def test_far_sums_are_those_of_single_steps(ending, staying, power, horizon, rate):
    share = lasting(ending, staying, power, [0, 7, 500])
    steps = np.arange(1.0, horizon + 1)
    one_by_one = np.exp(share(steps) - math.log1p(rate) * steps).sum(axis=1)
    assert steps_ahead(share, horizon, rate) == pytest.approx(one_by_one, rel=1e-9)


@pytest.mark.parametrize("rate", [0.5, 0.1, 0.01, 0.001])
@pytest.mark.parametrize("ending", [0.3, 1.0, 2.5])
def test_endless_sums_are_the_published_closed_form(ending, rate):
    staying = 3.8
    known = staying / (ending + staying) / (1 + rate)
    known *= hyp2f1(1, staying + 1, ending + staying + 1, 1 / (1 + rate))
    assert steps_ahead(lasting(ending, staying, 1.0, [0]), math.inf, rate) == pytest.approx([known], rel=1e-9)


def test_what_has_no_sum_is_refused():
    share = lasting(1.0, 1.0, 1.0, [0])
    for horizon, rate, says in [
        (math.inf, 0.0, "endless"),
        (-1, 0.0, "not negative"),
        (1.5, 0.0, "whole number"),
        (5, -0.1, "rate of discount"),
        (math.nan, 0.1, "horizon"),
        (5, math.nan, "rate of discount"),
    ]:
        with pytest.raises(ModelError, match=says):
            steps_ahead(share, horizon, rate)
    assert steps_ahead(share, 0).tolist() == [0.0]
