"""How few segments would do: structure is found, noise is not taken for it."""

from time import process_time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.segments.quality import Bars, Grouping, fewer, oversegmented, state_of
from smalti.segments.quality.oversegmented import merging_order

BARS = Bars()


def group(labels, k):
    return Grouping.from_labels("tiers", [f"s{place}" for place in range(k)], labels)


def test_the_least_different_go_first_by_hand():
    # Means 1, 1.2, 10, 10.1 of equal sizes: 2 and 3 lose least, then 0 and 1, then all.
    order = merging_order(np.full(4, 10.0), np.array([10.0, 12.0, 100.0, 101.0]))
    assert order == [(2, 3), (0, 1), (0, 2)]


def test_small_groups_lose_less():
    # 0 and 1 differ by 2 but 1 has one member: loss 10/11 x 4 = 3.6; 0 and 2 differ by 1: loss 5 x 1 = 5.
    assert merging_order(np.array([10.0, 1.0, 10.0]), np.array([0.0, -2.0, 10.0]))[0] == (0, 1)


@pytest.mark.parametrize("seed", range(5))
def test_three_kinds_cut_into_nine_are_three(seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 9, 6000)
    outcome = rng.normal(size=6000) + 1.5 * (labels // 3)
    found = fewer(labels, outcome, 9, BARS, seed)
    assert found.needed == 3
    assert set(found.groups) == {(0, 1, 2), (3, 4, 5), (6, 7, 8)}
    assert found.curve[-1] == pytest.approx(1.0)
    assert found.curve[2] > 0.95 > found.curve[1]
    told = oversegmented(group(labels, 9), outcome, BARS, seed)[0]
    assert (told.severity, told.value) == ("warning", 3.0)
    assert "s0 + s1 + s2" in told.advice


def test_segments_that_all_differ_are_all_needed():
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 4, 8000)
    found = oversegmented(group(labels, 4), rng.normal(size=8000) * 0.3 + labels, BARS)[0]
    assert (found.severity, found.value) == ("passed", 4.0)


def test_the_outcomes_own_classes_explain_all():
    labels = np.repeat([0, 1, 2], 200)
    found = fewer(labels, labels.astype(float), 3, BARS)
    assert found.explained == pytest.approx(1.0)
    assert found.needed == 3


def test_noise_explains_nothing_on_the_other_half():
    rng = np.random.default_rng(6)
    shares = [
        fewer(rng.integers(0, 10, 2000), rng.lognormal(size=2000), 10, BARS, seed).explained for seed in range(30)
    ]
    assert np.mean(shares) < 0.002


def test_a_constant_outcome_needs_one():
    found = oversegmented(group(np.repeat([0, 1], 100), 2), np.ones(200), BARS)[0]
    assert found.value == 1.0
    assert "nothing" in found.found


def test_what_cannot_be_measured_is_not_shown():
    labels = np.repeat([0, 1], 100)
    assert state_of("over_segmented", oversegmented(group(labels, 2), None, BARS)) == "not shown"
    assert state_of("over_segmented", oversegmented(group(labels[::20], 2), np.ones(10), BARS)) == "not shown"


def test_empty_segments_and_outsiders_are_left_out():
    rng = np.random.default_rng(7)
    labels = rng.choice([-1, 0, 2], 3000)
    outcome = rng.normal(size=3000) + np.where(labels == -1, np.nan, labels)
    found = oversegmented(group(labels, 3), outcome, BARS)[0]
    assert found.value == 2.0
    assert "2 of 2" in found.found


def test_relabelling_changes_nothing():
    rng = np.random.default_rng(8)
    labels, turned = rng.integers(0, 6, 5000), np.array([3, 5, 0, 2, 1, 4])
    outcome = rng.normal(size=5000) + labels // 2
    one, other = fewer(labels, outcome, 6, BARS), fewer(turned[labels], outcome, 6, BARS)
    assert one.needed == other.needed
    assert other.curve == pytest.approx(one.curve)


def merged_by_all_pairs(counts, sums):
    """The law: look at all pairs, take the one that loses least, the first of equals."""
    counts, sums, left, order = counts.astype(float).copy(), sums.astype(float).copy(), list(range(len(counts))), []
    while len(left) > 1:
        size, mean = counts[left], sums[left] / np.maximum(counts[left], 1)
        loss = np.outer(size, size) / np.maximum(np.add.outer(size, size), 1) * np.subtract.outer(mean, mean) ** 2
        loss[np.tril_indices(len(left))] = np.inf
        first, second = (left[int(one)] for one in np.unravel_index(int(loss.argmin()), loss.shape))
        counts[first], sums[first] = counts[first] + counts[second], sums[first] + sums[second]
        left.remove(second)
        order.append((first, second))
    return order


@given(
    st.lists(st.tuples(st.integers(0, 4), st.one_of(st.integers(-3, 3), st.floats(-50, 50))), min_size=1, max_size=14)
)
def test_looking_at_neighbours_only_merges_as_looking_at_all_pairs_does(groups):
    counts = np.array([size for size, _ in groups], dtype=float)
    sums = counts * np.array([round(float(mean), 3) for _, mean in groups])
    assert merging_order(counts, sums) == merged_by_all_pairs(counts, sums)


def test_four_hundred_segments_are_merged_in_no_time():
    rng = np.random.default_rng(0)
    counts = rng.integers(50, 500, 400).astype(float)
    began = process_time()
    assert len(merging_order(counts, counts * rng.normal(size=400))) == 399
    assert process_time() - began < 0.5
