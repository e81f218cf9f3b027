"""Fits on invented bases over a wide range of parameters, sizes and units: each must come to an answer, and a true one."""

from __future__ import annotations

import numpy as np
import pytest

from smalti.models import BuyingModel, fit_buying

KINDS = ["mbg_nbd", "bg_nbd"]
HOURS, DAYS, WEEKS, MONTHS = 24, 1, 1 / 7, 12 / 365.25


def played(kind, law, customers, rng, spans):
    """Play the model's own story: repeats, recency and age of each customer."""
    r, alpha, a, b = law
    rate, drop = rng.gamma(r, 1 / alpha, customers), rng.beta(a, b, customers)
    age = rng.uniform(*spans, customers)
    x, t_x, clock = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    rows = np.arange(customers)
    if kind == "mbg_nbd":
        rows = rows[rng.random(rows.size) >= drop]
    while rows.size:
        clock[rows] += rng.exponential(1.0, rows.size) / np.maximum(rate[rows], 1e-300)
        rows = rows[clock[rows] <= age[rows]]
        x[rows] += 1
        t_x[rows] = clock[rows]
        rows = rows[rng.random(rows.size) >= drop[rows]]
    return x, t_x, age


def odd_base(seed, most):
    rng = np.random.default_rng(seed)
    kind = KINDS[seed % 2]
    ranges = (50, most), (0.1, 5), (0.1, 3), (0.3, 10), (0.5, 20)
    customers, r, a, b, pace = (float(np.exp(rng.uniform(*np.log(ends)))) for ends in ranges)
    alpha = r * 365 / pace
    x, t_x, age = played(kind, (r, alpha, a, b), int(customers), rng, (73, 365))
    unit = rng.choice([HOURS, DAYS, WEEKS, MONTHS])
    return kind, (r, alpha * unit, a, b), (x, t_x * unit, age * unit)


def logs_of(model):
    return np.log([model.r, model.alpha, model.a, model.b])


def held_by_size(seeds, most):
    """Fit each base twice, hold it to what every fit must do, and tell which intervals hold the truth."""
    held = {"small": [], "large": []}
    for seed in seeds:
        kind, law, history = odd_base(seed, most)
        model = fit_buying(*history, kind=kind)
        assert model.converged, seed
        true_model = BuyingModel(kind, *law)
        assert model.log_likelihood >= true_model.log_likelihood_of(*history).sum() - 1e-6, seed
        x, t_x, age = history
        other = fit_buying(x, t_x / 7, age / 7, kind=kind)
        jacobian = x.sum() * np.log(7)
        assert other.log_likelihood == pytest.approx(model.log_likelihood + jacobian, rel=1e-9), seed
        if model.standard_errors is None:
            continue
        errors = np.array(model.standard_errors)
        apart = np.abs(logs_of(model) - logs_of(other) - np.array([0, np.log(7), 0, 0]))
        assert np.all(apart < 1e-5 * np.maximum(errors, 0.1)), seed
        within = np.abs(logs_of(model) - np.log(law)) < 1.96 * errors
        held["large" if x.size >= 1_000 else "small"].append(within)
    return held


def test_wide_ranges_of_bases_are_fitted_whatever_their_unit():
    held = held_by_size(range(10), most=1_000)
    assert sum(len(rows) for rows in held.values()) >= 5


@pytest.mark.slow
def test_three_hundred_bases_converge_and_their_intervals_hold():
    held = held_by_size(range(300), most=20_000)
    assert len(held["large"]) > 120
    # Bases of a thousand and more: 95 %, give or take three standard errors of a share.
    assert np.all(np.abs(np.mean(held["large"], axis=0) - 0.95) < 3 * np.sqrt(0.95 * 0.05 / len(held["large"])))
    # On small ones the logarithms of the parameters are not quite normal.
    assert np.all(np.mean(held["small"], axis=0) > 0.8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.slow
def test_intervals_hold_the_true_parameters_as_often_as_they_say(kind):
    law, held = (0.6, 40.0, 0.9, 2.0), []
    for seed in range(200):
        history = played(kind, law, 1_500, np.random.default_rng(seed), (140, 420))
        model = fit_buying(*history, kind=kind)
        held.append(np.abs(logs_of(model) - np.log(law)) < 1.96 * np.array(model.standard_errors))
    assert np.all(np.abs(np.mean(held, axis=0) - 0.95) < 0.047)


def test_a_base_that_never_drops_out_is_fitted_and_says_that_drop_out_is_not_pinned_down():
    rng = np.random.default_rng(5)
    age = rng.uniform(100, 300, 2_000)
    x = rng.poisson(rng.gamma(2.0, 0.02, 2_000) * age).astype(float)
    t_x = np.where(x > 0, age * rng.beta(np.maximum(x, 1), 1.0), 0.0)
    model = fit_buying(x, t_x, age, kind="bg_nbd")
    assert model.converged
    assert model.standard_errors is None or min(model.standard_errors[2:]) > 3
    assert model.p_alive(x, t_x, age).mean() > 0.99
    assert (model.r, model.alpha) == pytest.approx((2.0, 50.0), rel=0.15)
