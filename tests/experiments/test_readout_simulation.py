"""Over 1,000 experiments with known truth the stated chances are kept: of covering, of false alarms, of what is seen."""

from __future__ import annotations

import math

import numpy as np
import pytest

from smalti.experiments.readout import (
    Metric,
    OutlierRule,
    Statistics,
    Terms,
    adjusted,
    always_p,
    cap,
    compare,
    corrected,
    heterogeneity,
    judge,
    sample_ratio,
    statistics_by,
)

REPEATS, ROWS = 1000, 400


def within(share, chance, repeats=REPEATS):
    """Say whether a share is what a chance gives in so many repeats, but once in 3,000 times."""
    return abs(share - chance) < 3.6 * math.sqrt(chance * (1 - chance) / repeats)


def worlds(effect, seed):
    """Give the statistics of control and arm in each of many experiments, and the correlation with what was before."""
    rng = np.random.default_rng(seed)
    before = rng.gamma(2.0, 10.0, (REPEATS, 2, ROWS))
    visits = 1.0 + rng.poisson(2.0, before.shape)
    spend = 0.8 * before + visits * rng.exponential(8.0, before.shape) + effect * np.array([[0.0], [1.0]])
    columns = {"spend": spend.ravel(), "before": before.ravel(), "visits": visits.ravel()}
    found = statistics_by(columns, np.repeat(np.arange(2 * REPEATS), ROWS), 2 * REPEATS)
    return list(zip(found[::2], found[1::2], strict=True)), np.corrcoef(columns["spend"], columns["before"])[0, 1]


@pytest.mark.parametrize(
    ("metric", "truth"),
    [
        (Metric("spend", "spend"), 2.0),
        (Metric("spend", "spend", covariate="before"), 2.0),
        (Metric("spend per visit", "spend", "visits"), 2.0 / 3.0),
    ],
    ids=["a mean", "a mean with a covariate", "a ratio"],
)
def test_intervals_cover_at_the_stated_rate(metric, truth):
    pairs, correlation = worlds(2.0, seed=3)
    found = [compare(*pair, metric) for pair in pairs]
    assert within(np.mean([one.low <= truth <= one.high for one in found]), 0.95)
    assert np.std([one.effect for one in found]) == pytest.approx(np.mean([one.error for one in found]), rel=0.08)
    if metric.covariate is not None:
        kept = np.mean([one.variance_kept for one in found])
        assert kept == pytest.approx(1 - correlation**2, abs=0.01)
    if metric.denominator is None:
        share = truth / (0.8 * 20 + 3 * 8)
        assert within(np.mean([one.relative_low <= share <= one.relative_high for one in found]), 0.95)


@pytest.mark.slow
def test_looking_at_four_outcomes_together_raises_no_more_alarms_than_at_one():
    rng = np.random.default_rng(4)
    shared = rng.normal(size=(REPEATS, 2, ROWS, 1))
    values = shared + rng.normal(size=(REPEATS, 2, ROWS, 4))
    columns = {f"y{at}": values[..., at].ravel() for at in range(4)}
    found = statistics_by(columns, np.repeat(np.arange(2 * REPEATS), ROWS), 2 * REPEATS)
    metrics = [Metric(name, name) for name in columns]
    families = [[compare(*pair, one) for one in metrics] for pair in zip(found[::2], found[1::2], strict=True)]
    apart = np.mean([any(one.sure for one in family) for family in families])
    together = np.mean([any(one.sure for one in corrected(family)) for family in families])
    assert apart > 0.09
    assert 0.02 < together <= 0.05 + 3.6 * math.sqrt(0.05 * 0.95 / REPEATS)


def test_the_share_of_false_alarms_is_held_where_some_effects_are_real():
    rng = np.random.default_rng(5)
    z = rng.normal(size=(REPEATS, 10)) + np.repeat([4.0, 0.0], [4, 6])
    p = np.vectorize(lambda one: math.erfc(abs(one) / math.sqrt(2)))(z)
    sure = np.array([adjusted(row, "yekutieli") for row in p]) <= 0.05
    false = sure[:, 4:].sum(1) / np.maximum(sure.sum(1), 1)
    assert false.mean() <= 0.05
    assert sure[:, :4].mean() > 0.8


def test_arms_of_the_right_sizes_seldom_raise_an_alarm_and_lost_customers_always():
    rng = np.random.default_rng(6)
    weights = np.array([0.5, 0.3, 0.2])
    right = [sample_ratio(counts, weights) for counts in rng.multinomial(20_000, weights, 10 * REPEATS)]
    assert np.mean([one.alarm for one in right]) <= 0.001 + 3.6 * math.sqrt(0.001 / (10 * REPEATS))
    assert within(np.mean([one.p < 0.05 for one in right]), 0.05, 10 * REPEATS)
    lost = rng.multinomial(20_000, weights, REPEATS)
    lost[:, 1] = rng.binomial(lost[:, 1], 0.91)
    assert np.mean([sample_ratio(counts, weights).alarm for counts in lost]) > 0.95


def test_segments_that_do_not_differ_are_seldom_seen_to():
    rng = np.random.default_rng(7)
    repeats, segments, rows = 250, 4, 300
    values = rng.exponential(20.0, (repeats * segments, 2, rows)) + 3.0 * np.array([[0.0], [1.0]])
    found = statistics_by(
        {"y": values.ravel()}, np.repeat(np.arange(repeats * segments * 2), rows), repeats * segments * 2
    )
    effects = [compare(*pair, Metric("y", "y")) for pair in zip(found[::2], found[1::2], strict=True)]
    p = [heterogeneity(effects[at : at + segments]).p for at in range(0, len(effects), segments)]
    assert np.mean([one < 0.05 for one in p]) < 0.05 + 3.6 * math.sqrt(0.05 * 0.95 / repeats)


def test_a_cap_on_all_arms_together_is_fair_and_one_for_each_arm_is_not():
    rng = np.random.default_rng(8)
    repeats, rows = 300, 1000
    spend = rng.lognormal(1.0, 1.5, (repeats, 2, rows))
    apart, pooled, plain = [], [], []
    rule = OutlierRule("spend", quantile=0.99)
    everybody, half = np.ones(2 * rows, dtype=bool), np.ones(rows, dtype=bool)
    for control, treated in spend:
        heavy = np.where(rng.random(rows) < 0.01, 20 * treated, treated)
        both, _ = cap(np.concatenate([control, heavy]), rule, everybody)
        pooled.append(both[rows:].mean() - both[:rows].mean())
        apart.append(cap(heavy, rule, half)[0].mean() - cap(control, rule, half)[0].mean())
        plain.append(heavy.mean() - control.mean())
    assert np.std(pooled) < 0.5 * np.std(plain)
    assert np.std(pooled) < np.std(apart)


def test_no_number_of_looks_makes_the_always_valid_p_value_lie():
    rng = np.random.default_rng(9)
    looks = np.arange(20, 2001, 20)
    sums = rng.normal(size=(REPEATS, 2000)).cumsum(1)[:, looks - 1]
    smallest = [
        min(always_p(one / n, 1 / math.sqrt(n), int(n), 2000) for one, n in zip(row, looks, strict=True))
        for row in sums
    ]
    for chance in (0.01, 0.05, 0.2):
        assert np.mean(np.array(smallest) <= chance) <= chance


RARE = [(9_000, 1_000, 0.001), (900, 100, 0.005), (9_000, 1_000, 0.005), (2_000, 2_000, 0.002)]


@pytest.mark.parametrize(("control", "treated", "rate"), RARE)
def test_a_small_arm_in_which_by_luck_nobody_bought_is_not_called_harmful(control, treated, rate):
    rng = np.random.default_rng(10)
    counts = zip(rng.binomial(control, rate, REPEATS), rng.binomial(treated, rate, REPEATS), strict=True)
    found = [
        compare(
            Statistics.of_counts(int(one), control), Statistics.of_counts(int(two), treated), Metric("y", "outcome")
        )
        for one, two in counts
    ]
    assert np.mean([one.sure for one in found]) <= 0.05 + 3.6 * math.sqrt(0.05 * 0.95 / REPEATS)
    assert np.mean([one.low <= 0 <= one.high for one in found]) >= 0.925


def test_a_small_arm_without_any_amount_is_not_called_harmful():
    rng = np.random.default_rng(11)
    spend = rng.exponential(50.0, 9_000) * (rng.random(9_000) < 0.002)
    control, nothing = Statistics.of({"spend": spend}), Statistics.of({"spend": np.zeros(1_000)})
    assert not compare(control, nothing, Metric("spend", "spend")).sure
    nearly = Statistics.of({"spend": np.r_[np.zeros(999), 1e-6]})
    assert compare(control, nearly, Metric("spend", "spend")).sure


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "a_day", "times"), [(0.1, 20, 9), (0.01, 100, 9), (0.002, 100, 9), (0.01, 100, 1)])
def test_daily_looks_at_a_rare_outcome_in_a_small_arm_are_no_harm(rate, a_day, times):
    rng = np.random.default_rng(12)
    days, repeats = np.arange(2, 61, 2), 200
    terms = Terms(tuned_for=60 * a_day * (1 + times))
    control, treated = (rng.binomial(size, rate, (repeats, 60)).cumsum(1) for size in (a_day * times, a_day))

    def alarmed(row):
        looks = (
            compare(
                Statistics.of_counts(int(control[row, day - 1]), int(day) * a_day * times),
                Statistics.of_counts(int(treated[row, day - 1]), int(day) * a_day),
                Metric("y", "outcome"),
                terms,
            )
            for day in days
        )
        return any(one.sure for one in looks)

    assert np.mean([alarmed(row) for row in range(repeats)]) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / repeats)


@pytest.mark.slow
def test_what_pays_is_held_against_its_cost_for_all_outcomes_at_once():
    rng = np.random.default_rng(13)
    least, metrics = 1.0, [Metric(f"y{at}", f"y{at}", least=1.0) for at in range(4)]
    values = rng.normal(size=(REPEATS, 2, ROWS, 4)) * 3 + least * np.array([0.0, 1.0])[:, None, None]
    columns = {one.name: values[..., at].ravel() for at, one in enumerate(metrics)}
    found = statistics_by(columns, np.repeat(np.arange(2 * REPEATS), ROWS), 2 * REPEATS)
    wrong = [
        any(
            judge(one, metric).answer in ("works", "not worth it")
            for one, metric in zip(corrected([compare(*pair, one) for one in metrics]), metrics, strict=True)
        )
        for pair in zip(found[::2], found[1::2], strict=True)
    ]
    assert np.mean(wrong) <= 0.05 + 3.6 * math.sqrt(0.05 * 0.95 / REPEATS)
