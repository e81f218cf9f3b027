"""Half-lives and drift of segments: by hand, against the literature's small tables, and where nothing changes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from smalti.errors import ModelError
from smalti.segments.quality.drift import half_life_of_memberships, paired_drift

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


def seen_twice(rng, customers, moving, shares):
    before = rng.choice(len(shares), customers, p=shares)
    return before, np.where(rng.random(customers) < moving, rng.choice(len(shares), customers, p=shares), before)


def test_without_drift_the_paired_test_alarms_as_often_as_it_says():
    rng = np.random.default_rng(0)
    shares = [0.1, 0.2, 0.3, 0.4]
    found = [paired_drift(*seen_twice(rng, 1000, 0.2, shares)) for _ in range(WORLDS)]
    assert TOO_SELDOM <= np.mean([one.p_value < 0.05 for one in found]) <= TOO_OFTEN
    assert {one.freedom for one in found} == {3}


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


def test_nothing_moved_and_nothing_to_test():
    same = paired_drift([0, 1, 1, -1], [0, 1, 1, -1])
    assert (same.statistic, same.freedom, same.p_value, same.moved, same.customers) == (0, 0, 1, 0, 4)


@pytest.mark.parametrize(
    "broken",
    [
        lambda: half_life_of_memberships([[1], [1]], [3, 3]),
        lambda: half_life_of_memberships([[0], [1]], [0, 1]),
        lambda: paired_drift([], []),
        lambda: paired_drift([0], [0, 1]),
    ],
)
def test_what_makes_no_sense_is_refused(broken):
    with pytest.raises(ModelError):
        broken()
