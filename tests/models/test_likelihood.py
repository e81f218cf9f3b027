from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta as beta_law
from scipy.stats import gamma as gamma_law

from smalti.models.buying.histories import group_histories
from smalti.models.buying.likelihood import Parameters, log_likelihood, mean_loss

KINDS = ["mbg_nbd", "bg_nbd"]
HISTORY = st.tuples(st.integers(0, 40), st.floats(0, 1), st.floats(0.01, 200))


def columns(rows):
    x = np.array([row[0] for row in rows], dtype=float)
    age = np.array([row[2] for row in rows])
    return x, np.where(x > 0, age * np.array([row[1] for row in rows]), 0.0), age


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(rows=st.lists(HISTORY, min_size=1, max_size=12), logs=st.tuples(*[st.floats(-2.5, 2.5)] * 4))
def test_gradient_is_the_finite_difference(kind, rows, logs):
    loss, at = mean_loss(kind, group_histories(*columns(rows))), np.array(logs)
    exact = loss(at)[1]
    for i, move in enumerate(np.eye(4) * 1e-5):
        near = (loss(at + move)[0] - loss(at - move)[0]) / 2e-5
        assert exact[i] == pytest.approx(near, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(rows=st.lists(HISTORY, min_size=1, max_size=12), logs=st.tuples(*[st.floats(-2.5, 2.5)] * 4))
def test_loss_is_minus_the_mean_log_likelihood(kind, rows, logs):
    each = log_likelihood(Parameters(kind, *np.exp(logs)), *columns(rows))
    assert mean_loss(kind, group_histories(*columns(rows)))(np.array(logs))[0] == pytest.approx(-each.mean(), rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("x", "t_x", "age"), [(0, 0, 9), (1, 3, 9), (1, 9, 9), (4, 7.5, 12)])
def test_likelihood_is_the_mean_over_rates_and_drop_out_chances(kind, x, t_x, age):
    """Integrate the individual likelihood over Gamma rates and Beta drop-out chances by brute force."""
    law = Parameters(kind, 0.7, 3.0, 1.4, 2.3)
    chances_to_leave = x + (kind == "mbg_nbd")

    def over_drop(power_of_drop, power_of_rest):
        density = beta_law(law.a, law.b).pdf
        return quad(lambda p: p**power_of_drop * (1 - p) ** power_of_rest * density(p), 0, 1)[0]

    def over_rate(until):
        density = gamma_law(law.r, scale=1 / law.alpha).pdf
        pieces = (0, 1e-3), (1e-3, 0.1), (0.1, 40)
        return sum(quad(lambda rate: rate**x * np.exp(-rate * until) * density(rate), *piece)[0] for piece in pieces)

    total = over_drop(0, chances_to_leave) * over_rate(age)
    if chances_to_leave:
        total += over_drop(1, chances_to_leave - 1) * over_rate(t_x)
    got = log_likelihood(law, *(np.array([float(value)]) for value in (x, t_x, age)))
    assert np.exp(got[0]) == pytest.approx(total, rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("logs", [(-9, -9, -9, -9), (9, 9, 9, 9), (-9, 9, 9, -9), (9, -9, -9, 9)])
def test_extremes_stay_finite(kind, logs):
    x = np.array([0.0, 0.0, 1.0, 1.0, 30_000.0, 30_000.0])
    t_x, age = np.array([0.0, 0.0, 0.0, 5.0, 5.0, 1e-3]), np.array([0.0, 1e6, 5.0, 5.0, 5.0, 1e6])
    value, slopes = mean_loss(kind, group_histories(x, t_x, age))(np.array(logs, dtype=float))
    assert np.isfinite(value)
    assert np.all(np.isfinite(slopes))
