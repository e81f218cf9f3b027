from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.errors import ModelError
from smalti.models import BuyingModel, fit_buying

KINDS = ["mbg_nbd", "bg_nbd"]
BG = BuyingModel("bg_nbd", 0.2426, 4.4136, 0.7930, 2.4260)
MBG = BuyingModel("mbg_nbd", 0.5248, 6.1829, 0.8914, 1.6141)
LAWS = st.builds(
    BuyingModel,
    kind=st.sampled_from(KINDS),
    r=st.floats(0.05, 20),
    alpha=st.floats(0.05, 50),
    a=st.floats(0.02, 20),
    b=st.floats(0.05, 50),
)


def numbers_of(model):
    return model.r, model.alpha, model.a, model.b


def test_published_expectations():
    assert BG.expected_new(52) == pytest.approx(1.444004, abs=2e-5)
    assert BG.expected_purchases(2, 30.43, 38.86, 39) == pytest.approx(1.226, abs=5e-4)
    assert BG.expected_purchases(26, 216 / 7, 31, 52) == pytest.approx(25.75659, abs=5e-4)
    assert BG.p_alive(26, 216 / 7, 31) == pytest.approx(0.9688523, abs=5e-6)
    assert BG.p_alive(0, 0, 38) == 1
    assert MBG.p_alive(0, 0, 38) == pytest.approx(0.392, abs=5e-4)


@settings(max_examples=80, deadline=None)
@given(LAWS, st.integers(0, 200), st.floats(0.1, 300), st.floats(0, 1), st.floats(0, 1))
def test_the_longer_silent_the_less_alive(model, x, age, one, other):
    earlier, later = sorted([one * age, other * age]) if x else (0.0, 0.0)
    chances = model.p_alive(x, [earlier, later], age)
    assert np.all((chances >= 0) & (chances <= 1))
    assert chances[0] <= chances[1] + 1e-12


@settings(max_examples=80, deadline=None)
@given(LAWS, st.integers(0, 200), st.floats(0, 300), st.floats(0, 1), st.floats(0, 500), st.floats(0, 500))
def test_expectations_grow_with_the_horizon_up_to_the_rate(model, x, age, share, one, other):
    horizons = np.sort([one, other])
    t_x = share * age if x else 0.0
    expected = model.expected_purchases(x, t_x, age, horizons)
    ceiling = model.p_alive(x, t_x, age) * model.rate_if_active(x, t_x, age) * horizons
    assert np.all(np.isfinite(expected))
    assert np.all(expected >= 0)
    assert expected[0] <= expected[1] * (1 + 1e-9)
    assert np.all(expected <= ceiling * (1 + 1e-9) + 1e-300)


@pytest.mark.parametrize("kind", KINDS)
def test_known_parameters_are_recovered(simulated, kind):
    truth = (0.6, 6.0, 0.9, 2.0)
    base = simulated(kind, truth, customers=60_000, seed=4)
    model = fit_buying(base.x, base.t_x, base.T, kind=kind)
    assert model.converged
    assert numbers_of(model) == pytest.approx(truth, rel=0.12)
    true_model = BuyingModel(kind, *truth)
    best = true_model.log_likelihood_of(base.x, base.t_x, base.T).sum()
    assert 0 <= model.log_likelihood - best < 12


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("truth", [(0.6, 6.0, 0.9, 2.0), (1.0, 4.0, 1.0, 3.0), (2.0, 20.0, 0.3, 1.5)])
def test_expectations_and_intervals_hold_on_simulated_futures(simulated, kind, truth):
    base = simulated(kind, truth, customers=40_000, seed=11)
    model = BuyingModel(kind, *truth)
    expected = model.expected_purchases(base.x, base.t_x, base.T, 39.0)
    for part in (base.x == 0, base.x == 1, base.x > 1, base.t_x < base.T / 2, base.t_x >= base.T / 2):
        error = base.later[part] - expected[part]
        assert abs(error.mean()) < 4.5 * error.std() / math.sqrt(part.sum())
    bought = base.later > 0
    chance = model.purchase_chance(base.x, base.t_x, base.T, 39.0)
    assert abs((bought - chance).mean()) < 4.5 * math.sqrt((chance * (1 - chance)).mean() / bought.size)
    for level in (0.5, 0.8, 0.95):
        low, high = model.purchases_interval(base.x, base.t_x, base.T, 39.0, level)
        assert ((base.later >= low) & (base.later <= high)).mean() >= level - 0.01
        # Above is as rare as asked, and one purchase less would be too few: the upper end is not merely wide.
        assert (base.later > high).mean() <= (1 - level) / 2 + 0.005
        some = high > 0
        assert (base.later[some] > high[some] - 1).mean() > (1 - level) / 2


def test_new_customers_buy_as_expected(simulated):
    for kind in KINDS:
        base = simulated(kind, (0.6, 6.0, 0.9, 2.0), customers=40_000, seed=2, spans=(52.0, 52.0))
        expected = BuyingModel(kind, 0.6, 6.0, 0.9, 2.0).expected_new(52.0)
        assert abs(base.x.mean() - expected) < 4.5 * base.x.std() / 200


@pytest.mark.parametrize("kind", KINDS)
def test_weights_equal_repetition_and_order_is_nothing(simulated, kind):
    base = simulated(kind, (0.6, 6.0, 0.9, 2.0), customers=300, seed=5)
    history, times = (base.x, base.t_x, base.T), np.arange(300) % 4 + 1
    weighted = fit_buying(*history, kind=kind, weights=times)
    repeated = fit_buying(*(np.repeat(column, times) for column in history), kind=kind)
    backwards = fit_buying(*(np.repeat(column, times)[::-1] for column in history), kind=kind)
    assert weighted == repeated == backwards
    assert weighted.groups == 300
    assert weighted.customers == times.sum()


def test_many_rows_give_what_their_direct_fit_gives(simulated, monkeypatch):
    base = simulated("mbg_nbd", (0.6, 6.0, 0.9, 2.0), customers=3_000, seed=6)
    direct = fit_buying(base.x, base.t_x, base.T)
    monkeypatch.setattr("smalti.models.buying.model._MANY_ROWS", 100)
    through_coarse = fit_buying(base.x, base.t_x, base.T)
    assert numbers_of(through_coarse) == pytest.approx(numbers_of(direct), rel=1e-6)
    assert through_coarse.log_likelihood == pytest.approx(direct.log_likelihood, rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_the_unit_of_time_changes_nothing_but_the_unit(simulated, kind):
    base = simulated(kind, (0.6, 6.0, 0.9, 2.0), customers=2_000, seed=7)
    weeks = fit_buying(base.x, base.t_x, base.T, kind=kind)
    days = fit_buying(base.x, base.t_x * 7, base.T * 7, kind=kind, unit="day")
    assert days.unit == "day"
    assert numbers_of(days) == pytest.approx((weeks.r, weeks.alpha * 7, weeks.a, weeks.b), rel=1e-6)
    jacobian = base.x.sum() * math.log(7)
    assert days.log_likelihood == pytest.approx(weeks.log_likelihood - jacobian, rel=1e-11)
    by_weeks = weeks.expected_purchases(base.x, base.t_x, base.T, 39)
    assert days.expected_purchases(base.x, base.t_x * 7, base.T * 7, 273) == pytest.approx(by_weeks, rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "history",
    [
        ([3, 3, 3], [10, 10, 10], [20, 20, 20]),
        ([3, 3], [20, 20], [20, 20]),
        ([0] * 500 + [1, 1], [0] * 500 + [3, 4], [50] * 502),
        ([20_000, 15_000, 0], [990, 1000, 0], [1000, 1000, 1000]),
        ([1, 1, 2], [1e-6, 2e-6, 1e-6], [1e-5, 1e-5, 1e-5]),
    ],
    ids=["identical", "bought today", "one-time base", "very long histories", "tiny times"],
)
def test_odd_bases_give_finite_answers(kind, history):
    model = fit_buying(*history, kind=kind)
    assert math.isfinite(model.log_likelihood)
    age = history[2][0]
    answers = [
        model.p_alive(*history),
        model.expected_purchases(*history, age),
        model.purchase_chance(*history, age),
        *model.purchases_interval(*history, age),
        model.expected_new(age),
    ]
    assert all(np.all(np.isfinite(answer)) for answer in answers)


@pytest.mark.parametrize(
    ("history", "says"),
    [
        (([4], [9], [9]), "1 of 1 customers bought more than once: a buying model needs at least 2"),
        (([0, 0, 0], [0, 0, 0], [5, 6, 7]), "0 of 3 customers"),
        (([], [], []), "0 of 0 customers"),
        (([1, 2], [0, 0], [0, 0]), "no time passes between purchases"),
    ],
)
def test_a_base_that_says_too_little_is_refused(history, says):
    with pytest.raises(ModelError, match=says):
        fit_buying(*history)


def test_mistakes_are_named():
    with pytest.raises(ModelError, match="'mbg_nbd'"):
        fit_buying([1, 1], [1, 1], [2, 2], kind="mbgnbd")
    with pytest.raises(ModelError, match="must be positive"):
        BuyingModel("bg_nbd", 0.2, -1.0, 0.8, 2.4)
    with pytest.raises(ModelError, match="horizon: expected one for all or one each"):
        MBG.expected_purchases([1, 1], [1, 1], [2, 2], [1, 2, 3])
    with pytest.raises(ModelError, match="horizon: expected a finite number"):
        MBG.expected_new(-1)
    with pytest.raises(ModelError, match="level: expected a share"):
        MBG.purchases_interval(0, 0, 1, 1, level=80)


def test_a_stored_model_scores_the_same(simulated):
    base = simulated("mbg_nbd", (0.6, 6.0, 0.9, 2.0), customers=500, seed=8)
    model = fit_buying(base.x, base.t_x, base.T, unit="week")
    again = BuyingModel.from_dict(json.loads(json.dumps(model.to_dict())))
    assert again == model
    assert again.expected_new(52).tobytes() == model.expected_new(52).tobytes()
    with pytest.raises(ModelError, match=r"missing \['r'\], unknown \['s'\]"):
        BuyingModel.from_dict({("s" if name == "r" else name): value for name, value in model.to_dict().items()})


def test_answers_keep_the_shape_that_was_asked():
    assert MBG.expected_purchases([[0, 1], [2, 3]], [[0, 1], [1, 1]], 9, 4).shape == (2, 2)
    assert MBG.expected_new(5).shape == ()
    assert MBG.expected_purchases([], [], [], 4).shape == (0,)
    assert MBG.purchases_interval([], [], [], 4)[0].shape == (0,)
