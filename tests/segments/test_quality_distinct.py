"""Segments are distinct by what did not define them; noise is not, twins are not, names do not matter."""

import numpy as np
import pytest

from smalti.segments.quality import Bars, Grouping, distinct, overlap, redundant, separations, state_of, twins
from smalti.segments.quality.distinct import _compare
from smalti.segments.quality.intervals import cliffs_delta

BARS = Bars()


def tiers(labels, k=3):
    return Grouping.from_labels("tiers", [f"s{place}" for place in range(k)], labels)


def test_delta_and_neighbour_by_hand():
    labels, steps = np.repeat([0, 1, 2], 200), np.arange(200.0)
    spend = np.concatenate([steps, steps + 50, steps + 200])
    found = {one.segment: one for one in separations(tiers(labels), {"spend": spend}, {}, BARS)}
    assert found["s0"].neighbour == "s1"
    assert found["s1"].neighbour == "s0"
    assert found["s2"].neighbour == "s1"
    by_hand = np.sign(np.subtract.outer(spend[:200], spend[200:400])).mean()
    assert found["s0"].delta.value == pytest.approx(by_hand)
    assert found["s2"].delta.value == pytest.approx(np.sign(np.subtract.outer(spend[400:], spend[200:400])).mean())
    assert found["s2"].standing == "distinct"


def test_a_trait_of_the_rule_itself_is_no_evidence():
    rng = np.random.default_rng(0)
    spend = rng.normal(size=3000)
    labels = (spend > 0).astype(np.int64)
    other = rng.normal(size=3000)
    used = {"s0": {"spend"}, "s1": {"spend"}}
    assert state_of("distinct", distinct(tiers(labels, 2), {"spend": spend}, {}, BARS)) == "passed"
    assert state_of("distinct", distinct(tiers(labels, 2), {"spend": spend, "other": other}, used, BARS)) == "failed"
    alone = distinct(tiers(labels, 2), {"spend": spend}, used, BARS)
    assert state_of("distinct", alone) == "not shown"
    assert state_of("distinct", distinct(tiers(labels, 2), {}, used, BARS)) == "not shown"


def test_too_few_customers_are_undecided_and_not_alike():
    labels = np.repeat([0, 1], 15)
    found = separations(tiers(labels, 2), {"x": np.random.default_rng(1).normal(size=30)}, {}, BARS)
    assert {one.standing for one in found} == {"undecided"}
    assert state_of("distinct", distinct(tiers(labels, 2), {"x": np.arange(30) % 7.0}, {}, BARS)) == "not shown"


def test_missing_values_are_left_out_and_a_trait_that_is_missing_says_nothing():
    rng = np.random.default_rng(2)
    labels = np.repeat([0, 1], 500)
    shifted = rng.normal(size=1000) + labels
    shifted[::3] = np.nan
    evidence = {"gone": np.full(1000, np.nan), "x": shifted}
    found = separations(tiers(labels, 2), evidence, {}, BARS)
    known = ~np.isnan(shifted)
    by_hand = np.sign(np.subtract.outer(shifted[(labels == 0) & known], shifted[(labels == 1) & known])).mean()
    assert found[0].trait == "x"
    assert found[0].delta.value == pytest.approx(by_hand)


def test_relabelling_changes_nothing():
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 4, 2000)
    traits = {"a": rng.normal(size=2000) + labels, "b": rng.normal(size=2000)}
    turned = np.array([2, 0, 3, 1])
    one = {each.segment: each for each in separations(tiers(labels, 4), traits, {}, BARS)}
    other = {each.segment: each for each in separations(tiers(turned[labels], 4), traits, {}, BARS)}
    for place in range(4):
        mine, same = one[f"s{place}"], other[f"s{turned[place]}"]
        assert same.delta == mine.delta
        assert same.neighbour == f"s{turned[int(mine.neighbour[1:])]}"


def test_one_segment_is_told_apart_from_everyone_else():
    rng = np.random.default_rng(4)
    member = rng.random(2000) < 0.3
    grouping = Grouping("mine", ("vip",), member[None, :], exclusive=False)
    found = separations(grouping, {"x": rng.normal(size=2000) + 2 * member}, {}, BARS)
    assert [one.neighbour for one in found] == ["everyone else"]
    assert found[0].standing == "distinct"


def test_overlapping_segments_are_compared_without_those_in_both():
    rng = np.random.default_rng(5)
    x = rng.normal(size=4000)
    first, second = x > -0.5, x > 0.5
    grouping = Grouping("mine", ("wide", "narrow"), np.stack([first, second]), exclusive=False)
    found = {one.segment: one for one in separations(grouping, {"x": x}, {}, BARS)}
    assert found["narrow"].delta.value == 1.0, "narrow lies in wide: it is compared with the rest of wide"
    mixed = Grouping("mine", ("a", "b"), np.stack([x > 0, (x > 0) ^ (rng.random(4000) < 0.5)]), exclusive=False)
    one = separations(mixed, {"x": x}, {}, BARS)[0]
    only_a, only_b = mixed.member[0] & ~mixed.member[1], mixed.member[1] & ~mixed.member[0]
    by_hand = np.sign(np.subtract.outer(x[only_a], x[only_b])).mean()
    assert one.delta.value == pytest.approx(by_hand) or one.neighbour == "everyone else"


def test_a_constant_trait_shows_nothing():
    labels = np.repeat([0, 1], 1000)
    assert state_of("distinct", distinct(tiers(labels, 2), {"x": np.ones(2000)}, {}, BARS)) == "failed"


def test_random_segments_are_not_distinct():
    rng = np.random.default_rng(6)
    traits = {f"t{place}": rng.lognormal(0, 2, 3000) for place in range(5)}
    passed = sum(
        any(one.standing == "distinct" for one in separations(tiers(rng.integers(0, 6, 3000), 6), traits, {}, BARS))
        for _ in range(50)
    )
    assert passed == 0


@pytest.mark.slow
def test_some_random_segment_is_called_different_no_more_often_than_claimed():
    """With no floor of effect, the family of intervals holds at 1 - alpha: here alpha is 20 %, so that it can be seen."""
    rng = np.random.default_rng(7)
    bars = Bars(alpha=0.2, least_effect=0.0001)
    seen = 0
    for _ in range(300):
        labels = rng.integers(0, 3, 400)
        traits = {f"t{place}": rng.normal(size=400) for place in range(4)}
        seen += any(one.standing == "distinct" for one in separations(tiers(labels), traits, {}, bars))
    assert seen / 300 <= 0.2 + 3 * np.sqrt(0.16 / 300)


def test_overlap_is_told_where_most_members_are_shared():
    member = np.zeros((2, 1000), dtype=bool)
    member[0, :400] = True
    member[1, 100:400] = True
    found = overlap(Grouping("mine", ("a", "b"), member, exclusive=False), BARS)
    assert [(one.segment, one.value) for one in found] == [("a", 0.75), ("b", 1.0)]
    assert overlap(Grouping("mine", ("a", "b"), member, exclusive=True), BARS) == []


def test_a_duplicated_segment_is_caught_within_and_across_segmentations():
    rng = np.random.default_rng(8)
    best = rng.random(1000) < 0.2
    mine = Grouping("mine", ("best", "again", "rest"), np.stack([best, best, ~best]), exclusive=False)
    rfm = Grouping.from_labels("rfm", ["champions", "others"], np.where(best, 0, 1))
    found = redundant([rfm, mine], BARS)
    said = {(one.segmentation, one.segment, one.severity) for one in found}
    assert ("mine", "again", "fail") in said
    assert ("mine", "best", "warning") in said
    assert ("mine", "rest", "warning") in said
    assert all(one.value == 1.0 and one.low > 0.9 for one in found)


def test_nearly_the_same_is_the_same_and_half_is_not():
    base = np.zeros(1000, dtype=bool)
    base[:100] = True
    nearly, half = np.roll(base, 8), np.roll(base, 50)
    grouping = Grouping("mine", ("a", "b", "c"), np.stack([base, nearly, half]), exclusive=False)
    found = twins([grouping], BARS)
    assert [(one.segment, one.like) for one in found] == [("b", "a")]
    assert found[0].jaccard.value == pytest.approx(92 / 108)


def test_empty_segments_are_no_twins():
    assert twins([Grouping("mine", ("a", "b"), np.zeros((2, 10), dtype=bool), exclusive=False)], BARS) == []


def mostly_zero(rng, n, share=0.2):
    """A trait that few customers have anything of, as most counts of events are."""
    return np.where(rng.random(n) < share, rng.lognormal(0, 1, n), 0.0)


def one_of(member):
    return Grouping("mine", ("vip",), member[None, :], exclusive=False)


def test_a_few_members_who_are_all_alike_by_chance_are_not_set_apart():
    """Ten members all at 0, where four in five are: as likely as not that some ten are, and no spread to tell it by."""
    member = np.arange(1000) < 10
    spend = np.where(np.arange(1000) % 5 == 4, 1.0 + np.arange(1000), 0.0)
    spend[:10] = 0.0
    found = separations(one_of(member), {"spend": spend}, {}, BARS)[0]
    assert found.standing == "undecided"
    assert found.delta.low < -BARS.least_effect < found.delta.high


@pytest.mark.parametrize("k", [10, 15, 30, 60])
def test_small_random_segments_are_not_distinct_on_traits_that_are_mostly_zero(k):
    rng, seen = np.random.default_rng(k), 0
    for _ in range(25):
        member = np.zeros(1000, dtype=bool)
        member[rng.choice(1000, k, replace=False)] = True
        traits = {f"t{place}": mostly_zero(rng, 1000) for place in range(8)}
        seen += separations(one_of(member), traits, {}, BARS)[0].standing == "distinct"
    assert seen <= 1


def test_a_small_segment_that_differs_is_still_distinct():
    rng = np.random.default_rng(9)
    member = np.arange(1000) < 40
    spend = np.where(member, 1 + rng.random(1000), mostly_zero(rng, 1000))
    assert separations(one_of(member), {"spend": spend}, {}, BARS)[0].standing == "distinct"


def test_many_pairs_get_the_error_that_each_pair_gets():
    rng = np.random.default_rng(10)
    labels, x = np.repeat([0, 1, 2], [12, 30, 200]), mostly_zero(rng, 242, 0.5)
    member = labels == np.arange(3)[:, None]
    deltas, errors, _ = _compare(tiers(labels), x, [np.flatnonzero(one) for one in member])
    for one in range(3):
        for other in range(3):
            if one != other:
                wanted = cliffs_delta(x[member[one]], x[member[other]])
                assert (deltas[one, other], errors[one, other]) == pytest.approx(wanted)


def test_hundreds_of_segments_are_not_compared_and_it_is_said():
    found = distinct(tiers(np.arange(4020) % 201, 201), {"x": np.arange(4020.0)}, {}, BARS)
    assert state_of("distinct", found) == "not shown"
    assert "201 segments are too many" in found[0].found
