"""Relevance: exact against random segmentations, unbiased share explained, floors that numbers alone do not clear."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kruskal, rankdata

from smalti.segments.quality import Bars, Grouping, explained, explained_interval, permutation_p, relevant, state_of
from smalti.segments.quality.intervals import holm
from smalti.segments.quality.relevant import contrasts, null_explained, unbiased

QUICK = Bars(permutations=499)


def group(labels, k, exclusive=True):
    grouping = Grouping.from_labels("tiers", [f"s{place}" for place in range(k)], labels)
    return Grouping(grouping.name, grouping.segments, grouping.member, exclusive)


def test_eta_squared_by_hand():
    # Means 2 and 6 around 4: between 4 x 4 x ... = 16 + 2 within each.
    labels, outcome = np.array([0, 0, 1, 1]), np.array([1.0, 3.0, 5.0, 7.0])
    assert explained(labels, outcome) == pytest.approx(16 / 20)
    assert unbiased(16 / 20, 2, 4) == pytest.approx(1 - 0.2 * 3 / 2)


def test_the_rank_version_is_kruskal_and_wallis():
    rng = np.random.default_rng(0)
    labels, outcome = rng.integers(0, 3, 200), rng.lognormal(size=200)
    statistic = kruskal(*(outcome[labels == place] for place in range(3))).statistic
    assert explained(labels, rankdata(outcome)) * 199 == pytest.approx(statistic)


@given(st.lists(st.integers(0, 4), min_size=4, max_size=60), st.permutations(range(5)))
@settings(max_examples=50)
def test_labels_are_names_and_classes_explain_themselves(given_labels, turned):
    labels = np.array(given_labels)
    outcome = labels.astype(float) ** 2
    if len(set(given_labels)) > 1:
        assert explained(labels, outcome) == pytest.approx(1.0)
    noise = np.sin(np.arange(len(labels)) * 7.3)
    assert explained(np.array(turned)[labels], noise) == pytest.approx(explained(labels, noise))


def test_a_constant_outcome_passes_nothing():
    labels = np.repeat([0, 1], 100)
    assert explained(labels, np.full(200, 3.0)) == 0.0
    assert permutation_p(labels, np.full(200, 3.0), 99, [0]) == 1.0
    found = relevant(group(labels, 2), np.full(200, 3.0), QUICK)
    assert state_of("relevant", found) == "failed"


def test_no_later_time_is_not_shown():
    labels = np.repeat([0, 1], 100)
    assert state_of("relevant", relevant(group(labels, 2), None, QUICK)) == "not shown"
    assert state_of("relevant", relevant(group(labels, 2), np.full(200, np.nan), QUICK)) == "not shown"


def test_a_segmentation_that_tells_passes_and_those_outside_are_a_group():
    rng = np.random.default_rng(1)
    labels = rng.integers(-1, 2, 3000)
    outcome = rng.lognormal(0, 1.5, 3000) * np.exp(labels)
    found = relevant(group(labels, 2), outcome, QUICK)[0]
    assert found.severity == "passed"
    assert found.low > 0.01
    only = relevant(group(np.where(labels == 1, 0, -1), 1), outcome, QUICK)[0]
    assert only.severity == "passed"


def test_significance_alone_does_not_pass():
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 2, 60_000)
    found = relevant(group(labels, 2), rng.normal(size=60_000) + 0.1 * labels, QUICK)[0]
    assert found.severity == "fail"
    assert "Too weak" in found.advice
    assert "20,000 customers drawn" in found.found


def test_a_whale_does_not_decide():
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 4, 2000)
    outcome = rng.lognormal(size=2000)
    outcome[0] = 1e9
    assert relevant(group(labels, 4), outcome, QUICK)[0].severity == "fail"


def test_a_random_segmentation_of_the_same_sizes_fails_at_the_stated_rate():
    """Over 1,000 random ones; the null is one for all of the same sizes, and tried 20,000 times so that it adds no doubt."""
    rng = np.random.default_rng(4)
    outcome = rankdata(np.where(rng.random(600) < 0.6, 0.0, rng.lognormal(3, 2, 600)))
    sizes = np.array([300, 200, 70, 30])
    null = np.sort(null_explained(sizes, outcome, 20_000, [5]))
    labels = np.repeat(np.arange(4), sizes)
    seen = np.array([explained(rng.permutation(labels), outcome) for _ in range(1000)])
    p_values = (1 + len(null) - np.searchsorted(null, seen * (1 - 1e-12))) / (1 + len(null))
    for alpha in (0.01, 0.05, 0.2):
        rate = np.mean(p_values <= alpha)
        assert abs(rate - alpha) <= 3.3 * np.sqrt(alpha * (1 - alpha) / 1000), (alpha, rate)


@pytest.mark.slow
def test_the_whole_test_passes_random_segmentations_no_more_often_than_it_says():
    rng = np.random.default_rng(5)
    passed = significant = 0
    for place in range(1000):
        outcome = np.where(rng.random(500) < 0.5, 0.0, rng.lognormal(3, 2, 500))
        labels = rng.permutation(np.repeat(np.arange(4), [250, 150, 70, 30]))
        significant += permutation_p(labels, rankdata(outcome), 199, [place]) <= 0.05
        passed += relevant(group(labels, 4), outcome, Bars(permutations=199), place)[0].severity == "passed"
    assert abs(significant - 50) <= 3.3 * np.sqrt(1000 * 0.05 * 0.95)
    assert passed <= 10 + 3 * np.sqrt(10)


def test_holm_steps_down():
    assert holm([0.04, 0.01, 0.03]).tolist() == pytest.approx([0.06, 0.03, 0.06])
    assert holm([]).tolist() == []


def test_overlapping_segments_are_compared_with_everybody_else():
    rng = np.random.default_rng(6)
    member = rng.random((3, 4000)) < 0.3
    outcome = rng.lognormal(0, 1, 4000) * np.where(member[0], 3.0, 1.0)
    grouping = Grouping("mine", ("rich", "any", "other"), member, exclusive=False)
    found = {one.segment: one for one in contrasts(grouping, outcome)}
    assert found["rich"].ratio.low < 3 < found["rich"].ratio.high
    assert found["rich"].p_value < 1e-6 < found["any"].p_value
    told = relevant(grouping, outcome, QUICK)
    assert {one.segment: one.severity for one in told} == {
        None: "fail",
        "rich": "passed",
        "any": "warning",
        "other": "warning",
    }
    alone = Grouping(
        "mine", ("rich", "not rich", "any of them"), np.stack([member[0], ~member[0], member[0]]), exclusive=False
    )
    assert state_of("relevant", relevant(alone, outcome, QUICK)) == "passed"


@pytest.mark.slow
def test_overlapping_noise_passes_nothing():
    rng = np.random.default_rng(7)
    passed = 0
    for place in range(200):
        grouping = Grouping("mine", ("a", "b", "c"), rng.random((3, 500)) < 0.4, exclusive=False)
        passed += any(one.severity == "passed" for one in relevant(grouping, rng.lognormal(0, 2, 500), QUICK, place))
    assert passed <= 6


@pytest.mark.slow
@pytest.mark.parametrize(("shift", "n"), [(0.3, 500), (0.6, 500), (0.6, 3000), (1.5, 500)])
def test_intervals_of_the_share_explained_cover_near_their_level(shift, n):
    rng = np.random.default_rng(8)
    means, shares = np.array([-shift, 0.0, shift]), np.array([0.2, 0.5, 0.3])
    between = float(shares @ (means - shares @ means) ** 2)
    truth = between / (between + 1)
    covered = []
    for place in range(500):
        labels = rng.choice(3, n, p=shares)
        found = explained_interval(labels, rng.normal(size=n) + means[labels], [place])
        covered.append(found.low <= truth <= found.high)
    assert 0.92 <= np.mean(covered) <= 0.98


@pytest.mark.slow
def test_intervals_cover_for_ranks_of_heavy_tails():
    rng = np.random.default_rng(9)

    def draw(n):
        labels = rng.choice(4, n, p=[0.4, 0.3, 0.2, 0.1])
        return labels, np.where(rng.random(n) < 0.5 - 0.1 * labels, 0.0, rng.lognormal(0.3 * labels, 1.5, n))

    labels, outcome = draw(2_000_000)
    truth = explained(labels, rankdata(outcome))
    covered = []
    for place in range(400):
        labels, outcome = draw(800)
        found = explained_interval(labels, rankdata(outcome), [place])
        covered.append(found.low <= truth <= found.high)
    assert 0.92 <= np.mean(covered) <= 0.985


def test_the_share_explained_is_unbiased_under_noise():
    rng = np.random.default_rng(10)
    values = [float(unbiased(explained(rng.integers(0, 8, 200), rng.normal(size=200)), 8, 200)) for _ in range(400)]
    assert abs(np.mean(values)) < 3 * np.std(values) / 20


@pytest.mark.parametrize("k", [10, 15, 30])
def test_small_overlapping_noise_differs_no_more_often_than_claimed(k):
    rng, seen = np.random.default_rng(k), 0
    for _ in range(60):
        member = np.zeros((1, 1000), dtype=bool)
        member[0, rng.choice(1000, k, replace=False)] = True
        outcome = np.where(rng.random(1000) < 0.2, rng.lognormal(0, 1, 1000), 0.0)
        [one] = contrasts(Grouping("mine", ("a",), member, exclusive=False), outcome)
        seen += one.p_value <= 0.01
    assert seen <= 3


def test_overlapping_segments_too_small_to_compare_are_not_shown():
    member = np.zeros((2, 500), dtype=bool)
    member[0, :8], member[1, 4:12] = True, True
    found = relevant(Grouping("mine", ("a", "b"), member, exclusive=False), np.arange(500.0), Bars())
    assert state_of("relevant", found) == "not shown"
    assert "fewer than 10 members" in found[0].found
