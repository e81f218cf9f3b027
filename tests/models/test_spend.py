from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.errors import ModelError
from smalti.models import GammaGamma, fit_gamma_gamma
from smalti.models.spend import _MeanLoss

CDNOW = GammaGamma(6.249, 3.745, 15.448, observed_mean=35.08)


def simulated(p, q, v, customers, seed=0):
    rng = np.random.default_rng(seed)
    nu = rng.gamma(q, 1 / v, customers)
    x = rng.geometric(0.35, customers).astype(float)
    return x, rng.gamma(p * x, 1 / nu) / x, p / nu


def numbers_of(model):
    return model.p, model.q, model.v


def test_known_parameters_are_recovered():
    x, m, true_mean = simulated(6.0, 3.7, 15.0, 40_000)
    model = fit_gamma_gamma(x, m)
    assert numbers_of(model) == pytest.approx((6.0, 3.7, 15.0), rel=0.06)
    assert model.expected_spend(x, m).mean() == pytest.approx(true_mean.mean(), rel=0.02)
    assert abs(model.correlation) < 0.02
    low, high = model.spend_interval(x, m, level=0.8)
    assert ((low <= true_mean) & (true_mean <= high)).mean() == pytest.approx(0.8, abs=0.01)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(1, 30), st.floats(0.1, 50)), min_size=1, max_size=10),
    logs=st.tuples(*[st.floats(-2.5, 2.5)] * 3),
)
def test_gradient_is_the_finite_difference(rows, logs):
    x, m = np.array(rows, dtype=float).T
    loss, at = _MeanLoss(x, m, np.ones(x.size)), np.array(logs)
    exact = loss(at)[1]
    for i, move in enumerate(np.eye(3) * 1e-5):
        near = (loss(at + move)[0] - loss(at - move)[0]) / 2e-5
        assert exact[i] == pytest.approx(near, rel=1e-5, abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(1, 30), st.floats(0.1, 50)), min_size=1, max_size=10),
    logs=st.tuples(*[st.floats(-2.5, 2.5)] * 3),
)
def test_curvature_is_the_finite_difference_of_the_gradient(rows, logs):
    x, m = np.array(rows, dtype=float).T
    loss, at = _MeanLoss(x, m, np.ones(x.size)), np.array(logs)
    near = np.array([(loss(at + move)[1] - loss(at - move)[1]) / 2e-5 for move in np.eye(3) * 1e-5])
    assert loss.curved(at)[2] == pytest.approx(near, rel=1e-5, abs=1e-4)


def test_a_first_look_at_some_rows_changes_nothing(monkeypatch):
    x, m, _ = simulated(6.0, 3.7, 15.0, 3_000)
    direct = fit_gamma_gamma(x, m)
    monkeypatch.setattr("smalti.models.spend._FIRST_LOOK", 300)
    assert numbers_of(fit_gamma_gamma(x, m)) == pytest.approx(numbers_of(direct), rel=1e-7)


def test_intervals_hold_the_true_parameters_as_often_as_they_say():
    truth, held = (6.0, 3.7, 15.0), []
    for seed in range(80):
        x, m, _ = simulated(*truth, 500, seed=seed)
        model = fit_gamma_gamma(x, m)
        apart = np.log(numbers_of(model)) - np.log(truth)
        held.append(np.abs(apart) < 1.96 * np.array(model.standard_errors))
    # 95 % of 80, give or take three standard errors of a share.
    assert np.all(np.mean(held, axis=0) > 0.877)
    assert np.mean(held) < 0.995


def test_one_price_pins_nothing_down():
    assert fit_gamma_gamma([1, 4, 9], [20, 20, 20]).standard_errors is None


@pytest.mark.parametrize("factor", [100.0, 1e-6, 1e9])
def test_pence_and_pounds_give_the_same_fit(factor):
    x, m, _ = simulated(6.0, 3.7, 15.0, 1_000)
    pounds, other = fit_gamma_gamma(x, m), fit_gamma_gamma(x, m * factor)
    assert numbers_of(other) == pytest.approx((pounds.p, pounds.q, pounds.v * factor), rel=1e-7)
    assert other.log_likelihood == pytest.approx(pounds.log_likelihood - 1_000 * math.log(factor), rel=1e-11)
    assert other.expected_spend(x, m * factor) == pytest.approx(pounds.expected_spend(x, m) * factor, rel=1e-7)


def test_weights_equal_repetition_and_order_is_nothing():
    x, m, _ = simulated(6.0, 3.7, 15.0, 200)
    times = np.arange(200) % 3 + 1
    weighted = fit_gamma_gamma(x, m, weights=times)
    repeated = fit_gamma_gamma(np.repeat(x, times)[::-1], np.repeat(m, times)[::-1])
    assert numbers_of(weighted) == pytest.approx(numbers_of(repeated), rel=1e-7)
    assert weighted.customers == repeated.customers == times.sum()
    assert fit_gamma_gamma(x[::-1], m[::-1]) == fit_gamma_gamma(x, m)


@settings(max_examples=80, deadline=None)
@given(
    st.floats(0.1, 100),
    st.floats(0.05, 50),
    st.floats(0.1, 100),
    st.integers(1, 500),
    st.floats(0.01, 1e4),
    st.floats(1, 100),
)
def test_expected_spend_lies_between_her_own_mean_and_the_populations(p, q, v, x, m, observed):
    model = GammaGamma(p, q, v, observed_mean=observed)
    got, ends = float(model.expected_spend(x, m)), sorted([m, model.population_mean])
    assert ends[0] * (1 - 1e-9) <= got <= ends[1] * (1 + 1e-9)


def test_who_never_spent_gets_the_population_mean():
    assert CDNOW.expected_spend([0, 3], [0, 0]).tolist() == [CDNOW.population_mean] * 2
    assert CDNOW.population_mean == pytest.approx(6.249 * 15.448 / 2.745)


@pytest.mark.parametrize("q", [0.4, 1.0, 1.0001])
def test_a_mean_that_does_not_exist_or_is_wild_is_not_believed(q):
    model = GammaGamma(6.0, q, 15.0, observed_mean=40.0)
    assert not model.mean_is_believable
    assert model.population_mean == 40.0
    assert 40.0 < model.expected_spend(1, 100.0) < 100.0


def test_heavy_tails_are_fitted_and_answered():
    x, m, _ = simulated(2.0, 0.6, 5.0, 5_000, seed=3)
    model = fit_gamma_gamma(x, m)
    assert model.q == pytest.approx(0.6, rel=0.1)
    assert np.all(np.isfinite(model.expected_spend(x, m)))


@pytest.mark.parametrize(
    ("x", "m"),
    [([1, 4, 9], [20, 20, 20]), ([1, 1], [5, 900]), ([1, 100_000], [1e-3, 1e8]), ([2, 2, 2, 2], [3, 4, 5, 6])],
    ids=["one price", "two customers", "far apart", "one count"],
)
def test_odd_bases_give_finite_answers(x, m):
    model = fit_gamma_gamma(x, m)
    assert math.isfinite(model.log_likelihood)
    assert np.all(np.isfinite(model.expected_spend(x, m)))
    assert all(np.all(np.isfinite(end)) for end in model.spend_interval(x, m))
    assert (model.correlation is None) == (len(set(x)) == 1 or len(set(m)) == 1)


def test_customers_without_purchase_or_spend_are_left_out():
    x, m, _ = simulated(6.0, 3.7, 15.0, 50)
    assert fit_gamma_gamma([0, *x, 2], [0, *m, 0]) == fit_gamma_gamma(x, m)


def test_mistakes_are_named():
    with pytest.raises(ModelError, match="1 customers with a purchase and a spend: a spend model needs at least 2"):
        fit_gamma_gamma([0, 3], [0, 12])
    with pytest.raises(ModelError, match="mean spend: row 1: expected a finite number that is not negative, got -3"):
        fit_gamma_gamma([1, 2], [5, -3])
    with pytest.raises(ModelError, match="one length"):
        CDNOW.expected_spend([1, 2, 3], [1, 2])
    with pytest.raises(ModelError, match="weights"):
        fit_gamma_gamma([1, 2], [5, 3], weights=[1])
    with pytest.raises(ModelError, match="must be positive"):
        GammaGamma(1.0, 0.0, 1.0, 1.0)
    with pytest.raises(ModelError, match="level"):
        CDNOW.spend_interval(1, 1, level=0)


def test_a_stored_model_is_the_same():
    x, m, _ = simulated(6.0, 3.7, 15.0, 50)
    model = fit_gamma_gamma(x, m)
    assert GammaGamma.from_dict(json.loads(json.dumps(model.to_dict()))) == model
    with pytest.raises(ModelError, match="missing"):
        GammaGamma.from_dict({"p": 1.0})
