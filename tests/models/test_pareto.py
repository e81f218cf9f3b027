from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import hyp2f1, roots_genlaguerre

from smalti.errors import ModelError
from smalti.models import (
    BuyingModel,
    ParetoModel,
    RepeatBuying,
    discounted_purchases,
    fit_pareto,
    fit_repeat_buying,
    repeat_buying_from_dict,
)
from smalti.models.buying.asked import Asked
from smalti.models.buying.expectation import Steps
from smalti.models.buying.histories import group_histories
from smalti.models.buying.pareto_counts import ParetoCounts
from smalti.models.buying.pareto_likelihood import (
    ParetoLoss,
    ParetoParameters,
    gone_log_odds,
    pareto_log_likelihood,
)
from smalti.models.fitting import Curved

CDNOW = ParetoModel(0.5533, 10.5776, 0.6062, 11.6679)
HISTORY = st.tuples(st.integers(0, 40), st.floats(0, 1), st.floats(0.01, 30))
LOGS = st.tuples(*[st.floats(-2.5, 2.5)] * 4)


def columns(rows):
    x = np.array([row[0] for row in rows], dtype=float)
    age = np.array([row[2] for row in rows])
    return x, np.where(x > 0, age * np.array([row[1] for row in rows]), 0.0), age


def simulated(law, customers, horizon=39.0, seed=0, spans=(20.0, 60.0)):
    """Play the model's own story: a rate of buying and an instant of leaving for each customer."""
    rng = np.random.default_rng(seed)
    r, alpha, s, beta = law
    rate, left = rng.gamma(r, 1 / alpha, customers), rng.exponential(1.0, customers) / rng.gamma(s, 1 / beta, customers)
    age = rng.uniform(*spans, customers)
    active = np.minimum(left, age)
    x = rng.poisson(rate * active).astype(float)
    latest = active * rng.random(customers) ** (1 / np.maximum(x, 1))
    later = rng.poisson(rate * np.clip(left - age, 0.0, horizon))
    return (x, np.where(x > 0, latest, 0.0), age), later, left > age


# Worked out with 60 digits from the textbook form with two hypergeometric functions, where it cancels and where not.
@pytest.mark.parametrize(
    ("law", "history", "log_odds"),
    [
        ((0.5533, 10.5776, 0.6062, 11.6679), (2, 30.43, 38.86), -1.893209965197151),
        ((0.5, 10.0, 0.75, 10.0), (3, 12.5, 40.0), 1.6248940965049387),
        ((0.5, 0.015625, 3.0, 500.0), (0, 0, 40.0), -0.62471637507703285),
        ((2.0, 1000.0, 0.125, 0.0625), (7, 1.0, 52.0), -0.10693827022525548),
        ((0.25, 4.0, 0.5, 8.0), (3000, 0.5, 52.0), 7556.0948213872533),
        ((0.25, 4.0, 0.5, 8.0), (3000, 51.75, 52.0), 4.6570229210942684),
        ((0.25, 4.0, 0.5, 8.0), (1, 51.9999999, 52.0), -20.905587379688197),
        ((900.0, 9000.0, 700.0, 0.001), (40, 3.0, 52.0), 2001.7239200230391),
        ((0.001, 0.001, 0.001, 1000.0), (1, 0, 52.0), -7.4784287306406309),
    ],
)
def test_the_odds_of_being_gone_are_those_of_the_textbook(law, history, log_odds):
    got = gone_log_odds(ParetoParameters(*law), *(np.array([float(value)]) for value in history))[0]
    assert got == pytest.approx(log_odds, rel=1e-13, abs=1e-13)


def test_the_odds_of_being_gone_with_ordinary_numbers_are_the_difference_of_two_hypergeometric_functions():
    p, x, t_x, age = ParetoParameters(0.55, 10.6, 0.61, 11.7), 2.0, 20.0, 39.0
    n, d = p.r + x, p.beta - p.alpha

    def term(y):
        return hyp2f1(n + p.s, n, n + p.s + 1, d / (p.beta + y)) / (p.beta + y) ** (n + p.s)

    odds = p.s / (n + p.s) * (p.alpha + age) ** n * (p.beta + age) ** p.s * (term(t_x) - term(age))
    assert gone_log_odds(p, *np.array([[x], [t_x], [age]]))[0] == pytest.approx(math.log(odds), abs=1e-12)


@pytest.mark.parametrize(("x", "t_x", "age"), [(0, 0, 9), (1, 3, 9), (1, 9, 9), (4, 7.5, 12)])
def test_likelihood_is_the_mean_over_rates_of_buying_and_of_leaving(x, t_x, age):
    """Sum the individual likelihood over many rates of buying and of leaving, as Gauss and Laguerre would."""
    law = ParetoParameters(0.7, 3.0, 1.4, 2.3)
    rates, of_rate = roots_genlaguerre(80, law.r - 1)
    drops, of_drop = roots_genlaguerre(80, law.s - 1)
    rate, drop = np.meshgrid(rates / law.alpha, drops / law.beta, indexing="ij")
    gone = drop / (rate + drop) * (np.exp(-(rate + drop) * t_x) - np.exp(-(rate + drop) * age))
    likelihood = rate**x * (gone + np.exp(-(rate + drop) * age))
    total = of_rate @ likelihood @ of_drop / of_rate.sum() / of_drop.sum()
    got = pareto_log_likelihood(law, *(np.array([float(value)]) for value in (x, t_x, age)))
    assert math.exp(got[0]) == pytest.approx(total, rel=1e-3)


@settings(max_examples=15, deadline=None)
@given(rows=st.lists(HISTORY, min_size=1, max_size=12), logs=LOGS)
def test_derivatives_are_the_finite_differences(rows, logs):
    loss, at = ParetoLoss(group_histories(*columns(rows))), np.array(logs)
    assert isinstance(loss, Curved)
    value, slopes, bends = loss.curved(at)
    plain_value, plain_slopes = loss(at)
    assert value == plain_value
    assert slopes == pytest.approx(plain_slopes, rel=1e-12, abs=1e-14)
    assert bends == pytest.approx(bends.T, rel=1e-12)
    for i, move in enumerate(np.eye(4) * 1e-5):
        (low, low_slopes), (high, high_slopes) = loss(at - move), loss(at + move)
        assert slopes[i] == pytest.approx((high - low) / 2e-5, rel=1e-5, abs=1e-6)
        assert bends[i] == pytest.approx((high_slopes - low_slopes) / 2e-5, rel=1e-5, abs=1e-6)


@settings(max_examples=15, deadline=None)
@given(rows=st.lists(HISTORY, min_size=1, max_size=12), logs=LOGS)
def test_loss_is_minus_the_mean_log_likelihood(rows, logs):
    each = pareto_log_likelihood(ParetoParameters(*np.exp(logs)), *columns(rows))
    assert ParetoLoss(group_histories(*columns(rows)))(np.array(logs))[0] == pytest.approx(-each.mean(), rel=1e-9)


@settings(max_examples=15, deadline=None)
@given(logs=LOGS, x=st.integers(0, 60), age=st.floats(0.1, 30), share=st.floats(0, 1), horizon=st.floats(0.01, 20))
def test_expectation_is_the_sum_over_purchases(logs, x, age, share, horizon):
    model, t_x, many = ParetoModel(*np.exp(logs)), share * age if x else 0.0, 400
    asked = Asked.of(np.full(many, x), t_x, age, horizon)
    counts = ParetoCounts.of(model.parameters, model.p_alive(*asked.history), asked.repeats, asked.age, asked.horizon)
    more = counts.more_than(np.arange(many))
    assert np.all(np.diff(more) <= 1e-12)
    expected = model.expected_purchases(x, t_x, age, horizon)
    assert more.sum() <= expected * (1 + 1e-8) + 1e-10
    if more[-1] < 1e-14:
        assert more.sum() == pytest.approx(expected, rel=1e-8, abs=1e-12)
    assert model.purchase_chance(x, t_x, age, horizon) == pytest.approx(more[0], rel=1e-9, abs=1e-12)


def test_expectation_is_the_published_formula_away_from_s_of_one_and_smooth_through_it():
    model, (x, t_x, age), t = ParetoModel(0.55, 10.6, 0.61, 11.7), (2, 20.0, 39.0), 52.0
    end, left = model.alpha + age, model.beta + age
    published = (model.r + x) * left / (end * (model.s - 1)) * (1 - (left / (left + t)) ** (model.s - 1))
    got = model.expected_purchases(x, t_x, age, t)
    assert got == pytest.approx(published * model.p_alive(x, t_x, age), rel=1e-12)
    at = [ParetoModel(0.55, 10.6, s, 11.7).expected_new(t) for s in (1 - 1e-7, 1.0, 1 + 1e-7)]
    assert at[1] == pytest.approx((at[0] + at[2]) / 2, rel=1e-13)
    assert at[0] > at[1] > at[2]


def test_weighted_steps_add_up_to_the_whole():
    steps = Steps((0.25, 0.5, 1.0), (1.0, 1.0, 1.0))
    whole = CDNOW.expected_purchases([0, 3], [0, 20], 39, 52)
    assert CDNOW.expected_purchases([0, 3], [0, 20], 39, 52, steps) == pytest.approx(whole, rel=1e-13)
    discounted = discounted_purchases(CDNOW, [0, 3], [0, 20], 39, 52, 0.10, 52)
    assert np.all((discounted > 0.9 * whole) & (discounted < whole))


def test_a_purchase_at_the_as_of_instant_is_a_sign_of_life():
    assert CDNOW.p_alive([0, 1, 5], [0, 30, 12], [0, 30, 12]).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("law", [(0.6, 10.0, 0.6, 12.0), (2.0, 6.0, 1.0, 40.0), (0.8, 40.0, 3.0, 30.0)])
def test_expectations_and_intervals_hold_on_simulated_futures(law):
    history, later, active = simulated(law, customers=4_000, seed=11)
    x, t_x, age = history
    model = ParetoModel(*law)
    alive, expected = model.p_alive(*history), model.expected_purchases(*history, 39.0)
    for part in (x == 0, x == 1, x > 1, t_x < age / 2, t_x >= age / 2):
        error, missed = later[part] - expected[part], active[part] - alive[part]
        assert abs(error.mean()) < 4.5 * error.std() / math.sqrt(part.sum())
        assert abs(missed.mean()) < 4.5 * missed.std() / math.sqrt(part.sum())
    chance = model.purchase_chance(*history, 39.0)
    assert abs(((later > 0) - chance).mean()) < 4.5 * math.sqrt((chance * (1 - chance)).mean() / later.size)
    for level in (0.5, 0.9):
        low, high = model.purchases_interval(*history, 39.0, level)
        assert ((later >= low) & (later <= high)).mean() >= level - 0.015
        # Above is as rare as asked, and one purchase less would be too few: the upper end is not merely wide.
        assert (later > high).mean() <= (1 - level) / 2 + 0.01
        some = high > 0
        tail = (1 - level) / 2
        room = 4.5 * math.sqrt(tail * (1 - tail) / some.sum())
        assert (later[some] > high[some] - 1).mean() > tail - room


def test_known_parameters_are_recovered_within_their_standard_errors():
    truth = (0.6, 10.0, 0.8, 15.0)
    history, _, _ = simulated(truth, customers=20_000, seed=4, spans=(20.0, 80.0))
    model = fit_pareto(*history)
    assert model.converged
    assert model.standard_errors is not None
    found = np.log([model.r, model.alpha, model.s, model.beta])
    assert np.all(np.abs(found - np.log(truth)) < 4 * np.array(model.standard_errors))
    best = ParetoModel(*truth).log_likelihood_of(*history).sum()
    assert 0 <= model.log_likelihood - best < 12


@pytest.mark.slow
def test_every_base_is_fitted_whatever_its_truth_size_and_unit():
    rng, inside, judged = np.random.default_rng(7), 0, 0
    for seed in range(30):
        r, s = np.exp(rng.uniform(np.log(0.2), np.log(4), 2))
        pace, leaving = np.exp(rng.uniform(np.log(0.02), np.log(1))), np.exp(rng.uniform(np.log(0.004), np.log(0.2)))
        truth, unit = (r, r / pace, s, s / leaving), float(rng.choice([168, 7, 1, 12 / 52]))
        (x, t_x, age), _, _ = simulated(truth, int(10 ** rng.uniform(2.3, 4)), seed=seed, spans=(10.0, 100.0))
        model = fit_pareto(x, t_x * unit, age * unit)
        assert model.converged
        true_model = ParetoModel(r, truth[1] * unit, s, truth[3] * unit)
        assert model.log_likelihood >= true_model.log_likelihood_of(x, t_x * unit, age * unit).sum()
        if model.standard_errors is not None:
            found = np.log([model.r, model.alpha / unit, model.s, model.beta / unit])
            inside += int((np.abs(found - np.log(truth)) < 1.96 * np.array(model.standard_errors)).sum())
            judged += 4
    assert judged > 80
    assert inside / judged > 0.87


def test_weights_equal_repetition_and_order_is_nothing():
    history, _, _ = simulated((0.6, 10.0, 0.8, 15.0), customers=300, seed=5)
    times = np.arange(300) % 4 + 1
    weighted = fit_pareto(*history, weights=times)
    repeated = fit_pareto(*(np.repeat(column, times) for column in history))
    backwards = fit_pareto(*(np.repeat(column, times)[::-1] for column in history))
    assert weighted == repeated == backwards
    assert weighted.customers == times.sum()


def test_many_rows_give_what_their_direct_fit_gives(monkeypatch):
    history, _, _ = simulated((0.6, 10.0, 0.8, 15.0), customers=3_000, seed=6)
    through_coarse = fit_pareto(*history)
    monkeypatch.setattr("smalti.models.buying.pareto._BINS_ABOVE", ())
    direct = fit_pareto(*history)
    assert list(direct.to_dict().values())[:4] == pytest.approx(list(through_coarse.to_dict().values())[:4], rel=1e-5)
    assert through_coarse.log_likelihood == pytest.approx(direct.log_likelihood, rel=1e-11)


def test_the_unit_of_time_changes_nothing_but_the_unit():
    (x, t_x, age), _, _ = simulated((0.6, 10.0, 0.8, 15.0), customers=1_000, seed=7)
    weeks, days = fit_pareto(x, t_x, age), fit_pareto(x, t_x * 7, age * 7, unit="day")
    assert (days.r, days.alpha, days.s, days.beta, days.unit) == (
        *(pytest.approx(value, rel=1e-5) for value in (weeks.r, weeks.alpha * 7, weeks.s, weeks.beta * 7)),
        "day",
    )
    assert days.log_likelihood == pytest.approx(weeks.log_likelihood - x.sum() * math.log(7), rel=1e-10)


def test_the_likelihood_told_is_that_of_the_model():
    history, _, _ = simulated((0.6, 10.0, 0.8, 15.0), customers=500, seed=9)
    model = fit_pareto(*history)
    assert model.log_likelihood == pytest.approx(model.log_likelihood_of(*history).sum(), rel=1e-11)


@pytest.mark.parametrize("kind", ["mbg_nbd", "bg_nbd", "pareto_nbd"])
def test_any_kind_is_fitted_and_read_back_by_its_name(kind):
    history, _, _ = simulated((0.6, 10.0, 0.8, 15.0), customers=400, seed=8)
    model = fit_repeat_buying(kind, *history, unit="day")
    assert isinstance(model, RepeatBuying)
    assert (model.kind, model.unit, model.customers) == (kind, "day", 400)
    again = repeat_buying_from_dict(json.loads(json.dumps(model.to_dict())))
    assert again == model
    assert type(again) is (ParetoModel if kind == "pareto_nbd" else BuyingModel)
    assert again.expected_new(52).tobytes() == model.expected_new(52).tobytes()


def test_mistakes_are_named():
    with pytest.raises(ModelError, match="unknown buying model 'pareto', wanted one of mbg_nbd, bg_nbd, pareto_nbd"):
        fit_repeat_buying("pareto", [1, 1], [1, 1], [2, 2])
    with pytest.raises(ModelError, match="did you mean 'pareto_nbd'"):
        repeat_buying_from_dict({**CDNOW.to_dict(), "kind": "paretonbd"})
    with pytest.raises(ModelError, match=r"stored ParetoModel: missing \['r'\], unknown \['a'\]"):
        repeat_buying_from_dict({("a" if name == "r" else name): value for name, value in CDNOW.to_dict().items()})
    with pytest.raises(ModelError, match="of kind 'pareto_nbd', got 'bg_nbd'"):
        ParetoModel(1.0, 1.0, 1.0, 1.0, kind="bg_nbd")
    with pytest.raises(ModelError, match="r, alpha, s, beta must be positive numbers"):
        ParetoModel(0.5, 10.0, 0.0, 11.0)
    with pytest.raises(ModelError, match="horizon: expected one for all or one each"):
        CDNOW.expected_purchases([1, 1], [1, 1], [2, 2], [1, 2, 3])
    with pytest.raises(ModelError, match="level: expected a share"):
        CDNOW.purchases_interval(0, 0, 1, 1, level=80)


def test_answers_keep_the_shape_that_was_asked():
    assert CDNOW.expected_purchases([[0, 1], [2, 3]], [[0, 1], [1, 1]], 9, 4).shape == (2, 2)
    assert CDNOW.p_alive([[0, 1], [2, 3]], [[0, 1], [1, 1]], 9).shape == (2, 2)
    assert CDNOW.expected_new(5).shape == ()
    for answer in (CDNOW.expected_purchases([], [], [], 4), CDNOW.purchase_chance([], [], [], 4)):
        assert answer.shape == (0,)
    assert CDNOW.purchases_interval([], [], [], 4)[0].shape == (0,)
