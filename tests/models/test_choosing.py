"""The choice of a buying model: on bases whose truth is known, and on what is too little."""

from __future__ import annotations

import numpy as np
import pytest

from smalti.errors import ModelError
from smalti.models import GammaGamma
from smalti.models.accuracy import TOTAL, Compared, Resampled, band, cohorts, frequencies, tenths
from smalti.models.backtest import BackTest
from smalti.models.choosing import (
    AS_STATED,
    LIKELIHOOD,
    SIMPLEST_FIRST,
    WITHIN,
    choose,
    spend_backtest,
    verdict,
)
from smalti.models.holdout import Holdout
from smalti.models.naive import LAST_PERIOD, naive_purchases

SPEND = GammaGamma(p=5.0, q=4.0, v=24.0, observed_mean=40.0)
CUT = 1_600_000_000 * 1_000_000


def held_out(
    kind: str, law: tuple[float, ...], customers: int = 6000, horizon: float = 180.0, seed: int = 1
) -> Holdout:
    """Play a model's own story in days: rate r, alpha; leaving a, b after purchases, or s, beta at any time."""
    rng = np.random.default_rng(seed)
    r, alpha, a, b = law
    age = rng.integers(150, 500, customers).astype(float)
    rate, nu = rng.gamma(r, 1 / alpha, customers), rng.gamma(SPEND.q, 1 / SPEND.v, customers)
    leaves = rng.exponential(1.0, customers) / rng.gamma(a, 1 / b, customers) if kind == "pareto_nbd" else np.inf
    drop = rng.beta(a, b, customers) if kind != "pareto_nbd" else np.zeros(customers)
    x, last, before, before_spend, later, later_spend, clock = (np.zeros(customers) for _ in range(7))
    spent = rng.gamma(SPEND.p, 1 / nu)
    active = rng.random(customers) >= drop if kind == "mbg_nbd" else np.ones(customers, dtype=bool)
    while active.any():
        clock = np.where(active, clock + rng.exponential(1.0, customers) / rate, np.inf)
        active &= clock <= leaves
        each = rng.gamma(SPEND.p, 1 / nu)
        past, lately = active & (clock <= age), active & (clock <= age) & (clock > age - horizon)
        ahead = active & (clock > age) & (clock <= age + horizon)
        x, last, spent = x + past, np.where(past, clock, last), spent + np.where(past, each, 0)
        before, before_spend = before + lately, before_spend + np.where(lately, each, 0)
        later, later_spend = later + ahead, later_spend + np.where(ahead, each, 0)
        active = (past | ahead) & (rng.random(customers) >= drop)
    return Holdout(CUT, horizon, x, last, age, before, before_spend, spent / (x + 1), later, later_spend)


@pytest.fixture(scope="module")
def mbg() -> Holdout:
    return held_out("mbg_nbd", (0.8, 45.0, 0.8, 2.0))


@pytest.fixture(scope="module")
def choice(mbg):
    return choose(mbg)


def test_the_simplest_is_chosen_where_it_is_the_truth(choice):
    assert choice.kind == "mbg_nbd"
    assert choice.why.startswith("MBG/NBD: the simplest, and not beaten by BG/NBD or Pareto/NBD")
    model, other = (choice.backtest.measure(LIKELIHOOD, of).value for of in ("model", "BG/NBD"))
    assert model > other


def test_another_is_chosen_where_the_simplest_is_beaten():
    """Who bought once stays for ever, and many others leave: MBG/NBD cannot say both."""
    seen = held_out("bg_nbd", (0.7, 30.0, 1.2, 0.6), customers=12_000)
    chosen = choose(seen, ("mbg_nbd", "bg_nbd"))
    assert chosen.kind == "bg_nbd"
    assert "MBG/NBD is beaten by BG/NBD" in chosen.why


def test_the_true_model_foretells_within_its_doubt(choice, mbg):
    total = choice.backtest.measure(TOTAL)
    assert total.low <= 1.0 <= total.high
    assert sum(band.held for band in choice.backtest.chances) >= len(choice.backtest.chances) - 2
    assert choice.backtest.verdict.startswith("Better than the best naive forecast")
    assert choice.backtest.warnings == ()
    assert choice.backtest.customers == len(mbg)


def test_a_model_that_is_worse_than_naive_says_so(mbg):
    """What came is what came the period before; the model, fitted to the same histories, cannot know."""
    stubborn = Holdout(**{**vars(mbg), "later": np.where(mbg.repeats > 0, mbg.before + 3, 0.0)})
    told = choose(stubborn, ("mbg_nbd",)).backtest
    assert told.verdict.startswith("Worse than a naive forecast (last period repeated)")
    assert any("were foretold for each that came" in warning for warning in told.warnings)


def test_neither_better_nor_worse_is_said_too(mbg):
    naive = naive_purchases(mbg)
    compared = Compared(mbg, mbg.later, {"model": naive[LAST_PERIOD], **naive}, Resampled(len(mbg), 0))
    best = {name: naive[name] for name in (LAST_PERIOD,)}
    assert verdict(compared, tuple(best), "purchases").startswith("No better and no worse per customer")


def test_the_choice_does_not_hang_on_the_order_of_customers_or_on_the_day(mbg):
    few = {name: one[:1500] if isinstance(one, np.ndarray) else one for name, one in vars(mbg).items()}
    turned = {name: one[::-1] if isinstance(one, np.ndarray) else one for name, one in few.items()}
    once, again, other = (choose(Holdout(**one), ("mbg_nbd", "bg_nbd")) for one in (few, few, turned))
    assert once == again
    assert other.kind == once.kind


def test_the_interval_of_value_holds_as_stated(mbg):
    told = spend_backtest(mbg, "mbg_nbd", SPEND)
    within, stated = told.measure(WITHIN), told.measure(WITHIN, AS_STATED)
    assert within.value == pytest.approx(stated.value, abs=0.012)
    assert told.measure(TOTAL).value == pytest.approx(1.0, abs=0.06)
    assert told.warnings == ()


def test_an_interval_that_does_not_hold_is_warned_of(mbg):
    wild = Holdout(**{**vars(mbg), "later_spend": 4 * mbg.later_spend})
    told = spend_backtest(wild, "mbg_nbd", SPEND)
    assert "The 80 % interval of value should have held for" in told.warnings[0]


@pytest.mark.parametrize("spend", [lambda came: 0 * came, lambda came: -came])
def test_spend_that_refunds_eat_up_is_told_without_totals(mbg, spend):
    refunded = Holdout(**{**vars(mbg), "later_spend": spend(mbg.later_spend)})
    told = spend_backtest(refunded, "mbg_nbd", SPEND)
    assert told.verdict.endswith("what came adds up to nothing, so totals cannot be compared.")
    assert told.measure(TOTAL) is None
    assert not any(np.isnan(one.value) for one in told.measures)


def test_the_interval_of_a_band_is_in_the_unit_of_what_came():
    """Among 50 who spent nothing a few may yet spend a hundred; and refunds lie below nothing."""
    nobody = band("tenth 10", np.full(50, 3.0), np.zeros(50), typical=100.0)
    assert nobody.held
    assert 5 < nobody.high < 10
    refunds = band("tenth 10", np.full(40, -4.0), np.tile([-5.0, -3.0], 20), typical=100.0)
    assert refunds.low < refunds.observed < refunds.high
    one = band("tenth 1", np.array([3.0]), np.array([7.0]), typical=7.0)
    assert one.low < one.observed <= one.high


def test_the_interval_of_a_mean_amount_holds_as_stated():
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(400):
        came = np.where(rng.random(200) < 0.02, rng.gamma(4.0, 25.0, 200), 0.0)
        held += band("tenth 10", np.full(200, 2.0), came, typical=100.0).held
    assert held >= 0.93 * 400


def test_a_back_test_is_kept_without_loss(choice, mbg):
    for told in (choice.backtest, spend_backtest(mbg, "mbg_nbd", SPEND)):
        assert BackTest.from_dict(told.to_dict()) == told


def test_too_little_is_said_in_a_sentence(mbg):
    few = Holdout(**{name: one[:20] if isinstance(one, np.ndarray) else one for name, one in vars(mbg).items()})
    with pytest.raises(ModelError, match="20 customers to try buying models on"):
        choose(few)
    silent = Holdout(**{**vars(mbg), "later": np.zeros(len(mbg))})
    with pytest.raises(ModelError, match="nobody bought in the 180 days"):
        choose(silent)
    never = Holdout(**{**vars(mbg), "repeats": np.zeros(len(mbg)), "recency": np.zeros(len(mbg))})
    with pytest.raises(ModelError, match=r"MBG/NBD could not be fitted: .*BG/NBD could not be fitted"):
        choose(never, SIMPLEST_FIRST)


def test_every_customer_is_in_one_tenth_one_cohort_and_one_frequency(mbg):
    for groups in (tenths(mbg.later + mbg.age), cohorts(mbg), frequencies(mbg)):
        assert np.array_equal(np.sum(list(groups.values()), axis=0), np.ones(len(mbg)))
    assert len(cohorts(mbg)) <= 12
    assert next(iter(cohorts(mbg))) == "first bought 2019-05"
