"""What is yet to come in money: the interval holds what truly comes, whoever else is asked about."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betainc

from smalti.errors import ModelError
from smalti.models import BuyingModel, GammaGamma
from smalti.models.buying.pareto import ParetoModel
from smalti.models.purchase_counts import counts_if_active
from smalti.models.value import residual_value, spend_interval

BUYING = BuyingModel("mbg_nbd", r=0.7, alpha=45.0, a=0.6, b=2.5, unit="day")
PARETO = ParetoModel(0.7, 45.0, 0.6, 200.0, unit="day")
SPEND = GammaGamma(p=4.0, q=3.5, v=20.0, observed_mean=30.0)
YEAR = 365.0


def lived(customers: int, seed: int):
    """Let customers live the model's own story; give their histories and what they then spent in a year."""
    rng = np.random.default_rng(seed)
    rate, drop = rng.gamma(BUYING.r, 1 / BUYING.alpha, customers), rng.beta(BUYING.a, BUYING.b, customers)
    nu, age = rng.gamma(SPEND.q, 1 / SPEND.v, customers), rng.uniform(100, 800, customers)
    x, last, clock, later = (np.zeros(customers) for _ in range(4))
    spent, active = rng.gamma(SPEND.p, 1 / nu), rng.random(customers) >= drop
    while active.any():
        clock = np.where(active, clock + rng.exponential(1.0, customers) / rate, np.inf)
        past, ahead = clock <= age, (clock > age) & (clock <= age + YEAR)
        each = rng.gamma(SPEND.p, 1 / nu)
        x, last = x + past, np.where(past, clock, last)
        spent, later = spent + np.where(past, each, 0), later + np.where(ahead, each, 0)
        active = (past | ahead) & (rng.random(customers) >= drop)
    return (x, last, age), (x + 1, spent / (x + 1)), later


@pytest.fixture(scope="module")
def base():
    return lived(30_000, seed=5)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_the_interval_holds_at_its_level(base, level):
    history, spent, later = base
    low, high = spend_interval(BUYING, SPEND, history, spent, YEAR, level=level)
    tail, both, upper = (1 - level) / 2, low > 0, high > 0
    # Where both ends are within what may happen the level is exact; binomial doubt of three standard errors is allowed.
    within = ((low <= later) & (later <= high))[both]
    assert within.mean() == pytest.approx(level, abs=3 * np.sqrt(level * (1 - level) / both.sum()))
    beyond = (later > high)[upper]
    assert beyond.mean() == pytest.approx(tail, abs=3 * np.sqrt(tail / upper.sum()))
    assert ((low <= later) & (later <= high)).mean() >= level


def test_the_mean_comes(base):
    history, spent, later = base
    assert residual_value(BUYING, SPEND, history, spent, YEAR).value.sum() / later.sum() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("model", [BUYING, PARETO], ids=["mbg_nbd", "pareto_nbd"])
def test_the_ends_are_the_quantiles_of_the_posterior(model):
    """Against draws of one customer: alive or not, how many purchases, each of an unknown level of spend."""
    rng = np.random.default_rng(2)
    history = np.array([6.0]), np.array([300.0]), np.array([330.0])
    draws = 200_000
    alive = rng.random(draws) < model.p_alive(*history)
    rate = rng.gamma(model.r + 6, 1 / (model.alpha + 330), draws)
    count, clock = np.zeros(draws), np.zeros(draws)
    drop = rng.beta(BUYING.a, BUYING.b + 7, draws) if model is BUYING else np.zeros(draws)
    gone = rng.exponential(1, draws) / rng.gamma(PARETO.s, 1 / (PARETO.beta + 330), draws) if model is PARETO else YEAR
    active = alive
    while active.any():
        clock = clock + rng.exponential(1, draws) / rate
        active = active & (clock <= YEAR) & (clock <= gone)
        count += active
        active = active & (rng.random(draws) >= drop)
    nu = rng.gamma(SPEND.p * 7 + SPEND.q, 1 / (SPEND.v + 7 * 25.0), draws)
    spent = np.where(count > 0, rng.gamma(np.maximum(SPEND.p * count, 1e-9)) / nu, 0.0)
    low, high = spend_interval(model, SPEND, history, (np.array([7.0]), np.array([25.0])), YEAR, level=0.6)
    assert (spent <= low).mean() == pytest.approx(0.2, abs=0.012)
    assert (spent <= high).mean() == pytest.approx(0.8, abs=0.012)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), alone=st.integers(0, 39))
def test_nobody_elses_presence_changes_an_answer(seed, alone):
    rng = np.random.default_rng(seed)
    x, age = rng.integers(0, 30, 40).astype(float), rng.uniform(1, 900, 40)
    history = x, np.where(x > 0, age * rng.random(40), 0.0), age
    spent = x + 1, rng.uniform(0, 90, 40)
    both = spend_interval(BUYING, SPEND, history, spent, YEAR)
    own = tuple(one[[alone]] for one in history), tuple(one[[alone]] for one in spent)
    single = spend_interval(BUYING, SPEND, own[0], own[1], YEAR)
    assert [end[alone] for end in both] == [end[0] for end in single]
    assert (both[0] <= both[1]).all()


def test_discounting_takes_as_much_off_the_ends_as_off_the_middle(base):
    history, spent = (tuple(one[:500] for one in columns) for columns in base[:2])
    plain = residual_value(BUYING, SPEND, history, spent, YEAR)
    less = residual_value(BUYING, SPEND, history, spent, YEAR, annual_rate=0.2)
    assert np.allclose(less.high * plain.value, less.value * plain.high)
    assert (less.value < plain.value).all()


@pytest.mark.parametrize("level", [0, 1, -0.1, 1.5])
def test_a_level_that_is_no_share_is_refused(level):
    with pytest.raises(ModelError, match="level: expected a share between 0 and 1"):
        spend_interval(BUYING, SPEND, (np.zeros(1),) * 2 + (np.ones(1),), (np.ones(1), np.ones(1)), YEAR, level=level)


def test_very_long_histories_and_nothing_at_all_have_answers():
    history = np.array([0.0, 0.0, 3000.0]), np.array([0.0, 0.0, 3650.0]), np.array([0.0, 4000.0, 3651.0])
    low, high = spend_interval(
        BUYING, SPEND, history, (np.array([0.0, 1.0, 3001.0]), np.array([0.0, 30.0, 30.0])), YEAR
    )
    assert np.isfinite(low).all() and np.isfinite(high).all()
    assert 200 * 30 < low[2] < 300 * 30 < high[2] < 400 * 30


@pytest.mark.parametrize(("repeats", "recency", "age"), [(0.0, 0.0, 39.0), (9.0, 37.0, 38.0), (9.0, 37.0, 41.0)])
def test_the_high_end_is_the_exact_quantile_whatever_the_age(repeats, recency, age):
    """Ages share curves in bands; summed outright over purchases, a tenth of such customers spends more than the end."""
    buying = BuyingModel("mbg_nbd", 0.525, 6.183, 0.891, 1.614)
    spend = GammaGamma(6.25, 3.74, 15.44, observed_mean=35.0)
    history = np.array([repeats]), np.array([recency]), np.array([age])
    high = residual_value(buying, spend, history, (history[0] + 1, np.array([30.0])), 52.0).high[0]
    counts = counts_if_active(buying, history[0], history[2], 52.0)
    more = np.array([counts.more_than(count)[0] for count in range(200)])
    purchases, size = np.arange(1, 200), spend.v + (repeats + 1) * 30.0

    def beyond(money):
        shares = betainc(spend.p * (repeats + 1) + spend.q, spend.p * purchases, 1 / (1 + money / size))
        return float(buying.p_alive(*history)[0] * ((more[:-1] - more[1:]) * shares).sum())

    assert beyond(0.985 * high) > 0.1 > beyond(1.015 * high)
