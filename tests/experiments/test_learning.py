"""Beliefs learn by the rules of probability, and exploration never closes a door."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from smalti.errors import ModelError
from smalti.experiments import Logged
from smalti.experiments.learning import (
    AmountBelief,
    RateBelief,
    chances_of_best,
    chances_of_best_each,
    drawn,
    evidence_of,
    learn,
    rate_between,
    softmax,
    top_two,
    with_floor,
)

RATES = st.builds(RateBelief, st.floats(0.01, 0.99), st.floats(2.0, 5000.0))
AMOUNTS = st.builds(AmountBelief, st.floats(-50, 50), st.floats(0.1, 50), st.floats(1.0, 500.0))
CHANCES = st.lists(st.floats(0.01, 1.0), min_size=2, max_size=6).map(lambda drawn: np.array(drawn) / np.sum(drawn))


@given(RATES, st.lists(st.booleans(), max_size=40), st.integers(0, 40))
def test_a_rate_learns_the_same_at_once_and_one_by_one(belief, outcomes, cut):
    parts = [outcomes[:cut], outcomes[cut:]]
    at_once, in_parts = belief.updated(sum(outcomes), len(outcomes)), belief
    for part in parts:
        in_parts = in_parts.updated(sum(part), len(part))
    assert (in_parts.rate, in_parts.strength) == pytest.approx((at_once.rate, at_once.strength))
    assert at_once.successes == pytest.approx(belief.successes + sum(outcomes))
    assert at_once.failures == pytest.approx(belief.failures + len(outcomes) - sum(outcomes))


@given(RATES)
def test_a_rate_is_a_beta_distribution(belief):
    beta = stats.beta(belief.successes, belief.failures)
    assert (belief.mean, belief.deviation) == pytest.approx((beta.mean(), beta.std()))
    assert belief.interval(0.8) == pytest.approx(tuple(beta.interval(0.8)), abs=1e-9)


@given(AMOUNTS, st.lists(st.floats(-100, 100), min_size=2, max_size=30), st.integers(1, 29))
def test_an_amount_learns_the_same_at_once_and_in_parts(belief, outcomes, cut):
    at_once, in_parts = belief, belief
    for part in (outcomes[:cut], outcomes[cut:]):
        if part:
            in_parts = in_parts.updated(len(part), float(np.mean(part)), float(np.var(part)))
    at_once = belief.updated(len(outcomes), float(np.mean(outcomes)), float(np.var(outcomes)))
    assert in_parts.mean == pytest.approx(at_once.mean, abs=1e-9)
    assert in_parts.spread == pytest.approx(at_once.spread, rel=1e-9)
    assert (in_parts.strength, in_parts.spread_strength) == (at_once.strength, at_once.spread_strength)


def test_an_amount_of_much_evidence_is_the_mean_with_its_standard_error():
    values = np.random.default_rng(0).gamma(0.5, 40.0, 5000)
    learnt = AmountBelief(0.0, 10.0, 1.0).updated(5000, float(values.mean()), float(values.var()))
    half = 1.96 * values.std() / np.sqrt(5000)
    assert learnt.interval() == pytest.approx((values.mean() - half, values.mean() + half), rel=2e-3)


@pytest.mark.parametrize(("rate", "strength"), [(0.1, 20.0), (0.5, 2.0)])
@pytest.mark.parametrize(("successes", "trials"), [(30, 400), (60, 400), (900, 9000)])
def test_learning_from_an_estimate_comes_near_to_learning_from_its_counts(rate, strength, successes, trials):
    belief = RateBelief(rate, strength)
    measured = (successes + 0.5) / (trials + 1)
    by_estimate = belief.updated_by_estimate(measured, np.sqrt(measured * (1 - measured) / trials))
    by_counts = belief.updated(successes, trials)
    assert by_estimate.rate == pytest.approx(by_counts.rate, abs=0.2 * by_counts.deviation)


@pytest.mark.parametrize("estimate", [-0.3, -0.01, 0.0, 0.02, 0.5, 1.3])
@pytest.mark.parametrize("belief", [RateBelief(0.05, 20), RateBelief(0.4, 1e5), RateBelief(0.02, 20)])
def test_an_estimate_is_weighed_as_bayes_says(belief, estimate):
    error = 0.01
    found = belief.updated_by_estimate(estimate, error)
    law = stats.beta(belief.successes, belief.failures)
    middle = np.concatenate([np.geomspace(1e-14, 0.5, 200_000), 1 - np.geomspace(0.5, 1e-14, 200_000)])
    logs = law.logpdf(middle) - ((middle - estimate) / error) ** 2 / 2
    share = np.exp(logs - logs.max()) * np.gradient(middle)
    mean = (share * middle).sum() / share.sum()
    deviation = np.sqrt((share * (middle - mean) ** 2).sum() / share.sum())
    assert found.rate == pytest.approx(mean, abs=0.02 * deviation)
    assert found.deviation == pytest.approx(deviation, rel=0.02)


@pytest.mark.parametrize(("estimate", "learnt"), [(0.1, 0.1), (-0.5, 0.0), (2.0, 1.0), (0.0, 0.0), (1.0, 1.0)])
def test_an_estimate_without_doubt_is_believed(estimate, learnt):
    found = RateBelief(0.05, 20).updated_by_estimate(estimate, 1e-12)
    assert found.rate == pytest.approx(learnt, abs=1e-5) and found.deviation < 1e-5


@settings(max_examples=20, deadline=None)
@given(st.floats(0.001, 0.4), st.floats(1.2, 2.4), st.sampled_from([0.5, 0.8, 0.9, 0.95]))
def test_a_belief_between_two_rates_is_between_them(low, times, level):
    said = rate_between(low, low * times, level)
    assert said.interval(level) == pytest.approx((low, low * times), rel=1e-3)


@pytest.mark.parametrize(("successes", "trials"), [(0, 30), (3, 30), (12, 30), (30, 30)])
def test_surprise_is_the_tail_that_the_belief_foretold(successes, trials):
    belief = RateBelief(0.1, 20)
    law = stats.betabinom(trials, belief.successes, belief.failures)
    tail = min(law.cdf(successes), law.sf(successes - 1))
    assert belief.conflict(successes, trials) == pytest.approx(min(1, 2 * tail))


def test_surprise_goes_on_smoothly_where_counting_ends():
    belief = RateBelief(0.1, 200)
    here, there = (belief.conflict(0.12 * trials, trials) for trials in (20_000, 20_050))
    assert there == pytest.approx(here, rel=0.02)


def test_who_is_right_is_seldom_surprised():
    rng = np.random.default_rng(3)
    belief = RateBelief(0.08, 50)
    came = rng.binomial(300, rng.beta(belief.successes, belief.failures, 1000))
    assert np.mean([belief.conflict(one, 300) < 0.05 for one in came]) == pytest.approx(0.05, abs=0.02)


def test_weights_undo_that_some_customers_were_likelier_to_be_tried():
    rng = np.random.default_rng(4)
    keen = rng.random(40_000) < 0.3
    chance = np.where(keen, 0.8, 0.1)
    mailed = rng.random(40_000) < chance
    bought = (rng.random(40_000) < np.where(keen, 0.5, 0.1)).astype(float)
    log = Logged(("none", "mail"), mailed.astype(np.int64), np.where(mailed, chance, 1 - chance), bought)
    none, mail = evidence_of(log)
    truth = 0.3 * 0.5 + 0.7 * 0.1
    assert bought[mailed].mean() > truth + 0.1
    assert (none.mean, mail.mean) == pytest.approx((truth, truth), abs=0.012)
    assert mail.count < 0.6 * mail.decisions
    assert mail.variance == pytest.approx(truth * (1 - truth), rel=0.05)


def test_equal_probabilities_count_as_they_are():
    rng = np.random.default_rng(5)
    arm, outcome = rng.integers(0, 2, 500), rng.integers(0, 2, 500).astype(float)
    log = Logged(("a", "b", "never"), arm, np.full(500, 0.5), outcome)
    beliefs = [RateBelief(0.3, 10)] * 3
    learnt = learn(beliefs, log)
    for place in (0, 1):
        by_hand = beliefs[place].updated(outcome[arm == place].sum(), (arm == place).sum())
        assert (learnt[place].after.rate, learnt[place].after.strength) == pytest.approx(
            (by_hand.rate, by_hand.strength)
        )
    assert learnt[2].after == learnt[2].before
    assert not learnt[2].in_conflict


def test_amounts_are_learnt_from_a_log():
    rng = np.random.default_rng(6)
    arm = rng.integers(0, 2, 4000)
    log = Logged(("none", "mail"), arm, np.full(4000, 0.5), rng.gamma(0.2, 10 + 10.0 * arm))
    none, mail = learn([AmountBelief(2.0, 5.0, 50), AmountBelief(2.0, 5.0, 50)], log)
    assert none.after.mean == pytest.approx(2.0, abs=0.4)
    assert mail.after.mean == pytest.approx(4.0, abs=0.8)
    assert (none.in_conflict, mail.in_conflict) == (False, True)
    assert str(mail).endswith("which contradicts it")


@settings(max_examples=30, deadline=None)
@given(st.lists(RATES, min_size=1, max_size=5))
def test_the_chances_of_being_best_are_those_of_drawing(beliefs):
    best = chances_of_best(beliefs)
    rng = np.random.default_rng(7)
    draws = np.stack([rng.beta(one.successes, one.failures, 40_000) for one in beliefs])
    assert best.sum() == pytest.approx(1)
    assert best == pytest.approx(np.bincount(draws.argmax(axis=0), minlength=len(beliefs)) / 40_000, abs=0.015)


def test_costs_count_in_who_is_best():
    beliefs = [AmountBelief(1.0, 10.0, 400), AmountBelief(2.0, 10.0, 400)]
    assert chances_of_best(beliefs)[1] > 0.9
    assert chances_of_best(beliefs, np.array([0.0, 1.0])) == pytest.approx([0.5, 0.5], abs=1e-3)


def test_the_chances_of_being_best_for_each_are_those_of_drawing():
    rng = np.random.default_rng(8)
    expected, error = rng.normal(size=(50, 4)), rng.uniform(0.1, 2.0, (50, 4))
    found = chances_of_best_each(expected, error)
    picks = (expected[:, None] + error[:, None] * rng.normal(size=(50, 20_000, 4))).argmax(axis=2)
    counted = np.stack([np.bincount(row, minlength=4) for row in picks]) / 20_000
    assert np.abs(found - counted).max() < 0.02
    assert chances_of_best_each(expected, np.zeros(4)) == pytest.approx(np.eye(4)[expected.argmax(axis=1)])


@given(CHANCES, st.floats(0.1, 1.0))
def test_top_two_are_those_of_two_draws(best, share):
    found = top_two(best, share)
    second = [sum(best[b] * best[a] / (1 - best[b]) for b in range(len(best)) if b != a) for a in range(len(best))]
    assert found == pytest.approx(share * best + (1 - share) * np.array(second), rel=1e-6, abs=1e-9)
    assert found.sum() == pytest.approx(1)


def test_top_two_of_a_certainty_is_the_certainty():
    assert top_two(np.array([0.0, 1.0])).tolist() == [0.0, 1.0]


@given(CHANCES, st.floats(0, 1))
def test_no_probability_falls_below_the_floor_and_the_order_stays(chances, share):
    floor = share / len(chances)
    found = with_floor(np.stack([chances, chances[::-1]]), floor)
    assert found.min() >= floor * (1 - 1e-9)
    assert found.sum(axis=1) == pytest.approx([1, 1])
    if share < 0.999:
        assert (np.argsort(found[0], kind="stable") == np.argsort(chances, kind="stable")).all()


@given(st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=5), st.floats(0.01, 1e3))
def test_softmax_is_sure_of_the_best_when_cold_and_of_nothing_when_hot(expected, temperature):
    found = softmax(np.array(expected), temperature)
    assert found.sum() == pytest.approx(1)
    assert found[np.argmax(expected)] == found.max()
    assert softmax(np.array(expected), 1e12) == pytest.approx(np.full(len(expected), 1 / len(expected)), abs=1e-6)


def test_draws_follow_their_probabilities():
    rng = np.random.default_rng(9)
    chances = np.tile([0.0, 0.2, 0.5, 0.3, 0.0], (100_000, 1))
    shares = np.bincount(drawn(chances, rng.random(100_000)), minlength=5) / 100_000
    assert shares == pytest.approx(chances[0], abs=0.006)
    assert (shares[0], shares[4]) == (0, 0)
    assert drawn(chances[:2], np.array([0.0, 1 - 2**-32])).tolist() == [1, 3]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda: RateBelief(0.0, 20), "rate: expected one between 0 and 1, got 0"),
        (lambda: RateBelief(0.1, 0), "strength: expected a number of customers above 0, got 0"),
        (lambda: RateBelief(0.1, 9).updated(5, 4), "successes: expected a number from 0 to the 4 trials, got 5"),
        (lambda: RateBelief(0.1, 9).updated_by_estimate(0.1, 0.0), "estimate: expected a number with an error above 0"),
        (lambda: rate_between(0.2, 0.1), "interval: expected 0 < low < high < 1, got 0.2 to 0.1"),
        (lambda: rate_between(0.1, 0.2, 90), "level: expected a share between 0 and 1, such as 0.9, got 90"),
        (lambda: AmountBelief(1.0, 0.0, 5), "spread: expected a number above 0, got 0"),
        (lambda: AmountBelief(1.0, 1.0, 5).updated(-1, 0, 0), "evidence: expected a count and variance of at least 0"),
        (lambda: top_two(np.ones(2) / 2, 0.0), "share: expected one above 0 and at most 1, got 0"),
        (lambda: softmax(np.ones(2), 0.0), "temperature: expected a number above 0, got 0"),
        (lambda: chances_of_best([]), "beliefs: expected one for each arm, got none"),
        (lambda: chances_of_best_each(np.ones((2, 3)), np.ones(2)), r"error: expected shape \(2, 3\)"),
        (lambda: learn([RateBelief(0.1, 9)], LOG), "beliefs: expected one for each of 2 arms, got 1"),
        (lambda: learn([RateBelief(0.1, 9)] * 2, LOG), "outcome: row 1: expected 0 or 1 to learn a rate from, got 7"),
    ],
)
def test_mistakes_are_told(wrong, told):
    with pytest.raises(ModelError, match=told):
        wrong()


LOG = Logged(("none", "mail"), np.array([0, 1]), np.full(2, 0.5), np.array([0.0, 7.0]))


def test_probabilities_and_outcomes_that_are_none_are_told():
    for wrong in ([np.nan, 1.0], [-0.5, 1.5], [0.5, 0.6]):
        with pytest.raises(ModelError, match="probabilities: expected numbers of at least 0 that sum to 1"):
            with_floor(np.array(wrong), 0.1)
    with pytest.raises(ModelError, match="wanted finite numbers"):
        chances_of_best_each(np.array([[np.nan, 1.0]]), np.array([1.0, 1.0]))


def test_a_rate_near_one_that_always_worked_stays_a_belief():
    assert RateBelief(1 - 1e-12, 1e-3).updated(1e9, 1e9).rate < 1
