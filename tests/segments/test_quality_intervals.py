"""Intervals cover what they should, about as often as they say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom, mannwhitneyu

from smalti.segments.quality import money_share, value_per_head, wilson
from smalti.segments.quality.intervals import chance_of, cliffs_delta, delta_interval


def test_wilson_agrees_with_the_textbook():
    # Newcombe 1998, table I: 81 of 263 and 15 of 148 and 0 of 20 and 1 of 29.
    for count, total, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        found = wilson(count, total)
        assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_wilson_of_nothing_says_nothing():
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


def pairs(first, second):
    return float(np.sign(np.subtract.outer(first, second)).mean())


@given(st.lists(st.integers(0, 6), min_size=2, max_size=12), st.lists(st.integers(0, 6), min_size=2, max_size=12))
@settings(max_examples=50)
def test_cliffs_delta_counts_pairs(first, second):
    one, other = np.array(first, dtype=float), np.array(second, dtype=float)
    assert cliffs_delta(one, other)[0] == pytest.approx(pairs(one, other))
    assert cliffs_delta(other, one)[0] == pytest.approx(-pairs(one, other))


def test_complete_separation_leaves_room_for_doubt():
    low, high = delta_interval(np.array([1.0, -1.0]), np.zeros(2), np.full(2, 20.0), 0.95)
    assert low[0] < 0.75 and high[0] == 1
    assert low[1] == -1 and high[1] == pytest.approx(-low[0])


def test_the_share_of_money_by_hand():
    inside = np.array([True, False, False])
    found = money_share(inside, np.array([2.0, 1.0, 1.0]))
    assert found.value == 0.5
    assert value_per_head(np.array([True, True, False, False]), np.array([3.0, 3.0, 1.0, 1.0])).value == 1.5


def test_no_money_says_nothing():
    assert money_share(np.array([True, False]), np.zeros(2)).high == 1.0
    assert value_per_head(np.array([True, False]), np.zeros(2)).low == 0.0


@pytest.mark.slow
@pytest.mark.parametrize(("n", "shift"), [(15, 0.0), (30, 0.5), (200, 1.0), (30, 1.5)])
def test_intervals_of_delta_cover_near_their_level(n, shift):
    rng = np.random.default_rng(3)
    from scipy.stats import norm  # noqa: PLC0415 - only here

    true = 2 * norm.cdf(shift / np.sqrt(2)) - 1
    found = [cliffs_delta(rng.normal(shift, 1, n), rng.normal(0, 1, 2 * n)) for _ in range(2000)]
    delta, error = np.array(found).T
    low, high = delta_interval(delta, error, np.full(2000, float(n)), 0.95)
    assert 0.93 <= np.mean((low <= true) & (true <= high)) <= (0.975 if n >= 50 else 1.0)


@pytest.mark.slow
@pytest.mark.parametrize("members", [30, 100, 1000])
def test_intervals_of_money_cover_near_their_level(members):
    rng = np.random.default_rng(4)
    n, times, sigma = 5000, 1000, 1.0
    covered = []
    for _ in range(times):
        inside = rng.random(n) < members / n
        money = rng.lognormal(0, sigma, n) * np.where(inside, 5.0, 1.0)
        share, own = members / n, inside.mean()
        truth, each = 5 * share / (5 * share + 1 - share), 5 / (5 * own + 1 - own)
        one, other = money_share(inside, money), value_per_head(inside, money)
        covered.append((one.low <= truth, truth <= one.high, other.low <= each, each <= other.high))
    rates = np.mean(covered, axis=0)
    assert np.all(rates[1::2] >= (0.90 if members < 100 else 0.93)), "the high end falls short with heavy tails"
    assert np.all(rates[::2] >= 0.965), "the low end, which decides"


@pytest.mark.parametrize("seed", range(5))
def test_the_chance_is_that_of_wilcoxon_with_ties(seed):
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 6, 60), rng.integers(0, 7, 90)
    wanted = mannwhitneyu(first, second, method="asymptotic", use_continuity=False).pvalue
    delta = np.sign(np.subtract.outer(first, second)).mean()
    counts = [np.bincount(one, minlength=7) for one in (first, second)]
    assert chance_of(float(delta), *counts) == pytest.approx(wanted)


def test_where_few_are_off_the_commonest_value_the_chance_is_the_exact_one():
    first, second = np.array([27, 3]), np.array([963, 7])
    delta = 3 / 30 - 7 / 970
    assert chance_of(delta, first, second) == pytest.approx(2 * hypergeom.sf(2, 1000, 10, 30))
    assert chance_of(0.0, np.array([5]), np.array([9])) == 1.0


def test_a_small_group_all_alike_has_an_error_all_the_same():
    others = np.concatenate([np.zeros(800), np.arange(1.0, 191.0)])
    assert cliffs_delta(np.zeros(10), others)[1] > 0.1
