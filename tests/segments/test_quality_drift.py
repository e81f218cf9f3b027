"""Half-lives and drift: by hand, against the literature's small tables, and in a thousand worlds where nothing changes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from smalti.errors import ModelError
from smalti.segments.quality.drift import (
    bins_of,
    half_life_of_memberships,
    paired_drift,
    population_stability,
    sample_drift,
)

WORLDS = 1000
TOO_OFTEN, TOO_SELDOM = 0.05 + 3 * math.sqrt(0.05 * 0.95 / WORLDS), 0.05 - 3 * math.sqrt(0.05 * 0.95 / WORLDS)


def test_nobody_left_so_only_a_lower_end_is_known():
    still = half_life_of_memberships([[1, 1, 0], [1, 1, 0]], [0, 10])
    assert (still.value, still.high) == (math.inf, math.inf)
    assert 0 < still.low < math.inf
    gone = half_life_of_memberships([[1, 1, 0], [0, 0, 1]], [0, 10])
    assert (gone.value, gone.low) == (0, 0)
    assert 0 < gone.high < math.inf


def test_half_life_from_memberships_by_hand():
    """Of 8 members 6 stay 10 days: exp(-10 r) = 3/4."""
    member = [[True] * 8, [True] * 6 + [False] * 2]
    found = half_life_of_memberships(member, [0, 10])
    assert found.value == pytest.approx(10 * math.log(2) / math.log(4 / 3))
    assert found.low < found.value < found.high


@pytest.mark.parametrize("times", [[0, 10, 20, 30], [0, 3, 20, 50]])
def test_half_life_from_memberships_is_found_again(times):
    rng = np.random.default_rng(1)
    held = []
    for _ in range(300):
        leaves = rng.exponential(25 / math.log(2), 80)
        found = half_life_of_memberships([leaves > at for at in times], times)
        held.append(found.low <= 25 <= found.high)
    assert 0.92 <= np.mean(held) <= 0.985


def test_the_index_by_hand():
    assert population_stability([50, 50], [60, 40]) == pytest.approx(-0.1 * math.log(5 / 6) + 0.1 * math.log(5 / 4))
    assert population_stability([5, 5, 0], [5, 5, 0]) == 0
    assert population_stability([3, 0], [2, 2]) == pytest.approx(
        (3.5 / 4 - 0.5) * math.log((3.5 / 4) / 0.5) + (0.5 / 4 - 0.5) * math.log((0.5 / 4) / 0.5)
    )


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=2, max_size=6))
def test_two_samples_are_tested_as_scipy_does(counts):
    before, after = zip(*counts, strict=True)
    theirs = chi2_contingency([before, after], correction=False)
    ours = sample_drift(before, after)
    assert (ours.statistic, ours.p_value) == (pytest.approx(theirs.statistic), pytest.approx(theirs.pvalue))
    assert ours.freedom == theirs.dof


def test_without_drift_two_samples_alarm_as_often_as_they_say_and_the_index_is_chi_squared():
    rng = np.random.default_rng(0)
    shares = np.array([0.1, 0.15, 0.2, 0.25, 0.3])
    found = [sample_drift(rng.multinomial(400, shares), rng.multinomial(900, shares)) for _ in range(WORLDS)]
    assert TOO_SELDOM <= np.mean([one.p_value < 0.05 for one in found]) <= TOO_OFTEN
    tested = [one.psi * 400 * 900 / 1300 for one in found]
    assert TOO_SELDOM <= np.mean(np.array(tested) > 9.4877) <= TOO_OFTEN, "chi-squared with 4 degrees of freedom at 5 %"
    assert np.mean([one.psi for one in found]) == pytest.approx(found[0].psi_without, rel=0.1)


def test_the_usual_border_would_alarm_at_small_samples_without_any_drift():
    rng = np.random.default_rng(0)
    psi = [population_stability(*rng.multinomial(60, np.full(10, 0.1), 2)) for _ in range(300)]
    assert np.mean(np.array(psi) > 0.25) > 0.4


def seen_twice(rng, customers, moving, shares):
    before = rng.choice(len(shares), customers, p=shares)
    return before, np.where(rng.random(customers) < moving, rng.choice(len(shares), customers, p=shares), before)


def test_without_drift_the_paired_test_alarms_as_often_as_it_says():
    rng = np.random.default_rng(0)
    shares = [0.1, 0.2, 0.3, 0.4]
    found = [paired_drift(*seen_twice(rng, 1000, 0.2, shares)) for _ in range(WORLDS)]
    assert TOO_SELDOM <= np.mean([one.p_value < 0.05 for one in found]) <= TOO_OFTEN
    assert {one.freedom for one in found} == {3}


def test_taking_the_same_customers_for_others_would_miss_drift():
    """Of 2,000 customers 60 moved from one bin to the other: plain for who sees them twice, invisible between two samples."""
    before = np.repeat([0, 1], 1000)
    after = before.copy()
    after[:60] = 1
    paired = paired_drift(before, after)
    apart = sample_drift(np.bincount(before), np.bincount(after))
    assert paired.p_value < 1e-10
    assert apart.p_value > 0.05
    assert (paired.moved, apart.moved) == (pytest.approx(0.03), pytest.approx(0.03))


def test_mcnemar_is_its_simplest_case():
    """Ten went one way, two the other: (10 - 2)^2 / 12, and Bhapkar's form of it."""
    before, after = [0] * 20 + [1] * 20, [0] * 10 + [1] * 10 + [1] * 18 + [0] * 2
    stuart = 64 / 12
    assert paired_drift(before, after).statistic == pytest.approx(stuart / (1 - stuart / 40))


def test_stuarts_own_table_of_unaided_vision():
    """7,477 women's right and left eyes (Stuart 1955): Stuart-Maxwell 11.96, Bhapkar 11.98, 3 degrees of freedom."""
    table = [[1520, 266, 124, 66], [234, 1512, 432, 78], [117, 362, 1772, 205], [36, 82, 179, 492]]
    pairs = [(row, column) for row in range(4) for column in range(4) for _ in range(table[row][column])]
    found = paired_drift(*zip(*pairs, strict=True))
    assert found.statistic == pytest.approx(11.9757, abs=1e-3)
    assert found.freedom == 3
    assert found.p_value == pytest.approx(0.00747, abs=1e-4)


def test_a_million_customers_make_a_trifle_significant_and_it_is_called_a_trifle():
    found = sample_drift([500_000, 500_000], [502_500, 497_500])
    assert found.p_value < 0.001
    assert found.moved == pytest.approx(0.0025)


def test_nothing_moved_and_nothing_to_test():
    same = paired_drift([0, 1, 1, -1], [0, 1, 1, -1])
    assert (same.statistic, same.freedom, same.p_value, same.moved, same.psi) == (0, 0, 1, 0, 0)
    assert sample_drift([10], [20]).p_value == 1


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(st.none(), st.integers(-3, 3).map(float)), min_size=1, max_size=40), st.integers(1, 6))
def test_bins_hold_everything_once_and_in_order(values, most):
    column = np.array([math.nan if value is None else value for value in values])
    (bins,), count = bins_of([column], most)
    assert set(bins) <= set(range(count))
    known = ~np.isnan(column)
    assert (np.diff(bins[known][np.argsort(column[known], kind="stable")]) >= 0).all()
    assert not known.all() or count <= most
    assert (bins[~known] == count - 1).all()


@pytest.mark.parametrize(
    "broken",
    [
        lambda: half_life_of_memberships([[1], [1]], [3, 3]),
        lambda: half_life_of_memberships([[0], [1]], [0, 1]),
        lambda: sample_drift([1, 2], [1, 2, 3]),
        lambda: sample_drift([0, 0], [1, 2]),
        lambda: paired_drift([], []),
        lambda: paired_drift([0], [0, 1]),
    ],
)
def test_what_makes_no_sense_is_refused(broken):
    with pytest.raises(ModelError):
        broken()
