"""Before starting: as many customers as are told do see the effect as often as is told."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.errors import ModelError
from smalti.experiments.readout import (
    Baseline,
    Design,
    Inflow,
    Metric,
    Money,
    Statistics,
    customers_needed,
    detectable,
    forecast,
    power_of,
    reach,
)

REPEATS = 4000


def seen(design, sizing, rate, effect, seed=0):
    """Give how often an experiment of this size sees an effect on a rate in its last arm, by the error as it is estimated."""
    rng = np.random.default_rng(seed)
    n = [sizing.customers[design.control_place], sizing.customers[-1]]
    shares = [rng.binomial(size, p, REPEATS) / size for size, p in zip(n, (rate, rate + effect), strict=True)]
    error = np.sqrt(sum(p * (1 - p) / (size - 1) for p, size in zip(shares, n, strict=True)))
    alone = (1 - design.level) / ((len(design.arms) - 1) * design.outcomes)
    far = reach(1.0, 1, 1 - alone) if design.every_look else {0.05: 1.95996, 0.025: 2.24140}[round(alone, 5)]
    return (np.abs(shares[1] - shares[0]) / error > far).mean()


@pytest.mark.parametrize(
    ("design", "rate", "effect"),
    [
        (Design(), 0.10, 0.02),
        (Design(), 0.02, 0.02),
        (Design(power=0.9), 0.30, -0.05),
        (Design(weights=(9, 1)), 0.10, 0.03),
        (Design(("none", "mail", "call"), control="none"), 0.10, 0.03),
        (Design(every_look=True), 0.10, 0.03),
    ],
)
def test_the_customers_needed_see_the_effect_as_often_as_told(design, rate, effect):
    sizing = customers_needed(design, Baseline.of_rate(rate), effect)
    assert seen(design, sizing, rate, effect) == pytest.approx(design.power, abs=0.025)


def test_a_published_size():
    """10 % against 12 %, five and eighty per cent: 3,839 in each arm (Fleiss, without correction, unpooled)."""
    z = 1.959964 + 0.841621
    wanted = math.ceil(z**2 * (0.1 * 0.9 + 0.12 * 0.88) / 0.02**2)
    assert customers_needed(Design(), Baseline.of_rate(0.10), 0.02).customers == (wanted, wanted)


def test_amounts():
    z = 1.959964 + 0.841621
    sizing = customers_needed(Design(), Baseline.of_amount(20.0, 50.0), 2.0)
    assert sizing.customers[0] == pytest.approx(z**2 * 2 * 2500 / 4, abs=1)
    assert sizing.relative == pytest.approx(0.1)
    sharper = customers_needed(Design(), Baseline.of_amount(20.0, 50.0, correlation=0.6), 2.0)
    assert sharper.total / sizing.total == pytest.approx(1 - 0.36, abs=1e-3)


designs = st.builds(
    Design,
    arms=st.just(("none", "mail", "call")),
    weights=st.tuples(*[st.floats(0.5, 2)] * 3),
    control=st.sampled_from(["none", "call"]),
    level=st.sampled_from([0.9, 0.95, 0.99]),
    power=st.floats(0.5, 0.95),
    outcomes=st.integers(1, 3),
    every_look=st.booleans(),
)


@settings(max_examples=6, deadline=None)
@given(designs, st.floats(0.02, 0.6), st.floats(0.01, 0.08))
def test_customers_effect_and_power_go_together(design, rate, effect):
    baseline = Baseline.of_rate(rate)
    sizing = customers_needed(design, baseline, effect)
    assert power_of(design, baseline, effect, sizing.total).power == pytest.approx(design.power, abs=0.02)
    assert detectable(design, baseline, sizing.total).effect == pytest.approx(effect, rel=0.02)


def test_more_is_wanted_for_smaller_effects_more_arms_and_more_looks():
    rate = Baseline.of_rate(0.1)
    one = customers_needed(Design(), rate, 0.02).total
    assert customers_needed(Design(), rate, 0.01).total > 3 * one
    assert customers_needed(Design(("none", "mail", "call")), rate, 0.02).total > 1.5 * one
    assert customers_needed(Design(outcomes=2), rate, 0.02).total > one
    assert 1.8 * one < customers_needed(Design(every_look=True), rate, 0.02).total < 2.0 * one
    assert customers_needed(Design(weights=(4, 1)), rate, 0.02).total > one


def test_less_may_be_better():
    found = detectable(Design(better="lower"), Baseline.of_rate(0.2), 5000)
    assert found.effect < 0
    assert found.customers == (2500, 2500)
    assert customers_needed(Design(), Baseline.of_rate(0.2), found.effect).total == pytest.approx(5000, abs=3)


def test_no_effect_is_seen_by_chance_alone():
    assert power_of(Design(), Baseline.of_rate(0.2), 0.0, 5000).power == pytest.approx(0.05)


def test_a_baseline_of_customers_of_before():
    rng = np.random.default_rng(0)
    before = rng.gamma(2.0, 10.0, 5000)
    columns = {"spend": 0.8 * before + rng.normal(0, 5, 5000), "before": before, "visits": 1.0 + rng.poisson(2, 5000)}
    known = Statistics.of(columns)
    plain, sharp = (
        Baseline.of(known, Metric("s", "spend")),
        Baseline.of(known, Metric("s", "spend", covariate="before")),
    )
    assert plain.variance == pytest.approx(columns["spend"].var(ddof=1))
    explained = np.corrcoef(before, columns["spend"])[0, 1] ** 2
    assert sharp.variance == pytest.approx(plain.variance * (1 - explained))
    ratio = Baseline.of(known, Metric("s", "spend", "visits"))
    assert ratio.mean == pytest.approx(columns["spend"].mean() / columns["visits"].mean())
    rate = Baseline.of(Statistics.of_counts(20, 100), Metric("v", "outcome"), yes_or_no=True)
    assert rate.variance_with(0.3) == 0.25


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Baseline.of_rate(10), "rate: expected a share between 0 and 1, got 10"),
        (lambda: Baseline.of_amount(1.0, 0.0), "if all customers are alike there is nothing to measure"),
        (lambda: Baseline.of_amount(1.0, 1.0, 1.0), "correlation: expected a number between -1 and 1"),
        (lambda: Design(("a",)), "arms: expected two or more different names, got a"),
        (lambda: Design(weights=(1,)), "weights: expected one above 0 for each of control, treated"),
        (lambda: Design(control="contrl"), "control: found 'contrl'.*did you mean 'control'"),
        (lambda: Design(power=80), "power: expected a chance between 0 and 1, got 80"),
        (lambda: Design(power=0.04), "power: expected more than the chance of a false alarm"),
        (
            lambda: customers_needed(Design(), Baseline.of_rate(0.1), 0.0),
            "no number of customers shows that there is none",
        ),
        (lambda: customers_needed(Design(), Baseline.of_rate(0.9), 0.2), "leaves a share between 0 and 1, got 0.9"),
        (lambda: detectable(Design(), Baseline.of_rate(0.9), 20), "expected one that leaves a share between 0 and 1"),
        (lambda: detectable(Design(), Baseline.of_rate(0.9), 3), "two or more in each of 2 arms, got 3 in all"),
        (Inflow, "expected customers per day or at once"),
    ],
)
def test_mistakes_are_told(make, said):
    with pytest.raises(ModelError, match=said):
        make()


ORDER = Metric("orders", "orders", unit="share")
SIZING = customers_needed(Design(("none", "mail")), Baseline.of_rate(0.10), 0.02)


def test_days_until_the_last_outcome():
    assert forecast(SIZING, ORDER).days is None
    slow = forecast(SIZING, ORDER, Inflow(100, within=30))
    assert (slow.days_to_enrol, slow.days) == (77, 107)
    some = forecast(SIZING, ORDER, Inflow(100, at_once=7_000, within=30))
    assert (some.days_to_enrol, some.days) == (7, 37)
    there = forecast(SIZING, ORDER, Inflow(at_once=10_000, within=30))
    assert (there.days_to_enrol, there.days) == (0, 30)
    assert "They are there at once; the last outcome is in after 30 days." in there.words
    never = forecast(SIZING, ORDER, Inflow(at_once=1_000))
    assert (never.days_to_enrol, never.days) == (None, None)
    assert "There are only 1,000 customers and no more come in: 7,678 will never be there." in never.words


def test_money_at_stake():
    told = forecast(SIZING, ORDER, money=Money((0.0, 0.5), 40.0, "GBP"))
    assert (told.cost, told.pays_from) == (pytest.approx(3839 * 0.5), pytest.approx(0.0125))
    assert told.forgone == pytest.approx(3839 * (0.02 * 40 - 0.5))
    loss = forecast(SIZING, ORDER, money=Money((0.0, 2.0), 40.0))
    assert loss.forgone == 0.0
    assert not any("miss" in line for line in loss.words)
    with pytest.raises(ModelError, match="costs: expected one for each of none, mail, got 1"):
        forecast(SIZING, ORDER, money=Money((0.5,)))


def test_several_arms_and_looks_are_in_the_words():
    design = Design(("none", "mail", "call"), outcomes=2, every_look=True)
    sizing = customers_needed(design, Baseline.of_rate(0.10), 0.02)
    words = " ".join(forecast(sizing, ORDER).words)
    assert "the chance of seeing any in 4 comparisons is at most 5 %, however often somebody looks" in words
    assert (
        f"customers in none, {sizing.customers[1]:,} in mail and {sizing.customers[2]:,} in call: {sizing.total:,}"
        in words
    )
