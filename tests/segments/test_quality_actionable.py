"""If you would treat them alike, merge them: and what merging loses."""

import numpy as np
import pytest

from smalti.segments.quality import Bars, Grouping, actionable, state_of, worth
from smalti.segments.quality.actionable import tally

BARS = Bars()
OPTIONS = ["leave_alone", "retain", "up_sell"]


def group(labels, k):
    return Grouping.from_labels("tiers", [f"s{place}" for place in range(k)], labels)


def world(seed, labels, means):
    """Gains per option with these means per segment; leaving alone brings nothing."""
    rng = np.random.default_rng(seed)
    gains = np.array(means, dtype=float)[labels].T + rng.normal(size=(3, len(labels)))
    gains[0] = 0.0
    return gains


def test_sums_and_mixes_by_hand():
    gains = np.array([[0.0, 0.0, 0.0], [4.0, -1.0, np.nan], [1.0, -np.inf, 3.0]])
    found = tally(np.array([[True, True, False], [False, False, True]]), gains)
    assert found.sums.tolist() == [[0.0, 3.0, 1.0, 4.0], [0.0, 0.0, 3.0, 3.0]]
    assert found.mix.tolist() == [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]
    assert found.squares[0][1][1] == 17.0


def test_what_one_strategy_per_segment_loses_by_hand():
    gains = np.array([[0.0, 0.0], [4.0, -1.0], [1.0, 3.0]])
    found = worth(group(np.array([0, 0]), 1), gains, OPTIONS, {}, BARS)
    assert found.best == ("up_sell",)
    assert found.missed.value == pytest.approx(1 - 4 / 7)


def test_merging_identical_twins_loses_nothing():
    labels = np.repeat([0, 1, 2], 500)
    gains = world(0, labels, [[0, 5, 1], [0, 5, 1], [0, 1, 5]])
    gains[:, 500:1000] = gains[:, :500]
    found = worth(group(labels, 3), gains, OPTIONS, {}, BARS)
    assert [one.segments for one in found.alike] == [("s0", "s1")]
    one = found.alike[0]
    assert (one.option, one.lost.value, one.lost.low, one.lost.high, one.distance) == ("retain", 0.0, 0.0, 0.0, 0.0)


def test_segments_that_need_different_strategies_are_not_merged():
    labels = np.repeat([0, 1], 500)
    gains = world(1, labels, [[0, 5, 1], [0, 1, 5]])
    assert worth(group(labels, 2), gains, OPTIONS, {}, BARS).alike == ()
    assert state_of("actionable", actionable(group(labels, 2), gains, OPTIONS, {}, BARS)) == "passed"


def test_what_is_declared_tells_them_apart_as_well():
    labels = np.repeat([0, 1], 500)
    gains = world(2, labels, [[0, 5, 1], [0, 5, 1]])
    by_mail, by_post = ("retain", frozenset({"email"})), ("retain", frozenset({"post"}))
    failed = actionable(group(labels, 2), gains, OPTIONS, {"s0": by_mail, "s1": by_mail}, BARS)
    assert state_of("actionable", failed) == "failed"
    assert any("'s0' and 's1' alike" in one.found for one in failed if one.severity == "warning")
    passed = actionable(group(labels, 2), gains, OPTIONS, {"s0": by_mail, "s1": by_post}, BARS)
    assert state_of("actionable", passed) == "passed"


def test_two_strategies_that_are_as_good_as_each_other_do_not_tell_segments_apart():
    rng = np.random.default_rng(3)
    passed = 0
    for seed in range(100):
        labels = rng.integers(0, 3, 900)
        gains = world(seed, labels, [[0, 1, 1]] * 3)
        passed += state_of("actionable", actionable(group(labels, 3), gains, OPTIONS, {}, BARS)) == "passed"
    assert passed <= 3


def test_one_segment_is_measured_against_everyone_else():
    labels = np.where(np.arange(2000) < 500, 0, -1)
    means = np.where(labels == 0, 0, 1)
    alike, apart = world(4, means, [[0, 5, 1]] * 2), world(4, means, [[0, 5, 1], [0, 1, 5]])
    assert state_of("actionable", actionable(group(labels, 1), alike, OPTIONS, {}, BARS)) == "failed"
    assert state_of("actionable", actionable(group(labels, 1), apart, OPTIONS, {}, BARS)) == "passed"


def test_everybody_in_one_segment_changes_nothing():
    labels = np.zeros(500, dtype=np.int64)
    found = actionable(group(labels, 1), world(5, labels, [[0, 5, 1]]), OPTIONS, {}, BARS)
    assert state_of("actionable", found) == "failed"


def test_without_strategies_it_is_not_shown():
    assert state_of("actionable", actionable(group(np.zeros(5, dtype=np.int64), 1), None, [], {}, BARS)) == "not shown"


def test_relabelling_changes_nothing():
    labels = np.random.default_rng(6).integers(0, 3, 3000)
    gains, turned = world(6, labels, [[0, 5, 1], [0, 5, 1], [0, 1, 5]]), np.array([2, 0, 1])
    one = worth(group(labels, 3), gains, OPTIONS, {}, BARS)
    other = worth(group(turned[labels], 3), gains, OPTIONS, {}, BARS)
    assert [other.best[place] for place in turned] == list(one.best)
    assert other.missed.value == pytest.approx(one.missed.value)
    assert {f"s{turned[int(name[1:])]}" for name in one.alike[0].segments} == set(other.alike[0].segments)


@pytest.mark.slow
def test_the_interval_of_what_the_segments_lose_covers_near_its_level():
    def draw(seed, n):
        labels = np.random.default_rng([seed, 1]).integers(0, 2, n)
        return labels, world(seed, labels, [[0, 1, 0.4], [0, 0.4, 1]])

    labels, gains = draw(0, 1_000_000)
    truth = worth(group(labels, 2), gains, OPTIONS, {}, BARS).missed.value
    covered = []
    for seed in range(1, 401):
        labels, gains = draw(seed, 600)
        found = worth(group(labels, 2), gains, OPTIONS, {}, BARS).missed
        covered.append(found.low <= truth <= found.high)
    assert 0.92 <= np.mean(covered) <= 0.98
