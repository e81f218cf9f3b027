from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import beta as beta_law
from scipy.stats import gamma as gamma_law

from smalti.models.buying.histories import group_histories
from smalti.models.buying.likelihood import Parameters, dropped_log_odds, log_likelihood, mean_loss, still_active

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
@settings(max_examples=40, deadline=None)
@given(rows=st.lists(HISTORY, min_size=1, max_size=12), logs=st.tuples(*[st.floats(-2.5, 2.5)] * 4))
def test_curvature_is_the_finite_difference_of_the_gradient(kind, rows, logs):
    loss, at = mean_loss(kind, group_histories(*columns(rows))), np.array(logs)
    value, slope, bend = loss.curved(at)
    assert value == loss(at)[0]
    assert slope.tolist() == loss(at)[1].tolist()
    near = np.array([(loss(at + move)[1] - loss(at - move)[1]) / 2e-5 for move in np.eye(4) * 1e-5])
    assert bend == pytest.approx(bend.T, rel=1e-12)
    assert bend == pytest.approx(near, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_slices_change_nothing_and_threads_not_one_bit(kind, simulated, monkeypatch):
    base = simulated(kind, (0.6, 6.0, 0.9, 2.0), customers=2_000, seed=1)
    loss, at = mean_loss(kind, group_histories(base.x, base.t_x, base.T)), np.log([0.5, 5.0, 1.0, 2.0])
    whole = loss.curved(at)
    monkeypatch.setattr("smalti.models.buying.likelihood.SLICE", 37)
    answers = []
    for cores in (1, 2, 5):
        monkeypatch.setattr("smalti.models.slices._cores", lambda cores=cores: cores)
        answers.append(loss.curved(at))
    for part, of_whole in enumerate(whole):
        assert answers[0][part] == pytest.approx(of_whole, rel=1e-11)
        assert np.array_equal(answers[0][part], answers[1][part])
        assert np.array_equal(answers[0][part], answers[2][part])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("law", [(0.7, 3.0, 1.4, 2.3), (1e-4, 1e-4, 1e4, 1e-4), (1e4, 1e-4, 1e-4, 1e4)])
def test_the_chance_of_being_active_is_that_of_its_log_odds(kind, law):
    parameters = Parameters(kind, *law)
    x = np.array([0.0, 0.0, 1.0, 3.0, 40.0, 20_000.0])
    t_x, age = np.array([0.0, 0.0, 4.0, 4.0, 1.0, 3.0]), np.array([0.0, 9.0, 4.0, 9.0, 300.0, 3.0])
    expected = expit(-dropped_log_odds(parameters, x, t_x, age))
    assert still_active(parameters, x, t_x, age) == pytest.approx(expected, rel=1e-9, abs=1e-299)


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
    value, slopes, bend = mean_loss(kind, group_histories(x, t_x, age)).curved(np.array(logs, dtype=float))
    assert np.isfinite(value)
    assert np.all(np.isfinite(slopes))
    assert np.all(np.isfinite(bend))
