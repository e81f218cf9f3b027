"""Histories, units and parameters at the edge of what can be: for every kind of buying model alike."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smalti.errors import ModelError
from smalti.models import (
    BuyingModel,
    ParetoModel,
    fit_repeat_buying,
    gone_after,
    next_purchase,
    purchase_by,
)

KINDS = ["mbg_nbd", "bg_nbd", "pareto_nbd"]
LOGS = st.tuples(st.floats(-9, 9), st.floats(-9, 9), st.floats(-9, 9), st.floats(-9, 9))
COUNTS = st.one_of(st.integers(0, 3), st.integers(0, 20_000))
SHARES = st.one_of(st.sampled_from([0.0, 1e-12, 1e-3, 1 - 1e-12, 1.0]), st.floats(0, 1))
UNITS = st.floats(-9, 9).map(lambda power: 10.0**power)


def built(kind, logs, unit=1.0):
    first, second, third, fourth = np.exp(logs).tolist()
    if kind == "pareto_nbd":
        return ParetoModel(first, second * unit, third, fourth * unit)
    return BuyingModel(kind, first, second * unit, third, fourth)


def answers(model, x, t_x, age, horizon):
    history = x, t_x, age
    low, high = model.purchases_interval(*history, horizon)
    return {
        "alive": model.p_alive(*history),
        "chance": model.purchase_chance(*history, horizon),
        "expected": model.expected_purchases(*history, horizon),
        "rate": model.rate_if_active(*history),
        "likelihood": model.log_likelihood_of(*history),
        "low": low,
        "high": high,
        "next": next_purchase(model, *history),
        "by": purchase_by(model, *history),
        "gone": gone_after(model, *history),
    }


def hold(told, horizon, alive_room=1e-9):
    for name, value in told.items():
        assert not np.any(np.isnan(value)), name
    for name in ("expected", "rate", "likelihood"):
        assert np.all(np.isfinite(told[name])), name
    assert np.all((told["alive"] >= 0) & (told["alive"] <= 1))
    assert np.all((told["chance"] >= 0) & (told["chance"] <= told["alive"] + alive_room))
    assert np.all(told["chance"] <= told["expected"] * (1 + 1e-7) + 1e-12)
    assert np.all(told["expected"] >= 0)
    ceiling = told["alive"] * told["rate"] * horizon
    assert np.all(told["expected"] <= ceiling * (1 + 1e-7) + 1e-300)
    assert np.all((told["low"] >= 0) & (told["low"] <= told["high"]))
    assert np.all(told["next"] >= 0)
    assert np.all(told["by"] >= told["next"] * (1 - 1e-7))
    assert np.all(told["gone"] >= 0)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=8, deadline=None)
@given(logs=LOGS, x=COUNTS, share=SHARES, age=UNITS, reach=st.floats(-6, 6), unit=UNITS)
@example(logs=(0.0, 0.0, 0.0, 0.0), x=0, share=0.0, age=0.0, reach=0.0, unit=1.0)
@example(logs=(-9.0, -9.0, -9.0, -9.0), x=20_000, share=1.0, age=1e9, reach=6.0, unit=1e-9)
@example(logs=(9.0, 9.0, 9.0, 9.0), x=20_000, share=0.0, age=1e-9, reach=-6.0, unit=1e9)
def test_every_answer_is_a_number_that_can_be(kind, logs, x, share, age, reach, unit):
    model = built(kind, logs, unit)
    t_x = share * age if x else 0.0
    horizon = 10.0**reach * unit
    hold(answers(model, x, t_x, age, horizon), horizon)


@pytest.mark.parametrize("kind", KINDS)
def test_no_time_passes_and_no_time_is_asked_for(kind):
    model = built(kind, (-0.5, 2.0, -0.5, 1.0))
    told = answers(model, [0, 3, 3], [0, 0, 0], [0, 0, 5], 0.0)
    hold(told, 0.0)
    for nothing in ("chance", "expected", "low", "high"):
        assert told[nothing].tolist() == [0, 0, 0]
    assert np.all(told["alive"][2] < told["alive"][1])


@pytest.mark.parametrize("kind", KINDS)
def test_for_ever_is_a_horizon(kind):
    model = built(kind, (-0.5, 2.0, -0.5, 1.0))
    history = [0, 3], [0, 5], [5, 5]
    for horizon in (1e18, 1e30):
        chance = model.purchase_chance(*history, horizon)
        assert np.all((chance > 0) & (chance <= model.p_alive(*history)))
        assert np.all(np.isfinite(model.expected_purchases(*history, horizon)))


@pytest.mark.parametrize("kind", KINDS)
def test_units_change_nothing(kind):
    hours = 168.0
    weeks, same = built(kind, (-0.5, 2.0, -0.5, 1.0)), built(kind, (-0.5, 2.0, -0.5, 1.0), hours)
    x, t_x, age = np.array([0, 1, 7, 3000]), np.array([0, 10, 30, 39]), np.full(4, 39.0)
    by_weeks, by_hours = answers(weeks, x, t_x, age, 52.0), answers(same, x, t_x * hours, age * hours, 52.0 * hours)
    for name in ("alive", "chance", "expected", "low", "high"):
        assert by_hours[name] == pytest.approx(by_weeks[name], rel=1e-9)
    for name in ("next", "by", "gone"):
        assert by_hours[name] == pytest.approx(by_weeks[name] * hours, rel=1e-8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "history",
    [
        ([3, 3, 3], [10, 10, 10], [20, 20, 20]),
        ([3, 3], [20, 20], [20, 20]),
        ([0] * 500 + [1, 1], [0] * 500 + [3, 4], [50] * 502),
        ([20_000, 15_000, 0], [990, 1000, 0], [1000, 1000, 1000]),
        ([1, 1, 2], [1e-6, 2e-6, 1e-6], [1e-5, 1e-5, 1e-5]),
        ([2, 1, 0, 5], [3e9, 2e9, 0, 4e9], [4e9, 5e9, 4e9, 4e9]),
        ([1, 2, 0, 3], [0, 0, 0, 5], [7, 8, 9, 9]),
        ([1, 2, 0, 0], [4, 9, 0, 0], [4, 9, 0, 0]),
    ],
    ids=[
        "identical",
        "bought today",
        "one-time base",
        "very long histories",
        "tiny times",
        "huge times",
        "all on the first day",
        "some new today",
    ],
)
def test_odd_bases_are_fitted_and_answer(kind, history):
    model = fit_repeat_buying(kind, *history)
    assert np.isfinite(model.log_likelihood)
    assert model.converged
    horizon = float(np.mean(history[2]))
    hold(answers(model, *history, horizon), horizon)


@pytest.mark.parametrize("kind", KINDS)
def test_ten_million_customers_weigh_no_more_than_their_rows(kind):
    base = [0, 0, 1, 2, 5, 9], [0, 0, 4, 9, 20, 21], [20, 25, 22, 21, 22, 23]
    shares = np.array([0.5, 0.2, 0.15, 0.1, 0.04, 0.01])
    few = fit_repeat_buying(kind, *base, weights=shares * 100)
    many = fit_repeat_buying(kind, *base, weights=shares * 1e7)
    assert many.customers == 10_000_000
    assert many.log_likelihood == pytest.approx(few.log_likelihood * 1e5, rel=1e-9)
    assert many.expected_new(52) == pytest.approx(few.expected_new(52), rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("history", "says"),
    [
        (([0, 0, 0], [0, 0, 0], [5, 6, 7]), "0 of 3 customers bought more than once"),
        (([4], [9], [9]), "1 of 1 customers bought more than once"),
        (([], [], []), "0 of 0 customers"),
        (([1, 2], [0, 0], [0, 0]), "no time passes between purchases"),
        (([1, 2], [5, 3], [4, 4]), "row 0 has its last purchase after the as-of instant"),
        (([0, 2], [1, 3], [4, 4]), "row 0 has no repeat purchase, so its recency must be 0"),
        (([1, math.nan], [1, 1], [4, 4]), "repeats: row 1: expected a finite number"),
    ],
)
def test_a_base_that_says_too_little_or_cannot_be_is_refused(kind, history, says):
    with pytest.raises(ModelError, match=says):
        fit_repeat_buying(kind, *history)


@pytest.mark.parametrize("kind", KINDS)
def test_one_customer_is_answered_as_in_a_crowd(kind):
    model = built(kind, (-0.5, 2.0, -0.5, 1.0))
    rng = np.random.default_rng(1)
    age = rng.uniform(1, 60, 200).round(1)
    x = rng.poisson(2.0, 200)
    t_x = np.where(x > 0, (age * rng.random(200)).round(1), 0.0)
    crowd = answers(model, x, t_x, age, 26.0)
    for row in (0, 17, 199):
        alone = answers(model, x[row], t_x[row], age[row], 26.0)
        for name, value in alone.items():
            assert value == pytest.approx(crowd[name][row], rel=1e-9), name
