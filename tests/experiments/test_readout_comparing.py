"""The average effect is what textbooks say it is: Welch, the delta method, CUPED; and says so where nothing can be said."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tea_tasting.metrics import RatioOfMeans

from smalti.errors import ModelError
from smalti.experiments.readout import Metric, Statistics, Terms, adjusted, compare, compare_within, corrected
from smalti.experiments.readout.values import aggregates, values_of

SPEND = Metric("spend", "spend")
PER_VISIT = Metric("per visit", "spend", "visits")
SHARPER = Metric("spend", "spend", covariate="before")


def world(rows=400, effect=1.0, seed=0):
    rng = np.random.default_rng(seed)
    before = rng.gamma(2.0, 10.0, (2, rows))
    visits = 1.0 + rng.poisson(2.0, (2, rows))
    spend = 0.8 * before + visits + rng.normal(0, 5, (2, rows)) + effect * np.array([[0.0], [1.0]])
    return [{"spend": spend[arm], "before": before[arm], "visits": visits[arm]} for arm in (0, 1)]


def read(arms, metric, terms=None):
    return compare(Statistics.of(arms[0]), Statistics.of(arms[1]), metric, terms or Terms())


@settings(max_examples=15)
@given(st.integers(2, 60), st.integers(2, 60), st.integers(0, 10_000))
def test_means_are_held_against_each_other_as_welch_did(control, treated, seed):
    rng = np.random.default_rng(seed)
    left, right = rng.exponential(3.0, control), 1 + rng.exponential(5.0, treated)
    found = read([{"spend": left}, {"spend": right}], SPEND)
    wanted = stats.ttest_ind(right, left, equal_var=False)
    low, high = wanted.confidence_interval(0.95)
    assert found.p == pytest.approx(wanted.pvalue, rel=1e-6)
    assert found.interval == (pytest.approx(low), pytest.approx(high))
    assert found.error == pytest.approx(math.sqrt(left.var(ddof=1) / control + right.var(ddof=1) / treated))


def test_the_error_is_known_where_the_effect_is_nothing():
    one = {"spend": np.array([0.0, 1.0, 2.0, 5.0])}
    found = read([one, one], SPEND)
    assert (found.effect, found.p) == (0.0, 1.0)
    assert found.error == pytest.approx(math.sqrt(2 * one["spend"].var(ddof=1) / 4))


def test_a_ratio_has_the_error_of_its_linear_form():
    arms = world()
    found = read(arms, PER_VISIT)
    values, errors = [], []
    for one in arms:
        ratio = one["spend"].mean() / one["visits"].mean()
        linear = (one["spend"] - ratio * one["visits"]) / one["visits"].mean()
        values.append(ratio)
        errors.append(linear.var(ddof=1) / len(linear))
    assert found.effect == pytest.approx(values[1] - values[0])
    assert found.error == pytest.approx(math.sqrt(sum(errors)))


def test_a_covariate_from_before_narrows_the_interval_by_what_it_explains():
    arms = world(rows=4000)
    plain, sharp = read(arms, SPEND), read(arms, SHARPER)
    before = np.concatenate([one["before"] for one in arms])
    spend = np.concatenate([one["spend"] for one in arms])
    slope = np.cov(before, spend)[0, 1] / before.var(ddof=1)
    shift = arms[1]["before"].mean() - arms[0]["before"].mean()
    assert sharp.effect == pytest.approx(plain.effect - slope * shift)
    assert sharp.variance_kept == pytest.approx(1 - np.corrcoef(before, spend)[0, 1] ** 2, abs=0.005)
    assert sharp.variance_kept == pytest.approx((sharp.error / plain.error) ** 2)
    assert plain.variance_kept == 1.0


def test_a_ratio_takes_a_covariate_too():
    arms = world(rows=4000)
    for one in arms:
        one["visits_before"] = np.ones_like(one["visits"])
    metric = Metric("per visit", "spend", "visits", covariate="before", covariate_denominator="visits_before")
    assert 0.2 < read(arms, metric).variance_kept < 0.8


def test_a_covariate_that_says_nothing_changes_nothing():
    arms = world()
    for one in arms:
        one["before"] = np.ones_like(one["before"])
    plain, sharp = read(arms, SPEND), read(arms, SHARPER)
    assert (sharp.effect, sharp.error, sharp.variance_kept) == pytest.approx((plain.effect, plain.error, 1.0))


@settings(max_examples=10)
@given(st.floats(0.01, 100.0))
def test_units_do_not_matter(unit):
    arms = world()
    scaled = [{name: unit * values for name, values in one.items()} for one in arms]
    plain, found = read(arms, SHARPER), read(scaled, SHARPER)
    assert found.effect == pytest.approx(unit * plain.effect)
    assert (found.p, found.relative, found.relative_low) == pytest.approx((plain.p, plain.relative, plain.relative_low))


def test_the_arms_may_change_places():
    one, other = read(world(), SPEND), read(world()[::-1], SPEND)
    assert (one.effect, one.low, one.high, one.p) == pytest.approx((-other.effect, -other.high, -other.low, other.p))


@pytest.mark.parametrize(
    ("control", "treated"),
    [
        (np.zeros(50), np.zeros(50)),
        (np.full(50, 0.1), np.full(50, 0.2)),
        (np.zeros(1), np.arange(5.0)),
        (np.zeros(0), np.arange(5.0)),
    ],
)
def test_where_nothing_can_be_said_of_chance_the_interval_is_endless(control, treated):
    found = read([{"spend": control}, {"spend": treated}], SPEND)
    assert found.interval == (-math.inf, math.inf)
    assert (found.p, found.sure, math.isnan(found.error)) == (1.0, False, True)
    watched = read([{"spend": control}, {"spend": treated}], SPEND, Terms(tuned_for=100))
    assert watched.interval == (-math.inf, math.inf)


kinds = st.sampled_from(
    [
        SPEND,
        PER_VISIT,
        SHARPER,
        Metric("per visit", "spend", "visits", covariate="before"),
        Metric("per visit", "spend", "visits", covariate="before", covariate_denominator="visits"),
    ]
)


@settings(max_examples=25, deadline=None)
@given(kinds, st.integers(0, 10_000), st.integers(5, 300), st.sampled_from([0.8, 0.95, 0.99]))
def test_it_is_what_tea_tasting_says(metric, seed, rows, level):
    arms = [Statistics.of(one) for one in world(rows=rows, seed=seed)]
    found = compare(*arms, metric, Terms(level))
    columns = (metric.numerator, metric.denominator, metric.covariate, metric.covariate_denominator)
    theirs = RatioOfMeans(*columns, alternative="two-sided", confidence_level=level, equal_var=False, use_t=True)
    wanted = theirs.analyze_aggregates(*[aggregates(one, metric) for one in arms])
    near = partial(pytest.approx, rel=1e-6, abs=1e-9)
    assert (found.control_value, found.value, found.effect) == near(wanted[:3])
    assert (found.low, found.high, found.p) == near(
        (wanted.effect_size_ci_lower, wanted.effect_size_ci_upper, wanted.pvalue)
    )
    assert found.effect / found.error == near(wanted.statistic)
    assert found.relative == near(wanted.rel_effect_size)
    if found.relative_low is None:  # a mean that is not surely above 0 has no interval of the ratio
        assert min(one.value / one.error for one in values_of([(arms[0], arms[1])], metric)) <= 2
    else:
        assert (found.relative_low, found.relative_high) == near(wanted[6:8])


def test_means_near_nothing_have_an_interval():
    """Where a mean is a small part of its own error the logarithm of a relative effect overflows; none is told."""
    gain = np.array([-1e6, 1e6, -1e6, 1e6 + 4e-3])
    found = read([{"spend": gain}, {"spend": gain + 1.0}], SPEND)
    assert found.low < 1.0 < found.high
    assert (found.relative_low, found.relative_high) == (None, None)


def test_relative_effects_want_something_to_be_relative_to():
    loss = read([{"spend": np.array([-1.0, -2.0, -4.0])}, {"spend": np.array([1.0, 2.0, 4.0])}], SPEND)
    assert (loss.relative, loss.relative_low, loss.relative_high) == (None, None, None)
    none = read([{"spend": np.array([0.0, 0.0, 0.0])}, {"spend": np.array([1.0, 2.0, 4.0])}], SPEND)
    assert none.relative is None
    some = read(world(), SPEND)
    assert some.relative_low < some.relative < some.relative_high


def test_rare_outcomes_are_said_to_be_rare():
    visit = Metric("visit", "outcome")
    assert compare(Statistics.of_counts(3, 1000), Statistics.of_counts(30, 1000), visit).rare
    assert compare(Statistics.of_counts(995, 1000), Statistics.of_counts(900, 1000), visit).rare
    assert not compare(Statistics.of_counts(30, 1000), Statistics.of_counts(30, 1000), visit).rare
    assert not read(world(), SPEND).rare


def test_a_level_is_a_chance():
    with pytest.raises(ModelError, match="level: expected a chance between 0 and 1, got 95"):
        Terms(level=95)


chances = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@settings(max_examples=30)
@given(chances, st.randoms(use_true_random=False))
def test_holm_is_holm_in_any_order(p_values, random):
    found = adjusted(p_values)
    order = sorted(range(len(p_values)), key=lambda at: p_values[at])
    worst = 0.0
    for rank, at in enumerate(order):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[at]))
        assert found[at] == pytest.approx(worst)
    shuffled = list(range(len(p_values)))
    random.shuffle(shuffled)
    assert adjusted([p_values[at] for at in shuffled]) == pytest.approx([found[at] for at in shuffled])


@settings(max_examples=30)
@given(chances)
def test_yekutieli_is_scipys(p_values):
    wanted = stats.false_discovery_control(p_values, method="by")
    assert adjusted(p_values, "yekutieli") == pytest.approx(tuple(wanted))
    assert adjusted(p_values, "none") == tuple(p_values)


def test_wrong_p_values_and_corrections_are_told():
    with pytest.raises(ModelError, match=r"expected chances between 0 and 1, got 1.5"):
        adjusted([0.5, 1.5])
    with pytest.raises(ModelError, match="found 'bonferoni', wanted one of holm, yekutieli, none"):
        adjusted([0.5], "bonferoni")
    assert adjusted([]) == ()
    assert corrected([]) == ()


def test_effects_looked_at_together_must_be_surer():
    one = compare(Statistics.of_counts(100, 1000), Statistics.of_counts(101, 1000), Metric("order", "outcome"))
    found = compare(Statistics.of_counts(100, 1000), Statistics.of_counts(130, 1000), Metric("visit", "outcome"))
    assert found.sure
    together = corrected([found, one, one])
    assert (together[0].sure, together[0].p_adjusted) == (False, pytest.approx(3 * found.p))
    assert together[0].p == found.p


def drawn(newcomers, regulars):
    """Give two strata whose arms were drawn with these chances; the effect is 0.05 in either, the regulars visit far more."""
    strata = []
    for size, chance, rate in ((4000, newcomers, 0.1), (1000, regulars, 0.6)):
        treated = round(size * chance)
        counts = [(size - treated, rate), (treated, rate + 0.05)]
        strata.append(tuple(Statistics.of_counts(round(n * p), n) for n, p in counts))
    return strata


VISIT = Metric("visit", "outcome")


def test_who_was_drawn_with_different_chances_is_compared_within_strata():
    strata = drawn(0.1, 0.9)
    whole = [left + right for left, right in zip(*strata, strict=True)]
    assert compare(*whole, VISIT).effect > 0.3
    found = compare_within(strata, VISIT)
    assert found.effect == pytest.approx(0.05, abs=1e-3)
    errors = [compare(*one, VISIT).error for one in strata]
    assert found.error == pytest.approx(math.hypot(0.8 * errors[0], 0.2 * errors[1]))
    assert (found.customers, found.control_customers) == (whole[1].count, whole[0].count)


def test_strata_of_equal_chances_only_narrow_the_interval():
    strata = drawn(0.5, 0.5)
    whole = [left + right for left, right in zip(*strata, strict=True)]
    plain, found = compare(*whole, VISIT), compare_within(strata, VISIT)
    assert found.effect == pytest.approx(plain.effect, abs=1e-9)
    assert found.error < 0.9 * plain.error


def test_a_stratum_without_an_arm_says_nothing():
    strata = drawn(0.5, 0.5)
    alone = (Statistics.of_counts(90, 100), Statistics.of_counts(0, 0))
    found = compare_within([*strata, alone], VISIT)
    assert (found.effect, found.error) == (compare_within(strata, VISIT).effect, compare_within(strata, VISIT).error)


def test_a_ratio_to_nothing_cannot_be_told():
    empty = {"spend": np.arange(4.0), "visits": np.zeros(4)}
    assert read([empty, empty], PER_VISIT).interval == (-math.inf, math.inf)
