"""Invented trials are what they say they are."""

from __future__ import annotations

import numpy as np
import pytest

from smalti.errors import SmaltiError
from smalti.samples import TRIAL_KINDS, trial


def truth_of(made):
    return np.column_stack([made.truth[name].to_numpy() for name in made.arms])


def best(made):
    return truth_of(made).argmax(axis=1)


@pytest.mark.parametrize("binary", [False, True])
def test_the_same_seed_gives_the_same_trial_and_another_seed_another(binary):
    one, two, other = (trial(500, 3, binary=binary, seed=seed) for seed in (7, 7, 8))
    assert one.table.equals(two.table)
    assert one.truth.equals(two.truth)
    assert not one.table.equals(other.table)


def test_nothing_works_in_noise():
    told = truth_of(trial(200, 4, "noise"))
    assert (told == told[:, :1]).all()


def test_one_arm_is_best_for_all_in_generic():
    made = trial(500, 4, "generic")
    assert set(best(made).tolist()) == {1}
    apart = truth_of(made) - truth_of(made)[:, :1]
    assert np.allclose(apart, apart[0])


def test_the_region_and_nothing_else_tells_the_best_arm_in_segment():
    made = trial(2000, 3, "segment")
    regions = np.array(made.table["region"].to_pylist())
    assert all(len(set(best(made)[regions == one].tolist())) == 1 for one in set(regions))
    assert set(best(made).tolist()) == {1, 2}


def test_every_arm_is_best_for_somebody_in_individual():
    made = trial(2000, 3, "individual")
    regions = np.array(made.table["region"].to_pylist())
    assert all(set(best(made)[regions == one].tolist()) == {0, 1, 2} for one in set(regions))


@pytest.mark.parametrize("kind", TRIAL_KINDS)
@pytest.mark.parametrize("binary", [False, True])
def test_what_came_of_an_arm_agrees_with_the_truth_by_the_probabilities_told(kind, binary):
    made = trial(100_000, 3, kind, binary=binary)
    arm = np.array(made.table["arm"].to_pylist())
    weight, outcome = 1 / made.table["probability"].to_numpy(), made.table["outcome"].to_numpy()
    for place, name in enumerate(made.arms):
        says = np.where(arm == name, weight * (outcome - truth_of(made)[:, place]), 0.0)
        given = np.where(arm == name, weight, 0.0)
        assert abs(says.mean()) < 4 * says.std() / len(says) ** 0.5
        assert abs(given.mean() - 1) < 4 * given.std() / len(given) ** 0.5


def test_a_binary_trial_has_zeros_and_ones():
    assert set(trial(2000, 2, binary=True).table["outcome"].to_pylist()) == {0.0, 1.0}


@pytest.mark.parametrize(
    ("given", "told"),
    [((0, 3), "one customer"), ((10, 1), "2 to 50 arms"), ((10, 3, "individul"), "mean 'individual'")],
)
def test_what_cannot_be_is_refused_in_words(given, told):
    with pytest.raises(SmaltiError, match=told):
        trial(*given)
