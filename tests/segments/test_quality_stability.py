"""Stability: by hand, on customers with known groups, on noise, and on the published survey."""

from __future__ import annotations

import csv
import math
import os
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from smalti.discovery import grouping
from smalti.errors import ModelError
from smalti.segments.quality.agreement import adjusted_rand
from smalti.segments.quality.stability import (
    Stability,
    across,
    assigned_stability,
    choose_number,
    median_interval,
    overlapping_stability,
    stability,
)


def profiles(groups, customers=400, traits=10, seed=0):
    """Customers of so many kinds, each saying yes to each trait with chance 0.1 or 0.9, no two kinds alike in 4 or more."""
    rng = np.random.default_rng([groups, seed])
    while True:
        chances = rng.choice([0.1, 0.9], (groups, traits))
        apart = [(one != other).sum() for at, one in enumerate(chances) for other in chances[:at]]
        if min(apart) >= 4:
            break
    return (rng.random((customers, traits)) < chances[rng.integers(0, groups, customers)]).astype(float)


def test_from_one_solution_to_the_next_by_hand():
    """Of segment 1 half came from segment 0, half from 1: entropy log 2, of log 2 possible. The others came from one."""
    coarse, fine = [0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2]
    assert across([coarse, fine])[0].tolist() == [1.0, 0.0, 1.0]
    three, four = [0, 0, 0, 0, 1, 2], [0, 1, 1, 1, 1, 2]
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert across([three, four])[0] == pytest.approx([1, 1 - entropy / math.log(3), 1])
    assert np.isnan(across([[0, 0], [0, 1]])[0]).all()


def test_refits_made_elsewhere_by_hand():
    labels = [0, 0, 0, 1, 1, -1]
    refits = [[0, 0, 0, 1, 1, -1], [0, 0, 1, 1, 1, -1], [1, 1, 1, 0, 0, -1], [0, 0, 0, 1, 1, 1]]
    found = assigned_stability(labels, refits)
    assert found.segments.tolist() == [[1, 2 / 3, 0, 1], [1, 2 / 3, 0, 2 / 3]]
    assert found.agreement == pytest.approx([adjusted_rand(*refits[:2]), adjusted_rand(*refits[2:])])
    assert found.with_given[[0, 2]].tolist() == [1, 1]
    assert assigned_stability(labels, refits, match="best").segments[:, 2].tolist() == [1, 1]
    never = assigned_stability(labels, refits, segments=3)
    assert np.isnan(never.segments[2]).all()
    assert np.isnan(never.interval(2)).all()


def test_overlapping_refits_by_hand():
    found = overlapping_stability([[1, 1, 0], [0, 1, 1]], [[[1, 0, 0], [0, 1, 1]], [[1, 1, 1], [0, 0, 0]]])
    assert found.segments == pytest.approx(np.array([[1 / 2, 2 / 3], [1, 0]]))


def test_the_interval_of_a_median_holds_it_as_often_as_it_says():
    rng = np.random.default_rng(0)
    held = [
        low <= math.log(2) <= high for low, high in (median_interval(rng.exponential(size=50)) for _ in range(1000))
    ]
    assert 0.95 <= np.mean(held) <= 0.985


@pytest.mark.slow
@pytest.mark.parametrize("groups", [3, 4, 5])
def test_the_number_of_kinds_of_customers_is_found(groups):
    found = stability(profiles(groups), grouping(restarts=5), range(2, 7), pairs=8, reference=5)
    choice = choose_number(found)
    assert choice.size == groups, choice.reason
    at = found.sizes.index(groups)
    assert found.weakest[at] > 0.85
    assert max(found.weakest[at + 1 :]) < 0.75


@pytest.mark.slow
@pytest.mark.parametrize("chances", [np.full(8, 0.5), np.linspace(0.1, 0.9, 8)], ids=["even", "uneven"])
@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_chosen_in_noise(chances, seed):
    noise = (np.random.default_rng(seed).random((300, 8)) < chances).astype(float)
    choice = choose_number(stability(noise, grouping(restarts=3), range(2, 5), pairs=8, reference=8, seed=seed))
    assert choice.size is None
    assert choice.stable == ()


def test_the_same_seed_gives_the_same_and_order_of_sizes_does_not_matter():
    data = profiles(3, 150)
    one, two = (
        stability(data, grouping(restarts=2), sizes, pairs=3, reference=2, seed=7) for sizes in ([2, 3], [3, 2, 2])
    )
    assert (one.agreement == two.agreement).all()
    assert (one.reference == two.reference).all()
    alone = stability(data, grouping(restarts=2), [3], pairs=3, reference=2, seed=7)
    assert (alone.agreement[0] == one.agreement[1]).all()


def test_a_sample_is_told_of():
    data = profiles(3, 900)
    found = stability(data, grouping(restarts=2), [3], pairs=3, reference=0, at_most=300)
    assert found.sampled_from == 900
    assert len(found.rows) == 300 == len(set(found.rows))
    assert found.solutions[0].shape == (300,)
    assert stability(data, grouping(restarts=2), [3], pairs=1, reference=0).sampled_from is None
    assert choose_number(found).size is None, "without a reference nothing is shown"


def test_lost_segments_are_counted():
    def lazy(data, size, rng):
        return lambda other: np.zeros(len(other), dtype=np.int64)

    found = stability(profiles(3, 60), lazy, [2], pairs=4, reference=0)
    assert found.lost == (8,)
    assert found.weakest.tolist() == [0.0]


def made_up(weakest, p_low):
    """Stability with chosen numbers: agreement above its reference or not, the weakest segment's Jaccard index."""
    agreement = np.tile(np.linspace(0.8, 0.9, 20), (len(weakest), 1))
    reference = np.array([np.linspace(0.1, 0.2, 10) if low else np.linspace(0.85, 0.99, 10) for low in p_low])
    segments = tuple(np.full((size, 20), value) for size, value in enumerate(weakest, 2))
    sizes = tuple(range(2, 2 + len(weakest)))
    return Stability(sizes, agreement, reference, segments, (), np.arange(5), (0,) * len(sizes), None)


def test_the_rule_as_it_is_told():
    assert choose_number(made_up([0.9, 0.6, 0.8, 0.7], [True] * 4)).size == 4
    assert "With 5, one has 0.70" in choose_number(made_up([0.9, 0.6, 0.8, 0.7], [True] * 4)).reason
    assert choose_number(made_up([0.9, 0.6, 0.8], [True, True, False])).size == 2
    assert choose_number(made_up([0.6, 0.7], [True, True])).size is None
    assert choose_number(made_up([0.9, 0.9], [False, False])).size is None
    assert "larger numbers may be stable too" in choose_number(made_up([0.9, 0.9], [True, True])).reason


@pytest.mark.parametrize("data", [[1.0, 2.0], [[1.0], [np.nan]], [[1.0]]])
def test_what_cannot_be_looked_at_is_refused(data):
    with pytest.raises(ModelError):
        stability(data, grouping(), [2])
    with pytest.raises(ModelError):
        stability([[0.0], [1.0]], grouping(), [])
    with pytest.raises(ModelError):
        assigned_stability([0, 1], [[0, 1, 1]])
    with pytest.raises(ModelError):
        overlapping_stability([[0, 1]], [[0, 1]])


@pytest.fixture(scope="module")
def survey():
    folder = os.environ.get("SMALTI_DATA")
    path = Path(folder or "", "surveys", "mcdonalds.csv")
    if not folder or not path.exists():
        pytest.skip("SMALTI_DATA is not set to a folder with surveys/mcdonalds.csv")
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def answers(survey):
    return np.array([[row[name] == "Yes" for name in list(survey[0])[:11]] for row in survey], dtype=float)


@pytest.mark.realdata
def test_the_survey_is_the_published_one(survey):
    data = answers(survey)
    means = [0.55, 0.91, 0.09, 0.87, 0.53, 0.90, 0.60, 0.64, 0.36, 0.20, 0.24]
    assert data.shape == (1453, 11)
    assert data.mean(axis=0).round(2).tolist() == means
    spread = np.sqrt(np.linalg.eigvalsh(np.cov(data.T))[::-1])
    assert spread[:4].round(4).tolist() == [0.7570, 0.6075, 0.5046, 0.3988]


@pytest.mark.realdata
@pytest.mark.slow
def test_the_published_process_comes_to_four_segments(survey):
    found = stability(answers(survey), grouping(), range(2, 9), pairs=50, reference=20)
    choice = choose_number(found)
    assert choice.size == 4, choice.reason
    assert found.medians[:3].min() > 0.75 > found.medians[3:].max()
    assert found.weakest[2] > 0.8
    assert found.weakest[3] < 0.75
    descriptors(survey, found.solutions[2])


def descriptors(survey, labels):
    """Who the four segments are, apart from what they answered: all of it differs between them."""
    age = np.digitize([int(row["Age"]) for row in survey], [25, 35, 45, 55])
    told = {name: np.array([row[name] for row in survey]) for name in ("Gender", "VisitFrequency", "Like")}
    for values in (age, *told.values()):
        table = [[np.sum((labels == group) & (values == value)) for value in np.unique(values)] for group in range(4)]
        assert chi2_contingency(table).pvalue < 0.001
